"""What the worker says crosses the pipe at once where it matters, and together where it is fast."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from playground.providers.llama import worker as worker_module
from playground.providers.llama.native import start_llama
from playground.providers.llama.protocol import (
    ChoiceEnded,
    Done,
    EngineSettings,
    Frame,
    Generate,
    Load,
    Report,
    SamplingParams,
    Text,
)
from playground.providers.llama.worker import Outbox, Worker
from playground.run import as_messages

from .conftest import sampling

NEVER, ALWAYS = 1e9, 0.0


def _frames(pipe: io.BytesIO) -> list[tuple[Report, ...]]:
    return [Frame.model_validate_json(line).reports for line in pipe.getvalue().splitlines()]


def _asked(number: int, params: SamplingParams) -> Generate:
    return Generate(id=number, messages=as_messages("Once upon a time"), params=params)


@pytest.fixture
def pipe() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def worker(pipe: io.BytesIO, demo_path: Path) -> Worker:
    start_llama()
    settings = EngineSettings(threads=1, sequences=2, context_length=256)
    opened = Worker(Load(path=str(demo_path), settings=settings), Outbox(pipe), set())
    pipe.truncate(0)
    pipe.seek(0)
    return opened


# With log-probabilities every token is told of, also one that is part of a character only.
ENDLESS = sampling(max_length=12, temperature=0, logprobs=0, logit_bias={"<|end|>": -1000})


def test_fast_tokens_cross_together_but_the_first_and_the_last_at_once(
    worker: Worker, pipe: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HOLD_SECONDS", NEVER)
    worker.take(_asked(1, ENDLESS))
    while not any(isinstance(report, Text) for frame in _frames(pipe) for report in frame):
        worker.step()
    first = len(_frames(pipe))
    while not worker.engine.idle:
        worker.step()
    (last,) = _frames(pipe)[first:]
    kinds = [type(report) for report in last]
    assert kinds == [Text] * 11 + [ChoiceEnded, Done]


def test_slow_tokens_cross_one_by_one(
    worker: Worker, pipe: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HOLD_SECONDS", ALWAYS)
    worker.take(_asked(1, ENDLESS))
    while not worker.engine.idle:
        worker.step()
    texts = [[type(report) for report in frame].count(Text) for frame in _frames(pipe)]
    assert max(texts) == 1
    assert sum(texts) == 12


def test_tokens_do_not_wait_for_the_prompt_of_a_newcomer(
    worker: Worker, pipe: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HOLD_SECONDS", NEVER)
    worker.take(_asked(1, ENDLESS))
    for _ in range(6):
        worker.step()
    before = _frames(pipe)
    worker.take(_asked(2, ENDLESS))
    said = [report for frame in _frames(pipe)[len(before) :] for report in frame]
    assert said, "what was held went out before the command was acted on"
    assert all(isinstance(report, Text) and report.id == 1 for report in said)
