"""Opens the screens over the panes. Each is imported when it is first wanted."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from playground.background import off_loop
from playground.tui.labels import one_line

if TYPE_CHECKING:
    from textual.app import App

    from playground.history import Rating, Summary
    from playground.judging import BlindTest, Tallies, Vote
    from playground.presets import Layout
    from playground.run import Run
    from playground.sweep.definition import Sweep
    from playground.tui.archive import Archive
    from playground.tui.conversation import Turn
    from playground.tui.screens.card import Card
    from playground.tui.screens.editor import Edited
    from playground.tui.screens.exporting import Export
    from playground.tui.screens.preset_picker import PresetChoice
    from playground.tui.screens.rating import Judgement
    from playground.tui.screens.sweep import Wanted
    from playground.tui.screens.turns import TurnAct
    from playground.tui.sweeps.form import Look, Written
    from playground.tui.sweeps.live import LiveSweep
    from playground.tui.widgets.fitted_text import Passage
    from playground.tui.widgets.pane import Pane
    from playground.types import Timing


async def ask_for_model(app: App[Any], pane: Pane) -> str:
    """The reference that the user chooses for a pane, or an empty string."""
    from playground.tui.screens.model_picker import ModelPicker

    title = f"Model for pane {pane.letter}"
    return await app.push_screen_wait(ModelPicker(title, pane.conversation.ref)) or ""


async def ask_for_system_prompt(app: App[Any], pane: Pane, *, everywhere: bool) -> Edited | None:
    """The system prompt that the user writes, or None if it was left as it is."""
    from playground.tui.screens.editor import Editor

    return await app.push_screen_wait(
        Editor(
            f"System prompt, pane {pane.letter}",
            pane.conversation.system,
            everywhere=everywhere,
            save="Save",
            note="Counts from the next prompt on. Empty: none is sent.",
            placeholder="You are …",
        )
    )


async def ask_for_prompt(
    app: App[Any], pane: Pane, turn: Turn, *, everywhere: bool
) -> Edited | None:
    """The prompt that the user makes of an earlier one, or None if it was left as it is."""
    from playground.tui.screens.editor import Editor

    return await app.push_screen_wait(
        Editor(
            f"Edit and resend, pane {pane.letter}",
            turn.prompt,
            everywhere=everywhere,
            save="Send",
            note="The earlier prompt and what followed it are kept: F10 leads back to them.",
        )
    )


async def ask_for_turn(app: App[Any], pane: Pane) -> TurnAct | None:
    """A turn of a pane, and what the user wants done with it."""
    from playground.tui.screens.turns import TurnsScreen

    return await app.push_screen_wait(
        TurnsScreen(f"Turns of pane {pane.letter}", pane.conversation)
    )


async def ask_for_rating(app: App[Any], pane: Pane, now: Rating | None) -> Judgement | None:
    """What the user thinks of a pane's last answer."""
    from playground.tui.screens.rating import Judgement, RatingScreen

    before = Judgement(now.stars, now.note) if now is not None else Judgement(None, "")
    return await app.push_screen_wait(RatingScreen(f"The answer in pane {pane.letter}", before))


async def ask_for_conversation(app: App[Any], archive: Archive) -> str:
    """The name of the kept conversation that the user wants to open, or an empty string."""
    from playground.tui.screens.history import HistoryScreen

    return await app.push_screen_wait(HistoryScreen(archive)) or ""


async def ask_about_interrupted(app: App[Any], found: Summary, others: int) -> bool:
    """Whether the user wants to go on with a conversation that was interrupted."""
    from playground.tui.screens.question import Question

    more = f" {others} more of them are in the history." if others else ""
    question = Question(
        "An interrupted conversation",
        f"“{one_line(found.title)}” was being answered at {found.updated:%H:%M} on "
        f"{found.updated:%d %B} when the playground ended. What had come is kept.{more}",
        yes="Open it",
        no="Leave it in the history",
    )
    return await app.push_screen_wait(question) is True


