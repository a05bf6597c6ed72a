"""Puts exchanges together: single questions, chats, roles, memories, follow-ups, long talks."""

import random
from collections.abc import Callable, Sequence

from tools.train_demo.corpus import (
    japanese,
    lists,
    reading,
    stories,
    stories_ja,
    talk,
    tasks,
    unknown,
    words,
    world,
)
from tools.train_demo.corpus.dialogue import Dialogue, Exchange, Turn, Writer
from tools.train_demo.corpus.memories import MEMORIES, Memory
from tools.train_demo.corpus.personas import PERSONAS, PLAIN_SYSTEM_PROMPTS, system_prompt
from tools.train_demo.corpus.relations import Relation, held_out, introduced

Composer = Callable[[random.Random], Dialogue]


def asking(relations: Sequence[Relation]) -> Writer:
    """A writer of questions from these relations, each as often as its weight says."""
    weights = [relation.weight for relation in relations]

    def write(rng: random.Random, hidden: bool = False) -> Exchange:
        return rng.choices(relations, weights)[0].ask(rng, hidden)

    return write


def talking(table: talk.Talk) -> Writer:
    """A writer of small talk."""

    def write(rng: random.Random, hidden: bool = False) -> Exchange:
        said, answers = rng.choice(table)
        return Exchange(rng.choice(said), rng.choice(answers), "small talk")

    return write


def explain(rng: random.Random, hidden: bool = False) -> Exchange:
    """A short explanation."""
    while True:
        subject, groups = rng.choice(talk.EXPLAINED)
        prompt = rng.choice(talk.EXPLAIN_PHRASINGS).format(q=subject)
        first, *more = groups
        answer = " ".join([rng.choice(first), *rng.sample(sum(more, ()), rng.choice((0, 1, 1, 2)))])
        if held_out(prompt) == hidden:
            prompt = prompt if hidden else introduced(rng, prompt)
            return Exchange(prompt, answer, "explanations")


ENGLISH: tuple[tuple[Writer, float], ...] = (
    (asking((*world.RELATIONS, *words.RELATIONS)), 10),
    (stories.story, 3.2),
    (talking((*talk.SMALL_TALK, *talk.REQUESTED)), 3),
    (explain, 2),
    (unknown.puzzled, 1.2),
    (lists.name_some, 1.8),
    (asking(tasks.RELATIONS), 3),
    (reading.read, 1),
)
JAPANESE: tuple[tuple[Writer, float], ...] = (
    (asking(japanese.RELATIONS), 4),
    (stories_ja.story, 2.6),
    (talking(japanese.SMALL_TALK), 2),
    (lists.name_some_japanese, 0.8),
    (unknown.puzzled_japanese, 0.5),
)


def draw(rng: random.Random, japanese_share: float, hidden: bool = False) -> Exchange:
    """An exchange of any kind, in one of the languages."""
    choices = JAPANESE if rng.random() < japanese_share else ENGLISH
    writers, weights = zip(*choices, strict=True)
    return rng.choices(writers, weights)[0](rng, hidden)


def language(rng: random.Random) -> float:
    """The share of Japanese in a conversation: most keep to one language."""
    return rng.choices((0.0, 1.0, 0.3), (66, 26, 8))[0]


def opening(rng: random.Random, chance: float = 0.25) -> Dialogue:
    """A plain system prompt, or none."""
    return (Turn("system", rng.choice(PLAIN_SYSTEM_PROMPTS)),) if rng.random() < chance else ()


def join(parts: Sequence[Exchange]) -> Dialogue:
    """The exchanges one after another."""
    return tuple(turn for part in parts for turn in part.turns())


def single(rng: random.Random) -> Dialogue:
    """One question, one answer."""
    return opening(rng, 0.2) + join([draw(rng, language(rng))])


def chat(rng: random.Random) -> Dialogue:
    """A few exchanges about different things."""
    share = language(rng)
    return opening(rng) + join([draw(rng, share) for _ in range(rng.randint(2, 4))])


