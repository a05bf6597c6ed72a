"""A model's process may die, hang on to nothing, and never takes the playground with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from playground.errors import (
    BackendCrashed,
    ChatTemplateError,
    ContextOverflow,
    InvalidParameter,
    LocalError,
    ModelClosed,
    ModelFileError,
    ModelLoadFailed,
    UnknownModel,
)
from playground.params import GenerationParams
from playground.providers import ChatModel, open_model
from playground.providers.llama.model import LlamaModel
from playground.providers.llama.process import WorkerProcess
from playground.providers.llama.protocol import EngineSettings
from playground.run import Run, as_messages, generate
from playground.types import TextDelta
from tests.providers.llama.workers import long_run, workers


@pytest.fixture
async def model() -> AsyncIterator[LlamaModel]:
    opened = open_model("demo:small")
    assert isinstance(opened, LlamaModel)
    async with opened:
        yield opened


async def _until_text(run: Run) -> None:
    async for event in run:
        if isinstance(event, TextDelta) and event.text:
            return


linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux limits the memory of a process like that"
)

DEADLY = {
    "SIGKILL": "what the system sends when memory is out",
    "SIGABRT": "how a failed assertion in llama.cpp ends a process",
    "SIGSEGV": "a write to where nothing is",
}


@pytest.mark.parametrize("name", DEADLY)
async def test_a_worker_that_dies_ends_its_runs_with_their_text_and_the_next_run_works(
    model: LlamaModel, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    run = long_run(model)
    await _until_text(run)
    (worker,) = workers()
    worker.suspend()
    worker.send_signal(signal.Signals[name])
    with contextlib.suppress(psutil.NoSuchProcess):  # It may have died before it was stopped.
        worker.resume()
    await run
    assert run.state == "failed"
    assert isinstance(run.error, BackendCrashed)
    assert name in str(run.error)
    assert run.error.log, "llama.cpp's last lines are in the error"
    assert run.text
    again = await generate(model, "Once upon a time", max_length=3)
    assert again.state == "done"
    assert again.text
    assert len(workers()) == 1, "the dead one is gone for good"
    assert workers()[0].pid != worker.pid
    assert not list(here.iterdir()), "no core file"


async def test_a_crash_ends_every_run_on_that_file_and_none_on_another(model: LlamaModel) -> None:
    async with open_model("demo:tiny") as other:
        elsewhere = generate(other, "Once upon a time", max_length=100)
        await _until_text(elsewhere)
        runs = [long_run(model) for _ in range(3)]
        for run in runs:
            await _until_text(run)
        os.kill((await model._worker()).pid, signal.SIGKILL)
        for run in runs:
            assert isinstance((await run).error, BackendCrashed)
            assert run.text
        assert (await elsewhere).state == "done"


@linux
async def test_a_worker_whose_memory_runs_out_is_a_crash_that_says_so(model: LlamaModel) -> None:
    run = generate(
        model,
        "Once upon a time",
        max_length=900,
        n=4,
        logprobs=100,
        logit_bias={"<|end|>": -1000},
    )
    await _until_text(run)
    (worker,) = workers()
    # Not a byte more than it has: its next larger allocation fails.
    worker.rlimit(psutil.RLIMIT_DATA, (1, psutil.RLIM_INFINITY))
    await run
    assert isinstance(run.error, BackendCrashed)
    assert "memory" in str(run.error)
    assert any("MemoryError" in line or "alloc" in line for line in run.error.log)
    assert run.text
    again = await generate(model, "Once upon a time", max_length=3)
    assert again.state == "done"


@linux
async def test_a_context_for_which_memory_runs_out_while_it_is_made_is_refused_with_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than a worker needs to start, less than two gigabytes of KV cells. For the worker alone:
    # the process that runs the tests may have more than that already, and could start no thread.
    short = tmp_path / "python"
    short.write_text(f'#!/bin/sh\nulimit -d {800 * 1024}\nexec {sys.executable} "$@"\n')
    short.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(short))
        async with open_model("demo:small", context_length=100_000, unified=False) as opened:
            run = await generate(opened, "Hello", max_length=3)
            assert isinstance(run.error, ModelLoadFailed)
            assert "context_length" in str(run.error)
            assert any("insufficient memory" in line for line in run.error.log)
    assert not workers()
    async with open_model("demo:small") as opened:
        assert (await generate(opened, "Hello", max_length=3)).state == "done"


async def test_panes_on_one_file_share_one_process(model: LlamaModel) -> None:
    other = open_model("demo:small")
    async with other:
        runs = [generate(opened, "Hello", max_length=4) for opened in (model, other)]
        for run in runs:
            run.start()
        for run in runs:
            assert (await run).state == "done"
        assert len(workers()) == 1
    assert len(workers()) == 1, "the first pane still uses it"


async def test_closing_the_last_model_ends_the_process() -> None:
    async with open_model("demo:small") as opened:
        await opened.warm_up()
        assert len(workers()) == 1
    assert not workers()


LOOPS = """
import asyncio, time
from playground import generate, open_model
from tests.providers.llama.workers import workers

