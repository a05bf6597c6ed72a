"""One model on all worker nodes: an engine on each, work to the least busy, losses made good."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from playground.background import off_loop
from playground.errors import ClusterFailed, PlaygroundError
from playground.machine import OURS, versions
from playground.sweep.cluster.engine import Engine
from playground.sweep.cluster.protocol import Opened

WATCH_SECONDS: Final = 3.0
"""How often it looks for nodes that have joined."""

PATIENCE_SECONDS: Final = 60.0
"""How long a model without any node waits for one."""

MOST_FALLS: Final = 3
"""So many engines lost on a node, with no answer between, and it gets no other."""

MOST_LOSSES: Final = 8
"""So many engines lost over one run, and the run is to blame."""

CLOSING_SECONDS: Final = 10.0

_OPEN_CALLS: Final = 10_000
"""How many calls Ray lets into one engine at once: all that the crew sends, which counts itself."""

Teller = Callable[[int | None, str], None]
"""Told how many runs are taken at once when that has changed, and why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A living worker node."""

    id: str
    label: str


def worker_nodes() -> list[Node]:
    """The nodes that live and have a CPU for work; blocks a little."""
    list_nodes: Any = ray.nodes  # Ray gives it no types.
    known: list[dict[str, Any]] = list_nodes()
    return [
        Node(node["NodeID"], f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})")
        for node in known
        if node["Alive"] and node["Resources"].get("CPU", 0) > 0
    ]


@dataclass(slots=True)
class Seat:
    """An engine at its place."""

    node: Node
    engine: Any
    opened: Opened
    running: int = 0

    @property
    def load(self) -> float:
        """How busy it is: 1 is full, where that is known."""
        return self.running / (self.opened.parallel or 1)

    @property
    def full(self) -> bool:
        """Whether it takes no more for now."""
        return self.opened.parallel is not None and self.running >= self.opened.parallel


class Crew:
    """The engines of one model.

    Ray could restart them by itself (`max_restarts`). It is done here, because an engine that comes
    back, or comes on a node that has just joined, has to show first that it has the same file.
    """

    def __init__(self, ref: str, folder: str, sha256: str, tell: Teller) -> None:
        self._ref = ref
        self._folder = folder
        self._sha256 = sha256
        self._tell = tell
        self._seats: dict[str, Seat] = {}
        self._barred: set[str] = set()
        self._falls: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._fell = asyncio.Event()
        self._empty_since = 0.0
        self._last_loss = ""
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> Opened:
        """Open the model on every worker node; raises `ClusterFailed` for the first that cannot."""
        nodes = await off_loop(worker_nodes)
        if not nodes:
            raise ClusterFailed(
                "No node of the cluster has a CPU for work.",
                hint="Start one: ray start --address ADDRESS --num-cpus 1",
            )
        placed = await asyncio.gather(*map(self._place, nodes), return_exceptions=True)
        for one in placed:
            if isinstance(one, BaseException) and not isinstance(one, RayError):
                raise one
        if not self._seats:
            lost = next(one for one in placed if isinstance(one, RayError))
            raise _cannot_start(self._ref, lost)
        self._watching = asyncio.create_task(self._watch())
        first = next(iter(self._seats.values())).opened
        return Opened(self.parallel, first.capabilities, first.provenance, first.version)

    @property
    def parallel(self) -> int | None:
        """How many runs all of them take at once; None where only trying tells."""
        each = [seat.opened.parallel for seat in self._seats.values()]
        known = [number for number in each if number is not None]
        return sum(known) if len(known) == len(each) else None

    async def make(self, work: bytes) -> bytes:
        """Make one run on the least busy engine; again on another where that one is lost.

        Raises `ClusterFailed` where no engine is left, or where the run itself ends engines.
        """
        for _ in range(MOST_LOSSES):
            seat = await self._free_seat()
            call = seat.engine.make.remote(work)
            try:
                made: bytes = await call
            except asyncio.CancelledError:
                ray.cancel(call)
                raise
            except RayTaskError as error:
                raise _cannot_start(self._ref, error, seat.node) from error
            except RayError as error:
                self._lose(seat, error)
            else:
                self._falls[seat.node.id] = 0
                return made
            finally:
                seat.running -= 1
                self._spread_news()
        raise ClusterFailed(
            f"{self._ref}: {MOST_LOSSES} engines were lost over the same run: {self._last_loss}.",
            hint="Is the memory of the nodes short?",
        )

    async def aclose(self) -> None:
        """Close all engines, and let Ray end their processes."""
        if self._watching is not None:
            self._watching.cancel()
        seats, self._seats = [*self._seats.values()], {}
        closing = [asyncio.wait_for(seat.engine.aclose.remote(), CLOSING_SECONDS) for seat in seats]
        await asyncio.gather(*closing, return_exceptions=True)
        for seat in seats:
            _end(seat.engine)

    async def _free_seat(self) -> Seat:
        """The least busy engine, one place taken; waits while all are full or none is there."""
        while True:
            free = [seat for seat in self._seats.values() if not seat.full]
            if free:
                seat = min(free, key=lambda one: one.load)
                seat.running += 1
                return seat
            if not self._seats and time.monotonic() - self._empty_since > PATIENCE_SECONDS:
                raise ClusterFailed(
                    f"{self._ref}: no node of the cluster is left for it: {self._last_loss}.",
                    hint="What has ended is kept.",
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 1.0)

    async def _place(self, node: Node) -> None:
        """Start an engine on a node.

        Raises `ClusterFailed` where the model cannot be opened there or is another, and Ray's error
        where the node goes while it is tried.
        """
        engine = _remote(node).remote(self._ref, self._folder)
        try:
            opened = pickle.loads(await engine.open.remote())  # noqa: S301 - from our own engine
            self._check(node, opened)
        except RayTaskError as error:
            _end(engine)
            raise _cannot_start(self._ref, error, node) from error
        except BaseException:
            _end(engine)
            raise
        self._seats[node.id] = Seat(node, engine, opened)
        self._spread_news()

    def _check(self, node: Node, opened: Opened | PlaygroundError) -> None:
        if isinstance(opened, PlaygroundError):
            raise ClusterFailed(
                f"The node {node.label} cannot open {self._ref}: {opened.message}",
                hint=opened.hint,
            ) from opened
        ours = versions()[OURS]
        if opened.version != ours:
            raise ClusterFailed(
                f"The node {node.label} has {OURS} {opened.version}, and here it is {ours}.",
                hint="Install the same version on all nodes.",
            )
        file = opened.provenance.file
        if file is not None and self._sha256 and file.sha256 != self._sha256:
            raise ClusterFailed(
                f"{file.path} on the node {node.label} is another file than here: its SHA-256 is "
                f"{file.sha256}, and here it is {self._sha256}.",
                hint="Copy the same file to all nodes.",
            )

    def _lose(self, seat: Seat, error: RayError) -> None:
        """Do without an engine; the first of its runs to fail says so."""
        if self._seats.get(seat.node.id) is not seat:
            return
        del self._seats[seat.node.id]
        _end(seat.engine)
        self._last_loss = _said(error)
        self._falls[seat.node.id] += 1
        if self._falls[seat.node.id] >= MOST_FALLS:
            self._barred.add(seat.node.id)
        if not self._seats:
            self._empty_since = time.monotonic()
        self._spread_news()
        self._fell.set()
        again = f"{seat.running} answer{'s are' if seat.running > 1 else ' is'} made again"
        self._announce(f"lost on the node {seat.node.label}; {again}")

    async def _watch(self) -> None:
        """Put an engine on every node without one: those that join, and those that lost theirs."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._fell.wait(), WATCH_SECONDS)
            self._fell.clear()
            try:
                nodes = await off_loop(worker_nodes)
            except Exception as error:  # noqa: BLE001 - whatever Ray raises while it falters
                self._last_loss = _said(error)
                continue
            known = self._seats.keys() | self._barred
            await asyncio.gather(*(self._join(node) for node in nodes if node.id not in known))

    async def _join(self, node: Node) -> None:
        try:
            await self._place(node)
        except RayError as error:
            self._last_loss = _said(error)
            self._falls[node.id] += 1
            if self._falls[node.id] >= MOST_FALLS:
                self._barred.add(node.id)
        except ClusterFailed as error:
            self._barred.add(node.id)
            self._last_loss = str(error)
            self._announce(f"not on a node that joined: {error}")
        else:
            self._announce(f"also on the node {node.label} now")

    def _announce(self, what: str) -> None:
        count = len(self._seats)
        nodes = f"{count} node{'s' * (count != 1)}"
        self._tell(self.parallel if count else 0, f"{self._ref}: {what} ({nodes} at work).")

    def _spread_news(self) -> None:
        """Wake everybody who waits for an engine."""
        self._news.set()
        self._news = asyncio.Event()


def _remote(node: Node) -> Any:
    """The engine as Ray's actor, on one node and no other."""
    actor: Any = ray.remote(Engine)
    return actor.options(
        # It reserves nothing: an engine takes a node's cores as they are free, and waits for none.
        num_cpus=0,
        max_restarts=0,
        max_task_retries=0,
        max_concurrency=_OPEN_CALLS,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
    )


def _end(engine: Any) -> None:
    """End an engine's process, if it is still there."""
    with contextlib.suppress(RayError, ValueError):
        ray.kill(engine)


def _cannot_start(ref: str, error: RayError, node: Node | None = None) -> ClusterFailed:
    """What an engine says that has failed as no model fails: a node without the playground."""
    where = f"the node {node.label}" if node is not None else "the cluster"
    return ClusterFailed(
        f"{ref} does not work on {where}: {_said(error)}.",
        hint="Is the playground installed there, with the same versions of it, Ray and Python?",
    )


def _said(error: BaseException) -> str:
    """The last words of an error of Ray's: they end long reports."""
    cause = getattr(error, "cause", None) or error
    lines: Sequence[str] = str(cause).strip().splitlines() or [type(cause).__name__]
    return lines[-1].strip().rstrip(".")[:300]
