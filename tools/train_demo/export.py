"""Writes a trained model as GGUF: Q8_0 matrices, F32 norms, its vocabulary and its recipe."""

import json
from collections.abc import Mapping
from pathlib import Path

from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType
from gguf.quants import quantize
from tokenizers import Tokenizer

from tools.train_demo.model import Transformer
from tools.train_demo.recipes import Shape
from tools.train_demo.tokenizer import BEGIN, CHAT_TEMPLATE, END, SPECIALS, id_of


def add_shape(writer: GGUFWriter, shape: Shape) -> None:
    """Write the numbers that llama.cpp builds the network from."""
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_vocab_size(shape.vocabulary)


def add_vocabulary(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    """Write tokens, merges, specials and the chat template."""
    state = json.loads(tokenizer.to_str())["model"]
    ordered = sorted(state["vocab"], key=state["vocab"].__getitem__)
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in state["merges"]]
    kinds = [TokenType.CONTROL if token in SPECIALS else TokenType.NORMAL for token in ordered]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(ordered)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(id_of(tokenizer, BEGIN))
    writer.add_eos_token_id(id_of(tokenizer, END))
    writer.add_eot_token_id(id_of(tokenizer, END))
    writer.add_pad_token_id(id_of(tokenizer, END))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def add_recipe(writer: GGUFWriter, recipe: Mapping[str, int | float | str]) -> None:
    """Write how the weights came to be, under `playground.train.`."""
    for key, value in recipe.items():
        name = f"playground.train.{key}"
        if isinstance(value, str):
            writer.add_string(name, value)
        elif isinstance(value, int):
            writer.add_uint64(name, value)
        else:
            writer.add_float32(name, value)


def export(
    model: Transformer,
    tokenizer: Tokenizer,
    target: Path,
    name: str,
    recipe: Mapping[str, int | float | str],
) -> None:
    """Write the whole file beside `target`, then rename: nobody ever reads half of one."""
    part = target.with_suffix(".part")
    writer = GGUFWriter(part, "llama")
    writer.add_type("model")
    writer.add_name(f"chat-playground demo {name}")
    writer.add_description(
        f"A {model.parameter_count():,}-parameter teaching model for chat-playground, trained from "
        "scratch on text written by its own training script. Knows a few hundred things."
    )
    writer.add_author("the chat-playground authors")
    writer.add_license("MIT")
    writer.add_languages(["en", "ja"])
    writer.add_tags(["chat", "demo"])
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    add_shape(writer, model.shape)
    add_vocabulary(writer, tokenizer)
    add_recipe(writer, recipe)
    for key, weight in model.state_dict().items():
        array = weight.detach().float().numpy()
        if array.ndim == 1:
            writer.add_tensor(key, array)
        else:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(key, quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(target)
