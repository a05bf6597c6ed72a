"""Out of the history and into it: `export` and `import`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from playground.cli import FAILED
from playground.cli.history.opening import conversations, opened
from playground.cli.output import note, say, say_json
from playground.errors import (
    HistoryUnavailable,
    PlaygroundError,
    UnknownRecord,
    UsageError,
    did_you_mean,
)
from playground.export import FORMATS, Format, write_new
from playground.history import ConversationRecord, Filters, History
from playground.types import Token

_PAGE = 200
"""Conversations whose names are asked for at a time."""


def export_to(
    names: Sequence[str], filters: Filters, *, everything: bool, form: str, output: Path | None
) -> int:
    """Write conversations to a file, or to standard output; the exit code.

    Of everything, what cannot be read is named and left out: the rest is what can be rescued.
    """
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
        rescue = _Rescue(history)
        if everything:
            pieces = kind.pieces(rescue.records(filters), rescue.tokens)
        else:
            pieces = kind.pieces(conversations(history, names), history.tokens)
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
    return FAILED if rescue.missing else 0


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


class _Rescue:
    """Reads a history that may be damaged, and says what could not be read."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.missing = False

    def records(self, filters: Filters) -> Iterator[ConversationRecord]:
        """Every conversation that fits, one at a time: a whole history may not fit into memory."""
        names: list[str] = []
        while page := self._history.conversations(filters, limit=_PAGE, offset=len(names)):
            names += [summary.id for summary in page]
        for name in names:
            try:
                record = self._history.conversation(name)
            except UnknownRecord:
                continue  # Deleted for good meanwhile.
            except (HistoryUnavailable, ValueError) as error:
                self._leave_out(f"The conversation {name}", error)
            else:
                yield record

    def tokens(self, run: str, choice: int) -> Sequence[Token]:
        """The figures of an answer's tokens; none where they cannot be read."""
        try:
            return self._history.tokens(run, choice)
        except (HistoryUnavailable, ValueError) as error:
            self._leave_out(f"What is known of the tokens of run {run}", error)
            return ()

    def _leave_out(self, what: str, error: Exception) -> None:
        self.missing = True
        told = error.message if isinstance(error, HistoryUnavailable) else "It is damaged."
        note(f"{what} is left out. {told}")


def _counts(conversations: int, runs: int, votes: int) -> str:
    found = [_count(conversations, "conversation"), _count(runs, "run")]
    return ", ".join([*found, _count(votes, "vote")] if votes else found)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
