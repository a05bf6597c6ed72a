"""Runs one measurement in a process of its own, so that none inherits another's memory."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def in_a_process(function: Callable[..., T | Coroutine[Any, Any, T]], *arguments: object) -> T:
    """What a module's function, plain or async, gives in a new process. All travels as JSON."""
    module = function.__module__
    if module == "__main__":
        module = sys.modules["__main__"].__spec__.name  # type: ignore[union-attr]
    command = [sys.executable, "-m", "benchmarks.isolated", module, function.__name__]
    done = subprocess.run(
        [*command, json.dumps(arguments)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{module}.{function.__name__}{arguments} failed: {done.returncode}")
    result: T = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    module, name, arguments = sys.argv[1:]
    result = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    if inspect.iscoroutine(result):
        result = asyncio.run(result)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
