"""Metrics of the user's own: a Python function, by its name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Final

from playground.errors import MetricFailed
from playground.metrics.collection import Collection
from playground.metrics.metric import Metric, Noted
from playground.metrics.sample import Sample

__all__ = ["function_metric"]

MOST_SAID: Final = 200
"""Characters of an error that are kept: it may hold a whole answer."""


def function_metric(name: str) -> Metric:
    """The metric that a Python function computes: `module:function`, called with each `Sample`.

    It returns a number, a bool (the metric is then the share of samples that have it), or None
    where a sample has no value. A sample where it raises, or returns something else, has no value
    either, and a note says why. A module that Python does not find is looked for in the current
    folder. Raises `MetricFailed` where there is no such function.
    """
    module_name, _, function_name = name.partition(":")
    function = getattr(_module(name, module_name), function_name, None)
    if not callable(function):
        raise MetricFailed(
            f"The module {module_name!r} has no function {function_name!r}.",
            hint="A metric of your own is named module:function.",
        )
    words = (function.__doc__ or "").strip().partition("\n")[0].strip().rstrip(".")
    return Metric(
        name,
        function_name,
        words or f"what the Python function {name} returns",
        values=_values(function),
        lacks=f"{name} returned no value for any answer",
    )


def _values(function: Callable[[Sample], object]) -> Callable[[Collection], Noted]:
    def values(collection: Collection) -> Noted:
        found: list[float | None] = []
        failures: list[str] = []
        for sample in collection.samples:
            try:
                found.append(_number(function(sample)))
            except Exception as error:  # noqa: BLE001 - whatever the user's function raises
                found.append(None)
                failures.append(" ".join(f"{type(error).__name__}: {error}".split())[:MOST_SAID])
        if not failures:
            return Noted(found, "")
        many = f"{len(failures):,} of {len(found):,} answer{'s' * (len(found) != 1)}"
        return Noted(found, f"failed on {many}: {failures[0]}")

    return values


def _number(value: object) -> float | None:
    """What a function returned, as a figure; raises for what is none."""
    if value is None or isinstance(value, bool):
        return value
    # numpy's numbers too.
    number = float(value) if hasattr(value, "__float__") else None
    if number is None or not isfinite(number):
        raise ValueError(f"it returned {value!r}, which is no finite number, no bool and not None")
    return number


def _module(name: str, module_name: str) -> object:
    """The module; one in the current folder too, which the `playground` command does not search."""
    here = str(Path.cwd())
    top = module_name.partition(".")[0]
    add = bool(top) and here not in sys.path and not _found(top)
    if add:
        sys.path.append(here)
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        raise MetricFailed(
            f"The metric {name} cannot be imported: {type(error).__name__}: {error}.",
            hint="It is named module:function; the module must be installed, or a file in the "
            "current folder.",
        ) from error
    finally:
        if add:
            sys.path.remove(here)


def _found(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False
