"""Whatever goes wrong at an endpoint is an error that says what to do, and loses nothing."""

from __future__ import annotations

import asyncio
import email.utils
import gzip
import socket
import time
import tracemalloc
from typing import Any

import pytest

from playground import errors
from playground.providers.openai import client, provider
from playground.run import generate
from tests.providers.endpoints import KEY, ask, model_at, provider_at
from tests.servers import fault
from tests.servers.fault import Exchange, FaultServer, delta

SAID = {"error": {"message": "the endpoint's own words", "type": "x", "code": None}}


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (400, errors.RequestRefused, "leave that parameter unset"),
        (401, errors.AuthenticationFailed, "playground key test"),
        (402, errors.OutOfCredit, "credit"),
        (403, errors.PermissionDenied, "another model"),
        (404, errors.RequestRefused, "base URL"),
        (408, errors.TimedOut, "Try again"),
        (409, errors.RequestRefused, "Change"),
        (413, errors.RequestRefused, "Shorten"),
        (422, errors.RequestRefused, "Change"),
        (429, errors.RateLimited, "Wait"),
        (500, errors.ServerFailed, "try again"),
        (503, errors.ServerFailed, "try again"),
        (529, errors.ServerFailed, "try again"),
    ],
)
async def test_a_status_becomes_an_error_with_the_endpoints_words_and_a_way_out(
    faults: FaultServer, status: int, kind: type[errors.HostedError], hint: str
) -> None:
    faults.play(fault.status(status, SAID))
    run = await ask(model_at(faults.url))
    assert type(run.error) is kind
    assert run.error.status == status
    assert "the endpoint's own words" in run.error.message
    assert hint in run.error.hint
    assert run.error.__cause__ is not None


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "too long", "code": "context_length_exceeded"}},
        {"error": {"message": "too long", "type": "exceed_context_size_error", "code": 400}},
        [{"error": {"message": "too long", "code": "context_length_exceeded"}}],
    ],
)
async def test_a_prompt_that_does_not_fit_is_known_by_its_code(
    faults: FaultServer, body: Any
) -> None:
    faults.play(fault.status(400, body))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.ContextOverflow)
    assert "max_length" in run.error.hint


async def test_an_account_without_credit_is_not_told_to_wait(faults: FaultServer) -> None:
    faults.play(fault.status(429, {"error": {"message": "x", "code": "insufficient_quota"}}))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.OutOfCredit)
    assert "credit" in run.error.hint


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "flat", "object": "error"}, "flat"),
        ({"detail": [{"loc": ["body", "n"], "msg": "bad n"}]}, "bad n"),
        ({"error": "just a string"}, "just a string"),
        ("plain text", "plain text"),
    ],
)
async def test_other_shapes_of_error_bodies_are_quoted_too(
    faults: FaultServer, body: Any, words: str
) -> None:
    faults.play(fault.status(400, body))
    run = await ask(model_at(faults.url))
    assert words in str(run.error)


async def test_a_web_page_as_error_is_not_quoted(faults: FaultServer) -> None:
    faults.play(fault.status(502, "<html><h1>Bad Gateway</h1></html>", kind="text/html"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.ServerFailed)
    assert "<" not in str(run.error)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, errors.AuthenticationFailed), (429, errors.RateLimited)]
)
@pytest.mark.parametrize("hangs", [False, True])
async def test_an_error_whose_body_breaks_off_is_known_by_its_status(
    faults: FaultServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    kind: type[errors.HostedError],
    hangs: bool,
) -> None:
    async def act(exchange: Exchange) -> None:
        await exchange.head(status, "application/json", Content_Length="500", Retry_After="3")
        await exchange.send('{"error":{"message":"said so far')
        if hangs:
            await exchange.hung_up()

    monkeypatch.setattr(client, "ERROR_SECONDS", 0.2)
    faults.play(act)
    run = await ask(model_at(faults.url))
    assert type(run.error) is kind
    assert "said so far" in run.error.message
    assert run.error.wait == 3