async def asked():
    run = await generate(model, "Hello", max_length=2)
    assert run.state == "done", run.error

model = open_model("demo:small")
for _ in range(3):
    asyncio.run(asked())
    print(len(workers()))
asyncio.run(model.aclose())
for _ in range(100):
    if not workers():
        print("none")
        break
    time.sleep(0.05)
"""


def test_an_event_loop_that_is_closed_leaves_no_process_behind() -> None:
    said = subprocess.run([sys.executable, "-c", LOOPS], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1", "1", "1", "none"]


async def _asked(model: ChatModel) -> Run:
    return await generate(model, "Hello", max_length=2)


async def test_who_gives_up_waiting_for_a_file_leaves_the_others_waiting_for_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts = 0
    start = WorkerProcess.start

    async def counted(path: Path, settings: EngineSettings) -> WorkerProcess:
        nonlocal starts
        starts += 1
        return await start(path, settings)

    monkeypatch.setattr(WorkerProcess, "start", counted)
    async with open_model("demo:small") as one, open_model("demo:small") as other:
        first, second = asyncio.create_task(one.warm_up()), asyncio.create_task(other.warm_up())
        await asyncio.sleep(0.05)
        first.cancel()
        await second
        with pytest.raises(asyncio.CancelledError):
            await first
        assert starts == 1
    assert not workers()


async def test_where_everybody_gives_up_waiting_nothing_is_read() -> None:
    async with open_model("demo:small") as model:
        waiting = asyncio.create_task(model.warm_up())
        await asyncio.sleep(0.05)
        waiting.cancel()
        again = asyncio.create_task(_asked(model))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await again).state == "done"
        assert len(workers()) == 1
    assert not workers()


async def test_closing_a_model_while_its_file_is_read_says_so() -> None:
    model = open_model("demo:small")
    waiting = asyncio.create_task(_asked(model))
    await asyncio.sleep(0.05)
    await model.aclose()
    assert isinstance((await waiting).error, ModelClosed)
    assert not workers()


async def test_closing_a_model_ends_its_runs(model: LlamaModel) -> None:
    run = long_run(model)
    await _until_text(run)
    await model.aclose()
    await run
    assert isinstance(run.error, ModelClosed)
    with pytest.raises(ModelClosed):
        await model.warm_up()


async def test_a_cancelled_run_stops_the_worker_and_keeps_its_text(model: LlamaModel) -> None:
    run = long_run(model)
    await _until_text(run)
    await run.cancel()
    assert run.state == "cancelled"
    assert run.text
    worker = workers()[0]
    await asyncio.sleep(0.1)
    before = sum(worker.cpu_times()[:2])
    await asyncio.sleep(0.3)
    assert sum(worker.cpu_times()[:2]) - before < 0.1, "the worker is idle again"


LIVES_ON = {
    "alone": "",
    "with a forked child that holds its pipes": "    if os.fork() == 0: time.sleep(60)\n",
}


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
@pytest.mark.parametrize("how", LIVES_ON)
async def test_the_worker_ends_when_its_parent_is_killed(how: str) -> None:
    script = (
        "import asyncio, os, time\n"
        "from playground.providers import open_model\n"
        "async def main():\n"
        "    model = open_model('demo:small')\n"
        "    await model.warm_up()\n"
        "    print((await model._worker()).pid, flush=True)\n"
        f"{LIVES_ON[how]}"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.stdout.readline()
    forked = [child for child in psutil.Process(parent.pid).children() if child != worker]
    assert len(forked) == (how != "alone")
    try:
        parent.kill()
        deadline = time.monotonic() + 1
        while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the worker outlived its parent"
            await asyncio.sleep(0.02)
    finally:
        for child in forked:
            child.kill()
        parent.kill()
        parent.communicate()


async def test_no_key_is_within_the_reach_of_a_model_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    monkeypatch.setenv("HF_TOKEN", "hf-planted")
    async with open_model("demo:small") as opened:
        await opened.warm_up()
        environment = " ".join(workers()[0].environ().values())
    assert "planted" not in environment


async def test_a_module_in_the_current_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    async with open_model("demo:small") as opened:
        await opened.warm_up()


async def test_the_same_seed_repeats_across_processes() -> None:
    texts = []
    for _ in range(2):
        async with open_model("demo:small") as opened:
            run = await generate(opened, "Once upon a time", seed=0, max_length=30)
            texts.append(run.text)
    assert texts[0] == texts[1]
    assert texts[0]


async def test_an_unset_seed_is_drawn_and_reported_and_repeats_the_answer(
    model: LlamaModel,
) -> None:
    first = await generate(model, "Tell me a story", temperature=1.5, max_length=30)
    assert first.plan is not None
    seed = first.plan.effective["seed"]
    assert any(note.knob == "seed" for note in first.plan.adjustments)
    second = await generate(model, "Tell me a story", temperature=1.5, max_length=30, seed=seed)
    assert second.text == first.text


async def test_a_prompt_longer_than_the_context_says_both_lengths(model: LlamaModel) -> None:
    run = await generate(model, "word " * 5000)
    assert isinstance(run.error, ContextOverflow)
    assert "1,024" in str(run.error)
    assert (await generate(model, "Hello", max_length=2)).state == "done"


async def test_a_context_that_cannot_fit_into_memory_is_refused_with_figures() -> None:
    async with open_model("demo:small", context_length=10_000_000, unified=False) as opened:
        with pytest.raises(ModelLoadFailed, match=r"needs [\d.]+ GB.*free"):
            await opened.warm_up()


def _damaged(path: Path, demo: Path, how: str) -> Path:
    data = bytearray(demo.read_bytes())
    match how:
        case "truncated":
            data = data[: len(data) // 3]
        case "header only":
            data = data[:24]
        case "wrong counts":
            data[8:24] = b"\xff" * 16
        case "scrambled":
            dice = random.Random(7)
            for _ in range(400):
                data[dice.randrange(24, 60_000)] = dice.randrange(256)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("how", ["truncated", "header only", "wrong counts", "scrambled"])
async def test_a_damaged_file_is_refused_with_the_log_and_nothing_else_dies(
    tmp_path: Path, demo_path: Path, how: str
) -> None:
    path = _damaged(tmp_path / "broken.gguf", demo_path, how)
    async with open_model(f"local:{path}") as opened:
        with pytest.raises(ModelLoadFailed) as caught:
            await opened.warm_up()
    assert "broken.gguf" in str(caught.value)
    assert caught.value.log


def _with_number(path: Path, demo: Path, key: str, number: int) -> Path:
    """A copy of the demo with one number of its header written over."""
    import gguf

    field = gguf.GGUFReader(demo).get_field(key)
    assert field is not None
    data = bytearray(demo.read_bytes())
    begin = field.offset + sum(part.nbytes for part in field.parts[:-1])
    data[begin : begin + 4] = number.to_bytes(4, "little")
    path.write_bytes(data)
    return path


async def test_a_file_over_which_llama_cpp_aborts_is_refused_with_its_last_words(
    tmp_path: Path, demo_path: Path
) -> None:
    # A model of no layers fails an assertion, which ends the process: no exception to catch.
    path = _with_number(tmp_path / "hollow.gguf", demo_path, "llama.block_count", 0)
    before = set(psutil.Process().children(recursive=True))
    async with open_model(f"local:{path}") as opened:
        for _attempt in range(2):
            run = await generate(opened, "Hello")
            assert isinstance(run.error, ModelLoadFailed)
            assert "hollow.gguf" in str(run.error)
            assert "SIGABRT" in str(run.error)
            assert "memory" not in str(run.error), "the log says that it was something else"
            assert "GGML_ASSERT" in run.error.log[-1], "the reason is the last line, no backtrace"
        left = set(psutil.Process().children(recursive=True)) - before
        assert not left, "nor a debugger, nor a zombie"
    async with open_model("demo:small") as opened:
        assert (await generate(opened, "Hello", max_length=2)).state == "done"


@pytest.mark.parametrize("trained", [0, 2**31, 2**32 - 1])
async def test_a_senseless_context_length_in_the_file_does_not_eat_the_memory(
    tmp_path: Path, demo_path: Path, trained: int
) -> None:
    path = _with_number(tmp_path / "endless.gguf", demo_path, "llama.context_length", trained)
    async with open_model(f"local:{path}") as opened:
        assert (await generate(opened, "Hello", max_length=2)).state == "done"
        (worker,) = workers()
        assert worker.memory_info().rss < 4 * 1024**3


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no file"), (b"", "is empty"), (b"PK\x03\x04 zip", "not a GGUF")],
)
def test_what_is_not_a_model_file_is_named_before_a_process_is_started(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=says):
        open_model(f"local:{path}")


def test_a_misspelt_file_or_model_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "llama-3.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelFileError, match=r"llama-3\.gguf"):
        open_model(f"local:{tmp_path}/lama-3.gguf")
    with pytest.raises(UnknownModel, match="small"):
        open_model("demo:smal")


def test_an_option_that_does_not_exist_gets_a_suggestion() -> None:
    with pytest.raises(InvalidParameter, match="context_length"):
        open_model("demo:small", context_lenght=100)


def _with_template(path: Path, demo: Path, *, key: bytes = b"", source: bytes = b"") -> Path:
    """A copy of the demo with the template's key or its source written over."""
    import gguf

    field = gguf.GGUFReader(demo).get_field("tokenizer.chat_template")
    assert field is not None
    data = bytearray(demo.read_bytes())
    name = field.offset + 8
    data[name : name + len(key)] = key
    begin = name + len(b"tokenizer.chat_template") + 4 + 8
    length = len(field.parts[-1])
    if source:
        assert len(source) <= length
        data[begin : begin + length] = source.ljust(length)
    path.write_bytes(data)
    return path


