"""What it takes to repeat a run, read from its record and receipt."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from playground.history.records import RunRecord
from playground.params import GenerationParams, known_knobs
from playground.providers.llama.protocol import EngineSettings


def used_params(record: RunRecord) -> GenerationParams:
    """The knobs as they were really used, the seed among them; `extra` as it was asked for.

    Of a run that never came so far as to have a plan, what was asked for.
    """
    if record.plan is None:
        return record.params
    used = known_knobs(record.plan.effective)
    if extra := sent_extra(record):
        used["extra"] = extra
    return GenerationParams.of(**used)


def sent_extra(record: RunRecord) -> dict[str, JsonValue]:
    """Of what was passed on verbatim, that which was really sent."""
    wire = record.plan.wire if record.plan is not None else {}
    asked = record.params.extra or {}
    return {word: value for word, value in asked.items() if word in wire and wire[word] == value}


def is_local(record: RunRecord) -> bool:
    """Whether a GGUF on this machine answered."""
    return record.receipt is not None and record.receipt.provenance.file is not None


def engine_options(record: RunRecord) -> dict[str, Any]:
    """The settings that a local model ran with, as options for `open_model`; none for others.

    With them it is opened in the same way whatever the settings or the free memory are now.
    """
    if record.receipt is None or not is_local(record):
        return {}
    provenance = record.receipt.provenance
    options: dict[str, Any] = {
        name: provenance.engine[name]
        for name in EngineSettings.model_fields
        if provenance.engine.get(name) is not None
    }
    if provenance.template == "plain":
        options["chat_template"] = "plain"
    return options
