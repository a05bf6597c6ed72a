"""Providers and models for tests, pointed at a server on this machine."""

from __future__ import annotations

from typing import Any

from playground.catalogue import ModelSpec, ProviderSpec, catalogue
from playground.params import GenerationParams
from playground.providers.openai import OpenAIModel, OpenAIProvider
from playground.run import Run, generate

KEY = "sk-planted-0123456789abcdefghij"
"""A key that must appear nowhere but in one header."""


def provider_at(url: str, **entry: Any) -> OpenAIProvider:
    """A provider `test` at this address that takes every knob and needs no key."""
    return OpenAIProvider(ProviderSpec(id="test", base_url=url, **{"key_required": False, **entry}))


def model_at(url: str, name: str = "m", **options: Any) -> OpenAIModel:
    """A model at this address that gives up early, so that no test waits."""
    impatient = {"timeout": 2.0, "stall_timeout": 0.3, "connect_timeout": 2.0, "max_retries": 0}
    model = provider_at(url).open(name, **{**impatient, **options})
    assert isinstance(model, OpenAIModel)
    return model


def listed_at(url: str, provider: str, name: str, **options: Any) -> OpenAIModel:
    """A model as the shipped catalogue describes it, at another address and with a key."""
    entry = catalogue().providers[provider].model_copy(update={"base_url": url})
    model = OpenAIProvider(entry).open(name, api_key=KEY, max_retries=0, **options)
    assert isinstance(model, OpenAIModel)
    return model


def priced(**prices: float) -> ModelSpec:
    """A catalogue entry with these prices."""
    return ModelSpec(**prices)


async def ask(model: OpenAIModel, prompt: str = "Hi", **knobs: Any) -> Run:
    """One whole run, which closes the model."""
    async with model:
        params = GenerationParams.of(**knobs)
        return await generate(model, prompt, params, unsupported="adjust")
