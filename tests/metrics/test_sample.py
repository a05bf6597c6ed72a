"""Samples from answers, and metrics of a real model's answers from end to end."""

from __future__ import annotations

import math

import pytest

from playground import generate, open_model
from playground.metrics import (
    USUAL,
    Sample,
    chain_params,
    get,
    measure_all,
    measure_figures,
    perplexities,
    stage_effects,
)
from playground.run import as_messages
from playground.types import Answer, Choice, Timing, Token, Usage

PROMPT = "Once upon a time"


def answer(choices: int = 1, **usage: object) -> Answer:
    return Answer(
        id="x",
        model="demo:small",
        text="a",
        finish_reason="stop",
        choices=tuple(Choice(text=f"text {n}", finish_reason="stop") for n in range(choices)),
        usage=Usage(**usage),  # type: ignore[arg-type]
        timing=Timing(queued=0.1, first_token=0.5, total=2.5),
        tokens_per_second=None,
        params={},
        effective={},
        adjustments=(),
        receipt=None,
    )


def test_a_sample_takes_what_the_answer_knows() -> None:
    sample = Sample.of(answer(output_tokens=11, cost=0.5), expected="b", prompt=PROMPT)
    assert sample == Sample(
        text="text 0",
        tokens=11,
        time_to_first_token=0.5,
        duration=2.5,
        cost=0.5,
        expected="b",
        prompt=PROMPT,
        finish_reason="stop",
    )
    assert sample.tokens_per_second == answer().timing.tokens_per_second(11) == 5


def test_tokens_that_came_in_one_piece_tell_of_no_speed() -> None:
    assert Timing(first_token=0.5, total=0.50001).tokens_per_second(4) is None
    assert Timing(first_token=0.5, total=0.6).tokens_per_second(4) == pytest.approx(30)


def test_choices_of_one_run_share_its_cost_and_not_its_count_of_tokens() -> None:
    whole = answer(2, output_tokens=20, cost=0.5)
    tokens = [Token("a", logprob=-1.0, entropy=0.5), Token("b", logprob=-2.0)]
    first, second = Sample.of(whole), Sample.of(whole, 1, tokens=tokens)
    assert (first.text, first.tokens, first.cost, first.logprobs) == ("text 0", None, 0.25, None)
    assert (second.text, second.tokens, second.logprobs) == ("text 1", 2, (-1.0, -2.0))
    # One token's entropy is not known: a mean of the others would be one of other tokens.
    assert second.entropies is None


async def test_a_local_models_answers_have_every_usual_metric() -> None:
    async with open_model("demo:small") as model:
        run = await generate(
            model, PROMPT, temperature=1.0, max_length=20, n=6, seed=3, logprobs=20
        )
        whole = run.answer()
        samples = [
            Sample.of(whole, number, tokens=choice.tokens, prompt=PROMPT)
            for number, choice in enumerate(run.choices)
        ]
        found = measure_all([get(name) for name in USUAL], samples)
        assert [name for name, one in found.items() if one.value is None] == []
        assert found["cost"].value == 0
        tokens = [token for choice in run.choices for token in choice.tokens]
        assert found["length"].value == len(tokens) / 6
        per_answer = [
            sum(token.entropy or 0 for token in choice.tokens) / len(choice.tokens)
            for choice in run.choices
        ]
        assert found["entropy"].value == pytest.approx(sum(per_answer) / 6)

        # A model is least surprised by its own words: it gives their probabilities again.
        async def score(sample: Sample) -> list[float]:
            scored = await model.score(as_messages(sample.prompt), sample.text)
            return [one.token.logprob or 0.0 for one in scored]

        figures = await perplexities(samples, score)
        perplexity = measure_figures(get("perplexity"), figures)
        total = sum(figure.total for figure in figures if figure)
        weight = sum(figure.weight for figure in figures if figure)
        assert perplexity.value == pytest.approx(math.exp(total / weight))
        assert perplexity.low is not None
        assert perplexity.high is not None
        assert 1 <= perplexity.low <= perplexity.value <= perplexity.high


async def test_what_the_chain_is_said_to_leave_is_what_the_engine_drew_from() -> None:
    asked = {"temperature": 1.3, "top_k": 12, "top_p": 0.9, "min_p": 0.02}
    for order in ("llama.cpp", "temperature-first"):
        async with open_model("demo:small") as model:
            run = await generate(
                model, PROMPT, max_length=60, seed=5, logprobs=20, sampler_order=order, **asked
            )
            plan = run.plan
            vocabulary = len(await model.vocabulary())
        assert plan is not None
        likeliest = [[one.logprob for one in token.alternatives] for token in run.tokens]
        effects = stage_effects(likeliest, chain_params(plan.effective), vocabulary=vocabulary)
        drawn = [token.draw.survivors for token in run.tokens if token.draw]
        assert len(drawn) == len(likeliest) > 20
        last = [one for one in effects if one.stage != "temperature"][-1]
        assert last.left == max(drawn)
        assert {one.stage for one in effects} == {"top_k", "top_p", "min_p", "temperature"}
