"""What a local model can do beyond generating, and that it agrees with what it generated."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

import numpy as np
import pytest

from playground.errors import ContextOverflow, InvalidParameter, LocalError, UnsupportedAbility
from playground.params import GenerationParams
from playground.providers import ChatModel, open_model
from playground.providers.base import ABILITIES
from playground.providers.llama.model import LlamaModel
from playground.run import as_messages, generate
from playground.types import Token

PROMPT = as_messages("Once upon a time")

# Evaluating many tokens at once rounds differently from one by one on quantised weights.
ROUNDING = 0.05


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    async with open_model("demo:small") as opened:
        yield opened


def _ids(tokens: list[Token]) -> list[int]:
    return [token.token_id for token in tokens if token.token_id is not None]


async def test_a_local_model_has_every_ability_and_a_scripted_one_none(model: ChatModel) -> None:
    assert model.abilities == set(ABILITIES)
    scripted = open_model("scripted:echo")
    assert not scripted.abilities
    with pytest.raises(UnsupportedAbility, match="scripted:echo cannot score"):
        await scripted.score(PROMPT, "x")


async def test_scoring_an_answer_gives_the_probabilities_reported_while_it_was_drawn(
    model: ChatModel,
) -> None:
    params = GenerationParams(temperature=0.7, top_k=10, logprobs=3, seed=5, max_length=30)
    run = await generate(model, PROMPT, params)
    scores = await model.score(PROMPT, _ids(run.tokens), [params])
    assert [score.token.token_id for score in scores] == _ids(run.tokens)
    for score, token in zip(scores, run.tokens, strict=True):
        assert token.logprob is not None
        assert token.draw is not None
        assert score.token.logprob == pytest.approx(token.logprob, abs=ROUNDING)
        assert score.logprobs[0] == pytest.approx(token.draw.logprob, abs=ROUNDING)


async def test_one_pass_scores_a_text_under_several_settings_and_says_what_they_cut(
    model: ChatModel,
) -> None:
    neutral = GenerationParams(temperature=1, top_k=0, top_p=1, min_p=0)
    cold = neutral.updated(temperature=0.3)
    greedy = neutral.updated(temperature=0)
    narrow = neutral.updated(top_k=1)
    scores = await model.score(PROMPT, " zebra quantum", [neutral, cold, greedy, narrow])
    for score in scores:
        raw = score.token.logprob
        assert raw is not None
        assert score.logprobs[0] == pytest.approx(raw, abs=1e-4)
        if score.token.rank != 1:
            assert score.logprobs[1] < raw
            assert score.logprobs[2:] == (-math.inf, -math.inf)


async def test_a_token_too_unlikely_for_any_probability_is_not_cut_by_that(
    model: ChatModel,
) -> None:
    off = {"top_k": 0, "top_p": 1, "min_p": 0, "logprobs": 1, "max_length": 1}
    coldest = GenerationParams.of(temperature=0.001, **off)
    (score, *_) = await model.score(PROMPT, " zebra", [coldest])
    assert score.token.rank != 1
    assert -math.inf < score.logprobs[0] < math.log(5e-324)
    (token,) = (await generate(model, PROMPT, coldest)).tokens
    assert token.draw is not None
    assert token.draw.survivors == len(await model.vocabulary())


async def test_scoring_reads_a_text_longer_than_one_batch_without_losing_a_position(
    model: ChatModel,
) -> None:
    text = await model.tokenize("The little fox found the red ball near the river. " * 20)
    whole = await model.score(PROMPT, text)
    assert [score.token.token_id for score in whole] == list(text)
    first = await model.score(PROMPT, text[:100])
    for long, short in zip(whole, first, strict=False):
        assert long.token.logprob == pytest.approx(short.token.logprob, abs=ROUNDING)


async def test_the_next_token_comes_with_the_whole_distribution(model: ChatModel) -> None:
    run = await generate(model, PROMPT, logprobs=5, seed=1, max_length=3)
    vocabulary = await model.vocabulary()
    seen: list[int] = []
    for token in run.tokens:
        distribution = await model.next_token(PROMPT, seen)
        assert len(distribution.logits) == len(vocabulary)
        assert token.token_id is not None
        logprob = distribution.logprobs[token.token_id]
        assert logprob == pytest.approx(token.logprob, abs=ROUNDING)
        assert distribution.entropy == pytest.approx(token.entropy, abs=ROUNDING)
        assert vocabulary[token.token_id] == token.data
        seen.append(token.token_id)


async def test_going_on_from_inside_an_answer_throws_the_same_dice(model: ChatModel) -> None:
    params = GenerationParams(temperature=0.8, seed=9, logprobs=0, max_length=20)
    whole = await generate(model, PROMPT, params)
    assert len(whole.tokens) > 8
    given = _ids(whole.tokens)[:5]
    rest = await generate(model, PROMPT, params, prefix=given)
    throws = [token.draw.uniform for token in whole.tokens if token.draw]
    again = [token.draw.uniform for token in rest.tokens if token.draw]
    assert again[: len(throws) - 5] == throws[5:][: len(again)]
    assert rest.tokens[0].token_id == whole.tokens[5].token_id


async def test_going_on_from_a_text_starts_right_after_it(model: ChatModel) -> None:
    run = await generate(model, "What is the capital of France?", prefix="The", temperature=0)
    assert run.state == "done"
    assert not run.text.startswith("The")


async def test_text_survives_tokens_and_back(model: ChatModel) -> None:
    for text in ("Hello, world!", "むかしむかし、あるところに", "🦊 fox\n\ttab"):
        assert (await model.detokenize(await model.tokenize(text))).decode() == text


async def test_the_prompts_tokens_are_counted_exactly_before_it_is_sent(model: ChatModel) -> None:
    for turns in (as_messages("こんにちは", system="You are a pirate."), ()):
        count = await model.count_tokens(turns)
        run = await generate(model, turns, max_length=1)
        assert run.usage.input_tokens == count > 0


async def test_nothing_to_score_too_much_to_score_and_tokens_that_do_not_exist_are_refused(
    model: ChatModel,
) -> None:
    with pytest.raises(LocalError, match="no text to score"):
        await model.score(PROMPT, "")
    with pytest.raises(ContextOverflow, match="The prompt and the text to score have"):
        await model.score(PROMPT, "word " * 3000)
    with pytest.raises(LocalError, match="tokens 0 to"):
        await model.next_token(PROMPT, [10_000_000])
    for token in (-1, 10_000_000):
        with pytest.raises(LocalError, match="tokens 0 to"):
            await model.detokenize([token])
    assert np.isfinite((await model.next_token(PROMPT)).logits).all()


@pytest.mark.parametrize("version", [1, 2])
async def test_a_text_is_not_scored_under_mirostat_which_would_steer_by_draws_of_its_own(
    model: ChatModel, version: int
) -> None:
    steered = GenerationParams.of(mirostat=version)
    with pytest.raises(InvalidParameter, match=r"Mirostat.*mirostat 0"):
        await model.score(PROMPT, "yes", [GenerationParams(), steered])


async def test_a_local_models_engine_can_be_watched_while_it_works(model: ChatModel) -> None:
    assert isinstance(model, LlamaModel)
    run = generate(model, PROMPT, n=20, max_length=500, logit_bias={"<|end|>": -1000}).start()
    while run.plan is None or not run.text:
        await asyncio.sleep(0.01)
    seen = await model.occupancy()
    await run.cancel()
    assert seen.running == seen.slots
    assert seen.waiting == 20 - seen.slots


@pytest.mark.parametrize(
    ("text", "says"),
    [("half a character: \ud83d", "lone surrogate"), ("word " * 14_000_000, "are the most")],
    ids=["half a character", "70 MB"],
)
async def test_a_prompt_that_cannot_be_sent_is_refused_and_ends_nobody_elses_run(
    model: ChatModel, text: str, says: str
) -> None:
    endless = generate(model, PROMPT, max_length=400, logit_bias={"<|end|>": -1000}).start()
    refused = await generate(model, text, max_length=1)
    assert isinstance(refused.error, LocalError)
    assert says in str(refused.error)
    assert (await endless).error is None
