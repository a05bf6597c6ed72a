"""`playground lens`: a prompt's answers through the lens, as text, JSON, HTML or SVG."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from playground.cli import FAILED, INTERRUPTED, TERMINATED
from playground.cli.ask import read_prompt
from playground.cli.asking import Asking
from playground.cli.default_models import default_models
from playground.cli.keeping import Keeper
from playground.cli.lens.looking import look_at, rated, through_the_lens
from playground.cli.lens.printing import emit_answers
from playground.cli.output import complain, is_terminal, note
from playground.cli.signals import heeding_sigterm
from playground.cli.views import adjustments_of, wrong_with
from playground.comparison import compare
from playground.config import settings
from playground.errors import UsageError
from playground.lens.drawing.drawn import Drawn
from playground.lens.shading import MEASURES, Measure
from playground.params import GenerationParams
from playground.providers.registry import find_provider, open_model
from playground.run import as_messages
from playground.types import Message, ModelRef

__all__ = ["CANDIDATES", "Form", "Wanted", "form_called", "lens", "measure_called"]

CANDIDATES = 20
"""Candidates that are asked for where nobody says how many: what most endpoints give at most."""

Form = Literal["text", "json", "html", "svg"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the lens is to be drawn.

    `place` is the token to look at, from 1, or None; `scorer` the model whose figures are wanted
    for answers that come without, `answer` a text to be rated in place of asking.
    """

    form: Form = "text"
    measure: Measure = "probability"
    most: int = 10
    place: int | None = None
    scorer: str | None = None
    answer: str | None = None
    keep: bool = True


def form_called(*, json: bool, html: bool, svg: bool) -> Form:
    """The form that the flags ask for; raises `UsageError` for two at once."""
    forms: tuple[tuple[Form, bool], ...] = (("json", json), ("html", html), ("svg", svg))
    asked = [form for form, given in forms if given]
    if len(asked) > 1:
        raise UsageError(f"One form at a time: {' or '.join(f'--{name}' for name in asked)}.")
    return asked[0] if asked else "text"


def measure_called(name: str) -> Measure:
    """The measure of a name; raises `UsageError` where there is none."""
    for measure in MEASURES:
        if measure == name:
            return measure
    raise UsageError(f"There is no measure {name!r}.", hint=f"There are {', '.join(MEASURES)}.")


def lens(asking: Asking, wanted: Wanted) -> int:
    """Ask, draw every answer, and return the exit code: 1 where one failed.

    Raises `UsageError` for what cannot be meant together, and what a scorer raises that is no
    model's name.
    """
    if wanted.place is not None and (wanted.form != "text" or wanted.answer is not None):
        raise UsageError(
            "--token looks at a token of a new answer, as text.",
            hint=f"Leave out {'--answer' if wanted.answer is not None else f'--{wanted.form}'}.",
        )
    if wanted.scorer is not None:
        if wanted.answer is not None:
            raise UsageError(
                "--score gives figures to answers that come without; to rate one that is given, "
                "name the model with --model.",
                hint="Leave out --score or --answer.",
            )
        # Before an answer is paid for: a provider that is not there would only be met after it.
        find_provider(ModelRef.parse(wanted.scorer).provider)
    text = asking.turns[-1].content if asking.turns else read_prompt(asking.prompt)
    told = settings().system_prompt if asking.system is None else asking.system
    params = asking.params
    if params.logprobs is None:
        params = params.updated(logprobs=max(CANDIDATES, wanted.most))
    messages = as_messages(asking.turns or text, system=told)
    ended_by: list[signal.Signals] = []
    work = _rate if wanted.answer is not None else _ask
    try:
        drawn, failed = asyncio.run(
            work(
                text,
                messages,
                told,
                list(asking.models or default_models()),
                params,
                wanted,
                ended_by,
            )
        )
    except KeyboardInterrupt:
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED if ended_by else INTERRUPTED
    colours = is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"
    emit_answers(drawn, wanted.form, colours=colours and not os.environ.get("NO_COLOR"))
    return FAILED if failed else 0


async def _ask(
    text: str,
    messages: Sequence[Message],
    system: str,
    models: Sequence[str],
    params: GenerationParams,
    wanted: Wanted,
    ended_by: list[signal.Signals],
) -> tuple[list[Drawn], bool]:
    """The answers of models, each choice by itself, and whether one is not whole."""
    opened = [open_model(ref) for ref in models]
    comparison = compare(opened, messages, params, unsupported="adjust")
    drawn: list[Drawn] = []
    async with contextlib.AsyncExitStack() as cleanup:
        await cleanup.enter_async_context(heeding_sigterm(ended_by))
        for model in opened:
            cleanup.push_async_callback(model.aclose)
        if wanted.keep and settings().history:
            keeper = Keeper(text, system=system)
            cleanup.push_async_callback(keeper.aclose)
            keeper.follow(comparison.runs)
        async with comparison:
            async for _run, _event in comparison:
                pass
        for run in comparison.runs:
            for line in adjustments_of(run):
                note(line)
            if wrong := wrong_with(run):
                complain(f"{run.model.ref}: {wrong}")
            made = await through_the_lens(run, text, wanted.measure, wanted.most, wanted.scorer)
            if wanted.place is not None:
                for number, item in enumerate(made):
                    await look_at(run, number, item, wanted.place)
            else:
                drawn += made
    return drawn, any(wrong_with(run) for run in comparison.runs)


async def _rate(
    text: str,
    messages: Sequence[Message],
    _system: str,
    models: Sequence[str],
    params: GenerationParams,
    wanted: Wanted,
    ended_by: list[signal.Signals],
) -> tuple[list[Drawn], bool]:
    """How models rate a given answer."""
    async with contextlib.AsyncExitStack() as cleanup:
        await cleanup.enter_async_context(heeding_sigterm(ended_by))
        drawn = []
        for ref in models:
            model = open_model(ref)
            cleanup.push_async_callback(model.aclose)
            drawn.append(
                await rated(
                    model, messages, wanted.answer or "", text, wanted.measure, wanted.most, params
                )
            )
    return drawn, False
