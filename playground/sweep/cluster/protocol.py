"""What goes through the pipe between the playground and the process that speaks to Ray.

Frames are pickled, because answers come out of Ray pickled anyway: both ends are ours, and whoever
may join the cluster may run code on it. Runs and their outcomes pass through as bytes, unread.
"""

from __future__ import annotations

import pickle
import struct
from asyncio import IncompleteReadError, StreamReader
from dataclasses import dataclass
from typing import Final

from playground.errors import PlaygroundError
from playground.types import Capabilities, Provenance

_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Join:
    """Connect to the cluster at an address, to one that runs on this machine, or to a new one."""

    number: int
    address: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open a model on all worker nodes, under the number of a lane; the reply is an `Opened`.

    `folder` is where relative paths begin, `sha256` the sum that its file must have.
    """

    number: int
    lane: int
    ref: str
    folder: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Make:
    """Make one run, a pickled `Work`; the reply is a pickled `Outcome`."""

    number: int
    lane: int
    work: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Let the model of a lane go on all nodes."""

    number: int
    lane: int


Request = Join | Open | Make | Close
"""What is answered, by a `Done` or a `Failed` of the same number."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a request; nothing comes back."""

    number: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a model that has been opened; see `Lane`. `version` is the playground's."""

    parallel: int | None
    capabilities: Capabilities
    provenance: Provenance
    version: str


@dataclass(frozen=True, slots=True)
class Done:
    """A request has been done."""

    number: int
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request has failed, and the lane that it was for cannot go on."""

    number: int
    error: PlaygroundError


@dataclass(frozen=True, slots=True)
class Changed:
    """A lane has another number of nodes: how many runs it takes at once now, and why."""

    lane: int
    parallel: int | None
    note: str


Command = Request | Cancel
Report = Done | Failed | Changed


def packed(item: Command | Report) -> bytes:
    """A frame: its length, and what it says."""
    data = pickle.dumps(item)
    return _LENGTH.pack(len(data)) + data


async def read(reader: StreamReader) -> object:
    """What the next frame says; None where there is no other."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return pickle.loads(await reader.readexactly(length))  # noqa: S301 - see above
    except IncompleteReadError:
        return None
