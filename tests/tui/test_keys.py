"""The keys that things are done with are keys that a terminal can send."""

from __future__ import annotations

import pytest
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

from playground.tui.acts import ACTS

ALTS = sorted({key for act in ACTS for key in act.keys.split(",") if key.startswith("alt+")})


@pytest.mark.parametrize("key", [key for key in ALTS if len(key) == len("alt+x")])
def test_alt_and_a_letter_is_that_key_also_where_alt_is_an_escape_before_it(key: str) -> None:
    # Terminals without the Kitty protocol send it so, and some of these pairs mean something else:
    # Escape and b is what iTerm sends for Ctrl and an arrow.
    assert f"\x1b{key[-1]}" not in ANSI_SEQUENCES_KEYS


def test_no_two_things_are_done_with_one_key() -> None:
    keys = [key for act in ACTS for key in act.keys.split(",") if key]
    assert len(keys) == len(set(keys))
