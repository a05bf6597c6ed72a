"""The child process: opens one GGUF and decodes for the parent until its standard input ends.

Run as `python -m playground.providers.llama.worker`. Commands come in on standard input, frames
go out on standard output; llama.cpp's log goes to standard error. When the parent dies, however it
dies, standard input ends and this process ends at once; where a process that was forked from the
parent still holds the other end, it notices within a moment that it has another parent.
"""

from __future__ import annotations

import hashlib
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from playground.errors import (
    ChatTemplateError,
    ContextOverflow,
    LocalError,
    ModelLoadFailed,
)
from playground.providers.llama.bounds import TEMPLATE_HINT, bounded
from playground.providers.llama.layouts import Layouts
from playground.providers.llama.log import start_llama
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import (
    COMMAND,
    MAX_LINE_BYTES,
    Cancel,
    Failed,
    Frame,
    Generate,
    Given,
    ListVocabulary,
    Load,
    Loading,
    Look,
    ModelFacts,
    Question,
    Ready,
    Report,
    Score,
    Text,
    Tokenize,
    Tokens,
    Vocabulary,
    Watch,
)
from playground.providers.llama.template import (
    PLAIN_STOPS,
    ChatTemplate,
    render_plain,
)
from playground.reasoning import opened_by
from playground.types import Message

MOST_FIGURES = 500_000
"""Figures in the answer to one question for scores: more would not fit into a line of the pipe."""

MOST_TOKENIZED = 1_000_000
"""Characters that are tokenized for whoever asks: it takes a second, in which nobody is served."""

LONG_PROMPT = 100_000
"""Characters up to which a prompt is tokenized without a look at whether it can fit."""

HOLD_SECONDS = 0.005
"""Tokens that follow each other faster than this cross the pipe together. Waking the parent costs
both sides more than the token: the demo drew a sixth more of them a second, and the parent spent
half as much on each (`benchmarks.event_path`). A screen is drawn every 60 milliseconds or more."""


PARENT_SECONDS = 0.25
"""How often to look whether the parent is still there, for the case that its pipes do not tell."""


