"""However a stream is cut and whatever it holds, reading it gives the same events or our errors."""

from __future__ import annotations

import contextlib
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import BadResponse, PlaygroundError
from playground.providers.openai import events
from playground.providers.openai.chunks import AnswerReader
from playground.providers.openai.events import EventSplitter
from playground.providers.openai.faults import Source, fault_in_stream, quoted, retry_after
from playground.providers.openai.usage import read_usage
from playground.types import TextDelta

SOURCE = Source("p:m")

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["stop", "content", "\ud83c", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "index", "finish_reason", "usage",
                 "logprobs", "error", "code", "type", "token", "logprob", "bytes", "text",
                 "top_logprobs", "reasoning", "reasoning_content", "refusal", "thinking",
                 "prompt_tokens", "completion_tokens", "total_tokens", "metadata", "raw",
                 "completion_tokens_details", "reasoning_tokens", "prompt_tokens_details"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)  # fmt: skip

CHUNK = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": st.integers(-1, 3) | JSON,
                    "delta": st.fixed_dictionaries({}, optional={"content": JSON}) | JSON,
                    "finish_reason": JSON,
                    "logprobs": JSON,
                },
            )
            | JSON,
            max_size=3,
        )
        | JSON,
        "usage": JSON,
        "error": JSON,
    },
)


def split(pieces: list[bytes]) -> list[str]:
    splitter = EventSplitter(SOURCE)
    events = [event for piece in pieces for event in splitter.feed(piece)]
    return [*events, *splitter.finish()]


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1)),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_events_do_not_depend_on_where_the_bytes_were_cut(
    texts: list[str], line_end: str, cuts: list[int]
) -> None:
    stream = "".join(f"data: {text}{line_end}{line_end}" for text in texts).encode()
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
    assert split(pieces) == texts
    assert split([stream]) == texts


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_events_or_an_error_of_ours(pieces: list[bytes]) -> None:
    with contextlib.suppress(BadResponse):
        split(pieces)


@settings(max_examples=150)
@given(st.lists(CHUNK, max_size=6))
def test_any_json_is_events_or_an_error_of_ours(chunks: list[dict[str, Any]]) -> None:
    reader = AnswerReader(SOURCE)
    with contextlib.suppress(PlaygroundError):
        for chunk in chunks:
            for event in reader.take(json.loads(json.dumps(chunk))):
                if isinstance(event, TextDelta):
                    event.text.encode()  # no half character gets through
        list(reader.end(read_usage(reader.usage)))


def test_parts_in_each_other_without_end_are_no_text_and_no_failure_of_ours() -> None:
    content: list[Any] = [{"text": "told"}]
    for _ in range(5000):
        content = [{"thinking": content}]
    choice = {"delta": {"content": [*content, {"text": "said"}]}, "finish_reason": "stop"}
    events = list(AnswerReader(SOURCE).take({"choices": [choice]}))
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["said"]


@given(JSON)
def test_any_error_of_an_endpoint_becomes_one_of_ours(error: Any) -> None:
    found = fault_in_stream(SOURCE, json.loads(json.dumps(error)))
    assert isinstance(found, PlaygroundError)
    str(found).encode()


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text(max_size=12)))
def test_any_retry_after_is_a_wait_or_none(headers: dict[str, str]) -> None:
    wait = retry_after(headers)
    assert wait is None or 0 <= wait <= 366 * 86_400


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("1.5", 1.5),
        ("-3", 0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", 365 * 86_400),
        ("1e300", 365 * 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 365 * 86_400),
    ],
)
def test_retry_after_in_seconds(given: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": given}) == seconds


@given(st.text())
def test_quoted_words_are_short_and_on_one_line(text: str) -> None:
    said = quoted(text)
    assert "\n" not in said
    assert len(said) <= 501
    said.encode()


def test_a_stream_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_TEXT_BYTES", 100)
    with pytest.raises(BadResponse, match="100 bytes"):
        split([b"data: {}\n\n"] * 11)
