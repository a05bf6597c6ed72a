"""The answers of a turn as a tree: which began like which, and where they went another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from playground.tui.conversation import Turn, Version

__all__ = ["Twig", "branches_of"]


class Twig(NamedTuple):
    """An answer in the tree: `number` is its place among the turn's answers, from 1.

    `depth` says how many answers it goes back to, `parent` is the one it branched off, if any, and
    `shared` how many characters of its text are that one's.
    """

    version: Version
    number: int
    depth: int
    shared: int
    parent: Version | None = None


def branches_of(turn: Turn) -> Sequence[Twig]:
    """Each answer, followed by those that branched off it; in the order in which they were made.

    An answer that was given a beginning goes back to the earlier one that shares most of it.
    """
    versions = turn.versions
    parents = [_parent(versions, place) for place in range(len(versions))]

    def below(parent: int | None, depth: int) -> Iterator[Twig]:
        for place, (found, shared) in enumerate(parents):
            if found == parent:
                above = None if parent is None else versions[parent]
                yield Twig(versions[place], place + 1, depth, shared, above)
                yield from below(place, depth + 1)

    return tuple(below(None, 0))


def _parent(versions: Sequence[Version], place: int) -> tuple[int | None, int]:
    beginning = versions[place].prefix
    if not beginning:
        return None, 0
    shared = [_shared(versions[at].written, beginning) for at in range(place)]
    most = max(shared, default=0)
    # Of what they share, the reasoning is no part of the text.
    thought = len(versions[place].written) - len(versions[place].text)
    return (shared.index(most), max(0, most - thought)) if most else (None, 0)


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
