"""Whom a command asks where nobody is named."""

from __future__ import annotations

from collections.abc import Sequence

from playground.catalogue import catalogue
from playground.config import settings
from playground.errors import UsageError


def default_models() -> Sequence[str]:
    """The models of the user's settings, else the demo model."""
    if settings().models:
        return settings().models
    demo = catalogue().find("demo")
    if demo is None or not demo.default_model:
        raise UsageError("No model is named.", hint="Say which: -m provider:model")
    return [f"{demo.id}:{demo.default_model}"]
