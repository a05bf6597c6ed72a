"""The parameter drawer: shown and hidden, kept to the active pane, part of a preset's layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.tui.welcome_actions import WelcomeActions

if TYPE_CHECKING:
    from playground.presets import Layout
    from playground.tui.widgets.drawer import Drawer

__all__ = ["DrawerActions"]


class DrawerActions(WelcomeActions):
    """Actions on the drawer; opening it puts the welcome away."""

    _drawer: Drawer | None = None

    @property
    def drawer_shown(self) -> bool:
        """Whether the drawer is on the screen."""
        return self._drawer is not None and self._drawer.display

    async def action_drawer(self) -> None:
        """Show or hide the parameter drawer."""
        self.put_welcome_away()
        if self._drawer is None:
            from playground.tui.widgets.drawer import Drawer

            self._drawer = Drawer()
            await self.query_one("#workspace").mount(self._drawer)
        else:
            self._drawer.display = not self._drawer.display
        self._arrange()
        self._show_drawer()
        if self._drawer.display:
            self._drawer.focus_first()
        else:
            self._prompt.focus()

    def _show_drawer(self) -> None:
        if self._drawer is not None and self._drawer.display and self.furnished.is_set():
            self._drawer.show_pane(self.active_pane, self.panes)

    @property
    def _layout(self) -> Layout:
        from playground.presets import Layout

        return Layout(prompt_to="all" if self._to_all else "one", drawer=self.drawer_shown)

    async def _lay_out_as(self, layout: Layout | None) -> None:
        """Stand as a preset says: whom prompts go to, whether the parameters are open."""
        if layout is None:
            return
        if layout.prompt_to is not None:
            self._to_all = layout.prompt_to == "all"
            self._label_prompt()
        if layout.drawer is not None and layout.drawer != self.drawer_shown:
            await self.action_drawer()

    def uncover_panes(self) -> None:
        """Hide the drawer where it lies over the panes."""
        drawer = self._drawer
        if drawer is not None and drawer.display and drawer.has_class("-covering"):
            drawer.display = False
            self._arrange()

    def _arrange(self) -> None:
        """Fit panes and drawer to the size of the terminal."""
        raise NotImplementedError

    def _label_prompt(self) -> None:
        """Say at the prompt box whom prompts go to."""
        raise NotImplementedError
