"""Continuous batching: every live sequence is decoded in one `llama_decode` a step.

Sequences join and leave between steps (`slots.py` says who has a slot). Everybody who is drawing
gets a token a step; a prompt is evaluated in chunks, so that a long one delays the others by one
chunk at most.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Many

from playground.errors import ContextOverflow, LocalError
from playground.providers.llama.context import SCORED_ROWS, NativeContext
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import Failed, Occupancy, Report, SamplingParams
from playground.providers.llama.sampling import Candidates
from playground.providers.llama.sequence import Answer, Glance, Request, Scoring, Sequence
from playground.providers.llama.slots import Slot, Slots

SMALLEST_CHUNK = 32
"""Prompts are evaluated in chunks of at least so many tokens: smaller ones waste the processor."""

ALONE_SECONDS, SHARED_SECONDS = 1.0, 0.25
"""How long a chunk may take: what cancelling waits for, and what others wait for their token."""


class Engine:
    """Decodes any number of requests together on one context."""

    def __init__(self, model: NativeModel, context: NativeContext, sequences: int) -> None:
        self.in_batch: frozenset[int] = frozenset()
        """The requests that are being decoded, for whoever may stop a batch on its way."""
        self._prefill_rate = 0.0
        self._model = model
        self._context = context
        self._candidates = Candidates(model.vocabulary, model)
        self._slots = Slots(model, context, sequences)
        self._untold: list[Iterable[Report]] = []
        """What came of the last batch, where it is put into words while the next is decoded."""
        self._scored_rows_left = SCORED_ROWS

    @property
    def idle(self) -> bool:
        """Whether there is nothing to decode, and nothing left to tell."""
        return self._slots.idle and not self._untold

    @property
    def longest_kept(self) -> int:
        """The tokens of the longest prefix that is kept: what a conversation may lose at most."""
        return self._slots.longest_kept

    def kept_of(self, prompt: list[int]) -> int:
        """How many of a prompt's first tokens lie in cells already."""
        return self._slots.kept_of(prompt)

    def move_to(self, context: NativeContext) -> None:
        """Go on with another context, for as many sequences. To be done while idle."""
        self._context = context
        self._prefill_rate = 0.0
        self._slots.move_to(context)

    @property
    def only_drawing(self) -> bool:
        """Whether the next step draws tokens and does nothing else, which makes it a short one."""
        prefilling = any(slot.user.prefilling for slot in self._slots.live if slot.user)
        return not self._slots.waiting and not prefilling

    def answers(
        self,
        number: int,
        prompt: list[int],
        params: SamplingParams,
        stops: tuple[str, ...],
        given: list[int] | None = None,
        opened: str = "",
    ) -> list[Answer]:
        """The `n` choices of a request, which go on from `given`, the beginning of the answer.

        They are to be queued by `submit`. Raises `ContextOverflow` if the prompt can never fit, and
        `InvalidParameter` for knobs that cannot be meant.
        """
        given = given or []
        request = Request(number, prompt + given, params, stops, len(given), opened)
        choices = range(params.n)
        made = [Answer(request, choice, self._model, self._candidates) for choice in choices]
        self._check_room(made)
        return made

    def generate(
        self,
        number: int,
        prompt: list[int],
        params: SamplingParams,
        stops: tuple[str, ...],
        given: list[int] | None = None,
    ) -> None:
        """Make the choices of a request and queue them; raises what either raises."""
        self.submit(*self.answers(number, prompt, params, stops, given))

    def score(
        self,
        number: int,
        prompt: list[int],
        continuation: list[int],
        settings: tuple[SamplingParams, ...],
        alternatives: int = 0,
    ) -> None:
        """Queue the scoring of a continuation; raises `ContextOverflow` if it can never fit."""
        self.submit(
            Scoring(
                number,
                prompt,
                continuation,
                settings,
                alternatives,
                self._model,
                self._candidates,
            )
        )

    def look(self, number: int, prompt: list[int]) -> None:
        """Queue a look at the next distribution; raises `ContextOverflow` if it can never fit."""
        self.submit(Glance(number, prompt))

    def submit(self, *sequences: Sequence) -> None:
        """Queue sequences of one request.

        Raises `ContextOverflow` if they can never fit, `LocalError` if the queue is full.
        """
        self._check_room(sequences)
        try:
            self._slots.queue(*sequences)
        except LocalError:
            for sequence in sequences:
                sequence.close()
            raise

    def _check_room(self, sequences: Many[Sequence]) -> None:
        """Raise `ContextOverflow` if sequences of one request can never fit, and close them."""
        tokens = len(sequences[0].prompt)
        if tokens < self._context.length:
            return
        for sequence in sequences:
            sequence.close()
        raise ContextOverflow(
            f"{sequences[0].feeds} {tokens:,} tokens and the context holds "
            f"{self._context.length:,}, the answer included.",
            hint="Shorten it, clear the conversation, or open the model with a larger "
            "context_length.",
        )

    def occupancy(self, number: int) -> Occupancy:
        """How full the engine is now, as the answer to question `number`."""
        return Occupancy(
            id=number,
            running=len(self._slots.live),
            waiting=self._slots.waiting,
            slots=self._slots.count,
            cells=self._context.cells,
            unified=self._context.unified,
            flash_attention=self._context.flash_attention,
            cells_kept=self._slots.cells_kept,
        )

    def cancel(self, number: int) -> None:
        """Stop a request: its slots are free for the next step."""
        self._slots.cancel(number)

    def cancel_all(self) -> list[int]:
        """Stop everything, after a failed step: the requests that were on it."""
        return self._slots.cancel_all()

    def step(self) -> list[Report]:
        """Admit, decode one batch, and draw a token for every sequence that is due one.

        Where llama.cpp cannot decode it, all requests that were there fail.
        """
        reports: list[Report] = list(self._slots.admit())
        self._context.clear_batch()
        self._scored_rows_left = SCORED_ROWS
        live = self._slots.live
        for slot in live:
            reports += self._end_if_full(slot)
        drawing = [slot for slot in live if slot.user and not slot.user.prefilling]
        for slot in drawing:
            self._feed(slot, 1)
        budget = min(self._context.room, self._chunk(shared=bool(drawing)))
        # The slot that has waited longest for its turn goes first.
        prefilling = [slot for slot in live if slot.user and slot.user.prefilling]
        for slot in sorted(prefilling, key=lambda slot: slot.last_used):
            if budget > 0:
                budget -= self._feed(slot, budget)
        began = time.perf_counter()
        try:
            whole = self._context.size > 0 and self._decode(live)
        except LocalError as error:
            reports += self._tell()
            return [*reports, *(Failed.of(error, number) for number in self.cancel_all())]
        # A GPU has only been given that batch: here is time for what came of the last one.
        reports += self._tell()
        if not whole:
            return reports
        if self._context.size >= SMALLEST_CHUNK:
            self._context.wait()
            self._prefill_rate = self._context.size / (time.perf_counter() - began)
        for slot in live:
            told = self._read(slot)
            if self._context.computes_apart:
                self._untold.append(told)
            else:
                reports += told
        if all(slot.user is None for slot in live):
            reports += self._tell()
        return reports

    def _tell(self) -> Iterator[Report]:
        untold, self._untold = self._untold, []
        for told in untold:
            yield from told

    def _chunk(self, *, shared: bool) -> int:
        """How many prompt tokens to evaluate in a step, by how fast they went so far."""
        seconds = SHARED_SECONDS if shared else ALONE_SECONDS
        return max(SMALLEST_CHUNK, int(self._prefill_rate * seconds))

    def _decode(self, live: list[Slot]) -> bool:
        """Run the batch; false if it was stopped on its way, because nobody wants it any more."""
        self.in_batch = frozenset(slot.user.id for slot in live if slot.user)
        whole = self._context.decode()
        self.in_batch = frozenset()
        if not whole:
            for slot in live:
                self._slots.leave(slot)
                self._slots.forget(slot)
        return whole

    def _feed(self, slot: Slot, most: int) -> int:
        """Put up to `most` of a slot's pending tokens into the batch; how many it was."""
        sequence = slot.user
        assert sequence is not None  # noqa: S101 - only live slots are fed
        position = len(slot.tokens)
        if position < sequence.wants_from:
            # The first token whose distribution is wanted goes alone, in a step of its own, as it
            # does where all before it was there already: other batch sizes round differently, and
            # the same seed is to give the same answer again.
            most = min(most, sequence.wants_from - position)
        elif sequence.most_rows > 1:
            most = min(most, sequence.most_rows, self._scored_rows_left)
            self._scored_rows_left -= min(most, len(sequence.pending))
        chunk = sequence.pending[:most]
        sequence.pending = sequence.pending[most:]
        sequence.rows = self._context.add(
            chunk, position, slot.number, wants_from=sequence.wants_from
        )
        slot.put(chunk)
        self._slots.touch(slot)
        return len(chunk)

    def _read(self, slot: Slot) -> Iterable[Report]:
        sequence = slot.user
        if sequence is None or not sequence.rows:
            return ()
        try:
            told = sequence.decoded(self._context)
        except LocalError as error:
            self.cancel(sequence.id)
            return (Failed.of(error, sequence.id),)
        sequence.rows = []
        if sequence.over:
            self._slots.leave(slot)
        return told

    def _end_if_full(self, slot: Slot) -> Iterator[Report]:
        sequence = slot.user
        if sequence is None or len(slot.tokens) < self._context.length:
            return
        ended = sequence.context_full()
        # What its last token came of is told before its end.
        yield from self._tell()
        yield from ended
        self._slots.leave(slot)
