"""Checks that llama.cpp reads a file as PyTorch does: `python -m tools.train_demo.verify small`."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from llama_cpp import Llama
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from tools.train_demo.corpus import writer
from tools.train_demo.model import Transformer, visibility
from tools.train_demo.recipes import RECIPES
from tools.train_demo.tokenizer import SPECIALS, DialogueEncoder

DEMO_FOLDER = Path(__file__).parents[2] / "providers" / "demo"
TRICKY_TEXTS = (
    "naïve café 😀 12345 + 67 = ?",
    "  two  spaces, a\ttab\n\nand lines ",
    "吾輩は猫である。ＡＢＣ ①②③",
    "don't I'll we've ÉCOLE straße",
    "print('x') # {\"a\": [1, 2]}",
)  # fmt: skip


def read_tokenizer(weights: GGUFReader) -> Tokenizer:
    """The vocabulary of a file, as the library that made it understands it."""
    tokens = weights.fields["tokenizer.ggml.tokens"].contents()
    merges = weights.fields["tokenizer.ggml.merges"].contents()
    model = {
        "type": "BPE",
        "vocab": {token: number for number, token in enumerate(tokens)},
        "merges": [merge.split(" ") for merge in merges],
    }
    tokenizer = Tokenizer(models.BPE())
    state = json.loads(tokenizer.to_str()) | {"model": model}
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def read_model(weights: GGUFReader, name: str) -> Transformer:
    """The network of a file, with the numbers that are stored in it."""
    model = Transformer(RECIPES[name].shape)
    stored = {
        tensor.name: torch.from_numpy(np.array(dequantize(tensor.data, tensor.tensor_type)))
        for tensor in weights.tensors
    }
    model.load_state_dict(stored)
    return model.eval()


def main() -> None:
    """Compare ids and logits over texts that the models never read."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_demo.verify", description=__doc__)
    parser.add_argument("model", choices=RECIPES)
    name = parser.parse_args().model
    path = DEMO_FOLDER / f"{name}.gguf"
    weights = GGUFReader(path)
    encoder = DialogueEncoder(read_tokenizer(weights))
    model = read_model(weights, name)
    llama = Llama(str(path), n_ctx=1024, logits_all=True, verbose=False, n_threads=1)

    dialogues = list(writer.write_hidden(200))
    texts = [*TRICKY_TEXTS, *(turn.text for dialogue in dialogues for turn in dialogue)]
    same = sum(
        encoder.body(text) == llama.tokenize(text.encode(), add_bos=False, special=False)
        for text in texts
    )
    print(f"{same} of {len(texts)} texts are cut into the same tokens")

    agreeing, positions, worst = 0, 0, 0.0
    for dialogue in dialogues[:60]:
        ids = encoder.encode(dialogue)[0]
        llama.reset()
        llama.eval(ids)
        theirs = np.array(llama.scores[: len(ids)])
        with torch.no_grad():
            batch = torch.tensor([ids])
            ours = model(batch, visibility(batch, encoder.begin))[0].numpy()
        agreeing += int((theirs.argmax(-1) == ours.argmax(-1)).sum())
        positions += len(ids)
        worst = max(worst, float(np.abs(theirs - ours).max()))
    share = 100 * agreeing / positions
    print(f"{share:.2f} % of {positions} positions have the same likeliest token")
    print(f"largest difference between two logits: {worst:.3f}")


if __name__ == "__main__":
    main()
