"""The parameter drawer: a row for every knob there is, for one pane or for all."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from playground.errors import InvalidParameter
from playground.params import knobs
from playground.tui.labels import one_line
from playground.tui.themes import PANE_COLOURS
from playground.tui.widgets.knob_row import KnobRow
from playground.tui.widgets.pane import Pane
from playground.tui.widgets.scope_switch import ScopeSwitch

__all__ = ["Drawer"]


class Drawer(Vertical):
    """Shows the knobs of the active pane and writes to it, or to all panes.

    The rows are made from `knobs()`; no knob is named here.
    """

    # Not in the app's style sheet: what most sessions open late need not delay the first paint.
    DEFAULT_CSS = """
    Drawer {
        width: 46;
        height: 100%;
        layer: below;
        border-left: vkey $border;
        background: $surface;
    }

    Drawer.-covering {
        layer: above;
        dock: right;
        max-width: 100%;
    }

    #drawer-title {
        height: 1;
        padding: 0 1;
        background: $panel;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }

    #drawer-scope {
        height: 1;
        margin: 1 1 0 1;
        width: 24;
    }

    #drawer-scope:focus {
        background: $primary 25%;
    }

    #drawer-rows {
        height: 1fr;
        padding: 1 0 0 0;
        background: $surface;
        scrollbar-size-vertical: 1;
        scrollbar-background: $surface;
    }

    #drawer-meaning {
        height: auto;
        min-height: 4;
        max-height: 6;
        padding: 0 1;
        border-top: solid $border-blurred;
        color: $text-muted;
    }
    """

    class ParamsChanged(Message):
        """The params of some panes are different now."""

    def __init__(self) -> None:
        super().__init__(id="drawer")
        self._title = Static(id="drawer-title")
        self._scope = ScopeSwitch(id="drawer-scope")
        self._meaning = Static(id="drawer-meaning")
        self._rows = {name: KnobRow(knob) for name, knob in knobs().items()}
        self._active: Pane | None = None
        self._panes: Sequence[Pane] = ()

    def compose(self) -> ComposeResult:
        """Whose knobs, for whom; the rows; the meaning of the one that is focused."""
        yield self._title
        yield self._scope
        with VerticalScroll(id="drawer-rows", can_focus=False):
            yield from self._rows.values()
        yield self._meaning

    def show_pane(self, active: Pane, panes: Sequence[Pane]) -> None:
        """Show the active pane's knobs as they are now."""
        self._active, self._panes = active, panes
        conversation = active.conversation
        colour = PANE_COLOURS[active.place]
        self._title.update(
            Content.assemble(
                ("Parameters  ", "bold"),
                (f" {active.letter} ", f"$background on ${colour} bold"),
                (f" {one_line(conversation.ref)}", "$foreground 60%"),
            )
        )
        supports = active.model.capabilities.knobs if active.model is not None else {}
        others = [pane.conversation.params for pane in panes if pane is not active]
        for name, row in self._rows.items():
            differing = [getattr(params, name) for params in others] if self._everywhere else []
            row.show(
                getattr(conversation.params, name), supports.get(name), others=tuple(differing)
            )

    @property
    def _everywhere(self) -> bool:
        return self._scope.everywhere

    def focus_first(self) -> None:
        """Put the keyboard on the first knob that can be changed."""
        for row in self._rows.values():
            for control in row.query(".knob-slider, .knob-field"):
                if not control.disabled:
                    control.focus()
                    return

    def point_at(self, knob: str) -> None:
        """Put the keyboard on one knob of the active pane, whether it was for all panes before."""
        self._scope.action_scope(False)
        for control in self._rows[knob].query(".knob-slider, .knob-field"):
            if not control.disabled:
                control.focus(scroll_visible=False)
                break
        # A drawer that was just opened has no size yet, by which it could scroll.
        self.call_after_refresh(self._rows[knob].scroll_visible, animate=False, top=True)

    @on(KnobRow.Changed)
    def _changed(self, message: KnobRow.Changed) -> None:
        """Apply a value to the panes in scope, or say why it is not one."""
        message.stop()
        if self._active is not None:
            self._apply(self._active, message.row, message.value)

    def _apply(self, active: Pane, row: KnobRow, value: JsonValue) -> None:
        targets = self._panes if self._everywhere else [active]
        try:
            changed = [
                pane.conversation.params.updated(**{row.knob.name: value}) for pane in targets
            ]
        except InvalidParameter as error:
            row.complain(error.message)
            return
        row.complain("")
        for pane, params in zip(targets, changed, strict=True):
            pane.conversation.params = params
            pane.params_changed()
        self.show_pane(active, self._panes)
        self.post_message(self.ParamsChanged())

    @on(ScopeSwitch.Changed)
    def _scope_changed(self, message: ScopeSwitch.Changed) -> None:
        message.stop()
        if self._active is not None:
            self.show_pane(self._active, self._panes)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Explain the knob that has the keyboard."""
        row = next((node for node in event.widget.ancestors if isinstance(node, KnobRow)), None)
        self._meaning.update(Content(row.meaning if row is not None else ""))
