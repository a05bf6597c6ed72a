"""What an endpoint streams arrives as events: text, reasoning, probabilities, counts and cost."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from playground.catalogue import ModelSpec
from playground.errors import ModelClosed, TimedOut
from playground.params import GenerationParams
from playground.providers.openai import OpenAIModel
from playground.providers.openai import model as of_one
from playground.providers.openai.model import cost_of
from playground.run import as_messages, generate
from playground.types import Completed, Finished, FinishReason, ReasoningDelta, TextDelta, Usage
from tests.providers.endpoints import ask, model_at, provider_at
from tests.servers import fault
from tests.servers.fault import Exchange, FaultServer, delta, usage


async def test_text_arrives_in_the_pieces_that_were_sent(faults: FaultServer) -> None:
    faults.play(fault.answers("Hel", "lo", " 世界"))
    async with model_at(faults.url) as model:
        run = generate(model, "Hi")
        pieces = [event.text async for event in run if isinstance(event, TextDelta)]
    assert pieces == ["Hel", "lo", " 世界"]
    assert run.choices[0].finish_reason == "stop"
    assert run.usage.input_tokens == 3
    assert run.usage.output_tokens == 3


async def test_bytes_that_drip_in_one_by_one_make_the_same_answer(faults: FaultServer) -> None:
    faults.play(fault.drips(delta("Grüße "), delta("世界 🎈"), delta(finish="stop"), pause=0))
    run = await ask(model_at(faults.url))
    assert run.text == "Grüße 世界 🎈"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
async def test_every_line_end_of_the_protocol_is_understood(
    faults: FaultServer, line_end: str
) -> None:
    text = fault.event(delta("a")) + fault.event(delta("b", finish="stop")) + "data: [DONE]\n\n"
    faults.play(fault.raw(text.replace("\n", line_end)))
    run = await ask(model_at(faults.url))
    assert run.error is None
    assert run.text == "ab"


async def test_comments_event_names_and_a_byte_order_mark_are_no_text(faults: FaultServer) -> None:
    chunk = json.dumps(delta("fine", finish="stop"))
    faults.play(
        fault.raw(
            "\ufeffdata: " + json.dumps(delta("It is ")) + "\n\n",
            ": keep-alive\n\n",
            f"event: message\nid: 7\nretry: 10\ndata: {chunk}\n\n",
        )
    )
    assert (await ask(model_at(faults.url))).text == "It is fine"


async def test_a_json_object_over_several_data_lines_is_one_event(faults: FaultServer) -> None:
    lines = json.dumps(delta("joined", finish="stop"), indent=1).splitlines()
    faults.play(fault.raw("".join(f"data: {line}\n" for line in lines), "\n"))
    assert (await ask(model_at(faults.url))).text == "joined"


async def test_an_endpoint_that_does_not_stream_is_understood_all_the_same(
    faults: FaultServer,
) -> None:
    message = {"role": "assistant", "content": "all at once"}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 3},
    }
    faults.play(fault.status(200, body))
    run = await ask(model_at(faults.url))
    assert run.text == "all at once"
    assert run.usage.output_tokens == 3


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
async def test_events_are_known_whatever_they_are_called(faults: FaultServer, kind: str) -> None:
    pieces = fault.event(delta("piece ")), fault.event(delta("by piece", finish="stop"))
    faults.play(fault.raw("\n", ": hello\n\n", *pieces, fault.event("[DONE]"), kind=kind))
    run = await ask(model_at(faults.url))
    assert run.text == "piece by piece"
    body = {"choices": [{"message": {"content": "at once"}, "finish_reason": "stop"}]}
    faults.play(fault.status(200, body, kind=kind))
    assert (await ask(model_at(faults.url))).text == "at once"


async def test_a_long_answer_at_once_with_all_its_probabilities_is_read(
    faults: FaultServer,
) -> None:
    likeliest = [{"token": f" word{n}", "logprob": -1.5 - n} for n in range(20)]
    token = {"token": " word", "logprob": -0.5, "bytes": None, "top_logprobs": likeliest}
    choice = {"message": {"content": " word" * 5000}, "logprobs": {"content": [token] * 5000}}
    faults.play(fault.status(200, {"choices": [{**choice, "finish_reason": "stop"}]}))
    run = await ask(model_at(faults.url), logprobs=20)
    assert run.error is None
    assert len(run.tokens) == 5000
    assert len(faults.bodies) == 1


async def test_an_emoji_cut_into_two_escapes_arrives_whole(faults: FaultServer) -> None:
    faults.play(fault.says(delta("a \ud83c"), delta("\udf88 b"), delta(finish="stop")))
    assert (await ask(model_at(faults.url))).text == "a 🎈 b"


async def test_half_a_character_that_never_becomes_whole_is_marked(faults: FaultServer) -> None:
    faults.play(fault.says(delta("a \ud83c"), delta(finish="stop")))
    text = (await ask(model_at(faults.url))).text
    assert text == "a \N{REPLACEMENT CHARACTER}"
    text.encode()


@pytest.mark.parametrize("word", ["reasoning_content", "reasoning"])
async def test_reasoning_is_kept_apart_from_the_answer(faults: FaultServer, word: str) -> None:
    thought: dict[str, Any] = {word: "let me think"}
    faults.play(fault.says(delta(**thought), delta("42"), delta(finish="stop")))
    async with model_at(faults.url) as model:
        run = generate(model, "Hi")
        events = [event async for event in run]
    assert ReasoningDelta("let me think") in events
    assert run.text == "42"
    assert run.choices[0].reasoning == "let me think"


async def test_content_in_typed_parts_is_text_and_reasoning(faults: FaultServer) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "yes"},
    ]
    chunk = {"choices": [{"index": 0, "delta": {"content": parts}, "finish_reason": "stop"}]}
    faults.play(fault.says(chunk))
    run = await ask(model_at(faults.url))
    assert run.text == "yes"
    assert run.choices[0].reasoning == "hm"


async def test_a_refusal_is_the_answer(faults: FaultServer) -> None:
    faults.play(fault.says(delta(refusal="I will not."), delta(finish="stop")))
    assert (await ask(model_at(faults.url))).text == "I will not."


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("end_turn", "stop"),
        ("STOP", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("model_length", "context"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("something new", "unknown"),
    ],
)
async def test_finish_reasons_are_a_closed_vocabulary(
    faults: FaultServer, said: str, meant: FinishReason
) -> None:
    faults.play(fault.says(delta("x"), delta(finish=said)))
    assert (await ask(model_at(faults.url))).choices[0].finish_reason == meant


async def test_choices_are_told_apart_and_each_ends_once(faults: FaultServer) -> None:
    faults.play(
        fault.says(
            delta("a1", index=0),
            delta("b1", index=1),
            delta(finish="stop", index=0),
            delta(finish="stop", index=0),
            delta("b2", index=1, finish="length"),
            usage(prompt_tokens=2, completion_tokens=3),
        )
    )
    async with model_at(faults.url) as model:
        run = generate(model, "Hi", n=2)
        ends = [event async for event in run if isinstance(event, Finished)]
    assert ends == [Finished("stop", 0), Finished("length", 1)]
    assert [choice.text for choice in run.choices] == ["a1", "b1b2"]


async def test_choices_that_were_asked_for_in_extra_are_taken(faults: FaultServer) -> None:
    faults.play(fault.says(delta("a", index=0, finish="stop"), delta("b", index=1, finish="stop")))
    async with model_at(faults.url) as model:
        run = await generate(model, "Hi", extra={"n": 2})
    assert run.error is None
    assert [choice.text for choice in run.choices] == ["a", "b"]


def _with_logprobs(*entries: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": "ab"}, "logprobs": {"content": entries}}]}


async def test_token_probabilities_come_with_bytes_and_alternatives(faults: FaultServer) -> None:
    first = {
        "token": "a",
        "logprob": -0.5,
        "bytes": [97],
        "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "c", "logprob": -1.5}],
    }
    second = {"token": "b", "logprob": -9999.0, "bytes": None, "top_logprobs": None}
    faults.play(fault.says(_with_logprobs(first, second), delta(finish="stop")))
    run = await ask(model_at(faults.url), logprobs=2)
    one, two = run.tokens
    assert (one.text, one.logprob, one.data) == ("a", -0.5, b"a")
    assert [(other.text, other.logprob) for other in one.alternatives] == [("a", -0.5), ("c", -1.5)]
    assert (two.logprob, two.data, two.alternatives) == (None, b"b", ())


@pytest.mark.parametrize(
    "logprobs",
    [7, {"tokens": ["a"]}, {"content": 3}, {"content": [3, {"token": 1, "logprob": True}]}],
)
async def test_strange_probabilities_do_not_cost_the_answer(
    faults: FaultServer, logprobs: Any
) -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "ok"}, "logprobs": logprobs}]}
    faults.play(fault.says(chunk, delta(finish="stop")))
    run = await ask(model_at(faults.url))
    assert run.error is None
    assert run.text == "ok"


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"z": -9.0, "a": -0.1, "y": -3.0}, ["a", "y", "z"]),
        # Where a server puts the token itself before the others, its rank is not known.
        ({"a": -6.0, "x": -0.1, "y": -3.0}, ["x", "y"]),
        ({"a": -2.0, "x": -0.2, "y": -3.0}, ["x", "a", "y"]),
        ({"a": -0.1, "x": -3.0, "y": -3.0}, ["a", "x", "y"]),
        ({"a": -0.1, "x": -0.1, "y": -3.0}, []),
        ({"a": -0.1, "x": float("nan"), "y": float("-inf"), "z": 3.0}, ["a"]),
    ],
    ids=[
        "unordered",
        "itself first",
        "itself among them",
        "in order",
        "more than certain",
        "no numbers",
    ],
)
async def test_alternatives_are_the_likeliest_in_their_order_or_none(
    faults: FaultServer, given: dict[str, float], known: list[str]
) -> None:
    others = [
        {"token": text, "logprob": value, "bytes": [*text.encode()]}
        for text, value in given.items()
    ]
    entry = {"token": "a", "logprob": given["a"], "bytes": [97], "top_logprobs": others}
    faults.play(fault.says(_with_logprobs(entry), delta(finish="stop")))
    run = await ask(model_at(faults.url), logprobs=5)
    (token,) = run.tokens
    assert [other.text for other in token.alternatives] == known
    assert token.logprob == pytest.approx(given["a"])


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"a": -0.5, "": -3.0, "x": -2.0}, ["a"]),
        ({"a": -0.5, " ": -6.0, "x": -2.0, "y": -4.0}, ["a"]),
        ({"a": -0.5, "x": -2.0, "y": -2.0000001}, ["a", "x", "y"]),
    ],
    ids=["halves of characters", "one text of several tokens", "whole"],
)
async def test_alternatives_by_their_texts_end_where_one_may_be_missing(
    faults: FaultServer, given: dict[str, float], known: list[str]
) -> None:
    # As llama-cpp-python's server lists them: without bytes, one entry for each text.
    others = [{"token": text, "logprob": value, "bytes": None} for text, value in given.items()]
    entry = {"token": "a", "logprob": given["a"], "bytes": None, "top_logprobs": others}
    faults.play(fault.says(_with_logprobs(entry), delta(finish="stop")))
    run = await ask(model_at(faults.url), logprobs=5)
    (token,) = run.tokens
    assert [other.text for other in token.alternatives] == known


# Counts and cost.


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(input_tokens=10, output_tokens=5, cached_tokens=4, reasoning_tokens=2),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 3},
            Usage(input_tokens=10, output_tokens=5, cached_tokens=3),
        ),
        (  # Reasoning beside the output, not in it: it is billed as output.
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 22,
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            Usage(input_tokens=10, output_tokens=12, reasoning_tokens=7),
        ),
        ({"prompt_tokens": "ten", "completion_tokens": -1}, Usage()),
        ({}, Usage()),
    ],
)
async def test_token_counts_are_the_endpoints_own(
    faults: FaultServer, counts: dict[str, Any], expected: Usage
) -> None:
    faults.play(fault.says(delta("x", finish="stop"), usage(**counts)))
    assert (await ask(model_at(faults.url))).usage == expected


def test_cost_counts_cached_tokens_at_their_own_price() -> None:
    model = ModelSpec(input_price=2.0, cached_input_price=0.5, output_price=8.0)
    used = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=500_000)
    assert cost_of(used, model) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 8)


def test_cost_is_unknown_rather_than_wrong() -> None:
    used = Usage(input_tokens=10, output_tokens=5)
    assert cost_of(used, None) is None
    assert cost_of(used, ModelSpec(input_price=1.0)) is None
    assert cost_of(Usage(input_tokens=10), ModelSpec(input_price=1.0, output_price=1.0)) is None


async def test_an_answer_says_what_it_cost(faults: FaultServer) -> None:
    counts = usage(prompt_tokens=1000, completion_tokens=100)
    faults.play(fault.says(delta("x", finish="stop"), counts))
    models = {"m": ModelSpec(input_price=2.0, output_price=8.0)}
    model = provider_at(faults.url, models=models).open("m")
    assert isinstance(model, OpenAIModel)
    assert (await ask(model)).usage.cost == pytest.approx(0.0028)


async def test_a_cost_that_the_endpoint_reports_is_taken_where_it_is_known_to_be_dollars(
    faults: FaultServer,
) -> None:
    act = fault.says(delta("x", finish="stop"), usage(prompt_tokens=1, cost=0.25))
    faults.play(act)
    assert (await ask(model_at(faults.url))).usage.cost is None
    model = provider_at(faults.url, reports_cost=True).open("m")
    assert isinstance(model, OpenAIModel)
    assert (await ask(model)).usage.cost == 0.25


@pytest.mark.parametrize("cost", ["NaN", "-1", "true", "1e999", "9" * 400])
async def test_a_cost_that_is_none_disarms_no_budget(faults: FaultServer, cost: str) -> None:
    told = json.loads(f'{{"prompt_tokens": 1, "completion_tokens": {"9" * 400}, "cost": {cost}}}')
    faults.play(fault.says(delta("x", finish="stop"), usage(**told)))
    model = provider_at(faults.url, reports_cost=True).open("m")
    assert isinstance(model, OpenAIModel)
    run = await generate(model, "Hi")
    assert run.error is None
    assert run.answer().usage == Usage(input_tokens=1)


async def test_usage_is_asked_for_and_an_endpoint_that_refuses_is_asked_once_more_without(
    faults: FaultServer,
) -> None:
    refusal = fault.status(400, {"error": {"message": "Unknown field: stream_options"}})
    faults.play(refusal, fault.answers("one"), fault.answers("two"))
    async with model_at(faults.url) as model:
        assert (await generate(model, "Hi")).text == "one"
        assert (await generate(model, "Hi")).text == "two"
    asked = ["stream_options" in body for body in faults.bodies]
    assert asked == [True, False, False]


async def test_a_refusal_of_something_else_is_not_blamed_on_usage(faults: FaultServer) -> None:
    faults.play(fault.status(400, {"error": {"message": "bad temperature"}}))
    await ask(model_at(faults.url))
    assert len(faults.bodies) == 1


# Ends.


async def test_closing_the_stream_closes_the_connection_at_once(faults: FaultServer) -> None:
    faults.play(fault.talks_forever())
    async with model_at(faults.url) as model:
        stream = model.stream(as_messages("Hi"), model.plan(GenerationParams()))
        async for event in stream:
            if isinstance(event, TextDelta):
                break
        await stream.aclose()
        await _until(lambda: faults.hang_ups == 1)


async def test_cancelling_while_the_endpoint_thinks_closes_the_connection(
    faults: FaultServer,
) -> None:
    faults.play(fault.stalls(after_head=False))
    async with model_at(faults.url) as model:
        run = generate(model, "Hi").start()
        await _until(lambda: bool(faults.requests))
        await run.cancel()
        assert run.state == "cancelled"
        await _until(lambda: faults.hang_ups == 1)


async def test_closing_the_model_ends_a_stream_that_waits(faults: FaultServer) -> None:
    faults.play(fault.stalls(delta("a")))
    model = model_at(faults.url, stall_timeout=60)
    run = generate(model, "Hi").start()
    await _until(lambda: run.text == "a")
    await model.aclose()
    await run
    assert isinstance(run.error, ModelClosed)
    assert run.text == "a"


async def test_a_connection_is_used_again_for_the_next_request(faults: FaultServer) -> None:
    """An answer is read to its very end, so that no handshake is paid twice."""
    faults.play(_keeps_alive(delta("a"), delta(finish="stop")))
    async with model_at(faults.url) as model:
        for _ in range(3):
            assert (await generate(model, "Hi")).text == "a"
    assert faults.connections == 1


def _keeps_alive(*chunks: Any) -> fault.Act:
    async def act(exchange: fault.Exchange) -> None:
        text = "".join(map(fault.event, (*chunks, "[DONE]")))
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        await exchange.send(head, "Transfer-Encoding: chunked\r\n\r\n")
        await exchange.send(f"{len(text):x}\r\n{text}\r\n")
        await asyncio.sleep(0.01)
        await exchange.send("0\r\n\r\n")
        exchange.keep = True

    return act


async def test_the_last_event_is_the_only_completed(faults: FaultServer) -> None:
    faults.play(fault.answers("x"))
    async with model_at(faults.url) as model:
        plan = model.plan(GenerationParams())
        events = [event async for event in model.stream(as_messages("Hi"), plan)]
    assert [isinstance(event, Completed) for event in events].count(True) == 1
    assert isinstance(events[-1], Completed)


def test_one_model_serves_several_event_loops(faults: FaultServer) -> None:
    faults.play(fault.answers("again"))
    model = model_at(faults.url)

    async def once() -> str:
        text = (await generate(model, "Hi")).text
        await model._clients.aclose()
        return text

    assert asyncio.run(once()) == "again"
    assert asyncio.run(once()) == "again"


async def _until(condition: Any) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


async def test_a_model_that_is_closed_between_two_words_says_so_at_the_next(
    faults: FaultServer,
) -> None:
    faults.play(fault.talks_forever())
    model = model_at(faults.url)
    events = model.stream(as_messages("Hi"), model.plan(GenerationParams()))
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await model.aclose()
    with pytest.raises(ModelClosed):
        async for _event in events:
            pass
    await _until(lambda: faults.hang_ups == 1)


def pings(*chunks: Any) -> fault.Act:
    """Say this much, then nothing but that the connection is alive."""

    async def act(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*map(fault.event, chunks))
        watch = asyncio.create_task(exchange.hung_up())
        while not watch.done():
            await exchange.send(": ping\n\n")
            await asyncio.sleep(0.05)

    return act


async def test_keep_alives_do_not_keep_an_answer_that_is_whole(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_one, "USAGE_TIMEOUT", 0.3)
    faults.play(pings(delta("whole", finish="stop")))
    async with asyncio.timeout(3):
        run = await ask(model_at(faults.url))
    assert run.error is None
    assert run.text == "whole"


async def test_keep_alives_do_not_put_off_the_first_word_for_ever(faults: FaultServer) -> None:
    faults.play(pings(delta("")))
    async with asyncio.timeout(3):
        run = await ask(model_at(faults.url, timeout=0.5))
    assert isinstance(run.error, TimedOut)
    assert "0.5 s" in run.error.message


async def test_keep_alives_put_off_a_stall_as_long_as_a_first_word(faults: FaultServer) -> None:
    faults.play(pings(delta("half")))
    began = time.monotonic()
    async with asyncio.timeout(3):
        run = await ask(model_at(faults.url, timeout=0.8, stall_timeout=0.2))
    assert isinstance(run.error, TimedOut)
    assert run.text == "half"
    assert time.monotonic() - began > 0.7
