"""What can be done with answers: page, continue, edit and resend, fork, compare, rate, copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.errors import PlaygroundError
from playground.ids import new_id
from playground.tui import dialogs
from playground.tui.foundation import Foundation

if TYPE_CHECKING:
    from playground.history import RunRecord
    from playground.tui.conversation import Turn
    from playground.tui.widgets.pane import Pane

__all__ = ["AnswerActions"]


class AnswerActions(Foundation):
    """Actions on the answers that are in the panes."""

    def action_next_answer(self) -> None:
        """Show the next answer of the active pane's last turn."""
        self._page(1)

    def action_previous_answer(self) -> None:
        """Show the answer before it."""
        self._page(-1)

    def _page(self, by: int) -> None:
        pane = self.active_pane
        turn = pane.conversation.last_turn
        if turn is None or pane.page(by) is None:
            self.say(f"Pane {pane.letter} has one answer to this prompt. F5 asks again.")
        else:
            self.archive.choose(turn)

    def action_go_on(self) -> None:
        """Go on with the answer in view where it was cut."""
        targets = self._targets
        if self._all_free(targets) and not [pane for pane in targets if pane.go_on()]:
            self.say("There is no answer to continue yet.")

    # Turns

    def action_turns(self) -> None:
        """Choose a turn of the active pane, and what to do with it."""
        pane = self.active_pane
        if not pane.conversation.turns:
            self.say(f"Pane {pane.letter} has no turns yet.")
        elif self._all_free([pane]):
            self._do(self._choose_turn(pane))

    async def _choose_turn(self, pane: Pane) -> None:
        chosen = await dialogs.ask_for_turn(self, pane)
        match chosen:
            case None:
                return
            case ("edit", turn):
                await self._edit(pane, turn)
            case ("fork", turn):
                await self._fork(pane, turn)
            case ("look", turn):
                pane.conversation.look_at(turn)
                pane.take(pane.conversation)
                self.archive.look_at(pane.conversation)
            case ("difference", turn):
                self._compare_versions(pane, turn)
            case ("rate", turn):
                await self._rate(pane, turn)
            case ("lens", turn):
                await self._look(pane, turn)

    async def _look(self, pane: Pane, turn: Turn) -> None:
        raise NotImplementedError

    async def _edit(self, pane: Pane, turn: Turn) -> None:
        """Resend an edited prompt, in this pane or in all that were asked together."""
        together = [
            (other, found)
            for other in self.panes
            for found in other.conversation.turns
            if found.round == turn.round
        ]
        edited = await dialogs.ask_for_prompt(
            self, pane, turn, everywhere=self._to_all and len(together) > 1
        )
        if edited is None or not edited.text:
            return
        chosen = together if edited.everywhere else [(pane, turn)]
        if self._all_free([other for other, _ in chosen]):
            round_ = new_id()
            for other, found in chosen:
                other.edit(found, edited.text, round_)

    async def _fork(self, pane: Pane, turn: Turn) -> None:
        """One more pane, with the conversation up to this turn."""
        fork = pane.conversation.fork(turn)
        made = await self._add_pane(fork)
        if made is not None:
            self.archive.file(fork, made.place)

    # Comparing and judging

    def action_difference(self) -> None:
        """Compare the answers in view of two panes, or the last two of one pane."""
        shown = [
            (f"{pane.letter} · {version.run.model.ref}", version.text)
            for pane in [self.active_pane, *self._others]
            if (version := pane.conversation.last_version) is not None and version.text
        ]
        turn = self.active_pane.conversation.last_turn
        if len(shown) > 1:
            dialogs.show_difference(self, *sorted(shown[:2]))
        elif turn is not None:
            self._compare_versions(self.active_pane, turn)
        else:
            self.say("There are no two answers to compare yet.")

    @property
    def _others(self) -> list[Pane]:
        """The panes that are not the active one, the next one first."""
        at = self.active_pane.place
        return [*self.panes[at + 1 :], *self.panes[:at]]

    def _compare_versions(self, pane: Pane, turn: Turn) -> None:
        """Compare the answer in view with the one before it."""
        versions = [version for version in turn.versions if version.text]
        if len(versions) < 2:
            self.say("This turn has one answer. F5 asks again, and n draws several at once.")
            return
        at = max(versions.index(turn.current) if turn.current in versions else 1, 1)
        titles = [
            (f"{pane.letter} · answer {turn.versions.index(version) + 1}", version.text)
            for version in (versions[at - 1], versions[at])
        ]
        dialogs.show_difference(self, *titles)

    def action_rate(self) -> None:
        """Give the answer in view stars and a note."""
        pane = self.active_pane
        turn = pane.conversation.last_answered
        if turn is None:
            self.say(f"Pane {pane.letter} has no answer to rate yet.")
        else:
            self._do(self._rate(pane, turn))

    async def _rate(self, pane: Pane, turn: Turn) -> None:
        from playground.history import Rating

        version = turn.current
        if version is None:
            self.say("This turn has no answer to rate.")
            return
        now = pane.conversation.ratings.get(version.name)
        given = await dialogs.ask_for_rating(self, pane, now)
        if given is not None:
            run, choice = version.name
            rating = Rating(run=run, choice=choice, stars=given.stars, note=given.note)
            pane.conversation.ratings[version.name] = rating
            self.archive.rate(rating)
            pane.show_rating(turn)

    # Copying

    def action_copy_answer(self) -> None:
        """Put the active pane's last answer on the clipboard, through the terminal (OSC 52)."""
        if text := self.active_pane.transcript.last_answer_text():
            self.copy_to_clipboard(text)
            self.say(f"Copied {len(text):,} characters.")
        else:
            self.say(f"Pane {self.active_pane.letter} has no answer to copy yet.")

    def action_copy_receipt(self) -> None:
        """Put the receipt of the answer in view on the clipboard."""
        self._copy_in_view("receipt")

    def action_copy_python(self) -> None:
        """Put the Python that repeats the answer in view on the clipboard."""
        self._copy_in_view("python")

    def action_copy_curl(self) -> None:
        """Put the curl command that repeats the answer in view on the clipboard."""
        self._copy_in_view("curl")

    def action_copy_llama_cli(self) -> None:
        """Put the llama-cli command that repeats the answer in view on the clipboard."""
        self._copy_in_view("llama-cli")

    def _copy_in_view(self, form: str) -> None:
        version = self.active_pane.conversation.last_version
        if version is None:
            self.say(f"Pane {self.active_pane.letter} has no answer yet.")
        else:
            self.copy_run(version.run.id, form)

    def copy_run(self, name: str, form: str) -> None:
        """Put what repeats a run on the clipboard, in one of the forms of `commands.FORMS`."""
        self._do(self._copy(name, form))

    async def _copy(self, name: str, form: str) -> None:
        from playground.commands import FORMS

        try:
            record = await self._record_of(name)
            text = FORMS[form](record)
        except PlaygroundError as error:
            self.say(str(error), "error", title=error.title)
            return
        self.copy_to_clipboard(text)
        self.say(f"Copied {_COPIED[form]} ({len(text):,} characters).")

    async def _record_of(self, name: str) -> RunRecord:
        """A run as it is kept; as it is known here where it could not be written yet."""
        if self.archive.problem:
            from playground.history.restoring import remembered

            for pane in self.panes:
                for run in pane.conversation.runs:
                    if run.id == name:
                        return remembered(run)
        return await self.archive.read(lambda history: history.run(name))


_COPIED = {
    "receipt": "the receipt",
    "python": "a Python script",
    "curl": "a curl command",
    "llama-cli": "a llama-cli command",
}
