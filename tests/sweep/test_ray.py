"""A sweep on a Ray cluster comes out as it does here, whatever happens to the nodes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import psutil
import pytest

from benchmarks.random_gguf import Shape, write_random_gguf
from playground.errors import UsageError
from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.cluster import lane, ray_executor
from playground.sweep.definition import Sweep
from playground.sweep.result import SweepResult
from playground.sweep.runner import Runner
from playground.sweep.starting import begin, resume
from tests.servers import fault
from tests.servers.fault import FaultServer
from tests.servers.ray_cluster import RayCluster, RayNode

pytest.importorskip("ray", reason="Ray is not installed: pip install 'chat-playground[ray]'")

REF = "local:~/model.gguf"
"""Each node has a home of its own, so that one reference is a file of each node."""

SMALL = Shape(width=64, layers=2, heads=4, kv_heads=2, hidden=128, vocabulary=512, context=512)

AddNode = Callable[..., RayNode]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models in F32: with nothing quantised, an answer does not depend on who is beside it."""
    folder = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("one.gguf", "other.gguf")):
        write_random_gguf(folder / name, SMALL, seed, quantised=False)
    return folder


def home(folder: Path, model: Path | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if model is not None:
        shutil.copy(model, folder / "model.gguf")
    return folder


@pytest.fixture
def cluster(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayCluster]:
    """A head that takes no work; a home for the user, who sits at it."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # Loopback only; no token in a home.
    monkeypatch.setenv("HOME", str(home(tmp_path / "user", models / "one.gguf")))
    with RayCluster(os.environ) as made:
        yield made


@pytest.fixture
def add_node(cluster: RayCluster, tmp_path: Path, models: Path) -> AddNode:
    def add(name: str, model: str | None = "one.gguf", **variables: str) -> RayNode:
        folder = home(tmp_path / name, models / model if model else None)
        own = {"HOME": str(folder), "PLAYGROUND_DATA_DIR": str(folder), **variables}
        return cluster.add({**os.environ, **own})

    return add


def swept(**words: object) -> Sweep:
    told: dict[str, object] = {
        "prompt": "Once upon a time",
        "models": REF,
        "space": {"temperature": "0,0.7,1.4", "max_length": 24},
        "samples": 6,
        "seed": 5,
        **words,
    }
    return build(Asked.of_words(**told))


def texts(result: SweepResult) -> list[list[str]]:
    return [[one.text for one in result.answers(cell.number)] for cell in result.cells]


def places(history: History, runner: Runner) -> set[str]:
    """The homes of the nodes that answered, from the receipts."""
    runs = [history.run(item.run) for item in history.sweeps.samples(runner.id)]
    return {Path(run.receipt.provenance.file.path).parent.name for run in runs}  # type: ignore[union-attr]


def assert_whole(history: History, runner: Runner) -> SweepResult:
    """Every sample is there, once, and none failed."""
    kept = [(item.cell, item.sample) for item in history.sweeps.samples(runner.id)]
    assert len(kept) == len(set(kept)) == runner.sweep.runs
    result = SweepResult.load(history, runner.id)
    assert (result.state, result.failed) == ("done", 0)
    return result


async def here(sweep: Sweep) -> list[list[str]]:
    with History.in_memory() as history:
        runner = begin(sweep, history)
        await runner.run()
        return texts(SweepResult.load(history, runner.id))


def assert_alike(some: list[list[str]], others: list[list[str]]) -> None:
    """The same answers, but for one in twenty: other batches add in another order, and a throw
    of the dice that lies within the last digit of a bound then falls to the other side."""
    pairs = [*zip(chain(*some), chain(*others), strict=True)]
    parted = sum(one != other for one, other in pairs)
    assert parted <= max(1, len(pairs) // 20)


async def samples(runner: Runner, count: int) -> None:
    while runner.progress.samples < count:
        await asyncio.sleep(0.01)


async def test_all_nodes_answer_and_the_answers_are_those_of_here(
    cluster: RayCluster, add_node: AddNode
) -> None:
    add_node("one")
    add_node("two")
    with History.in_memory() as history:
        runner = begin(swept(), history, executor=ray_executor(cluster.address))
        await runner.run()
        result = assert_whole(history, runner)
        assert places(history, runner) == {"one", "two"}
        assert_alike(texts(result), await here(swept()))


async def test_a_node_killed_in_mid_sweep_loses_nothing_and_another_may_join(
    cluster: RayCluster, add_node: AddNode
) -> None:
    add_node("one")
    lost = add_node("two")
    sweep = swept(space={"temperature": "0:2:0.1", "max_length": 100}, samples=12)
    with History.in_memory() as history:
        runner = begin(sweep, history, executor=ray_executor(cluster.address))

        async def disturb() -> None:
            await samples(runner, 20)
            await asyncio.to_thread(lost.kill)
            while not runner.progress.notes:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(add_node, "three")

        await asyncio.gather(runner.run(), disturb())
        result = assert_whole(history, runner)
        assert "lost on the node" in runner.progress.notes[0]
        assert places(history, runner) >= {"one", "two"}
        assert_alike(texts(result), await here(sweep))


async def test_a_lost_connection_stops_the_sweep_without_a_failed_answer(
    cluster: RayCluster, add_node: AddNode
) -> None:
    add_node("one")
    sweep = swept(space={"temperature": "0:2:0.1", "max_length": 100}, samples=12)
    with History.in_memory() as history:
        runner = begin(sweep, history, executor=ray_executor(cluster.address))

        async def cut() -> None:
            await samples(runner, 5)
            mine = psutil.Process().children(recursive=True)
            driver = next(one for one in mine if "playground.sweep.cluster.driver" in one.cmdline())
            driver.send_signal(signal.SIGKILL)

        await asyncio.gather(runner.run(), cut())
        assert "connection to the Ray cluster is lost" in runner.reason
        assert runner.progress.failed == 0
        again = await resume(runner.id, history)
        await again.run()
        assert_whole(history, again)


@pytest.mark.parametrize(
    ("model", "said"), [("other.gguf", "another file than here"), (None, "cannot open")]
)
async def test_a_node_without_the_same_file_is_refused_before_anything_is_made(
    cluster: RayCluster, add_node: AddNode, models: Path, model: str | None, said: str
) -> None:
    add_node("one")
    add_node("other", model)
    with History.in_memory() as history:
        runner = begin(swept(), history, executor=ray_executor(cluster.address))
        await runner.run()
        assert said in runner.reason
        assert runner.progress.samples == 0
        if model is not None:
            for name in ("one.gguf", model):
                digest = hashlib.sha256((models / name).read_bytes()).hexdigest()
                assert digest in runner.reason


async def test_a_node_sends_its_own_key_and_a_cancelled_run_ends_there(
    cluster: RayCluster, add_node: AddNode, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = "sk-the-users-own-key", "sk-the-key-of-the-node"
    monkeypatch.setenv("VLLM_BASE_URL", faults.url)
    monkeypatch.setenv("VLLM_API_KEY", ours)
    add_node("one", None, VLLM_BASE_URL=faults.url, VLLM_API_KEY=theirs)
    faults.play(fault.talks_forever())
    with History.in_memory() as history:
        sweep = swept(models="vllm:any", space={"temperature": "0,1"}, samples=1)
        runner = begin(sweep, history, executor=ray_executor(cluster.address))

        async def stop() -> None:
            while len(faults.bodies) < 2:
                await asyncio.sleep(0.01)
            runner.stop("enough", now=True)

        await asyncio.gather(runner.run(), stop())
        sent = {request.headers["authorization"] for request in faults.requests}
        assert sent == {f"Bearer {theirs}"}
        while faults.hang_ups < 2:
            await asyncio.sleep(0.01)
    for path in (one for one in cluster.folder.rglob("*") if one.is_file()):
        found = path.read_bytes()
        assert ours.encode() not in found
        assert theirs.encode() not in found


def test_the_shell_shows_nothing_of_rays_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    command = [
        *(sys.executable, "-m", "playground", "sweep", "Once upon a time", "-m", "demo:tiny"),
        *("--temperature", "0,1", "--samples", "2", "--max-length", "8", "--json"),
        *("--executor", "ray"),
    ]
    before = {one.pid for one in psutil.process_iter()}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("{") for line in done.stdout.splitlines())
    assert not [line for line in done.stderr.splitlines() if "ray" in line.lower()]
    left = [one for one in psutil.process_iter(["cmdline"]) if one.pid not in before]
    assert not [one for one in left if "raylet" in " ".join(one.info["cmdline"] or ())]


async def test_an_address_where_nobody_listens_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with History.in_memory() as history:
        sweep = swept(models="demo:tiny")
        runner = begin(sweep, history, executor=ray_executor(f"127.0.0.1:{port}"))
        await runner.run()
        assert "cannot be joined" in runner.reason


@pytest.mark.parametrize("address", ["nonsense", "ray://127.0.0.1:10001", "host:port"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not the address of a Ray cluster"):
        ray_executor(address)


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"chat-playground\[ray\]"):
        ray_executor()


async def test_two_servers_are_two_models_of_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as one, FaultServer() as two, History.in_memory() as history:
        monkeypatch.setenv("VLLM_BASE_URL", one.url)
        monkeypatch.setenv("LLAMA_SERVER_BASE_URL", two.url)
        one.play(fault.answers("from ", "vLLM"))
        two.play(fault.answers("from ", "llama-server"))
        models = ("vllm:any", "llama-server:any")
        runner = begin(swept(models=models, samples=2), history)
        await runner.run()
        result = assert_whole(history, runner)
        pairs = zip(result.cells, texts(result), strict=True)
        said = {cell.model: set(found) for cell, found in pairs}
        assert said == {"vllm:any": {"from vLLM"}, "llama-server:any": {"from llama-server"}}
        assert len(one.bodies) == len(two.bodies) == 6
