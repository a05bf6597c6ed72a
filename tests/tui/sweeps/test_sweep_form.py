"""The form of a sweep: errors stand beside their fields, what it takes is said before it starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.widgets import Input, Static, TextArea

from playground.background import off_loop
from playground.sweep.definition import Sweep
from playground.tui.screens.prompt_library import PromptLibrary
from playground.tui.screens.reader import Reader
from playground.tui.screens.sweep_form import SweepForm
from playground.tui.sweeps.form import Look, Written, look_at
from tests.tui.bare import Shown, shown
from tests.tui.stage import paste, until, write

WRITTEN = Written("Once upon a time", ("scripted:lorem",), "temperature 0:1:0.5", samples="2")
COMMAND = (
    "playground sweep 'Hello there' -m demo:tiny -m scripted:lorem --temperature 0,1 "
    "--top-p 0.5,1 --samples 3 --max-length 20 --seed 9 --budget 0.25 --metric length"
)


@dataclass
class Filling(Shown):
    """A form that is up."""

    form: SweepForm

    def problem(self, field: str) -> str:
        place = self.form.query_one(f"#problem-{field or 'all'}", Static)
        assert place.has_class("-told") == bool(str(place.visual))
        return str(place.visual)

    def written_in(self, field: str) -> str:
        found = self.form.query_one(f"#form-{field}")
        return found.text if isinstance(found, TextArea) else found.value  # type: ignore[attr-defined]

    async def rewrite(self, field: str, text: str) -> None:
        """Write over what stands in a field, by keys."""
        self.form.query_one(f"#form-{field}").focus()
        await self.pilot.pause()
        await self.press("ctrl+end", "ctrl+u", "end", "ctrl+u")
        await write(self.pilot, text)
        await self.looked()

    async def looked(self) -> None:
        """Wait until what is written has been understood."""
        await until(self.pilot, lambda: self.form._looked_at == self.form.written)
        await self.pilot.pause()


@asynccontextmanager
async def filling(
    written: Written = WRITTEN,
    models: Sequence[str] = ("scripted:lorem", "scripted:echo"),
    size: tuple[int, int] = (110, 40),
) -> AsyncIterator[Filling]:
    async def look(text: Written) -> Look:
        return await off_loop(lambda: look_at(text))

    form = SweepForm(written, models, look)
    async with shown(form, size) as up:
        found = Filling(up.pilot, up.app, form)
        await found.looked()
        yield found


async def begun(up: Filling) -> Sweep:
    await up.pilot.press("ctrl+s")
    await until(up.pilot, lambda: bool(up.app.given))
    (sweep,) = up.app.given
    assert isinstance(sweep, Sweep)
    return sweep


# What it would take


async def test_cells_runs_tokens_money_and_time_are_said_before_it_starts() -> None:
    async with filling(WRITTEN._replace(models=("demo:tiny",)), ("demo:tiny",)) as up:
        assert "3 cells · 6 runs · " in up.text
        assert "tokens at most · free · how long, its first answers will tell" in up.text


async def test_what_cannot_be_measured_and_what_a_model_drops_is_said_before_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    gpt = ("openai:gpt-5",)
    async with filling(WRITTEN._replace(models=gpt), gpt) as up:
        text = up.text
        assert "! openai:gpt-5 gives no log-probabilities: without logprob." in text
        assert "! openai:gpt-5 drops temperature, so that its values change nothing there" in text
        assert " at most · how long" in text
        assert "3 remarks above" in " ".join(text.split())
        assert (await begun(up)).models == gpt


async def test_remarks_that_have_no_room_are_a_page_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    gpt = ("openai:gpt-5",)
    written = WRITTEN._replace(models=gpt, knobs="temperature 0:1:0.5\ntop_k 5\nmin_p 0.1\nseed 4")
    async with filling(written, gpt, size=(70, 20)) as up:
        assert "drops min_p" not in up.text
        await up.press("pagedown")
        assert "drops min_p" in up.text
        await up.press("pageup")
        assert "Once upon a time" in up.text


# What is wrong


@pytest.mark.parametrize(
    ("field", "written", "told"),
    [
        ("knobs", "temperature 2:0:0.5", "Line 1: temperature '2:0:0.5' runs backwards"),
        ("knobs", "temperature 0:2:0", "has a step of 0"),
        ("knobs", "temprature 0,1", "did you mean"),
        ("knobs", "metric distinct-9", "distinct-9"),
        ("samples", "0", "samples is a whole number from 1"),
        ("samples", "many", "samples is a whole number from 1"),
        ("max_length", "-3", "max_length is a whole number from 1"),
        ("seed", "1.5", "seed is a whole number from 0"),
        ("budget", "$-1", "The budget is a number of dollars above 0."),
        ("budget", "nan", "The budget is a number of dollars above 0."),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    field: str, written: str, told: str
) -> None:
    async with filling() as up:
        await up.rewrite(field, written)
        beside = up.problem(field) or up.problem("")
        assert told.lower() in beside.lower()
        others = {"prompt", "models", "knobs", "samples", "max_length", "seed", "budget"} - {field}
        assert not [name for name in others if up.problem(name)]
        assert up.written_in(field) == written
        assert " cells " not in up.text
        await up.press("ctrl+s")
        assert "It cannot begin yet" in up.notices
        assert up.written_in(field) == written
        assert not up.app.given


async def test_no_prompt_and_no_model_are_said_beside_their_fields() -> None:
    async with filling() as up:
        await up.rewrite("prompt", "")
        assert up.problem("prompt").startswith("Write the prompt")
        up.form.query_one("#form-models").focus()
        await up.press("space")
        await up.looked()
        assert up.problem("models") == "Choose a model."
        await up.press("space")
        await up.rewrite("prompt", "Hi")
        assert not up.problem("prompt")
        assert not up.problem("models")
        assert (await begun(up)).prompts[0].text == "Hi"


async def test_an_error_goes_once_it_is_mended_and_the_sweep_begins() -> None:
    async with filling() as up:
        await up.rewrite("seed", "x")
        assert up.problem("seed")
        await up.rewrite("seed", "12")
        assert not up.problem("seed")
        sweep = await begun(up)
        assert (sweep.seed, sweep.samples, sweep.cells) == (12, 2, 3)


async def test_what_is_typed_is_data() -> None:
    async with filling() as up:
        await up.rewrite("knobs", "[bold]x 1")
        assert "[bold]x" in up.problem("knobs")


# Ways in and out


@pytest.mark.parametrize("field", ["knobs", "prompt", "samples", "models"])
async def test_a_command_that_is_pasted_anywhere_fills_in_the_form(field: str) -> None:
    async with filling() as up:
        up.form.query_one(f"#form-{field}").focus()
        await up.pilot.pause()
        await paste(up.pilot, COMMAND)
        await until(up.pilot, lambda: "filled in as the command says" in up.notices)
        await up.looked()
        assert up.form.written == WRITTEN._replace(
            prompt="Hello there",
            models=("scripted:lorem", "demo:tiny"),
            knobs="temperature 0,1\ntop_p 0.5,1\nmetric length",
            samples="3",
            max_length="20",
            seed="9",
            budget="0.25",
        )
        sweep = await begun(up)
        assert (sweep.cells, sweep.samples, sweep.metrics) == (8, 3, ("length",))


async def test_a_command_that_cannot_be_is_told_and_the_form_stays() -> None:
    async with filling() as up:
        await paste(up.pilot, "playground sweep Hi --temprature 0,1")
        await until(up.pilot, lambda: "temprature" in up.notices)
        assert up.form.written == WRITTEN


async def test_a_pasted_command_that_says_no_samples_has_one_as_in_a_shell() -> None:
    async with filling(WRITTEN._replace(samples="", usual=8)) as up:
        await paste(up.pilot, "playground sweep 'Hello there' -m scripted:lorem --temperature 0,1")
        await until(up.pilot, lambda: "filled in as the command says" in up.notices)
        await up.looked()
        assert (await begun(up)).samples == 1


async def test_text_that_is_no_command_is_pasted_as_text() -> None:
    async with filling() as up:
        up.form.query_one("#form-prompt").focus()
        await up.press("end")
        await paste(up.pilot, ", 昔々 playground sweep")
        assert up.written_in("prompt") == "Once upon a time, 昔々 playground sweep"


async def test_alt_c_copies_the_command_that_starts_the_same_sweep() -> None:
    async with filling() as up:
        await up.press("alt+c")
        assert "Copied" in up.notices
        copied = up.app.clipboard
        assert copied.startswith("playground sweep 'Once upon a time' -m scripted:lorem")
        assert up.written_in("knobs") == WRITTEN.knobs
        await paste(up.pilot, copied)
        await until(up.pilot, lambda: "filled in as the command says" in up.notices)
        await up.looked()
        assert up.form._found.command == copied
        await up.rewrite("samples", "0")
        await up.press("alt+c")
        assert "It cannot begin yet" in up.notices
        assert up.app.clipboard == copied


async def test_where_no_command_says_the_same_none_is_copied(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[space]\nstop = [["."], [","]]\n', encoding="utf-8")
    async with filling(WRITTEN._replace(knobs=f"file '{file}'")) as up:
        assert "No option says several values of stop" in " ".join(up.text.split())
        await up.press("alt+c")
        assert "No option says several values of stop: only a sweep file does." in up.notices
        assert up.app.clipboard == ""
        assert len((await begun(up)).axes) == 1


async def test_f1_lists_every_word_of_a_line() -> None:
    async with filling() as up:
        await up.press("f1")
        assert isinstance(up.app.screen, Reader)
        assert "random 40" in up.text
        await up.press("escape")
        assert up.app.screen is up.form
        assert up.form.written == WRITTEN


@pytest.mark.parametrize("key", ["alt+a", "@"])
async def test_a_prompt_is_chosen_from_the_library_with_what_it_suggests(key: str) -> None:
    begins = Written("", ("scripted:lorem",), "temperature 0:2:0.25", usual=8)
    async with filling(begins) as up:
        up.form.query_one("#form-prompt").focus()
        await up.pilot.press(key)
        await until(up.pilot, lambda: isinstance(up.app.screen, PromptLibrary))
        await up.pilot.pause()
        library = up.app.screen
        assert isinstance(library, PromptLibrary)
        await write(up.pilot, "max-length-lesson")
        names = ["max-length-lesson"]
        await until(up.pilot, lambda: [found.name for found in library._found] == names)
        await up.pilot.press("enter")
        await up.sees("Enter takes it into the form")
        await up.pilot.press("enter")
        await until(up.pilot, lambda: up.app.screen is up.form)
        await up.looked()
        assert up.written_in("prompt") == "@max-length-lesson"
        sweep = await begun(up)
        assert [axis.knob for axis in sweep.axes] == ["max_length"]


async def test_a_prompt_of_the_library_comes_without_what_it_suggests_too() -> None:
    async with filling() as up:
        await up.pilot.press("alt+a")
        await until(up.pilot, lambda: isinstance(up.app.screen, PromptLibrary))
        library = up.app.screen
        assert isinstance(library, PromptLibrary)
        await write(up.pilot, "max-length-lesson")
        await until(up.pilot, lambda: len(library._found) == 1)
        await up.pilot.press("enter")
        await up.sees("^T switches")
        await up.pilot.press("ctrl+t", "enter")
        await until(up.pilot, lambda: up.app.screen is up.form)
        await up.looked()
        assert up.written_in("prompt") == "Tell me a bedtime story."
        assert up.written_in("knobs") == WRITTEN.knobs


async def test_escape_begins_nothing_and_alt_k_asks_for_those_that_are_kept() -> None:
    async with filling() as up:
        await up.pilot.press("escape")
        await until(up.pilot, lambda: up.app.given == [None])
    async with filling() as up:
        await up.pilot.press("alt+k")
        await until(up.pilot, lambda: up.app.given == ["kept"])


async def test_enter_in_a_number_begins_it() -> None:
    async with filling() as up:
        up.form.query_one("#form-seed", Input).focus()
        await up.pilot.press("3", "enter")
        await until(up.pilot, lambda: bool(up.app.given))
        assert up.app.given[0].seed == 3
