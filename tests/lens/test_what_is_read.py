"""Readings, candidates, shades and compact tokens say what the tokens of an answer say."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.bars import percent
from playground.distribution import Distribution
from playground.history.tokens import pack, unpack
from playground.lens.candidates import Candidates, rank_of
from playground.lens.drawing.drawn import Drawn
from playground.lens.drawing.html import page
from playground.lens.drawing.svg import picture
from playground.lens.reading import Reading
from playground.lens.shading import MEASURES, STEPS, legend, shade_of, shades_of, step_of
from playground.lens.tokens import Joined, Tokens
from playground.types import Draw, Token, TokenAlternative

from .made import texts, token_of

BYTES = st.lists(st.binary(max_size=5), max_size=12)


@given(BYTES, st.data())
def test_a_reading_says_the_text_however_its_bytes_were_cut_and_came(
    pieces: list[bytes], data: st.DataObject
) -> None:
    tokens = texts(*pieces)
    reading = Reading()
    at = 0
    while at < len(tokens):
        step = data.draw(st.integers(1, 4))
        reading.take(tokens[at : at + step])
        at += step
    reading.finish()
    assert reading.text == b"".join(pieces).decode("utf-8", "replace")
    groups = reading.groups
    assert [n for group in groups for n in range(group.first, group.last + 1)] == [
        *range(len(tokens))
    ]
    assert "".join(reading.text[group.start : group.end] for group in groups) == reading.text
    for character in range(len(reading.text)):
        place = reading.group_at(character)
        assert place is not None
        assert groups[place].start <= character < groups[place].end
    assert reading.group_at(len(reading.text)) is None


def test_tokens_that_share_a_character_are_one_group() -> None:
    reading = Reading.of(texts(b"a", b"\xe3\x81", b"\x82b", b"c"))
    spans = [(g.first, g.last, g.start, g.end) for g in reading.groups]
    assert spans == [(0, 0, 0, 1), (1, 2, 1, 3), (3, 3, 3, 4)]
    assert [reading.group_of(at) for at in range(4)] == [0, 1, 1, 2]


def test_the_figures_of_an_answer_are_those_of_the_formulas() -> None:
    logprobs = [-0.1, -3.0, -0.7, -3.0, -9.0]
    reading = Reading.of(texts(*[b"x"] * 5, logprobs=logprobs))
    assert reading.logprob == pytest.approx(sum(logprobs))
    assert reading.perplexity == pytest.approx(math.exp(-sum(logprobs) / 5))
    assert reading.surprising(3) == (4, 1, 3)
    assert reading.mean_entropy is None
    assert "Entropies are not known" in " ".join(reading.lacks)


@given(st.lists(st.floats(-20, 0), max_size=60))
def test_the_ten_most_surprising_are_found_while_the_answer_grows(logprobs: list[float]) -> None:
    reading = Reading.of(texts(*[b"x"] * len(logprobs), logprobs=logprobs))
    ranked = sorted(range(len(logprobs)), key=lambda at: (logprobs[at], at))
    assert list(reading.surprising()) == ranked[:10]


def test_an_answer_without_log_probabilities_has_no_figures_and_says_so() -> None:
    reading = Reading.of([Token("a"), Token("b")])
    assert (reading.logprob, reading.perplexity, reading.surprising()) == (None, None, ())
    assert reading.lacks == ("The tokens came without log-probabilities.",)
    found = Candidates.of_token(Token("a"))
    assert (found.rows, found.rest, found.chosen) == ((), 1.0, None)
    assert shade_of("rank", Token("a")).step is None


@given(
    logits=st.lists(st.floats(-8, 8), min_size=2, max_size=40),
    known=st.integers(1, 40),
    data=st.data(),
)
def test_candidates_of_some_tokens_agree_with_those_of_the_whole_distribution(
    logits: list[float], known: int, data: st.DataObject
) -> None:
    whole = Distribution.of(logits)
    chosen = data.draw(st.integers(0, len(logits) - 1))
    some = Candidates.of_token(token_of(whole, chosen, known))
    every = Candidates.of_distribution(whole.ranked(), (), chosen=chosen, most=known)
    assert [row.token_id for row in some.rows] == [row.token_id for row in every.rows]
    for one, other in zip(some.rows, every.rows, strict=True):
        assert one.probability == pytest.approx(other.probability)
        assert one.chosen == other.chosen
        assert one.rank in (other.rank, None)
    assert some.rest == pytest.approx(every.rest, abs=1e-9)
    assert some.least_entropy <= whole.entropy + 1e-9
    assert every.entropy == pytest.approx(whole.entropy, abs=1e-9)
    assert some.effective in (every.effective, None)
    assert every.effective == whole.effective_vocabulary()


def test_candidates_draw_themselves_in_a_notebook_with_what_is_known_of_them() -> None:
    whole = Distribution.of(np.linspace(3, 0, 50))
    told = Candidates.of_token(token_of(whole, 1, 5))._repr_html_()
    assert "entropy at least" in told
    assert "#2 chosen" in told
    assert "all others" in told
    known = Candidates.of_token(token_of(whole, 1, 5, entropy=whole.entropy))._repr_html_()
    assert f"entropy {whole.entropy:.3f} nats" in known
    assert "no log-probabilities" in Candidates.of_token(Token("a"))._repr_html_()
    bare = Candidates.of_token(Token("a", -0.5))
    assert not bare.entropy_text, "no entropy is below 0, and nothing more is known"
    assert "entropy" not in bare._repr_html_()


def test_what_a_chain_cut_is_marked_only_where_that_is_known() -> None:
    raw = tuple(TokenAlternative(f"t{at}", math.log(p), at) for at, p in enumerate((0.6, 0.3, 0.1)))
    left = (TokenAlternative("t0", math.log(0.7), 0), TokenAlternative("t1", math.log(0.3), 1))

    def cuts(survivors: int) -> list[bool | None]:
        draw = Draw(math.log(0.7), 0.6, survivors, 0.2, left)
        token = Token("t0", math.log(0.6), raw, 0, b"t0", 1, 0.9, draw)
        return [row.cut for row in Candidates.of_token(token).rows]

    assert cuts(2) == [False, False, True]
    assert cuts(3) == [False, False, None]


def test_every_value_has_a_step_and_every_step_a_meaning() -> None:
    for measure, values in {
        "probability": (1.0, 0.9, 0.89, 0.5, 0.2, 0.05, 0.01, 0.0),
        "rank": (1, 2, 5, 20, 100, 101),
        "entropy": (0, 0.1, 0.5, 1, 2, 3, 9),
    }.items():
        steps = [step_of(measure, value) for value in values]  # type: ignore[arg-type]
        assert steps == sorted(steps)
        assert {*steps} == {*range(STEPS)}
    assert {len(legend(measure)) for measure in MEASURES} == {STEPS}
    assert [step.meaning for step in legend("rank")][:3] == ["1", "2", "3 to 5"]


def test_what_a_hosted_model_cannot_know_is_a_bound() -> None:
    whole = Distribution.of(np.linspace(3, 0, 50))
    token = token_of(whole, 30, 5)
    assert rank_of(token) is None
    assert (shade_of("rank", token).value, shade_of("rank", token).bound) == (6.0, True)
    entropy = shade_of("entropy", token)
    assert entropy.bound
    assert entropy.value is not None
    assert entropy.value <= whole.entropy


def _rich(count: int, candidates: int) -> list[Token]:
    raw = tuple(
        TokenAlternative(f" word{at}", -0.1 * at - 1, 1000 + at) for at in range(candidates)
    )
    left = tuple(TokenAlternative(item.text, item.logprob + 0.5, item.token_id) for item in raw)
    odd = TokenAlternative("�", -7.25, 7, b"\xe3")
    draw = Draw(-0.5, 1.5, 99, 0.123456789, (*left, odd))
    return [Token(" word0", -1.0, raw, 1000, b" word0", 1, 2.5, draw)] * count


def test_tokens_come_back_as_they_were_and_take_two_kilobytes_at_most() -> None:
    tokens = _rich(40, 50)
    kept = Tokens(tokens)
    assert kept.bytes / len(kept) <= 2000
    assert len(pack(tokens)) / len(tokens) <= 2000
    for back in (kept, unpack(pack(tokens))):
        for one, other in zip(back, tokens, strict=True):
            assert (one.text, one.data, one.token_id, one.rank) == (
                other.text,
                other.data,
                other.token_id,
                other.rank,
            )
            assert one.draw is not None
            assert other.draw is not None
            assert one.draw.uniform == other.draw.uniform
            pairs = [(one.alternatives, other.alternatives)]
            pairs.append((one.draw.alternatives, other.draw.alternatives))
            for mine, theirs in pairs:
                assert [(a.text, a.token_id, a.data) for a in mine] == [
                    (a.text, a.token_id, a.data) for a in theirs
                ]
                for a, b in zip(mine, theirs, strict=True):
                    assert a.logprob == pytest.approx(b.logprob, abs=1e-5)


def test_parts_of_tokens_share_what_they_hold_and_join() -> None:
    kept = Tokens(_rich(6, 3))
    joined = Joined(kept[:2], kept[2:])
    assert len(joined) == 6
    assert joined[1:5] == kept[1:5]
    assert joined[-1] == kept[5]
    assert [token.alternatives for token in kept.plainly()] == [()] * 6
    assert shades_of("rank", kept) == [shade_of("rank", token) for token in kept]
    with pytest.raises(IndexError):
        joined[6]


def test_figures_that_nobody_can_mean_are_kept_within_bounds() -> None:
    junk = TokenAlternative("x" * 100_000, -1.0, 2**80)
    huge = TokenAlternative("y", -1e300, 3)
    fine = TokenAlternative("z", -1.0, 2**80)
    (token,) = Tokens([Token("a", -1.0, (junk, huge, fine), 2**80, b"a", 2**80)])
    assert (token.text, token.token_id, token.rank) == ("a", None, None)
    assert [item.text for item in token.alternatives] == ["z"]


@given(st.lists(st.text(max_size=6), max_size=5))
def test_any_text_survives_being_kept(said: list[str]) -> None:
    assert [token.text for token in Tokens(Token(text) for text in said)] == said


def test_probabilities_read_as_people_write_them_and_only_certainty_is_100_percent() -> None:
    shares = (1.0, 0.99991, 0.9991, 0.123, 0.0123, 0.0001, 0.000012, 1e-9, 0.0)
    assert [percent(share) for share in shares] == [
        "100%", "99.99%", "99.9%", "12.3%", "1.23%", "0.01%", "0.0012%", "1e-07%", "0%",
    ]  # fmt: skip


def test_on_a_page_an_arabic_word_of_several_tokens_is_laid_out_as_one() -> None:
    tokens = [Token(text, -0.5) for text in ("مر", "حبا", " بكم", "\u200f")]
    drawn = Drawn("demo:small", "hi", Reading.of(tokens))
    found = "".join(page([drawn]))
    text = found[found.index("white-space:pre-wrap;unicode-bidi:plaintext") :].split("</div>")[0]
    # Nothing sets the tokens of the text apart from each other; what is written in place of a
    # character is, because it is read from left to right.
    assert re.findall("<bdi[^>]*>([^<]*)</bdi>", text) == ["‹U+200F›"]
    assert re.sub("<[^>]*>", "", text).endswith("مرحبا بكم‹U+200F›")


def test_in_a_picture_an_arabic_word_of_several_tokens_is_one_text_from_right_to_left() -> None:
    tokens = [Token(text, -0.5) for text in ("see ", "مر", "حبا", " بكم", " now")]
    found = "".join(picture([Drawn("demo:small", "hi", Reading.of(tokens))]))
    (written,) = re.findall('<text [^>]*direction="rtl"[^>]*>.*?</text>', found)
    assert re.sub("<[^>]*>", "", written) == "مرحبا بكم"
    # The first token is the rightmost, and what follows stands behind the whole of it.
    column = {word: float(x) for x, word in re.findall(r'x="([\d.]+)"[^>]*>([a-z]+)<', found)}
    right = re.findall(r'x="([\d.]+)"', written)[0]
    assert column["see"] < float(right) < column["now"]
