"""What can be done with conversations: find, open, label, export; what an interruption left."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from playground.config import at_home
from playground.errors import PlaygroundError
from playground.tui import dialogs
from playground.tui.arrangement import MAX_PANES
from playground.tui.foundation import Foundation

if TYPE_CHECKING:
    from playground.history import ConversationRecord, History, PaneRecord

__all__ = ["ArchiveActions"]


class ArchiveActions(Foundation):
    """Actions on conversations as a whole."""

    def action_history(self) -> None:
        """Find an earlier conversation and open it."""
        if self._all_free(self.panes):
            self._do(self._look_into_history())

    async def _look_into_history(self) -> None:
        name = await dialogs.ask_for_conversation(self, self.archive)
        if name:
            await self._open(name)

    async def _open(self, name: str) -> None:
        """Show a kept conversation in the panes, and go on with it from now on.

        One of a sweep has a turn for each of its cells: it has a screen of its own.
        """
        try:
            if await self.archive.read(lambda history: history.sweeps.exists(name)):
                await self._open_sweep(name)
                return
            record = await self.archive.load(name)
        except PlaygroundError as error:
            self.say(str(error), "error", title=error.title)
            return
        from playground.tui.conversation import Conversation

        panes = panes_to_open(record)
        await self._show_conversations(
            [
                Conversation.recalled(kept, [run for run in record.runs if run.pane != kept.id])
                for kept in panes
            ]
        )
        self.archive.resume(record)
        self.archive.settle(record.id)
        self._shelf.keep_only(pane.conversation.ref for pane in self.panes)
        self._grid.activate(0)

    async def _open_sweep(self, name: str) -> None:
        raise NotImplementedError

    async def _offer_interrupted(self) -> None:
        """Offer the conversation that the last program died in, once."""
        try:
            found = await self.archive.interrupted()
        except PlaygroundError:
            return  # Why it cannot be read was told when it was opened.
        if not found:
            return
        latest, *others = found
        # What was typed before the panes were there may have been sent meanwhile.
        wanted = await dialogs.ask_about_interrupted(self, latest, len(others))
        # After the answer: who is killed before it is asked again.
        for summary in found:
            self.archive.leave_interrupted(summary.id)
        if wanted and self._all_free(self.panes):
            await self._open(latest.id)

    def action_card(self) -> None:
        """Give this conversation a title and tags, and pin it."""
        if any(pane.conversation.turns for pane in self.panes):
            self._do(self._fill_in_card())
        else:
            self.say("There is nothing to give a title to yet.")

    async def _fill_in_card(self) -> None:
        archive = self.archive
        name = archive.current
        if not archive.problem:
            # Another program, or the list of F12, may have labelled it. Where it could not be
            # written down yet, it has no title to begin with.
            with suppress(PlaygroundError):
                record = await archive.load(name)
                if archive.current == name:
                    archive.resume(record)
        card = await dialogs.ask_for_card(self, archive)
        if card is not None and archive.current == name:
            archive.label(card.title, card.tags, pinned=card.pinned)
            if not card.title:
                self.say("A conversation has a title: without another one it keeps its own.")

    def action_export(self) -> None:
        """Write this conversation into a file."""
        if any(pane.conversation.turns for pane in self.panes):
            self._do(self._export())
        else:
            self.say("There is nothing to export yet.")

    async def _export(self) -> None:
        wanted = await dialogs.ask_for_export(self)
        if wanted is None:
            return
        archive = self.archive
        try:
            record = await archive.load(archive.current)
            path = await archive.read(
                lambda history: _write(history, record, wanted.format, Path(wanted.path))
            )
        except OSError as error:
            self.say(f"{wanted.path} cannot be written: {error.strerror or error}.", "error")
        except PlaygroundError as error:
            self.say(archive.problem or str(error), "error", title="Nothing to export")
        else:
            self.say(f"Written to {path}.")
            if archive.problem:
                # An export is made of what is kept.
                self.say(f"What was said last is missing there: {archive.problem}", "warning")


def panes_to_open(record: ConversationRecord) -> list[PaneRecord]:
    """The panes of a kept conversation that fit on the screen, by place.

    A pane that was cleared or took another's place left earlier ones behind: of each place the
    one that was used last is shown.
    """
    latest: dict[int, PaneRecord] = {}
    for pane in record.panes:
        if not pane.turns:
            continue
        before = latest.get(pane.place)
        if before is None or before.turns[-1].created <= pane.turns[-1].created:
            latest[pane.place] = pane
    return [latest[place] for place in sorted(latest)][:MAX_PANES]


def _write(history: History, record: ConversationRecord, format_name: str, path: Path) -> Path:
    from playground.export import FORMATS, write_new

    path = at_home(path).absolute()
    write_new(path, FORMATS[format_name].pieces([record], history.tokens))
    return path
