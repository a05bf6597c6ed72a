"""Everything the demo models read, written by grammars: see `writer.write_corpus`."""
