"""`playground presets`: the named settings, and what one of them sets."""

from __future__ import annotations

from typing import Any

from playground.cli.output import complain, note, say, say_json
from playground.cli.table import table
from playground.params import GenerationParams
from playground.presets import Preset, find_preset, list_presets, preset_folder


def presets(*, json: bool) -> None:
    """Print every preset; a file that cannot be read is reported and hides no other."""
    shelf = list_presets()
    if json:
        for preset in shelf.found:
            say_json(_record(preset))
    else:
        rows = [
            (preset.name, "own" if preset.own else "shipped", preset.title, summary(preset))
            for preset in shelf.found
        ]
        say(table(("PRESET", "FROM", "TITLE", "SETS"), rows))
    for problem in shelf.problems.values():
        complain(str(problem))
    if not json and not any(preset.own for preset in shelf.found):
        note(f"Your own would lie in {preset_folder()}; the terminal saves them with Alt+P.")


def show(name: str, *, json: bool) -> None:
    """Print one preset whole; raises `UnknownPreset`, or `BrokenFile` if it cannot be read."""
    preset = find_preset(name)
    if json:
        say_json(_record(preset))
        return
    say(f"{preset.name}  ({'own' if preset.own else 'shipped'})")
    for line in filter(None, (preset.title, preset.description)):
        say(f"    {line}")
    facts = [*_values(preset.params).items(), *_others(preset).items()]
    if facts:
        width = max(len(word) for word, _ in facts)
        for word, value in facts:
            say(f"  {word:<{width}}  {value}")


def summary(preset: Preset) -> str:
    """What a preset sets, on one line; system prompt and models are only named."""
    parts = [f"{name} {value}" for name, value in _values(preset.params).items()]
    parts += [word for word in _others(preset) if word != "layout"]
    return ", ".join(parts) or "nothing"


def _values(params: GenerationParams) -> dict[str, str]:
    """Each knob that is set, with its value as one writes it."""
    return {name: _text(value) for name, value in params.given().items()}


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _others(preset: Preset) -> dict[str, str]:
    """What a preset sets beside knobs."""
    told: dict[str, str] = {}
    if preset.system_prompt is not None:
        told["system prompt"] = preset.system_prompt or "none"
    if preset.models:
        told["models"] = ", ".join(preset.models)
    if layout := preset.layout.model_dump(exclude_none=True):
        told["layout"] = ", ".join(f"{name} {value}" for name, value in layout.items())
    return told


def _record(preset: Preset) -> dict[str, Any]:
    record = preset.model_dump(mode="json", exclude={"params", "layout"})
    return {
        **record,
        "params": preset.params.model_dump(mode="json", exclude_none=True),
        "layout": preset.layout.model_dump(exclude_none=True),
    }
