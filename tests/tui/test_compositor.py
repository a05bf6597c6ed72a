"""Of a frame only what changed is drawn; that it looks as Textual's does, all tests here hold."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from playground.tui.steady import SteadyScreen


class Counted(Widget):
    """A block of letters that knows how often it was asked for rows."""

    DEFAULT_CSS = "Counted { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.letter = name
        self.asked: list[Region] = []

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked.append(crop)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(self.letter * self.size.width)])


class Row(SteadyScreen[None]):
    """Three blocks side by side."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield from map(Counted, "abc")


class Rows(App[None]):
    def get_default_screen(self) -> Row:
        return Row()


async def test_only_widgets_in_changed_spans_are_drawn_and_only_their_rows() -> None:
    app = Rows()
    async with app.run_test(size=(30, 12)) as pilot:
        await pilot.pause()
        left, middle, right = blocks = list(app.screen.query(Counted))
        for block in blocks:
            block.asked.clear()
        left.letter, right.letter = "x", "z"
        left.refresh(Region(0, 1, 10, 1))
        right.refresh(Region(0, 8, 10, 2))
        await pilot.pause()
        # Every frame here is made a second time by Textual, which asks all three for everything.
        assert left.asked[0] == Region(0, 1, 10, 1)
        assert right.asked[0] == Region(0, 8, 10, 2)
        assert all(crop == middle.region.reset_offset for crop in middle.asked)
        assert len(middle.asked) == len(left.asked) - 1


async def test_a_row_is_drawn_anew_where_it_changed_and_nowhere_else() -> None:
    app = Rows()
    async with app.run_test(size=(30, 12)) as pilot:
        await pilot.pause()
        left = app.screen.query(Counted).first()
        left.letter = "x"
        left.refresh(Region(0, 3, 10, 1))
        await pilot.pause()
        lines = ["".join(s.text for s in strip) for strip in app.screen._compositor.render_strips()]
        assert [line[:10] for line in lines] == ["a" * 10] * 3 + ["x" * 10] + ["a" * 10] * 8
