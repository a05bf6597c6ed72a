"""Every provider of ours keeps the contract that third parties' must keep."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from playground.catalogue import ProviderSpec, catalogue
from playground.config import shipped
from playground.providers.base import Provider
from playground.providers.llama import LlamaProvider
from playground.providers.openai import OpenAIProvider
from playground.providers.scripted import ScriptedProvider
from playground.testing import ProviderContract


class TestScripted(ProviderContract):
    prompt = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"

    @pytest.fixture(scope="class")
    def provider(self) -> Provider:
        return ScriptedProvider(ProviderSpec(id="scripted", backend="scripted"))

    @pytest.fixture(scope="class", params=["echo", "lorem"])
    def model_name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture(scope="class")
    def options(self) -> dict[str, Any]:
        return {"delay": 0.001}


class TestOpenAI(ProviderContract):
    """Against the real server of llama-cpp-python, with the demo model behind it."""

    too_long_prompt = ""  # this server breaks the stream off without a word: see test_openai_real

    async def settle(self) -> None:
        # It gives the model to the next request while a thread still decodes for the last one,
        # and may crash over it.
        await asyncio.sleep(0.25)

    @pytest.fixture(scope="class")
    def provider(self, llama_url: str) -> Provider:
        entry = catalogue().providers["llama-cpp-python"]
        return OpenAIProvider(entry.model_copy(update={"base_url": llama_url}))

    @pytest.fixture(scope="class")
    def model_name(self) -> str:
        return "small"


class TestLocal(ProviderContract):
    """The demo model through its worker."""

    too_long_prompt = "word " * 20_000

    @pytest.fixture(scope="class")
    def provider(self) -> Provider:
        return LlamaProvider(catalogue().providers["demo"])

    @pytest.fixture(scope="class")
    def model_name(self) -> str:
        return "small"


def test_the_demo_model_is_here() -> None:
    assert (shipped("providers") / "demo" / "small.gguf").is_file()
