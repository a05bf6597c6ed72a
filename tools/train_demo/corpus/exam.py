"""The held-out questions: new combinations and new phrasings of what the text taught."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tools.train_demo.corpus import (
    japanese,
    lists,
    memories,
    personas,
    reading,
    tasks,
    words,
    world,
)
from tools.train_demo.corpus.dialogue import Dialogue, Turn
from tools.train_demo.corpus.relations import held_out

Novelty = Literal["combination", "phrasing"]
SEED = 7


@dataclass(frozen=True)
class Question:
    """A dialogue that waits for an answer, and what makes the answer right."""

    dialogue: Dialogue
    topic: str
    novelty: Novelty
    accepted: tuple[str, ...] = ()  # one of these must be in the answer
    category: str = ""  # or: the answer names `count` members of this category
    count: int = 0

    def right(self, answer: str) -> bool:
        """Whether the answer is right."""
        if self.category:
            named = [part.strip(" .-0123456789。") for part in _SEPARATORS.split(answer)]
            named = [part.removesuffix("です").casefold() for part in named if part]
            known = {member.casefold() for member in lists.members(self.category)}
            return len(named) == len(set(named)) == self.count and set(named) <= known
        return any(mentions(answer, accepted) for accepted in self.accepted)


_ALL_RELATIONS = (
    *world.RELATIONS,
    *words.RELATIONS,
    *tasks.RELATIONS,
    *japanese.RELATIONS,
)
_SEPARATORS = re.compile(r"[,\n、]| and |と")


def mentions(answer: str, expected: str) -> bool:
    """Whether the expected word is in the answer; for a number, whether the answer ends in it."""
    if expected.isdigit():
        numbers = re.findall(r"\d+", re.split(" comes (?:after|before)", answer)[0])
        return bool(numbers) and numbers[-1] == expected
    word = re.escape(expected.casefold())
    edges = r"(?<![a-zà-ÿ])%s(?![a-zà-ÿ])"
    return re.search(edges % word, answer.casefold()) is not None


def knowledge(rng: random.Random, each: int = 12) -> list[Question]:
    """Questions with one answer: up to `each` of a topic and novelty."""
    accepted: dict[tuple[str, Novelty, str], set[str]] = {}
    for relation in _ALL_RELATIONS:
        for prompt, answer in relation.prompts(relation.asked):
            if held_out(prompt):
                accepted.setdefault((relation.topic, "combination", prompt), set()).add(answer)
        for prompt, answer in relation.prompts(relation.unseen):
            accepted.setdefault((relation.topic, "phrasing", prompt), set()).add(answer)
    grouped: dict[tuple[str, Novelty], list[Question]] = {}
    for (topic, novelty, prompt), answers in accepted.items():
        shortened = tuple(sorted(answer.split(" (")[0] for answer in answers))
        question = Question((Turn("user", prompt),), topic, novelty, shortened)
        grouped.setdefault((topic, novelty), []).append(question)
    chosen = [rng.sample(found, min(each, len(found))) for found in grouped.values()]
    return [question for group in chosen for question in group]


def listing() -> list[Question]:
    """Requests to name some members of a category."""
    found: list[Question] = []
    for category in lists.CATEGORIES:
        for phrasing in (*lists.PHRASINGS, *lists.UNSEEN):
            prompt = phrasing.format(q=category, n="three")
            prompt = prompt[0].upper() + prompt[1:]
            if phrasing in lists.UNSEEN or held_out(prompt):
                novelty: Novelty = "phrasing" if phrasing in lists.UNSEEN else "combination"
                turns = (Turn("user", prompt),)
                found.append(Question(turns, "lists", novelty, category=category, count=3))
    for category in lists.JAPANESE_CATEGORIES:
        for phrasing in lists.JAPANESE_UNSEEN:
            turns = (Turn("user", phrasing.format(q=category, n="三")),)
            found.append(
                Question(turns, "lists in Japanese", "phrasing", category=category, count=3)
            )
    return found


def roles(rng: random.Random, each: int = 4) -> list[Question]:
    """System prompts in new words, and questions whose answer must sound like the role."""
    found: list[Question] = []
    for persona in personas.PERSONAS:
        phrasings = personas.JAPANESE_UNSEEN if persona.japanese else personas.UNSEEN
        relations = japanese.RELATIONS if persona.japanese else world.RELATIONS[:6]
        for number in range(each):
            system = personas.as_prompt(phrasings[number % len(phrasings)], persona)
            prompt = rng.choice(relations).ask(rng).prompt
            turns = (Turn("system", system), Turn("user", prompt))
            found.append(Question(turns, "personas", "phrasing", persona.marks))
    return found


def remembering(rng: random.Random, count: int = 60) -> list[Question]:
    """A name told in turn one and asked for in turn three, or a colour, a pet, a city."""
    found: list[Question] = []
    for _ in range(count):
        kind = rng.choice(memories.MEMORIES)
        told, asked = kind.draw(rng)
        relations = japanese.RELATIONS if kind.japanese else world.RELATIONS
        between = rng.choice(relations).ask(rng)
        value = _only_difference(told.prompt, kind.told)
        turns = (*told.turns(), *between.turns(), Turn("user", asked.prompt))
        found.append(Question(turns, "memory", "combination", (value,)))
    return found


def comprehension(rng: random.Random, count: int = 48) -> list[Question]:
    """Texts that were never read, and questions about them."""
    found: list[Question] = []
    for _ in range(count):
        exchange, key = reading.keyed(rng, hidden=True)
        turns = (Turn("user", exchange.prompt),)
        found.append(Question(turns, exchange.topic, "combination", (key,)))
    return found


def _only_difference(prompt: str, phrasings: Sequence[str]) -> str:
    """What stands for `{v}` in a prompt that one of the phrasings made."""
    for phrasing in sorted(phrasings, key=len, reverse=True):
        start, end = phrasing.split("{v}")
        if prompt.startswith(start) and prompt.endswith(end):
            return prompt[len(start) : len(prompt) - len(end)]
    raise ValueError(prompt)


_HELLO = ("hello", "hi", "welcome")
# What people say to begin or end a talk, in words that the text does not have, and what fits.
GREETINGS = (
    ("Hello, dear model!", _HELLO), ("Hi, it's me again!", _HELLO), ("Hello hello!", _HELLO),
    ("Well, hello there", _HELLO),
    ("Good morning, Demo!", ("good morning",)),
    ("A very good morning to you.", ("good morning",)),
    ("Good evening, friend.", ("good evening",)),
    ("Hey, how are you today?", ("fine", "well", "great", *_HELLO)),
    ("Hi, how do you do?", ("fine", "well", "great", *_HELLO)),
    ("Good night, see you tomorrow.", ("good night", "sleep well", "bye", "see you")),
    ("Thanks a million!", ("welcome", "pleasure", "no problem", "glad")),
    ("Bye, see you tomorrow!", ("bye", "goodbye", "see you")),
    ("こんにちは、デモさん。", ("こんにちは",)), ("やあ、こんにちは！", ("こんにちは",)),
    ("おはよう、元気？", ("おはよう", "元気")), ("こんばんは、また来ました。", ("こんばんは",)),
    ("今日もありがとう。", ("どういたしまして", "いえいえ")),
    ("じゃあ、さようなら。", ("さようなら", "またね")), ("もう寝るね、おやすみ。", ("おやすみ",)),
)  # fmt: skip


def greeting() -> list[Question]:
    """Greetings, thanks and goodbyes that were never read."""
    return [
        Question((Turn("user", said),), "greetings", "phrasing", fitting)
        for said, fitting in GREETINGS
    ]


def questions(seed: int = SEED) -> list[Question]:
    """The whole exam, the same for the same seed."""
    rng = random.Random(seed)
    drawn = [*knowledge(rng), *listing(), *roles(rng), *remembering(rng), *comprehension(rng)]
    return [*drawn, *greeting()]
