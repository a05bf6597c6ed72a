"""What users do to what is kept: labels, ratings, deleting and bringing back, copies, checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playground.cli import FAILED
from playground.cli.history.opening import conversations, opened
from playground.cli.output import note, say
from playground.errors import UsageError
from playground.history import Filters, Rating
from playground.history.keeping import DAYS_TO_REGRET

_MANY = 1_000_000


def delete(names: Sequence[str]) -> None:
    """Delete conversations, and say how to undo it."""
    with opened() as history:
        found = conversations(history, names)
        history.delete(*(record.id for record in found))
    for record in found:
        note(f"Deleted {record.id}: {_title(record.title)}.")
    note(
        f"For {DAYS_TO_REGRET} days it can be undone: playground history restore "
        f"{' '.join(record.id for record in found)}"
    )


def restore(names: Sequence[str]) -> None:
    """Bring deleted conversations back."""
    with opened() as history:
        found = conversations(history, names)
        deleted = {item.id for item in history.conversations(Filters(deleted=True), limit=_MANY)}
        history.restore(*(record.id for record in found))
    for record in found:
        back = "Brought back" if record.id in deleted else "Was not deleted:"
        note(f"{back} {record.id}: {_title(record.title)}.")


def purge(*, sure: bool) -> None:
    """Remove for good what was deleted."""
    with opened() as history:
        count = len(history.conversations(Filters(deleted=True), limit=_MANY))
        if count and not sure:
            raise UsageError(
                f"{count} deleted conversations would be removed for good.",
                hint="With --yes it is done, and nothing brings them back.",
            )
        history.purge()
    note(f"Removed for good: {count}.")


def rename(name: str, title: str) -> None:
    """Give a conversation a title."""
    if not title.strip():
        raise UsageError("The title is empty.")
    with opened() as history:
        record = history.conversation(name)
        history.rename(record.id, " ".join(title.split()))
    note(f"{record.id} was {_title(record.title)} and is {_title(title)}.")


def tag(name: str, tags: Sequence[str], *, remove: bool) -> None:
    """Add tags to a conversation, take them away, or print those that it has."""
    given = [" ".join(word.split()) for word in tags if word.strip()]
    if remove and not given:
        raise UsageError("Say which tags to take away.")
    with opened() as history:
        record = history.conversation(name)
        kept = {*record.tags} - {*given} if remove else {*record.tags, *given}
        if given:
            history.set_tags(record.id, sorted(kept))
    for word in sorted(kept):
        say(word)


def pin(names: Sequence[str], *, pinned: bool) -> None:
    """Keep conversations at the top, or no longer."""
    with opened() as history:
        found = conversations(history, names)
        for record in found:
            history.pin(record.id, pinned=pinned)
    for record in found:
        note(f"{'Pinned' if pinned else 'Not pinned'}: {record.id}, {_title(record.title)}.")


def rate(name: str, *, answer: int, stars: int | None, note: str | None, clear: bool) -> None:
    """Keep what the user thinks of an answer; what is not given stays as it was."""
    if clear == (stars is not None or note is not None):
        raise UsageError("Give --stars, --note or both, or --clear alone.")
    with opened() as history:
        run = history.run(name)
        if answer > len(run.choices):
            raise UsageError(f"Run {run.id} has no answer {answer}.")
        before = next((item for item in run.ratings if item.choice == answer - 1), None)
        rating = Rating(run=run.id, choice=answer - 1)
        if not clear:
            before = before or rating
            rating = before.model_copy(
                update={
                    "stars": before.stars if stars is None else stars,
                    "note": before.note if note is None else note,
                }
            )
        history.rate(rating)


def backup(file: Path) -> None:
    """Copy the whole history to a file."""
    with opened() as history:
        history.back_up(file)
    note(f"Written to {file}.")


def check() -> int:
    """Look for damage; the exit code."""
    with opened() as history:
        problems = history.problems()
        path = history.path
    for problem in problems:
        say(problem)
    if problems:
        note(f"{path} is damaged. What can still be read: playground history export --all -f jsonl")
        return FAILED
    say(f"{path}: no damage found.")
    return 0


def _title(title: str) -> str:
    return repr(" ".join(title.split()))
