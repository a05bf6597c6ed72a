"""Finds the provider of a model reference: catalogue entries first, then installed plug-ins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from playground.catalogue import ProviderSpec, catalogue
from playground.errors import ConfigurationError, PlaygroundError
from playground.providers.base import ChatModel, Provider
from playground.types import ModelInfo, ModelRef

GROUP = "playground.providers"
"""The entry-point group through which every backend comes in."""


@cache
def _backends() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def provider_names() -> list[str]:
    """Every provider that can be named in a reference, without importing any."""
    shipped = catalogue()
    return sorted({*shipped.providers, *shipped.problems, *_backends()})


@cache
def find_provider(name: str) -> Provider:
    """The provider called `name`.

    Raises `UnknownProvider` (with the nearest names), the catalogue's `BrokenFile`, or
    `ConfigurationError` if the plug-in behind it cannot be imported.
    """
    known = catalogue().find(name)
    spec = known or ProviderSpec(id=name, backend=name)
    entry = _backends().get(spec.backend)
    if entry is None:
        if known is not None:
            installed = ", ".join(sorted(_backends()))
            raise ConfigurationError(
                f"The provider {name!r} wants a backend {spec.backend!r}, which is not installed.",
                hint=f"Installed: {installed}."
                if installed
                else "Install the playground with pip: this folder is not installed.",
            )
        raise catalogue().no_such(name, provider_names())
    try:
        made = entry.load()(spec)
    except PlaygroundError:
        raise
    except Exception as error:
        # A plug-in is somebody else's code: whatever it raises becomes a sentence with its name.
        raise ConfigurationError(
            f"The plug-in {entry.value!r} behind {name!r} failed to start: {error}.",
            hint="Update or uninstall it.",
        ) from error
    if not isinstance(made, Provider):
        raise ConfigurationError(f"The plug-in {entry.value!r} behind {name!r} is not a Provider.")
    return made


def open_model(ref: str | ModelRef, **options: Any) -> ChatModel:
    """Open a model by its reference, for example `demo:small` or `openai:gpt-4.1`.

    Costs nothing until it is used: no process starts, no connection is made. Raises
    `InvalidReference`, `UnknownProvider`, `UnknownModel`, `MissingKey` or `ModelFileError`.
    """
    parsed = ModelRef.parse(ref)
    return find_provider(parsed.provider).open(parsed.model, **options)


def open_hurried(ref: str | ModelRef) -> ChatModel:
    """Open a model for many answers at once, by a caller that tries again by itself."""
    parsed = ModelRef.parse(ref)
    provider = find_provider(parsed.provider)
    return provider.open(parsed.model, **provider.hurried)


def list_models(provider: str | None = None) -> Iterator[ModelInfo]:
    """The models known without asking any endpoint, of one provider or of all that work."""
    for name in [provider] if provider else provider_names():
        try:
            found = find_provider(name)
        except PlaygroundError:
            if provider:
                raise
            continue  # `doctor` reports it; one broken provider must not hide the others.
        yield from found.models()
