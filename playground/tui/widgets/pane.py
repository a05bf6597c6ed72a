"""One model's column: header, transcript, figures; and the task that reads its run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker, WorkerCancelled, WorkerState

from playground.tui.labels import brief
from playground.tui.themes import PANE_COLOURS
from playground.tui.widgets.pane_figures import PaneFigures
from playground.tui.widgets.pane_header import PaneHeader

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.providers.base import ChatModel
    from playground.run import Run
    from playground.spread import Spread
    from playground.tui.conversation import Branch, Conversation, Turn, Version
    from playground.tui.drawn_turns import DrawnTurns
    from playground.tui.shelf import ModelShelf
    from playground.tui.transcript import Transcript
    from playground.types import Timing

__all__ = ["Pane"]

STOP_SECONDS = 2.0
"""How long a stopped pane waits for its backend before it is free again."""

TICKS_PER_FIGURES = 3
"""Figures that change faster than five times a second cannot be read."""


class Pane(Vertical):
    """A pane talks to one model at a time. What goes wrong in it stays in it.

    It is composed empty, so that the first paint waits for nothing, and comes alive with `attach`.
    """

    class Activated(Message):
        """The pane was clicked or focused."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    class ModelOpened(Message):
        """The pane's model is open: what it takes is known now."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    class KnobsChanged(Message):
        """Knobs may be set otherwise than before."""

    class Asked(Message):
        """A run has begun, for a turn of the pane's conversation."""

        def __init__(self, pane: Pane, turn: Turn, run: Run) -> None:
            super().__init__()
            self.pane = pane
            self.turn = turn
            self.run = run

    def __init__(self, place: int, *, timing_of: Callable[[Run], Timing]) -> None:
        super().__init__(classes="pane")
        self._conversation: Conversation | None = None
        self._shelf: ModelShelf | None = None
        self._transcript: Transcript | None = None
        self._drawn: DrawnTurns | None = None
        self._run: Run | None = None
        self._pieces = 0
        self._ticks = 0
        self._cleared = False
        self._answering: Worker[None] | None = None
        self._warming: Worker[None] | None = None
        self.header = PaneHeader(classes="pane-header")
        self.status = PaneFigures(timing_of=timing_of, classes="pane-status")
        self.place = place

    def compose(self) -> ComposeResult:
        """Header and figures; the transcript comes between them once there is a conversation."""
        yield self.header
        yield self.status

    @property
    def place(self) -> int:
        """Which pane this is, from the left, counted from 0."""
        return self._place

    @place.setter
    def place(self, place: int) -> None:
        self._place = place
        for number_ in range(len(PANE_COLOURS)):
            self.set_class(number_ == place, f"pane-{number_}")
        self.header.letter = self.letter
        self.header.colour = PANE_COLOURS[place]

    @property
    def letter(self) -> str:
        """The pane's name: A, B, C or D."""
        return chr(ord("A") + self._place)

    @property
    def conversation(self) -> Conversation:
        """The state behind the pane; only after `attach`."""
        if self._conversation is None:
            raise RuntimeError("the pane is not attached yet")
        return self._conversation

    @property
    def transcript(self) -> Transcript:
        """The conversation on the screen; only after `attach`."""
        if self._transcript is None:
            raise RuntimeError("the pane is not attached yet")
        return self._transcript

    @property
    def drawn(self) -> DrawnTurns:
        """The conversation's turns on the transcript; only after `attach`."""
        if self._drawn is None:
            raise RuntimeError("the pane is not attached yet")
        return self._drawn

    @property
    def shelf(self) -> ModelShelf:
        """Where the pane's model comes from; only after `attach`."""
        if self._shelf is None:
            raise RuntimeError("the pane is not attached yet")
        return self._shelf

    @property
    def attached(self) -> bool:
        """Whether there is a conversation to talk to."""
        return self._conversation is not None

    @property
    def model(self) -> ChatModel | None:
        """The pane's model, if it is open."""
        if self._shelf is None or self._conversation is None:
            return None
        return self._shelf.get(self._conversation.ref)

    @property
    def run(self) -> Run | None:
        """The latest run of this pane."""
        return self._run

    def spread_of(self, run: Run) -> Spread | None:
        """How much the answers of a run differ, where there are several and it is known."""
        return self.status.spread_of(run)

    @property
    def busy(self) -> bool:
        """Whether an answer is being made, from the opening of the model to the last token."""
        worker = self._answering
        return worker is not None and worker.state in (WorkerState.PENDING, WorkerState.RUNNING)

    # Model

    async def attach(self, conversation: Conversation, shelf: ModelShelf) -> None:
        """Give the pane its conversation and load its model in the background."""
        from playground.tui.transcript import Transcript

        self._transcript = Transcript(classes="pane-transcript")
        await self.mount(self._transcript, before=self.status)
        self._shelf = shelf
        self.take(conversation)

    def take(self, conversation: Conversation) -> None:
        """Show another conversation in this pane, and load its model."""
        from playground.tui.drawn_turns import DrawnTurns

        self._conversation = conversation
        self._drawn = DrawnTurns(self.transcript, conversation)
        self._run = conversation.last_run
        self.params_changed()
        self.redraw()
        self._load()

    def use_model(self, ref: str) -> None:
        """Go on with another model; the conversation stays."""
        self.conversation.ref = ref
        self.params_changed()
        self._load()

    def params_changed(self) -> None:
        """Show the knobs that are set, as they will count for the next prompt."""
        conversation = self.conversation
        self.header.ref = conversation.ref
        self.header.knobs = self._knobs_set()
        self.post_message(self.KnobsChanged())

    def _knobs_set(self) -> dict[str, str]:
        """The knobs you set, with their values; one that the model does not take says so."""
        supports = self.model.capabilities.knobs if self.model is not None else {}
        refused = {name for name, support in supports.items() if support.accepted is False}
        return {
            name: "not taken" if name in refused else brief(value)
            for name, value in self.conversation.params.given().items()
        }

    def _load(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
        self._warming = self.run_worker(self._warm_up(), exit_on_error=False)

    async def _warm_up(self) -> None:
        ref = self.conversation.ref
        if not self.busy:
            self.status.show_loading(ref)
        try:
            model = await self.shelf.open(ref)
            self.params_changed()
            self.post_message(self.ModelOpened(self))
            await model.warm_up()
        except Exception as error:  # noqa: BLE001 - shown, whatever it is; the app goes on
            if not self.busy and ref == self.conversation.ref:
                self.drawn.add_error(error)
                self.status.show_not_ready(error)
            return
        if not self.busy and ref == self.conversation.ref:
            self.post_message(self.ModelOpened(self))
            if self._run is not None and str(self._run.model.ref) == ref:
                # An earlier conversation was opened: how it ended tells more than "ready".
                self._show_figures()
                return
            self.status.show_ready(ref, model.capabilities.context_length)

    # Talking

    def ask(self, prompt: str, round: str = "") -> None:  # noqa: A002 - DESIGN's word
        """Send a prompt; `round` is shared by the panes that are asked together."""
        turn = self.conversation.begin(prompt, round)
        self.drawn.add_prompt(turn)
        self._start(turn)

    async def recite(self, prompt: str, answer: str, round: str = "") -> None:  # noqa: A002
        """Put a turn whose answer was written beforehand; its title and receipt say so."""
        from playground.params import GenerationParams
        from playground.providers.scripted import ScriptedModel
        from playground.run import Run

        turn = self.conversation.begin(prompt, round)
        self.drawn.add_prompt(turn)
        written = ScriptedModel((answer,), name="written")
        run = Run(written, self.conversation.messages(turn), GenerationParams())
        turn.runs.append(run)
        run.start()
        self.post_message(self.Asked(self, turn, run))
        await run
        self.drawn.draw_answer(turn)
        self.drawn.forget()

    def edit(self, turn: Turn, prompt: str, round: str = "") -> None:  # noqa: A002
        """Send another prompt in the place of an earlier one, which is kept beside it."""
        edited = self.conversation.edit(turn, prompt, round)
        self.drawn.draw()
        self._start(edited)

    def retry(self) -> bool:
        """Ask the last prompt again with the params as they are now; False if there is none."""
        turn = self.conversation.last_turn
        if turn is None:
            return False
        turn.drop_failures()
        self._start(turn)
        return True

    def go_on(self) -> bool:
        """Continue the answer in view, where it was cut; False if there is none."""
        turn = self.conversation.last_turn
        version = turn.current if turn is not None else None
        if turn is None or version is None:
            return False
        # Another model's reasoning is not what this one would think.
        own = str(version.run.model.ref) == self.conversation.ref
        beginning = version.written if own else version.text
        if not beginning:
            return False
        self._start(turn, prefix=beginning)
        return True

    def branch(
        self, turn: Turn, model: ChatModel, params: GenerationParams, branch: Branch | None = None
    ) -> Run:
        """Begin another answer to a turn now, with params of its own, and give it.

        Raises `UsageError` where the model cannot go on from inside an answer.
        """
        run = self.conversation.answer(turn, model, params=params, branch=branch)
        self._answering = self.run_worker(self._answer(turn, "", run), exit_on_error=False)
        return run

    def _start(self, turn: Turn, prefix: str = "") -> None:
        self._answering = self.run_worker(self._answer(turn, prefix), exit_on_error=False)

    async def _answer(self, turn: Turn, prefix: str, begun: Run | None = None) -> None:
        """Make one run for a turn and read it to its end. Raises nothing but a cancel."""
        self._run, self._pieces = None, 0
        self.status.show_opening()
        try:
            run = begun
            if run is None:
                model = await self.shelf.open(self.conversation.ref)
                run = self.conversation.answer(turn, model, prefix=prefix)
            self._run = run
            self.drawn.draw_answer(turn)
            run.start()
            self.post_message(self.Asked(self, turn, run))
            await self._read(run)
        except asyncio.CancelledError:
            await self._cancel_run()
            self._settle(note="stopped")
            raise
        except Exception as error:  # noqa: BLE001 - shown, whatever it is; the app goes on
            self._settle(error=error)
        else:
            self._settle()

    async def _read(self, run: Run) -> None:
        """Take the run's events as they come; the app's timer draws them."""
        from playground.types import ReasoningDelta, TextDelta

        async for event in run:
            if isinstance(event, TextDelta | ReasoningDelta):
                self._pieces += 1
                self.drawn.take(run, event)

    async def _cancel_run(self) -> None:
        """Stop the run; a backend that does not listen is not waited for."""
        if self._run is not None:
            await asyncio.wait([asyncio.create_task(self._run.cancel())], timeout=STOP_SECONDS)

    def _settle(self, *, note: str = "", error: Exception | None = None) -> None:
        """The answer has ended, one way or another: draw its tail and its figures."""
        run = self._run
        if not self._cleared:
            if run is not None:
                self.drawn.end(run, note)
            elif error is not None:
                self.drawn.fail(error)
        if run is None:
            self.status.show_unasked(error)
        else:
            self._show_figures_of(run, run.model.capabilities.context_length)

    # Drawing the conversation

    def redraw(self) -> None:
        """Draw the turns in view again, after another path through them was chosen."""
        self.drawn.draw()
        self._show_figures()

    def show_rating(self, turn: Turn) -> None:
        """Draw the answer of a turn again, with the stars that it has now."""
        if self.busy:
            return
        if turn is self.conversation.last_turn:
            self.drawn.draw_answer(turn)
        else:
            self.drawn.draw()
        self.transcript.flush()

    def page(self, by: int) -> Version | None:
        """Show another answer of the last turn; None if there is no other."""
        turn = self.conversation.last_turn
        version = turn.page(by) if turn is not None else None
        if turn is not None and version is not None:
            self.drawn.draw_answer(turn)
            self.transcript.flush()
            if not self.busy:
                self._run = version.run
                self._show_figures()
        return version

    def _show_figures(self) -> None:
        """The figures of the run in view, where none is being made."""
        if self.busy:
            return
        run = self._run
        if run is None or run.state == "running":
            self.status.show([])
            return
        context = self.model.capabilities.context_length if self.model is not None else None
        self._show_figures_of(run, context)

    def _show_figures_of(self, run: Run, context_length: int | None) -> None:
        self.status.show_settled(run, context_length)
        if self.status.lacks_spread(run):
            self.run_worker(self._measure_spread(run, context_length), exit_on_error=False)

    async def _measure_spread(self, run: Run, context_length: int | None) -> None:
        await self.status.measure_spread(run)
        if self._run is run:
            self._show_figures_of(run, context_length)

    def tick(self) -> None:
        """Draw what has come since the last time; called by the app's one timer."""
        if self._transcript is None:
            return
        self._transcript.flush()
        run = self._run
        self._ticks += 1
        if self._ticks % TICKS_PER_FIGURES:
            return
        if run is not None and run.state == "running" and self.busy:
            self.status.show_live(run, self._pieces)

    def stop(self) -> bool:
        """Stop the answer that is coming in; False if there is none."""
        if not self.busy or self._answering is None:
            return False
        self._answering.cancel()
        return True

    async def stopped(self) -> None:
        """Stop, and wait until the answer has ended."""
        if self.stop() and self._answering is not None:
            with suppress(WorkerCancelled):
                await self._answering.wait()

    async def clear(self) -> None:
        """Forget the conversation, on the screen and behind it."""
        self._cleared = True
        await self.stopped()
        self._cleared = False
        self.conversation.clear()
        self.drawn.forget()
        self._run = None
        self.transcript.clear()
        self.status.show([])

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect of ours in a worker is shown in the pane and never closes the app."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.drawn.add_error(event.worker.error)

    # Being the active pane

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Whatever is focused inside makes the pane the active one."""
        self.post_message(self.Activated(self))

    def on_click(self, event: events.Click) -> None:
        """A click makes the pane the active one."""
        self.post_message(self.Activated(self))

    def on_pane_header_clicked(self, message: PaneHeader.Clicked) -> None:
        """Activate first, so that the picker is for this pane."""
        self.post_message(self.Activated(self))
