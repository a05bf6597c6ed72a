"""`playground replay`: a kept run again, and whether the same comes out."""

from __future__ import annotations

import asyncio
import json as standard_json

from pydantic import JsonValue

from playground.cli import FAILED
from playground.cli.history.opening import opened
from playground.cli.output import say, say_json
from playground.replay import replay as repeat

MOST_SHOWN = 60
"""Characters of a differing value that are printed."""


def replay(name: str, *, json: bool) -> int:
    """Repeat a run and print what came of it; 0 if it was identical, 1 if it parted."""
    with opened() as history:
        record = history.run(name)
        again = asyncio.run(repeat(record, history.tokens))
    if json:
        content = again.model_dump(mode="json")
        say_json({**content, "identical": again.identical, "says": str(again)})
    else:
        say(str(again))
        for found in again.differences:
            say(f"{found.name}: {_shown(found.then)} then, {_shown(found.now)} now")
    return 0 if again.identical else FAILED


def _shown(value: JsonValue) -> str:
    """A value in a few words."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else standard_json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