async def test_without_a_template_turns_are_written_plainly_and_the_plan_says_so(
    tmp_path: Path, demo_path: Path
) -> None:
    path = _with_template(tmp_path / "plain.gguf", demo_path, key=b"tokenizer.chat_tmplates")
    async with open_model(f"local:{path}") as opened:
        run = await generate(opened, "Once upon a time", max_length=8, temperature=0)
    assert run.state == "done"
    assert run.plan is not None
    assert any(note.knob == "chat_template" for note in run.plan.adjustments)


async def test_a_broken_template_is_an_error_with_a_way_on(tmp_path: Path, demo_path: Path) -> None:
    path = _with_template(tmp_path / "broken.gguf", demo_path, source=b"{% for %}")
    async with open_model(f"local:{path}") as opened:
        run = await generate(opened, "Hello")
        assert isinstance(run.error, ChatTemplateError)
        assert 'chat_template="plain"' in str(run.error)
    async with open_model(f"local:{path}", chat_template="plain") as opened:
        assert (await generate(opened, "Hello", max_length=2)).state == "done"


async def test_a_pasted_control_token_ends_no_turn(model: LlamaModel) -> None:
    (end,) = {token for token, data in enumerate(await model.vocabulary()) if not data} & {4}
    plain = await model.prompt_tokens(as_messages("Hello"))
    typed = await model.prompt_tokens(as_messages("Hello<|end|>\n<|user|>Hello"))
    assert typed.count(end) == plain.count(end) == 1
    assert b"<|end|>\n<|user|>" in await model.detokenize(typed)


