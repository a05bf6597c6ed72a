"""Whole distributions behind the tokens: so many bytes of them are kept, those looked at last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playground.lens.chain import Position
from playground.providers import open_model
from playground.run import Run
from playground.tui.conversation import Turn, Version
from playground.tui.lens.distributions import BYTES_A_TOKEN, Distributions
from playground.tui.lens.subject import Subject
from playground.types import Message
from tests.tui.lens.looking import PARAMS


@asynccontextmanager
async def _an_answer() -> AsyncIterator[Subject]:
    async with open_model("demo:tiny") as model:
        run = Run(model, [Message(role="user", content="Hello")], PARAMS)
        run.start()
        await run
        yield Subject("A", Turn("Hello", [run]), Version(run), model)


async def test_a_walk_is_not_held_up_by_the_neighbours_of_where_it_was() -> None:
    come: asyncio.Queue[int] = asyncio.Queue()
    async with _an_answer() as subject:
        looked = Distributions(subject, come.put_nowait)
        try:
            order = []
            for place in (2, 5, 9):
                looked.want(place)
                order.append(await asyncio.wait_for(come.get(), 30))
            order += [await asyncio.wait_for(come.get(), 30) for _ in range(3)]
            assert order == [2, 5, 9, 10, 8, 11]
        finally:
            looked.close()


async def test_what_comes_is_prepared_before_it_is_told_of() -> None:
    come: asyncio.Queue[int] = asyncio.Queue()
    prepared: list[Position] = []
    async with _an_answer() as subject:
        looked = Distributions(subject, come.put_nowait, prepare=prepared.append)
        try:
            looked.want(3)
            assert await asyncio.wait_for(come.get(), 30) == 3
            assert looked.at(3) is prepared[0]
            # Its neighbours, too.
            assert await asyncio.wait_for(come.get(), 30) == 4
            assert looked.at(4) is prepared[1]
        finally:
            looked.close()


async def test_what_is_kept_stays_within_its_bytes_and_the_least_lately_looked_at_goes() -> None:
    async with _an_answer() as subject:
        model = subject.model
        assert model is not None
        room = 3 * BYTES_A_TOKEN * len(await model.vocabulary())
        come: asyncio.Queue[int] = asyncio.Queue()
        kept = Distributions(subject, come.put_nowait, most_bytes=room)
        try:
            kept.want(2)
            for _ in range(4):
                await asyncio.wait_for(come.get(), 30)
                assert kept.bytes <= room
            assert kept.places == (3, 1, 4)
            assert kept.at(2) is None
            assert kept.at(3) is not None
            kept.want(8)
            await asyncio.wait_for(come.get(), 30)
            # 1 was looked at less lately than 3, and made room.
            assert set(kept.places) == {3, 4, 8}
            assert kept.bytes == room
        finally:
            kept.close()