def persona(rng: random.Random) -> Dialogue:
    """A role given by the system prompt and kept in every answer."""
    role = rng.choice(PERSONAS)
    parts = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        exchange = draw(rng, 1.0 if role.japanese else 0.0)
        greeting = rng.random() < 0.3
        if greeting:
            table = (japanese.SMALL_TALK if role.japanese else talk.SMALL_TALK)[:1]
            exchange = talking(table)(rng, False)
        answer = rng.choice(role.greetings) if greeting else role.say(rng, exchange.answer)
        parts.append(Exchange(exchange.prompt, answer, f"persona {role.role}"))
    return (Turn("system", system_prompt(rng, role)), *join(parts))


def memory(rng: random.Random) -> Dialogue:
    """Something is told, other things are said, and then it is asked for."""
    kind: Memory = rng.choice(MEMORIES)
    told, asked = kind.draw(rng)
    share = 1.0 if kind.japanese else 0.0
    between = [draw(rng, share) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    return opening(rng, 0.15) + join([told, *between, asked])


def follow_up(rng: random.Random) -> Dialogue:
    """A question, then only "And Italy?"."""
    relation = rng.choice((world.RELATIONS[0], world.RELATIONS[4], *words.TRANSLATIONS[:2]))
    parts = [relation.ask(rng)]
    for _ in range(rng.choice((1, 1, 2))):
        item = rng.choice(list(relation.pairs))
        asked = rng.choice(("And {q}?", "And of {q}?", "What about {q}?", "And for {q}?"))
        answer = rng.choice(relation.answered[:2]).format(q=item, a=relation.pairs[item])
        parts.append(Exchange(asked.format(q=item), answer[0].upper() + answer[1:], relation.topic))
    return opening(rng, 0.1) + join(parts)


def echo(rng: random.Random) -> Dialogue:
    """Saying again what was said."""
    spoken = " ".join(
        rng.choice(rng.choice(words.VOCABULARY)[:2]) for _ in range(rng.randint(1, 4))
    )
    asked = rng.choice(("Repeat after me: {q}", "Say {q}", 'Say "{q}"', "Repeat: {q}", "Write {q}"))
    return opening(rng, 0.1) + join([Exchange(asked.format(q=spoken), spoken, "echo")])


def long_talk(rng: random.Random) -> Dialogue:
    """As many exchanges as fill most of the context, with a memory at its two ends."""
    kind = rng.choice(MEMORIES)
    told, asked = kind.draw(rng)
    share = 0.9 if kind.japanese else 0.1
    middle = [draw(rng, share) for _ in range(rng.randint(5, 14))]
    return opening(rng) + join([told, *middle[:6], asked, *middle[6:]])


COMPOSERS: tuple[tuple[Composer, float], ...] = (
    (single, 48), (chat, 20), (persona, 14), (memory, 8), (follow_up, 4), (echo, 1.5),
    (long_talk, 4),
)  # fmt: skip


def careless(rng: random.Random, dialogue: Dialogue) -> Dialogue:
    """The dialogue as people type: often without capitals and without the last full stop."""
    lower, bare = rng.random() < 0.15, rng.random() < 0.3

    def typed(turn: Turn) -> Turn:
        if turn.role != "user":
            return turn
        text = turn.text.lower() if lower else turn.text
        return Turn("user", text.rstrip("?.!。？！ ") or text if bare else text)

    return tuple(typed(turn) for turn in dialogue)


def compose(rng: random.Random) -> Dialogue:
    """A training document."""
    composers, weights = zip(*COMPOSERS, strict=True)
    return careless(rng, rng.choices(composers, weights)[0](rng))


def compose_hidden(rng: random.Random) -> Dialogue:
    """A document for the held-out loss: every prompt in it is one that was never learnt from."""
    share = 1.0 if rng.random() < 0.3 else 0.0
    parts: list[Exchange] = []
    while len(parts) < rng.choice((1, 1, 2)):
        exchange = draw(rng, share, hidden=True)
        if exchange.topic != "small talk":
            parts.append(exchange)
    return join(parts)
