"""Each metric against values worked out by hand, or by the plainest code that says the same."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU

from playground.difference import words
from playground.metrics import USUAL, Estimate, Sample, get, measure, measure_all
from playground.metrics.tasks import number_in
from playground.spread import spread_of

TEXTS = st.lists(
    st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join), min_size=1, max_size=6
)


def of(texts: Sequence[str], metric: str, **others: object) -> Estimate:
    return measure(get(metric), [Sample(text, **others) for text in texts])  # type: ignore[arg-type]


def ngrams(text: str, length: int) -> list[tuple[str, ...]]:
    said = words(text)
    return [tuple(said[at : at + length]) for at in range(len(said) - length + 1)]


def test_distinct_by_hand() -> None:
    # the cat, cat sat; the cat, cat ran; a dog, dog ran: five different pairs of six.
    assert of(["the cat sat", "the cat ran", "a dog ran"], "distinct-2").value == 5 / 6
    # the cat sat ran a dog, of nine words.
    assert of(["the cat sat", "the cat ran", "a dog ran"], "distinct-1").value == 6 / 9
    assert of(["the cat sat", "the cat sat"], "distinct-3").value == 1 / 2


@given(TEXTS, st.integers(1, 3))
def test_distinct_counts_what_a_set_counts(texts: list[str], length: int) -> None:
    every = [gram for text in texts for gram in ngrams(text, length)]
    value = of(texts, f"distinct-{length}").value
    assert value == (len(set(every)) / len(every) if every else None)


@given(TEXTS)
def test_metrics_and_the_spread_of_several_answers_say_the_same(texts: list[str]) -> None:
    spread, samples = spread_of(texts), [Sample(text) for text in texts]
    found = measure_all([get("distinct-2"), get("similarity")], samples)
    assert found["distinct-2"].value == spread.distinct_2
    assert found["similarity"].value == (
        None if spread.similarity is None else pytest.approx(spread.similarity)
    )


def test_self_bleu_and_similarity_by_hand() -> None:
    # Two of three words and one of two pairs are the other's too; of one run of three words none,
    # which counts as half a match; both are as long.
    each = (2 / 3 * 1 / 2 * 1 / 2) ** (1 / 3)
    assert of(["the cat sat", "the cat ran"], "self-bleu").value == pytest.approx(100 * each)
    # Two words in common of three and three, none, and one.
    alike = (4 / 6 + 0 + 2 / 6) / 3
    texts = ["the cat sat", "the cat ran", "a dog ran"]
    assert of(texts, "similarity").value == pytest.approx(alike)


@settings(deadline=None)
@given(TEXTS.filter(lambda texts: len(texts) > 1 and any(texts)))
def test_self_bleu_is_the_mean_of_sacrebleus_sentence_scores(texts: list[str]) -> None:
    library = BLEU(effective_order=True, smooth_method="exp", tokenize="none")
    each = [
        library.sentence_score(text, texts[:at] + texts[at + 1 :]).score
        for at, text in enumerate(texts)
    ]
    assert of(texts, "self-bleu").value == pytest.approx(sum(each) / len(each))


@settings(deadline=None)
@given(TEXTS.filter(lambda texts: len(texts) > 2 and any(texts)))
def test_the_intervals_of_distinct_and_self_bleu_are_made_of_the_values_without_each_answer(
    texts: list[str],
) -> None:
    count = len(texts)
    quantile = {3: 4.302653, 4: 3.182446, 5: 2.776445, 6: 2.570582}[count]
    for metric, most in (("self-bleu", 100), ("distinct-1", 1)):
        without = [of(texts[:at] + texts[at + 1 :], metric).value for at in range(count)]
        whole = of(texts, metric)
        assert whole.value is not None
        known = [value for value in without if value is not None]
        if len(known) < count:
            if metric == "distinct-1":
                assert (whole.low, whole.high) == (None, None)
            continue
        mean = sum(known) / count
        reach = quantile * math.sqrt((count - 1) / count * sum((v - mean) ** 2 for v in known))
        assert whole.low == pytest.approx(max(whole.value - reach, 0), abs=1e-4)
        assert whole.high == pytest.approx(min(whole.value + reach, most), abs=1e-4)


@given(TEXTS.filter(lambda texts: len(texts) > 1))
def test_similarity_is_twice_the_common_words_over_all_words(texts: list[str]) -> None:
    def common(one: list[str], other: list[str]) -> int:
        if not one or not other:
            return 0
        if one[-1] == other[-1]:
            return 1 + common(one[:-1], other[:-1])
        return max(common(one[:-1], other), common(one, other[:-1]))

    short = [" ".join(words(text)[:5]) for text in texts]
    pairs = [(words(one), words(other)) for one, other in combinations(short, 2)]
    alike = [2 * common(a, b) / (len(a) + len(b)) if a or b else 1.0 for a, b in pairs]
    assert of(short, "similarity").value == pytest.approx(sum(alike) / len(alike))


def test_answers_are_the_same_in_any_case_and_with_any_blanks() -> None:
    texts = ["Paris", " paris\n", "PARIS", "Lyon"]
    assert of(texts, "unique").value == 2 / 4
    assert of(texts, "top-share").value == 3 / 4
    assert of(["Paris", "Paris."], "unique").value == 1
    assert of(["caf\u00e9", "cafe\u0301"], "unique").value == 1 / 2


@given(TEXTS)
def test_repetition_is_the_share_of_four_words_said_before(texts: list[str]) -> None:
    each = [1 - len(set(grams)) / len(grams) for text in texts if (grams := ngrams(text, 4))]
    found = of(texts, "rep-4")
    assert (found.value, found.count) == (
        (pytest.approx(sum(each) / len(each)), len(each)) if each else (None, 0)
    )


def test_repetition_by_hand() -> None:
    # abcd bcda cdab dabc abcd: four different of five.
    assert of(["a b c d a b c d"], "rep-4").value == pytest.approx(1 / 5)
    assert of(["a b c"], "rep-4").reason == "no answer has four words"


def test_compression_is_what_zlib_says() -> None:
    loop, plain = "na " * 50, "The cat sat on the mat."
    expected = [len(t.encode()) / len(zlib.compress(t.encode(), 6)) for t in (loop, plain)]
    assert of([loop, plain, ""], "compression").value == pytest.approx(sum(expected) / 2)
    assert of([loop], "compression").value > 2.4 > 1.2 > of([plain], "compression").value  # type: ignore[operator]


def test_length_is_in_tokens_and_in_characters_only_where_one_is_not_counted() -> None:
    counted = [Sample("abc", tokens=2), Sample("abcde", tokens=4)]
    assert measure(get("length"), counted) == measure(get("length"), counted)
    assert measure(get("length"), counted).value == 3
    assert measure(get("length"), counted).note == ""
    mixed = measure(get("length"), [Sample("abc", tokens=2), Sample("日本語です")])
    assert (mixed.value, mixed.note) == (4, "in characters: not all tokens were counted")


def test_likelihood_is_a_mean_over_tokens_and_then_over_answers() -> None:
    samples = [
        Sample("a", logprobs=(-1.0, -2.0), entropies=(0.5,)),
        Sample("b", logprobs=(-4.0,), entropies=(1.5, 2.5)),
    ]
    assert measure(get("logprob"), samples).value == pytest.approx((-1.5 - 4) / 2)
    assert measure(get("entropy"), samples).value == pytest.approx((0.5 + 2) / 2)


def test_speed_and_cost_by_hand() -> None:
    samples = [
        Sample("a", tokens=11, time_to_first_token=0.5, duration=2.5, cost=0.02),
        Sample("b", tokens=5, time_to_first_token=1.0, duration=2.0, cost=0.04),
    ]
    assert measure(get("tokens-per-second"), samples).value == pytest.approx((5 + 4) / 2)
    assert measure(get("time-to-first-token"), samples).value == pytest.approx(0.75)
    assert measure(get("cost"), samples).value == pytest.approx(0.03)


def test_what_is_lacking_is_said() -> None:
    bare = [Sample("a"), Sample("b")]
    assert "log-probabilities" in measure(get("logprob"), bare).reason
    assert "entropies" in measure(get("entropy"), bare).reason
    assert "price" in measure(get("cost"), bare).reason
    assert "times" in measure(get("tokens-per-second"), bare).reason
    assert "expected" in measure(get("exact"), bare).reason
    assert "two samples" in measure(get("similarity"), bare[:1]).reason
    assert "model" in measure(get("perplexity"), bare).reason
    some = measure(get("cost"), [Sample("a", cost=0.5), Sample("b")])
    assert (some.value, some.count) == (0.5, 1)


@pytest.mark.parametrize(
    ("metric", "text", "expected", "right"),
    [
        ("exact", " paris ", "Paris", True),
        ("exact", "Paris.", "Paris", False),
        ("contains", "It is Paris, I think.", "paris", True),
        ("contains", "It is Lyon.", "paris", False),
        ("regex", "The answer is 42.", r"\b42\b", True),
        ("regex", "The answer is 142.", r"\b42\b", False),
        ("json-valid", ' {"a": [1, 2.5e3, null]}\n', None, True),
        ("json-valid", '```json\n{"a": 1}\n```', None, False),
        ("json-valid", "NaN", None, False),
        ("json-valid", "[" * 100_000, None, False),
        ("json-valid", "1" * 5_000, None, True),
        ("json-valid", "", None, False),
        ("numeric", "First 3, so it is 1,234.50 in all.", "1234.5", True),
        ("numeric", "About 1234.6", "1234.5", False),
        ("numeric", "答えは４２です。", "42", True),
        ("numeric", "答え：－１，２３４．５", "-1234.5", True),
        ("numeric", "The room has 5 m × 5 m, an area of 25 m².", "25", True),
        ("numeric", "It is 5²", "52", False),
        ("numeric", "It is 7 ½", "2", False),
        ("numeric", "none at all", "42", False),
        ("numeric:0.05", "104", "100", True),
        ("numeric:0.05", "106", "100", False),
    ],
)
def test_answers_against_what_is_expected(
    metric: str, text: str, expected: str | None, right: bool
) -> None:
    assert of([text], metric, expected=expected).value == float(right)


@pytest.mark.parametrize(
    ("metric", "text", "expected", "right"),
    [
        ("exact", "Four", ("4", "four"), True),
        ("exact", "the answer is 14", ("4", "four"), False),
        ("contains", "It is four.", ("4", "four"), True),
        ("regex", "in 1999", (r"\b\d\d\b", r"\b\d{4}\b"), True),
        ("regex", "in 199", (r"\b\d\d\b", r"\b\d{4}\b"), False),
        ("numeric", "about 3.0", ("four", "3"), True),
        ("numeric", "about 5", ("4", "3"), False),
    ],
)
def test_of_several_right_answers_one_is_enough(
    metric: str, text: str, expected: tuple[str, ...], right: bool
) -> None:
    sample = Sample(text, expected=expected[0], also_right=expected[1:])
    assert measure(get(metric), [sample]).value == float(right)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-3", -3),
        ("x = −2.5", -2.5),
        ("5-3", 3),
        ("gpt4 says 7", 7),
        ("1e3 of 2", 2),
        ("it is 1e3.", 1000),
        ("version 1.2.3", 1.2),
        (".5", 0.5),
        ("12,34", 34),
        ("no number", None),
        ("1e999", None),
    ],
)
def test_the_last_number_of_a_text(text: str, number: float | None) -> None:
    assert number_in(text) == number


def test_a_pattern_that_would_never_end_is_stopped_and_said() -> None:
    samples = [
        Sample("a" * 60 + "c", expected="(a|aa)+$"),
        Sample("aaa", expected="(a|aa)+$"),
    ]
    found = measure(get("regex"), samples)
    assert (found.value, found.count) == (1, 1)
    assert found.note == "1 left out: the pattern takes more than 1 s on them"


def test_japanese_counts_by_character() -> None:
    # 猫が好き, 犬が好き: eight characters, five different; pairs が好 and 好き twice.
    texts = ["猫が好き。", "犬が好き。"]
    assert of(texts, "distinct-1").value == 5 / 8
    assert of(texts, "distinct-2").value == 4 / 6
    assert of(texts, "similarity").value == 3 / 4
    assert of(["ねこねこねこ"], "rep-4").value == pytest.approx(1 / 3)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["", "", ""], ["", "a b c d e"]])
def test_no_answers_one_answer_and_empty_answers_give_values_or_reasons(texts: list[str]) -> None:
    found = measure_all([get(name) for name in USUAL], [Sample(text) for text in texts])
    assert list(found) == list(USUAL)
    for name, estimate in found.items():
        assert (estimate.value is None) <= bool(estimate.reason), name
        assert (estimate.low is None) <= bool(estimate.reason), name
        assert estimate.value is None or math.isfinite(estimate.value), name
    if not texts:
        assert {estimate.reason for estimate in found.values()} == {"there are no samples"}


def test_identical_answers_are_at_the_ends_of_the_scales() -> None:
    found = measure_all([get(name) for name in USUAL], [Sample("a b c d e f")] * 8)
    assert found["unique"].value == 1 / 8
    assert found["self-bleu"].value == pytest.approx(100)
    assert found["similarity"].value == 1
    assert found["top-share"].value == 1
    assert found["distinct-2"].value == 1 / 8
    assert found["top-share"].low == pytest.approx(0.6756, abs=1e-4)


@given(TEXTS)
def test_every_value_lies_in_its_interval_and_in_its_range(texts: list[str]) -> None:
    for name, found in measure_all(
        [get(name) for name in USUAL], [Sample(text) for text in texts], resamples=200
    ).items():
        if found.low is None or found.high is None or found.value is None:
            continue
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9, name
        metric = get(name)
        assert metric.lowest is None or found.low >= metric.lowest - 1e-9
        assert metric.highest is None or found.high <= metric.highest + 1e-9


def test_of_very_many_samples_the_first_thousand_are_compared() -> None:
    samples = [Sample("a b c")] * 1_000 + [Sample("d e f")] * 5
    for name, value in (("similarity", 1), ("self-bleu", 100)):
        found = measure(get(name), samples, resamples=100)
        assert found.value == pytest.approx(value)
        assert (found.count, found.note) == (1_000, "of the first 1,000 samples")
