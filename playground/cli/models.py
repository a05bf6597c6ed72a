"""`playground models`: what can be asked, at what price, and what is missing for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playground.catalogue import ProviderSpec
from playground.cli.output import complain, note, say, say_json
from playground.cli.table import table
from playground.config import find_key
from playground.errors import PlaygroundError
from playground.providers.base import Provider
from playground.providers.registry import find_provider, provider_names
from playground.types import ModelInfo


@dataclass(frozen=True, slots=True)
class _Listed:
    """A model with the variable that must be set before it can be asked (empty: none)."""

    info: ModelInfo
    needs: str
    remote: bool = False


def models(provider: str | None, *, remote: bool, json: bool) -> None:
    """Print the models of one provider or of all.

    Of all, one that cannot be listed is reported and hides no other; one that was named raises.
    """
    found: list[Provider] = []
    listed: list[_Listed] = []
    for name in [provider] if provider else provider_names():
        try:
            one = find_provider(name)
            needs = missing_key(one.spec)
            listed += [_Listed(info, needs) for info in one.models()]
        except PlaygroundError as error:
            if provider:
                raise
            complain(f"{name}: {error}")
        else:
            found.append(one)
    if remote:
        listed += _remote(found, known=listed, named=provider is not None)
    if json:
        for item in listed:
            say_json(_record(item))
    elif listed:
        # What can be asked now comes first.
        rows = [_row(item) for item in sorted(listed, key=lambda item: bool(item.needs))]
        head = ("MODEL", "TITLE", "CONTEXT", "$/M IN", "$/M OUT", "NEEDS", "NOTE")
        say(table(head, rows, right=(2, 3, 4)))
    else:
        note("No models are known. Their endpoint may have some: playground models --remote")


def missing_key(spec: ProviderSpec) -> str:
    """The variable to set before this provider can be used; empty if there is nothing to do."""
    if not spec.key_env or not spec.key_required or find_key(spec.id, spec.key_env):
        return ""
    return spec.key_env


def _remote(
    providers: Sequence[Provider], *, known: Sequence[_Listed], named: bool
) -> Iterable[_Listed]:
    """What the endpoints list and the catalogue does not; those without their key are not asked."""
    refs = {str(item.info.ref) for item in known}
    asked = [one for one in providers if not missing_key(one.spec)]
    for one, answer in zip(asked, asyncio.run(_answers(asked)), strict=True):
        if isinstance(answer, PlaygroundError) and not named:
            note(f"{one.spec.id}: {answer}")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            yield from (
                _Listed(info, "", remote=True) for info in answer if str(info.ref) not in refs
            )


async def _answers(providers: Sequence[Provider]) -> list[Iterable[ModelInfo] | BaseException]:
    asked = (one.remote_models() for one in providers)
    return await asyncio.gather(*asked, return_exceptions=True)


def _record(item: _Listed) -> dict[str, object]:
    record = item.info.model_dump(mode="json")
    return {
        **record,
        "ref": str(item.info.ref),
        "needs": item.needs or None,
        "remote": item.remote,
    }


def _row(item: _Listed) -> tuple[str, ...]:
    info = item.info
    context = f"{info.context_length:,}" if info.context_length else ""
    prices = (
        "" if price is None else f"{price:g}" for price in (info.input_price, info.output_price)
    )
    return (str(info.ref), info.title, context, *prices, item.needs, info.note)
