"""An endpoint that repeats the key in its answer: nothing of ours does."""

from __future__ import annotations

import itertools
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from playground.errors import HostedError
from playground.providers.openai.scrubbing import Scrubber
from playground.run import Run, generate
from playground.types import Completed, Event, Finished, ReasoningDelta, TextDelta, Token, Usage
from tests.providers.endpoints import KEY, model_at, provider_at
from tests.servers import fault
from tests.servers.fault import Exchange, FaultServer, delta


def through(*events: Event, key: str = KEY) -> list[Event]:
    scrubber = Scrubber(SecretStr(key))
    return [*(shown for event in events for shown in scrubber.take(event)), *scrubber.rest()]


def text(events: list[Event], kind: type[TextDelta] | type[ReasoningDelta] = TextDelta) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


@given(
    st.lists(st.sampled_from([KEY, KEY[:5], KEY[5:], "s", "sk-", "a word ", "日本", "\n"])),
    st.lists(st.integers(0, 200)),
)
def test_however_the_text_is_cut_the_key_is_out_and_the_rest_is_whole(
    parts: list[str], cuts: list[int]
) -> None:
    said = "".join(parts)
    places = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    pieces = [said[a:b] for a, b in itertools.pairwise(places)]
    shown = through(*map(TextDelta, pieces))
    assert KEY not in text(shown)
    # Taken out of the whole at once or piece by piece, the same text stays.
    assert text(shown) == said.replace(KEY, "[key]")


def test_text_that_is_no_beginning_of_the_key_does_not_wait() -> None:
    scrubber = Scrubber(SecretStr(KEY))
    assert text([*scrubber.take(TextDelta("ask"))]) == ""
    assert text([*scrubber.take(TextDelta(" me"))]) == "ask me"
    assert text([*scrubber.take(TextDelta("Why?"))]) == "Why?"


def test_what_says_nothing_after_the_beginning_of_the_key_does_not_wait_without_end() -> None:
    scrubber = Scrubber(SecretStr(KEY))
    nothing = TextDelta("", 0, (Token("", -0.1),))
    shown = [*scrubber.take(TextDelta(KEY[:4]))]
    for _ in range(10_000):
        shown += scrubber.take(nothing)
    assert len(shown) > 9_500
    assert text([*shown, *scrubber.rest()]) == KEY[:4]


def test_choices_and_reasoning_are_looked_at_each_by_itself() -> None:
    half, rest = KEY[:9], KEY[9:]
    shown = through(
        TextDelta(half, 0), TextDelta(rest, 1), ReasoningDelta(half, 0), TextDelta(rest, 0),
        ReasoningDelta(rest, 0), Finished("stop", 0), Finished("stop", 1), Completed(Usage()),
    )  # fmt: skip
    by_choice = {
        n: "".join(e.text for e in shown if isinstance(e, TextDelta) and e.choice == n)
        for n in (0, 1)
    }
    assert by_choice == {0: "[key]", 1: rest}
    assert text(shown, ReasoningDelta) == "[key]"


def test_what_waits_is_shown_before_its_choice_ends() -> None:
    shown = through(TextDelta("It is sk-"), Finished("stop"), Completed(Usage()))
    assert [type(event) for event in shown] == [TextDelta, Finished, Completed]
    assert text(shown) == "It is sk-"


def test_a_word_that_local_servers_take_for_a_key_is_left_in_answers() -> None:
    assert text(through(TextDelta("none of them"), key="none")) == "none of them"


async def said_by(server: FaultServer, *chunks: object, **options: object) -> Run:
    server.play(fault.says(*chunks))
    async with model_at(server.url, api_key=KEY, **options) as model:
        return await generate(model, "What is my key?")


async def test_a_key_in_the_answer_its_reasoning_and_its_tokens_reaches_nobody(
    faults: FaultServer,
) -> None:
    pieces = [KEY[:4], KEY[4:12], KEY[12:], " it is"]
    logprobs = [
        {
            "content": [
                {"token": piece, "logprob": -0.5, "bytes": [*piece.encode()],
                 "top_logprobs": [{"token": KEY, "logprob": -1.0}]}
            ]
        }
        for piece in pieces
    ]  # fmt: skip
    chunks = [delta(piece) for piece in pieces]
    for chunk, figures in zip(chunks, logprobs, strict=True):
        chunk["choices"][0]["logprobs"] = figures
    run = await said_by(faults, delta(reasoning=f"I send {KEY}."), *chunks, delta(finish="stop"))
    assert run.text == "[key] it is"
    assert run.choices[0].reasoning == "I send [key]."
    assert [token.text for token in run.tokens] == ["[key]", "[key]", "[key]", " it is"]
    assert KEY not in repr(run.tokens)
    spelled = "".join(token.text for token in run.tokens) + repr(run.answer())
    assert not any(KEY[at : at + 12] in spelled for at in range(len(KEY) - 12))


