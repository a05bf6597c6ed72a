"""The demo models' training text, and the files that came of it. Nothing here needs torch."""

import random
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from gguf import GGUFReader

from tools.train_demo.corpus import exam, stories, stories_ja, writer
from tools.train_demo.corpus.relations import normalised

DEMO = Path(__file__).parents[2] / "providers" / "demo"
DOCUMENTS = 4_000


@pytest.fixture(scope="module")
def corpus() -> list[Any]:
    return list(writer.write_corpus(DOCUMENTS))


def test_the_same_seed_writes_the_same_text(corpus: list[Any]) -> None:
    again = writer.write_corpus(DOCUMENTS)
    assert writer.fingerprint(again) == writer.fingerprint(corpus)
    assert writer.fingerprint(writer.write_corpus(50, seed=1)) != writer.fingerprint(corpus[:50])


def test_no_exam_question_is_in_the_text(corpus: list[Any]) -> None:
    asked = {
        normalised(turn.text) for dialogue in corpus for turn in dialogue if turn.role == "user"
    }
    alone = [question for question in exam.questions() if len(question.dialogue) == 1]
    assert len(alone) > 500
    assert not asked & {normalised(question.dialogue[0].text) for question in alone}


def test_dialogues_take_turns_and_leave_no_gap_unfilled(corpus: list[Any]) -> None:
    for dialogue in corpus:
        roles = [turn.role for turn in dialogue if turn.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert all(turn.text and not re.search(r"\{\w+\}", turn.text) for turn in dialogue)


def test_the_text_has_both_languages_and_roles(corpus: list[Any]) -> None:
    answers = [turn.text for dialogue in corpus for turn in dialogue if turn.role == "assistant"]
    japanese = sum("。" in answer for answer in answers) / len(answers)
    assert 0.1 < japanese < 0.5
    assert any(turn.text == "You are a pirate." for dialogue in corpus for turn in dialogue)


def test_a_story_keeps_to_its_cast() -> None:
    rng = random.Random(5)
    for _ in range(200):
        who = stories.cast(rng)
        told = stories.tell(rng, who)
        others = {name for names in stories.NAMES.values() for name in names}
        others -= {who.hero, who.friend}
        assert who.hero in told
        assert not any(f" {name} " in told for name in others)


def test_the_same_request_gets_many_stories() -> None:
    rng = random.Random(6)
    assert len({stories.story(rng).answer for _ in range(100)}) == 100
    assert len({stories_ja.story(rng).answer for _ in range(100)}) > 95


@pytest.mark.parametrize(
    ("answer", "right"),
    [("3 + 4 = 7.", True), ("The answer is 7.", True), ("7 + 1 = 8.", False), ("17.", False)],
)
def test_a_sum_is_marked_by_its_result(answer: str, right: bool) -> None:
    assert exam.mentions(answer, "7") is right


def test_a_list_is_marked_by_its_members() -> None:
    question = next(asked for asked in exam.listing() if asked.category == "fruits")
    assert question.right("1. apple\n2. pear\n3. plum")
    assert question.right("Apple, pear and plum.")
    assert not question.right("Apple, apple and plum.")
    assert not question.right("Apple, pear and hammer.")


@pytest.fixture(scope="module", params=["small", "tiny"])
def weights(request: pytest.FixtureRequest) -> GGUFReader:
    return GGUFReader(DEMO / f"{request.param}.gguf")


def field(weights: GGUFReader, name: str) -> Any:
    found = weights.get_field(name)
    assert found is not None, name
    return found.contents()


def test_the_weights_carry_their_recipe(weights: GGUFReader) -> None:
    assert field(weights, "general.architecture") == "llama"
    assert field(weights, "general.license") == "MIT"
    assert field(weights, "llama.context_length") == 1024
    assert len(field(weights, "playground.train.corpus_sha256")) == 64
    assert field(weights, "playground.train.corpus_documents") == writer.DOCUMENTS
    for number in ("seed", "steps", "tokens", "loss", "heldout_loss"):
        assert field(weights, f"playground.train.{number}") > 0


def test_the_specials_are_control_tokens(weights: GGUFReader) -> None:
    tokens = field(weights, "tokenizer.ggml.tokens")
    kinds = field(weights, "tokenizer.ggml.token_type")
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == 3]
    assert control == ["<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
    assert tokens[field(weights, "tokenizer.ggml.eos_token_id")] == "<|end|>"
    assert tokens[field(weights, "tokenizer.ggml.bos_token_id")] == "<|bos|>"


def test_the_chat_template_takes_a_system_message_and_many_turns(weights: GGUFReader) -> None:
    template = jinja2.Environment(autoescape=False).from_string(
        field(weights, "tokenizer.chat_template")
    )
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": " Hi "},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Bye"},
    ]
    text = template.render(bos_token="<|bos|>", messages=messages, add_generation_prompt=True)
    assert text == (
        "<|bos|><|system|>Be brief.<|end|><|user|>Hi<|end|><|assistant|>Hello!<|end|>"
        "<|user|>Bye<|end|><|assistant|>"
    )


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in DEMO.glob("*.gguf")) <= 6_000_000
