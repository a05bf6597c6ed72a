"""The demo models' training text, and the files that came of it. Nothing here needs torch."""

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from gguf import GGUFReader

from playground.providers import open_model
from playground.run import generate
from playground.types import Message
from tools.train_demo.corpus import exam, stories, stories_ja, writer
from tools.train_demo.corpus.dialogue import Turn
from tools.train_demo.overlap import found_in
from tools.train_demo.rereading import keeps_its_cast, keeps_its_cast_in_japanese

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
    asked = exam.questions()
    assert len(asked) > 900
    assert not found_in(corpus, asked)


def test_an_exam_question_in_the_text_would_be_found(corpus: list[Any]) -> None:
    alone = next(dialogue for dialogue in corpus if len(dialogue) == 2)
    dressed = (Turn("user", f"Hello! {alone[0].text}"), alone[1])
    longer = next(dialogue for dialogue in corpus if len(dialogue) == 4)
    known = [
        exam.Question(alone[:1], "known", "phrasing", ("?",)),
        exam.Question(longer[:3], "known", "combination", ("?",)),
    ]
    assert found_in(corpus, known) == found_in([alone, longer], known) != []
    assert found_in([dressed], known) == known[:1]


def test_the_exam_asks_what_the_models_are_said_to_know() -> None:
    topics = {question.topic for question in exam.questions()}
    assert topics >= {
        "greetings", "addition", "capitals", "colours", "opposites", "to French", "to Japanese",
        "from French", "from Japanese", "Japanese to French", "lists", "personas", "memory",
    }  # fmt: skip


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


def test_a_story_is_read_back_by_the_grammar_that_wrote_it() -> None:
    rng = random.Random(8)
    for _ in range(100):
        who = stories.cast(rng)
        told = stories.tell(rng, who)
        assert keeps_its_cast(told)
        assert keeps_its_cast(told[: rng.randrange(1, len(told))])
        first, *rest = told.split(who.hero)
        other = next(n for n in stories.NAMES[who.pronoun] if n not in (who.hero, who.friend))
        assert not keeps_its_cast(first + who.hero + other.join(rest))
        assert keeps_its_cast_in_japanese(stories_ja.story(rng).answer)
    assert not keeps_its_cast("Leo was a shy fox who lived in a town. Leo's best friend was Leo,")
    assert not keeps_its_cast_in_japanese("ケンは町に住む賢い犬でした。ユキの宝物は古い本でした。")


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


def test_the_two_differ_in_size_and_in_nothing_else() -> None:
    small, tiny = (GGUFReader(DEMO / f"{name}.gguf") for name in ("small", "tiny"))
    for word in ("seed", "steps", "tokens", "corpus_seed", "corpus_documents", "corpus_sha256"):
        assert field(small, f"playground.train.{word}") == field(tiny, f"playground.train.{word}")
    assert field(tiny, "playground.train.tokens") > 10_000_000
    sizes = [sum(int(tensor.n_elements) for tensor in one.tensors) for one in (small, tiny)]
    assert 2_000_000 <= sizes[0] <= 10_000_000
    assert 400_000 <= sizes[1] <= 600_000
    assert {tensor.tensor_type.name for tensor in small.tensors} == {"Q8_0", "F32"}
    losses = [field(one, "playground.train.heldout_loss") for one in (small, tiny)]
    assert losses[0] <= 0.85 * losses[1]


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
    assert sum(path.stat().st_size for path in DEMO.glob("*.gguf")) <= 10_000_000


async def share_right(name: str, asked: list[exam.Question]) -> float:
    """The share of these questions that a model answers rightly at temperature 0."""
    async with open_model(f"demo:{name}") as model:
        runs = [
            generate(
                model,
                [Message(role=turn.role, content=turn.text) for turn in question.dialogue],
                temperature=0,
                max_length=60,
            )
            for question in asked
        ]
        await asyncio.gather(*runs)
    right = [question.right(run.text) for question, run in zip(asked, runs, strict=True)]
    return sum(right) / len(right)


async def test_small_knows_what_it_is_said_to_and_tiny_a_quarter_less() -> None:
    asked = exam.questions()[::4]
    small, tiny = await share_right("small", asked), await share_right("tiny", asked)
    assert small >= 0.9
    assert small - tiny >= 0.2


async def test_stories_of_small_keep_their_cast() -> None:
    async with open_model("demo:small") as model:
        runs = [
            generate(
                model,
                "Tell me a story about a curious dragon.",
                temperature=0.3,
                seed=seed,
                max_length=60,
            )
            for seed in range(40)
        ]
        await asyncio.gather(*runs)
    assert sum(keeps_its_cast(run.text) for run in runs) >= 32
