"""Makes a llama-shaped GGUF with random weights: the right size and speed, and nothing to say."""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np


@dataclass(frozen=True)
class Shape:
    """The size of a model; the default has about 110 million parameters."""

    width: int = 768
    layers: int = 12
    heads: int = 12
    kv_heads: int = 4
    hidden: int = 2048
    vocabulary: int = 32_000
    context: int = 4096


def write_random_gguf(
    path: Path, shape: Shape | None = None, seed: int = 1, *, quantised: bool = True
) -> int:
    """Write the file (Q8_0 matrices, or F32; F32 norms); returns the number of parameters.

    The last token ends a turn, and its embedding is zero, so that it is hardly ever drawn.
    """
    shape = shape or Shape()
    dice = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    head = shape.width // shape.heads
    writer.add_name("random")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    _add_tokenizer(writer, shape.vocabulary)
    count = 0

    def matrix(name: str, rows: int, columns: int) -> None:
        nonlocal count
        values = dice.standard_normal((rows, columns), dtype=np.float32) * columns**-0.5
        if name == "token_embd.weight":
            values[-1] = 0
        kind = gguf.GGMLQuantizationType.Q8_0 if quantised else gguf.GGMLQuantizationType.F32
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        count += rows * columns

    def norm(name: str) -> None:
        nonlocal count
        writer.add_tensor(name, np.ones(shape.width, dtype=np.float32))
        count += shape.width

    matrix("token_embd.weight", shape.vocabulary, shape.width)
    norm("output_norm.weight")
    for layer in range(shape.layers):
        norm(f"blk.{layer}.attn_norm.weight")
        norm(f"blk.{layer}.ffn_norm.weight")
        matrix(f"blk.{layer}.attn_q.weight", shape.width, shape.width)
        matrix(f"blk.{layer}.attn_k.weight", shape.kv_heads * head, shape.width)
        matrix(f"blk.{layer}.attn_v.weight", shape.kv_heads * head, shape.width)
        matrix(f"blk.{layer}.attn_output.weight", shape.width, shape.width)
        matrix(f"blk.{layer}.ffn_gate.weight", shape.hidden, shape.width)
        matrix(f"blk.{layer}.ffn_up.weight", shape.hidden, shape.width)
        matrix(f"blk.{layer}.ffn_down.weight", shape.width, shape.hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return count


def random_gguf(shape: Shape | None = None) -> Path:
    """A model (of 110 M parameters), made once and kept in the system's temporary folder."""
    # Another version of this file makes another model, and so does another shape.
    told = Path(__file__).read_bytes() + (repr(shape).encode() if shape else b"")
    version = hashlib.sha256(told).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / "chat-playground-benchmarks"
    path = folder / f"random-{version}.gguf"
    if not path.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        write_random_gguf(half, shape)
        half.replace(path)
    return path


def _add_tokenizer(writer: gguf.GGUFWriter, size: int) -> None:
    """A byte-level vocabulary, filled up with words that no text contains."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    for extra, byte in enumerate(byte for byte in range(256) if byte not in letters):
        letters[byte] = chr(256 + extra)
    words = [letters[byte] for byte in range(256)]
    words += [f"word{number}" for number in range(size - len(words) - 1)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*words, "<|end|>"])
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_token_types([*[normal] * (size - 1), control])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(size - 1)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for message in messages %}{{ message.content }}{% endfor %}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    print(f"{path}: {write_random_gguf(path) / 1e6:.0f} M parameters")


if __name__ == "__main__":
    main()
