"""Blind tests: the panes answer unseen, the user votes, then sees whose answers they were."""

from __future__ import annotations

from playground.tui.foundation import Foundation

__all__ = ["JudgingActions"]


class JudgingActions(Foundation):
    """Actions of blind tests."""

    def action_blind_test(self) -> None:
        self.say("later")
