"""Judge answers without knowing whose they are; then see whose they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from playground.background import off_loop
from playground.cells import cell_len, fit
from playground.judging import BlindTest, Tallies, Tally, Vote
from playground.sanitize import make_safe
from playground.tui.arrangement import arrange_panes
from playground.tui.labels import one_line
from playground.tui.screens.dialog import STYLES, Dialog

__all__ = ["BlindTestScreen", "tallies_text"]

_AROUND = 9
"""Rows that title, prompt and keys take from the answers."""

_FIGURES_WIDTH = 48
_NAME_WIDTHS = (12, 60)
"""Cells of a tally's figures, and the fewest and most of its name."""

_MUTED = "$foreground 60%"
_Parts = list[Content | str | tuple[str, str]]


class BlindTestScreen(Dialog[Vote | None]):
    """Gives back the vote, or None if it was left before voting.

    Until then it shows texts under letters, all drawn alike, and nothing else of the answers.
    `keep` is given the vote at once: the playground may be left while its result is shown.
    `tallies` is asked after it, in a thread, for the tallies with that vote in them.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"vote('{key.upper()}')", show=False) for key in "abcd"),
        Binding("t", "vote('tie')", "Tie"),
        Binding("x", "vote('bad')", "Both bad"),
        Binding("escape", "leave", "Leave"),
        Binding("enter,q", "close", "Close", show=False),
    ]

    def __init__(
        self,
        test: BlindTest,
        tallies: Callable[[Vote], Tallies],
        keep: Callable[[Vote], None] = lambda _vote: None,
    ) -> None:
        super().__init__()
        self._test = test
        self._keep = keep
        self._tallies = tallies
        self._vote: Vote | None = None

    def compose(self) -> ComposeResult:
        """The prompt over the answers, a place for the tallies, and the keys."""
        with Vertical(id="blind", classes="dialog"):
            yield Static(Content("Which answer is better?"), classes="dialog-title")
            yield Static(Content(one_line(self._test.prompt)), id="blind-prompt")
            with Container(id="blind-answers"):
                for letter, candidate in zip(
                    self._test.letters, self._test.candidates, strict=True
                ):
                    with Vertical(classes="blind-answer"):
                        yield Static(Content(letter), classes="blind-head")
                        with VerticalScroll(classes="blind-scroll"):
                            # Spaces around an answer are a habit of its model.
                            text = make_safe(candidate.text).strip() or "(no text)"
                            yield Static(Content(text))
            with VerticalScroll(id="blind-tallies"):
                yield Static(id="blind-tallies-text")
            yield Static(Content(_keys(self._test.letters)), id="blind-keys")

    def on_resize(self, event: events.Resize) -> None:
        """As many columns as there is room for."""
        count = len(self._test.candidates)
        laid = arrange_panes(event.size.width - 4, event.size.height - _AROUND, count)
        answers = self.query_one("#blind-answers")
        answers.styles.grid_size_columns = laid.columns
        answers.styles.grid_size_rows = -(-count // laid.columns)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One vote, for an answer that is there."""
        if action == "vote":
            here = parameters[0] in (*self._test.letters, "tie", "bad")
            return self._vote is None and here
        return action != "close" or self._vote is not None

    def action_vote(self, verdict: str) -> None:
        """Vote, and see whose answers they were."""
        vote = self._vote = self._test.vote(verdict)
        self._keep(vote)
        heads = self.query(".blind-head").results(Static)
        for place, (letter, head) in enumerate(zip(self._test.letters, heads, strict=True)):
            judged = vote.candidates[place]
            head.update(
                Content.assemble(
                    (letter, "bold"),
                    f"  {one_line(judged.model)}",
                    (f" · {one_line(judged.setting)}", _MUTED),
                    (" ★ your vote" if place == vote.winner else "", "$text-success bold"),
                )
            )
        words = {
            "tie": "A tie.",
            "bad": "Both bad." if len(self._test.letters) == 2 else "All bad.",
        }
        told = words.get(verdict, f"You chose {verdict}.")
        self.query_one(".dialog-title", Static).update(Content(told))
        self.query_one("#blind-keys", Static).update(Content("Enter or Esc closes"))
        self.run_worker(self._show_tallies(vote), exit_on_error=False)

    async def _show_tallies(self, vote: Vote) -> None:
        tallies = await off_loop(lambda: self._tallies(vote))
        self.query_one("#blind").add_class("-revealed")
        text = self.query_one("#blind-tallies-text", Static)
        text.update(tallies_text(tallies, self.size.width - 8))
        self.query_one("#blind-tallies").focus()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Without tallies the vote still counts."""
        if event.state is WorkerState.ERROR:
            text = f"The tallies cannot be shown: {event.worker.error}"
            self.notify(one_line(text), severity="error", markup=False)

    def action_leave(self) -> None:
        """With the vote, or without one if there is none yet."""
        self.dismiss(self._vote)

    def action_close(self) -> None:
        """With the vote."""
        self.dismiss(self._vote)


def _keys(letters: str) -> str:
    bad = "X both bad" if len(letters) == 2 else "X all bad"
    return f"{' '.join(letters)} the better one · T tie · {bad} · Esc leaves without a vote"


def tallies_text(tallies: Tallies, width: int) -> Content:
    """The tallies for people, in lines of `width` cells: by model, by setting, by both together."""
    count = f"{tallies.votes:,} vote{'' if tallies.votes == 1 else 's'} so far"
    parts: _Parts = [(count, "bold"), (", shares of wins with their 95 % interval", _MUTED)]
    sections = {
        "By model": tallies.models,
        "By setting": tallies.settings,
        "By model and setting": tallies.both,
    }
    names = [_name(one) for found in sections.values() for one in found]
    fewest, most = _NAME_WIDTHS
    column = max(map(cell_len, [*names, *sections]))
    column = min(column, max(fewest, min(width - _FIGURES_WIDTH, most)))
    for title, found in sections.items():
        if found:
            parts += _section(title, found, column)
    return Content.assemble(*parts)


def _name(one: Tally) -> str:
    return one_line(" · ".join(filter(None, (one.model, one.setting))))


def _section(title: str, found: Sequence[Tally], column: int) -> _Parts:
    parts: _Parts = [(f"\n\n{fit(title, column)}   wins losses ties  bad   share", "$text-primary")]
    for one in found:
        figures = f"{one.wins:>7}{one.losses:>7}{one.ties:>5}{one.bad:>5}"
        parts += [f"\n{fit(_name(one), column)}{figures}", (f"   {_share(one)}", "bold")]
    return parts


def _share(one: Tally) -> str:
    if one.share is None:
        return "–"
    low, high = one.interval
    return f"{one.share:.0%} ({low:.0%} to {high:.0%})".replace("%", " %")
