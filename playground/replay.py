"""Repeats a kept run and says whether the same came out: identical, or where it parted.

The run is made again from its receipt: the same reference opened with the same settings, the same
messages, the knobs that were really used and the seed that was drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from playground.errors import ModelFileError, UnknownModel, UnknownProvider, UsageError
from playground.growing import GrowingChoice
from playground.history.records import RunRecord
from playground.providers.base import ChatModel
from playground.providers.registry import open_model
from playground.reasoning import rejoined
from playground.repeating import engine_options, used_params
from playground.run import Run
from playground.types import Answer, Choice, EndState, Frozen, Provenance, Receipt, Token

Figures = Callable[[str, int], Sequence[Token]]
"""Gives the kept tokens of an answer by run and choice: `History.tokens`."""

_WORD = re.compile(r"\s*\S+|\s+$")


class Parting(Frozen):
    """Where an answer became another one: `place` counts tokens or words from 1.

    `then` is what stood there in the kept answer, `now` what came instead; empty where an answer
    had ended.
    """

    choice: int
    place: int
    unit: Literal["token", "word"]
    then: str
    now: str


class Difference(Frozen):
    """Something that was not the same: its name, what it was and what it is. None: not known."""

    name: str
    then: JsonValue
    now: JsonValue


class Replay(Frozen):
    """What came of repeating a run. `state` is how the kept run had ended.

    Of a run that had not ended by itself, the answers are compared as far as they had come.
    """

    run: str
    model: str
    state: EndState
    partings: tuple[Parting, ...]
    differences: tuple[Difference, ...]
    answer: Answer

    @property
    def identical(self) -> bool:
        """Whether every answer is the same, as far as the kept one goes."""
        return not self.partings

    def __str__(self) -> str:
        """`identical`, or `parted at token 37: "x" instead of "y"`, for the first that parted."""
        if self.identical:
            if self.state == "done":
                return "identical"
            return f"identical as far as it had come ({self.state})"
        parting = self.partings[0]
        several = len(self.answer.choices) > 1
        where = f" of answer {parting.choice + 1}" if several else ""
        now, then = (_shown(text) for text in (parting.now, parting.then))
        return f"parted at {parting.unit} {parting.place}{where}: {now} instead of {then}"


async def replay(record: RunRecord, figures: Figures | None = None) -> Replay:
    """Repeat a run and compare.

    `figures` gives the kept tokens, with which the place of a parting is exact; without them it is
    that of the model's tokenizer, and where there is none, of words.

    Raises `UsageError` for a run without any text, `ModelFileError` with the file and its sum where
    the model is gone, and the run's error if it fails this time.
    """
    if record.state != "done" and not any(map(_written, record.choices)):
        raise UsageError(
            f"Run {record.id} ({record.state}) gave no text, so that there is nothing to compare.",
            hint="Ask again instead.",
        )
    async with _opened(record) as model:
        run = Run(
            model,
            record.messages,
            used_params(record),
            prefix=record.prefix,
            unsupported="adjust",
        )
        run.prefix_text = record.beginning
        async with run:
            async for _ in run:
                if _goes_far_enough(run, record):
                    await run.cancel()
        await run.prove()
        partings = [
            parting
            for choice in range(max(len(record.choices), len(run.choices)))
            if (parting := await _parting(record, run, choice, figures)) is not None
        ]
    return Replay(
        run=record.id,
        model=record.model,
        state=record.state,
        partings=tuple(partings),
        differences=tuple(_differences(record, run)),
        answer=run.answer(),
    )


def _opened(record: RunRecord) -> ChatModel:
    try:
        return open_model(record.model, **engine_options(record))
    except (ModelFileError, UnknownModel, UnknownProvider) as error:
        file = record.receipt.provenance.file if record.receipt is not None else None
        if file is None:
            raise
        digest = file.sha256 or "not known"
        raise ModelFileError(
            f"Run {record.id} cannot be repeated: {error.message} It was made with {file.path} "
            f"({file.bytes:,} bytes, SHA-256 {digest}).",
            hint="Put that file back to where it was.",
        ) from error


def _goes_far_enough(run: Run, record: RunRecord) -> bool:
    """Whether enough came to compare with a run that had not ended by itself."""
    if record.state == "done" or run.state != "running":
        return False
    return len(run.choices) >= len(record.choices) and all(
        len(_written(now)) > len(_written(then)) or now.finish_reason is not None
        for then, now in zip(record.choices, run.choices, strict=False)
    )


# Comparing texts


async def _parting(
    record: RunRecord, run: Run, choice: int, figures: Figures | None
) -> Parting | None:
    """Where an answer parted from the kept one; None if it did not."""
    cut = record.state != "done"
    if choice >= len(record.choices):
        return None if cut else _part(choice, "word", (), _words(_written(run.choices[choice])))
    then = _written(record.choices[choice])
    now = _written(run.choices[choice]) if choice < len(run.choices) else ""
    cut = cut and record.choices[choice].finish_reason is None
    # A cut answer may end in half a character.
    if then == now or (cut and now.startswith(then.rstrip("\N{REPLACEMENT CHARACTER}"))):
        return None
    kept = figures(record.id, choice) if figures is not None and record.has_tokens else ()
    drawn = run.choices[choice].tokens if choice < len(run.choices) else ()
    if kept and drawn:
        found = _part(choice, "token", _names(kept), _names(drawn))
    elif "tokenize" in run.model.abilities and "detokenize" in run.model.abilities:
        found = await _part_by_tokenizer(run.model, choice, then, now)
    else:
        found = None
    return found or _part(choice, "word", _words(then), _words(now))


async def _part_by_tokenizer(model: ChatModel, choice: int, then: str, now: str) -> Parting | None:
    was, became = await model.tokenize(then), await model.tokenize(now)
    found = _part(choice, "token", [*map(str, was)], [*map(str, became)])
    if found is None:
        return None
    texts = []
    for tokens in (was, became):
        at = tokens[found.place - 1 : found.place]
        texts.append((await model.detokenize(at)).decode("utf-8", "replace"))
    return found.model_copy(update={"then": texts[0], "now": texts[1]})


def _part(
    choice: int, unit: Literal["token", "word"], then: Sequence[str], now: Sequence[str]
) -> Parting | None:
    """The first place at which two rows differ, or one of them has ended."""
    for place in range(max(len(then), len(now))):
        old = then[place] if place < len(then) else ""
        new = now[place] if place < len(now) else ""
        if old != new:
            return Parting(choice=choice, place=place + 1, unit=unit, then=old, now=new)
    return None


def _written(choice: Choice | GrowingChoice) -> str:
    """Reasoning and answer as one text."""
    return rejoined(choice.reasoning, choice.text)


def _names(tokens: Sequence[Token]) -> list[str]:
    return [token.text for token in tokens]


def _words(text: str) -> list[str]:
    """The words of a text, each with the white space before it."""
    return _WORD.findall(text)


def _shown(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if text else "the end"


# Comparing receipts


def _differences(record: RunRecord, run: Run) -> Iterator[Difference]:
    """What differs between the receipts, by name."""
    then, now = record.receipt, run.receipt
    if then is None:
        yield Difference(
            name="receipt",
            then="none was written before the run ended: it was repeated with what was asked for",
            now=None,
        )
        return
    if now is not None:
        # A program that was killed had not looked at the model's file yet: that tells nothing.
        unknown = then.provenance == Provenance()
        yield from (
            found
            for found in _between(_facts(then), _facts(now))
            if found.then is not None or not unknown
        )
    if record.state == "done":
        for number, (old, new) in enumerate(zip(record.choices, run.choices, strict=False)):
            if old.finish_reason != new.finish_reason:
                yield Difference(
                    name=f"finish_reason of answer {number + 1}",
                    then=old.finish_reason,
                    now=new.finish_reason,
                )


def _between(then: Mapping[str, JsonValue], now: Mapping[str, JsonValue]) -> Iterator[Difference]:
    for name in dict.fromkeys((*then, *now)):
        old, new = then.get(name), now.get(name)
        if old != new:
            yield Difference(name=name, then=old, now=new)


def _facts(receipt: Receipt) -> dict[str, JsonValue]:
    """Everything in a receipt that an answer may hang on, by name."""
    provenance = receipt.provenance
    file = provenance.file
    return {
        "file": file.path if file is not None else None,
        "file sha256": (file.sha256 or None) if file is not None else None,
        "chat template": provenance.template or None,
        "endpoint": provenance.endpoint or None,
        **{f"version of {name}": value for name, value in receipt.versions.items()},
        "hardware": receipt.hardware,
        **{f"engine {name}": value for name, value in provenance.engine.items()},
        **{f"knob {name}": value for name, value in receipt.plan.effective.items()},
    }
