"""The figures of runs that a lesson may name, each with its meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from playground.errors import did_you_mean
from playground.params import knobs

Value = bool | int | float | str
"""What a figure is. One whose name ends in `share` is a probability, 0 to 1."""

Figures = Mapping[str, Value]
"""Figures by their full names: `a.tokens`, `b.before.text`, `same`."""

PANE_FIGURES: Final[Mapping[str, str]] = {
    "tokens": "tokens that the latest answer has, all choices together",
    "read": "tokens of the prompt, with the words around it that mark who speaks",
    "characters": "characters of the answer",
    "cut": "whether the answer was cut off at max_length",
    "text": "the answer on one line",
    "quote": "its beginning, short enough for a sentence",
    "answers": "how many answers were drawn for the prompt",
    "different": "how many different texts are among them",
    "same": "whether the answer is, to the letter, the pane's one before",
    "speed": "tokens a second after the first",
    "pieces": "the first dozen tokens with bars between them, spelled as the lens spells them",
    "first": "the first token",
    "first_share": "how likely the model found the first token, before any knob",
    "candidates": "the likeliest first tokens, each with its probability before any knob",
    "repeats": "tokens of the answer that had come before in it",
    "off": "tokens that were not the likeliest at their place",
    "rarest": "the token that the model found least likely of those that were drawn",
    "rarest_share": "how likely it found that one, before any knob",
    "left": "from how many tokens each was drawn, on average, after the knobs had cut",
}
"""Of a pane: `a.tokens` is of its latest answer, `a.before.tokens` of the one before that. From
`pieces` on the run must have asked for log-probabilities."""

ROUND_FIGURES: Final[Mapping[str, str]] = {
    "same": "whether the latest answers of both panes are, to the letter, the same",
}
"""Of both panes together."""

_PANE_FIGURE: Final = re.compile(r"[ab]\.(?:before\.)?(?:knob\.)?(\w+)")


def problem_of(name: str) -> str:
    """Why there is no figure of this name, as a sentence; empty if there is one."""
    if name in ROUND_FIGURES:
        return ""
    found = _PANE_FIGURE.fullmatch(name)
    if found is None:
        near = did_you_mean(name, [*ROUND_FIGURES, *(f"a.{word}" for word in PANE_FIGURES)])
        return f"there is no figure {name!r}. {near}".rstrip(" .")
    known = knobs() if ".knob." in name else PANE_FIGURES
    if found[1] not in known:
        return f"there is no figure {name!r}. {did_you_mean(found[1], known)}".rstrip(" .")
    return ""


def written(name: str, value: Value) -> str:
    """A figure as people write it: `1,204`, `2.6`, `58%`, `1/2,800,000`."""
    if isinstance(value, bool | str):
        return str(value)
    if name.endswith("share"):
        percent = 100 * value
        if percent >= 0.1:
            return f"{percent:.0f}%" if percent >= 9.5 else f"{percent:.2g}%"
        if value <= 0:
            return "0"
        times = 1 / value
        return f"1/{float(f'{times:.2g}'):,.0f}"
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"
