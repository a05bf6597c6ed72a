"""Choose a preset; save the settings of a pane as one; delete one of your own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.params import GenerationParams
from playground.presets import (
    Layout,
    Preset,
    PresetShelf,
    delete_preset,
    list_presets,
    save_preset,
)
from playground.tui.labels import brief, one_line
from playground.tui.screens.dialog import STYLES, Dialog
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeInput
from playground.tui.widgets.scope_switch import ScopeSwitch

__all__ = ["PaneSettings", "PresetChoice", "PresetPicker"]

_NAME_WIDTH = 18
_MUTED = "$foreground 60%"
_KEYS = (
    "Enter applies · ^D deletes your own · ^Z undoes · Esc leaves\n"
    "S saves this pane's params and system prompt · M saves models and layout with them"
)
_SAVING = "Lower-case letters, digits, dashes · Enter saves · Esc goes back"
_SAVING_WHOLE = f"With models and layout. {_SAVING}"


class PaneSettings(NamedTuple):
    """What can be saved: params and system prompt of the active pane (`S`).

    `M` saves the models of all panes and how the terminal stands with them.
    """

    params: GenerationParams
    system_prompt: str = ""
    models: tuple[str, ...] = ()
    layout: Layout = Layout()


class PresetChoice(NamedTuple):
    """A preset to apply, to every pane or to the active one."""

    preset: Preset
    everywhere: bool


class PresetPicker(Dialog[PresetChoice | None]):
    """Gives back a preset and for whom it is, or None if it was left with Escape.

    Saving and deleting happen here, beside the event loop; what was deleted can be put back while
    the screen is open.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = STYLES
    # Textual declares it as an attribute of instances.
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("s", "name(False)", "Save"),
        Binding("m", "name(True)", "Save with models and layout"),
        Binding("ctrl+d,delete", "delete", "Delete"),
        Binding("ctrl+z", "undo", "Undo"),
    ]

    def __init__(self, title: str, settings: PaneSettings, *, everywhere: bool = False) -> None:
        super().__init__()
        self._title = title
        self._settings = settings
        self._everywhere = everywhere
        self._shelf = PresetShelf((), {})
        self._deleted: list[Preset] = []
        self._replacing = ""
        self._whole = False
        """Whether models and layout are saved too."""

    def compose(self) -> ComposeResult:
        """The list over what the highlighted one does, a field for a name, and the scope."""
        with Vertical(id="presets", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield OptionList(Option("looking …", disabled=True), id="presets-list", markup=False)
            yield Static(id="presets-detail")
            yield SafeInput(placeholder="a-name-for-these-settings", id="presets-name")
            with Vertical(id="presets-foot"):
                switch = ScopeSwitch(id="presets-scope")
                switch.everywhere = self._everywhere
                yield switch
                yield KeyLine(_KEYS, id="presets-keys")

    def on_mount(self) -> None:
        """Fill the list."""
        self._do(self._fill(""))

    @property
    def _list(self) -> OptionList:
        return self.query_one("#presets-list", OptionList)

    @property
    def _highlighted(self) -> Preset | None:
        option = self._list.highlighted_option
        return next((p for p in self._shelf.found if option and p.name == option.id), None)

    def _do(self, work: Any) -> None:
        self.run_worker(work, exit_on_error=False)

    def _tell(self, text: str, error: PlaygroundError | None = None) -> None:
        title, severity = (error.title, "error") if error else ("", "information")
        self.notify(one_line(text), title=title, severity=severity, markup=False)  # type: ignore[arg-type]

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What went wrong with a file is told, and the list stays usable."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            ours = error if isinstance(error, PlaygroundError) else None
            self._tell(str(error) if ours else repr(error), ours)

    # The list

    async def _fill(self, at: str) -> None:
        self._shelf = await off_loop(list_presets)
        listing = self._list
        listing.clear_options()
        listing.add_options(Option(_row(preset), id=preset.name) for preset in self._shelf.found)
        listing.add_options(
            Option(_broken_row(name, problem), disabled=True)
            for name, problem in self._shelf.problems.items()
        )
        names = [preset.name for preset in self._shelf.found]
        listing.highlighted = names.index(at) if at in names else 0
        listing.focus()

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        preset = self._highlighted
        detail = _detail(preset, self._settings) if preset else Content("")
        self.query_one("#presets-detail", Static).update(detail)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        if (preset := self._highlighted) is not None:
            self.dismiss(PresetChoice(preset, self.query_one(ScopeSwitch).everywhere))

    def action_leave(self) -> None:
        """Out of the field, or out of the screen with everything as it is."""
        if self.query_one("#presets").has_class("-saving"):
            self._show_field(False)
        else:
            self.dismiss(None)

    # Saving

    def action_name(self, whole: bool) -> None:
        """Ask for the name under which to save; `whole` means models and layout too."""
        self._whole = whole
        self._show_field(True)

    def _show_field(self, shown: bool) -> None:
        self.query_one("#presets").set_class(shown, "-saving")
        saving = _SAVING_WHOLE if self._whole else _SAVING
        self.query_one(KeyLine).hints = saving if shown else _KEYS
        self._replacing = ""
        field = self.query_one("#presets-name", Input)
        if shown:
            preset = self._highlighted
            field.value = preset.name if preset is not None and preset.own else ""
            field.focus()
        else:
            self._list.focus()

    @on(Input.Submitted)
    def _named(self, message: Input.Submitted) -> None:
        name = message.value.strip()
        params, system, models, layout = self._settings
        more = {"models": models, "layout": layout} if self._whole else {}
        try:
            preset = Preset.of(name, params=params, system_prompt=system or None, **more)
        except PlaygroundError as error:
            self._tell(str(error), error)
            return
        taken = {preset.name for preset in self._shelf.found} | set(self._shelf.problems)
        if name in taken and name != self._replacing:
            self._replacing = name
            self._tell(f"There is a preset {name} already. Enter again replaces it.")
            return
        self._do(self._save(preset))

    async def _save(self, preset: Preset) -> None:
        path = await off_loop(lambda: save_preset(preset))
        self._show_field(False)
        await self._fill(preset.name)
        self._tell(f"Saved {preset.name} as {path}")

    # Deleting

    def action_delete(self) -> None:
        """Delete the highlighted one, if it is the user's own."""
        preset = self._highlighted
        if preset is None:
            return
        if not preset.own:
            self._tell(f"{preset.name} ships with the playground and stays.")
        else:
            self._do(self._delete(preset))

    async def _delete(self, preset: Preset) -> None:
        await off_loop(lambda: delete_preset(preset.name))
        self._deleted.append(preset)
        await self._fill(preset.name)
        self._tell(f"Deleted {preset.name}. ^Z brings it back.")

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            self._do(self._put_back(self._deleted.pop()))

    async def _put_back(self, preset: Preset) -> None:
        await off_loop(lambda: save_preset(preset))
        await self._fill(preset.name)


def _row(preset: Preset) -> Content:
    name = preset.name.ljust(_NAME_WIDTH)
    whose = "yours    " if preset.own else "shipped  "
    return Content.assemble(
        (f" {name} ", "bold"), (whose, _MUTED), one_line(_summary(preset)) or "sets nothing"
    )


def _broken_row(name: str, problem: PlaygroundError) -> Content:
    return Content.styled(f" {one_line(name)}: {one_line(str(problem))}", "$text-error")


def _summary(preset: Preset) -> str:
    """What a preset sets, on one line."""
    parts = [f"{name} {brief(value)}" for name, value in preset.params.given().items()]
    if preset.system_prompt is not None:
        parts.append("system prompt" if preset.system_prompt else "no system prompt")
    if preset.models:
        parts.append("models")
    if preset.layout != Layout():
        parts.append("layout")
    return ", ".join(parts)


def _detail(preset: Preset, settings: PaneSettings) -> Content:
    """What a preset is for, and what applying it would change in this pane."""
    now, then = settings.params.given(), preset.applied_to(settings.params).given()
    parts: list[Content | str | tuple[str, str]] = []
    if preset.title or preset.description:
        parts += [(one_line(preset.heading), "bold"), f"  {one_line(preset.description)}\n"]
    changes = list(_changes(now, then))
    parts.append(("Changes here  ", _MUTED))
    parts.append(", ".join(changes) or "no parameter")
    if stays := [name for name in now if then.get(name) == now[name]]:
        parts += [("\nStays  ", _MUTED), ", ".join(stays)]
    if preset.system_prompt is not None and preset.system_prompt != settings.system_prompt:
        text = one_line(preset.system_prompt)
        parts += [("\nSystem prompt  ", _MUTED), text[:200] or "none"]
    if preset.models:
        parts += [("\nModels  ", _MUTED), ", ".join(map(one_line, preset.models))]
    if layout := list(_layout(preset.layout)):
        parts += [("\nLayout  ", _MUTED), ", ".join(layout)]
    return Content.assemble(*parts)


def _changes(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    names = [*then, *(name for name in now if name not in then)]
    return [
        f"{name} {_value(now.get(name))} → {_value(then.get(name))}"
        for name in names
        if now.get(name) != then.get(name)
    ]


def _layout(layout: Layout) -> Iterator[str]:
    if layout.prompt_to is not None:
        yield f"prompts to {'all panes' if layout.prompt_to == 'all' else 'one pane'}"
    if layout.drawer is not None:
        yield f"parameters {'open' if layout.drawer else 'closed'}"


def _value(value: object) -> str:
    return "unset" if value is None else brief(value)
