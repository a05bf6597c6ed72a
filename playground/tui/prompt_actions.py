"""The prompt library in the terminal: a prompt sent, or put into the prompt box."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from textual import on

from playground.ids import new_id
from playground.tui.drawer_actions import DrawerActions
from playground.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.tui.screens.prompt_filling import FilledPrompt
    from playground.tui.widgets.pane import Pane

__all__ = ["PromptActions"]


class _Settings(NamedTuple):
    """What a prompt of the library sets in a pane."""

    params: GenerationParams
    system: str


class PromptActions(DrawerActions):
    """Actions on the prompts of the library."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: WeakKeyDictionary[Pane, tuple[_Settings, _Settings]] = WeakKeyDictionary()
        """The settings of a pane before and after it took a prompt's suggestions."""

    def action_prompts(self) -> None:
        """Choose a prompt, fill it in, and send it or put it into the prompt box."""
        self._do(self._choose_prompt())

    @on(PromptBox.LibraryWanted)
    def _at_typed(self) -> None:
        self._do(self._choose_prompt(otherwise="@"))

    async def _choose_prompt(self, otherwise: str = "") -> None:
        """Show the library; `otherwise` is typed where it is left without a choice."""
        from playground.tui.screens.prompt_library import PromptLibrary

        several = self._to_all and len(self.panes) > 1
        whom = "all panes" if several else f"pane {self.active_pane.letter}"
        library = PromptLibrary(whom=whom, fresh=self._fresh_prompt)
        filled = await self.push_screen_wait(library)
        if filled is None:
            self._prompt.insert(otherwise)
        elif filled.send:
            await self._send_filled(filled)
        else:
            self._insert_filled(filled)

    def _fresh_prompt(self) -> str:
        """What is in the prompt box, with the active pane's settings, as a prompt's file."""
        from playground.prompts import draft_of

        text, conversation = self._prompt.text, self.active_pane.conversation
        if not text.strip():
            return ""
        return draft_of(text, system=conversation.system, params=conversation.params)

    def _insert_filled(self, filled: FilledPrompt) -> None:
        if filled.suggested:
            self._take_suggestions(filled, self._targets)
        self._prompt.load_text(filled.asked.text)
        self._prompt.move_cursor(self._prompt.document.end)
        self._prompt.focus()
        if len(filled.asked.turns) > 1:
            self.say("Only its last message is here: sent, it brings its earlier turns.", "warning")

    async def _send_filled(self, filled: FilledPrompt) -> None:
        targets = self._targets
        if not self._all_free(targets):
            return
        await self._clear_all(targets)
        if filled.suggested:
            self._take_suggestions(filled, targets)
        *earlier, last = filled.asked.turns
        told = [(earlier[at].content, earlier[at + 1].content) for at in range(0, len(earlier), 2)]
        for prompt, answer in told:
            round_ = new_id()
            for pane in targets:
                await pane.recite(prompt, answer, round_)
        round_ = new_id()
        for pane in targets:
            pane.ask(last.content, round_)
        self._prompt.focus()

    def _take_suggestions(self, filled: FilledPrompt, panes: list[Pane]) -> None:
        """Set what the prompt suggests; it stays set, as the head of each pane shows.

        What the prompt before it had set goes, unless the user has turned something since: the
        grammar of one prompt must not rule the next.
        """
        asked = filled.asked
        for pane in panes:
            conversation = pane.conversation
            now = _Settings(conversation.params, conversation.system)
            before, after = self._taken.get(pane, (now, now))
            base = before if now == after else now
            conversation.params = base.params.updated(**asked.params.given())
            conversation.system = asked.system or base.system
            taken = _Settings(conversation.params, conversation.system)
            self._taken[pane] = base, taken
            pane.params_changed()
        self._show_drawer()

    async def _clear_all(self, panes: list[Pane]) -> None:
        raise NotImplementedError
