"""A sweep holds little in memory, however fast its models and however slow the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from playground.history import History
from playground.lens.tokens import Tokens
from playground.params import GenerationParams
from playground.providers.scripted import ScriptedModel
from playground.sweep.asked import Asked, build
from playground.sweep.lane import HereLane, Work
from playground.sweep.result import SweepResult
from playground.sweep.runner import AHEAD, Runner
from playground.types import Event as Said
from playground.types import Message, Plan

PARALLEL = 8


class Counting(ScriptedModel):
    """Answers eight at once, and counts what it was asked."""

    def __init__(self) -> None:
        super().__init__(["fine"], name="echo")
        self.asked = 0

    @property
    def parallel(self) -> int:
        return PARALLEL

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Said, None]:
        self.asked += 1
        async for event in super().stream(messages, plan):
            yield event


async def test_nothing_new_is_begun_while_too_much_waits_for_the_disk() -> None:
    model = Counting()
    sweep = build(
        Asked.of_words(
            prompt="Hi",
            models="scripted:echo",
            space={"temperature": "0.01:2:0.01"},
            samples=2,
            seed=1,
        )
    )
    holding, free = Event(), Event()

    with History.in_memory() as history:

        def hold() -> None:
            with history._database.reading():
                holding.set()
                free.wait()

        with ThreadPoolExecutor(1) as other:
            other.submit(hold)
            assert holding.wait(10)
            runner = Runner(
                sweep, history, id="slow", executor=lambda ref: HereLane(ref, lambda _ref: model)
            )
            work = asyncio.create_task(runner.run())
            before = -1
            while model.asked != before:
                before = model.asked
                await asyncio.sleep(0.3)
            assert AHEAD <= model.asked <= AHEAD + PARALLEL
            free.set()
            await work
        result = SweepResult.load(history, "slow")
        assert (result.state, len(result.cells), model.asked) == ("done", 200, 400)


async def test_the_figures_of_an_answer_stay_packed() -> None:
    lane = HereLane("demo:tiny")
    await lane.start()
    asked = GenerationParams(logprobs=20, max_length=8, seed=1)
    outcome = await lane.make(Work((Message(role="user", content="Hi"),), asked))
    await lane.aclose()
    assert isinstance(outcome.tokens, Tokens)
    assert outcome.ended.tokens[0] is outcome.tokens
    assert len(outcome.tokens[0].alternatives) == 20
