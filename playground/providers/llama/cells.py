"""Which KV cells the sequences of a pool hold, and which of them they hold together.

llama.cpp does not tell. In a pool a copied prefix is no copy: its cells belong to both sequences,
and are free when neither has them any more. Sixteen answers to one long prompt need the prompt's
cells once.
"""

from __future__ import annotations

from collections.abc import Iterable


class Stretch:
    """Cells that one sequence filled, one after the other. Whoever has some has the first ones."""


class Held:
    """The cells of one sequence, from its first token on: a piece of a stretch, and so on."""

    def __init__(self, pieces: Iterable[tuple[Stretch, int]] = ()) -> None:
        self._pieces = list(pieces)
        self._open = False
        """Whether the last piece is the end of its stretch, and grows with it."""

    def fill(self, count: int) -> None:
        """Take so many more cells."""
        if count <= 0:
            return
        if self._open:
            stretch, length = self._pieces.pop()
        else:
            stretch, length = Stretch(), 0
        self._pieces.append((stretch, length + count))
        self._open = True

    def first(self, count: int) -> Held:
        """Only the first `count` of them: what is kept, or what another sequence shares."""
        kept = []
        for stretch, length in self._pieces:
            if count <= 0:
                break
            kept.append((stretch, min(length, count)))
            count -= length
        return Held(kept)

    @staticmethod
    def together(all_held: Iterable[Held]) -> int:
        """How many cells these take, those once that several have."""
        longest: dict[Stretch, int] = {}
        for held in all_held:
            for stretch, length in held._pieces:
                longest[stretch] = max(length, longest.get(stretch, 0))
        return sum(longest.values())
