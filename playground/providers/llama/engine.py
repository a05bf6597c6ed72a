"""Continuous batching: every live sequence is decoded in one `llama_decode` a step.

A sequence lives in a slot, which is a llama.cpp sequence id with the tokens whose KV cells it
holds. Slots keep their tokens after an answer, so that the next turn of a conversation, or another
sample of the same prompt, starts from the longest prefix that any slot has: in the same slot where
it is free, else by copying cells. A sequence whose prompt is just being evaluated by another waits
for that one and copies it. Sequences join and leave between steps; a prompt is evaluated in
chunks, so that a long one delays the others by one chunk at most.

Everybody who is drawing gets a token a step. Slots go round by request: who got one longest ago, or
never, gets the next one that is free, and first come is first served among equals.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from playground.errors import ContextOverflow, LocalError
from playground.providers.llama.cells import Held
from playground.providers.llama.context import SCORED_ROWS, NativeContext
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import Failed, Occupancy, Report, SamplingParams
from playground.providers.llama.sampling import Candidates
from playground.providers.llama.sequence import Answer, Glance, Request, Scoring, Sequence

SMALLEST_CHUNK = 32
"""Prompts are evaluated in chunks of at least so many tokens: smaller ones waste the processor."""

ALONE_SECONDS, SHARED_SECONDS = 1.0, 0.25
"""How long a chunk may take: what cancelling waits for, and what others wait for their token."""

MOST_WAITING = 4096
"""No more sequences than this wait for a slot: a caller that asks faster has lost count."""

WORTH_WAITING = 16
"""Waiting for another sequence's prompt pays only if it saves at least so many tokens."""


