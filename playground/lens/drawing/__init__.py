"""The lens outside of the terminal's screens: text, JSON, HTML and SVG of an answer's tokens."""
