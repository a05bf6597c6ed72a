"""Makes llama.cpp's samplers from params: the stages of a chain, in the order asked for."""

from __future__ import annotations

import ctypes
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import llama_cpp as lib
from pydantic import JsonValue

from playground.errors import InvalidParameter
from playground.params import STAGES
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import SamplingParams

DRY_BREAKERS = (b"\n", b":", b'"', b"*")
"""Where a repeated sequence ends for DRY: llama.cpp's own."""

MIROSTAT_CANDIDATES = 100
"""How many tokens Mirostat 1 estimates the distribution's shape from: the paper's choice."""


@dataclass(frozen=True, slots=True)
class Making:
    """What samplers are made of. `model` is None where only arithmetic on logits is wanted."""

    params: SamplingParams
    seed: int
    vocabulary: int
    model: NativeModel | None

    @property
    def vocab(self) -> lib.llama_vocab_p:
        """The vocabulary's handle."""
        if self.model is None:
            raise InvalidParameter("This sampler needs a model's vocabulary.")
        return self.model.vocab


Make = Callable[[Making], Any]
"""Gives a `llama_sampler_p`, which llama_cpp has for type checkers only."""


def _penalties(making: Making) -> lib.llama_sampler_p:
    params = making.params
    return lib.llama_sampler_init_penalties(
        making.vocabulary,
        params.penalty_window,
        params.repeat_penalty,
        params.frequency_penalty,
        params.presence_penalty,
    )


def _dry(making: Making) -> lib.llama_sampler_p:
    params = making.params
    breakers = (ctypes.c_char_p * len(DRY_BREAKERS))(*DRY_BREAKERS)
    return lib.llama_sampler_init_dry(
        making.vocab,
        params.dry_multiplier,
        params.dry_base,
        params.dry_allowed_length,
        params.dry_window,
        ctypes.cast(breakers, ctypes.POINTER(ctypes.c_char_p)),
        len(DRY_BREAKERS),
    )


TINY = 1e-20
"""A temperature below this is 0: logits divided by it would be no numbers any more."""


def _temperature(making: Making) -> lib.llama_sampler_p:
    params = making.params
    temperature = params.temperature if params.temperature >= TINY else 0.0
    if params.dynatemp_range == 0:
        return lib.llama_sampler_init_temp(temperature)
    return lib.llama_sampler_init_temp_ext(
        temperature, params.dynatemp_range, params.dynatemp_exponent
    )


_MAKERS: dict[str, Make] = {
    "penalties": _penalties,
    "dry": _dry,
    "top_n_sigma": lambda making: lib.llama_sampler_init_top_n_sigma(making.params.top_n_sigma),
    "top_k": lambda making: lib.llama_sampler_init_top_k(making.params.top_k),
    "typical_p": lambda making: lib.llama_sampler_init_typical(making.params.typical_p, 1),
    "top_p": lambda making: lib.llama_sampler_init_top_p(making.params.top_p, 1),
    "min_p": lambda making: lib.llama_sampler_init_min_p(making.params.min_p, 1),
    "xtc": lambda making: lib.llama_sampler_init_xtc(
        making.params.xtc_probability, making.params.xtc_threshold, 1, making.seed
    ),
    "temperature": _temperature,
}
"""What makes the sampler of each stage."""


MOST_GRAMMAR, DEEPEST_GRAMMAR = 1_000_000, 1_000
"""llama.cpp reads a grammar by recursion: twenty thousand parentheses overflow its stack."""

MOST_REPEATED = 1_000_000
"""The converter writes a schema's longest string out, so many characters of grammar for each."""

_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_REPEATS = re.compile(r"(?<=[{,])\d+(?=[,}])")


def make_stages(making: Making) -> Iterator[tuple[str, lib.llama_sampler_p]]:
    """The samplers of a chain, by name: bias and grammar first, then the stages in their order.

    Mirostat stands at the end in place of all stages but penalties and temperature, and draws
    itself. Raises `InvalidParameter` for a grammar, schema or bias that cannot be meant.
    """
    params = making.params
    if params.logit_bias:
        yield "logit_bias", _logit_bias(making)
    if params.grammar is not None or params.json_schema is not None:
        yield "grammar", _grammar(making)
    order = params.sampler_order
    if params.mirostat:
        order = ("penalties", "temperature")
    for name in order:
        # One that changes nothing is left out: it would cost a pass over the vocabulary.
        if STAGES[name].switched_on(params):
            yield name, _MAKERS[name](making)
    if params.mirostat == 1:
        sampler = lib.llama_sampler_init_mirostat(
            making.vocabulary,
            making.seed,
            params.mirostat_tau,
            params.mirostat_eta,
            MIROSTAT_CANDIDATES,
        )
        yield "mirostat", sampler
    elif params.mirostat == 2:
        yield (
            "mirostat",
            lib.llama_sampler_init_mirostat_v2(
                making.seed, params.mirostat_tau, params.mirostat_eta
            ),
        )


