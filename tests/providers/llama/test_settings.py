"""How a GGUF is opened: by the machine, by `config.toml`, by the caller, and what it really was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from playground.errors import BrokenFile, InvalidParameter
from playground.providers import open_model
from playground.providers.llama.model import LlamaModel
from playground.providers.llama.protocol import EngineSettings, ModelFacts
from playground.providers.llama.sizing import CONTEXT_SHARE, describe_machine


def _write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _opened(ref: str, **options: Any) -> LlamaModel:
    model = open_model(ref, **options)
    assert isinstance(model, LlamaModel)
    return model


async def _facts(ref: str, **options: Any) -> ModelFacts:
    async with _opened(ref, **options) as model:
        await model.warm_up()
        assert model.facts is not None
        return model.facts


async def test_without_settings_the_machine_decides_and_the_facts_tell_what(
    demo_path: Path,
) -> None:
    facts = await _facts("demo:small")
    assert facts.context_length == 1024
    assert facts.cells == facts.context_length * facts.sequences
    assert (facts.kv_type, facts.flash_attention, facts.threads) == ("f16", False, 1)
    assert facts.load == "mmap"


def test_the_share_of_memory_that_doctor_names_is_the_one_that_is_used() -> None:
    (told,) = re.findall(r"up to ([\d.]+)% of it", describe_machine())
    assert float(told) / 100 == CONTEXT_SHARE


async def test_what_the_settings_say_is_what_the_model_runs_with(config_folder: Path) -> None:
    _write(
        config_folder,
        "[local]\nthreads = 2\ncontext_length = 256\nsequences = 3\nunified = true\n"
        'kv_type = "f32"\nflash_attention = true\nload = "read"\ngpu_layers = 0\n',
    )
    facts = await _facts("demo:small")
    assert (facts.threads, facts.sequences, facts.unified, facts.gpu_layers) == (2, 3, True, 0)
    assert (facts.context_length, facts.cells) == (256, 768)
    assert (facts.kv_type, facts.flash_attention, facts.load) == ("f32", True, "read")
    told = facts.in_use()
    for words in ("context 256", "3 sequences", "f32", "one pool", "2 threads", "by read"):
        assert words in told


def test_an_option_goes_before_the_settings_and_none_leaves_it_to_the_machine(
    config_folder: Path,
) -> None:
    _write(config_folder, '[local]\nthreads = 2\nkv_type = "q8_0"\n')
    assert _opened("demo:small").settings.threads == 2
    model = _opened("demo:small", threads=5)
    assert (model.settings.threads, model.settings.kv_type) == (5, "q8_0")
    assert _opened("demo:small", threads=None).settings.threads is None


@pytest.mark.parametrize("word", EngineSettings.model_fields)
def test_every_option_may_be_left_to_the_machine(config_folder: Path, word: str) -> None:
    _write(
        config_folder,
        "[local]\nthreads = 2\ncontext_length = 256\nsequences = 3\nunified = true\n"
        'kv_type = "f32"\nflash_attention = true\nload = "read"\ngpu_layers = 0\n'
        'chat_template = "plain"\nchat_template_kwargs = { enable_thinking = false }\n',
    )
    settled = _opened("demo:small").settings
    left = _opened("demo:small", **{word: None}).settings
    assert getattr(left, word) == EngineSettings.model_fields[word].default
    assert getattr(left, word) != getattr(settled, word)
    assert left.model_dump(exclude={word}) == settled.model_dump(exclude={word})


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"thread": 3}, "thread=3: there is no such option. Did you mean 'threads'?"),
        ({"kv_type": "q4"}, "Leave it out, and it is chosen by the machine."),
        ({"threads": 0}, "Leave it out, and it is chosen by the machine."),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_says_what_to_do(option: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        open_model("demo:small", **option)
    assert said in str(caught.value)


def test_a_context_set_for_all_files_is_not_more_than_the_catalogue_knows_of_a_model(
    config_folder: Path, demo_path: Path
) -> None:
    _write(config_folder, "[local]\ncontext_length = 16_384\n")
    assert _opened("demo:small").settings.context_length == 1024
    assert _opened(f"local:{demo_path}").settings.context_length == 16_384
    assert _opened("demo:small", context_length=2048).settings.context_length == 2048


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("thread = 2", "local.thread"),
        ("threads = 0", "local.threads"),
        ('kv_type = "f8"', "local.kv_type"),
        ('unified = "perhaps"', "local.unified"),
    ],
)
def test_what_the_settings_cannot_mean_is_named_with_its_line(
    config_folder: Path, line: str, field: str
) -> None:
    path = _write(config_folder, f'theme = "nord"\n\n[local]\n{line}\n')
    with pytest.raises(BrokenFile) as caught:
        open_model("demo:small")
    assert f"{path}, line 4: {field}: " in str(caught.value)


async def test_the_same_settings_from_a_file_and_from_a_caller_share_a_process(
    config_folder: Path,
) -> None:
    _write(config_folder, "[local]\nsequences = 2\n")
    async with _opened("demo:small") as one, _opened("demo:small", sequences=2) as other:
        assert (await one._worker()).pid == (await other._worker()).pid


async def test_quantised_cells_take_half_the_memory_and_need_flash_attention() -> None:
    facts = await _facts("demo:small", kv_type="q8_0")
    assert (facts.kv_type, facts.flash_attention) == ("q8_0", True)


async def test_a_pool_for_want_of_memory_passes_over_the_cells_of_others() -> None:
    facts = await _facts("demo:small", context_length=40_000)
    assert facts.unified
    assert facts.cells < facts.context_length * facts.sequences
    assert facts.flash_attention


async def test_a_pool_that_is_asked_for_attends_over_the_shared_prompt_in_one_product() -> None:
    facts = await _facts("demo:small", unified=True)
    assert facts.unified
    assert facts.flash_attention is False