async def ask_for_preset(
    app: App[Any], pane: Pane, panes: Sequence[Pane], layout: Layout, *, everywhere: bool
) -> PresetChoice | None:
    """The preset that the user chooses, and for whom."""
    from playground.tui.screens.preset_picker import PaneSettings, PresetPicker

    conversation = pane.conversation
    models = tuple(one.conversation.ref for one in panes)
    settings = PaneSettings(conversation.params, conversation.system, models, layout)
    return await app.push_screen_wait(PresetPicker("Presets", settings, everywhere=everywhere))


async def ask_for_card(app: App[Any], archive: Archive) -> Card | None:
    """Title, tags and pin of the conversation that is being held."""
    from playground.tui.screens.card import Card, CardScreen

    return await app.push_screen_wait(CardScreen(Card(archive.title, archive.tags, archive.pinned)))


async def ask_for_export(app: App[Any]) -> Export | None:
    """In which format, and where, the conversation is to be written."""
    from playground.tui.screens.exporting import ExportScreen

    return await app.push_screen_wait(ExportScreen())


async def wait_unseen(app: App[Any], begin: Callable[[], None], done: Callable[[], bool]) -> bool:
    """Let the panes answer behind a cover; false if the user did not want to wait."""
    from playground.tui.screens.waiting import WaitingScreen

    cover = WaitingScreen("Every pane is answering, unseen …", begin, done)
    return await app.push_screen_wait(cover) is True


async def ask_for_vote(
    app: App[Any],
    test: BlindTest,
    keep: Callable[[Vote], None],
    tallies: Callable[[Vote], Tallies],
) -> Vote | None:
    """The user's vote on answers that are shown without names, or None; it is kept at once."""
    from playground.tui.screens.blind_test import BlindTestScreen

    return await app.push_screen_wait(BlindTestScreen(test, tallies, keep))


async def ask_for_sweep(
    app: App[Any],
    written: Written,
    models: Sequence[str],
    look: Callable[[Written], Awaitable[Look]],
) -> Sweep | Literal["kept"] | None:
    """The sweep that the user defines; `kept` where one that is kept is wanted instead."""
    from playground.tui.screens.sweep_form import SweepForm

    return await app.push_screen_wait(SweepForm(written, models, look))


async def ask_for_kept_sweep(app: App[Any], archive: Archive) -> str:
    """The name of the kept sweep that the user wants to look at, or an empty string."""
    from playground.tui.screens.sweep_list import SweepList

    return await app.push_screen_wait(SweepList(archive)) or ""


async def show_sweep(app: App[Any], live: LiveSweep, follow: Callable[[], None]) -> Wanted:
    """A sweep; what is to be shown after it. `follow` is called when it is gone on with."""
    # Beside the event loop: plotext takes a tenth of a second to import.
    await off_loop(lambda: importlib.import_module("playground.tui.screens.sweep"))
    from playground.tui.screens.sweep import SweepScreen

    return await app.push_screen_wait(SweepScreen(live, follow)) or ""


def sweep_in_view(app: App[Any]) -> LiveSweep | None:
    """The sweep that is being looked at."""
    found = [screen for screen in app.screen_stack if screen.id == "sweep-screen"]
    return getattr(found[-1], "live", None) if found else None


def show_difference(app: App[Any], left: tuple[str, str], right: tuple[str, str]) -> None:
    """Two answers, each with its title, and what differs between them."""
    from playground.tui.screens.difference import DifferenceScreen

    app.push_screen(DifferenceScreen(left, right))


def show_help(app: App[Any]) -> None:
    """Keys and words."""
    from playground.tui.screens.texts import help_text

    _read(app, "Help", help_text(), id="help")


def show_details(
    app: App[Any],
    pane: Pane,
    run: Run,
    timing_of: Callable[[Run], Timing],
    copy: Callable[[str], None],
) -> None:
    """What was really sent and used in a run; `copy` is told in which form it is wanted."""
    from playground.tui.screens.details import DetailsScreen
    from playground.tui.screens.texts import details_text

    context = run.model.capabilities.context_length
    body = details_text(run, timing_of(run), context, pane.spread_of(run))
    app.push_screen(DetailsScreen(f"Pane {pane.letter}: the run in view", body, copy))


def _read(app: App[Any], title: str, body: Sequence[Passage], *, id: str) -> None:  # noqa: A002
    from playground.tui.screens.reader import Reader

    app.push_screen(Reader(title, body, id=id))
