"""Who decodes: sequences wait for a slot, get one, and leave a prefix to whoever comes next.

A sequence lives in a slot, which is a llama.cpp sequence id with the tokens whose KV cells it
holds. Slots keep their tokens after an answer, so that the next turn of a conversation, or another
sample of the same prompt, starts from the longest prefix that any slot has: in the same slot where
it is free, else by copying cells. A sequence whose prompt is just being evaluated by another waits
for that one and copies it.

Slots go round by request: each further choice of a request waits a turn more than the one before
it, and a request that comes begins at the turn that is served then. So one of many choices keeps
one of few waiting for a slot and not for all, and however many come, everybody's turn does.
"""

from __future__ import annotations

from collections.abc import Iterator

from playground.errors import LocalError
from playground.providers.llama.cells import Held
from playground.providers.llama.context import NativeContext
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import Report
from playground.providers.llama.sequence import Sequence

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

    def put(self, tokens: list[int]) -> None:
        """Note that these tokens are in cells of its own, after those that it has."""
        self.tokens += tokens
        self.cells.fill(len(tokens))


class Slots:
    """The slots of one context and the queue for them."""

    def __init__(self, model: NativeModel, context: NativeContext, count: int) -> None:
        self._model = model
        self._context = context
        self._slots = [Slot(number) for number in range(count)]
        self._waiting: list[tuple[float, Sequence]] = []
        """By their turns; those of one turn as they came."""
        self._turn = 0.0
        self._clock = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._slots)

    @property
    def live(self) -> list[Slot]:
        """Those in which a sequence is being decoded."""
        return [slot for slot in self._slots if slot.user is not None]

    @property
    def waiting(self) -> int:
        """How many sequences wait for one."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether nobody has one or waits for one."""
        return not self._waiting and not self.live

    @property
    def longest_kept(self) -> int:
        """The tokens of the longest prefix that is kept."""
        return max(len(slot.tokens) for slot in self._slots)

    def kept_of(self, prompt: list[int]) -> int:
        """How many of a prompt's first tokens lie in cells already."""
        return max(_common(slot.tokens, prompt) for slot in self._slots)

    @property
    def cells_kept(self) -> int:
        """How many KV cells are taken, those once that several sequences share."""
        if self._context.unified:
            return Held.together(slot.cells for slot in self._slots)
        return sum(len(slot.tokens) for slot in self._slots)

    def move_to(self, context: NativeContext) -> None:
        """Go on with another context, whose cells are empty. To be done while idle."""
        self._context = context
        for slot in self._slots:
            slot.tokens, slot.cells = [], Held()

    def queue(self, *sequences: Sequence) -> None:
        """Have sequences wait for a slot; raises `LocalError` if too many wait already."""
        if len(self._waiting) + len(sequences) > MOST_WAITING:
            raise LocalError(
                f"{len(self._waiting):,} answers are waiting for this model already.",
                hint="Wait for some, or ask for fewer at once.",
            )
        self._waiting += [(self._turn + place, one) for place, one in enumerate(sequences)]
        self._waiting.sort(key=lambda waiting: waiting[0])

    def cancel(self, number: int) -> None:
        """Stop a request: its slots are free at once."""
        for _, sequence in self._waiting:
            if sequence.id == number:
                sequence.close()
        self._waiting = [waiting for waiting in self._waiting if waiting[1].id != number]
        for slot in self.live:
            if slot.user is not None and slot.user.id == number:
                self.leave(slot)

    def cancel_all(self) -> list[int]:
        """Stop every request and trust no cell any more; the requests that there were."""
        numbers = {item.id for _, item in self._waiting}
        numbers |= {slot.user.id for slot in self.live if slot.user is not None}
        for number in numbers:
            self.cancel(number)
        for slot in self._slots:
            self.forget(slot)
        return sorted(numbers)

    def leave(self, slot: Slot) -> None:
        """Free a slot. Its cells stay, as a prefix for whoever comes next."""
        if slot.user is not None:
            slot.user.close()
        slot.user = None
        slot.reserved = 0

    def forget(self, slot: Slot) -> None:
        """Give all cells of a slot back."""
        self._context.keep_first(slot.number, 0)
        slot.tokens, slot.cells = [], Held()

    def touch(self, slot: Slot) -> None:
        """Note that a slot has just had its turn."""
        self._clock += 1
        slot.last_used = self._clock

    def admit(self) -> Iterator[Report]:
        """Give waiting sequences a slot, turn by turn, as far as there is room."""
        seated: set[Sequence] = set()
        for turn, sequence in self._waiting:
            if all(slot.user is not None for slot in self._slots):
                break
            source = max(self._slots, key=lambda slot: self._shared(slot, sequence))
            shared = self._shared(source, sequence)
            if self._someone_is_evaluating(sequence, shared):
                continue
            slot = self._place(sequence, source, shared)
            if slot is None:
                # Who comes later and needs less would be let past a large one for ever.
                break
            seated.add(sequence)
            # A whole round of the slots is a turn: who comes ever anew does not stay ahead.
            self._turn = max(self._turn, turn) + 1 / len(self._slots)
            yield from self._enter(slot, sequence, source, shared)
        if seated:
            self._waiting = [waiting for waiting in self._waiting if waiting[1] not in seated]

    def _shared(self, source: Slot, sequence: Sequence) -> int:
        """How many of a sequence's first tokens it can take from a slot."""
        shared = min(_common(source.tokens, sequence.prompt), sequence.wants_from)
        return shared if shared and self._context.sees_from(source.number, shared) else 0

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
                self.forget(min(idle, key=lambda item: item.last_used))
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
                self.forget(slot)
                shared = 0
        else:
            self.forget(slot)
            # Copying a recurrent model's state copies all of it, whatever is asked for.
            part = self._model.recurrent and shared < len(source.tokens)
            if shared and (part or not self._context.copy(source.number, slot.number, shared)):
                self.forget(slot)
                shared = 0
        slot.tokens, slot.cells = sequence.prompt[:shared], source.cells.first(shared)
        sequence.resume_after(shared)
        slot.user = sequence
        self.touch(slot)
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
