"""Where runs can be made: here, or on a Ray cluster."""

from __future__ import annotations

from playground.errors import UsageError
from playground.sweep.lane import Executor, HereLane


def executor_called(name: str, address: str = "") -> Executor:
    """The executor of a name, `here` or `ray`; `address` is that of the cluster.

    Raises `UsageError` for other names, for an address without a cluster, and where Ray is not
    installed.
    """
    if name == "ray":
        from playground.sweep.cluster import ray_executor

        return ray_executor(address)
    if name != "here":
        raise UsageError(f"There is no executor {name!r}.", hint="There are here and ray.")
    if address:
        raise UsageError("--address names a Ray cluster.", hint="Add --executor ray.")
    return HereLane