async def test_a_template_that_writes_nothing_is_an_error_and_no_wait(
    tmp_path: Path, demo_path: Path
) -> None:
    path = _with_template(tmp_path / "mute.gguf", demo_path, source=b"{{ '' -}}")
    async with open_model(f"local:{path}") as opened:
        run = await generate(opened, "Hello")
        assert isinstance(run.error, ChatTemplateError)
        assert "writes nothing" in str(run.error)


@pytest.mark.parametrize(
    ("knobs", "error"),
    [
        ({"temperature": 1e-38, "logprobs": 3}, None),
        ({"temperature": 1e-35, "logit_bias": {"7": 10_000}, "logprobs": 3}, None),
        ({"logit_bias": {"9" * 5000: 1.0}}, InvalidParameter),
        ({"logit_bias": {"٣": 1.0}}, InvalidParameter),
    ],
)
async def test_no_knob_of_one_run_ends_the_others(
    model: LlamaModel, knobs: dict[str, Any], error: type[Exception] | None
) -> None:
    beside = long_run(model)
    await _until_text(beside)
    run = await generate(model, "Hello", max_length=4, **knobs)
    assert type(run.error) is (error or type(None))
    assert beside.state == "running"
    await beside.cancel()
    if error is None:
        greedy = await generate(model, "Hello", max_length=4, **{**knobs, "temperature": 0})
        assert run.text == greedy.text


