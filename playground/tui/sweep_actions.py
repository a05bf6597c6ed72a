"""Sweeps: one is defined and begun, looked at, stopped and gone on with."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Final

from playground.errors import PlaygroundError
from playground.tui import dialogs
from playground.tui.foundation import Foundation

if TYPE_CHECKING:
    from playground.sweep.definition import Sweep
    from playground.tui.sweeps.form import Look, Written
    from playground.tui.sweeps.live import LiveSweep
    from playground.tui.widgets.sweep_sign import SweepSign

__all__ = ["SweepActions"]

SEEDS_DRAWN: Final = 100_000
"""Below this is the seed of a sweep that says none: short, because people write it down."""

SAMPLES: Final = 8
"""Answers at each setting where neither a line, a sweep file nor a prompt of the library says."""

STOP_SECONDS: Final = 1.5
"""How long quitting waits for a sweep that it stops; it can be gone on with in any case."""


class SweepActions(Foundation):
    """Actions on sweeps."""

    _sweeps: tuple[LiveSweep, ...] = ()
    """Those that were looked at in this session and may be at work."""
    _written: Written | None = None
    """The form as it was filled in last."""
    _sign: SweepSign | None = None
    """What stands for a sweep at work on the main screen, once there was one."""

    @property
    def sign_lines(self) -> int:
        """Lines of the main screen that a sweep at work takes."""
        return int(self._sign is not None and self._sign.display)

    def action_sweep(self) -> None:
        """Define a sweep; where one is at work, look at it."""
        running = [live for live in self._sweeps if live.running]
        self._do(self._show_sweep(running[-1]) if running else self._define_sweep())

    def action_sweeps(self) -> None:
        """Choose a sweep that is kept."""
        self._do(self._choose_sweep())

    async def _define_sweep(self) -> None:
        from playground.tui.sweeps.form import Written, look_at

        conversation = self.active_pane.conversation
        models = tuple(dict.fromkeys(other.conversation.ref for other in self.panes))
        given = conversation.params
        before = self._written or Written("", models, "temperature 0:2:0.25", usual=SAMPLES)
        length = "" if given.max_length is None else str(given.max_length)
        seed = "" if given.seed is None else str(given.seed)
        written = before._replace(
            prompt=self._prompt.text or before.prompt,
            models=models,
            max_length=length or before.max_length,
            seed=seed or before.seed,
            params=given,
            system=conversation.system,
            drawn=random.SystemRandom().randrange(SEEDS_DRAWN),
        )

        async def look(text: Written) -> Look:
            self._written = text
            return await self.archive.read(lambda history: look_at(text, history.sweeps.speed))

        wanted = await dialogs.ask_for_sweep(self, written, models, look)
        if wanted == "kept":
            await self._choose_sweep()
        elif wanted is not None:
            await self._begin_sweep(wanted)

    async def _begin_sweep(self, sweep: Sweep) -> None:
        from playground.tui.sweeps.live import LiveSweep

        try:
            live = await LiveSweep.begin(self.archive, sweep)
        except PlaygroundError as error:
            self.say(str(error), "error", title=error.title)
            return
        self._do(self._follow(live))
        await self._show_sweep(live)

    async def _follow(self, live: LiveSweep) -> None:
        """Wait for its end, so that a defect in it is told; say so where nobody looks at it.

        What happens underway is said wherever one looks: nothing on its screen shows it.
        """
        async for text in live.notes():
            self.say(text, "warning")
        await live.ended()
        if dialogs.sweep_in_view(self) is not live:
            self._say_end(live)

    def _say_end(self, live: LiveSweep) -> None:
        reason = f" ({live.reason.rstrip('.')})" if live.reason else ""
        failed = f", {live.failed:,} answers failed" if live.failed else ""
        self.say(
            f"The sweep “{live.sweep.heading}” is {live.state}{reason}: {len(live.values):,} of "
            f"{live.sweep.cells:,} cells{failed}. Alt+K opens it.",
            "information" if live.state == "done" and not live.failed else "warning",
        )

    async def _choose_sweep(self) -> None:
        name = await dialogs.ask_for_kept_sweep(self, self.archive)
        if name:
            await self._open_sweep(name)

    async def _open_sweep(self, name: str) -> None:
        """Show a kept sweep, or the one at work that has this name."""
        from playground.tui.sweeps.live import LiveSweep

        at_work = [live for live in self._sweeps if live.id == name and live.running]
        try:
            live = at_work[0] if at_work else await LiveSweep.open(self.archive, name)
        except PlaygroundError as error:
            self.say(str(error), "error", title=error.title)
            return
        await self._show_sweep(live)

    async def _show_sweep(self, live: LiveSweep) -> None:
        self._sweeps = (*(one for one in self._sweeps if one.running and one is not live), live)
        await self._watch_sweeps()
        follow = partial(self._followed, live)
        if await dialogs.show_sweep(self, live, follow) == "kept":
            await self._choose_sweep()

    def _followed(self, live: LiveSweep) -> None:
        """It has been gone on with."""
        self._do(self._follow(live))

    async def _watch_sweeps(self) -> None:
        """Have a line on the main screen for those that are at work."""
        if self._sign is None:
            from playground.tui.widgets.sweep_sign import SweepSign

            self._sign = SweepSign()
            await self.screen_stack[0].mount(self._sign, before="#key-hints")
        self._sign.stand_for(self._sweeps)

    async def end_sweeps(self) -> None:
        """Stop what is at work, so that its program can end."""
        for live in self._sweeps:
            await live.aclose(STOP_SECONDS)
