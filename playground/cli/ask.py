"""`playground ask`: one prompt to some models, their answers shown as they come."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from playground.cli import FAILED, INTERRUPTED, TERMINATED
from playground.cli.asking import Asking
from playground.cli.default_models import default_models
from playground.cli.keeping import Keeper
from playground.cli.output import complain, is_terminal, terminal_size
from playground.cli.signals import heeding_sigterm
from playground.cli.views import JsonLines, OneAfterAnother, View, choices_of, wrong_with
from playground.comparison import Comparison, compare
from playground.config import settings
from playground.errors import PlaygroundError, UnsupportedParameter, UsageError
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.providers.registry import open_model
from playground.run import Run


def ask(asking: Asking, *, strict: bool, json: bool, keep: bool) -> int:
    """Ask, show the answers, and return the exit code.

    Of several models one that cannot be opened (its key or its file is missing) is complained of,
    and the others answer; a reference that cannot be meant fails before anything is asked.
    """
    text = asking.turns[-1].content if asking.turns else read_prompt(asking.prompt)
    opened, missing = _open(asking.models or default_models())
    if strict:
        _refuse_departures(opened, asking.params)
    told = settings().system_prompt if asking.system is None else asking.system
    comparison = compare(
        opened, asking.turns or text, asking.params, system=told, unsupported="adjust"
    )
    view = _view_for(comparison.runs, json=json)
    ended_by: list[signal.Signals] = []
    keeper = Keeper(text, system=told) if keep and settings().history else None
    try:
        asyncio.run(_show(comparison, view, keeper, ended_by))
    except KeyboardInterrupt:
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED if ended_by else INTERRUPTED
    return FAILED if missing or any(wrong_with(run) for run in comparison.runs) else 0


def _open(refs: Sequence[str]) -> tuple[list[ChatModel], int]:
    """The models that can be opened, and how many cannot; raises the last reason if none can."""
    opened: list[ChatModel] = []
    problems: list[tuple[str, PlaygroundError]] = []
    for ref in refs:
        try:
            opened.append(open_model(ref))
        except UsageError:
            raise
        except PlaygroundError as error:
            problems.append((ref, error))
    fatal = problems.pop()[1] if problems and not opened else None
    for ref, problem in problems:
        complain(f"{ref}: {problem}")
    if fatal is not None:
        raise fatal
    return opened, len(problems)


async def _show(
    comparison: Comparison,
    view: View,
    keeper: Keeper | None,
    ended_by: list[signal.Signals],
) -> None:
    """Run the comparison into the view; whatever happens, what came is shown and all is closed."""
    async with contextlib.AsyncExitStack() as cleanup:
        await cleanup.enter_async_context(heeding_sigterm(ended_by))
        for model in {id(run.model): run.model for run in comparison.runs}.values():
            cleanup.push_async_callback(model.aclose)
        if keeper is not None:
            cleanup.push_async_callback(keeper.aclose)
            keeper.follow(comparison.runs)
        try:
            async with comparison:
                async for run, event in comparison:
                    await view.ready()
                    view.take(run, event)
                await view.ready()
        finally:
            view.close()


def _view_for(runs: Sequence[Run], *, json: bool) -> View:
    if json:
        return JsonLines(runs)
    if is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb":
        # Its line breaking is the terminal's own, which a pipe has no use for.
        from playground.cli.columns import Columns, column_width

        strands = sum(choices_of(run) for run in runs)
        width = column_width(terminal_size().columns, strands)
        if strands > 1 and width:
            return Columns(runs, width)
    return OneAfterAnother(runs)


def read_prompt(given: str | None) -> str:
    """The prompt as it was given, or standard input; raises `UsageError` where there is none."""
    if given is None and is_terminal(sys.stdin):
        raise UsageError(
            "There is no prompt.", hint='Write it after `ask`: playground ask "Hello there"'
        )
    text = read_stdin() if given is None or given == "-" else given
    if not text.strip():
        raise UsageError("The prompt is empty.")
    return text


def read_stdin() -> str:
    """All of standard input, without its last line end; raises `UsageError` if it is no text."""
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig").removesuffix("\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(
            f"Standard input is not UTF-8 text (line {line}).", hint="Convert it first."
        ) from error


def _refuse_departures(models: Sequence[ChatModel], params: GenerationParams) -> None:
    for model in models:
        if departures := model.plan(params).departures:
            raise UnsupportedParameter(
                f"{model.ref}: {'; '.join(map(str, departures))}.",
                hint="Leave it out, or ask without --strict.",
            )
