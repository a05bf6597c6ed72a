"""Whole distributions behind the tokens: so many bytes of them are kept, those looked at last."""

from __future__ import annotations

import asyncio

from playground.providers import open_model
from playground.run import Run
from playground.tui.conversation import Turn, Version
from playground.tui.lens.distributions import BYTES_A_TOKEN, Distributions
from playground.tui.lens.subject import Subject
from playground.types import Message
from tests.tui.lens.looking import PARAMS


async def test_what_is_kept_stays_within_its_bytes_and_the_least_lately_looked_at_goes() -> None:
    async with open_model("demo:tiny") as model:
        run = Run(model, [Message(role="user", content="Hello")], PARAMS)
        run.start()
        await run
        subject = Subject("A", Turn("Hello", [run]), Version(run), model)
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
