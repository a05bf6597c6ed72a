"""Questions with one right answer: what is asked, how it may be asked, how it may be answered."""

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.train_demo.corpus.dialogue import Exchange

HELD_OUT_PERCENT = 8

# What people write around a question; none of it makes a phrasing of the exam.
AROUND = (
    "Hello! {p}", "Hi! {p}", "Hi, {p}", "A question: {p}", "Quick question: {p}", "Question: {p}",
    "I have a question. {p}", "Please answer: {p}", "Can you help me? {p}", "Hey, {p}",
    "{p} Thanks!",
    "One more question: {p}", "Okay. {p}", "Next: {p}", "{p} Please answer.", "Good. {p}",
)  # fmt: skip
JAPANESE_AROUND = (
    "質問です。{p}", "すみません、{p}", "ねえ、{p}", "教えてください。{p}", "では、{p}",
    "次の質問です。{p}",
    "こんにちは。{p}",
)  # fmt: skip
AROUND_SHARE = 0.15


@dataclass(frozen=True)
class Relation:
    """A table of items and answers (`{q}` and `{a}`), with phrasings of question and answer."""

    topic: str
    pairs: Mapping[str, str]
    asked: tuple[str, ...]
    answered: tuple[str, ...]
    unseen: tuple[str, ...] = ()  # phrasings that only the held-out questions use
    weight: float = 1.0

    def ask(self, rng: random.Random, hidden: bool = False) -> Exchange:
        """One question and its answer: one to learn from, or one that is kept hidden."""
        phrasings = (*self.asked, *self.unseen) if hidden else self.asked
        while True:
            phrasing, item = rng.choice(phrasings), rng.choice(list(self.pairs))
            prompt = phrasing.format(q=item)
            if (phrasing in self.unseen or held_out(prompt)) == hidden:
                answer = rng.choice(self.answered).format(q=item, a=self.pairs[item])
                asked = capitalised(prompt) if hidden else introduced(rng, capitalised(prompt))
                return Exchange(asked, capitalised(answer), self.topic)

    def prompts(self, phrasings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Every item asked in each of the phrasings, with its answer."""
        for phrasing in phrasings:
            for item, answer in self.pairs.items():
                yield capitalised(phrasing.format(q=item)), answer


def normalised(prompt: str) -> str:
    """The prompt without case, spacing and punctuation at its end: what "the same prompt" means."""
    return re.sub(r"\s+", " ", prompt).strip(" .?!。？！").casefold()


def held_out(prompt: str) -> bool:
    """Whether this prompt is kept for the questions that the models never read."""
    digest = hashlib.sha256(normalised(prompt).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < HELD_OUT_PERCENT


def introduced(rng: random.Random, prompt: str) -> str:
    """The prompt, now and then with a few words around it."""
    if rng.random() >= AROUND_SHARE:
        return prompt
    latin = max(prompt[0], prompt[-1]) < "\u0250"
    return rng.choice(AROUND if latin else JAPANESE_AROUND).format(p=prompt)


def capitalised(text: str) -> str:
    """The text with its first letter a capital."""
    return text[:1].upper() + text[1:]
