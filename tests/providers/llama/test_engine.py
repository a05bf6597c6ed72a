"""The engine decodes all sequences together, shares prompts, and lets go within one step."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from playground.errors import ContextOverflow, LocalError
from playground.providers.llama import slots as slots_module
from playground.providers.llama.context import NativeContext
from playground.providers.llama.engine import Engine
from playground.providers.llama.figures import Raw
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import (
    Began,
    ChoiceEnded,
    Done,
    Failed,
    Report,
    Scored,
    Text,
)

from .conftest import MakeEngine, sampling


def _tokens(model: NativeModel, text: str) -> list[int]:
    return model.tokenize(text, add_special=True, parse_special=False)


def _finish(engine: Engine) -> list[Report]:
    reports: list[Report] = []
    while not engine.idle:
        reports += engine.step()
    return reports


def _texts(reports: list[Report]) -> dict[tuple[int, int], str]:
    texts: dict[tuple[int, int], str] = defaultdict(str)
    for report in reports:
        if isinstance(report, Text):
            texts[report.id, report.choice] += report.text
    return texts


def _count_decodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    decode = NativeContext.decode

    def counted(context: NativeContext) -> bool:
        sizes.append(context.size)
        return decode(context)

    monkeypatch.setattr(NativeContext, "decode", counted)
    return sizes


def test_two_requests_are_decoded_in_one_call_a_step(
    make_engine: MakeEngine, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine()
    sizes = _count_decodes(monkeypatch)
    for number, text in enumerate(["Once upon a time", "昔々"], start=1):
        engine.generate(number, _tokens(native_model, text), sampling(max_length=8), ())
    reports = _finish(engine)
    done = {report.id: report.output_tokens for report in reports if isinstance(report, Done)}
    assert set(done) == {1, 2}
    # One step for both prompts, then one for each further token of the longer answer.
    assert len(sizes) <= max(done.values()) + 1
    assert sum(size == 2 for size in sizes) >= min(done.values()) - 1


def test_choices_of_one_request_evaluate_their_prompt_once(
    make_engine: MakeEngine, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine()
    sizes = _count_decodes(monkeypatch)
    prompt = _tokens(native_model, "one two three four five six seven " * 10)
    engine.generate(1, prompt, sampling(n=4, max_length=2), ())
    reports = _finish(engine)
    assert sum(isinstance(report, ChoiceEnded) for report in reports) == 4
    assert sum(sizes) < len(prompt) * 1.5


def test_requests_at_different_settings_evaluate_the_prompt_they_share_once(
    make_engine: MakeEngine, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(sequences=4)
    sizes = _count_decodes(monkeypatch)
    prompt = _tokens(native_model, "one two three four five six seven " * 10)
    for number, temperature in enumerate((0.2, 0.7, 1.2), start=1):
        engine.generate(number, prompt, sampling(temperature=temperature, max_length=2), ())
    _finish(engine)
    assert sum(sizes) < len(prompt) * 1.5
    # The same once more, as a retry asks for it: all but the last token is there.
    engine.generate(4, prompt, sampling(max_length=2, seed=9), ())
    began = next(report for report in _finish(engine) if isinstance(report, Began))
    assert began.cached_tokens == len(prompt) - 1


def test_the_prefix_that_was_used_longest_ago_makes_room_for_another(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(sequences=2)
    prompts = {
        name: _tokens(native_model, text * 8)
        for name, text in {"A": "one two three ", "B": "昔々あるところに", "C": "Yes. No. "}.items()
    }
    reused = []
    for number, name in enumerate("ABACAB"):
        engine.generate(number, prompts[name], sampling(max_length=1), ())
        began = next(report for report in _finish(engine) if isinstance(report, Began))
        reused.append(began.cached_tokens >= len(prompts[name]) - 1)
    assert reused == [False, False, True, False, True, False], "C took the place of B, not of A"


def test_a_pool_that_two_idle_prefixes_fill_gives_way_to_a_long_answer(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(length=256, sequences=2)
    one = _tokens(native_model, "one two three " * 16)
    other = _tokens(native_model, "昔々あるところに" * 12)
    for number, prompt in enumerate((one, other)):
        engine.generate(number, prompt, sampling(max_length=1), ())
        _finish(engine)
    # It goes on with the cells of the first, which with those of the second leave it no room.
    engine.generate(3, one[:60] + other[:10], sampling(max_length=180), ())
    for _ in range(400):
        if engine.idle:
            break
        engine.step()
    assert engine.idle


def test_the_next_turn_starts_from_the_cells_of_the_turn_before(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine()
    prompt = _tokens(native_model, "Tell me a story about a fox and a dog and a bear.")
    engine.generate(1, prompt, sampling(max_length=4), ())
    _finish(engine)
    engine.generate(2, prompt + _tokens(native_model, " And then what?"), sampling(), ())
    began = next(report for report in _finish(engine) if isinstance(report, Began))
    assert began.cached_tokens >= len(prompt)


def test_a_request_gives_the_same_answer_from_shared_cells_as_from_its_own(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    prompt = _tokens(native_model, "Once upon a time there was a little")
    greedy = sampling(temperature=0, max_length=12)
    alone = make_engine()
    alone.generate(1, prompt, greedy, ())
    expected = _texts(_finish(alone))[1, 0]
    shared = make_engine()
    shared.generate(1, prompt, sampling(max_length=12), ())
    _finish(shared)
    shared.generate(2, prompt, greedy, ())
    assert _texts(_finish(shared))[2, 0] == expected


def test_a_cancelled_request_is_gone_before_the_next_step(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(sequences=1)
    prompt = _tokens(native_model, "Once upon a time")
    engine.generate(1, prompt, sampling(max_length=400), ())
    engine.generate(2, prompt, sampling(max_length=2), ())
    engine.step()
    engine.cancel(1)
    reports = _finish(engine)
    assert all(report.id == 2 for report in reports if isinstance(report, Text | Done))
    assert any(isinstance(report, Done) for report in reports)


def test_more_requests_than_slots_wait_their_turn_and_all_end(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(sequences=2)
    for number in range(1, 8):
        prompt = _tokens(native_model, f"Number {number}:")
        engine.generate(number, prompt, sampling(max_length=3, n=2), ())
    done = [report.id for report in _finish(engine) if isinstance(report, Done)]
    assert sorted(done) == list(range(1, 8))


def test_a_request_of_many_choices_does_not_keep_one_of_few_waiting_for_all_of_them(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(sequences=2)
    prompt = _tokens(native_model, "Once upon a time")
    short = sampling(max_length=5, n=8, logit_bias={"<|end|>": -1000})
    engine.generate(1, prompt, short, ())
    engine.step()
    assert engine.occupancy(9).running == 2, "both slots are taken before the others ask"
    engine.generate(2, prompt, short.model_copy(update={"n": 1}), ())
    engine.generate(3, prompt, short.model_copy(update={"n": 2}), ())
    ended = [report.id for report in _finish(engine) if isinstance(report, ChoiceEnded)]
    assert 2 in ended[:4]
    assert ended[:8].count(3) == 2
    assert ended.count(1) == 8


def test_who_comes_last_waits_for_one_slot_however_many_were_there_before(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(sequences=4)
    prompt = _tokens(native_model, "Once")
    knobs = {"max_length": 4, "logit_bias": {"<|end|>": -1000}}
    for number in range(1, 6):
        engine.generate(number, prompt, sampling(n=16, **knobs), ())
    for _ in range(8):
        engine.step()
    engine.generate(9, prompt, sampling(**knobs), ())
    ended = 0
    while True:
        reports = engine.step()
        if any(isinstance(report, Done) and report.id == 9 for report in reports):
            break
        ended += sum(isinstance(report, ChoiceEnded) for report in reports)
    assert ended <= 8


def test_who_asks_ever_anew_does_not_stay_ahead_of_a_choice_that_waits(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(sequences=2)
    prompt = _tokens(native_model, "Once upon a time")
    short = sampling(max_length=3, logit_bias={"<|end|>": -1000})
    engine.generate(1, prompt, short.model_copy(update={"n": 2}), ())
    for number in range(2, 6):
        engine.generate(number, prompt, short, ())
    for number in range(6, 26):
        while True:
            ended = [report.id for report in engine.step() if isinstance(report, Done)]
            if 1 in ended:
                return
            if ended:
                break
        engine.generate(number, prompt, short, ())
    raise AssertionError("twenty that came later were served, and it waits still")


def test_the_first_token_of_one_does_not_wait_for_the_score_of_a_long_text(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(length=1024)
    text = _tokens(native_model, "The fox found the red ball near the river. " * 80)[:900]
    engine.score(1, _tokens(native_model, "Tell me a story"), text, ())
    engine.step()
    engine.generate(2, _tokens(native_model, "Hello"), sampling(max_length=1), ())
    steps = [engine.step() for _ in range(4)]
    assert any(isinstance(report, Text) for reports in steps for report in reports)
    assert any(isinstance(report, Scored) for report in _finish(engine))


def test_a_batch_that_cannot_be_decoded_fails_those_in_it_and_loses_no_ends(
    make_engine: MakeEngine, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(length=64, sequences=2)
    endless = sampling(max_length=500, logit_bias={"<|end|>": -1000})
    engine.generate(1, [7] * 60, endless, ())
    engine.generate(2, [9] * 8, endless, ())
    decode, reports = NativeContext.decode, list[Report]()

    def failing(context: NativeContext) -> bool:
        # The first has just ended, for want of cells, in this very step.
        if any(len(slot.tokens) >= 64 and slot.user is None for slot in engine._slots._slots):
            raise LocalError("llama_decode failed with status -3")
        return decode(context)

    monkeypatch.setattr(NativeContext, "decode", failing)
    reports += _finish(engine)
    kinds = [(type(report), report.id) for report in reports if not isinstance(report, Text)]
    assert kinds[-3:] == [(ChoiceEnded, 1), (Done, 1), (Failed, 2)]


def test_the_queue_is_bounded_and_can_be_watched(
    make_engine: MakeEngine, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots_module, "MOST_WAITING", 8)
    engine = make_engine(sequences=2)
    prompt = _tokens(native_model, "Once upon a time")
    endless = sampling(max_length=50, logit_bias={"<|end|>": -1000})
    for number in range(8):
        engine.generate(number, prompt, endless, ())
    with pytest.raises(LocalError, match="waiting for this model"):
        engine.generate(9, prompt, endless, ())
    for _ in range(3):
        engine.step()
    seen = engine.occupancy(1)
    assert (seen.running, seen.waiting, seen.slots) == (2, 6, 2)
    assert 0 < seen.cells_kept < seen.cells


def test_a_long_prompt_delays_the_others_by_one_chunk(
    make_engine: MakeEngine, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that evaluates a thousand tokens a second gives them a quarter of that a step.
    monkeypatch.setattr(Engine, "_decode", lambda self, _live: self._context.decode())
    engine = make_engine(length=1024)
    engine._prefill_rate = 1000.0
    endless = sampling(max_length=20, logit_bias={"<|end|>": -1000})
    engine.generate(1, _tokens(native_model, "Once"), endless, ())
    while not any(isinstance(report, Text) for report in engine.step()):
        pass
    sizes = _count_decodes(monkeypatch)
    engine.generate(2, [7] * 700, sampling(max_length=1), ())
    engine.step()
    assert sizes[0] <= 250 + 1


def test_a_batch_that_nobody_waits_for_is_stopped_on_its_way(
    native_model: NativeModel, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = True
    context = NativeContext(
        native_model,
        length=1024,
        cells=1024,
        sequences=1,
        unified=False,
        threads=1,
        batch_tokens=512,
        abort=lambda: not wanted,
    )
    engine = Engine(native_model, context, 1)
    engine._prefill_rate = 1e6
    wanted = False
    engine.generate(1, [7] * 500, sampling(max_length=5), ())
    reports = _finish(engine)
    assert not any(isinstance(report, Text | Done) for report in reports)
    said = capfd.readouterr().err
    assert "failed to decode" not in said, "a crash that comes later would be laid to this"
    wanted = True
    engine.generate(2, [7] * 500, sampling(max_length=5, temperature=0), ())
    assert any(isinstance(report, Done) for report in _finish(engine))


def test_a_prompt_that_can_never_fit_is_refused_with_both_counts(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(length=256)
    with pytest.raises(ContextOverflow, match=r"300 tokens.*256"):
        engine.generate(1, [7] * 300, sampling(), ())


def test_an_answer_ends_as_context_when_its_cells_are_full(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine(length=256, sequences=1)
    endless = sampling(max_length=500, logit_bias={"<|end|>": -1000})
    engine.generate(1, [7] * 250, endless, ())
    reports = _finish(engine)
    ended = next(report for report in reports if isinstance(report, ChoiceEnded))
    done = next(report for report in reports if isinstance(report, Done))
    assert ended.reason == "context"
    # The last token is drawn from the last cell and needs none of its own.
    assert done.output_tokens == 256 - 250 + 1


def test_log_probabilities_are_the_softmax_of_the_raw_logits(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine()
    prompt = _tokens(native_model, "Once upon a time")
    engine.generate(1, prompt, sampling(max_length=6, logprobs=5, temperature=0.5), ())
    tokens = [
        token for report in _finish(engine) if isinstance(report, Text) for token in report.tokens
    ]
    assert tokens
    # The same tokens once more through a context of its own, softmax by hand.
    context = NativeContext(
        native_model,
        length=256,
        cells=256,
        sequences=1,
        unified=False,
        threads=1,
        batch_tokens=512,
    )
    context.add(prompt[:-1], 0, 0, wants_from=len(prompt))
    context.decode()
    fed, position = prompt[-1], len(prompt) - 1
    for token in tokens:
        context.clear_batch()
        (row,) = context.add([fed], position, 0, wants_from=position)
        context.decode()
        logits = context.logits(row).astype(np.float64)
        by_hand = logits - np.log(np.sum(np.exp(logits)))
        assert token.logprob == pytest.approx(by_hand[token.token_id], abs=1e-4)
        best = token.alternatives[0]
        assert best.logprob == pytest.approx(by_hand.max(), abs=1e-4)
        assert [other.logprob for other in token.alternatives] == sorted(
            (other.logprob for other in token.alternatives), reverse=True
        )
        position += 1
        fed = token.token_id


def test_raw_probabilities_sum_to_one_even_far_from_zero() -> None:
    logits = np.array([1e4, 1e4 - 1, -1e4], dtype=np.float32)
    logprobs = Raw(logits).logprobs(np.arange(len(logits)))
    assert np.exp(logprobs).sum() == pytest.approx(1)


def test_every_token_tells_what_it_was_drawn_from(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    engine = make_engine()
    prompt = _tokens(native_model, "Once upon a time")
    knobs = sampling(max_length=8, logprobs=10, temperature=0.7, top_k=4)
    engine.generate(1, prompt, knobs, ())
    tokens = [
        token for report in _finish(engine) if isinstance(report, Text) for token in report.tokens
    ]
    assert tokens
    for token in tokens:
        draw = token.draw
        assert draw.survivors <= 4
        assert len(draw.alternatives) == draw.survivors
        assert token.rank <= 4
        probabilities = [np.exp(other.logprob) for other in draw.alternatives]
        assert sum(probabilities) == pytest.approx(1)
        assert draw.entropy < token.entropy
        # The dice, read against the survivors in order of their ids, give this very token.
        by_id = sorted(draw.alternatives, key=lambda other: other.token_id)
        reached = np.cumsum([np.exp(other.logprob) for other in by_id])
        place = int(np.searchsorted(reached, draw.uniform, side="right"))
        assert by_id[place].token_id == token.token_id


def test_the_same_seed_throws_the_same_dice_at_every_setting(
    make_engine: MakeEngine, native_model: NativeModel
) -> None:
    prompt = _tokens(native_model, "Once upon")
    throws: list[dict[int, list[float]]] = []
    for temperature in (0.3, 1.0, 1.7):
        engine = make_engine()
        knobs = sampling(max_length=5, logprobs=0, temperature=temperature, seed=0, n=8)
        engine.generate(1, prompt, knobs, ())
        thrown = defaultdict(list)
        for report in _finish(engine):
            if isinstance(report, Text):
                thrown[report.choice] += [token.draw.uniform for token in report.tokens]
        throws.append(thrown)
    compared = 0
    for choice in range(8):
        shortest = min(len(thrown[choice]) for thrown in throws)
        compared += shortest
        assert len({tuple(thrown[choice][:shortest]) for thrown in throws}) == 1
    assert compared > 0, "at least one choice goes on for a token at every setting"
