"""The lens: the tokens of an answer in colour, and the distribution that each of them came from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from playground.errors import PlaygroundError
from playground.lens.reading import Reading
from playground.lens.shading import MEASURES, Measure, legend, shades_of, step_of
from playground.lens.spelling import spell
from playground.params import GenerationParams
from playground.sanitize import make_safe
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.lens import words
from playground.tui.lens.beside import Beside
from playground.tui.lens.branches import Twig, branches_of
from playground.tui.lens.desk import Desk
from playground.tui.lens.subject import Subject
from playground.tui.lens.turned import Certain, TurnedAnswer
from playground.tui.lens.view import TokenView
from playground.tui.screens.dialog import LENS_STYLES, Dialog
from playground.tui.widgets.beside_view import BesideView
from playground.tui.widgets.candidate_bars import Bar, CandidateBars
from playground.tui.widgets.chain_table import ChainTable
from playground.tui.widgets.lens_knobs import LensKnobs
from playground.tui.widgets.temperature_curve import TemperatureCurve
from playground.tui.widgets.token_legend import TokenLegend
from playground.tui.widgets.token_text import CUT, PARTED, Mark, TokenText
from playground.tui.widgets.view_tabs import ViewTabs
from playground.types import Token

__all__ = ["LensScreen"]

WIDE, HIGH = 100, 26
"""Columns and rows from which on text and candidates stand side by side."""

TICKS_A_SECOND: Final = 10
"""How often tokens that have come are drawn."""

TICKS_PER_FIGURES: Final = 5
"""Figures of the whole answer take a look at all of it; twice a second is often enough."""

_PAUSE: Final = 0.06
"""Seconds for which a knob stands still before a model reads the answer again."""

VIEWS: Final = (
    ("token", "Token"),
    ("chain", "Chain"),
    ("what-if", "What if"),
    ("surprises", "Surprises"),
    ("answers", "Answers"),
    ("beside", "Beside"),
)


class LensScreen(Dialog[None]):
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

    def __init__(self, subject: Subject, desk: Desk) -> None:
        super().__init__(id="lens-screen")
        self._subject = subject
        self._desk = desk
        self._looking = TokenView(subject, self._come)
        self._turned_answer = TurnedAnswer(subject)
        self._certain: Certain | None = None
        self._beside: Beside | None = None
        self._reading = Reading()
        self._measure: Measure = MEASURES[0]
        self._view = VIEWS[0][0]
        self._steps: list[int | None] = []
        self._shaded: tuple[Measure, list[int | None]] = (self._measure, [])
        self._ranked: tuple[int, ...] = ()
        self._listed: tuple[int, ...] | None = None
        self._twigs: list[Twig] = []
        self._ticks = 0
        self._was_live = subject.live

    @property
    def subject(self) -> Subject:
        """The answer that is looked at."""
        return self._subject

    def compose(self) -> ComposeResult:
        """Head, legend, tokens, and what there is to say of the one under the cursor."""
        with Vertical(id="lens", classes="dialog"):
            yield Static(id="lens-head")
            yield TokenLegend(id="lens-legend")
            with Container(id="lens-body"):
                with Vertical(id="lens-left"):
                    yield TokenText(id="lens-text", looked=self._show_token)
                    yield OptionList(id="lens-surprises", classes="listing", markup=False)
                with Vertical(id="lens-right"):
                    yield ViewTabs(VIEWS, id="lens-tabs")
                    yield Static(id="lens-token")
                    yield ChainTable(id="lens-chain")
                    yield CandidateBars(id="lens-bars")
                    yield Static(id="lens-what")
                    yield TemperatureCurve(id="lens-curve")
                    yield LensKnobs(id="lens-knobs", turned_to=self._turned)
                    yield OptionList(id="lens-answers", classes="listing", markup=False)
                    yield BesideView(id="lens-beside")
            yield Static(id="lens-keys")

    def on_mount(self) -> None:
        """Show what there is, and look again while more comes."""
        self._arrange(self.app.size.width, self.app.size.height)
        self._show_subject()
        self.set_interval(1 / TICKS_A_SECOND, self._tick)

    def on_unmount(self) -> None:
        """Fetch nothing more."""
        self._looking.close()

    @property
    def _text(self) -> TokenText:
        return self.query_one("#lens-text", TokenText)

    @property
    def _knobs(self) -> LensKnobs:
        return self.query_one(LensKnobs)

    # Space

    def on_resize(self, event: events.Resize) -> None:
        """Side by side, or one over the other."""
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        frame = self.query_one("#lens")
        frame.set_class(width >= WIDE, "-wide")
        frame.set_class(width < WIDE or height < HIGH, "-compact")
        for name, _ in VIEWS:
            frame.set_class(name == self._view, f"-{name}")
        self.query_one(ViewTabs).show(self._view)
        self._show_keys()

    def action_view(self, name: str) -> None:
        """What stands beside the text."""
        if self.focused is not None and self.focused is not self._text:
            self._text.focus()
        self._view = name
        self._arrange(self.app.size.width, self.app.size.height)
        self._show_token()
        if name == "answers":
            self._show_answers()
        if name == "what-if":
            self._show_what_if()
            self._find_certain()
        if name == "beside":
            run_latest(self, partial(self._put_beside, 0), "beside")

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

    # What is shown

    def look_at(self, subject: Subject, at: int = 0) -> None:
        """Another answer, or the same with other figures."""
        self._looking.close()
        self._looking = TokenView(subject, self._come)
        self._turned_answer = TurnedAnswer(subject)
        self._certain = None
        self._beside = None
        self._subject = subject
        self._was_live = subject.live
        self._show_subject(at)

    def _show_subject(self, at: int = 0) -> None:
        subject, text = self._subject, self._text
        tokens = subject.tokens
        self._reading = Reading()
        self._reading.take(tokens)
        self._shaded = (self._measure, [])
        self._steps = self._recorded()
        self._knobs.show(self._looking.used)
        text.empty = "Waiting for the first token …" if subject.live else ""
        given = subject.beginning if tokens or subject.live else subject.version.text
        text.show(map(spell, tokens), self._steps, given=make_safe(given), at=at)
        text.following = subject.live
        self._show_legend()
        self._show_figures()
        self._show_token()
        self._show_keys()
        self._show_answers()

    def _tick(self) -> None:
        subject, text = self._subject, self._text
        if not subject.live and not self._was_live:
            return
        tokens = subject.tokens
        if len(tokens) > text.count:
            new = tokens[text.count :]
            self._reading.take(new)
            self._steps = self._recorded()
            first = not text.count
            text.extend(map(spell, new), self._steps)
            if first:
                self._show_token()
        self._ticks += 1
        ended = self._was_live and not subject.live
        if ended or self._ticks % TICKS_PER_FIGURES == 0:
            self._show_figures()
        if ended:
            self._was_live = False
            self._reading.finish()
            self._turned_answer = TurnedAnswer(subject)
            self._knobs.show(self._looking.used)
            self._show_keys()
            self._show_token()
            self._show_answers()
            if self._view == "beside":
                run_latest(self, partial(self._put_beside, 0), "beside")

    def _show_figures(self) -> None:
        self._ranked = self._reading.surprising()
        head = words.head(self._subject, self._reading)
        self.query_one("#lens-head", Static).update(head)
        self._show_surprises()

    def _show_surprises(self) -> None:
        if self._ranked == self._listed:
            return
        self._listed = self._ranked
        listing = self.query_one("#lens-surprises", OptionList)
        tokens = self._reading.tokens
        listing.clear_options()
        listing.add_options([Option(words.surprise(place, tokens)) for place in self._ranked])

    def _show_legend(self) -> None:
        steps = [step.meaning for step in legend(self._measure)]
        note = "C changes"
        if self._turns_colours:
            certain = self._certain
            exact = certain is not None and certain.found.exact
            note = "as turned" if exact else "as turned, a sketch"
        self.query_one(TokenLegend).show(self._measure, steps, note)

    def _show_keys(self) -> None:
        self.query_one("#lens-keys", Static).update(words.keys(self._view))

    # The token under the cursor

    @property
    def place(self) -> int:
        """The token that is looked at: under the mouse, else under the cursor."""
        hovered = self._text.hovered
        return self._text.cursor if hovered is None else hovered

    def _come(self, place: int) -> None:
        """A whole distribution has come."""
        if place == self.place and self.is_attached:
            self._show_token()

    def _show_token(self) -> None:
        subject, looking = self._subject, self._looking
        bars, chain = self.query_one("#lens-bars", CandidateBars), self.query_one(ChainTable)
        about = self.query_one("#lens-token", Static)
        tokens, place = self._reading.tokens, self.place
        about.set_class(place >= len(tokens), "-why")
        if place >= len(tokens):
            about.update(words.no_figures(subject, self._desk.local_models()))
            bars.show((), None)
            chain.show(())
            return
        found = looking.at(place, self._knobs.params, turned=self._knobs.turned)
        # Its height is given: laying out anew is most of what a step could cost.
        about.update(words.token(self._reading, place, found.candidates), layout=False)
        bars.show(found.bars, place, drawn="turned" if self._knobs.turned else "drawn from")
        if self._view == "chain":
            chain.show(found.links, found.why)
        if self._view == "beside" and self._beside is not None:
            self.query_one(BesideView).walk(place, found.bars, looking.whole.at(place))

    # Knobs

    def _turned(self, _params: GenerationParams) -> None:
        self._certain = None
        self._show_token()
        self._colour()
        self._show_what_if()
        if not self._subject.live and (self._view == "what-if" or self._turned_answer.exact):
            self._find_certain()

    def _find_certain(self) -> None:
        if self._reading.tokens and not self._subject.live:
            run_latest(self, self._certainly, "what if")

    async def _certainly(self) -> None:
        """What is certain at the setting as it stands now, once it has stood for a moment."""
        await asyncio.sleep(_PAUSE)
        knobs, answer = self._knobs.params, self._turned_answer
        self._certain = await answer.certain(knobs)
        self._colour()
        self._show_what_if()
        if self._view == "what-if":
            await asyncio.sleep(_PAUSE)
            curve = await answer.curve(knobs)
            self.query_one(TemperatureCurve).show(curve, knobs.temperature)

    def _show_what_if(self) -> None:
        if self._view != "what-if":
            return
        curve, knobs = self.query_one(TemperatureCurve), self._knobs
        about = words.what_if(self._turned_answer, self._certain, self._reading, knobs.turned)
        self.query_one("#lens-what", Static).update(about)
        curve.show(curve.all_points, knobs.params.temperature, "The curve is being drawn …")

    def action_knobs(self) -> None:
        """To the knobs, in the view of the chain where this one has none."""
        if self._view not in ("chain", "what-if"):
            self.action_view("chain")
        self._knobs.focus_first()

    def action_reset(self) -> None:
        """The knobs as they were when the answer was made."""
        self._knobs.reset()

    # Colours

    def action_measure(self) -> None:
        """Colour by the next measure."""
        at = MEASURES.index(self._measure)
        self._measure = MEASURES[(at + 1) % len(MEASURES)]
        self._colour()

    @property
    def _turns_colours(self) -> bool:
        """Whether the colours are those of a setting that was turned over the answer."""
        return self._measure == "probability" and self._knobs.turned and not self._subject.live

    def _colour(self) -> None:
        """Colours, and marks on tokens that the setting would have cut."""
        marks: dict[int, Mark] = {}
        if self._turns_colours:
            certain = self._certain
            answer, knobs = self._turned_answer, self._knobs.params
            shares = certain.shares if certain is not None else answer.sketch(knobs)
            self._steps = [None if p is None else step_of("probability", p) for p in shares]
            marks = {place: CUT for place, share in enumerate(shares) if share == 0}
        else:
            self._steps = self._recorded()
        found = self._beside.parting if self._beside is not None else None
        if found is not None and self._view == "beside":
            marks[found.place] = PARTED
        self._text.colour(self._steps)
        self._text.mark(marks)
        self._show_legend()

    def _recorded(self) -> list[int | None]:
        """The steps of the answer as it was drawn; of each token they are worked out once."""
        measure, known = self._shaded
        if measure != self._measure or len(known) > len(self._reading):
            known = []
        known += self._shades(self._reading.tokens[len(known) :])
        self._shaded = (self._measure, known)
        return [*known]

    def _shades(self, tokens: Sequence[Token]) -> list[int | None]:
        return [shade.step for shade in shades_of(self._measure, tokens)]

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

    # Answers without figures

    def action_score(self) -> None:
        """Have the text scored by the model that wrote it, or by another local one."""
        subject = self._subject
        if subject.live:
            self._tell("It is still being written.")
            return
        refs = self._desk.local_models()
        if subject.ref in refs:
            run_latest(self, partial(self._score, subject.ref), "score")
        elif refs:
            run_latest(self, partial(self._score, refs[0]), "score")
        else:
            self.action_score_by()

    def action_score_by(self) -> None:
        """Have the text scored by a model of the user's choosing."""
        run_latest(self, self._score_by, "score")

    async def _score_by(self) -> None:
        ref = await self._desk.choose_model(self._subject.ref)
        if ref:
            await self._score(ref)

    async def _score(self, ref: str) -> None:
        subject = self._subject
        self._tell(f"{one_line(ref)} reads the text …")
        scored = await self._desk.scored(subject, ref)
        if self._subject is subject:
            self.look_at(scored)

    def action_again(self) -> None:
        """Ask the same prompt again with the knobs as they stand, and log-probabilities."""
        before = self._subject
        again = self._desk.ask_again(before, self._params)
        if again is not None:
            self.look_at(again)
            # Both threw the same dice: what differs now differs by the setting.
            self._beside = Beside(again, before)

    def action_log(self) -> None:
        """Have the next answers bring their figures along."""
        self._tell(self._desk.ask_for_figures(self._subject))

    # Branches

    @property
    def _params(self) -> GenerationParams:
        """What is asked for next: as this answer was, with the knobs that were turned."""
        return (
            self._looking.asked(self._knobs.params) if self._knobs.turned else self._subject.params
        )

    @on(CandidateBars.Taken)
    def _taken(self, message: CandidateBars.Taken) -> None:
        message.stop()
        place = self.place
        if message.bar.chosen and not self._knobs.turned:
            self._tell("That is the token that was drawn: choose another one, or turn a knob.")
        elif self._subject.live:
            self._tell("It is still being written.")
        else:
            run_latest(self, partial(self._branch, place, message.bar), "branch")

    async def _branch(self, place: int, bar: Bar) -> None:
        token = self._looking.candidate(place, bar.token_id, bar.name)
        made = await self._desk.branch(self._subject, place, token, self._params)
        if made is not None:
            self.look_at(made, place)

    def _show_answers(self) -> None:
        subject = self._subject
        self._twigs = [*branches_of(subject.turn)]
        listing = self.query_one("#lens-answers", OptionList)
        here = next((at for at, t in enumerate(self._twigs) if t.version == subject.version), None)
        listing.clear_options()
        listing.add_options(
            [Option(words.twig(twig, here=at == here)) for at, twig in enumerate(self._twigs)]
        )
        listing.highlighted = here

    @on(OptionList.OptionSelected, "#lens-answers")
    def _answer_chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        twig = self._twigs[message.option_index]
        run_latest(self, partial(self._go_to, twig), "answers")

    async def _go_to(self, twig: Twig) -> None:
        self.look_at(await self._desk.at(self._subject, twig.version))

    def action_compare(self) -> None:
        """What differs between this answer and the one that is marked in the list."""
        listing = self.query_one("#lens-answers", OptionList)
        at = listing.highlighted
        others = [twig for twig in self._twigs if twig.version != self._subject.version]
        if not others:
            self._tell(
                "There is no other answer to this prompt yet: Enter on a candidate makes one."
            )
            return
        chosen = self._twigs[at] if at is not None and at < len(self._twigs) else others[0]
        if chosen.version == self._subject.version:
            chosen = others[-1]
        self._desk.compare(self._subject, chosen.version)

    # Another answer beside it

    def action_other(self) -> None:
        """Put the next of the other answers beside this one."""
        if self._view != "beside":
            self.action_view("beside")
        else:
            run_latest(self, partial(self._put_beside, 1), "beside")

    def action_parting(self) -> None:
        """To the first token at which the two differ, or the next place where two models do."""
        if self._beside is None:
            self._tell("Nothing is beside it: 6 puts another answer there.")
            return
        found = self._beside.parting
        if found is not None:
            self._text.go(min(found.place, self._text.count - 1))
            return
        places = sorted(self.query_one(BesideView).places)
        here = self._text.cursor
        if places:
            self._text.go(next((place for place in places if place > here), places[0]))

    @on(BesideView.Chosen)
    def _stretch_chosen(self, message: BesideView.Chosen) -> None:
        message.stop()
        self._text.go(message.place)

    async def _put_beside(self, by: int) -> None:
        view, subject = self.query_one(BesideView), self._subject
        others = await self._desk.others(subject)
        if not others:
            view.say("There is no other answer to this prompt: A asks again on the same dice.")
            return
        names = [(other.letter, *other.version.name) for other in others]
        before = self._beside
        at = 0
        if before is not None:
            name = (before.other.letter, *before.other.version.name)
            at = (names.index(name) + by) % len(others) if name in names else 0
        beside = self._beside = Beside(subject, others[at])
        view.show(beside, at, len(others), self._steps_of(others[at]))
        found = beside.parting
        if found is not None and found.place < self._text.count:
            self._text.go(found.place)
        self._colour()
        self._show_token()
        if beside.same_model or subject.live or beside.other.live:
            return
        await beside.rate()
        if self._beside is beside:
            view.rated()
            self._show_token()
            await beside.compare_whole()
            view.rated()
            self._show_token()

    def _steps_of(self, other: Subject) -> list[int | None]:
        return self._shades(other.tokens)

    # Leaving

    def action_leave(self) -> None:
        """Back to the text, or to the panes."""
        if self.focused is not None and self.focused is not self._text:
            self._text.focus()
        else:
            self.dismiss(None)

    def _tell(self, text: str, *, title: str = "", bad: bool = False) -> None:
        severity: Literal["error", "information"] = "error" if bad else "information"
        self.notify(make_safe(text), title=title, severity=severity, markup=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What goes wrong in the background is told, and the screen stays."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            title = error.title if isinstance(error, PlaygroundError) else "Unexpected error"
            self._tell(one_line(str(error) or repr(error)), title=title, bad=True)
