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

from playground.tui.labels import brief, one_line
from playground.tui.themes import PANE_COLOURS
from playground.tui.widgets.pane_header import PaneHeader
from playground.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from playground.providers.base import ChatModel
    from playground.run import Run
    from playground.tui.conversation import Conversation, Turn
    from playground.tui.shelf import ModelShelf
    from playground.tui.transcript import MessageHandle, Transcript
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

    def __init__(self, place: int, *, timing_of: Callable[[Run], Timing]) -> None:
        super().__init__(classes="pane")
        self._timing_of = timing_of
        self._conversation: Conversation | None = None
        self._shelf: ModelShelf | None = None
        self._transcript: Transcript | None = None
        self._run: Run | None = None
        self._handles: list[MessageHandle] = []
        self._pieces = 0
        self._ticks = 0
        self._title = ""
        self._cleared = False
        self._answering: Worker[None] | None = None
        self._warming: Worker[None] | None = None
        self.header = PaneHeader(classes="pane-header")
        self.status = StatusLine(classes="pane-status")
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
        self._conversation, self._shelf = conversation, shelf
        self.params_changed()
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
        self.header.knobs = self._knobs_text()

    def _knobs_text(self) -> str:
        """The knobs you set; one that the model does not take says so."""
        supports = self.model.capabilities.knobs if self.model is not None else {}
        texts = []
        for name, value in self.conversation.params.given().items():
            refused = name in supports and supports[name].accepted is False
            texts.append(f"{name} {'not taken' if refused else brief(value)}")
        return " · ".join(texts)

    def _load(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
        self._warming = self.run_worker(self._warm_up(), exit_on_error=False)

    async def _warm_up(self) -> None:
        from playground.tui.figures import Figure

        ref = self.conversation.ref
        if not self.busy:
            self.status.show([Figure("loading …", f"opening {one_line(ref)}", "strong")])
        try:
            model = await self.shelf.open(ref)
            self.params_changed()
            self.post_message(self.ModelOpened(self))
            await model.warm_up()
        except Exception as error:  # noqa: BLE001 - shown, whatever it is; the app goes on
            if not self.busy and ref == self.conversation.ref:
                self._show_error(error)
                self.status.show([Figure("not ready", one_line(str(error)), "bad")])
            return
        if not self.busy and ref == self.conversation.ref:
            self.post_message(self.ModelOpened(self))
            context = model.capabilities.context_length
            ready = Figure("ready", f"{one_line(ref)} is loaded", "good")
            self.status.show(
                [ready, Figure(f"{context:,} context", "tokens that the model can hold")]
                if context
                else [ready]
            )

    # Talking

    def ask(self, prompt: str) -> None:
        """Send a prompt."""
        self.transcript.add_message("user", prompt, title="You")
        self._start(self.conversation.begin(prompt))

    def retry(self) -> bool:
        """Ask the last prompt again with the params as they are now; False if there is none."""
        if not self.conversation.turns:
            return False
        turn = self.conversation.turns[-1]
        if self._handles and not any(map(self.transcript.text_of, self._handles)):
            # A try that gave nothing but an error is no answer to compare with.
            for handle in self._handles:
                self.transcript.remove_message(handle)
            if turn.tries and turn.tries[-1] is self._run:
                turn.tries.pop()
        self._start(turn)
        return True

    def _start(self, turn: Turn) -> None:
        self._answering = self.run_worker(self._answer(turn), exit_on_error=False)

    async def _answer(self, turn: Turn) -> None:
        """Make one try at a turn and read it to its end. Raises nothing but a cancel."""
        from playground.tui.figures import Figure

        self._run, self._handles, self._pieces = None, [], 0
        self._title = one_line(self.conversation.ref)
        self.status.show([Figure("opening …", "opening the model", "strong")])
        try:
            model = await self.shelf.open(self.conversation.ref)
            self._run = run = self.conversation.answer(turn, model)
            self._title = self._title_of(turn, run)
            self._handle(0)
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
            if isinstance(event, TextDelta):
                self._pieces += 1
                self.transcript.append(self._handle(event.choice), event.text)
            elif isinstance(event, ReasoningDelta):
                self._pieces += 1
                self.transcript.append_reasoning(self._handle(event.choice), event.text)

    async def _cancel_run(self) -> None:
        """Stop the run; a backend that does not listen is not waited for."""
        if self._run is not None:
            await asyncio.wait([asyncio.create_task(self._run.cancel())], timeout=STOP_SECONDS)

    def _title_of(self, turn: Turn, run: Run) -> str:
        """What stands over an answer: the model, and the knobs you set as it really takes them."""
        used = run.model.plan(run.params).effective
        knobs = [f"{name} {brief(used[name])}" for name in run.params.given() if name in used]
        tries = [f"try {len(turn.tries)}"] if len(turn.tries) > 1 else []
        return " · ".join([one_line(self.conversation.ref), *knobs, *tries])

    def _handle(self, choice: int) -> MessageHandle:
        """The message that a choice is written into; begun when its first text comes."""
        while len(self._handles) <= choice:
            which = f" · answer {len(self._handles) + 1}" if self._handles else ""
            self._handles.append(self.transcript.begin_answer(title=self._title + which))
        return self._handles[choice]

    def _settle(self, *, note: str = "", error: Exception | None = None) -> None:
        """The answer has ended, one way or another: draw its tail and its figures."""
        from playground.tui.figures import Figure, adjustments_of, describe, end_words, explain
        from playground.tui.figures import settled_figures as settled
        from playground.tui.problems import problem_text

        run = self._run
        if run is None:
            ended = "failed" if error else "stopped"
            detail = one_line(str(error)) if error else "stopped before it was asked"
            figures = [Figure(ended, detail, "bad" if error else "warn")]
            tooltip = detail
        else:
            model = run.model
            figures = settled(run, self._timing_of(run), model.capabilities.context_length)
            tooltip = explain(run, figures)
            notes = [note, *map(describe, adjustments_of(run))]
            if run.state == "done" and run.choices[0].finish_reason != "stop":
                notes.append(end_words(run)[1])
            note = "\n".join(filter(None, notes))
        for handle in self._handles[1:]:
            self.transcript.finish(handle)
        if not self._cleared:
            text = problem_text(error) if error else ""
            self.transcript.finish(self._handle(0), note=note, error=text)
        self.status.show(figures, tooltip)

    def _show_error(self, error: BaseException) -> None:
        from playground.tui.problems import problem_text

        handle = self.transcript.begin_answer(title=one_line(self.conversation.ref))
        self.transcript.finish(handle, error=problem_text(error))

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
            from playground.tui.figures import live_figures

            self.status.show(live_figures(run, run.timing, run.elapsed, self._pieces))

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
        self._handles, self._run = [], None
        self.transcript.clear()
        self.status.show([])

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect of ours in a worker is shown in the pane and never closes the app."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self._show_error(event.worker.error)

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
