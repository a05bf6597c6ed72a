"""What is said of a sweep and nothing would heed: refused before anything starts.

Who says `--judge` believes that somebody judges; a sweep that went on without a word would cost
its time and show no judgement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import playground.metrics as metrics
from playground.errors import UsageError
from playground.prompts import is_reference
from playground.sweep.definition import Sweep

if TYPE_CHECKING:
    from playground.sweep.asked import Asked

__all__ = ["refuse_unheeded"]


class _Rule(NamedTuple):
    """Words that are heeded only where something else is said too; `why`, and what to do."""

    words: tuple[str, ...]
    heeded: Callable[[Asked, Sweep], bool]
    why: str
    hint: str


def _measured(name: str) -> Callable[[Asked, Sweep], bool]:
    return lambda _asked, sweep: name in sweep.metrics


def _compared(_asked: Asked, sweep: Sweep) -> bool:
    """Whether a metric looks at right answers: one of ours that needs them, a judge, a function."""
    return any(
        name == "judge" or ":" in name or "expected" in metrics.get(name).needs
        for name in sweep.metrics
    )


def _library(asked: Asked) -> bool:
    return any(map(is_reference, asked.prompt))


_SEARCH: Final = ("trials", "sampler", "prune", "storage")
_RULES: Final = (
    _Rule(
        _SEARCH,
        lambda asked, _: bool(asked.search.optimise),
        "only heeded in a search, and no metric to optimise is named",
        "Name one, such as --optimise distinct-2:max, or leave it out.",
    ),
    _Rule(
        ("scorer",),
        _measured("perplexity"),
        "only used by the metric perplexity, which is not measured",
        "Say --metric perplexity as well, or leave it out.",
    ),
    _Rule(
        ("judge", "judge_question"),
        _measured("judge"),
        "only used by the metric judge, which is not measured",
        "Say --metric judge as well, or leave it out.",
    ),
    _Rule(
        ("prompt_column", "expected_column"),
        lambda asked, _: bool(asked.prompts),
        "about a file of prompts, and none is named",
        "Name it: --prompts cases.csv",
    ),
    _Rule(
        ("prompt_column",),
        lambda asked, _: not _library(asked),
        "for a file of whole prompts, and here its columns are the variables of one prompt",
        "Leave it out: each column is named after its variable.",
    ),
    _Rule(
        ("expected",),
        lambda asked, sweep: any(one.expected == asked.expected for one in sweep.prompts),
        "the right answer for prompts that bring none, and all of these bring their own",
        "Leave it out, or name their column: --expected-column",
    ),
    _Rule(
        ("expected", "expected_column"),
        _compared,
        "what answers are compared with, and nothing that is measured compares them",
        "Say how: --metric exact, or contains, regex, numeric, judge.",
    ),
    _Rule(
        ("variables",),
        lambda asked, _: _library(asked),
        "for prompts of the library, and none is named",
        "Name one: playground sweep @NAME --var name=value",
    ),
)


def refuse_unheeded(asked: Asked, sweep: Sweep) -> None:
    """Raise `UsageError` for words of `asked` that change nothing in the `sweep` made of it."""
    for rule in _RULES:
        said = [_named(word) for word in rule.words if _is_said(asked, word)]
        if said and not rule.heeded(asked, sweep):
            verb = "is" if len(said) == 1 else "are"
            raise UsageError(f"{' and '.join(said)} {verb} {rule.why}.", hint=rule.hint)


def _named(word: str) -> str:
    """A word as the command has it."""
    return "var" if word == "variables" else word.replace("_", "-")


def _is_said(asked: Asked, word: str) -> bool:
    table = asked.search if word in _SEARCH else asked
    return word in table.model_fields_set and getattr(table, word) not in ("", (), {}, None, False)
