"""How many requests an endpoint gets: as many as it takes, and none while it asks to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.limit import (
    CLEARED,
    CROSSED_PATIENCE,
    CROSSING,
    FIRST,
    MORE,
    MOST,
    PACE,
    Limit,
)
from playground.sweep.result import SweepResult
from playground.sweep.serving import HOPELESS
from playground.sweep.starting import begin, resume
from tests.servers.fault import (
    Act,
    Exchange,
    FaultServer,
    answers,
    breaks_off,
    delta,
    event,
    status,
)

A_PACE = PACE * 1.01
"""A little more, so that it is one whatever the sums are rounded to."""

TOO_MANY = {"error": {"message": "too many", "type": "rate_limit_error"}}


@pytest.fixture
def endpoint(config_folder: Path) -> Iterator[FaultServer]:
    """A provider `loop` of the user's own."""
    with FaultServer() as server:
        folder = config_folder / "providers" / "loop"
        folder.mkdir(parents=True)
        text = f'base_url = "{server.url}"\nkey_required = false\n'
        folder.joinpath("provider.toml").write_text(text, encoding="utf-8")
        yield server


class Room:
    """An endpoint that answers so many at once and refuses the rest.

    Nobody is answered before somebody has been refused, however slowly they come.
    """

    def __init__(self, most: int, wait: str | None = None) -> None:
        self.most = most
        self.wait = {} if wait is None else {"Retry_After": wait}
        self.inside = self.widest = self.refused = 0
        self.full = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        if self.inside >= self.most:
            self.refused += 1
            self.full.set()
            await status(429, TOO_MANY, **self.wait)(exchange)
            return
        self.inside += 1
        self.widest = max(self.widest, self.inside)
        try:
            await self.full.wait()
            await asyncio.sleep(0.02)
            # The client hears the end before the place is free: at once, it may ask again.
            self.inside -= 1
            await answers("Hello")(exchange)
        except BaseException:
            self.inside -= 1
            raise


def swept(cells: int, samples: int = 1) -> Sweep:
    space = {"top_p": f"{1 / cells}:1:{1 / cells}"}
    return build(Asked.of_words(prompt="Hi", models="loop:x", space=space, samples=samples, seed=1))


async def made(sweep: Sweep, history: History) -> SweepResult:
    runner = begin(sweep, history)
    await runner.run()
    return SweepResult.load(history, runner.id)


