"""A kept run is repeated on the real model: the same comes out, or it is said where it parted."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from playground.config import shipped
from playground.errors import ModelFileError, ServerFailed, UsageError
from playground.history import Filing, History, Recorder, RunRecord
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.scripted import ScriptedModel
from playground.replay import replay
from playground.run import generate
from tests.conftest import forget_everything
from tests.export.kept import keep

DEMO = shipped("providers") / "demo"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path / "history.db") as opened:
        yield opened


def with_seed(record: RunRecord, seed: int) -> RunRecord:
    """The record as if it had been drawn with another seed."""
    assert record.receipt is not None
    plan = record.receipt.plan
    changed = plan.model_copy(update={"effective": {**plan.effective, "seed": seed}})
    return record.model_copy(
        update={"receipt": record.receipt.model_copy(update={"plan": changed})}
    )


async def said(model: str, prompt: str, **knobs: Any) -> str:
    async with open_model(model) as opened:
        return (await generate(opened, prompt, **knobs)).text


async def test_a_run_repeats_identically_from_its_receipt(
    history: History, config_folder: Path
) -> None:
    record = await keep(
        history, "demo:small", "Tell me a story", system="Be brief", prefix="Once", temperature=1.2,
        n=3, max_length=30, top_p=0.9, sampler_order="temperature-first",
    )  # fmt: skip
    assert record.params.seed is None
    # What is set up otherwise by now changes nothing.
    config_folder.mkdir(exist_ok=True)
    (config_folder / "config.toml").write_text(
        "[params]\ntemperature = 0\n[local]\nsequences = 2\n"
    )
    forget_everything()
    again = await replay(record)
    assert again.identical
    assert str(again) == "identical"
    assert again.differences == ()
    assert [choice.text for choice in again.answer.choices] == [c.text for c in record.choices]


async def test_another_seed_parts_where_the_two_texts_do(history: History) -> None:
    knobs = {"temperature": 1.3, "max_length": 30}
    record = await keep(history, "demo:small", "Tell me a story", seed=1, **knobs)
    again = await replay(with_seed(record, 2))
    other = await said("demo:small", "Tell me a story", seed=2, **knobs)
    assert again.answer.text == other != record.text
    (parting,) = again.partings
    async with open_model("demo:small") as model:
        was, is_now = await model.tokenize(record.text), await model.tokenize(other)
        same = len([*takewhile(lambda pair: pair[0] == pair[1], zip(was, is_now, strict=False))])
        before = (await model.detokenize(was[:same])).decode()
    assert (parting.unit, parting.place) == ("token", same + 1)
    assert record.text.startswith(before + parting.then)
    assert other.startswith(before + parting.now)
    assert parting.then != parting.now
    assert str(again) == (
        f'parted at token {same + 1}: "{parting.now}" instead of "{parting.then}"'
    )


async def test_with_kept_tokens_the_place_is_that_of_the_very_tokens(history: History) -> None:
    record = await keep(
        history, "demo:small", "Tell me a story", temperature=1.3, max_length=30, seed=1, logprobs=0
    )
    again = await replay(with_seed(record, 2), history.tokens)
    kept = [token.text for token in history.tokens(record.id)]
    (parting,) = again.partings
    assert "".join(kept) == record.text
    assert kept[parting.place - 1] == parting.then
    assert again.answer.text.startswith("".join(kept[: parting.place - 1]) + parting.now)


async def test_of_several_answers_it_is_said_which_parted(history: History) -> None:
    record = await keep(history, "demo:small", "Hello", n=2, max_length=12, seed=4, temperature=1)
    first, second = record.choices
    changed = second.model_copy(update={"text": f"{second.text} and more"})
    again = await replay(record.model_copy(update={"choices": (first, changed)}))
    (parting,) = again.partings
    assert parting.choice == 1
    assert "of answer 2: the end instead of" in str(again)


async def test_a_run_that_was_cut_is_compared_as_far_as_it_came(history: History) -> None:
    async with open_model("demo:small") as model:
        run = generate(model, "Tell me a long story", seed=3, temperature=1, max_length=400)
        written = Recorder(history).follow(run, Filing(model="demo:small", prompt="Tell me"))
        while len(run.text) < 40:
            await asyncio.sleep(0.001)
        await run.cancel()
        await written
    history.flush()
    record = history.run(run.id)
    assert record.state == "cancelled"
    again = await replay(record)
    assert str(again) == "identical as far as it had come (cancelled)"
    assert again.answer.text.startswith(record.text)
    assert len(again.answer.text) < len(record.text) + 200, "it did not stop when it had enough"
    parted = await replay(with_seed(record, 5))
    assert parted.partings
    assert "parted at token " in str(parted)


async def test_a_killed_program_leaves_the_seed_that_it_had_drawn(history: History) -> None:
    async with open_model("demo:small") as model:
        run = generate(model, "Tell me a story", temperature=1.5, max_length=900, n=64)
        task = Recorder(history).follow(run, Filing(model="demo:small", prompt="Tell me a story"))
        await asyncio.sleep(0)  # The follower writes that the run has begun.
        history.flush()
        while (record := history.run(run.id)).receipt is None:
            assert run.state == "running"
            await asyncio.sleep(0.01)
        # As it is in the file at this moment, which a kill would leave.
        await run.cancel()
        await task
    assert record.state == "running"
    assert record.receipt is not None
    assert isinstance(record.receipt.seed, int)


async def test_a_changed_file_is_told(history: History, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    shutil.copy(DEMO / "small.gguf", path)
    record = await keep(history, f"local:{path}", "Once upon a time", max_length=10, seed=1)
    assert (await replay(record)).differences == ()
    shutil.copy(DEMO / "tiny.gguf", path)
    os.utime(path, (1, 1))
    again = await replay(record)
    told = {item.name: (item.then, item.now) for item in again.differences}
    assert record.receipt is not None
    assert record.receipt.provenance.file is not None
    then, now = told["file sha256"]
    assert then == record.receipt.provenance.file.sha256
    assert now not in (None, then)


async def test_a_file_that_is_gone_is_named_with_its_sum(history: History, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    shutil.copy(DEMO / "tiny.gguf", path)
    record = await keep(history, f"local:{path}", "Hi", max_length=2)
    size = path.stat().st_size
    path.unlink()
    assert record.receipt is not None
    assert record.receipt.provenance.file is not None
    with pytest.raises(ModelFileError) as raised:
        await replay(record)
    assert f"{path} ({size:,} bytes, SHA-256 {record.receipt.provenance.file.sha256})" in str(
        raised.value
    )


async def test_what_else_differs_is_told_by_name(history: History) -> None:
    record = await keep(history, "demo:small", "Hi", max_length=5, seed=1)
    assert record.receipt is not None
    plan = record.receipt.plan
    changed = record.receipt.model_copy(
        update={
            "hardware": "an abacus",
            "versions": {**record.receipt.versions, "llama-cpp-python": "0.0.1"},
            "plan": plan.model_copy(update={"effective": {**plan.effective, "top_kk": 3}}),
            "provenance": record.receipt.provenance.model_copy(
                update={
                    "template": "another",
                    "engine": {**record.receipt.provenance.engine, "vocabulary": 5},
                }
            ),
        }
    )
    choice = record.choices[0].model_copy(update={"finish_reason": "content_filter"})
    again = await replay(record.model_copy(update={"receipt": changed, "choices": (choice,)}))
    told = {item.name: item.then for item in again.differences}
    assert told == {
        "hardware": "an abacus",
        "version of llama-cpp-python": "0.0.1",
        "knob top_kk": 3,
        "chat template": "another",
        "engine vocabulary": 5,
        "finish_reason of answer 1": "content_filter",
    }
    assert again.identical, "the text is the same"


async def test_without_a_receipt_what_was_asked_for_is_repeated_and_that_is_said(
    history: History,
) -> None:
    record = await keep(history, "demo:small", "Hi", max_length=5, seed=1)
    again = await replay(record.model_copy(update={"receipt": None}))
    assert again.identical
    assert [item.name for item in again.differences] == ["receipt"]


async def test_a_run_without_any_text_has_nothing_to_compare(history: History) -> None:
    model = ScriptedModel(["x"], fail_after=0, error=ServerFailed("No."))
    record = await keep(history, model, "Hi")
    with pytest.raises(UsageError, match="gave no text"):
        await replay(record)


def at(config_folder: Path, url: str) -> None:
    place = config_folder / "providers" / "loop" / "provider.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f'base_url = "{url}"\nkey_required = false\n')
    forget_everything()


async def test_a_hosted_run_is_repeated_and_compared_by_words(
    history: History, config_folder: Path, llama_url: str
) -> None:
    at(config_folder, llama_url)
    record = await keep(history, "loop:small", "Tell me a story", temperature=0, max_length=24)
    assert record.error is None
    again = await replay(record)
    assert again.identical
    words = record.text.split(" ")
    words[3] = "otherwise"
    changed = record.choices[0].model_copy(update={"text": " ".join(words)})
    parted = await replay(record.model_copy(update={"choices": (changed,)}))
    (parting,) = parted.partings
    assert (parting.unit, parting.place) == ("word", 4)
    assert parting.then.strip() == "otherwise"
    assert parting.now.strip() == record.text.split()[3]


async def test_another_endpoint_is_told(
    history: History, config_folder: Path, llama_url: str
) -> None:
    at(config_folder, llama_url)
    record = await keep(history, "loop:small", "Hi", temperature=0, max_length=4)
    at(config_folder, llama_url.replace("127.0.0.1", "localhost"))
    again = await replay(record)
    assert [item.name for item in again.differences] == ["endpoint"]


async def test_params_that_were_asked_for_are_repeated_as_they_were_used(
    history: History,
) -> None:
    record = await keep(history, "scripted:echo", "a b c d", max_length=2)
    asked_otherwise = record.model_copy(update={"params": GenerationParams.of(max_length=4)})
    assert (await replay(asked_otherwise)).answer.text == "a b"
