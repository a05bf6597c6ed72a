"""What is kept, printed: lists, hits, conversations and runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from playground.cells import cell_len, cut
from playground.cli.history.opening import conversation_or_run, opened
from playground.cli.output import is_terminal, note, say, say_json, terminal_size
from playground.cli.table import table
from playground.errors import UsageError, did_you_mean
from playground.export.layout import (
    KeptAnswer,
    answers_to,
    asked_in,
    facts,
    letter,
    out_of_view,
    panes_of,
)
from playground.history import ConversationRecord, Filters, Hit, RunRecord, Summary
from playground.judging import Vote
from playground.sanitize import make_safe

NARROWEST_TITLE = 20

_HEAD = ("ID", "LAST", "RUNS", "MODELS", "TITLE")


def show_list(filters: Filters, *, limit: int, json: bool) -> None:
    """Print conversations, one a line."""
    with opened() as history:
        found = history.conversations(filters, limit=limit + (not json))
    if json:
        _print_json(found)
    elif found:
        say(_conversations(found[:limit]))
        if len(found) > limit:
            note("There are more: --limit shows them.")
    elif filters == Filters():
        note("Nothing is kept yet.")
    else:
        note("Nothing kept is like that.")


def show_hits(filters: Filters, *, limit: int, json: bool) -> None:
    """Print the runs that were found, each with the place in its text."""
    with opened() as history:
        found = history.search(filters, limit=limit + (not json))
    if json:
        _print_json(found)
        return
    for hit in found[:limit]:
        say(_hit(hit))
    if len(found) > limit:
        note("There are more: --limit shows them.")
    if not found:
        note("Nothing kept is like that.")


def show_one(name: str, *, written: str, json: bool) -> None:
    """Print a conversation or a run, or what repeats a run."""
    from playground.commands import FORMS

    if written and written not in FORMS:
        raise UsageError(
            f"A run cannot be shown as {written!r}.",
            hint=did_you_mean(written, FORMS) or f"There are {', '.join(FORMS)}.",
        )
    with opened() as history:
        found = conversation_or_run(history, name)
    if written:
        if not isinstance(found, RunRecord):
            raise UsageError(
                f"{found.id} is a conversation, and {written} is of one run.",
                hint=f"`playground history show {found.id}` names its runs.",
            )
        say(FORMS[written](found).removesuffix("\n"))
    elif json:
        say_json(found.model_dump(mode="json"))
    elif isinstance(found, RunRecord):
        say("\n".join(_run(found)))
    else:
        say("\n".join(_conversation(found)))


def _print_json(found: Sequence[Summary | Hit]) -> None:
    for item in found:
        say_json(item.model_dump(mode="json"))


def _conversations(found: Sequence[Summary]) -> str:
    rows = [
        [item.id, _when(item.updated), str(item.runs), ", ".join(item.models), _titled(item)]
        for item in found
    ]
    return table(_HEAD, _fitting(rows), right=(2,))


def _titled(item: Summary) -> str:
    marks = [
        *(["pinned"] if item.pinned else []),
        *(["interrupted"] if item.interrupted else []),
        *item.tags,
    ]
    return f"{item.title} [{', '.join(marks)}]" if marks else item.title


def _fitting(rows: list[list[str]]) -> list[list[str]]:
    """On a terminal, the two last columns are cut so that a row is a line."""
    safe = [[" ".join(make_safe(cell).split()) for cell in row] for row in rows]
    if not (width := _width()):
        return safe
    taken = sum(max(cell_len(row[place]) for row in (_HEAD, *safe)) + 2 for place in range(3))
    left = max(width - taken - 2, 2 * NARROWEST_TITLE)
    models = min(max(cell_len(row[3]) for row in safe), left - NARROWEST_TITLE, left // 2)
    models = max(models, len(_HEAD[3]))
    return [[*row[:3], cut(row[3], models), cut(row[4], left - models)] for row in safe]


def _hit(hit: Hit) -> str:
    head = "  ".join((hit.run, _when(hit.created), hit.model, _line(hit.title)))
    width = _width()
    snippet = f"    {_line(hit.snippet)}"
    return f"{cut(head, width)}\n{cut(snippet, width)}" if width else f"{head}\n{snippet}"


def _width() -> int:
    """The columns of the terminal behind standard output; 0 where there is none."""
    import sys

    # The last cell stays free: a full row makes some terminals wrap.
    return terminal_size().columns - 1 if is_terminal(sys.stdout) else 0


def _line(text: str) -> str:
    return " ".join(make_safe(text).split())


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


# One conversation, one run


def _conversation(record: ConversationRecord) -> Iterator[str]:
    panes = panes_of(record)
    yield _line(record.title)
    labels = [record.id, _when(record.created), record.origin]
    labels += ["pinned"] if record.pinned else []
    labels += ["interrupted"] if record.interrupted else []
    labels += [f"tagged {_line(', '.join(record.tags))}"] if record.tags else []
    yield ", ".join(labels)
    for place, pane in enumerate(panes):
        yield f"{letter(place)}: {_line(pane.model)}"
        if pane.system:
            yield from _indented(pane.system)
    for asked in asked_in(panes):
        yield ""
        yield from (f"> {line}" for line in make_safe(asked.prompt).split("\n"))
        for place, turn in sorted(asked.turns.items()):
            if turn.prompt != asked.prompt:
                yield from (f"{letter(place)} > {line}" for line in turn.prompt.split("\n"))
            for answer in answers_to(turn, record):
                yield from ("", *_answer(answer, f"{letter(place)} "))
    if record.votes:
        yield ""
    yield from map(_vote, record.votes)
    if hidden := out_of_view(panes):
        yield f"\n{hidden} more turns are out of view: --json has them."


def _vote(vote: Vote) -> str:
    names = [_line(f"{one.model} · {one.setting}") for one in vote.candidates]
    said = {"tie": f"a tie of {' and '.join(names)}", "bad": f"none of {' and '.join(names)}"}
    if vote.winner is not None:
        best = names.pop(vote.winner)
        said["win"] = f"{best} over {' and '.join(names)}"
    return f"Blind test, {_when(vote.created.astimezone())}: {said[vote.outcome]}"


def _answer(answer: KeptAnswer, pane: str) -> Iterator[str]:
    told = dict(facts(answer))
    marks = ", gone on with" if answer.chosen else ""
    head = [told[name] for name in ("run", "state", "tokens", "total", "rating") if name in told]
    yield f"--- {pane}{_line(answer.run.model)}: {', '.join(head)}{marks}"
    if "note" in told:
        yield f"    note: {_line(told['note'])}"
    yield answer.text
    if answer.run.error is not None:
        yield f"Error: {_line(answer.run.error.message)}"


def _run(run: RunRecord) -> Iterator[str]:
    rows: list[tuple[str, str]] = [
        ("model", run.model),
        ("conversation", run.conversation),
        ("made", f"{run.created:%Y-%m-%d %H:%M:%S %z}, try {run.version} of its turn"),
    ]
    answers = [KeptAnswer(run, choice, chosen=False) for choice in range(len(run.choices))]
    for name, value in facts(answers[0], every=True):
        if name not in ("run", "rating", "note"):
            rows.append((name, value))
    if run.receipt is not None:
        rows += _provenance(run.receipt.model_dump(mode="json")["provenance"])
        rows += [(name, version) for name, version in run.receipt.versions.items()]
        rows.append(("hardware", run.receipt.hardware))
    yield table(("run", run.id), rows)
    for message in run.messages:
        yield f"\n{message.role}:"
        yield from _indented(message.content)
    for answer in answers:
        yield f"\nanswer{f' {answer.choice + 1}' if len(answers) > 1 else ''}:"
        if answer.reasoning:
            yield from _indented(f"(reasoning) {answer.reasoning}")
        yield from _indented(answer.text)
        if answer.rating is not None:
            stars = f"{answer.rating.stars} of 5" if answer.rating.stars else ""
            yield f"    rated: {', '.join(filter(None, (stars, _line(answer.rating.note))))}"
    if run.error is not None:
        yield f"\nError: {_line(run.error.message)}"


def _provenance(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    file = found["file"]
    if file is not None:
        yield "file", f"{file['path']} ({file['bytes']:,} bytes)"
        yield "sha256", file["sha256"]
    if found["template"]:
        yield "chat template", found["template"]
    if found["engine"]:
        yield "engine", ", ".join(f"{name} {value}" for name, value in found["engine"].items())
    if found["endpoint"]:
        yield "endpoint", found["endpoint"]


def _indented(text: str) -> Iterator[str]:
    yield from (f"    {line}" for line in make_safe(text).split("\n"))
