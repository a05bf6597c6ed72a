"""A Ray actor: one model on one worker node, in a process of its own there."""

from __future__ import annotations

import contextlib
import os
import pickle

from playground.errors import PlaygroundError
from playground.machine import OURS, versions
from playground.sweep.cluster.protocol import Opened
from playground.sweep.lane import HereLane


class Engine:
    """Makes the runs of one model, as they would be made on that node without Ray.

    Keys, settings and endpoints are that node's own. What it is given and gives back is pickled
    here, so that the process between does not have to read it.
    """

    def __init__(self, ref: str, folder: str) -> None:
        # Where the node has that folder, the same relative path means the same file.
        with contextlib.suppress(OSError):
            os.chdir(folder)
        # Older versions of Ray hide all GPUs from an actor that has reserved none.
        if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
            del os.environ["CUDA_VISIBLE_DEVICES"]
        self._lane = HereLane(ref)

    async def open(self) -> bytes:
        """Open the model: an `Opened`, or the `PlaygroundError` that it raised, pickled."""
        try:
            await self._lane.start()
        except PlaygroundError as error:
            return pickle.dumps(error)
        lane = self._lane
        return pickle.dumps(
            Opened(lane.parallel, lane.capabilities, lane.provenance, versions()[OURS])
        )

    async def make(self, work: bytes) -> bytes:
        """Make one run: pickled `Work` to pickled `Outcome`."""
        asked = pickle.loads(work)  # noqa: S301 - from our own driver
        return pickle.dumps(await self._lane.make(asked))

    async def aclose(self) -> None:
        """Close the model."""
        await self._lane.aclose()