@pytest.mark.parametrize("wait", [None, "0.05"])
async def test_an_endpoint_gets_as_many_as_it_takes_and_no_answer_is_lost(
    endpoint: FaultServer, wait: str | None
) -> None:
    room = Room(FIRST // 2, wait)
    endpoint.play(room)
    with History.in_memory() as history:
        runner = begin(swept(50), history)
        await runner.run()
        assert runner.progress.retried == room.refused
        result = SweepResult.load(history, runner.id)
        assert (result.state, result.failed, len(result.cells)) == ("done", 0, 50)
        tries = [row.tries for cell in result.cells for row in result.answers(cell.number)]
    assert room.widest == FIRST // 2
    # It was found out by being refused, and then hardly tried again.
    assert 0 < room.refused < 25
    assert sum(tries) == 50 + room.refused


async def test_nobody_asks_while_the_endpoint_asks_to_wait(endpoint: FaultServer) -> None:
    begun: list[float] = []

    async def closed_for_a_second(exchange: Exchange) -> None:
        begun.append(time.monotonic())
        closed = time.monotonic() < begun[0] + 1
        act: Act = status(429, TOO_MANY, Retry_After="1") if closed else answers("Hello")
        await act(exchange)

    endpoint.play(closed_for_a_second)
    with History.in_memory() as history:
        result = await made(swept(20), history)
        assert (result.state, result.failed, len(result.cells)) == ("done", 0, 20)
    # Those that were under way together at most.
    assert len([at for at in begun if at < begun[0] + 1]) <= FIRST + MORE


async def test_nobody_asks_where_the_endpoint_has_said_that_nothing_is_left(
    endpoint: FaultServer,
) -> None:
    begun: list[float] = []

    async def says_what_is_left(exchange: Exchange) -> None:
        begun.append(time.monotonic())
        spent = time.monotonic() < begun[0] + 1
        left = {"X_RateLimit_Remaining_Requests": "0" if spent else "100"}
        await exchange.head(**left, X_RateLimit_Reset_Requests="1s")
        for chunk in (delta("Hello"), delta(finish="stop"), "[DONE]"):
            await exchange.send(event(chunk))

    endpoint.play(says_what_is_left)
    with History.in_memory() as history:
        runner = begin(swept(80), history)
        await runner.run()
        assert (runner.progress.cells, runner.progress.failed, runner.progress.retried) == (
            80,
            0,
            0,
        )
    # Those that were under way before any head had come back.
    assert len([at for at in begun if at < begun[0] + 1]) <= FIRST + MORE


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (status(429, TOO_MANY, Retry_After="3600"), "loop:x asks to wait 3,600 seconds"),
        (status(503, {}, Retry_After="3600"), "loop:x asks to wait 3,600 seconds"),
        (status(402, {"error": {"message": "pay"}}), "loop:x: loop answered 402: pay. Add credit"),
        (status(401, {"error": {"message": "no"}}), "loop:x: loop answered 401: no."),
    ],
)
async def test_where_asking_on_is_no_use_the_sweep_stops_and_can_go_on_later(
    endpoint: FaultServer, act: Act, said: str
) -> None:
    endpoint.play(*[answers("Hello")] * 5, act)
    with History.in_memory() as history:
        sweep = swept(40)
        stopped = await made(sweep, history)
        assert stopped.state == "stopped"
        assert stopped.reason.startswith(said)
        assert stopped.failed == 0
        asked = len(endpoint.bodies)
        assert asked < 5 + FIRST + MORE + 6
        endpoint.play(answers("Hello"))
        await (await resume(stopped.id, history)).run()
        whole = SweepResult.load(history, stopped.id)
        assert (whole.state, whole.failed, len(whole.cells)) == ("done", 0, 40)
        assert len(endpoint.bodies) == 40 - 5


async def test_an_endpoint_that_always_refuses_is_given_up(endpoint: FaultServer) -> None:
    endpoint.play(status(500, {"error": {"message": "never"}}))
    with History.in_memory() as history:
        # More than may be at work when the twentieth fails: those end too.
        result = await made(swept(200), history)
        assert result.state == "stopped"
        assert "failed 20 times in a row" in result.reason


async def test_a_model_that_has_answered_in_an_earlier_start_is_not_given_up(
    endpoint: FaultServer,
) -> None:
    refused = status(400, {"error": {"message": "not this one"}})
    endpoint.play(*[answers("Hello")] * 10, refused)
    with History.in_memory() as history:
        first = await made(swept(10 + HOPELESS), history)
        assert (first.state, first.failed) == ("done", HOPELESS)
        endpoint.play(refused)
        await (await resume(first.id, history, failed_again=True)).run()
        again = SweepResult.load(history, first.id)
        assert (again.state, again.reason, again.failed) == ("done", "", HOPELESS)


async def test_a_sweep_of_which_nothing_is_missing_is_done_though_all_of_it_failed(
    endpoint: FaultServer,
) -> None:
    endpoint.play(status(400, {"error": {"message": "not this one"}}))
    with History.in_memory() as history:
        result = await made(swept(HOPELESS), history)
        assert (result.state, result.failed) == ("done", HOPELESS)


