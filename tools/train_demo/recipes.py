"""The sizes and training schedules of the demo models: everything a run depends on but the text."""

from dataclasses import dataclass
from itertools import pairwise

CONTEXT_LENGTH = 1024
VOCABULARY_SIZE = 2048


@dataclass(frozen=True)
class Shape:
    """A llama-architecture transformer; every row length is a multiple of 32, as Q8_0 wants."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    hidden: int
    vocabulary: int = VOCABULARY_SIZE
    context: int = CONTEXT_LENGTH
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


@dataclass(frozen=True)
class Recipe:
    """One demo model: its shape and how long and how fast it learns.

    `pace` is the share of the full learning rate at some steps; between them it changes linearly.
    The last step is the end of the training. Up to the step `apart_from`, the dialogues that share
    a row see each other; from then on each is alone, as it is when somebody talks to the model.
    """

    name: str
    shape: Shape
    pace: tuple[tuple[int, float], ...]
    apart_from: int = 0
    tokens_per_step: int = 8_192
    matrix_rate: float = 0.02
    other_rate: float = 3e-3
    seed: int = 20_260_101

    @property
    def steps(self) -> int:
        """How many batches are learnt from."""
        return self.pace[-1][0]

    def share_at(self, step: int) -> float:
        """The share of the full learning rate at this step."""
        for (start, before), (end, after) in pairwise(self.pace):
            if start <= step <= end:
                return before + (after - before) * (step - start) / (end - start)
        raise ValueError(step)


# What was done, not the best of a search: `small` had its rate cut at step 600, where its loss had
# nearly stopped falling, and its rows parted and its rate raised again at step 1,200.
RECIPES = {
    "tiny": Recipe(
        "tiny",
        Shape(width=96, layers=3, heads=3, kv_heads=1, hidden=256),
        pace=((0, 0.01), (49, 0.5), (200, 0.5), (220, 0.3), (400, 0.2069), (600, 0.0)),
    ),
    "small": Recipe(
        "small",
        Shape(width=192, layers=5, heads=6, kv_heads=2, hidden=512),
        pace=(
            (0, 0.02),
            (49, 1.0),
            (600, 1.0),
            (620, 0.3),
            (1_200, 0.1525),
            (1_220, 0.3),
            (1_400, 0.2206),
            (1_700, 0.0),
        ),
        apart_from=1_200,
    ),
}
