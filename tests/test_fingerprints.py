"""Sums of model files: right, computed once, and again whenever the file may be another."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from playground import fingerprints
from playground.config import data_dir
from playground.fingerprints import fingerprint, remembered


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file of a few megabytes: more than is read at once."""
    path = tmp_path / "model.gguf"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


def put(path: Path, content: bytes, changed: int) -> None:
    """Write a file that was last changed at a moment of ours, in nanoseconds."""
    path.write_bytes(content)
    os.utime(path, ns=(changed, changed))


def test_the_sum_is_that_of_the_whole_file(model: Path) -> None:
    assert fingerprint([model]) == hashlib.sha256(model.read_bytes()).hexdigest()


def test_of_a_split_model_all_parts_are_summed_in_their_order(tmp_path: Path) -> None:
    parts = [tmp_path / name for name in ("a.gguf", "b.gguf")]
    for part, content in zip(parts, (b"one", b"two"), strict=True):
        part.write_bytes(content)
    assert fingerprint(parts) == hashlib.sha256(b"onetwo").hexdigest()
    parts[1].write_bytes(b"three")
    assert fingerprint(parts) == hashlib.sha256(b"onethree").hexdigest()


def test_a_file_is_read_once_as_long_as_path_size_and_time_stay(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    put(path, b"old", changed=10**18)
    old = fingerprint([path])
    # Nobody can tell this one from the old one without reading it, so that the old sum stands.
    put(path, b"new", changed=10**18)
    assert (fingerprint([path]), remembered([path])) == (old, old)


@pytest.mark.parametrize(
    ("content", "changed"), [(b"newer", 10**18), (b"new", 10**18 + 1)], ids=["size", "time"]
)
def test_a_file_that_changed_is_summed_again(tmp_path: Path, content: bytes, changed: int) -> None:
    path = tmp_path / "model.gguf"
    put(path, b"old", changed=10**18)
    fingerprint([path])
    put(path, content, changed)
    assert remembered([path]) == ""
    assert fingerprint([path]) == hashlib.sha256(content).hexdigest()


def test_an_equal_file_elsewhere_has_a_memory_of_its_own(tmp_path: Path) -> None:
    here, there = tmp_path / "here.gguf", tmp_path / "there.gguf"
    put(here, b"one", changed=10**18)
    put(there, b"two", changed=10**18)
    fingerprint([here])
    assert remembered([there]) == ""


@pytest.mark.parametrize("kept", ["", "{", "[1]", '{"name": 3}', "\udcff"])
def test_a_cache_that_cannot_be_read_is_made_anew(model: Path, kept: str) -> None:
    cache = data_dir() / "fingerprints.json"
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(kept, encoding="utf-8", errors="surrogateescape")
    assert fingerprint([model]) == hashlib.sha256(model.read_bytes()).hexdigest()
    assert remembered([model])


def test_what_was_asked_for_longest_ago_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "MOST_REMEMBERED", 2)
    paths = [tmp_path / f"{number}.gguf" for number in range(3)]
    for path in paths:
        path.write_bytes(b"x")
        fingerprint([path])
    assert [bool(remembered([path])) for path in paths] == [False, True, True]


def test_without_a_place_for_the_cache_the_sum_is_given_and_nothing_is_left_lying(
    model: Path,
) -> None:
    cache = data_dir() / "fingerprints.json"
    cache.mkdir(parents=True)  # A folder in its place: it cannot be replaced.
    assert fingerprint([model]) == hashlib.sha256(model.read_bytes()).hexdigest()
    assert list(data_dir().iterdir()) == [cache]


def test_a_file_that_is_gone_is_an_error_and_not_an_old_sum(model: Path) -> None:
    fingerprint([model])
    model.unlink()
    assert remembered([model]) == ""
    with pytest.raises(FileNotFoundError):
        fingerprint([model])


def test_the_cache_holds_paths_sizes_times_and_sums(model: Path) -> None:
    found = fingerprint([model])
    kept = json.loads((data_dir() / "fingerprints.json").read_text())
    stat = model.stat()
    assert kept == {str(model): [stat.st_size, stat.st_mtime_ns, found]}