class OneAtATime:
    """An endpoint that breaks an answer off as soon as the next one is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, exchange: Exchange) -> None:
        self.asked += 1
        mine = self.asked
        await asyncio.sleep(0.01)
        await (answers("Hello") if mine == self.asked else breaks_off(delta("Hel")))(exchange)


async def test_an_endpoint_that_breaks_off_for_the_next_one_gets_one_at_a_time(
    endpoint: FaultServer,
) -> None:
    endpoint.play(OneAtATime())
    with History.in_memory() as history:
        result = await made(swept(60), history)
        assert (result.state, result.failed, len(result.cells)) == ("done", 0, 60)


class Clock:
    """Stands still unless it is moved on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def enters(limit: Limit) -> bool:
    """Whether somebody is let in at once."""
    try:
        await asyncio.wait_for(limit.enter(), 0.01)
    except TimeoutError:
        return False
    return True


async def test_each_success_lets_one_more_through_until_the_first_refusal() -> None:
    limit = Limit(clock=Clock())
    for _ in range(FIRST):
        assert await enters(limit)
    assert not await enters(limit)
    await limit.leave()
    assert limit.size == FIRST + 1
    for _ in range(2):
        assert await enters(limit)
    assert not await enters(limit)
    # The ninth is refused while eight are running: eight it takes.
    await limit.leave(refused=True)
    assert int(limit.size) == limit.running == FIRST
    # After a round that went well, one more is tried, after the next refusal only after two.
    for rounds in (1, 2, 4):
        for place in range(FIRST * rounds + 1):
            assert int(limit.size) == FIRST, (rounds, place)
            await limit.leave()
            await limit.enter()
        while int(limit.size) == FIRST:
            await limit.leave()
            await limit.enter()
        assert await enters(limit)
        await limit.leave(refused=True)
        assert int(limit.size) == FIRST


@pytest.mark.parametrize("taken", [1, 5, FIRST - 1])
async def test_what_is_refused_of_one_round_is_one_refusal(taken: int) -> None:
    limit = Limit(clock=Clock())
    tickets = [await limit.enter() for _ in range(FIRST)]
    for ticket in tickets[taken:]:
        await limit.leave(ticket, refused=True)
    # Those that it took are the limit, and nobody has to wait.
    assert (int(limit.size), limit.running) == (taken, taken)
    assert not await enters(limit)
    await limit.leave(tickets[0])
    assert await enters(limit)


async def test_while_none_of_the_first_is_refused_more_follow_one_by_one() -> None:
    clock = Clock()
    limit = Limit(clock=clock)
    for _ in range(FIRST):
        assert await enters(limit)
    for _ in range(MORE):
        assert not limit.has_room
        clock.seconds += A_PACE
        assert await enters(limit)
    # Then it takes answers.
    clock.seconds += 3600
    assert not limit.has_room
    await limit.leave()
    assert limit.allowed == FIRST + MORE + 1


async def test_whoever_waits_is_let_in_when_it_is_time_though_nothing_came_back() -> None:
    limit = Limit()
    for _ in range(FIRST):
        await limit.enter()
    await asyncio.wait_for(limit.enter(), 60)
    assert limit.running == FIRST + 1


async def test_the_limit_is_found_before_the_first_answer_ends_and_costs_one_refusal() -> None:
    clock = Clock()
    limit = Limit(clock=clock)
    tickets = [await limit.enter() for _ in range(FIRST)]
    for _ in range(5):
        clock.seconds += A_PACE
        tickets.append(await limit.enter())
    await limit.leave(tickets.pop(), refused=True)
    assert int(limit.size) == limit.running == FIRST + 4
    # Silence says nothing any more.
    clock.seconds += 3600
    assert not limit.has_room
    await limit.leave(tickets.pop())
    assert limit.has_room


async def test_a_refused_try_does_not_take_places_that_are_just_changing_hands() -> None:
    limit = Limit(clock=Clock())
    tickets = [await limit.enter() for _ in range(FIRST)]
    await limit.leave(tickets.pop(), refused=True)
    known = FIRST - 1
    while int(limit.size) == known:
        await limit.leave(tickets.pop(0))
        tickets.append(await limit.enter())
    tickets.append(await limit.enter())
    for ticket in tickets[:3]:
        await limit.leave(ticket)
    await limit.leave(tickets[-1], refused=True)
    assert (int(limit.size), limit.running) == (known, known - 3)
    # If it takes fewer by now, the refusals of that round say so, and it is those that are left.
    for ticket in tickets[3:7]:
        await limit.leave(ticket, refused=True)
    assert int(limit.size) == limit.running == known - 7


