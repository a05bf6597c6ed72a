"""What a reference names, and which of a repository's files is meant by it."""

from __future__ import annotations

import pytest

from playground.errors import (
    BadResponse,
    InvalidReference,
    UnknownModel,
    UsageError,
)
from playground.hub import HubRef, Offer
from playground.hub.offers import HubFile, checked_name, choose, offers_of


@pytest.mark.parametrize(
    ("text", "repo", "quant"),
    [
        ("hf:a/b", "a/b", ""),
        ("hf:acme/Rocket-1.5_GGUF:Q4_K_M", "acme/Rocket-1.5_GGUF", "Q4_K_M"),
        ("hf:a/b:folder/file-q8_0.gguf", "a/b", "folder/file-q8_0.gguf"),
    ],
)
def test_a_reference_is_a_repository_and_a_wish(text: str, repo: str, quant: str) -> None:
    ref = HubRef.parse(text)
    assert (ref.repo, ref.quant, str(ref)) == (repo, quant, text)


@pytest.mark.parametrize(
    "text",
    ["hf:", "hf:rocket", "hf:a/b/c", "hf:../b", "hf:a/..", "hf:a/b..c", "hf:a\\b/c", "hf:/a/b"],
)
def test_what_is_no_repository_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference, match="Write hf:ORGANISATION/REPOSITORY"):
        HubRef.parse(text)


def test_a_forgotten_prefix_is_supplied() -> None:
    with pytest.raises(InvalidReference, match="Write hf:acme/Rocket:Q8_0"):
        HubRef.parse("acme/Rocket:Q8_0")


def _offers(*names: str) -> tuple[Offer, ...]:
    return offers_of(HubFile(name=name, size=1000 + place) for place, name in enumerate(names))


@pytest.mark.parametrize(
    ("name", "quant"),
    [
        ("Llama-3.1-8B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2-7b.q5_k_s.gguf", "Q5_K_S"),
        ("mistral-IQ2_XXS.gguf", "IQ2_XXS"),
        ("gemma-3-UD-Q4_K_XL.gguf", "Q4_K_XL"),
        ("BF16/model-BF16-00001-of-00002.gguf", "BF16"),
        ("Q6_K/model.gguf", "Q6_K"),
        ("gpt-oss-mxfp4.gguf", "MXFP4"),
        ("ggml-model-fp16.gguf", "F16"),
        ("Qwen3-0.6B.gguf", ""),
    ],
)
def test_the_quantisation_is_read_from_the_name(name: str, quant: str) -> None:
    assert _offers(name)[0].quant == quant


def test_parts_of_a_split_file_are_one_offer_in_their_order() -> None:
    offers = _offers("m-Q8_0-00002-of-00002.gguf", "m-Q8_0-00001-of-00002.gguf", "m-Q4_0.gguf")
    assert [len(offer.files) for offer in offers] == [1, 2]
    assert [file.name[-19:-5] for file in offers[1].files] == ["00001-of-00002", "00002-of-00002"]


@pytest.mark.parametrize("wish", ["Q8_0", "q8_0", "m-Q8_0", "M-Q8_0.gguf", "folder/m-Q8_0.gguf"])
def test_a_wish_is_a_quantisation_or_a_file(wish: str) -> None:
    offers = _offers("m-Q4_K_M.gguf", "folder/m-Q8_0.gguf")
    assert choose(offers, wish, source="hf:a/b").quant == "Q8_0"


def test_without_a_wish_the_usual_one_is_taken_and_else_the_smallest() -> None:
    assert choose(_offers("m-F16.gguf", "m-Q4_K_M.gguf"), "", source="x").quant == "Q4_K_M"
    assert choose(_offers("m-F16.gguf", "m-Q8_0.gguf"), "", source="x").quant == "Q8_0"
    assert choose(_offers("a.gguf", "b.gguf"), "", source="x").name == "a"


def test_a_wish_that_is_not_there_is_answered_with_the_nearest() -> None:
    offers = _offers("m-Q4_K_M.gguf", "m-Q8_0.gguf")
    with pytest.raises(UnknownModel, match=r"has no Q4_K_N\. Did you mean 'Q4_K_M'"):
        choose(offers, "Q4_K_N", source="hf:a/b")
    with pytest.raises(UnknownModel, match=r"It has Q4_K_M \(1.0 kB\), Q8_0 \(1.0 kB\)"):
        choose(offers, "xyz", source="hf:a/b")


def test_two_models_of_one_quantisation_are_told_apart_by_name() -> None:
    offers = _offers("base-Q4_K_M.gguf", "chat-Q4_K_M.gguf")
    for wish in ("", "Q4_K_M"):
        with pytest.raises(UsageError, match="2 models of Q4_K_M: base-Q4_K_M, chat-Q4_K_M"):
            choose(offers, wish, source="hf:a/b")
    assert choose(offers, "chat-Q4_K_M", source="hf:a/b").name == "chat-Q4_K_M"


def test_a_split_file_with_a_part_missing_is_not_taken() -> None:
    offers = _offers("m-Q4_0-00001-of-00003.gguf", "m-Q4_0-00003-of-00003.gguf")
    with pytest.raises(BadResponse, match="2 of the 3 parts"):
        choose(offers, "Q4_0", source="hf:a/b")


HOSTILE = [
    "../evil-Q4_0.gguf",
    "a/../../evil-Q4_0.gguf",
    "/etc/evil-Q4_0.gguf",
    "a//evil-Q4_0.gguf",
    "./evil-Q4_0.gguf",
    "C:\\evil-Q4_0.gguf",
    "..\\evil-Q4_0.gguf",
    "C:evil-Q4_0.gguf",
    "evil\x1b]0;x\x07-Q4_0.gguf",
    "evil\u202efugg.gguf",
    "dot./evil-Q4_0.gguf",
    f"{'x' * 300}.gguf",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="its name"):
        checked_name(name)
