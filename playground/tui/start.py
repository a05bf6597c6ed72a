"""What the terminal opens with: which models in which panes, and whether to welcome first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import playground.config as config
from playground.catalogue import catalogue
from playground.errors import PlaygroundError
from playground.params import GenerationParams
from playground.presets import Layout, Preset
from playground.providers import list_models
from playground.tui.arrangement import MAX_PANES

__all__ = [
    "Machine",
    "Opening",
    "PaneStart",
    "choose_panes",
    "look_around",
    "prepare",
    "prepare_somehow",
    "remember_welcome",
]

DEMO = "demo:small"
COOL, HOT = 0.2, 1.2
"""The temperatures at which the same model is shown beside itself: sense, and its dissolution."""

_WELCOMED = "welcomed"


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine offers: the default model of a provider with a key, and a GGUF."""

    hosted: str = ""
    local: str = ""
    welcomed: bool = False

    @property
    def configured(self) -> bool:
        """Whether anything but the demo model can be used."""
        return bool(self.hosted or self.local)


@dataclass(frozen=True, slots=True)
class PaneStart:
    """What one pane starts with."""

    ref: str
    params: GenerationParams


@dataclass(frozen=True, slots=True)
class Opening:
    """What the terminal starts with. `history`: whether it is kept; `problems`: broken files."""

    panes: tuple[PaneStart, ...]
    system: str
    theme: str
    welcome: bool
    history: bool = True
    layout: Layout | None = None
    problems: tuple[PlaygroundError, ...] = ()


def prepare(
    asked: Sequence[str],
    params: GenerationParams | None,
    system: str,
    preset: Preset | None = None,
) -> Opening:
    """Read the settings and decide what to open. Reads files, so it belongs in a thread.

    What the caller asked for goes before what the preset says, and that before the settings.
    Broken settings are reported and otherwise taken as absent: they must not keep the terminal
    from opening.
    """
    problems: list[PlaygroundError] = [*catalogue().unread]
    kept, kept_params = config.Settings(), GenerationParams()
    try:
        kept = config.settings()
        kept_params = GenerationParams.of(**kept.params)
    except PlaygroundError as error:
        problems.append(error)
    if preset is not None:
        kept_params = preset.applied_to(kept_params)
        asked = asked or preset.models
        system = system or preset.system_prompt or ""
    start_params = kept_params.updated(**params.given()) if params is not None else kept_params
    machine = look_around()
    panes = choose_panes(asked, kept.models, machine, start_params)
    return Opening(
        panes=tuple(panes),
        system=system or kept.system_prompt,
        theme=kept.theme,
        welcome=not (asked or kept.models or machine.configured or machine.welcomed),
        history=kept.history,
        layout=preset.layout if preset is not None else None,
        problems=tuple(problems),
    )


def prepare_somehow(
    asked: Sequence[str],
    params: GenerationParams | None,
    system: str,
    preset: Preset | None = None,
) -> Opening:
    """As `prepare`; what nobody expects there is told, and the terminal opens without settings."""
    try:
        return prepare(asked, params, system, preset)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not leave empty panes
        problem = PlaygroundError(
            f"Unexpected {type(error).__name__} while the settings were read: {error}.",
            hint="This is a defect. Nothing is kept: what you have set of that is not known.",
        )
        problem.__cause__ = error
        return Opening(
            panes=tuple(choose_panes(asked, (), Machine(), params or GenerationParams())),
            system=system,
            theme="",
            welcome=False,
            history=False,
            problems=(problem,),
        )


def choose_panes(
    asked: Sequence[str],
    configured: Sequence[str],
    machine: Machine,
    params: GenerationParams,
) -> list[PaneStart]:
    """The panes to open: those asked for, else the settings', else the best this machine has.

    A hosted model stands on the left and a local one on the right. One model beside itself gets
    two temperatures, because two equal panes would show nothing, unless a temperature was asked
    for.
    """
    refs = list(asked or configured)[:MAX_PANES]
    if not refs:
        if machine.hosted:
            refs = [machine.hosted, machine.local or DEMO]
        else:
            refs = [machine.local or DEMO] * 2
        if refs[0] == refs[1] and params.temperature is None:
            return [
                PaneStart(ref, params.updated(temperature=temperature))
                for ref, temperature in zip(refs, (COOL, HOT), strict=True)
            ]
    return [PaneStart(ref, params) for ref in refs]


def look_around() -> Machine:
    """What is configured here. Reads files, so it belongs in a thread."""
    return Machine(
        hosted=_hosted_default(),
        local=_first_gguf(),
        welcomed=(config.config_dir() / _WELCOMED).exists(),
    )


def _first_gguf() -> str:
    """The first GGUF in the model folders."""
    try:
        return next((str(info.ref) for info in list_models("local")), "")
    except PlaygroundError:
        # The folders are named in the settings, and what is wrong with those is reported already.
        return ""


def _hosted_default() -> str:
    """The default model of the first provider that has a key, OpenAI before the others."""
    specs = sorted(catalogue().providers.values(), key=lambda spec: (spec.id != "openai", spec.id))
    for spec in specs:
        if not (spec.key_env and spec.default_model):
            continue
        try:
            key = config.find_key(spec.id, spec.key_env)
        except PlaygroundError:
            # A broken keys file is reported by the first model that needs it, with the way out.
            continue
        if key is not None:
            return f"{spec.id}:{spec.default_model}"
    return ""


def remember_welcome() -> None:
    """Do not show the first-run screen again."""
    folder = config.config_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _WELCOMED).touch()
