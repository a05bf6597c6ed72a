"""What becomes of the params: taken, renamed, clamped, dropped or defaulted, each with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.params import GenerationParams, knobs
from playground.providers.planning import make_plan
from playground.types import KnobSupport, ModelRef, Plan

REF = ModelRef(provider="p", model="m")


def plan(supports: dict[str, KnobSupport] | None = None, **asked: Any) -> Plan:
    return make_plan(REF, GenerationParams.of(**asked), supports or {})


def test_nothing_asked_is_nothing_sent() -> None:
    assert plan().wire == {}
    assert plan().effective == {}
    assert plan().adjustments == ()


def test_a_knob_that_nobody_knows_about_is_sent_as_asked() -> None:
    assert plan(top_k=5).wire == {"top_k": 5}


def test_a_knob_is_sent_under_the_endpoints_name() -> None:
    made = plan({"max_length": KnobSupport(wire="max_tokens")}, max_length=5)
    assert made.wire == {"max_tokens": 5}
    assert made.effective == {"max_length": 5}
    assert [item.kind for item in made.adjustments] == ["renamed"]
    assert made.departures == ()


def test_a_value_out_of_the_models_range_is_clamped() -> None:
    made = plan({"temperature": KnobSupport(minimum=0.1, maximum=1)}, temperature=1.7)
    assert made.wire == {"temperature": 1}
    (clamped,) = made.departures
    assert (clamped.kind, clamped.asked, clamped.used) == ("clamped", 1.7, 1)
    assert "0.1 to 1" in clamped.reason
    low = plan({"temperature": KnobSupport(minimum=0.1, maximum=1)}, temperature=0)
    assert low.wire == {"temperature": 0.1}


def test_a_whole_number_stays_one_when_it_is_clamped() -> None:
    made = plan({"top_k": KnobSupport(maximum=40.0)}, top_k=100)
    assert json.dumps(made.wire) == '{"top_k": 40}'


def test_more_stop_strings_than_a_model_takes_are_cut() -> None:
    made = plan({"stop": KnobSupport(maximum=2)}, stop=("a", "b", "c"))
    assert made.wire == {"stop": ["a", "b"]}
    assert made.departures[0].asked == ["a", "b", "c"]
    assert "2 of them" in made.departures[0].reason


def test_a_refused_knob_is_dropped_with_the_catalogues_reason() -> None:
    supports = {"top_k": KnobSupport(accepted=False, reason="because")}
    made = plan(supports, top_k=5)
    assert made.wire == {}
    assert made.departures[0].reason == "because"
    assert plan(supports, top_k=0).adjustments == ()  # 0 keeps all: nothing is lost


def test_a_default_is_used_and_said() -> None:
    supports = {"max_length": KnobSupport(default=512)}
    made = plan(supports)
    assert made.wire == {"max_length": 512}
    assert made.adjustments[0].kind == "defaulted"
    assert made.departures == ()
    assert plan(supports, max_length=3).wire == {"max_length": 3}


def test_extra_comes_last_and_wins() -> None:
    supports = {"max_length": KnobSupport(wire="max_tokens")}
    made = plan(supports, max_length=5, extra={"max_tokens": 9, "other": [1]})
    assert made.wire == {"max_tokens": 9, "other": [1]}
    assert made.effective == {}
    assert made.departures[0].knob == "max_length"
    assert "extra sets max_tokens" in made.departures[0].reason


def test_extra_is_dropped_where_a_model_takes_none() -> None:
    made = plan({"extra": KnobSupport(accepted=False, reason="no")}, extra={"a": 1})
    assert made.wire == {}
    assert made.departures[0].knob == "extra"


def test_reserved_words_of_extra_are_dropped_one_by_one() -> None:
    params = GenerationParams(extra={"model": "x", "other": 1})
    made = make_plan(REF, params, {}, reserved={"model": "it is ours"})
    assert made.wire == {"other": 1}
    assert made.departures[0].asked == {"model": "x"}


def test_a_knob_may_be_spelled_with_several_words() -> None:
    def spell(name: str, wire_name: str, value: Any) -> dict[str, Any]:
        return {wire_name: value, f"{name}_too": True}

    params = GenerationParams.of(top_k=3, extra={"top_k_too": False})
    made = make_plan(REF, params, {}, spell=spell)
    assert made.wire == {"top_k": 3, "top_k_too": False}
    assert "top_k" not in made.effective


_SUPPORT = st.builds(
    KnobSupport,
    accepted=st.sampled_from([True, False, None]),
    minimum=st.sampled_from([None, 0.0, 1.0]),
    maximum=st.sampled_from([None, 1.0, 2.0, 30.0]),
    wire=st.sampled_from(["", "their_word"]),
)


@given(
    st.dictionaries(st.sampled_from(sorted(knobs())), _SUPPORT),
    st.builds(
        GenerationParams,
        temperature=st.none() | st.floats(0, 5),
        top_k=st.none() | st.integers(0, 100),
        n=st.none() | st.integers(1, 8),
        stop=st.none() | st.lists(st.text(min_size=1), max_size=5).map(tuple),
        extra=st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
    ),
)
def test_whatever_a_model_takes_every_knob_is_accounted_for(
    supports: dict[str, KnobSupport], params: GenerationParams
) -> None:
    made = make_plan(REF, params, supports)
    explained = {item.knob for item in made.adjustments}
    for name, value in params.given().items():
        if name != "extra":
            neutral = value == knobs()[name].neutral
            assert name in made.effective or name in explained or neutral
    assert made == make_plan(REF, params, supports)
    assert Plan.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("kind", ["dropped", "clamped", "renamed", "defaulted"])
def test_an_adjustment_reads_as_a_sentence(kind: Any) -> None:
    from playground.types import Adjustment

    text = str(Adjustment(kind=kind, knob="top_k", asked=5, used=3, reason="why"))
    assert text.startswith("top_k")
    assert text.endswith("why")
