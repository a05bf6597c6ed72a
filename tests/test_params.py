"""Every knob is defined once: its range is checked, its other names are understood."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import InvalidParameter
from playground.params import SAMPLERS, STAGES, TEMPERATURE_FIRST, GenerationParams, knobs

NUMERIC = [knob for knob in knobs().values() if knob.numeric]


@pytest.mark.parametrize("knob", NUMERIC, ids=lambda knob: knob.name)
def test_a_numeric_knob_takes_its_whole_range_and_nothing_beyond(knob) -> None:  # type: ignore[no-untyped-def]
    for value in (knob.minimum, knob.maximum):
        assert getattr(GenerationParams.of(**{knob.name: value}), knob.name) == value
    for value in (knob.minimum - 1, knob.maximum + 1):
        with pytest.raises(InvalidParameter, match=f"{knob.name} .* is outside"):
            GenerationParams.of(**{knob.name: value})


@pytest.mark.parametrize("knob", NUMERIC, ids=lambda knob: knob.name)
def test_the_slider_the_default_and_the_neutral_value_lie_inside_the_range(knob) -> None:  # type: ignore[no-untyped-def]
    low, high = knob.slider or (knob.minimum, knob.maximum)
    assert knob.minimum <= low < high <= knob.maximum
    for value in (knob.default, knob.neutral):
        assert value is None or not knob.problem(value)


def test_every_knob_says_what_it_means_in_a_sentence() -> None:
    for knob in knobs().values():
        assert knob.meaning.endswith("."), knob.name


def test_unset_is_none_and_is_not_given() -> None:
    assert GenerationParams().given() == {}
    assert GenerationParams.of(seed=0, temperature=0).given() == {"seed": 0, "temperature": 0}


@pytest.mark.parametrize("alias", ["max_tokens", "max_new_tokens"])
def test_the_words_of_other_tools_are_understood(alias: str) -> None:
    assert GenerationParams.of(**{alias: 7}).max_length == 7


def test_two_words_for_one_knob_at_once_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="another word for max_length"):
        GenerationParams.of(max_tokens=1, max_length=2)


def test_a_misspelt_knob_gets_a_suggestion() -> None:
    with pytest.raises(InvalidParameter, match="temperature"):
        GenerationParams.of(temprature=1)


def test_an_out_of_range_value_names_knob_value_and_range() -> None:
    with pytest.raises(InvalidParameter, match=r"temperature 9 is outside 0 to 5"):
        GenerationParams.of(temperature=9)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_out_of_range(value: float) -> None:
    with pytest.raises(InvalidParameter):
        GenerationParams.of(temperature=value)


def test_one_stop_string_may_be_given_without_a_list_and_an_empty_one_is_refused() -> None:
    assert GenerationParams.of(stop="END").stop == ("END",)
    with pytest.raises(InvalidParameter, match="empty string"):
        GenerationParams.of(stop=["a", ""])


def test_a_sampler_order_is_a_list_or_the_name_of_one() -> None:
    assert GenerationParams.of(sampler_order="temperature-first").sampler_order == TEMPERATURE_FIRST
    assert GenerationParams.of(sampler_order="llama.cpp").sampler_order == SAMPLERS
    assert GenerationParams.of(sampler_order="top_k, temperature").sampler_order == (
        "top_k",
        "temperature",
    )
    with pytest.raises(InvalidParameter, match="nosuch"):
        GenerationParams.of(sampler_order=["nosuch"])
    with pytest.raises(InvalidParameter, match="twice"):
        GenerationParams.of(sampler_order=["top_k", "top_k"])


@given(st.dictionaries(st.sampled_from(["temperature", "top_p", "min_p"]), st.floats(0, 1)))
def test_what_is_given_makes_the_same_params_again(values: dict[str, float]) -> None:
    params = GenerationParams.of(**values)
    assert GenerationParams.of(**params.given()) == params
    assert GenerationParams.model_validate_json(params.model_dump_json()) == params


def test_updating_sets_and_unsets_and_leaves_the_original() -> None:
    params = GenerationParams.of(temperature=1, top_p=0.5)
    assert params.updated(temperature=2, top_p=None).given() == {"temperature": 2}
    assert params.temperature == 1


@pytest.mark.parametrize("bias", [math.inf, -math.inf, math.nan, 1e300])
def test_a_bias_that_no_logit_could_carry_is_refused_with_the_way_to_forbid_a_token(
    bias: float,
) -> None:
    with pytest.raises(InvalidParameter, match="-100 forbids a token"):
        GenerationParams.of(logit_bias={"5": bias})


def test_what_is_wrong_with_a_long_value_is_said_in_short() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(400):
        schema = {"type": "array", "items": schema}
    with pytest.raises(InvalidParameter, match="json_schema") as refused:
        GenerationParams.of(json_schema=schema)
    assert len(str(refused.value)) < 1_000


def test_every_knob_of_the_chain_belongs_to_one_stage() -> None:
    assert list(STAGES) == list(SAMPLERS)
    assert all(stage.switches for stage in STAGES.values())
    owned = [name for stage in STAGES.values() for name in stage.names]
    assert len(set(owned)) == len(owned)
    # What else only llama.cpp's samplers have acts beside the stages.
    apart = {name for name, knob in knobs().items() if knob.engine} - {*owned}
    assert apart == {"mirostat", "mirostat_tau", "mirostat_eta", "grammar", "json_schema"}


def test_a_stage_is_on_by_its_switches_alone_and_a_window_of_nothing_stops_it() -> None:
    penalties, dry = STAGES["penalties"], STAGES["dry"]
    assert penalties.names == (
        "repeat_penalty", "presence_penalty", "frequency_penalty", "penalty_window",
    )  # fmt: skip
    assert dry.tuning == ("dry_base", "dry_allowed_length", "dry_window")
    assert not dry.switched_on(GenerationParams(dry_window=64, dry_base=2))
    assert not dry.switched_on(GenerationParams(dry_multiplier=0.8, dry_window=0))
    repeating = GenerationParams(repeat_penalty=1.2, presence_penalty=0)
    assert penalties.switched_on(repeating) == [("repeat_penalty", 1.2)]
    assert not penalties.switched_on(repeating.updated(penalty_window=0))
    assert STAGES["temperature"].switched_on(GenerationParams(dynatemp_range=0.5, temperature=1))