async def test_where_all_of_a_round_is_refused_everybody_waits() -> None:
    limit = Limit(clock=Clock())
    tickets = [await limit.enter() for _ in range(FIRST)]
    for ticket in tickets:
        await limit.leave(ticket, refused=True, wait=30)
    assert (limit.size, limit.running) == (1, 0)
    assert not await enters(limit)


async def test_refusals_with_no_success_halve_it_and_make_everybody_wait() -> None:
    limit = Limit(clock=Clock())
    await limit.enter()
    await limit.leave(refused=True, wait=30)
    assert limit.size == FIRST / 2
    assert not await enters(limit)
    await limit.open()
    assert await enters(limit)


async def test_answers_that_break_off_beside_others_leave_one_at_a_time() -> None:
    limit = Limit(clock=Clock())
    tickets = [await limit.enter() for _ in range(FIRST)]
    await limit.leave(tickets.pop(), broken=True)
    await limit.leave(tickets.pop())
    for _ in range(CROSSING - 1):
        await limit.leave(tickets.pop(), broken=True)
    # One that ended well in between speaks against it.
    assert limit.size > FIRST
    for _ in range(CROSSING):
        await limit.leave(tickets.pop(), broken=True)
    assert limit.size == 1
    # Those that were at work too say nothing new.
    while tickets:
        await limit.leave(tickets.pop(), broken=True)
    assert limit.size == 1
    first = await alone_until_two(limit)
    assert first >= CROSSED_PATIENCE
    tickets = [await limit.enter() for _ in range(2)]
    await limit.leave(tickets[0], broken=True)
    await limit.leave(tickets[1])
    assert limit.allowed == 1
    # That cost an answer: before the next try it takes more of them.
    assert await alone_until_two(limit) > 1.5 * first


async def test_where_answers_get_on_beside_each_other_again_half_as_many_as_before_follow() -> None:
    limit = Limit(clock=Clock())
    tickets = [await limit.enter() for _ in range(FIRST)]
    while tickets:
        await limit.leave(tickets.pop(), broken=True)
    await alone_until_two(limit)
    for _ in range(CLEARED):
        tickets = [await limit.enter() for _ in range(2)]
        for ticket in tickets:
            await limit.leave(ticket)
    assert limit.size >= FIRST / 2


async def test_an_answer_that_breaks_off_alone_lowers_nothing() -> None:
    limit = Limit(clock=Clock())
    for _ in range(2 * CROSSING):
        await limit.leave(await limit.enter(), broken=True)
    assert limit.size == FIRST


async def alone_until_two(limit: Limit) -> int:
    """How many answers have to end well, one after the other, until two may run at once."""
    count = 0
    while limit.allowed < 2:
        await limit.leave(await limit.enter())
        count += 1
    return count


async def test_what_is_spent_for_longer_than_any_pause_is_tried_all_the_same() -> None:
    clock = Clock()
    limit = Limit(clock=clock)
    await limit.leave(await limit.enter(), opens=clock.seconds + 3600)
    assert limit.has_room
    await limit.leave(await limit.enter(), opens=clock.seconds + 30)
    assert not limit.has_room
    clock.seconds += 30
    assert limit.has_room


async def test_a_limit_that_is_known_does_not_move_by_itself() -> None:
    limit = Limit(2)
    assert await enters(limit)
    assert await enters(limit)
    assert not await enters(limit)
    await limit.leave()
    await limit.leave(refused=True, wait=30)
    assert limit.size == 2
    assert await enters(limit)
    await limit.resize(0)
    assert limit.size == 1


async def test_no_endpoint_gets_more_than_all_connections() -> None:
    limit = Limit()
    for _ in range(2 * MOST):
        await limit.enter()
        await limit.leave()
    assert limit.size == MOST