class Slot:
    """One llama.cpp sequence: the tokens in its cells, and who uses it now."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.tokens: list[int] = []
        self.cells = Held()
        self.user: Sequence | None = None
        self.reserved = 0
        self.last_used = 0

    @property
    def coming(self) -> int:
        """How many cells more it has a claim on."""
        return max(0, self.reserved - len(self.tokens)) if self.user is not None else 0


class Engine:
    """Decodes any number of requests together on one context."""

    def __init__(self, model: NativeModel, context: NativeContext, sequences: int) -> None:
        self.in_batch: frozenset[int] = frozenset()
        """The requests that are being decoded, for whoever may stop a batch on its way."""
        self._prefill_rate = 0.0
        self._model = model
        self._context = context
        self._candidates = Candidates(model.vocabulary, model)
        self._slots = [Slot(number) for number in range(sequences)]
        self._seated: dict[int, int] = {}
        """When each request that still waits last got a slot."""
        self._waiting: deque[Sequence] = deque()
        self._untold: list[Iterable[Report]] = []
        """What came of the last batch, where it is put into words while the next is decoded."""
        self._clock = 0
        self._rows_left = sequences + SCORED_ROWS

    @property
    def idle(self) -> bool:
        """Whether there is nothing to decode, and nothing left to tell."""
        return (
            not self._waiting
            and not self._untold
            and all(slot.user is None for slot in self._slots)
        )

    @property
    def longest_kept(self) -> int:
        """The tokens of the longest prefix that is kept: what a conversation may lose at most."""
        return max(len(slot.tokens) for slot in self._slots)

    def kept_of(self, prompt: list[int]) -> int:
        """How many of a prompt's first tokens lie in cells already."""
        return max(_common(slot.tokens, prompt) for slot in self._slots)

    def move_to(self, context: NativeContext) -> None:
        """Go on with another context, for as many sequences. To be done while idle."""
        self._context = context
        self._prefill_rate = 0.0
        for slot in self._slots:
            slot.tokens, slot.cells = [], Held()

    @property
    def only_drawing(self) -> bool:
        """Whether the next step draws tokens and does nothing else, which makes it a short one."""
        users = [slot.user for slot in self._slots if slot.user is not None]
        return not self._waiting and all(not user.prefilling for user in users)

    def generate(
        self,
        number: int,
        prompt: list[int],
        params: SamplingParams,
        stops: tuple[str, ...],
        given: list[int] | None = None,
    ) -> None:
        """Queue `n` choices that go on from `given`, the beginning of the answer.

        Raises `ContextOverflow` if the prompt can never fit.
        """
        given = given or []
        request = Request(number, prompt + given, params, stops, len(given))
        self.submit(
            *(Answer(request, choice, self._model, self._candidates) for choice in range(params.n))
        )

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
        tokens = len(sequences[0].prompt)
        if tokens >= self._context.length:
            for sequence in sequences:
                sequence.close()
            raise ContextOverflow(
                f"{sequences[0].feeds} {tokens:,} tokens and the context holds "
                f"{self._context.length:,}, the answer included.",
                hint="Shorten it, clear the conversation, or open the model with a larger "
                "context_length.",
            )
        if len(self._waiting) + len(sequences) > MOST_WAITING:
            for sequence in sequences:
                sequence.close()
            raise LocalError(
                f"{len(self._waiting):,} answers are waiting for this model already.",
                hint="Wait for some, or ask for fewer at once.",
            )
        self._waiting.extend(sequences)

    def occupancy(self, number: int) -> Occupancy:
        """How full the engine is now, as the answer to question `number`."""
        return Occupancy(
            id=number,
            running=sum(slot.user is not None for slot in self._slots),
            waiting=len(self._waiting),
            slots=len(self._slots),
            cells=self._context.cells,
            unified=self._context.unified,
            flash_attention=self._context.flash_attention,
            cells_kept=self._cells_kept(),
        )

    def _cells_kept(self) -> int:
        if self._context.unified:
            return Held.together(slot.cells for slot in self._slots)
        return sum(len(slot.tokens) for slot in self._slots)

    def cancel(self, number: int) -> None:
        """Stop a request: its slots are free for the next step."""
        for sequence in [item for item in self._waiting if item.id == number]:
            self._waiting.remove(sequence)
            sequence.close()
        for slot in self._slots:
            if slot.user is not None and slot.user.id == number:
                self._leave(slot)

    def cancel_all(self) -> list[int]:
        """Stop everything, after a failed step: the requests that were on it."""
        numbers = {item.id for item in self._waiting}
        numbers |= {slot.user.id for slot in self._slots if slot.user is not None}
        for number in numbers:
            self.cancel(number)
        for slot in self._slots:
            self._forget(slot)
        return sorted(numbers)

    def step(self) -> list[Report]:
        """Admit, decode one batch, and draw a token for every sequence that is due one."""
        reports: list[Report] = list(self._admit())
        self._context.clear_batch()
        live = [slot for slot in self._slots if slot.user is not None]
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
        whole = self._context.size > 0 and self._decode(live)
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
                self._leave(slot)
                self._forget(slot)
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
        else:
            most = min(most, self._rows_left - self._context.outputs)
        chunk = sequence.pending[:most]
        sequence.pending = sequence.pending[most:]
        sequence.rows = self._context.add(
            chunk, position, slot.number, wants_from=sequence.wants_from
        )
        slot.tokens += chunk
        slot.cells.fill(len(chunk))
        self._touch(slot)
        return len(chunk)

    def _read(self, slot: Slot) -> Iterable[Report]:
        sequence = slot.user
        if sequence is None or not sequence.rows:
            return ()
        try:
            told = sequence.decoded(self._context)
        except LocalError as error:
            self.cancel(sequence.id)
            failed = Failed(
                id=sequence.id, error="LocalError", message=error.message, hint=error.hint
            )
            return (failed,)
        sequence.rows = []
        if sequence.over:
            self._leave(slot)
        return told

    def _end_if_full(self, slot: Slot) -> Iterator[Report]:
        sequence = slot.user
        if sequence is None or len(slot.tokens) < self._context.length:
            return
        ended = sequence.context_full()
        # What its last token came of is told before its end.
        yield from self._tell()
        yield from ended
        self._leave(slot)

    def _leave(self, slot: Slot) -> None:
        """Free a slot. Its cells stay, as a prefix for whoever comes next."""
        if slot.user is not None:
            slot.user.close()
        slot.user = None
        slot.reserved = 0

    def _forget(self, slot: Slot) -> None:
        self._context.keep_first(slot.number, 0)
        slot.tokens, slot.cells = [], Held()

    def _touch(self, slot: Slot) -> None:
        self._clock += 1
        slot.last_used = self._clock

    def _admit(self) -> Iterator[Report]:
        """Give waiting sequences a slot, turn by turn, as far as there is room."""
        seated: set[Sequence] = set()
        for sequence in self._in_turn():
            if all(slot.user is not None for slot in self._slots):
                break
            prompt = sequence.prompt
            source = max(self._slots, key=lambda slot: _common(slot.tokens, prompt))
            shared = min(_common(source.tokens, prompt), sequence.wants_from)
            if self._someone_is_evaluating(sequence, shared):
                continue
            slot = self._place(sequence, source, shared)
            if slot is None:
                # Who comes later and needs less would be let past a large one for ever.
                break
            seated.add(sequence)
            yield from self._enter(slot, sequence, source, shared)
        if seated:
            self._waiting = deque(one for one in self._waiting if one not in seated)
            still = {one.id for one in self._waiting}
            self._seated = {number: at for number, at in self._seated.items() if number in still}

    def _in_turn(self) -> list[Sequence]:
        """Those that wait, fairly: turn by turn, and each turn by who was seated longest ago.

        So a request of sixty-four choices keeps one of one choice waiting for a slot, not for all.
        """
        if not self._waiting or all(slot.user is not None for slot in self._slots):
            return []
        before: Counter[int] = Counter()
        turns = []
        for sequence in self._waiting:
            turns.append((before[sequence.id], self._seated.get(sequence.id, 0), sequence))
            before[sequence.id] += 1
        turns.sort(key=lambda turn: turn[:2])
        return [sequence for _, _, sequence in turns]

    def _someone_is_evaluating(self, sequence: Sequence, shared: int) -> bool:
        """Whether a live sequence will soon have a prefix much longer than `shared`."""
        if self._model.recurrent:
            return False  # It will have gone on by then, and cannot give a part away.
        for slot in self._slots:
            if slot.user is None or not slot.user.prefilling or not slot.user.pending:
                continue
            coming = min(_common(slot.user.prompt, sequence.prompt), sequence.wants_from)
            if coming >= shared + WORTH_WAITING and len(slot.tokens) < coming:
                return True
        return False

    def _place(self, sequence: Sequence, source: Slot, shared: int) -> Slot | None:
        """The slot for a sequence, or None while there is none, or no cells for it."""
        free = [slot for slot in self._slots if slot.user is None]
        extends = source.user is None and shared >= len(source.tokens) - 1
        slot = (
            source
            if extends
            else min(free, key=lambda item: (len(item.tokens) > 0, item.last_used))
        )
        if not self._context.unified:
            return slot
        # One pool of cells: reserve the most that this sequence can come to use, and let idle
        # prefixes go, oldest first, until that fits. What it shares is there already.
        wanted = min(sequence.most_tokens, self._context.length)
        start = source.cells.first(shared)
        while wanted - shared > self._free_cells(slot, start):
            idle = [item for item in free if item.tokens and item not in (slot, source)]
            if idle:
                self._forget(min(idle, key=lambda item: item.last_used))
            elif source.user is None and source is not slot and source.tokens:
                slot = source
            else:
                return None
        slot.reserved = wanted
        return slot

    def _free_cells(self, slot: Slot, start: Held) -> int:
        """Cells that nobody has a claim on, were `slot` emptied but for the cells of `start`."""
        others = [item for item in self._slots if item is not slot]
        held = Held.together([start, *(item.cells for item in others)])
        return self._context.cells - held - sum(item.coming for item in others)

    def _enter(self, slot: Slot, sequence: Sequence, source: Slot, shared: int) -> list[Report]:
        """Seat a sequence in its slot with the first `shared` tokens of its prompt in place."""
        if slot is source:
            if not self._context.keep_first(slot.number, shared):
                # Recurrent models cannot forget only the end: they start again.
                self._forget(slot)
                shared = 0
        else:
            self._forget(slot)
            # Copying a recurrent model's state copies all of it, whatever is asked for.
            part = self._model.recurrent and shared < len(source.tokens)
            if shared and (part or not self._context.copy(source.number, slot.number, shared)):
                self._forget(slot)
                shared = 0
        slot.tokens, slot.cells = sequence.prompt[:shared], source.cells.first(shared)
        sequence.resume_after(shared)
        slot.user = sequence
        self._touch(slot)
        self._seated[sequence.id] = self._clock
        return sequence.begin(shared, self._context)


def _common(one: list[int], other: list[int]) -> int:
    """How many tokens two lists have in common at their beginning.

    By halving, because comparing slices runs in C: 8,000 tokens take microseconds, not
    milliseconds, and this is asked of every slot for every request that waits.
    """
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
