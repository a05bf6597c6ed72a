"""The texts that the reader shows: help, first run, and the details of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from textual.content import Content

from playground.sanitize import make_safe
from playground.tui.acts import ACTS, key_name
from playground.tui.figures import adjustments_of, end_words, settled_figures
from playground.tui.labels import number, one_line
from playground.tui.widgets.fitted_text import Passage, heading, table

if TYPE_CHECKING:
    from playground.run import Run
    from playground.spread import Spread
    from playground.types import Timing

__all__ = ["details_text", "first_run_text", "help_text"]

_HEAD = "$text-primary bold"
_MUTED = "$foreground 60%"

_WORDS = (
    ("first", "time from asking to the first text"),
    ("tok/s", "tokens a second after the first, by the backend's own count"),
    ("in → out", "tokens read and tokens written"),
    ("ctx", "how much of the model's context the conversation fills"),
    ("adjustment", "something the model was sent differently from what you set; F7 says what"),
    ("unset · 0.8 used", "you set nothing, and the backend uses 0.8"),
)

_PROMPT_KEYS = (
    ("Enter", "send to all panes"),
    ("Ctrl+J", "new line"),
    ("Up / Down", "earlier prompts and back"),
    ("Tab", "from the prompt to the panes and on"),
)

_DRAWER_KEYS = (
    ("Left / Right", "one step; with Shift ten"),
    ("Home / End", "the ends of the slider"),
    ("Delete or ×", "unset: the backend decides"),
)

_LENS_KEYS = (
    ("arrows", "walk the tokens; so do the mouse and a click"),
    ("1 to 6", "token, chain, what if, surprises, answers, beside"),
    ("N / P", "the next of the ten most surprising tokens, or the one before"),
    ("C", "colour by probability, rank or entropy"),
    ("Tab, Enter", "choose another candidate and go on from there"),
    ("K, R", "turn the knobs over the answer; reset them"),
    ("S, M", "have a local model read an answer that has no figures"),
    ("L", "have the next answers bring their figures along"),
    ("A", "ask again on the same dice, with the knobs as they stand"),
    ("O, G, D", "another answer beside it; where they part; what differs"),
)


def help_text() -> list[Passage]:
    """Every key, and the words of the line under a pane."""
    return [
        *table("Writing", _PROMPT_KEYS),
        *table("Doing", [(_keys(act.keys) or act.title, act.help) for act in ACTS]),
        *table("Parameters (F2)", _DRAWER_KEYS),
        *table("Lens (Alt+L)", _LENS_KEYS),
        *table("The line under a pane", _WORDS),
        Content("Ctrl+P finds every one of these by name, and the themes."),
    ]


def first_run_text() -> Content:
    """What a new user needs, and no more."""
    return Content.assemble(
        "Two panes answer the same prompt. Now it is ",
        ("demo:small", "bold"),
        ", a tiny model that ships with the playground, at two temperatures: "
        "no key and no network needed.\n\n",
        ("To begin", _HEAD),
        "\nType, Enter. F2 turns the knobs, F5 asks again, F1 helps.\n\n",
        ("New to this?", _HEAD),
        "\nEight lessons of two minutes show what the knobs do: ",
        ("Alt+G", "$text-accent"),
        ". 日本語でも学べます。\n\n",
        ("A hosted model", _HEAD),
        "\nSet ",
        ("OPENAI_API_KEY", "$text-accent"),
        " in your environment, or run ",
        ("playground key openai", "$text-accent"),
        " once.\n\n",
        ("A local model", _HEAD),
        "\nPut a GGUF into ",
        ("~/models", "$text-accent"),
        ", or choose it with F3: ",
        ("local:/path/to/model.gguf", "$text-accent"),
    )


def details_text(
    run: Run, timing: Timing, context_length: int | None, spread: Spread | None = None
) -> list[Passage]:
    """What was asked for, what was used, what was sent, and how it went."""
    figures = [
        (figure.short, one_line(figure.long))
        for figure in settled_figures(run, timing, context_length, spread)
    ]
    passages = table(f"{one_line(str(run.model.ref))}: {end_words(run)[0]}", figures)
    plan = run.plan
    if plan is not None:
        filled = {
            item.knob: one_line(item.reason)
            for item in plan.adjustments
            if item.kind == "defaulted"
        }
        passages += table(
            "Used",
            [
                (one_line(name), number(value) + (f"  ({filled[name]})" if name in filled else ""))
                for name, value in plan.effective.items()
            ]
            or [("nothing", "the endpoint decides everything")],
        )
        if changes := adjustments_of(run):
            passages += table(
                "Adjustments", [(one_line(item.knob), one_line(item.change)) for item in changes]
            )
        sent = json.dumps(plan.wire, indent=2, ensure_ascii=False)
        passages += [heading("Sent, beside the messages"), Content.styled(make_safe(sent), _MUTED)]
    passages += [Content(""), heading("Messages")]
    for message in run.messages:
        role = (f"{message.role:<10} ", "$text-accent")
        passages.append(Content.assemble(role, make_safe(message.content)))
    return passages


def _keys(keys: str) -> str:
    return " ".join(map(key_name, keys.split(","))) if keys else ""
