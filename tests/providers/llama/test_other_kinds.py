"""Models of other kinds than the demo: with blanks before texts, and with states for KV cells."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from playground.providers import open_model
from playground.providers.llama.inspection import inspect_gguf
from playground.providers.llama.log import start_llama
from playground.providers.llama.native import NativeModel
from playground.run import as_messages, generate
from tests.providers.llama.small_models import WIDTH, gemma, llama_with_blanks, mamba


async def test_what_goes_on_inside_a_text_gets_no_blank_before_it(tmp_path: Path) -> None:
    path = llama_with_blanks(tmp_path / "blanks.gguf")
    async with open_model(f"local:{path}") as model:
        for text in ("ab", " ab", "", "\nab", "日本", "ab\nab"):
            assert (await model.detokenize(await model.tokenize(text))).decode() == text
        rule = {"grammar": 'root ::= "ab" [a-z]*', "seed": 1, "temperature": 1.0}
        run = await generate(model, "hi", max_length=6, logprobs=0, **rule)
        assert run.text.startswith("ab")
        messages = as_messages("hi")
        scored = await model.score(messages, run.text)
        assert b"".join(one.token.data for one in scored).decode() == run.text
        on = await generate(model, "hi", prefix=run.text, max_length=2, **rule)
        assert on.error is None
        given = tuple(token.token_id for token in run.tokens if token.token_id is not None)
        same = await model.score(messages, given)
        for one, token in zip(same, run.tokens, strict=True):
            assert one.token.logprob == pytest.approx(token.logprob, abs=1e-3)


@pytest.mark.parametrize("unified", [None, True])
async def test_a_recurrent_model_gives_each_choice_its_own_state(
    tmp_path: Path, unified: bool | None
) -> None:
    path = mamba(tmp_path / "mamba.gguf")
    async with open_model(f"local:{path}", sequences=4, unified=unified) as model:
        knobs = {"temperature": 1.0, "seed": 3, "max_length": 12}
        alone = [await generate(model, "one two", **{**knobs, "seed": 3 + at}) for at in range(6)]
        for _ in range(2):
            run = await generate(model, "one two", n=6, **knobs)
            assert run.error is None
            assert [choice.text for choice in run.choices] == [one.text for one in alone]
        further = await generate(model, "one two three", **knobs)
        assert further.error is None


@pytest.mark.parametrize("unified", [True, False])
async def test_what_a_model_looks_back_at_through_a_window_is_there_or_evaluated_again(
    tmp_path: Path, unified: bool
) -> None:
    path = gemma(tmp_path / "gemma.gguf")
    dice = random.Random(3)
    first, again, long = (
        "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=length)) for length in (60, 200, 370)
    )
    knobs = {"temperature": 1.0, "seed": 5, "max_length": 60, "logprobs": 1}
    knobs["logit_bias"] = {"<|end|>": -1000}
    async with open_model(
        f"local:{path}", unified=unified, sequences=2, context_length=512, chat_template="plain"
    ) as model:
        await generate(model, first, **knobs)
        before = await generate(model, again, **knobs)
        # It takes the cells that the answer before it has left behind in its window.
        await generate(model, long, **knobs)
        after = await generate(model, again, **knobs)
        assert after.text == before.text
        drawn = tuple(token.token_id for token in before.tokens)
        for one, token in zip(
            await model.score(before.messages, drawn), before.tokens, strict=True
        ):
            assert one.token.logprob == pytest.approx(token.logprob, abs=1e-3)


def test_wide_heads_take_the_memory_that_they_take(tmp_path: Path) -> None:
    path = gemma(tmp_path / "gemma.gguf")
    start_llama()
    model = NativeModel(path, gpu_layers=0)
    assert model.kv_bytes(1) == 2 * 2 * WIDTH * 2
    assert model.kv_bytes(1) == inspect_gguf(path).kv_bytes_per_token
