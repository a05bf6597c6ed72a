"""The hosted path, whole, against a real OpenAI-style server with the demo model behind it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

import playground
from playground.errors import StreamTruncated, UnsupportedParameter
from playground.providers.base import ChatModel
from playground.run import generate
from playground.types import TextDelta


@pytest.fixture
def reference(llama_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A reference that the shipped catalogue and one variable lead to the server."""
    monkeypatch.setenv("LLAMA_CPP_PYTHON_BASE_URL", llama_url)
    return "llama-cpp-python:small"


@pytest.fixture
async def model(reference: str) -> AsyncIterator[ChatModel]:
    async with playground.open_model(reference) as opened:
        yield opened


async def test_an_answer_streams(model: ChatModel) -> None:
    run = generate(model, "Tell me a story.", max_length=24, temperature=0)
    pieces = [event.text async for event in run if isinstance(event, TextDelta)]
    assert len(pieces) > 3
    assert run.text == "".join(pieces)
    assert run.timing.first_token is not None
    assert run.timing.total is not None
    assert run.timing.first_token < run.timing.total


async def test_a_seed_repeats_an_answer(model: ChatModel) -> None:
    async def once(seed: int) -> str:
        run = await generate(model, "Hello!", max_length=16, temperature=1.5, seed=seed)
        assert run.error is None
        return run.text

    first = [await once(7), await once(7)]
    assert first[0] == first[1]
    assert len({await once(seed) for seed in (1, 2, 3)} | {first[0]}) > 1


async def test_probabilities_of_the_real_distribution_arrive(model: ChatModel) -> None:
    run = await generate(model, "Hello!", max_length=6, temperature=0, logprobs=3)
    assert len(run.tokens) == 6
    for token in run.tokens:
        assert token.logprob is not None
        assert token.alternatives[0].text == token.text  # temperature 0 takes the likeliest
        assert len(token.alternatives) == 3
    assert b"".join(token.data for token in run.tokens).decode() == run.text


async def test_a_knob_that_the_server_ignores_is_refused_before_it_is_sent(
    model: ChatModel,
) -> None:
    run = await generate(model, "Hello!", n=2)
    assert isinstance(run.error, UnsupportedParameter)
    assert "ignores n" in str(run.error)


async def test_a_server_that_gives_up_without_a_word_is_noticed(model: ChatModel) -> None:
    """This server answers 200 and hangs up when the prompt is longer than its context."""
    run = await generate(model, "word " * 2000)
    assert isinstance(run.error, StreamTruncated)
    for _ in range(5):  # it sometimes takes the next request down with it
        after = await generate(model, "Hello!", max_length=3)
        if after.error is None:
            break
        await asyncio.sleep(0.1)
    assert after.error is None


def test_plain_synchronous_code_talks_to_it_from_several_threads(reference: str) -> None:
    with playground.Session() as session:
        said: list[str] = []

        def ask() -> None:
            said.append("".join(session.stream(reference, "Hello!", max_length=8, seed=1)))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(said) == 3
        assert len(set(said)) == 1
        assert said[0]


async def test_two_endpoints_answer_side_by_side(reference: str) -> None:
    async with (
        playground.open_model(reference) as hosted,
        playground.open_model("demo:small") as local,
    ):
        comparison = playground.compare([hosted, local], "Hello!", max_length=8)
        async with comparison:
            heard = {run.model.ref.provider async for run, _event in comparison}
        assert heard == {"llama-cpp-python", "demo"}
        assert all(run.text for run in comparison.runs)


async def test_the_loop_goes_on_while_the_sdk_is_imported(reference: str) -> None:
    """The first request imports the SDK in a thread: a terminal beside it stays alive."""
    longest = 0.0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        clock = asyncio.get_running_loop().time
        while not done.is_set():
            before = clock()
            await asyncio.sleep(0.005)
            longest = max(longest, clock() - before)

    watcher = asyncio.create_task(watch())
    async with playground.open_model(reference) as model:
        await model.warm_up()
    done.set()
    await watcher
    assert longest < 1.0
