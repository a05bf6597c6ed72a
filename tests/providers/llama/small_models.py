"""Models of a few kilobytes with random weights, of kinds that the demo is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np

WIDTH, LAYERS, CONTEXT = 32, 1, 512
LETTERS = 94

Tensor = Callable[..., None]


def llama_with_blanks(path: Path) -> Path:
    """A llama whose tokenizer is of the SentencePiece kind and puts a blank before every text."""
    kinds = gguf.TokenType
    words = ["▁", *"abcdefghijklmnopqrstuvwxyz", "▁a", "ab", "▁ab"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 3 + [-1000.0] * 256 + [-float(at) for at in range(len(words))])
    writer.add_token_types([*types, *[kinds.NORMAL] * len(words)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("<s>{% for turn in messages %}[{{ turn.content }}]{% endfor %}x")
    writer.add_vocab_size(len(tokens))
    writer.add_head_count(2)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_layer_norm_rms_eps(1e-5)
    tensor = _tensors(writer, len(tokens))
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        for name in ("ffn_gate", "ffn_up"):
            tensor(f"blk.{layer}.{name}.weight", 2 * WIDTH, WIDTH)
        tensor(f"blk.{layer}.ffn_down.weight", WIDTH, 2 * WIDTH)
    return _written(writer, path)


def gemma(path: Path) -> Path:
    """A model that looks back through a window of 32 tokens, with heads wider than their part."""
    heads, head = 2, WIDTH
    writer = _of_letters(path, "gemma2")
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_sliding_window(32)
    tensor = _tensors(writer, LETTERS + 1)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for name in ("attn_norm", "ffn_norm", "post_ffw_norm"):
            writer.add_tensor(f"{block}{name}.weight", np.ones(WIDTH, np.float32))
        # What it looks back at counts for much.
        writer.add_tensor(f"{block}post_attention_norm.weight", np.full(WIDTH, 4, np.float32))
        for name in ("attn_q", "attn_k", "attn_v"):
            tensor(f"{block}{name}.weight", heads * head, WIDTH)
        tensor(f"{block}attn_output.weight", WIDTH, heads * head)
        for name in ("ffn_gate", "ffn_up"):
            tensor(f"{block}{name}.weight", 2 * WIDTH, WIDTH)
        tensor(f"{block}ffn_down.weight", WIDTH, 2 * WIDTH)
    return _written(writer, path)


def mamba(path: Path) -> Path:
    """A recurrent model, which remembers a text as one state and has no KV cells."""
    inner, state, steps = 2 * WIDTH, 8, 4
    writer = _of_letters(path, "mamba")
    writer.add_head_count(0)
    writer.add_feed_forward_length(0)
    writer.add_ssm_conv_kernel(4)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(steps)
    tensor = _tensors(writer, LETTERS + 1)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        writer.add_tensor(f"{block}attn_norm.weight", np.ones(WIDTH, np.float32))
        tensor(f"{block}ssm_in.weight", 2 * inner, WIDTH)
        tensor(f"{block}ssm_conv1d.weight", inner, 4)
        tensor(f"{block}ssm_conv1d.bias", inner)
        tensor(f"{block}ssm_x.weight", steps + 2 * state, inner)
        tensor(f"{block}ssm_dt.weight", inner, steps)
        tensor(f"{block}ssm_dt.bias", inner)
        writer.add_tensor(f"{block}ssm_a", np.full((inner, state), -1, np.float32))
        tensor(f"{block}ssm_d", inner)
        tensor(f"{block}ssm_out.weight", WIDTH, inner)
    return _written(writer, path)


def _of_letters(path: Path, kind: str) -> gguf.GGUFWriter:
    """A file of a kind whose tokens are the printable characters of ASCII, and the end."""
    letters = [chr(code) for code in range(33, 33 + LETTERS)]
    writer = gguf.GGUFWriter(path, kind)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*letters, "<|end|>"])
    writer.add_token_types([*[gguf.TokenType.NORMAL] * LETTERS, gguf.TokenType.CONTROL])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(LETTERS)
    writer.add_vocab_size(LETTERS + 1)
    writer.add_layer_norm_rms_eps(1e-5)
    return writer


def _tensors(writer: gguf.GGUFWriter, vocabulary: int) -> Tensor:
    dice = np.random.default_rng(1)

    def tensor(name: str, *shape: int) -> None:
        spread = shape[-1] ** -0.5
        writer.add_tensor(name, (dice.standard_normal(shape) * spread).astype(np.float32))

    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    tensor("token_embd.weight", vocabulary, WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    return tensor


def _written(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
