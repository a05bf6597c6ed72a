"""`playground sweep`: what it says before it starts, and what it prints when it has ended."""

from __future__ import annotations

from playground.history import History
from tests.cli.conftest import Shell

STORY = ("sweep", "Tell me a story about a fox.", "-m", "demo:small", "--seed", "1")


def test_what_each_knob_did_is_said_after_the_run_and_shown_again(shell: Shell) -> None:
    knobs = ("--temperature", "0,1.5", "--top-k", "400,800", "--top-p", "0.5")
    made = shell(*STORY, *knobs, "--samples", "3", "--max-length", "10")
    assert made.returncode == 0, made.stderr
    found = made.stdout.partition("What each knob did\n")[2]
    assert "  temperature " in found
    assert "  top_k changed nothing: with the same dice all 12 answers stay the same" in found
    assert "top_k 400 cut nothing that" in found
    assert "\nWhere the top answer flips along temperature\n" in found
    with History.open() as history:
        (kept,) = history.sweeps.list()
    assert shell("sweep", "show", kept.id).stdout == made.stdout
