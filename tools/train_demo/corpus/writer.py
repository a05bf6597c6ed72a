"""The whole training text: a fixed number of dialogues from a seed, and its fingerprint."""

import hashlib
import random
from collections.abc import Iterable, Iterator

from tools.train_demo.corpus.conversations import compose, compose_hidden
from tools.train_demo.corpus.dialogue import Dialogue

DOCUMENTS = 400_000
SHARD = 10_000  # dialogues that are written together, from a seed of their own
HIDDEN_DOCUMENTS = 1_500
SEED = 20_260_101


def write_shard(number: int, seed: int = SEED) -> Iterator[Dialogue]:
    """The dialogues of one part of the text; parts can be written in any order, or at once."""
    rng = random.Random(f"{seed}/{number}")
    for _ in range(SHARD):
        yield compose(rng)


def write_corpus(documents: int = DOCUMENTS, seed: int = SEED) -> Iterator[Dialogue]:
    """The dialogues that a model is trained on; the same seed writes the same ones."""
    for start in range(0, documents, SHARD):
        for place, dialogue in enumerate(write_shard(start // SHARD, seed), start):
            if place == documents:
                return
            yield dialogue


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


def fingerprint_of_parts(parts: Iterable[str]) -> str:
    """SHA-256 over the fingerprints of the shards, in order: that of the whole text."""
    return hashlib.sha256("".join(parts).encode()).hexdigest()