class Outbox:
    """Writes frames to the parent. A parent that is gone ends the process."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._held: list[Report] = []
        self._sent = 0.0

    def hold(self, *reports: Report) -> None:
        """Send with what comes next, at once if the last frame is long enough ago."""
        self._held += reports
        if time.monotonic() - self._sent >= HOLD_SECONDS:
            self.send()

    def send(self, *reports: Report) -> None:
        """Send in one frame what was held and these; nothing if there is nothing."""
        self._held += reports
        if not self._held:
            return
        frame, self._held = Frame(reports=tuple(self._held)), []
        self._sent = time.monotonic()
        try:
            self._pipe.write(frame.model_dump_json().encode() + b"\n")
            self._pipe.flush()
        except BrokenPipeError:
            os._exit(0)


class _Prompt(NamedTuple):
    """A conversation as the model reads it.

    `stops` are strings that end the answer, `opened` is the mark of reasoning that it ends with.
    """

    tokens: list[int]
    stops: tuple[str, ...] = ()
    opened: str = ""


class Worker:
    """One open model and the engine on it."""

    def __init__(self, load: Load, outbox: Outbox, cancelled: set[int]) -> None:
        self._outbox = outbox
        self._cancelled = cancelled
        settings = load.settings
        self._model = NativeModel(
            Path(load.path),
            gpu_layers=settings.gpu_layers,
            load=settings.load,
            progress=_Progress(outbox),
        )
        self._layouts = Layouts(self._model, settings, self._nobody_waits)
        self.engine = self._layouts.engine
        layout, context = self._layouts.opened, self._layouts.context
        source = self._model.chat_template
        self._template: ChatTemplate | None = None
        self._template_problem: ChatTemplateError | None = None
        if source and settings.chat_template == "auto":
            try:
                with bounded():
                    self._template = ChatTemplate(
                        source,
                        {**settings.chat_template_kwargs, **self._model.specials},
                        self._model.controls,
                    )
            except ChatTemplateError as error:
                # Said when a conversation is to be rendered: the model is fine without it.
                self._template_problem = error
        plain = "plain" if settings.chat_template == "plain" else "missing"
        used = source if settings.chat_template == "auto" else None
        self.facts = ModelFacts.model_validate(
            {
                "description": self._model.description,
                "parameters": self._model.parameters,
                "trained_context": self._model.trained_context,
                "context_length": context.length,
                "sequences": layout.sequences,
                "unified": layout.unified,
                "cells": context.cells,
                "kv_type": settings.kv_type,
                "flash_attention": context.flash_attention,
                "threads": layout.threads,
                "gpu_layers": self._model.gpu_layers,
                "gpus": self._model.gpus,
                "load": self._model.load,
                "vocabulary": self._model.vocabulary,
                "template": "file" if used else plain,
                "chat_template_kwargs": settings.chat_template_kwargs if used else {},
                "template_sha256": hashlib.sha256(used.encode()).hexdigest() if used else "",
            }
        )

    def take(self, command: Question | Cancel) -> None:
        """Act on one command; what is wrong with it is reported under its id."""
        # A prompt may take a while to evaluate: what others are due does not wait for it.
        self._outbox.send()
        try:
            self._act(command)
        except MemoryError:
            raise  # It has no context any more, and is of no use.
        except Exception as error:  # noqa: BLE001 - one request's trouble is not the others'
            self._outbox.send(Failed.of(error, command.id))

    def _nobody_waits(self) -> bool:
        """Whether every request in the batch that is being decoded has been cancelled."""
        return self.engine.in_batch <= self._cancelled

    def _act(self, command: Question | Cancel) -> None:
        match command:
            case Generate():
                prompt, params = self._prompt(command.messages), command.params
                given = self._tokens(command.prefix, after=prompt)
                stops = (*params.stop, *prompt.stops)
                # What must follow a grammar from its first token on is no reasoning.
                free = params.grammar is None and params.json_schema is None
                answers = self.engine.answers(
                    command.id, prompt.tokens, params, stops, given, prompt.opened if free else ""
                )
                # Only for what will be drawn: a layout that changes forgets conversations.
                self._layouts.suit(prompt.tokens, command.answers * params.n, params.max_length)
                self.engine.submit(*answers)
            case Score():
                prompt = self._prompt(command.messages)
                continuation = self._tokens(command.continuation, after=prompt)
                if not continuation:
                    raise LocalError("There is no text to score.")
                figures = len(continuation) * (1 + command.alternatives + len(command.settings))
                if figures > MOST_FIGURES:
                    raise LocalError(
                        f"{len(continuation):,} tokens with {command.alternatives} alternatives "
                        f"under {len(command.settings)} settings are too many figures at once.",
                        hint="Score less of it, or with fewer alternatives or settings.",
                    )
                self.engine.score(
                    command.id, prompt.tokens, continuation, command.settings, command.alternatives
                )
            case Look():
                prompt = self._prompt(command.messages)
                self.engine.look(
                    command.id, prompt.tokens + self._tokens(command.prefix, after=prompt)
                )
            case Tokenize():
                if command.messages is not None:
                    tokens = self._prompt(command.messages).tokens
                elif len(command.text) <= MOST_TOKENIZED:
                    tokens = self._model.tokenize(command.text, inside=True)
                else:
                    raise LocalError(
                        f"The text has {len(command.text):,} characters; {MOST_TOKENIZED:,} are "
                        "cut into tokens at once.",
                        hint="Cut it into parts.",
                    )
                self._outbox.send(Tokens(id=command.id, tokens=tuple(tokens)))
            case ListVocabulary():
                pieces = (self._model.piece(token) for token in range(self._model.vocabulary))
                self._outbox.send(
                    Vocabulary(id=command.id, pieces=tuple(piece.hex() for piece in pieces))
                )
            case Watch():
                self._outbox.send(self.engine.occupancy(command.id))
            case Cancel():
                self.engine.cancel(command.id)
                self._cancelled.discard(command.id)

    def step(self) -> None:
        """One step of the engine, and what came of it on its way."""
        drawing = self.engine.only_drawing
        reports = self.engine.step()
        plain = drawing and all(isinstance(report, Text) for report in reports)
        if plain and not self.engine.idle:
            self._outbox.hold(*reports)
        else:
            # First tokens, last ones, and whatever the next step may keep waiting.
            self._outbox.send(*reports)

    def _tokens(self, given: Given, after: _Prompt) -> list[int]:
        """The tokens of the beginning of an answer, `after` its prompt."""
        if isinstance(given, str):
            if after.opened and given.startswith(after.opened):
                # The template has written the mark already.
                given = given.removeprefix(after.opened).lstrip()
            self._check_room(given, "text")
            return self._model.tokenize(given, inside=True)
        if any(not 0 <= token < self._model.vocabulary for token in given):
            raise LocalError(f"There are tokens 0 to {self._model.vocabulary - 1:,} only.")
        return list(given)

    def _prompt(self, messages: tuple[Message, ...]) -> _Prompt:
        if self._template_problem is not None:
            raise self._template_problem
        self._check_room("".join(message.content for message in messages))
        if self._template is not None:
            # Templates write the beginning-of-sequence token themselves: never add another.
            pieces = self._template.render(messages, within=bounded)
            self._check_room("".join(piece.text for piece in pieces))
            tokens: list[int] = []
            for piece in pieces:
                tokens += self._model.tokenize(
                    piece.text, parse_special=not piece.typed, inside=bool(tokens)
                )
            if not tokens:
                raise ChatTemplateError(
                    "The chat template writes nothing for this conversation.",
                    hint=TEMPLATE_HINT,
                )
            return _Prompt(tokens, opened=opened_by(pieces[-1].text))
        text = render_plain(messages)
        self._check_room(text)
        return _Prompt(self._model.tokenize(text, add_special=True), stops=PLAIN_STOPS)

    def _check_room(self, text: str, what: str = "prompt") -> None:
        """Refuse what can never fit before it is tokenized, for which everybody would wait."""
        length = self._layouts.context.length
        if len(text) < LONG_PROMPT or len(text.encode()) <= length * self._model.longest_piece:
            return
        raise ContextOverflow(
            f"The {what} has {len(text):,} characters and the context holds {length:,} tokens, the "
            "answer included.",
            hint="Shorten it, clear the conversation, or open the model with a larger "
            "context_length.",
        )


class _Progress:
    """Reports how far the weights are read, at each further twentieth."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._last = 0.0

    def __call__(self, fraction: float) -> None:
        if fraction - self._last >= 0.05:
            self._last = fraction
            self._outbox.send(Loading(progress=min(fraction, 1.0)))


