"""Every knob has its flags, made from its definition and from nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playground.cli.knob_options import flags, params_of
from playground.params import GenerationParams, Knob, knobs
from tests.cli.conftest import Shell


@pytest.mark.parametrize("command", [(), ("ask",)])
def test_every_knob_has_its_flags_in_the_help(shell: Shell, command: tuple[str, ...]) -> None:
    done = shell(*command, "--help")
    said = " ".join(done.stdout.split())
    for name, knob in knobs().items():
        assert f"--{name.replace('_', '-')}" in flags(knob)
        for flag in flags(knob):
            assert flag in said
        assert " ".join(knob.meaning.split())[:30] in said
    assert done.returncode == 0


def _example(knob: Knob) -> tuple[str, Any]:
    """A value of the knob as a flag takes it, and as the params have it."""
    match knob.kind:
        case "float":
            return f"{knob.maximum:g}", knob.maximum
        case "int":
            return f"{knob.minimum:g}", knob.minimum
        case "object" if knob.name == "logit_bias":
            return '{"5": -1}', {"5": -1.0}
        case "object":
            return '{"a": [1]}', {"a": [1]}
        case "text":
            return "root ::= x", "root ::= x"
        case "words":
            return "temperature", ["temperature"]


def test_every_flag_arrives(shell: Shell) -> None:
    """Through the last flag of each, which is an alias where there is one."""
    arguments, wanted = [], {}
    for name, knob in knobs().items():
        if name == "json_schema":
            continue  # It and a grammar cannot be asked for at once.
        text, wanted[name] = _example(knob)
        arguments += [flags(knob)[-1], text]
    done = shell("ask", "-m", "scripted:echo", "--json", *arguments, "hi")
    assert json.loads(done.stdout)["params"] == wanted


def test_words_are_given_again_or_by_their_short_forms() -> None:
    assert params_of({"stop": ["a"]}).stop == ("a",)
    assert params_of({"stop": ["a", "b,c"]}).stop == ("a", "b,c")
    order = GenerationParams(sampler_order="temperature-first").sampler_order  # type: ignore[arg-type]
    assert params_of({"sampler_order": ["temperature-first"]}).sampler_order == order
    assert params_of({"sampler_order": ["top_k,top_p"]}).sampler_order == ("top_k", "top_p")
    assert params_of({"sampler_order": ["top_k", "top_p"]}).sampler_order == ("top_k", "top_p")
