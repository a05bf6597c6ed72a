"""What endpoints say of how much is left, read as OpenAI and others write it."""

from __future__ import annotations

import pytest

from playground.providers.openai.allowance import spent_for


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("2", 2.0),
        ("", 0.0),
        ("soon", 0.0),
        ("1s later", 0.0),
        ("-3", 0.0),
        ("nan", 0.0),
        ("1e999", 0.0),
        ("9" * 10_000 + "s", 0.0),
    ],
)
def test_what_is_spent_opens_again_when_it_is_said_to(reset: str, seconds: float) -> None:
    said = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset}
    assert spent_for(said) == pytest.approx(seconds)


def test_where_something_is_left_nobody_waits_and_the_longer_of_two_counts() -> None:
    requests = {"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "9s"}
    tokens = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "2s"}
    assert spent_for({}) == spent_for(requests) == 0
    assert spent_for({**requests, **tokens}) == 2
    assert spent_for({**requests, "x-ratelimit-remaining-requests": "0", **tokens}) == 9
