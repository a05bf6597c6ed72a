"""What the comparison of pictures sees, and what it passes over."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from tests.tui.conftest import canonical


def picture(*words: tuple[str, str], blank: str = "") -> str:
    """Words in their styles, drawn as Textual has its screens drawn."""
    console = Console(width=40, record=True, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("  ", blank), *words))
    return console.export_svg(title="a picture")


FOX = (("fox ", "red"), ("and ", "blue"), ("hen", "red"))


def test_a_blank_of_another_colour_makes_no_other_picture() -> None:
    one, other = picture(*FOX), picture(*FOX, blank="bold green")
    assert one != other
    assert canonical(one) == canonical(other)


def test_words_in_another_colour_do() -> None:
    green = (("fox ", "green"), *FOX[1:])
    assert canonical(picture(*FOX)) != canonical(picture(*green))
    # Of two that change places, each has a colour that was there before.
    turned = (("fox ", "blue"), ("and ", "red"), ("hen", "blue"))
    assert canonical(picture(*FOX)) != canonical(picture(*turned))


def test_other_words_do() -> None:
    assert canonical(picture(*FOX)) != canonical(picture(*FOX[:2], ("cat", "red")))


def test_another_ground_does() -> None:
    assert canonical(picture(*FOX)) != canonical(picture(*FOX, blank="on green"))


def test_a_picture_that_was_stored_is_the_one_that_is_drawn() -> None:
    stored = canonical(picture(*FOX))
    assert canonical(stored) == stored
