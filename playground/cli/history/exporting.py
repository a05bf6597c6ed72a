"""Out of the history and into it: `export` and `import`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from playground.cli.history.opening import conversations, opened
from playground.cli.output import note, say, say_json
from playground.errors import PlaygroundError, UnknownRecord, UsageError, did_you_mean
from playground.export import FORMATS, Format, write_new
from playground.history import ConversationRecord, Filters, History

_PAGE = 200
"""Conversations whose names are asked for at a time."""


def export_to(
    names: Sequence[str], filters: Filters, *, everything: bool, form: str, output: Path | None
) -> None:
    """Write conversations to a file, or to standard output."""
    if bool(names) == everything:
        raise UsageError(
            "Either name conversations or say --all, one of the two.",
            hint="`playground history list` shows their ids.",
        )
    if names and filters != Filters():
        raise UsageError("Filters go with --all, not with ids.")
    kind = _format(form, output)
    with opened() as history:
        if everything and not history.conversations(filters, limit=1):
            raise UnknownRecord(
                "Nothing is kept yet." if filters == Filters() else "Nothing kept is like that.",
                hint="Nothing was written.",
            )
        records: Iterable[ConversationRecord] = (
            _all(history, filters) if everything else conversations(history, names)
        )
        pieces = kind.pieces(records, history.tokens)
        if output is None:
            for piece in pieces:
                say(piece, end="")
        else:
            try:
                write_new(output, pieces)
            except FileExistsError as error:
                raise UsageError(
                    f"{output} is there already.", hint="Name another file."
                ) from error
            except OSError as error:
                # Of a full disk Python says nothing about which file it was.
                raise PlaygroundError(
                    f"{output} cannot be written: {error.strerror or error}.",
                    hint="Nothing of it was kept.",
                ) from error
            note(f"Written to {output}.")


def import_from(file: Path, *, json: bool) -> None:
    """Read an exported file, and say what it added."""
    with opened() as history:
        done = history.import_file(file)
    if json:
        say_json(done.model_dump(mode="json"))
        return
    added = _counts(done.conversations, done.runs, done.votes)
    there = _counts(done.conversations_there, done.runs_there, done.votes_there)
    note(f"Added: {added}. There already and left alone: {there}.")
    if done.in_trash:
        note(f"Among those, deleted: playground history restore {' '.join(done.in_trash[:20])}")


def _format(form: str, output: Path | None) -> Format:
    if form:
        if form not in FORMATS:
            raise UsageError(
                f"There is no format {form!r}.",
                hint=did_you_mean(form, FORMATS) or f"There are {', '.join(FORMATS)}.",
            )
        return FORMATS[form]
    ending = output.suffix.lower() if output is not None else ""
    fitting = [kind for kind in FORMATS.values() if kind.suffix == ending]
    if output is not None and not fitting:
        raise UsageError(
            f"The name {output.name!r} says no format.", hint=f"--format: {', '.join(FORMATS)}."
        )
    return fitting[0] if fitting else FORMATS["markdown"]


def _all(history: History, filters: Filters) -> Iterator[ConversationRecord]:
    """Every conversation that fits, one at a time: a whole history may not fit into memory."""
    names: list[str] = []
    while page := history.conversations(filters, limit=_PAGE, offset=len(names)):
        names += [summary.id for summary in page]
    yield from map(history.conversation, names)


def _counts(conversations: int, runs: int, votes: int) -> str:
    found = [_count(conversations, "conversation"), _count(runs, "run")]
    return ", ".join([*found, _count(votes, "vote")] if votes else found)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
