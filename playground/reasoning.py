"""Parts what a model thinks aloud from its answer, where both come as one text.

Many models write their reasoning before the answer, between two marks that they were trained on.
Some servers take it out and send it apart; llama.cpp, and servers that were not told to, do not.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from playground.holding import begun
from playground.types import ReasoningDelta, TextDelta, Token

__all__ = [
    "CONTROLS",
    "MARKS",
    "Mark",
    "Parted",
    "Parter",
    "begins_marked",
    "continued",
    "opened_by",
    "parted",
    "rejoined",
]


class Mark(NamedTuple):
    """What stands before and after the reasoning. Where `end` is empty, the answer follows."""

    begin: str
    end: str


MARKS: Final = (
    # DeepSeek R1, Qwen 3, SmolLM 3, GLM 4.5, Nemotron and many more.
    Mark("<think>", "</think>"),
    # Magistral.
    Mark("[THINK]", "[/THINK]"),
    # Seed-OSS.
    Mark("<seed:think>", "</seed:think>"),
    # Command A Reasoning.
    Mark("<|START_THINKING|>", "<|END_THINKING|>"),
    # gpt-oss: two channels of its Harmony format; the second line is an answer without reasoning.
    Mark("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    Mark("<|channel|>final<|message|>", ""),
)
"""The marks of models that people run, as their chat templates write them."""

CONTROLS: Final = tuple(
    frozenset(re.findall(r"<[^<>]+>|\[[^][]+\]", mark.begin + mark.end)) for mark in MARKS
)
"""The tokens that each mark is made of. Vocabularies have some of them as control tokens."""


class Parter:
    """Parts one choice while it comes.

    Text is held back while it could be the beginning of a mark; blanks around marks are dropped.
    Tokens go with the text that came of them, and those of a mark with what comes next.
    `beginning` is what is there of the choice already.
    """

    def __init__(self, beginning: str = "") -> None:
        self._held = ""
        self._tokens: list[Token] = []
        self._mark: Mark | None = None
        self._inside = self._told = False
        self._answering = False
        self._push(beginning)

    @property
    def idle(self) -> bool:
        """Whether whatever comes is the answer, as it comes."""
        return self._answering

    def take(self, delta: TextDelta) -> list[TextDelta | ReasoningDelta]:
        """What can be told now that this has come."""
        if self._answering:
            return [delta]
        self._tokens += delta.tokens
        return [self._delta(*piece, delta.choice) for piece in self._push(delta.text)]

    def rest(self, choice: int) -> list[TextDelta | ReasoningDelta]:
        """What was held back, once nothing more comes."""
        held, self._held = self._held, ""
        if self._mark is not None:
            # Blanks after a mark are no answer.
            held = held.rstrip() if self._inside else ""
        return [self._delta(held, self._inside, choice)] if held or self._tokens else []

    def _delta(self, text: str, reasoning: bool, choice: int) -> TextDelta | ReasoningDelta:
        tokens, self._tokens = tuple(self._tokens), []
        kind = ReasoningDelta if reasoning else TextDelta
        return kind(text, choice, tokens)

    def _push(self, more: str) -> list[tuple[str, bool]]:
        """Texts that need not be held back any more, and whether each is reasoning."""
        self._held += more
        told = []
        if self._mark is None:
            text = self._held.lstrip()
            self._mark = next((mark for mark in MARKS if text.startswith(mark.begin)), None)
            if self._mark is None:
                if any(mark.begin.startswith(text) for mark in MARKS):
                    return []
                self._answering = True
                return [(self._release(len(self._held)), False)]
            self._held = text[len(self._mark.begin) :]
            self._inside = bool(self._mark.end)
        if self._inside:
            if not self._told:
                self._held = self._held.lstrip()
            end = self._held.find(self._mark.end)
            if end < 0:
                end = len(self._held) - begun(self._held, self._mark.end)
            else:
                self._inside = False
            if text := self._release(len(self._held[:end].rstrip())):
                self._told = True
                told.append((text, True))
            if self._inside:
                return told
            self._held = self._held.lstrip().removeprefix(self._mark.end)
        self._held = self._held.lstrip()
        if self._held:
            self._answering = True
            told.append((self._release(len(self._held)), False))
        return told

    def _release(self, count: int) -> str:
        text, self._held = self._held[:count], self._held[count:]
        return text


class Parted(NamedTuple):
    """A text as reasoning and answer."""

    reasoning: str
    answer: str


def parted(text: str) -> Parted:
    """The reasoning that a whole answer begins with, and the rest of it."""
    parter = Parter()
    deltas = [*parter.take(TextDelta(text)), *parter.rest(0)]
    thought = "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))
    return Parted(thought, "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)))


def continued(beginning: str, reasoning: str, answer: str) -> Parted:
    """What came, together with the beginning that it went on from."""
    before = parted(beginning) if beginning else Parted("", "")
    return Parted(before.reasoning + reasoning, before.answer + answer)


def begins_marked(text: str) -> bool:
    """Whether a text begins with the mark of reasoning, or of an answer without."""
    return text.startswith(tuple(mark.begin for mark in MARKS))


def rejoined(reasoning: str, answer: str) -> str:
    """Both as one text that a model can go on from; without an answer it goes on to reason.

    The marks are those of most models, with blanks as those write them: what came was not kept to
    the letter.
    """
    begin, end = MARKS[0]
    if not reasoning:
        return answer
    return f"{begin}\n{reasoning}" + (f"\n{end}\n\n{answer}" if answer else "")


def opened_by(prompt: str) -> str:
    """The mark that a prompt ends with, where its template has begun the reasoning; or nothing."""
    end = prompt[-64:].rstrip()
    return next((mark.begin for mark in MARKS if mark.end and end.endswith(mark.begin)), "")
