"""Every knob of generation, declared once: range, step, meaning and neighbours' names for it.

Command-line flags, the terminal's controls, the table of `playground params`, validation and the
ranges of a sweep are all made from these fields; to add a knob, add a field here.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, JsonValue

from playground.knobs import SAMPLERS, Knob

SEEDS: Final = 2**32 - 1
"""How many seeds there are: the next number says "draw one" to llama.cpp; we do that ourselves."""


class EveryKnob(BaseModel):
    """The knobs as fields, in the order in which they are shown; `GenerationParams` checks them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[
        float | None,
        Knob(
            "Divides the logits before sampling: 0 always takes the likeliest token, above 1 "
            "flattens the distribution.",
            minimum=0,
            maximum=5,
            slider=(0, 2),
            step=0.05,
            neutral=1,
            default=0.8,
            flag="-t",
        ),
    ] = None
    max_length: Annotated[
        int | None,
        Knob(
            "The most new tokens to generate.",
            minimum=1,
            maximum=1_000_000,
            slider=(1, 2048),
            step=16,
            unit="tokens",
            default=512,
            aliases=("max_tokens", "max_new_tokens"),
        ),
    ] = None
    top_p: Annotated[
        float | None,
        Knob(
            "Keeps the likeliest tokens that together hold this share of the probability.",
            minimum=0,
            maximum=1,
            step=0.01,
            neutral=1,
            default=0.95,
        ),
    ] = None
    top_k: Annotated[
        int | None,
        Knob(
            "Keeps this many of the likeliest tokens; 0 keeps all.",
            minimum=0,
            maximum=1_000_000,
            slider=(0, 200),
            step=1,
            unit="tokens",
            neutral=0,
            default=40,
        ),
    ] = None
    min_p: Annotated[
        float | None,
        Knob(
            "Drops tokens less likely than this share of the likeliest one's probability.",
            minimum=0,
            maximum=1,
            step=0.01,
            neutral=0,
            default=0.05,
        ),
    ] = None
    repeat_penalty: Annotated[
        float | None,
        Knob(
            "Divides (or, below zero, multiplies) the logits of recent tokens; 1 is off.",
            minimum=0.1,
            maximum=5,
            slider=(0.8, 2),
            step=0.05,
            neutral=1,
            default=1.0,
            stage="penalties",
            aliases=("repetition_penalty",),
        ),
    ] = None
    presence_penalty: Annotated[
        float | None,
        Knob(
            "Taken once from the logit of every token that has already appeared.",
            minimum=-2,
            maximum=2,
            step=0.1,
            neutral=0,
            default=0.0,
            stage="penalties",
        ),
    ] = None
    frequency_penalty: Annotated[
        float | None,
        Knob(
            "Taken from a token's logit for each time that it has appeared.",
            minimum=-2,
            maximum=2,
            step=0.1,
            neutral=0,
            default=0.0,
            stage="penalties",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Knob(
            "Where the random draws start: the same seed and settings repeat an answer. "
            "Drawn and reported when unset; 0 is a seed like any other.",
            minimum=0,
            maximum=SEEDS - 1,
            slider=(0, 1000),
            step=1,
        ),
    ] = None
    n: Annotated[
        int | None,
        Knob(
            "How many answers to draw for the same prompt.",
            minimum=1,
            maximum=64,
            slider=(1, 8),
            step=1,
            unit="answers",
            neutral=1,
            default=1,
        ),
    ] = None
    logprobs: Annotated[
        int | None,
        Knob(
            "Report each token's log-probability, with this many of the likeliest alternatives.",
            minimum=0,
            maximum=100,
            slider=(0, 20),
            step=1,
            unit="alternatives",
            aliases=("top_logprobs",),
        ),
    ] = None
    typical_p: Annotated[
        float | None,
        Knob(
            "Keeps the tokens whose surprise is closest to the expected one, up to this share of "
            "the probability; 1 is off.",
            minimum=0,
            maximum=1,
            step=0.01,
            neutral=1,
            default=1,
            engine=True,
        ),
    ] = None
    top_n_sigma: Annotated[
        float | None,
        Knob(
            "Keeps tokens whose logit is within so many standard deviations of the largest; "
            "0 is off.",
            minimum=0,
            maximum=100,
            slider=(0, 5),
            step=0.1,
            neutral=0,
            default=0,
            engine=True,
        ),
    ] = None
    xtc_probability: Annotated[
        float | None,
        Knob(
            "How often XTC cuts all but the least likely of the tokens above its threshold, "
            "which makes answers less usual; 0 is off.",
            minimum=0,
            maximum=1,
            step=0.05,
            neutral=0,
            default=0,
            stage="xtc",
            engine=True,
        ),
    ] = None
    xtc_threshold: Annotated[
        float | None,
        Knob(
            "The probability from which XTC takes a token for a usual choice; above 0.5 it "
            "never acts.",
            minimum=0,
            maximum=1,
            step=0.01,
            default=0.1,
            part_of=("xtc_probability",),
            engine=True,
        ),
    ] = None
    penalty_window: Annotated[
        int | None,
        Knob(
            "How many of the last tokens the three penalties look at; 0 switches them off.",
            minimum=0,
            maximum=1_000_000,
            slider=(0, 512),
            step=16,
            unit="tokens",
            default=64,
            aliases=("repeat_last_n",),
            part_of=("repeat_penalty", "presence_penalty", "frequency_penalty"),
            off=0,
            engine=True,
        ),
    ] = None
    dry_multiplier: Annotated[
        float | None,
        Knob(
            "How strongly DRY penalises the token that would go on repeating a sequence; 0 is off.",
            minimum=0,
            maximum=10,
            slider=(0, 2),
            step=0.1,
            neutral=0,
            default=0,
            stage="dry",
            engine=True,
        ),
    ] = None
    dry_base: Annotated[
        float | None,
        Knob(
            "DRY's penalty grows by this factor with each further repeated token.",
            minimum=1,
            maximum=10,
            slider=(1, 4),
            step=0.05,
            default=1.75,
            part_of=("dry_multiplier",),
            engine=True,
        ),
    ] = None
    dry_allowed_length: Annotated[
        int | None,
        Knob(
            "Repeated sequences up to this length cost nothing with DRY.",
            minimum=0,
            maximum=1_000,
            slider=(0, 20),
            step=1,
            unit="tokens",
            default=2,
            part_of=("dry_multiplier",),
            engine=True,
        ),
    ] = None
    dry_window: Annotated[
        int | None,
        Knob(
            "How many of the last tokens DRY looks at; 0 switches it off.",
            minimum=0,
            maximum=1_000_000,
            slider=(0, 4096),
            step=64,
            unit="tokens",
            default=1024,
            aliases=("dry_penalty_last_n",),
            part_of=("dry_multiplier",),
            off=0,
            engine=True,
        ),
    ] = None
    dynatemp_range: Annotated[
        float | None,
        Knob(
            "Lets the temperature move by so much either way, with the entropy of the "
            "distribution; 0 is off.",
            minimum=0,
            maximum=5,
            slider=(0, 2),
            step=0.05,
            neutral=0,
            default=0,
            stage="temperature",
            engine=True,
        ),
    ] = None
    dynatemp_exponent: Annotated[
        float | None,
        Knob(
            "How the dynamic temperature follows the entropy: 1 in proportion, more favours low.",
            minimum=0,
            maximum=10,
            slider=(0, 4),
            step=0.1,
            default=1,
            part_of=("dynatemp_range",),
            engine=True,
        ),
    ] = None
    mirostat: Annotated[
        int | None,
        Knob(
            "Steers the surprise of the text instead of cutting the distribution: version 1 or "
            "2 takes the place of every other stage but penalties and temperature; 0 is off.",
            minimum=0,
            maximum=2,
            step=1,
            neutral=0,
            default=0,
            engine=True,
        ),
    ] = None
    mirostat_tau: Annotated[
        float | None,
        Knob(
            "The surprise that Mirostat aims at.",
            minimum=0,
            maximum=20,
            slider=(0, 10),
            step=0.1,
            unit="bits a token",
            default=5,
            part_of=("mirostat",),
            engine=True,
        ),
    ] = None
    mirostat_eta: Annotated[
        float | None,
        Knob(
            "How fast Mirostat corrects itself.",
            minimum=0,
            maximum=1,
            step=0.01,
            default=0.1,
            part_of=("mirostat",),
            engine=True,
        ),
    ] = None
    stop: Annotated[
        tuple[str, ...] | None,
        Knob("Strings that end the answer where they would appear; they are not part of it."),
    ] = None
    sampler_order: Annotated[
        tuple[str, ...] | None,
        Knob(
            "The order of the sampler chain, as a list of its stages; `temperature-first` is the "
            "convention of transformers, and unset is llama.cpp's own: "
            + ", ".join(SAMPLERS)
            + ".",
        ),
    ] = None
    logit_bias: Annotated[
        dict[str, float] | None,
        Knob("Added to the logits of tokens, named by id or, for local models, by their text."),
    ] = None
    grammar: Annotated[
        str | None,
        Knob("A GBNF grammar that the answer has to follow; it starts at `root`.", engine=True),
    ] = None
    json_schema: Annotated[
        dict[str, JsonValue] | None,
        Knob("A JSON Schema that the answer has to follow.", engine=True),
    ] = None
    extra: Annotated[
        dict[str, JsonValue] | None,
        Knob("Anything else, passed to the backend verbatim."),
    ] = None
