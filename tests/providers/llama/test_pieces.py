"""Text is shown in whole characters, and never a stop string or the beginning of one."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from playground.providers.llama.pieces import TextAssembler

_TEXTS = st.text(alphabet="ab\né日本語🎉 c", max_size=40)


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


def _shown(text: str, cuts: list[int], stops: tuple[str, ...]) -> str:
    assembler = TextAssembler(stops)
    pieces = [assembler.push(piece) for piece in _cut(text.encode(), cuts)]
    return "".join(pieces) + assembler.flush()


@given(_TEXTS, st.lists(st.integers(0, 150)))
def test_any_cut_of_the_bytes_gives_the_same_text(text: str, cuts: list[int]) -> None:
    assert _shown(text, cuts, ()) == text


@given(_TEXTS, st.lists(st.integers(0, 150)))
def test_half_a_character_is_never_shown(text: str, cuts: list[int]) -> None:
    assembler = TextAssembler()
    for piece in _cut(text.encode(), cuts):
        assert "\ufffd" not in assembler.push(piece)


@given(
    _TEXTS,
    st.lists(st.integers(0, 150)),
    st.lists(st.text("ab\n日", min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_the_first_complete_stop_string_ends_the_text_however_tokens_cut_it(
    text: str, cuts: list[int], stops: list[str]
) -> None:
    expected = text
    for end in range(len(text) + 1):
        complete = [stop for stop in stops if text[:end].endswith(stop)]
        if complete:
            expected = text[: end - len(max(complete, key=len))]
            break
    assert _shown(text, cuts, tuple(stops)) == expected


def test_text_that_may_begin_a_stop_string_waits_and_is_shown_if_it_does_not() -> None:
    assembler = TextAssembler(("\nUser:",))
    assert assembler.push(b"Hello\nUs") == "Hello"
    assert assembler.push(b"ually") == "\nUsually"
    assert assembler.push(b"\nUse") == ""
    assert assembler.flush() == "\nUse"


def test_a_character_cut_off_at_the_end_becomes_a_replacement_character() -> None:
    assembler = TextAssembler()
    assert assembler.push("日".encode()[:2]) == ""
    assert assembler.flush() == "\ufffd"
