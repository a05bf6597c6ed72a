"""What the worker says crosses the pipe at once where it matters, and together where it is fast."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from playground.providers.llama import worker as worker_module
from playground.providers.llama.log import start_llama
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
from playground.types import Draw, Token, TokenAlternative

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


def test_the_end_of_a_request_does_not_wait_for_those_that_go_on(
    worker: Worker, pipe: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HOLD_SECONDS", NEVER)
    worker.take(_asked(1, ENDLESS))
    worker.take(_asked(2, ENDLESS.model_copy(update={"max_length": 6})))
    while not any(isinstance(report, Done) for frame in _frames(pipe) for report in frame):
        assert not worker.engine.idle, "the shorter one ended with the longer one only"
        worker.step()
    said = [report for frame in _frames(pipe) for report in frame if report.id == 2]
    assert [type(report) for report in said[-2:]] == [ChoiceEnded, Done]
    assert sum(isinstance(report, Text) for report in said) == 6
    assert not worker.engine.idle


def test_bytes_that_are_part_of_a_character_cross_the_pipe_as_they_are() -> None:
    part, whole = b"\xe6\x98", "\U0001f98a".encode()
    token = Token(
        part.decode("utf-8", "replace"),
        -0.5,
        alternatives=(TokenAlternative("\ufffd", -1.5, 7, part), TokenAlternative("a", -2.5, 8)),
        token_id=3,
        data=part,
        rank=1,
        entropy=0.25,
        draw=Draw(-0.125, 0.5, 2, 0.75, (TokenAlternative("\ufffd", -1.5, 9, whole),)),
    )
    pipe = io.BytesIO()
    Outbox(pipe).send(Text(id=1, choice=0, text="", tokens=(token,)))
    ((read,),) = _frames(pipe)
    assert isinstance(read, Text)
    assert read.tokens == (token,)
