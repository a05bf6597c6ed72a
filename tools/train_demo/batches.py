"""Rows of token ids for the trainer: short rows of short dialogues, long rows of long ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.train_demo.recipes import CONTEXT_LENGTH

SHORT_ROW = 256


@dataclass(frozen=True)
class Rows:
    """Equal rows of ids, and how much each id counts in the loss."""

    ids: NDArray[np.int16]
    weights: NDArray[np.uint8]

    @property
    def length(self) -> int:
        """Tokens in a row."""
        return int(self.ids.shape[1])


Encoded = tuple[list[int], list[int]]  # ids and their weights


def pack(encoded: Iterable[Encoded], length: int, filler: int) -> Rows:
    """Lay dialogues end to end, never cutting one that fits; what is left of a row is filler."""
    ids: list[list[int]] = []
    weights: list[list[int]] = []
    for new_ids, new_weights in encoded:
        if not ids or len(ids[-1]) + len(new_ids) > length:
            ids.append([])
            weights.append([])
        ids[-1] += new_ids[:length]
        weights[-1] += new_weights[:length]
    for row, counted in zip(ids, weights, strict=True):
        missing = length - len(row)
        row += [filler] * missing
        counted += [0] * missing
    return Rows(np.array(ids, np.int16), np.array(weights, np.uint8))


def join(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, in order."""
    ids = np.concatenate([part.ids for part in parts])
    return Rows(ids, np.concatenate([part.weights for part in parts]))


def pack_by_length(encoded: list[Encoded], filler: int) -> tuple[Rows, Rows]:
    """Short rows for what fits in them, rows of the whole context for the rest."""
    short = [pair for pair in encoded if len(pair[0]) <= SHORT_ROW]
    long = [pair for pair in encoded if len(pair[0]) > SHORT_ROW]
    return pack(short, SHORT_ROW, filler), pack(long, CONTEXT_LENGTH, filler)


def schedule(pools: tuple[Rows, ...], tokens_per_step: int, seed: int) -> Iterator[Rows]:
    """Endless batches: each pool in proportion to its tokens, shuffled anew every epoch."""
    rng = np.random.default_rng(seed)
    orders = [np.empty(0, np.int64) for _ in pools]
    sizes = np.array([pool.ids.size for pool in pools])
    while True:
        chosen = int(rng.choice(len(pools), p=sizes / sizes.sum()))
        pool = pools[chosen]
        count = min(max(1, tokens_per_step // pool.length), len(pool.ids))
        if len(orders[chosen]) < count:
            orders[chosen] = rng.permutation(len(pool.ids))
        rows, orders[chosen] = np.split(orders[chosen], [count])
        yield Rows(pool.ids[rows], pool.weights[rows])
