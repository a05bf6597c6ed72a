"""`playground models`: what can be asked, at what price, and what is missing for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from playground.catalogue import ProviderSpec
from playground.cli import FAILED
from playground.cli.output import complain, note, say, say_json
from playground.cli.table import table
from playground.config import find_key
from playground.errors import PlaygroundError
from playground.providers.base import Provider
from playground.providers.registry import find_provider, provider_names
from playground.types import ModelInfo


@dataclass(frozen=True, slots=True)
class _Listed:
    """A model with what must be done before it can be asked (empty: nothing)."""

    info: ModelInfo
    needs: str
    remote: bool = False


def models(provider: str | None, *, remote: bool, json: bool) -> int:
    """Print the models of one provider or of all; returns the exit code.

    A provider that cannot be listed is reported, and fails the command only where it was named.
    """
    listed: list[_Listed] = []
    failed = False
    for name in [provider] if provider else provider_names():
        try:
            found = find_provider(name)
            listed += _known(found)
            if remote:
                listed += _remote(found, {str(item.info.ref) for item in listed})
        except PlaygroundError as error:
            if provider:
                raise
            failed = True
            complain(f"{name}: {error}")
    if json:
        for item in listed:
            say_json(
                {
                    **item.info.model_dump(mode="json"),
                    "ref": str(item.info.ref),
                    "needs": item.needs or None,
                    "remote": item.remote,
                }
            )
    elif listed:
        head = ("MODEL", "TITLE", "CONTEXT", "$/M IN", "$/M OUT", "NOTE")
        say(table(head, [_row(item) for item in listed], right=(2, 3, 4)))
    else:
        note("No models.")
    return FAILED if failed and remote else 0


def _known(provider: Provider) -> Iterable[_Listed]:
    needs = missing_key(provider.spec)
    return [_Listed(info, needs) for info in provider.models()]


def _remote(provider: Provider, known: set[str]) -> Iterable[_Listed]:
    """What the endpoint lists and the catalogue does not; nothing where a key is missing."""
    if missing_key(provider.spec):
        return []
    infos = asyncio.run(_ask_endpoint(provider))
    return [_Listed(info, "", remote=True) for info in infos if str(info.ref) not in known]


async def _ask_endpoint(provider: Provider) -> list[ModelInfo]:
    return list(await provider.remote_models())


def missing_key(spec: ProviderSpec) -> str:
    """The variable to set before this provider can be used; empty if there is nothing to do."""
    if not spec.key_env or not spec.key_required or find_key(spec.id, spec.key_env):
        return ""
    return spec.key_env


def _row(item: _Listed) -> tuple[str, ...]:
    info = item.info
    needs = f"needs {item.needs}" if item.needs else ""
    return (
        str(info.ref),
        info.title,
        f"{info.context_length:,}" if info.context_length else "",
        _price(info.input_price),
        _price(info.output_price),
        "; ".join(filter(None, (needs, info.note))),
    )


def _price(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
