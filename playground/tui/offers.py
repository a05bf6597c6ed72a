"""The models that the picker offers, with what there is to say of each on one line."""

from __future__ import annotations

from dataclasses import dataclass

import playground.config as config
from playground.catalogue import catalogue
from playground.errors import PlaygroundError
from playground.providers import list_models
from playground.tui.labels import count, one_line
from playground.types import ModelInfo

__all__ = ["Offer", "list_offers"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A model to choose: its reference, and safe texts to show. `ready` is False without a key."""

    ref: str
    label: str
    detail: str
    ready: bool


def list_offers(*, local: bool = False) -> list[Offer]:
    """Every model known without asking an endpoint, usable ones first. Reads files.

    With `local`, those only that run here and so can read a text that they did not write.
    """
    offers = [_offer(info) for info in list_models() if not local or _runs_here(info)]
    return sorted(offers, key=lambda offer: not offer.ready)


def _offer(info: ModelInfo) -> Offer:
    missing = _missing_key(info.ref.provider)
    parts = []
    if missing:
        parts.append(f"needs {missing}")
    if info.context_length:
        parts.append(f"{count(info.context_length)} context")
    if info.input_price is not None and info.output_price is not None:
        parts.append(f"${info.input_price:g} / ${info.output_price:g}")
    if info.note:
        parts.append(info.note)
    return Offer(
        ref=str(info.ref),
        label=one_line(str(info.ref)),
        detail=one_line(" · ".join(parts)),
        ready=not missing,
    )


def _runs_here(info: ModelInfo) -> bool:
    spec = catalogue().find(info.ref.provider)
    return info.ref.provider == "local" or (spec is not None and spec.backend == "local")


def _missing_key(provider: str) -> str:
    """The variable of a key that a provider wants and does not have, else an empty string."""
    try:
        spec = catalogue().find(provider)
        if spec is None or not (spec.key_env and spec.key_required):
            return ""
        return "" if config.find_key(provider, spec.key_env) else spec.key_env
    except PlaygroundError:
        return "a look at `playground doctor`"
