"""Text in the cells of a terminal: it never takes more than it was given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playground.cells import cell_len, cut, fit

# Narrow and wide, marks that take no cell of their own, and an emoji made of several characters.
TEXTS = st.lists(st.sampled_from(["a", " ", "日", "é", "e\u0301\u0301", "👩‍💻"])).map("".join)


@given(TEXTS, st.integers(min_value=0, max_value=40))
def test_a_text_with_room_stands_whole_and_a_longer_one_says_that_it_goes_on(
    text: str, width: int
) -> None:
    said = cut(text, width)
    assert cell_len(said) <= width
    if cell_len(text) <= width:
        assert said == text
    elif width:
        assert said.endswith("…")


@given(TEXTS, st.integers(min_value=0, max_value=40), st.booleans())
def test_a_column_is_filled_to_its_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


def test_marks_without_a_cell_of_their_own_do_not_hide_what_follows() -> None:
    assert cut("e" + "\u0301" * 500 + "nd", 2).endswith("…")
    assert cut("e" + "\u0301" * 500, 2) == "e" + "\u0301" * 500
