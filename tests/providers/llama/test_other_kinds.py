"""Models of other kinds than the demo: with blanks before texts, and with states for KV cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.providers import open_model
from playground.run import as_messages, generate
from tests.providers.llama.small_models import llama_with_blanks, mamba


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