def _own_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for the protocol, and leave neither to anybody else.

    Whatever llama.cpp or a library prints to standard output lands on standard error.
    """
    commands = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    frames = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return commands, frames


def _leave_no_core_file() -> None:
    """A crash would write all its memory, weights and all, into the folder that it stands in."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


Inbox = queue.SimpleQueue[Load | Question | Cancel]


def _read_commands(pipe: BinaryIO, inbox: Inbox, cancelled: set[int]) -> None:
    """The reader's thread. The end of the pipe is the end of the parent, and of this process.

    What is `cancelled` is known at once, also to a batch that is on its way.
    """
    while line := pipe.readline(MAX_LINE_BYTES):
        try:
            command = COMMAND.validate_json(line)
        except ValueError as error:
            print(f"worker: unreadable command: {error}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(2)
        if isinstance(command, Cancel):
            cancelled.add(command.id)
        inbox.put(command)
    os._exit(0)


def _watch_parent(parent: int) -> None:
    """A thread's: a process whose parent has died belongs to another one."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(0)


def main() -> int:
    """Serve one parent."""
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    _leave_no_core_file()
    commands, frames = _own_standard_streams()
    outbox = Outbox(frames)
    inbox: Inbox = queue.SimpleQueue()
    cancelled: set[int] = set()
    reader = threading.Thread(target=_read_commands, args=(commands, inbox, cancelled), daemon=True)
    reader.start()
    load = inbox.get()
    if not isinstance(load, Load):
        outbox.send(Failed.of(LocalError("The first command must be to load a model.")))
        return 2
    start_llama()
    try:
        worker = Worker(load, outbox, cancelled)
    except (ModelLoadFailed, LocalError, MemoryError) as error:
        outbox.send(Failed.of(error))
        return 1
    outbox.send(Ready(facts=worker.facts))
    while True:
        while worker.engine.idle or not inbox.empty():
            command = inbox.get()
            if isinstance(command, Load):
                raise TypeError("a worker opens one model only")
            worker.take(command)
        worker.step()


if __name__ == "__main__":
    sys.exit(main())
