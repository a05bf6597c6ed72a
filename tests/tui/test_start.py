"""What the terminal opens with, decided without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground import config
from playground.params import GenerationParams
from playground.tui import start
from playground.tui.start import DEMO, Machine, choose_panes, look_around, prepare, remember_welcome

NOTHING = GenerationParams()


def refs(*arguments: object) -> list[str]:
    return [pane.ref for pane in choose_panes(*arguments)]  # type: ignore[arg-type]


def test_a_fresh_machine_shows_the_demo_model_at_two_temperatures() -> None:
    left, right = choose_panes((), (), Machine(), NOTHING)
    assert (left.ref, right.ref) == (DEMO, DEMO)
    assert (left.params.temperature, right.params.temperature) == (0.2, 1.2)


def test_hosted_stands_on_the_left_and_local_on_the_right() -> None:
    machine = Machine(hosted="openai:gpt-4.1", local="local:/m/llama.gguf")
    assert refs((), (), machine, NOTHING) == ["openai:gpt-4.1", "local:/m/llama.gguf"]


def test_a_hosted_model_alone_is_shown_beside_the_demo_model() -> None:
    assert refs((), (), Machine(hosted="openai:gpt-4.1"), NOTHING) == ["openai:gpt-4.1", DEMO]


def test_a_gguf_alone_is_shown_beside_itself_at_two_temperatures() -> None:
    left, right = choose_panes((), (), Machine(local="local:/m/a.gguf"), NOTHING)
    assert left.ref == right.ref == "local:/m/a.gguf"
    assert left.params.temperature != right.params.temperature


def test_a_temperature_that_was_asked_for_is_not_replaced() -> None:
    panes = choose_panes((), (), Machine(), GenerationParams(temperature=0.7))
    assert [pane.params.temperature for pane in panes] == [0.7, 0.7]


def test_other_params_go_to_both_panes() -> None:
    panes = choose_panes((), (), Machine(), GenerationParams(max_length=9))
    assert [pane.params.max_length for pane in panes] == [9, 9]


@pytest.mark.parametrize(
    ("asked", "configured", "expected"),
    [
        (("a:1",), ("b:2", "c:3"), ["a:1"]),
        ((), ("b:2", "c:3"), ["b:2", "c:3"]),
        (("a:1", "b:2", "c:3", "d:4", "e:5"), (), ["a:1", "b:2", "c:3", "d:4"]),
    ],
    ids=["asked-before-settings", "settings-before-guessing", "four-at-most"],
)
def test_what_was_asked_for_goes_first(
    asked: tuple[str, ...], configured: tuple[str, ...], expected: list[str]
) -> None:
    machine = Machine(hosted="openai:gpt-4.1", local="local:/m/a.gguf")
    assert refs(asked, configured, machine, NOTHING) == expected


def test_the_first_run_is_welcomed_once(config_folder: Path) -> None:
    assert prepare((), None, "").welcome
    remember_welcome()
    assert not prepare((), None, "").welcome


def test_nobody_with_a_key_is_welcomed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert look_around().hosted.startswith("openai:")
    assert not prepare((), None, "").welcome


def test_broken_settings_are_reported_and_do_not_keep_the_terminal_shut(
    config_folder: Path,
) -> None:
    config_folder.mkdir()
    (config_folder / "config.toml").write_text("theme = \n")
    opening = prepare((), None, "")
    assert "line 1" in str(opening.problems[0])
    assert [pane.ref for pane in opening.panes] == [DEMO, DEMO]


def test_providers_that_cannot_be_read_are_reported(config_folder: Path) -> None:
    config_folder.mkdir()
    (config_folder / "providers").write_text("")
    opening = prepare((), None, "")
    assert "providers cannot be read" in str(opening.problems[0])
    assert [pane.ref for pane in opening.panes] == [DEMO, DEMO]


def test_what_nobody_expects_is_told_and_opens_what_was_asked_for_and_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "look_around", lambda: 1 // 0)
    opening = start.prepare_somehow(("a:1",), GenerationParams(top_k=3), "Be brief.")
    assert [(pane.ref, pane.params.top_k) for pane in opening.panes] == [("a:1", 3)]
    assert opening.system == "Be brief."
    assert not opening.history
    (problem,) = opening.problems
    assert "Unexpected ZeroDivisionError" in problem.message
    assert isinstance(problem.__cause__, ZeroDivisionError)


def test_params_in_the_settings_count_and_the_callers_go_before_them(config_folder: Path) -> None:
    config_folder.mkdir()
    (config_folder / "config.toml").write_text(
        'system_prompt = "Be brief."\n[params]\ntop_p = 0.5\nmax_length = 10\n'
    )
    config.settings.cache_clear()
    opening = prepare(("demo:small",), GenerationParams(max_length=20), "")
    (pane,) = opening.panes
    assert (pane.params.top_p, pane.params.max_length) == (0.5, 20)
    assert opening.system == "Be brief."
