"""What a command asks of whom: its flags over a preset and over a prompt of the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.cli.knob_options import params_over_settings, preset_called
from playground.cli.library import looked_up, tell_applied

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.types import Message

__all__ = ["Asking"]


@dataclass(frozen=True, slots=True)
class Asking:
    """One prompt for some models, as far as flags, a preset and the library say.

    `turns` are earlier turns and the prompt, where the library gives them; without `models` those
    of the settings are asked, without a `prompt` standard input says what.
    """

    prompt: str | None
    turns: Sequence[Message]
    models: Sequence[str] | None
    params: GenerationParams
    system: str | None

    @classmethod
    def of(
        cls,
        prompt: str | None,
        variables: Sequence[str] | None,
        *,
        knobs: Mapping[str, Any],
        models: Sequence[str] | None,
        system: str | None,
        preset: str | None,
    ) -> Asking:
        """Put together what was given: flags first, then the preset, then the library's prompt.

        What the library suggests, and what is used of it, is said on standard error. Raises what
        `preset_called`, `looked_up` and `params_over_settings` raise.
        """
        named, found = preset_called(preset), looked_up(prompt, variables or ())
        asked = params_over_settings(knobs, named, found.params if found else None)
        if named is not None:
            models = models or named.models
            system = named.system_prompt if system is None else system
        if found is None:
            return cls(prompt, (), models, asked, system)
        tell_applied(found, asked, knobs, system=system is None)
        system = found.system or None if system is None else system
        return cls(prompt, found.turns, models, asked, system)
