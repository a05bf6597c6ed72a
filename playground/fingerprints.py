"""SHA-256 of model files: computed once, remembered while the file stays as it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playground.config import data_dir

MOST_REMEMBERED = 1_000
"""Files whose sum is kept; the ones asked for longest ago are forgotten first."""

_BLOCK = 1 << 20

# One at a time: two threads that want the sum of one file must not read its gigabytes twice.
_COMPUTING = threading.Lock()


def remembered(paths: Sequence[Path]) -> str:
    """The sum of a file, or of the parts of a split one, if it is known; else an empty string."""
    with contextlib.suppress(OSError):
        found = _read_cache().get(_name(paths))
        if isinstance(found, list) and found[:-1] == _identity(paths):
            return str(found[-1])
    return ""


def fingerprint(paths: Sequence[Path]) -> str:
    """The SHA-256 of a file in hexadecimal; of a split one, of all its parts in order.

    Reads the whole file the first time, which takes seconds for gigabytes: not for an event loop.
    Raises `OSError` if it cannot be read.
    """
    with _COMPUTING:
        if known := remembered(paths):
            return known
        identity = _identity(paths)
        digest = hashlib.sha256()
        for path in paths:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        found = digest.hexdigest()
        if _identity(paths) == identity:  # else it changed while it was read
            _remember(_name(paths), [*identity, found])
        return found


def _name(paths: Sequence[Path]) -> str:
    return str(paths[0].resolve())


def _identity(paths: Sequence[Path]) -> list[int]:
    """Size and time of change of each file."""
    stats = [path.stat() for path in paths]
    return [value for stat in stats for value in (stat.st_size, stat.st_mtime_ns)]


def _cache_path() -> Path:
    return data_dir() / "fingerprints.json"


def _read_cache() -> dict[str, Any]:
    try:
        kept = json.loads(_cache_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # A cache that cannot be read is computed again.
    return kept if isinstance(kept, dict) else {}


def _remember(name: str, entry: list[Any]) -> None:
    path = _cache_path()
    kept = _read_cache()
    kept.pop(name, None)
    kept[name] = entry
    newest = dict(list(kept.items())[-MOST_REMEMBERED:])
    draft = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.write_text(json.dumps(newest), encoding="utf-8")
        draft.replace(path)
    except OSError:
        # Without room for the cache, the sum is computed again next time.
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
