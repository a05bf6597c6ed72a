"""Questions about a text that is given with them: a story, or who is taller than whom."""

import random

from tools.train_demo.corpus import stories
from tools.train_demo.corpus.dialogue import Exchange
from tools.train_demo.corpus.relations import held_out

SUMMARIES = {
    "lost": "{hero} the {kind} lost a {thing}, and {friend} helped to find it.",
    "found": "{hero} the {kind} found a {thing} and gave it back to {friend}.",
    "storm": "{hero} the {kind} let {friend} in on a stormy night.",
    "learn": "{hero} the {kind} learned to {skill} with the help of {friend}.",
    "gift": "{hero} the {kind} gave {friend} a {thing} for a birthday.",
}
SUMMARISE = (
    "Summarise this story: {text}", "Summarize: {text}",
    "Sum up this story in one sentence: {text}",
    "Summarise in one sentence: {text}", "{text}\n\nSummarise this story.", "Summary of: {text}",
    "Give me a summary of this text: {text}", "Please summarise: {text}", "TL;DR: {text}",
    "What happens in this story? {text}", "{text}\n\nGive a one-sentence summary.",
)  # fmt: skip
# What is asked, what is answered, and the word that makes the answer right.
ASKED = (
    ("Who is the story about?", "It is about {hero}, {a_kind}.", "{hero}"),
    ("What is the name of the {kind}?", "The {kind} is called {hero}.", "{hero}"),
    ("Who is the friend in the story?", "The friend is {friend}, {a_friend}.", "{friend}"),
    ("What kind of animal is {friend}?", "{friend} is {a_friend}.", "{friend_kind}"),
)
PLACED = ("{text}\n\n{q}", "{q} {text}", "Read this: {text} {q}", "Text: {text}\nQuestion: {q}")
COMPARED = (
    ("taller", "tallest"), ("older", "oldest"), ("faster", "fastest"), ("stronger", "strongest"),
    ("younger", "youngest"), ("richer", "richest"),
)  # fmt: skip


def about_story(rng: random.Random) -> tuple[Exchange, str]:
    """A story with a request for its summary or a question, and what the answer must have."""
    who, plot, skill = (
        stories.cast(rng),
        rng.choice(list(stories.PLOTS)),
        rng.choice(stories.SKILLS),
    )
    text = stories.tell_plot(rng, who, plot, skill)
    if rng.random() < 0.6:
        answer = who.fill(SUMMARIES[plot].replace("{skill}", skill))
        return Exchange(rng.choice(SUMMARISE).format(text=text), answer, "summaries"), answer
    question, answer, key = (who.fill(part) for part in rng.choice(ASKED))
    prompt = rng.choice(PLACED).format(text=text, q=question)
    return Exchange(prompt, answer, "reading"), key


def comparison(rng: random.Random) -> tuple[Exchange, str]:
    """Three names in order, told in any order, and who stands at an end of it."""
    names = rng.sample([name for group in stories.NAMES.values() for name in group], 3)
    comparative, superlative = rng.choice(COMPARED)
    told = [f"{names[i]} is {comparative} than {names[i + 1]}." for i in (0, 1)]
    rng.shuffle(told)
    question = rng.choice(("Who is the {s}?", "Who is {s}?", "Which one is the {s}?"))
    answer = rng.choice(("{n} is the {s}.", "{n}.", "The {s} is {n}."))
    prompt = f"{' '.join(told)} {question.format(s=superlative)}"
    return Exchange(prompt, answer.format(n=names[0], s=superlative), "comparisons"), names[0]


def keyed(rng: random.Random, hidden: bool = False) -> tuple[Exchange, str]:
    """An exchange of either kind, and the words that make its answer right."""
    while True:
        exchange, key = (about_story if rng.random() < 0.5 else comparison)(rng)
        if held_out(exchange.prompt) == hidden:
            return exchange, key


def read(rng: random.Random, hidden: bool = False) -> Exchange:
    """An exchange of either kind."""
    return keyed(rng, hidden)[0]