def _logit_bias(making: Making) -> lib.llama_sampler_p:
    values = making.params.logit_bias.values()
    biases = [
        lib.llama_logit_bias(token=token, bias=bias)
        for token, bias in zip(biased_tokens(making), values, strict=True)
    ]
    array = (lib.llama_logit_bias * len(biases))(*biases)
    return lib.llama_sampler_init_logit_bias(making.vocabulary, len(biases), array)


def biased_tokens(making: Making) -> list[int]:
    """The tokens that `logit_bias` names, in its order."""
    return [_token_named(name, making) for name in making.params.logit_bias]


def _token_named(name: str, making: Making) -> int:
    """A token's id from its id or its text, which must be one token."""
    if name.isascii() and name.isdecimal():
        if len(name) <= len(str(making.vocabulary)) and int(name) < making.vocabulary:
            return int(name)
        raise InvalidParameter(f"logit_bias names token {name[:20]} of {making.vocabulary:,}.")
    tokens = making.model.tokenize(name, parse_special=True, inside=True) if making.model else []
    if len(tokens) != 1:
        raise InvalidParameter(
            f"logit_bias names {name!r}, which is {len(tokens)} tokens for this model.",
            hint="Name one token, by its text or its id.",
        )
    return tokens[0]


def _grammar(making: Making) -> lib.llama_sampler_p:
    params = making.params
    what, source, hint = "grammar", params.grammar or "", "It needs a rule called root."
    bounds = (
        f"It may have {MOST_GRAMMAR:,} characters and {DEEPEST_GRAMMAR:,} parentheses in each "
        "other."
    )
    if params.json_schema is not None:
        from llama_cpp.llama_grammar import json_schema_to_gbnf

        what, hint = "json_schema", "llama.cpp takes lengths and counts up to about a thousand."
        bounds = hint
        _check_counts(params.json_schema)
        if _repeated(params.json_schema) > MOST_REPEATED:
            raise InvalidParameter(
                f"The counts in json_schema come together to more than {MOST_REPEATED:,} "
                "repetitions, more than can be written as a grammar.",
                hint="Leave the large ones out: max_length bounds the answer.",
            )
        try:
            source = json_schema_to_gbnf(json.dumps(params.json_schema))
        except Exception as error:
            # The converter asserts and raises whatever a schema makes it stumble over.
            raise InvalidParameter(f"json_schema cannot be followed: {error}.") from error
    if "\0" in source:
        raise InvalidParameter("grammar holds a NUL, at which llama.cpp would stop reading it.")
    if len(source) > MOST_GRAMMAR or _nesting(source) > DEEPEST_GRAMMAR:
        raise InvalidParameter(f"{what} is too long or too deep to be followed.", hint=bounds)
    sampler = lib.llama_sampler_init_grammar(making.vocab, source.encode(), b"root")
    if not sampler:
        raise InvalidParameter(f"{what} cannot be read as GBNF.", hint=hint)
    return sampler


def _check_counts(schema: JsonValue, name: str = "") -> None:
    """Raise `InvalidParameter` for a count that would be written out until memory is full."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            _check_counts(value, key)
    elif isinstance(schema, list):
        for item in schema:
            _check_counts(item, name)
    elif _count(schema, name) > MOST_REPEATED:
        raise InvalidParameter(
            f"json_schema has the {name} {f'{schema}':.80}, more than can be written as a grammar.",
            hint="Leave it out: max_length bounds the answer.",
        )


def _repeated(schema: JsonValue) -> float:
    """How many repetitions are written out; those that lie in others as often as these."""
    if isinstance(schema, list):
        return sum(map(_repeated, schema))
    if not isinstance(schema, dict):
        return 0
    own = math.prod(max(1.0, _count(value, name)) for name, value in schema.items())
    return own * max(1.0, sum(map(_repeated, schema.values())))


def _count(value: JsonValue, name: str) -> float:
    """How often a part of a schema has something repeated."""
    if name in _COUNTS and isinstance(value, int | float):
        return value
    if name == "pattern" and isinstance(value, str):
        return math.prod(max(1.0, float(count)) for count in _REPEATS.findall(value))
    return 0


def _nesting(source: str) -> int:
    """How many parentheses of a grammar lie in each other at most."""
    return max(accumulate((char == "(") - (char == ")") for char in source), default=0)
