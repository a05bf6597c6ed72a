"""From nothing to rows of token ids; kept on disk until a grammar or the vocabulary changes."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from tools.train_demo import tokenizer as vocabularies
from tools.train_demo.batches import Rows, join, pack_by_length
from tools.train_demo.corpus import writer
from tools.train_demo.recipes import VOCABULARY_SIZE

VOCABULARY_DOCUMENTS = 60_000


@dataclass(frozen=True)
class Prepared:
    """Everything that training reads."""

    tokenizer: Tokenizer
    pools: tuple[Rows, ...]
    hidden: tuple[Rows, ...]
    fingerprint: str


def source_digest() -> str:
    """Fingerprint of the code that decides what the rows hold."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted([*folder.glob("corpus/*.py"), *folder.glob("*.py")]):
        decides = source.stem in {"__init__", "tokenizer", "batches", "prepare"}
        if decides or source.parent.name == "corpus":
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def encode_shard(number: int, vocabulary: str) -> tuple[tuple[Rows, ...], str]:
    """The rows of one part of the text, and its fingerprint."""
    encoder = vocabularies.DialogueEncoder(Tokenizer.from_str(vocabulary))
    corpus = list(writer.write_shard(number))
    rows = pack_by_length([encoder.encode(dialogue) for dialogue in corpus], encoder.end)
    return rows, writer.fingerprint(corpus)


def prepare(scratch: Path, documents: int, log: Callable[[str], None]) -> Prepared:
    """Read the rows that an earlier run left in `scratch`, or write the text and make them."""
    folder = scratch / f"rows-{source_digest()}-{documents}"
    if (folder / "fingerprint").exists():
        return _load(folder)
    log("learning the vocabulary")
    sample = (turn.text for one in writer.write_corpus(VOCABULARY_DOCUMENTS) for turn in one)
    tokenizer = vocabularies.learn(sample, VOCABULARY_SIZE)
    log(f"writing {documents:,} dialogues")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    shards = documents // writer.SHARD
    with ProcessPoolExecutor() as processes:
        parts = list(processes.map(encode_shard, range(shards), [tokenizer.to_str()] * shards))
    pools = tuple(join(pool) for pool in zip(*(rows for rows, _ in parts), strict=True))
    fingerprint = writer.fingerprint_of_parts(found for _, found in parts)
    encoder = vocabularies.DialogueEncoder(tokenizer)
    hidden = pack_by_length([encoder.encode(one) for one in writer.write_hidden()], encoder.end)
    prepared = Prepared(tokenizer, pools, hidden, fingerprint)
    _save(prepared, folder)
    return prepared


def _save(prepared: Prepared, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    prepared.tokenizer.save(str(folder / "tokenizer.json"))
    for name, rows in (("pool", prepared.pools), ("hidden", prepared.hidden)):
        for number, pool in enumerate(rows):
            np.savez(folder / f"{name}{number}.npz", ids=pool.ids, weights=pool.weights)
    (folder / "fingerprint").write_text(prepared.fingerprint)


def _load(folder: Path) -> Prepared:
    def pools(name: str) -> tuple[Rows, ...]:
        found = [np.load(path) for path in sorted(folder.glob(f"{name}*.npz"))]
        return tuple(Rows(arrays["ids"], arrays["weights"]) for arrays in found)

    tokenizer = vocabularies.load(folder / "tokenizer.json")
    return Prepared(tokenizer, pools("pool"), pools("hidden"), (folder / "fingerprint").read_text())
