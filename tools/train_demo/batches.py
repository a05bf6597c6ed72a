"""Rows of token ids for the trainer: short rows of short dialogues, long rows of long ones."""

import random
from collections.abc import Iterable, Iterator
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


def pack_by_length(encoded: list[Encoded], filler: int) -> tuple[Rows, Rows]:
    """Short rows for what fits in them, rows of the whole context for the rest."""
    short = [pair for pair in encoded if len(pair[0]) <= SHORT_ROW]
    long = [pair for pair in encoded if len(pair[0]) > SHORT_ROW]
    return pack(short, SHORT_ROW, filler), pack(long, CONTEXT_LENGTH, filler)


def schedule(pools: tuple[Rows, ...], tokens_per_step: int, seed: int) -> Iterator[Rows]:
    """Endless batches: each pool in proportion to its tokens, shuffled anew every epoch."""
    rng = random.Random(seed)
    orders: list[list[int]] = [[] for _ in pools]
    sizes = [pool.ids.size for pool in pools]
    while True:
        chosen = rng.choices(range(len(pools)), sizes)[0]
        pool, order = pools[chosen], orders[chosen]
        count = max(1, tokens_per_step // pool.length)
        if len(order) < count:
            order[:] = range(len(pool.ids))
            rng.shuffle(order)
        rows = [order.pop() for _ in range(min(count, len(order)))]
        yield Rows(pool.ids[rows], pool.weights[rows])
