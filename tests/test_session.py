"""Plain synchronous code gets the same answers, through the same code."""

from __future__ import annotations

import threading
import time

import pytest

from playground import Session
from playground.errors import ModelClosed, UnknownModel


def test_a_five_line_script_prints_a_streamed_answer_of_a_real_model() -> None:
    pieces = []
    with Session() as session:
        for text in session.stream("demo:small", "Once upon a time", temperature=0.2, seed=1):
            pieces.append(text)
    assert len(pieces) > 5
    assert "".join(pieces).strip()


def test_two_models_are_compared_with_one_call() -> None:
    with Session() as session:
        answers = session.compare(["scripted:echo", "scripted:lorem"], "one two", max_length=2)
    assert [answer.text for answer in answers] == ["one two", "The quick "]


def test_an_answer_comes_with_everything_that_it_takes_to_repeat_it() -> None:
    with Session() as session:
        answer = session.ask("demo:tiny", "Once", max_length=2)
        answers = session.compare(["demo:tiny", "demo:small"], "Once", max_length=2)
    for one in (answer, *answers):
        assert one.receipt is not None
        proof = one.receipt.provenance
        assert proof.file is not None
        assert len(proof.file.sha256) == 64
        assert proof.engine["threads"] >= 1
        assert "llama-cpp-python" in one.receipt.versions
    files = [one.receipt.provenance.file for one in answers if one.receipt is not None]
    assert len({file.sha256 for file in files if file is not None}) == 2


def test_leaving_the_loop_early_stops_the_generation() -> None:
    with Session() as session:
        model = session.open("scripted:lorem", delay=0.001)
        for _text in session.stream("scripted:lorem", "x", max_length=1_000_000):
            break
        before = threading.active_count()
        time.sleep(0.01)
        assert threading.active_count() == before
        assert session.open("scripted:lorem") is model


def test_errors_are_raised_in_the_callers_thread() -> None:
    with Session() as session:
        with pytest.raises(UnknownModel):
            session.ask("scripted:nosuch", "x")
        with pytest.raises(UnknownModel):
            list(session.stream("scripted:nosuch", "x"))


def test_a_closed_session_says_so() -> None:
    session = Session()
    session.close()
    session.close()
    with pytest.raises(ModelClosed):
        session.ask("scripted:echo", "x")


def test_a_session_may_be_used_from_several_threads() -> None:
    texts: list[str] = []
    with Session() as session:
        threads = [
            threading.Thread(
                target=lambda: texts.append(session.ask("scripted:echo", "same words").text)
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert texts == ["same words"] * 8
