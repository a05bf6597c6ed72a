"""A local model that thinks aloud: what it thinks and what it answers are told apart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.providers import open_model
from playground.providers.llama.model import LlamaModel
from playground.run import generate

TURNS = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>"
OPENED = TURNS + "<think>\n"


def _with_template(demo: Path, folder: Path, template: str) -> Path:
    """The demo model with another chat template."""
    made = folder / "thinks.gguf"
    command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--force"]
    command += ["--chat-template", template, str(demo), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made


@pytest.fixture
async def opened(demo_path: Path, tmp_path: Path) -> AsyncIterator[LlamaModel]:
    """A model whose template begins the reasoning."""
    path = _with_template(demo_path, tmp_path, OPENED)
    async with open_model(f"local:{path}") as model:
        assert isinstance(model, LlamaModel)
        yield model


async def test_marks_in_the_text_part_it_and_its_tokens_stay_together() -> None:
    grammar = 'root ::= "<think>" [a-z ]{8} "</think>" "\\n" "It is " [a-z]{4}'
    async with open_model("demo:small") as model:
        run = await generate(model, "Hello", grammar=grammar, logprobs=3, seed=5)
    (choice,) = run.choices
    assert choice.text.startswith("It is ")
    assert 0 < len(choice.reasoning) <= 8
    told = "".join(token.text for token in run.tokens)
    assert told.endswith("</think>\n" + choice.text)
    assert told.split("</think>")[0].removeprefix("<think>").strip() == choice.reasoning


async def test_where_the_template_begins_the_reasoning_all_is_reasoning_until_it_ends(
    opened: LlamaModel,
) -> None:
    run = await generate(opened, "Tell me a story.", max_length=12, seed=1)
    assert run.text == ""
    assert run.choices[0].reasoning


async def test_what_a_grammar_makes_the_model_say_is_its_answer(opened: LlamaModel) -> None:
    run = await generate(opened, "Yes or no?", grammar='root ::= "yes" | "no"')
    assert run.text in ("yes", "no")
    assert run.choices[0].reasoning == ""


async def test_a_beginning_is_not_opened_twice(opened: LlamaModel) -> None:
    prompt = "Tell me a story."
    plain = await generate(opened, prompt, prefix="Once upon", max_length=8, seed=1)
    marked = await generate(opened, prompt, prefix="<think>\nOnce upon", max_length=8, seed=1)
    assert marked.usage.input_tokens == plain.usage.input_tokens
    assert marked.choices[0].reasoning == plain.choices[0].reasoning != ""


async def test_a_beginning_that_ended_the_reasoning_is_followed_by_the_answer(
    opened: LlamaModel,
) -> None:
    beginning = "<think>\nA fox.\n</think>\n\nOnce upon"
    run = await generate(opened, "Tell me a story.", prefix=beginning, max_length=8, seed=1)
    assert run.text
    assert run.choices[0].reasoning == ""


async def test_the_template_is_given_what_the_settings_say(demo_path: Path, tmp_path: Path) -> None:
    switch = "{% if enable_thinking is defined and not enable_thinking %}\n</think>\n\n{% endif %}"
    path = _with_template(demo_path, tmp_path, OPENED + switch)
    off = {"enable_thinking": False}
    async with (
        open_model(f"local:{path}") as thinks,
        open_model(f"local:{path}", chat_template_kwargs=off) as answers,
    ):
        thought = await generate(thinks, "Tell me a story.", max_length=8, seed=1)
        answered = await generate(answers, "Tell me a story.", max_length=8, seed=1)
        receipt = await answered.prove()
    assert (thought.text, answered.choices[0].reasoning) == ("", "")
    assert thought.choices[0].reasoning
    assert answered.text
    assert receipt is not None
    assert receipt.provenance.engine["chat_template_kwargs"] == off
