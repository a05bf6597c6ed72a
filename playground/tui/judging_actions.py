"""Blind tests: the panes answer unseen, the user votes, then sees whose answers they were."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from playground.ids import new_id
from playground.tui import dialogs
from playground.tui.foundation import Foundation

if TYPE_CHECKING:
    from playground.judging import Candidate, Tallies, Vote
    from playground.tui.widgets.pane import Pane

__all__ = ["JudgingActions"]


class JudgingActions(Foundation):
    """Actions of blind tests."""

    def action_blind_test(self) -> None:
        """Ask the prompt that is written in every pane, unseen, and vote on the answers."""
        if len(self.panes) < 2:
            self.say("A blind test needs two panes: F8 opens another.", "warning")
        elif self._all_free(self.panes):
            if prompt := self._prompt.take():
                self._do(self._test_blindly(prompt))
            else:
                self.say("Write the prompt first; then Alt+V asks it unseen.")

    async def _test_blindly(self, prompt: str) -> None:
        panes = list(self.panes)
        round_ = new_id()

        def begin() -> None:
            for pane in panes:
                pane.ask(prompt, round_)

        def done() -> bool:
            return not any(pane.busy for pane in panes)

        if not await dialogs.wait_unseen(self, begin, done):
            for pane in panes:
                pane.stop()
            return
        candidates = [found for pane in panes if (found := _candidate(pane)) is not None]
        if len(candidates) < len(panes):
            self.say("Not every pane gave an answer, so that there is nothing to vote on.", "error")
            return
        await self._vote_on(prompt, candidates)

    async def _vote_on(self, prompt: str, candidates: list[Candidate]) -> None:
        from playground.judging import BlindTest, count_votes

        archive = self.archive

        def tallies(vote: Vote) -> Tallies:
            # It may be written by now, or still be waiting.
            return count_votes([*(one for one in archive.votes() if one.id != vote.id), vote])

        # Not from a seed that somebody could know.
        test = BlindTest.shuffled(prompt, candidates, random.SystemRandom())
        await dialogs.ask_for_vote(self, test, archive.add_vote, tallies)


def _candidate(pane: Pane) -> Candidate | None:
    """The answer in view of a pane; None where it failed or is not whole."""
    from playground.judging import Candidate, settings_text

    version = pane.conversation.last_version
    if version is None or version.run.state != "done":
        return None
    run, choice = version.name
    return Candidate(
        run=run,
        choice=choice,
        model=str(version.run.model.ref),
        setting=settings_text(version.run.params),
        text=version.text,
    )
