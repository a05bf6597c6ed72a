"""The whole training text: a fixed number of dialogues from a seed, and its fingerprint."""

import hashlib
import random
from collections.abc import Iterable, Iterator

from tools.train_demo.corpus.conversations import compose, compose_hidden
from tools.train_demo.corpus.dialogue import Dialogue

DOCUMENTS = 300_000
HIDDEN_DOCUMENTS = 1_500
SEED = 20_260_101


def write_corpus(documents: int = DOCUMENTS, seed: int = SEED) -> Iterator[Dialogue]:
    """The dialogues that a model is trained on; the same seed writes the same ones."""
    rng = random.Random(seed)
    for _ in range(documents):
        yield compose(rng)


def write_hidden(documents: int = HIDDEN_DOCUMENTS, seed: int = SEED + 1) -> Iterator[Dialogue]:
    """Dialogues with none but held-out prompts, for the held-out loss."""
    rng = random.Random(seed)
    for _ in range(documents):
        yield compose_hidden(rng)


def fingerprint(corpus: Iterable[Dialogue]) -> str:
    """SHA-256 over every turn of every dialogue, in order."""
    digest = hashlib.sha256()
    for dialogue in corpus:
        for turn in dialogue:
            digest.update(f"{turn.role}\x00{turn.text}\x01".encode())
        digest.update(b"\x02")
    return digest.hexdigest()
