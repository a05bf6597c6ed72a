"""How the demo models are made: writes the text, trains, exports to GGUF and measures."""