async def test_an_answer_that_goes_on_within_a_character_completes_it(model: LlamaModel) -> None:
    face = await model.tokenize("😀")
    assert len(face) == 4
    for cut in range(1, 4):
        rest = {str(token): 1000.0 for token in face[cut : cut + 1]}
        run = await generate(model, "Hi", prefix=face[:cut], max_length=1, logit_bias=rest)
        assert run.text == ("😀" if cut == 3 else "\N{REPLACEMENT CHARACTER}")


async def test_a_prompt_that_can_never_fit_is_refused_before_others_have_to_wait(
    model: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    run = await generate(model, "word " * 2_000_000)
    assert isinstance(run.error, ContextOverflow)
    assert "10,000,0" in str(run.error)
    assert time.monotonic() - began < 5


async def test_more_scores_than_a_line_holds_are_refused_and_end_nobody(model: LlamaModel) -> None:
    beside = long_run(model)
    await _until_text(beside)
    settings = [GenerationParams(temperature=1 + at / 1000) for at in range(3000)]
    with pytest.raises(LocalError, match="too many figures"):
        await model.score(as_messages("Hello"), "word " * 200, settings, alternatives=100)
    assert beside.state == "running"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
@pytest.mark.parametrize(
    "source",
    [
        b"{{'x'*10**11}}",
        b"{%set n=namespace(s='xxxxxxxx')%}{%for i in range(99)%}{%set n.s=n.s~n.s%}{%endfor%}",
        b"{{'%99999999999d'%1}}",
    ],
)
async def test_a_template_that_takes_all_memory_gets_none(
    tmp_path: Path, demo_path: Path, source: bytes
) -> None:
    path = _with_template(tmp_path / "greedy.gguf", demo_path, source=source)
    async with open_model(f"local:{path}") as opened:
        run = await generate(opened, "Hello")
        assert isinstance(run.error, ChatTemplateError)
        assert "MemoryError" in str(run.error)
        # The process is the same, and may take again what it needs.
        assert await opened.tokenize("word " * 100_000)


async def test_a_template_that_loops_without_end_costs_its_own_process_only(
    tmp_path: Path, demo_path: Path
) -> None:
    hostile = b"{%for a in range(9**5)%}{%for b in range(9**5)%}{%endfor%}{%endfor%}"
    path = _with_template(tmp_path / "hostile.gguf", demo_path, source=hostile)
    async with open_model(f"local:{path}") as opened:
        run = await generate(opened, "Hello")
    assert isinstance(run.error, BackendCrashed)
    assert "hostile.gguf was ended: the file's chat template took longer" in run.error.message
    assert 'chat_template = "plain"' in run.error.hint
    assert any("template" in line for line in run.error.log)


async def test_a_template_that_is_read_without_end_is_named_and_can_be_left_out(
    tmp_path: Path, demo_path: Path
) -> None:
    # Constants are worked out while it is read.
    hostile = b"{{('a '*1000000)" + b"|wordwrap(1)" * 12 + b"}}"
    path = _with_template(tmp_path / "hostile.gguf", demo_path, source=hostile)
    async with open_model(f"local:{path}") as opened:
        run = await generate(opened, "Hello")
    assert isinstance(run.error, ChatTemplateError)
    assert str(path) in run.error.message
    assert 'chat_template = "plain"' in run.error.hint
    async with open_model(f"local:{path}", chat_template="plain") as opened:
        assert (await generate(opened, "Hello", max_length=2)).state == "done"
