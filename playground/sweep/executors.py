"""Where runs can be made: here, or on a Ray cluster."""

from __future__ import annotations

from playground.errors import UsageError
from playground.sweep.lane import Executor, HereLane


def executor_called(name: str, address: str = "") -> Executor:
    """The executor of a name, `here` or `ray`; raises `UsageError` for others."""
    if name == "here":
        return HereLane
    if name == "ray":
        from playground.sweep.ray_lane import ray_executor

        return ray_executor(address)
    raise UsageError(f"There is no executor {name!r}.", hint="There are here and ray.")