@given(
    st.lists(st.integers(0, len(KEY)), max_size=4), st.lists(st.sampled_from(["a", "long " * 9]))
)
def test_bytes_of_tokens_that_spell_the_key_under_other_texts_reach_nobody(
    cuts: list[int], texts: list[str]
) -> None:
    places = sorted({0, len(KEY), *cuts})
    pieces = [KEY[a:b].encode() for a, b in itertools.pairwise(places)]
    said = [*texts, *("x" * len(pieces))][: len(pieces)]
    shown = through(
        *(
            TextDelta(text, 0, (Token(text, -0.5, data=piece),))
            for text, piece in zip(said, pieces, strict=True)
        ),
        TextDelta("!", 0, (Token("!", -0.5, data=b"!"),)),
    )
    assert text(shown) == "".join(said) + "!"
    tokens = [token for event in shown if isinstance(event, TextDelta) for token in event.tokens]
    assert KEY.encode() not in b"".join(token.data for token in tokens)
    assert not any(
        KEY[at : at + 8].encode() in t.data for t in tokens for at in range(len(KEY) - 7)
    )


async def test_text_that_waits_is_kept_when_the_stream_breaks(faults: FaultServer) -> None:
    faults.play(fault.breaks_off(delta("Take sk-")))
    async with model_at(faults.url, api_key=KEY) as model:
        run = await generate(model, "What is my key?")
    assert run.state == "failed"
    assert run.text == "Take sk-"


@pytest.mark.parametrize(
    "answer",
    [
        f"HTTP/1.1 200 OK\r\nX-You-Sent {KEY}\r\n\r\n",
        f"HTTP/1.1 {KEY}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n",
    ],
)
async def test_no_cause_of_an_error_has_the_key(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    async def act(exchange: Exchange) -> None:
        await exchange.send(answer)

    faults.play(fault.by_method(get=act, post=act))
    async with model_at(faults.url, api_key=KEY) as model:
        run = await generate(model, "Hi")
    assert run.error is not None
    monkeypatch.setenv("LOOP_API_KEY", KEY)
    with pytest.raises(HostedError) as caught:
        await provider_at(faults.url, key_env="LOOP_API_KEY").remote_models()
    for error in (run.error, caught.value):
        printed = "".join(traceback.format_exception(error))
        assert "RemoteProtocolError" in printed
        assert "[key]" in printed
        assert KEY not in printed


async def test_a_list_of_models_has_no_key(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOP_API_KEY", KEY)
    there = fault.lists(f"model-{KEY}", name=f"The model {KEY}")
    missing = fault.status(404, {"error": {"message": "no", "code": "model_not_found"}})
    faults.play(fault.by_method(get=there, post=missing))
    [listed] = await provider_at(faults.url, key_env="LOOP_API_KEY").remote_models()
    assert (listed.ref.model, listed.title) == ("model-[key]", "The model [key]")
    async with model_at(faults.url, "model-x", api_key=KEY) as model:
        run = await generate(model, "Hi")
    assert KEY not in str(run.error)
    assert "Did you mean 'model-[key]'?" in str(run.error)


async def test_a_word_that_local_servers_take_for_a_key_is_left_in_names(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOP_API_KEY", "ollama")
    faults.play(fault.lists("ollama/llama"))
    [listed] = await provider_at(faults.url, key_env="LOOP_API_KEY").remote_models()
    assert listed.ref.model == "ollama/llama"


async def test_an_address_with_something_secret_in_its_query_is_shown_without_it() -> None:
    async with model_at(f"http://127.0.0.1:9/v1?key={KEY}") as model:
        run = await generate(model, "Hi")
        await run.prove(5)
    assert "http://127.0.0.1:9/v1" in str(run.error)
    assert KEY not in str(run.error) + repr(run.answer())
