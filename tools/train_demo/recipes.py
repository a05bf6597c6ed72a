"""The sizes and training schedules of the demo models: everything a run depends on but the text."""

from dataclasses import dataclass
from itertools import pairwise

from tools.train_demo.corpus.writer import DOCUMENTS

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
    The last step is the end of the training. `smoothing` is the share of every target that is
    spread over the vocabulary: it keeps a floor of 5e-7 under each token, so that text breaks at a
    high temperature, however long a model was trained.
    """

    name: str
    shape: Shape
    pace: tuple[tuple[int, float], ...]
    documents: int = DOCUMENTS
    tokens_per_step: int = 32_768
    matrix_rate: float = 0.02
    other_rate: float = 3e-3
    smoothing: float = 1e-3
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


# Both read the same rows in the same order: what tells them apart is the number of parameters.
PACE = ((0, 0.01), (100, 1.0), (1_200, 0.0))
RECIPES = {
    "tiny": Recipe("tiny", Shape(width=96, layers=3, heads=3, kv_heads=1, hidden=256), PACE),
    "small": Recipe("small", Shape(width=256, layers=6, heads=8, kv_heads=2, hidden=704), PACE),
}
