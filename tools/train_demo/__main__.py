"""Makes a demo model from nothing: `python -m tools.train_demo --model small`."""

import argparse
from pathlib import Path

import torch

from tools.train_demo.batches import schedule
from tools.train_demo.corpus.exam import questions
from tools.train_demo.corpus.writer import SEED
from tools.train_demo.export import export
from tools.train_demo.model import Transformer
from tools.train_demo.prepare import prepare
from tools.train_demo.recipes import RECIPES
from tools.train_demo.sit import sit
from tools.train_demo.tokenizer import DialogueEncoder
from tools.train_demo.train import heldout_loss, train

TARGET = Path(__file__).parents[2] / "providers" / "demo"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.train_demo", description=__doc__)
    parser.add_argument("--model", choices=RECIPES, required=True)
    parser.add_argument("--target", type=Path, default=TARGET, help="folder of the GGUF file")
    parser.add_argument("--scratch", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def main() -> None:
    """Write the text, learn the vocabulary, train, export."""
    options = arguments()
    recipe = RECIPES[options.model]
    torch.set_num_threads(options.threads)
    options.scratch.mkdir(parents=True, exist_ok=True)

    def log(line: str) -> None:
        print(line, flush=True)

    prepared = prepare(options.scratch, recipe.documents, log)
    sizes = " + ".join(f"{len(pool.ids):,} rows of {pool.length}" for pool in prepared.pools)
    log(f"{sizes}, sha256 {prepared.fingerprint}")
    exam, encoder = questions(), DialogueEncoder(prepared.tokenizer)

    def look(model: Transformer) -> str:
        share, topics = sit(model, encoder, exam, options.device)
        weakest = sorted(topics.items(), key=lambda item: item[1])[:12]
        named = ", ".join(f"{topic} {100 * mark:.0f}" for topic, mark in weakest)
        return f"exam {100 * share:.1f} %, weakest: {named}"

    batches = schedule(prepared.pools, recipe.tokens_per_step, recipe.seed)
    checkpoint = options.scratch / f"{recipe.name}.pt"
    model, progress = train(recipe, batches, checkpoint, options.device, log, look)
    heldout = heldout_loss(model, prepared.hidden, options.device)
    log(f"held-out loss {heldout:.4f} after {progress.seconds:.0f} seconds")
    export(
        model.cpu(),
        prepared.tokenizer,
        options.target / f"{recipe.name}.gguf",
        recipe.name,
        {
            "seed": recipe.seed,
            "steps": progress.steps,
            "tokens": progress.tokens,
            "seconds": round(progress.seconds),
            "loss": progress.loss,
            "heldout_loss": heldout,
            "corpus_documents": recipe.documents,
            "corpus_seed": SEED,
            "corpus_sha256": prepared.fingerprint,
        },
    )


if __name__ == "__main__":
    main()
