"""Plain synchronous code gets the same answers, through the same code."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from playground import Session
from playground.errors import ModelClosed, UnknownModel
from playground.run import Run


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


def test_closing_stops_what_other_threads_wait_for() -> None:
    session = Session()
    session.open("scripted:lorem", delay=0.001)
    raised: list[BaseException] = []
    begun = threading.Barrier(4)

    def asked(work: Callable[[], object]) -> None:
        begun.wait(10)
        try:
            work()
        except ModelClosed as error:
            raised.append(error)

    endless = {"max_length": 1_000_000}
    works: list[Callable[[], object]] = [
        lambda: session.ask("scripted:lorem", "x", **endless),
        lambda: session.compare(["scripted:lorem"], "x", **endless),
        lambda: [*session.stream("scripted:lorem", "x", **endless)],
    ]
    threads = [threading.Thread(target=asked, args=[work], daemon=True) for work in works]
    for thread in threads:
        thread.start()
    begun.wait(10)
    time.sleep(0.1)
    closers = [threading.Thread(target=session.close, daemon=True) for _ in range(2)]
    for thread in closers:
        thread.start()
    for thread in (*threads, *closers):
        thread.join(10)
        assert not thread.is_alive()
    assert len(raised) == 3
    with pytest.raises(ModelClosed):
        session.open("scripted:echo")


def test_interrupting_a_comparison_stops_all_of_its_runs() -> None:
    with Session() as session:
        session.open("scripted:lorem", delay=0.001)
        session.open("scripted:echo", delay=0.001)
        begun: list[Run] = []
        with pytest.MonkeyPatch.context() as patch:
            whole = Session._whole

            async def seen(run: Run) -> Run:
                begun.append(run)
                if len(begun) == 2:
                    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
                return await whole(run)

            patch.setattr(Session, "_whole", staticmethod(seen))
            with pytest.raises(KeyboardInterrupt):
                session.compare(
                    ["scripted:lorem", "scripted:echo"], "x " * 100_000, max_length=1_000_000
                )
        for _ in range(100):
            if all(run.state == "cancelled" for run in begun):
                break
            time.sleep(0.05)
        assert [run.state for run in begun] == ["cancelled", "cancelled"]


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
