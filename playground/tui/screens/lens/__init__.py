"""The lens: the tokens of an answer in colour, and the distribution that each of them came from."""

from playground.tui.screens.lens.screen import LensScreen

__all__ = ["LensScreen"]
