"""The terminal: the only folder that imports Textual."""

import os

# Textual reads it when it is imported. Sixty frames a second cost twice the work of thirty, and
# text does not read better for them.
os.environ.setdefault("TEXTUAL_FPS", "30")
