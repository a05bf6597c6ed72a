"""`playground params`: the table of knobs, made from their one definition."""

from __future__ import annotations

import dataclasses
import shutil
import textwrap

from playground.cli.knob_options import flags
from playground.cli.output import say, say_json
from playground.params import Knob, knobs


def params(*, json: bool) -> None:
    """Print every knob: name, flags, range, default and meaning."""
    if json:
        for knob in knobs().values():
            say_json({**dataclasses.asdict(knob), "flags": flags(knob)})
        return
    width = min(max(shutil.get_terminal_size().columns, 40), 100)
    for knob in knobs().values():
        say(f"{knob.name}  {', '.join(flags(knob))}")
        facts = ". ".join(filter(None, (_range(knob), _default(knob))))
        for line in filter(None, (knob.meaning, f"{facts}." if facts else "")):
            say(textwrap.fill(line, width, initial_indent="    ", subsequent_indent="    "))


def _range(knob: Knob) -> str:
    if not knob.range_text:
        return ""
    return f"{knob.range_text} {knob.unit}".rstrip()


def _default(knob: Knob) -> str:
    """What is used when the knob is not set, where a backend of ours decides."""
    return "" if knob.default is None else f"Local models use {knob.default:g} when it is not set"
