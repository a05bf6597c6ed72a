"""Where no distribution is to be had, the answers of a real server say whether a knob matters."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.history import History
from playground.sweep.definition import axes_of
from playground.sweep.findings import findings
from tests.sweep.kept import make


@pytest.fixture
def server(config_folder: Path, llama_url: str) -> str:
    """A model of the user's own endpoint, which takes `top_k` beside OpenAI's knobs."""
    folder = config_folder / "providers" / "loop"
    folder.mkdir(parents=True)
    folder.joinpath("provider.toml").write_text(
        f'base_url = "{llama_url}"\nkey_required = false\n\n[knobs.top_k]\naccepted = true\n'
    )
    return "loop:small"


def test_a_dead_knob_of_a_server_is_told_from_one_that_is_alive(server: str) -> None:
    def told(space: dict[str, str], **params: float) -> str:
        with History.in_memory() as history:
            result = make(
                history, models=(server,), axes=axes_of(space), samples=8, same_dice=False,
                params={"max_length": 12, **params}, metrics=("length",),
            )  # fmt: skip
            (found, *_) = findings(result)
            (line,) = found.lines
            return line.text

    # Of twelve tokens top_p leaves hardly more than the likeliest, so that top_k has none to cut.
    dead = told({"top_k": "40,80"}, top_p=0.05)
    assert dead.startswith("top_k made no difference that matters: similarity at top_k 40 and 80")
    assert "less than 0.05 for sure" in dead
    alive = told({"temperature": "0.1,1.9"}, top_k=200)
    assert alive.startswith("temperature mattered: similarity at temperature 0.1 and 1.9")
