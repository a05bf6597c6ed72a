"""A model file is described from its header, and a broken header is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


def test_the_command_prints_the_facts_with_the_memory_of_a_context(demo_path: Path) -> None:
    command = [sys.executable, "-m", "playground", "inspect", str(demo_path)]
    shown = subprocess.run(
        [*command, "--json", "--context-length", "512"], capture_output=True, text=True, check=True
    )
    record = json.loads(shown.stdout)
    assert record["architecture"] == "llama"
    assert record["memory"]["context_length"] == 512
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Chat template" in plain
    missing = subprocess.run(
        [*command[:-1], "nowhere.gguf"], capture_output=True, text=True, check=False
    )
    assert missing.returncode == 1
    assert "nowhere.gguf" in missing.stderr
