"""A model file is described from its header, and a broken header is refused."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import struct
import subprocess
import sys
from pathlib import Path

import gguf
import pytest

from benchmarks.random_gguf import Shape, write_random_gguf
from playground.errors import ModelFileError
from playground.providers.llama.inspection import inspect_gguf
from playground.providers.llama.native import NativeModel


def test_the_facts_are_those_that_llama_cpp_finds(
    demo_path: Path, native_model: NativeModel
) -> None:
    facts = inspect_gguf(demo_path)
    assert facts.parameters == native_model.parameters
    assert facts.vocabulary == native_model.vocabulary
    assert facts.context_length == native_model.trained_context
    assert facts.chat_template == native_model.chat_template
    assert facts.special_tokens["bos"] == native_model.specials["bos_token"]
    assert facts.kv_bytes_per_token == native_model.kv_bytes(1)
    assert sum(kind.bytes for kind in facts.quantisation) < facts.bytes


def test_memory_grows_by_the_cells_of_each_token(tmp_path: Path) -> None:
    path = tmp_path / "random.gguf"
    shape = Shape(width=64, layers=2, heads=4, kv_heads=2, hidden=96, vocabulary=300)
    count = write_random_gguf(path, shape)
    facts = inspect_gguf(path)
    assert facts.parameters == count
    assert {kind.kind for kind in facts.quantisation} == {"Q8_0", "F32"}
    # Two layers, two KV heads of 16, keys and values, two bytes each.
    assert facts.kv_bytes_per_token == 2 * 2 * 32 * 2
    small, large = facts.memory(100), facts.memory(101)
    assert small is not None
    assert large is not None
    assert large - small == facts.kv_bytes_per_token


@pytest.mark.parametrize("size", [4, 12, 30, 500, 5_000])
def test_a_header_that_breaks_off_is_refused(tmp_path: Path, demo_path: Path, size: int) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(demo_path.read_bytes()[:size])
    with pytest.raises(ModelFileError, match=r"broken\.gguf"):
        inspect_gguf(path)


def test_a_header_with_absurd_counts_is_refused(tmp_path: Path, demo_path: Path) -> None:
    data = bytearray(demo_path.read_bytes()[:10_000])
    data[8:24] = b"\xff" * 16
    path = tmp_path / "absurd.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        inspect_gguf(path)


_ARRAY, _STRING, _BYTE = 9, 8, 0


def _of_one_value(path: Path, kind: int, value: bytes) -> Path:
    """A GGUF without tensors, whose header has the key `a`."""
    start = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    path.write_bytes(start + struct.pack("<Q", 1) + b"a" + struct.pack("<I", kind) + value)
    return path


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (_ARRAY, struct.pack("<IQ", _BYTE, 2**60)),
        (_ARRAY, struct.pack("<IQ", _STRING, 2**60)),
        (_ARRAY, struct.pack("<IQ", _ARRAY, 1) * 5_000),
        (_STRING, struct.pack("<Q", 2**63) + b"short"),
    ],
    ids=["bytes without end", "strings without end", "arrays in arrays", "a long string"],
)
def test_a_value_that_is_longer_than_the_file_is_refused_before_it_fills_the_memory(
    tmp_path: Path, kind: int, value: bytes
) -> None:
    with pytest.raises(ModelFileError, match="breaks its format"):
        inspect_gguf(_of_one_value(tmp_path / "endless.gguf", kind, value))


def test_a_header_of_many_millions_of_values_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playground.providers.llama.inspection.MAX_READS", 1_000)
    value = struct.pack("<IQ", _BYTE, 1_000) + bytes(1_000)
    path = _of_one_value(tmp_path / "many.gguf", _ARRAY, value)
    with pytest.raises(ModelFileError, match="more than 1,000 values"):
        inspect_gguf(path)


def test_what_a_header_says_reaches_no_terminal_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "hostile.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("a name\x1b[2J\nand a row of its own")
    writer.add_token_list([b"<s>\x1b]0;title\x07", b"\xff"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2**32 - 1)
    writer.add_chat_template("{{ bos_token }}\x1b[31m\r")
    for write in (
        writer.write_header_to_file,
        writer.write_kv_data_to_file,
        writer.write_tensors_to_file,
        writer.close,
    ):
        write()
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "playground", "inspect", str(path)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux says so that nobody holds the other end.
            while piece := os.read(ours, 1 << 16):
                shown += piece
    os.close(ours)
    assert b"a name" in shown
    assert "and a row of its own" in shown.decode().splitlines()[0]
    assert not {0x1B, 0x07} & set(shown)
    as_json = subprocess.run([*command, "--json"], capture_output=True, check=True).stdout
    assert not {0x1B, 0x07} & set(as_json)
    assert json.loads(as_json)["special_tokens"] == {
        "bos": "<s>\x1b]0;title\x07",
        "eos": "#4294967295",
    }


def test_sizes_that_no_model_has_are_not_known(tmp_path: Path) -> None:
    path = tmp_path / "senseless.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_int32("llama.block_count", -5)
    writer.add_uint64("llama.context_length", 10**18)
    writer.add_bool("llama.embedding_length", True)
    writer.add_bool("tokenizer.ggml.tokens", True)
    for write in (
        writer.write_header_to_file,
        writer.write_kv_data_to_file,
        writer.write_tensors_to_file,
        writer.close,
    ):
        write()
    facts = inspect_gguf(path)
    found = (facts.layers, facts.context_length, facts.width, facts.vocabulary)
    assert found == (None, None, None, None)


def test_the_command_prints_the_facts_with_the_memory_of_a_context(demo_path: Path) -> None:
    command = [sys.executable, "-m", "playground", "inspect", str(demo_path)]
    shown = subprocess.run(
        [*command, "--json", "--context-length", "512"], capture_output=True, text=True, check=True
    )
    record = json.loads(shown.stdout)
    assert record["architecture"] == "llama"
    assert record["memory"]["context_length"] == 512
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "the weights, and the KV cells of one sequence" in plain
    assert "Chat template" in plain
    missing = subprocess.run(
        [*command[:-1], "nowhere.gguf"], capture_output=True, text=True, check=False
    )
    assert missing.returncode == 1
    assert "nowhere.gguf" in missing.stderr
