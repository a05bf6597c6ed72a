"""How a conversation is laid out for readers: what was asked, and every answer to it by pane."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from playground.history.records import (
    ConversationRecord,
    PaneRecord,
    Rating,
    RunRecord,
    TurnRecord,
)
from playground.params import SAMPLERS, knobs
from playground.reasoning import Parted, continued
from playground.types import Usage

STATES = {
    "done": "done",
    "cancelled": "cancelled",
    "failed": "failed",
    "interrupted": "interrupted: the program ended before the answer did",
    "running": "still running",
}
"""How a run stands, for readers."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer of a run; `chosen` where the conversation went on with it."""

    run: RunRecord
    choice: int
    chosen: bool

    @property
    def text(self) -> str:
        """The whole answer as far as it came, with the beginning that it went on from."""
        return self._parted.answer

    @property
    def reasoning(self) -> str:
        """The reasoning that was shown with it."""
        return self._parted.reasoning

    @property
    def _parted(self) -> Parted:
        choice = self.run.choices[self.choice]
        return continued(self.run.beginning, choice.reasoning, choice.text)

    @property
    def rating(self) -> Rating | None:
        """What the user thinks of it."""
        return next((item for item in self.run.ratings if item.choice == self.choice), None)


@dataclass(slots=True)
class Asked:
    """What was asked of some panes at once: each pane's turn, by the pane's place in the list."""

    prompt: str
    turns: dict[int, TurnRecord] = field(default_factory=dict)


def panes_of(record: ConversationRecord) -> list[PaneRecord]:
    """The panes that were asked anything."""
    return [pane for pane in record.panes if pane.turns]


def letter(place: int) -> str:
    """A pane's letter, as the terminal has it."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def asked_in(panes: Sequence[PaneRecord]) -> list[Asked]:
    """What was asked, in order: the turns in view, those that were asked together side by side."""
    found: dict[str, Asked] = {}
    began: dict[str, float] = {}
    for place, pane in enumerate(panes):
        for turn in pane.path:
            name = turn.round or turn.id
            if name in found and place in found[name].turns:
                name = turn.id
            found.setdefault(name, Asked(turn.prompt)).turns[place] = turn
            began[name] = min(began.get(name, turn.created.timestamp()), turn.created.timestamp())
    return [found[name] for name in sorted(found, key=began.__getitem__)]


def out_of_view(panes: Sequence[PaneRecord]) -> int:
    """How many turns are kept and not in view: prompts that were edited, and what followed them."""
    return sum(len(pane.turns) - len(pane.path) for pane in panes)


def answers_to(turn: TurnRecord, record: ConversationRecord) -> Iterator[KeptAnswer]:
    """Every answer to a turn, the one that it took along from another pane first."""
    own = {run.id for run in turn.runs}
    if turn.chosen is not None and turn.chosen[0] not in own:
        name, choice = turn.chosen
        asked_again = any(one.text for run in turn.runs for one in run.choices)
        for run in record.runs:
            if run.id == name and choice < len(run.choices):
                yield KeptAnswer(run, choice, chosen=not asked_again)
    for run in turn.runs:
        for choice in range(len(run.choices)):
            yield KeptAnswer(run, choice, chosen=turn.chosen == (run.id, choice))


def answer_gone_on_with(turn: TurnRecord, record: ConversationRecord) -> KeptAnswer | None:
    """The answer that the next turn was told the model gave; None if there is none."""
    answers = [answer for answer in answers_to(turn, record) if answer.text]
    chosen = next((answer for answer in answers if answer.chosen), None)
    if chosen is not None or not turn.runs:
        return chosen
    latest = [answer for answer in answers if answer.run.id == turn.runs[-1].id]
    return next(iter(latest or answers[-1:]), None)


def facts(answer: KeptAnswer, *, every: bool = False) -> list[tuple[str, str]]:
    """What there is to know of an answer in a line: name and value.

    Of the knobs, those that did something or were asked for, unless `every` one is wanted.
    """
    run = answer.run
    reason = run.choices[answer.choice].finish_reason
    usage, timing = run.usage, run.timing
    speed = run.tokens_per_second
    found: list[tuple[str, str | None]] = [
        ("run", f"{run.id}, answer {answer.choice + 1}" if len(run.choices) > 1 else run.id),
        ("state", f"{STATES[run.state]}{f' ({reason})' if reason else ''}"),
        ("tokens", _tokens(usage, len(run.choices))),
        ("first token", None if timing.first_token is None else f"{timing.first_token:.2f} s"),
        ("total", None if timing.total is None else f"{timing.total:.2f} s"),
        ("speed", None if speed is None else f"{speed:.1f} tokens/s"),
        ("cost", f"${usage.cost:.6f}" if usage.cost else None),
    ]
    found += [
        (name, shown(value))
        for name, value in effective(run).items()
        if every or _tells(name, value, run)
    ]
    found += [("adjusted", str(item)) for item in (run.plan.adjustments if run.plan else ())]
    if rating := answer.rating:
        found.append(("rating", f"{rating.stars} of 5" if rating.stars else None))
        found.append(("note", rating.note or None))
    return [(name, value) for name, value in found if value is not None]


def _tells(name: str, value: JsonValue, run: RunRecord) -> bool:
    """Whether a reader wants to know of a knob: it is not as if it were not there."""
    if name == "temperature" or name in run.params.given():
        return True
    knob = knobs().get(name)
    neutral = list(SAMPLERS) if name == "sampler_order" else knob.neutral if knob else None
    return value != neutral


def effective(run: RunRecord) -> dict[str, JsonValue]:
    """The knobs that the run really used."""
    return run.plan.effective if run.plan is not None else {}


def shown(value: JsonValue) -> str:
    """A knob's value: a number or text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _tokens(usage: Usage, answers: int) -> str | None:
    into, out = usage.input_tokens, usage.output_tokens
    if into is None and out is None:
        return None
    together = " (all answers)" if answers > 1 else ""
    return f"{'?' if into is None else into} in, {'?' if out is None else out} out{together}"
