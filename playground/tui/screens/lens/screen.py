"""The screen of the lens: its keys, what stands where, and the ways between its views."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import OptionList, Static

from playground.tui.lens import words
from playground.tui.screens.dialog import LENS_STYLES
from playground.tui.screens.lens.answering import LensAnswering
from playground.tui.screens.lens.besides import LensBesides
from playground.tui.screens.lens.foundation import VIEWS
from playground.tui.widgets.beside_view import BesideView
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.chain_table import ChainTable
from playground.tui.widgets.lens_knobs import LensKnobs
from playground.tui.widgets.temperature_curve import TemperatureCurve
from playground.tui.widgets.token_legend import TokenLegend
from playground.tui.widgets.token_text import TokenText
from playground.tui.widgets.view_tabs import ViewTabs

__all__ = ["LensScreen"]

TICKS_A_SECOND: Final = 8
"""How often tokens that have come are drawn."""


class LensScreen(LensAnswering, LensBesides):
    """Looks at one answer at a time, live or afterwards. Left with Escape."""

    CSS_PATH: ClassVar[CSSPathType | None] = LENS_STYLES
    AUTO_FOCUS = "#lens-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("tab", "aside", "Candidates, knobs"),
        Binding("c", "measure", "Colour"),
        Binding("n", "surprise(1)", "Next surprise"),
        Binding("p", "surprise(-1)", "Surprise before"),
        Binding("s", "score", "Score it"),
        Binding("m", "score_by", "Score with"),
        Binding("a", "again", "Ask again"),
        Binding("l", "log", "Log-probabilities on"),
        Binding("k", "knobs", "Knobs"),
        Binding("r", "reset", "Reset the knobs"),
        Binding("d", "compare", "Compare"),
        Binding("o", "other", "Another one beside it"),
        Binding("g", "parting", "Where they part"),
        *(Binding(f"{at}", f"view('{view}')", title) for at, (view, title) in enumerate(VIEWS, 1)),
    ]

    def compose(self) -> ComposeResult:
        """Head, legend, tokens, and what there is to say of the one under the cursor."""
        with Vertical(id="lens", classes="dialog"):
            yield Static(id="lens-head")
            yield TokenLegend(id="lens-legend")
            with Container(id="lens-body"):
                with Vertical(id="lens-left"):
                    yield TokenText(id="lens-text", looked=self._show_token)
                    surprises = OptionList(id="lens-surprises", classes="listing", markup=False)
                    surprises.border_title = "Surprises"
                    yield surprises
                with Vertical(id="lens-right"):
                    yield ViewTabs(VIEWS, id="lens-tabs")
                    yield Static(id="lens-token")
                    with VerticalScroll(id="lens-chain", can_focus=False):
                        yield ChainTable()
                    yield CandidateBars(id="lens-bars")
                    yield Static(id="lens-what")
                    yield TemperatureCurve(id="lens-curve")
                    yield LensKnobs(id="lens-knobs", turned_to=self._turned)
                    yield OptionList(id="lens-answers", classes="listing", markup=False)
                    yield BesideView(id="lens-beside")
            yield Static(id="lens-keys")

    def on_mount(self) -> None:
        """Show what there is, and look again while more comes."""
        self.fit()
        self._show_subject()
        self.set_interval(1 / TICKS_A_SECOND, self._tick)

    def on_unmount(self) -> None:
        """Fetch nothing more."""
        self._looking.close()

    # Views

    def _fitted(self) -> None:
        self.query_one(ViewTabs).show(self._view)
        self._show_keys()

    @on(events.DescendantFocus)
    def _show_keys(self) -> None:
        turning = self._knobs.has_focus_within
        # Where there is little room, knobs take it from the rest while they are turned.
        self.query_one(self.FRAME).set_class(turning, "-turning")
        self.query_one("#lens-keys", Static).update(words.keys(self._view, turning=turning))

    def action_view(self, name: str) -> None:
        """What stands beside the text."""
        if self.focused is not None and self.focused is not self._text:
            self._text.focus()
        self._view = name
        self.fit()
        self._show_token()
        self._fill_view()

    def _fill_view(self) -> None:
        if self._view in ("chain", "what-if"):
            self._expect_knobs()
        if self._view == "answers":
            self._show_answers()
        elif self._view == "what-if":
            self._show_what_if()
            self._find_certain()
        elif self._view == "beside":
            self._begin_beside()

    def action_aside(self) -> None:
        """From the text to what stands beside it, and on from there."""
        if self.focused is not self._text:
            self.focus_next()
            return
        beside = self.query_one("#lens-right")
        if self._view == "surprises":
            self.query_one("#lens-surprises").focus()
            return
        for widget in beside.walk_children(Widget):
            if widget.focusable and widget.display and widget.region:
                widget.focus()
                return

    @on(ViewTabs.Chosen)
    def _view_chosen(self, message: ViewTabs.Chosen) -> None:
        self.action_view(message.view)

    # Surprises

    def action_surprise(self, by: int) -> None:
        """To the next of the most surprising tokens, in the order of the text."""
        here = self._text.cursor
        places = sorted(self._ranked)
        beyond = [place for place in places if (place > here if by > 0 else place < here)]
        if beyond:
            self._text.go(beyond[0] if by > 0 else beyond[-1])

    @on(OptionList.OptionSelected, "#lens-surprises")
    def _surprise_chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self._text.go(self._ranked[message.option_index])
        self._text.focus()

    # Leaving

    def action_leave(self) -> None:
        """Back to the text, or to the panes."""
        if self.focused is not None and self.focused is not self._text:
            self._text.focus()
        else:
            self.dismiss(None)