@pytest.mark.parametrize("charset", ["zlib", "utf-16", "idna", "no-such"])
async def test_what_a_header_takes_for_an_encoding_of_text_costs_nothing(
    faults: FaultServer, charset: str
) -> None:
    kind = f"application/json; charset={charset}"
    there = fault.raw(b'{"data": [{"id": "m"}]}', kind=kind)
    faults.play(fault.by_method(get=there, post=fault.status(400, SAID, kind=kind)))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.RequestRefused
    assert "the endpoint's own words" in run.error.message
    assert [one.ref.model for one in await provider_at(faults.url).remote_models()] == ["m"]


async def test_an_endless_error_body_is_cut_and_quoted_in_short(faults: FaultServer) -> None:
    faults.play(fault.raw(b"x" * 5_000_000, status=400, kind="text/plain"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.RequestRefused)
    assert len(str(run.error)) < 1000


async def test_escape_sequences_in_an_endpoints_words_are_made_visible(faults: FaultServer) -> None:
    faults.play(fault.status(400, {"error": {"message": "\x1b]0;owned\x07 bad\nthing"}}))
    run = await ask(model_at(faults.url))
    assert "\x1b" not in str(run.error)
    assert "\n" not in str(run.error)


# Retries.


async def test_a_failure_in_passing_is_tried_again(faults: FaultServer) -> None:
    faults.play(
        fault.status(503, SAID, Retry_After_ms="10"),
        fault.status(429, SAID, Retry_After="0.01"),
        fault.answers("at", " last"),
    )
    run = await ask(model_at(faults.url, max_retries=2))
    assert run.text == "at last"
    assert len(faults.bodies) == 3


async def test_retry_after_is_respected(faults: FaultServer) -> None:
    faults.play(fault.status(429, SAID, Retry_After="0.4"), fault.answers("now"))
    began = time.monotonic()
    run = await ask(model_at(faults.url, max_retries=1))
    assert run.text == "now"
    assert time.monotonic() - began >= 0.4


async def test_a_retry_after_beyond_patience_is_an_error_that_says_how_long(
    faults: FaultServer,
) -> None:
    faults.play(fault.status(429, SAID, Retry_After="3600"))
    run = await ask(model_at(faults.url, max_retries=2))
    assert isinstance(run.error, errors.RateLimited)
    assert "3600 s" in run.error.hint
    assert len(faults.bodies) == 1


@pytest.mark.parametrize("wait", ["inf", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT", "90000"])
async def test_a_wait_that_nobody_waits_is_not_told_in_seconds(
    faults: FaultServer, wait: str
) -> None:
    faults.play(fault.status(429, SAID, Retry_After=wait))
    run = await ask(model_at(faults.url, max_retries=2))
    assert isinstance(run.error, errors.RateLimited)
    assert run.error.hint == "Try again another day."
    assert len(faults.bodies) == 1


async def test_a_retry_after_as_a_date_is_understood(faults: FaultServer) -> None:
    date = email.utils.formatdate(time.time() + 7200, usegmt=True)
    faults.play(fault.status(429, SAID, Retry_After=date))
    run = await ask(model_at(faults.url, max_retries=2))
    assert isinstance(run.error, errors.RateLimited)
    assert len(faults.bodies) == 1


async def test_after_silence_the_same_is_not_asked_again(faults: FaultServer) -> None:
    """It may be at work on an answer that is paid for."""
    faults.play(fault.stalls(after_head=False))
    began = time.monotonic()
    run = await ask(model_at(faults.url, timeout=0.3, max_retries=2))
    assert isinstance(run.error, errors.TimedOut)
    assert "0.3 s" in run.error.message
    assert time.monotonic() - began < 1.5
    assert len(faults.bodies) == 1


async def test_a_refused_request_is_not_tried_again(faults: FaultServer) -> None:
    faults.play(fault.status(400, SAID))
    await ask(model_at(faults.url, max_retries=2))
    assert len(faults.bodies) == 1


# Before the answer.


async def test_an_unreachable_host_names_the_address_and_the_reason() -> None:
    run = await ask(model_at("http://127.0.0.1:9/v1"))
    assert type(run.error) is errors.Unreachable
    assert "http://127.0.0.1:9/v1" in run.error.message
    assert "Connection refused" in run.error.message
    assert "Start that server" in run.error.hint


async def test_an_unknown_host_is_unreachable() -> None:
    run = await ask(model_at("http://no-such-host.invalid/v1"))
    assert type(run.error) is errors.Unreachable
    assert "network" in run.error.hint


async def test_a_connection_that_is_dropped_without_a_word(faults: FaultServer) -> None:
    faults.play(fault.drops())
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.Unreachable
    assert "closed the connection" in run.error.message


async def test_no_answer_in_time(faults: FaultServer) -> None:
    faults.play(fault.stalls(after_head=False))
    run = await ask(model_at(faults.url, timeout=0.3))
    assert isinstance(run.error, errors.TimedOut)
    assert "0.3 s" in run.error.message


async def test_a_head_without_a_word_after_it_times_out(faults: FaultServer) -> None:
    faults.play(fault.stalls())
    run = await ask(model_at(faults.url, timeout=0.3))
    assert isinstance(run.error, errors.TimedOut)


HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "act",
    [
        fault.plays(HEAD, "X: ", again="x"),
        fault.plays(HEAD, again="X: x\r\n"),
        fault.plays(again="HTTP/1.1 103 Early Hints\r\n\r\n"),
        fault.plays(HEAD, "\r\n", again=" "),
    ],
    ids=["header", "headers", "early hints", "body"],
)
async def test_a_word_now_and_then_puts_off_no_end(
    faults: FaultServer, act: fault.Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of an answer's head, nor of a list of models; of the rest see `_Patience`."""
    monkeypatch.setattr(provider, "LIST_TIMEOUT", 0.3)
    faults.play(act)
    async with asyncio.timeout(20):
        run = await ask(model_at(faults.url, timeout=0.3, connect_timeout=0.3))
        assert isinstance(run.error, errors.TimedOut)
        with pytest.raises(errors.TimedOut):
            await provider_at(faults.url).remote_models()


@pytest.mark.parametrize(
    "said",
    [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "data: {}\n\n",
        f"{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        f"{HEAD}X: {'x' * 1_000_000}\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=["ssh", "no head", "two lengths", "a long header", "another protocol"],
)
async def test_what_is_not_http_is_not_called_a_connection_that_was_closed(
    faults: FaultServer, said: str
) -> None:
    faults.play(fault.plays(said))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.BadResponse
    assert "cannot be read as HTTP" in run.error.message
    assert faults.url in run.error.hint


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 No"])
async def test_a_proxy_that_lets_nobody_through_is_called_one(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:planted@127.0.0.1:{faults.port}")
    faults.play(fault.plays(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"))
    run = await ask(model_at("https://api.example/v1", api_key=KEY))
    assert isinstance(run.error, errors.Unreachable)
    assert f"proxy did not let us through to test ({status})" in run.error.message
    assert "HTTPS_PROXY" in run.error.hint
    assert "planted" not in str(run.error)
    assert faults.requests[0].method == "CONNECT"
    assert "authorization" not in faults.requests[0].headers


@pytest.mark.parametrize(("status", "way"), [(304, "base URL"), (300, "base URL"), (407, "proxy")])
async def test_what_is_neither_an_answer_nor_a_redirect_is_not_called_one(
    faults: FaultServer, status: int, way: str
) -> None:
    faults.play(fault.plays(f"HTTP/1.1 {status} Well\r\nContent-Length: 0\r\n\r\n"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.HostedError)
    assert run.error.message == f"test answered {status}."
    assert way in run.error.hint


async def test_a_redirect_is_not_followed(faults: FaultServer) -> None:
    faults.play(fault.status(307, Location="http://127.0.0.1:9/steal?a=b"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert "http://127.0.0.1:9/steal" in run.error.message
    assert len(faults.requests) == 1


async def test_a_web_page_instead_of_an_answer(faults: FaultServer) -> None:
    for kind in ("text/html; charset=utf-8", "text/event-stream", "application/json", "text/plain"):
        faults.play(fault.raw("\n<html>welcome</html>", kind=kind))
        run = await ask(model_at(faults.url))
        assert isinstance(run.error, errors.BadResponse)
        assert "answered with a web page" in run.error.message
        assert "/v1" in run.error.hint


async def test_something_that_is_no_stream_of_events(faults: FaultServer) -> None:
    faults.play(fault.raw("hello there\n", kind="text/plain"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert "text/plain" in run.error.message


# In the middle of the answer: what came is kept.


@pytest.mark.parametrize(
    "bad",
    ["data: {not json\n\n", "data: [1, 2]\n\n", 'data: "text"\n\n', b"data: \xff\xfe\n\n"],
)
async def test_what_is_not_json_is_an_unreadable_response(
    faults: FaultServer, bad: str | bytes
) -> None:
    faults.play(fault.raw(fault.event(delta("kept")), bad))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert run.text == "kept"
    assert run.answer().finish_reason == "error"


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": 1},
        {"choices": [1]},
        {"choices": [{"index": 1_000_000_000, "delta": {"content": "x"}}]},
        {"choices": [{"index": -1, "delta": {"content": "x"}}]},
        {"choices": [{"index": 0, "delta": {"content": {"text": "x"}}}]},
        {"choices": [{"index": 0, "delta": {"content": 7}}]},
        # One answer was asked for.
        {"choices": [{"index": 1, "delta": {"content": "x"}}]},
        {"choices": [{"index": True, "delta": {"content": "x"}}]},
        {"choices": [{"index": 0, "delta": "x"}]},
    ],
)
async def test_chunks_that_cannot_be_meant_are_refused(
    faults: FaultServer, chunk: dict[str, Any]
) -> None:
    faults.play(fault.says(delta("kept"), chunk))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert run.text == "kept"


async def test_what_comes_packed_is_unpacked_a_little_at_a_time_up_to_the_same_limit(
    faults: FaultServer,
) -> None:
    much = gzip.compress(b" " * 20_000_000)
    packed = gzip.compress(fault.event(delta("Hi", finish="stop")).encode() + b"data: [DONE]\n\n")

    async def act(exchange: Exchange) -> None:
        await exchange.head(200, content_encoding="gzip")
        await exchange.send(packed)

    async def bomb(exchange: Exchange) -> None:
        await exchange.head(200, "application/json", content_encoding="gzip")
        await exchange.send(much)

    faults.play(act, bomb)
    assert (await ask(model_at(faults.url))).text == "Hi"
    assert faults.requests[0].headers["accept-encoding"] == "identity"
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert "16,000,000 bytes" in run.error.message


@pytest.mark.parametrize("ways", ["gzip, gzip", "identity, gzip", "GZIP , identity", "br", "zstd"])
async def test_however_it_is_packed_no_more_than_the_limit_is_unpacked(
    faults: FaultServer, ways: str
) -> None:
    """The HTTP client would unpack each link of such a chain whole: a kilobyte is a gigabyte."""
    much = gzip.compress(b" " * 100_000_000, compresslevel=1)

    async def bomb(exchange: Exchange) -> None:
        await exchange.head(200, "application/json", content_encoding=ways)
        await exchange.send(gzip.compress(much) if ways == "gzip, gzip" else much)

    faults.play(fault.by_method(get=bomb, post=bomb))
    tracemalloc.start()
    try:
        run = await ask(model_at(faults.url))
        with pytest.raises(errors.BadResponse):
            await provider_at(faults.url).remote_models()
        assert tracemalloc.get_traced_memory()[1] < 80_000_000
    finally:
        tracemalloc.stop()
    assert isinstance(run.error, errors.BadResponse)


async def test_json_nested_beyond_reason_is_an_unreadable_response(faults: FaultServer) -> None:
    faults.play(fault.raw("data: ", "[" * 200_000, "\n\n"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)


@pytest.mark.parametrize("done", [True, False])
async def test_a_stream_that_ends_without_a_finish_reason_is_cut_off(
    faults: FaultServer, done: bool
) -> None:
    faults.play(fault.says(delta("half an "), delta("ans"), done=done))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.StreamTruncated
    assert run.text == "half an ans"


async def test_a_connection_that_breaks_is_cut_off(faults: FaultServer) -> None:
    faults.play(fault.breaks_off(delta("half")))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.StreamTruncated
    assert run.text == "half"


async def test_a_connection_that_breaks_after_the_last_word_costs_nothing(
    faults: FaultServer,
) -> None:
    faults.play(fault.breaks_off(delta("whole"), delta(finish="stop")))
    run = await ask(model_at(faults.url))
    assert run.error is None
    assert run.text == "whole"


async def test_an_empty_stream_is_cut_off(faults: FaultServer) -> None:
    faults.play(fault.raw())
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.StreamTruncated)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "boom"}, errors.ServerFailed),
        ({"message": "boom", "code": 429}, errors.RateLimited),
        ({"message": "boom", "code": 502}, errors.ServerFailed),
        ({"message": "boom", "type": "rate_limit_error"}, errors.RateLimited),
        ({"message": "boom", "type": "overloaded_error"}, errors.ServerFailed),
        ({"message": "boom", "type": "invalid_request_error"}, errors.RequestRefused),
        ({"message": "boom", "code": "context_length_exceeded"}, errors.ContextOverflow),
        ("boom", errors.ServerFailed),
    ],
)
async def test_an_error_inside_the_stream(
    faults: FaultServer, error: Any, kind: type[errors.PlaygroundError]
) -> None:
    faults.play(fault.says(delta("kept"), {"error": error}))
    run = await ask(model_at(faults.url))
    assert type(run.error) is kind
    assert "boom" in str(run.error)
    assert run.text == "kept"


BARE = {"object": "error", "message": "prompt too long: 9000 > 4096", "code": 400}  # vLLM's


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (fault.event(BARE), errors.RequestRefused, "9000 > 4096"),
        (fault.event({"detail": "model is loading"}), errors.ServerFailed, "is loading"),
        (fault.event({"detail": [{"msg": "not a number"}]}), errors.ServerFailed, "not a number"),
        (
            'event: error\ndata: {"message": "too many", "type": "overloaded_error"}\n\n',
            errors.ServerFailed,
            "too many",
        ),
        ('error: {"code": 500, "message": "llama said no"}\n\n', errors.ServerFailed, "said no"),
        ("error: out of memory\n\n", errors.ServerFailed, "out of memory"),
    ],
)
async def test_an_error_that_is_not_under_its_usual_name_is_quoted_too(
    faults: FaultServer, said: str, kind: type[errors.PlaygroundError], words: str
) -> None:
    faults.play(fault.raw(fault.event(delta("kept")), said, fault.event("[DONE]")))
    run = await ask(model_at(faults.url))
    assert type(run.error) is kind
    assert words in str(run.error)
    assert run.text == "kept"


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_an_error_that_passes_for_an_answer_is_quoted(faults: FaultServer, kind: str) -> None:
    faults.play(fault.status(200, BARE, kind=kind))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.RequestRefused
    assert "9000 > 4096" in run.error.message


@pytest.mark.parametrize(
    "end",
    ['data: {"choices":[{"index":0,"del', 'data: {"choices":[{"delta":{}}', "data: ", "dat",
     'data: {"choices":[{"delta":{"content":"日本'.encode()[:-1]],
)  # fmt: skip
async def test_a_stream_that_is_cut_within_an_event_is_cut_off(
    faults: FaultServer, end: str | bytes
) -> None:
    faults.play(fault.raw(fault.event(delta("half an")), end))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.StreamTruncated
    assert run.text == "half an"
    faults.play(fault.raw(fault.event(delta("whole", finish="stop")), end))
    assert (await ask(model_at(faults.url))).error is None


@pytest.mark.parametrize("end", ["data: gone away", "data: {gone away}"])
async def test_words_at_the_end_that_are_no_event_are_quoted(faults: FaultServer, end: str) -> None:
    faults.play(fault.raw(fault.event(delta("kept")), end))
    run = await ask(model_at(faults.url))
    assert type(run.error) is errors.BadResponse
    assert "gone away" in run.error.message


async def test_an_endpoint_that_gives_up_on_a_choice(faults: FaultServer) -> None:
    faults.play(fault.says(delta("kept"), delta(finish="insufficient_system_resource")))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.ServerFailed)
    assert run.text == "kept"


async def test_a_stream_that_stalls(faults: FaultServer) -> None:
    faults.play(fault.stalls(delta("then noth")))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.TimedOut)
    assert "stalled" in run.error.message
    assert run.text == "then noth"
    await asyncio.sleep(0.1)
    assert faults.hang_ups == 1


@pytest.mark.parametrize("start", ["data: ", "", "data: {}\ndata: "])
async def test_a_line_without_an_end_is_not_read_for_ever(faults: FaultServer, start: str) -> None:
    faults.play(fault.endless(start))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert "4,000,000 bytes" in run.error.message


async def test_an_event_of_endless_lines_is_not_read_for_ever(faults: FaultServer) -> None:
    faults.play(fault.endless("", b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" * 1000))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)


async def test_fewer_answers_than_asked_for_are_noticed(faults: FaultServer) -> None:
    faults.play(fault.answers("only one"))
    run = await ask(model_at(faults.url), n=2)
    assert isinstance(run.error, errors.BadResponse)
    assert "1 of the 2" in run.error.message
    assert run.text == "only one"


async def test_a_model_is_usable_after_every_kind_of_failure(faults: FaultServer) -> None:
    async with model_at(faults.url) as model:
        for act in (fault.status(500), fault.drops(), fault.stalls(delta("a")), fault.raw("x")):
            faults.play(act)
            assert (await generate(model, "Hi")).state == "failed"
            faults.play(fault.answers("fine"))
            assert (await generate(model, "Hi")).text == "fine"


async def test_a_router_that_quotes_the_endpoint_behind_it_is_quoted_whole(
    faults: FaultServer,
) -> None:
    error = {"message": "Provider returned error", "code": 400, "metadata": {"raw": "top_k: no"}}
    faults.play(fault.status(400, {"error": error}))
    run = await ask(model_at(faults.url))
    assert "Provider returned error (top_k: no)" in str(run.error)


async def test_a_host_that_does_not_pick_up_is_unreachable() -> None:
    """A full backlog: the connection is neither made nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        port = silent.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for caller in crowd:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        run = await ask(model_at(f"http://127.0.0.1:{port}/v1", connect_timeout=0.3))
        for caller in crowd:
            caller.close()
    assert type(run.error) is errors.Unreachable
    assert "no connection within 0.3 s" in run.error.message


async def test_an_answer_in_one_piece_is_bounded_too(faults: FaultServer) -> None:
    faults.play(fault.raw(b"[" * 17_000_000, kind="application/json"))
    run = await ask(model_at(faults.url))
    assert isinstance(run.error, errors.BadResponse)
    assert "16,000,000 bytes" in run.error.message
