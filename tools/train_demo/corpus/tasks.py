"""Things that people have a model do with a sentence: translate it, judge it, take it apart."""

from tools.train_demo.corpus.memories import CITIES, NAMES
from tools.train_demo.corpus.relations import Relation

# English, French with its article, whether it is feminine, Japanese.
_NOUNS = (
    ("cat", "le chat", False, "猫"), ("dog", "le chien", False, "犬"),
    ("horse", "le cheval", False, "馬"), ("rabbit", "le lapin", False, "うさぎ"),
    ("mouse", "la souris", True, "ねずみ"), ("cow", "la vache", True, "牛"),
    ("turtle", "la tortue", True, "かめ"), ("house", "la maison", True, "家"),
    ("car", "la voiture", True, "車"), ("table", "la table", True, "机"),
    ("book", "le livre", False, "本"), ("boat", "le bateau", False, "船"),
    ("bread", "le pain", False, "パン"), ("flower", "la fleur", True, "花"),
    ("bridge", "le pont", False, "橋"), ("town", "la ville", True, "町"),
)  # fmt: skip
_ADJECTIVES = (
    ("big", "grand", "grande", "大きい"), ("small", "petit", "petite", "小さい"),
    ("black", "noir", "noire", "黒い"), ("white", "blanc", "blanche", "白い"),
    ("old", "vieux", "vieille", "古い"), ("new", "nouveau", "nouvelle", "新しい"),
    ("beautiful", "beau", "belle", "美しい"), ("red", "rouge", "rouge", "赤い"),
    ("blue", "bleu", "bleue", "青い"), ("good", "bon", "bonne", "良い"),
)  # fmt: skip


def _sentences() -> tuple[tuple[str, str, str], ...]:
    """English, French and Japanese sentences that mean the same."""
    found = []
    for english, french, feminine, japanese in _NOUNS:
        subject = french[0].upper() + french[1:]
        for word, masculine_form, feminine_form, read in _ADJECTIVES:
            form = feminine_form if feminine else masculine_form
            found.append(
                (f"The {english} is {word}.", f"{subject} est {form}.", f"{japanese}は{read}です。")
            )
        found.append(
            (f"Where is the {english}?", f"Où est {french} ?", f"{japanese}はどこですか。")
        )
        found.append((f"I see the {english}.", f"Je vois {french}.", f"{japanese}が見えます。"))
    return tuple(found)


SENTENCES = _sentences()
_INTO = (
    "Translate into {x}: {q}", 'Translate "{q}" into {x}.', "Translate to {x}: {q}",
    "Translate this sentence into {x}: {q}", 'How do you say "{q}" in {x}?', "Say this in {x}: {q}",
    "Please translate into {x}: {q}", "Translate the following into {x}: {q}", "In {x}: {q}",
)  # fmt: skip
_UNSEEN_INTO = ("Put this into {x}: {q}", 'What is "{q}" in {x}?')


def _into(language: str, pairs: dict[str, str]) -> Relation:
    """Sentences to be translated into this language."""
    return Relation(
        f"sentences to {language}", pairs,
        tuple(phrasing.replace("{x}", language) for phrasing in _INTO),
        ("{a}", "{a}", f"In {language}: {{a}}", f"In {language} you say: {{a}}"),
        tuple(phrasing.replace("{x}", language) for phrasing in _UNSEEN_INTO), weight=3,
    )  # fmt: skip


_SUBJECTS = (
    "film", "book", "song", "restaurant", "hotel", "game", "soup", "phone", "story", "park",
    "shop", "train",
)  # fmt: skip
_PRAISE = (
    "I love this {s}.", "This {s} is wonderful.", "What a great {s}!", "The {s} was very good.",
    "I enjoyed the {s}.", "The {s} made me happy.", "The best {s} of my life!",
)  # fmt: skip
_BLAME = (
    "I hate this {s}.", "This {s} is terrible.", "What a bad {s}!", "The {s} was very bad.",
    "I did not like the {s}.", "The {s} made me sad.", "The worst {s} of my life!",
)  # fmt: skip
_OPINIONS = {
    line.format(s=subject): verdict
    for lines, verdict in ((_PRAISE, "positive"), (_BLAME, "negative"))
    for line in lines
    for subject in _SUBJECTS
}

_LIVING = {
    template.format(n=name, c=city): f'{{"name": "{name}", "city": "{city}"}}'
    for template in ("{n} lives in {c}.", "{n} is from {c}.", "My name is {n} and I live in {c}.")
    for name in NAMES
    for city in CITIES
}

_OWNERS = ("Anna", "Tom", "Lily", "Ben", "Mia", "Max", "Zoe", "Leo", "Emma", "Sam")
_OWNED = ("apples", "books", "coins", "balls", "hats", "stones", "keys")


def _problems() -> dict[str, str]:
    """Sums in words, and what is left in the end."""
    found = {}
    for first in range(1, 11):
        for second in range(1, 11):
            for turn in range(3):
                number = first * 7 + second * 3 + turn
                owner, owned = _OWNERS[number % 10], _OWNED[(number * 3 + second) % 7]
                held = f"{owner} has {first} {owned}"
                found[f"{held} and gets {second} more."] = str(first + second)
                if second <= first:
                    found[f"{held} and gives away {second}."] = str(first - second)
    return found


RELATIONS = (
    _into("French", {english: french for english, french, _ in SENTENCES}),
    _into("Japanese", {english: japanese for english, _, japanese in SENTENCES}),
    _into(
        "English",
        {other: english for english, *others in SENTENCES for other in others},
    ),
    Relation(
        "sentiment", _OPINIONS,
        ("Is this positive or negative? {q}", "Is this text positive or negative: {q}",
         "What is the sentiment? {q}", "Sentiment: {q}", "Classify the sentiment: {q}",
         "Classify as positive or negative: {q}", "{q} Is that positive or negative?",
         "Positive or negative? {q}", "What is the sentiment of this text? {q}"),
        ("{a}.", "It is {a}.", "The sentiment is {a}."),
        unseen=("Does this sound positive or negative? {q}",), weight=2,
    ),
    Relation(
        "as JSON", _LIVING,
        ("Give the name and the city as JSON: {q}", "Extract name and city as JSON: {q}",
         "Extract the name and the city from this text as JSON: {q}",
         'Turn this into JSON with "name" and "city": {q}', "JSON with name and city: {q}",
         "{q} Answer as JSON with name and city.", "Reply in JSON (name, city): {q}"),
        ("{a}",),
        unseen=("Write the name and the city as JSON: {q}",), weight=3,
    ),
    Relation(
        "word problems", _problems(),
        ("{q} How many are there now?", "{q} How many are there?", "{q} What is the result?",
         "Problem: {q} How many are there now?", "{q} How many are left in the end?"),
        ("{a}.", "The answer is {a}.", "There are {a}."),
        unseen=("{q} How many is that?",), weight=4,
    ),
)  # fmt: skip
