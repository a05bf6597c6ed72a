"""English stories: one hero, one friend, one thing and one place, kept from first line to last."""

import random
from dataclasses import dataclass

from tools.train_demo.corpus.dialogue import Exchange
from tools.train_demo.corpus.relations import held_out

NAMES = {
    "she": ("Lily", "Mia", "Anna", "Rosa", "Emma", "Nina", "Clara", "Ruby", "Hana", "Zoe"),
    "he": ("Tom", "Ben", "Max", "Leo", "Sam", "Finn", "Hugo", "Oscar", "Ken", "Jack"),
}
KINDS = (
    "fox", "rabbit", "bear", "cat", "dog", "mouse", "owl", "frog", "turtle", "squirrel", "duck",
    "hedgehog", "dragon", "robot", "lion", "elephant", "penguin", "monkey",
)  # fmt: skip
PEOPLE = {"she": ("girl", "princess", "queen"), "he": ("boy", "prince", "king")}
WORKERS = ("baker", "sailor", "painter", "wizard", "farmer", "pirate", "knight", "teacher")
TRAITS = ("little", "brave", "curious", "kind", "shy", "clever", "young", "gentle", "sleepy")
THINGS = (
    "ball", "book", "hat", "key", "kite", "lamp", "boat", "drum", "map", "bell", "cake", "scarf",
    "box", "flute", "clock", "coin",
)  # fmt: skip
LOOKS = (
    "red", "blue", "green", "golden", "silver", "small", "old", "shiny", "yellow", "magic",
    "round", "beautiful",
)  # fmt: skip
PLACES = (
    "forest", "village", "garden", "valley", "town", "castle", "meadow", "harbour", "desert",
    "city by the sea",
)  # fmt: skip
SPOTS = (
    "under a tall tree", "behind a big rock", "near the river", "beside the old bridge",
    "under a bush", "at the top of the hill", "in a deep hole", "next to the well",
    "behind the door", "in the long grass",
)  # fmt: skip
WEATHERS = ("sunny", "windy", "rainy", "cold", "warm", "snowy", "quiet", "foggy")
LESSONS = (
    "From that day on, {hero} always shared with {friend}.",
    "{hero} learned that it is good to ask for help.",
    "{hero} and {friend} stayed friends forever.",
    "And {hero} never felt alone again.",
    "{hero} slept very well that night.",
    "That was the best day of the whole year.",
    "{hero} smiled all the way home.",
    "And they lived happily ever after.",
)


@dataclass(frozen=True)
class Cast:
    """Who and what a story is about."""

    hero: str
    kind: str
    pronoun: str
    friend: str
    friend_kind: str
    thing: str
    look: str
    place: str
    spot: str
    trait: str
    weather: str

    def fill(self, line: str) -> str:
        """The line with everybody's names in it."""
        own = {"she": ("her", "her"), "he": ("him", "his")}[self.pronoun]
        words = self.__dict__ | {
            "He": self.pronoun.capitalize(), "he": self.pronoun, "him": own[0], "his": own[1],
            "a_kind": article(self.kind), "a_friend": article(self.friend_kind),
            "a_trait": article(self.trait), "a_look": article(self.look),
        }  # fmt: skip
        return line.format(**words)


def article(word: str) -> str:
    """The word with "a" or "an" before it."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def cast(rng: random.Random, **fixed: str) -> Cast:
    """A cast drawn at random, but for what is fixed."""
    pronoun = fixed.get("pronoun") or rng.choice(("she", "he"))
    kinds = (*KINDS, *KINDS, *PEOPLE[pronoun], *WORKERS)
    hero = rng.choice(NAMES[pronoun])
    friend = rng.choice([name for names in NAMES.values() for name in names if name != hero])
    chosen = {
        "hero": hero, "kind": rng.choice(kinds), "pronoun": pronoun, "friend": friend,
        "friend_kind": rng.choice(KINDS), "thing": rng.choice(THINGS), "look": rng.choice(LOOKS),
        "place": rng.choice(PLACES), "spot": rng.choice(SPOTS), "trait": rng.choice(TRAITS),
        "weather": rng.choice(WEATHERS),
    }  # fmt: skip
    return Cast(**(chosen | fixed))


OPENINGS = (
    "Once upon a time there was {a_trait} {kind} named {hero}.",
    "Once upon a time, {a_trait} {kind} named {hero} lived in a {place}.",
    "There once was {a_kind} called {hero} who lived in a {place}.",
    "Once upon a time, in a quiet {place}, there lived {a_kind} named {hero}.",
    "Long ago, in a far away {place}, lived {a_trait} {kind} named {hero}.",
    "{hero} was {a_trait} {kind} who lived in a {place}.",
)
PLOTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "lost": (
        ("{hero} had {a_look} {thing} and loved it very much.",
         "The best thing that {hero} had was {a_look} {thing}.",
         "Every day {hero} played with {a_look} {thing}."),
        ("One {weather} morning, the {thing} was gone.",
         "One {weather} day, {hero} could not find the {thing} anywhere.",
         "But one {weather} day the {look} {thing} disappeared."),
        ("{hero} looked everywhere and began to cry.", "{hero} was very sad.",
         '"Where is my {thing}?" asked {hero}.',
         "{He} looked under the bed, but it was not there."),
        ("Then {friend}, {a_friend}, came by and offered to help.",
         'A {friend_kind} named {friend} said, "I will help you find it."',
         "{hero} went to ask a friend, a {friend_kind} named {friend}."),
        ("Together they walked through the {place} and found the {thing} {spot}.",
         "{friend} looked {spot}, and there was the {look} {thing}!",
         "They searched all day, and at last they found the {thing} {spot}."),
        ('"Thank you, {friend}!" said {hero}.', "{hero} hugged {friend} and laughed.",
         "{hero} was so happy that {he} danced."),
    ),
    "found": (
        ("One {weather} day, {hero} went for a walk in the {place}.",
         "One {weather} morning, {hero} wanted to see something new."),
        ("{spot_cap}, {he} found {a_look} {thing}.",
         "Suddenly {he} saw {a_look} {thing} {spot}."),
        ('"Whose {thing} is this?" asked {hero}.', '"What a strange {thing}!" said {hero}.',
         "{hero} picked up the {thing} and looked at it for a long time."),
        ("{He} met {a_friend} named {friend} who was crying.",
         "Soon {a_friend} called {friend} came along, looking very worried."),
        ('"I have lost my {thing}," said {friend}.', '"That {thing} is mine!" said {friend}.'),
        ("{hero} gave the {look} {thing} back to {friend}.",
         '"Here it is," said {hero}, and gave {friend} the {thing}.'),
        ("{friend} was so happy that they played together until the evening.",
         '"You are very kind," said {friend}, and they had tea together.'),
    ),
    "storm": (
        ("One {weather} evening, dark clouds came over the {place}.",
         "One night a great storm came to the {place}."),
        ("{hero} was afraid and held {his} {look} {thing} tightly.",
         "{hero} sat at home with {his} {look} {thing} and listened to the wind."),
        ("Then there was a knock at the door.", "Suddenly somebody knocked at the door."),
        ("It was {friend}, {a_friend}, wet and cold.",
         "Outside stood {a_friend} named {friend}, who had lost the way home."),
        ('"Come in and get warm," said {hero}.', "{hero} opened the door and made some hot soup."),
        ("They looked at the {thing} together and told each other stories all night.",
         "{hero} showed {friend} the {look} {thing}, and soon both were laughing."),
        ("In the morning the sun was shining again.", "When they woke up, the storm was over."),
    ),
    "learn": (
        ("{hero} wanted to learn how to {skill}.", "More than anything, {hero} wished to {skill}."),
        ("Every day {he} tried, and every day it went wrong.",
         "But it was very hard, and {he} fell down again and again."),
        ('"I will never learn to {skill}," said {hero}.', "{hero} almost gave up."),
        ("One {weather} day, {a_friend} named {friend} was watching.",
         "Then {he} met {friend}, {a_friend} who could {skill} very well."),
        ('"Try it slowly," said {friend}.', '"I will teach you," said {friend}.',
         "{friend} gave {him} {a_look} {thing} for good luck."),
        ("{hero} tried once more, and this time it worked!",
         "After many days, {hero} could {skill} as well as {friend}."),
        ("Everybody in the {place} clapped.", "{hero} jumped for joy."),
    ),
    "gift": (
        ("{hero} had a good friend, a {friend_kind} named {friend}.",
         "{hero}'s best friend was {friend}, {a_friend}."),
        ("Tomorrow was {friend}'s birthday, but {hero} had no present.",
         "It was {friend}'s birthday, and {hero} wanted to give {friend} a present."),
        ("{hero} walked to the market and saw {a_look} {thing}.",
         "In a shop window {he} saw {a_look} {thing}."),
        ("It cost too much, so {hero} helped the shopkeeper all day.",
         "{He} worked in the {place} all day to pay for it."),
        ("In the evening {he} gave the {thing} to {friend}.",
         '"Happy birthday!" said {hero}, and gave {friend} the {look} {thing}.'),
        ('"It is the best {thing} in the world," said {friend}.',
         "{friend} loved the {thing} and hugged {hero}."),
    ),
}  # fmt: skip
PLOTS_WITH_THING = ("lost", "found", "storm", "gift")
SKILLS = ("swim", "sing", "dance", "paint", "cook", "read", "climb trees", "ride a bicycle")
ENDINGS = ("The end.", "", "", "And that is the end of the story.")

REQUESTS = (
    "Tell me a story.", "Tell me a short story.", "Write a story.", "Write a short story.",
    "Once upon a time", "Can you tell me a story?", "I want to hear a story.", "A story, please.",
    "Tell me a bedtime story.", "Once upon a time,", "Please tell me a story.", "Story!",
    "Write me a story.", "Make up a story.", "Tell me another story.", "Tell me a fairy tale.",
    "Write a story for children.", "Tell a story", "Start a story.",
)  # fmt: skip
KIND_REQUESTS = (
    "Tell me a story about {a_kind}.", "Write a story about {a_kind}.", "A story about {a_kind}",
    "Tell me a short story about {a_kind}.", "Can you tell me a story about {a_kind}?",
    "Write a short story about {a_kind}.", "Once upon a time there was {a_kind}",
    "I want a story about {a_kind}.", "Tell me about {a_kind} named {hero}.",
    "Once upon a time, there was {a_kind} named {hero}",
    "Tell me a story about {a_trait} {kind}.", "Write a story about {a_kind} named {hero}.",
    "Story about {a_kind}", "Tell me a story about {a_kind} called {hero}.",
)  # fmt: skip
THING_REQUESTS = (
    "Tell me a story about {a_kind} and {a_look} {thing}.", "Write a story about {a_look} {thing}.",
    "Tell me a story about {a_thing}.", "Write a story about {a_kind} and {a_thing}.",
)  # fmt: skip
PAIR_REQUESTS = (
    "Tell me a story about {a_kind} and {a_friend}.",
    "Write a story about {a_kind} and {a_friend}.",
    "Tell me a story about {hero} and {friend}.", "A story about {a_kind} and {a_friend}, please.",
)  # fmt: skip


def tell(rng: random.Random, who: Cast, plots: tuple[str, ...] = tuple(PLOTS)) -> str:
    """A whole story about the cast, along one of the plots."""
    return tell_plot(rng, who, rng.choice(plots), rng.choice(SKILLS))


def tell_plot(rng: random.Random, who: Cast, plot: str, skill: str) -> str:
    """A whole story along this plot; `skill` is what is learnt where something is."""
    lines = [rng.choice(OPENINGS), *(rng.choice(beat) for beat in PLOTS[plot])]
    if len(lines) > 7 and rng.random() < 0.5:
        del lines[rng.choice((3, len(lines) - 1))]
    lines += [rng.choice(LESSONS), rng.choice(ENDINGS)]
    spot_cap = who.spot[0].upper() + who.spot[1:]
    filled = [
        who.fill(line.replace("{skill}", skill).replace("{spot_cap}", spot_cap)) for line in lines
    ]
    return " ".join(line for line in filled if line)


def story(rng: random.Random, hidden: bool = False) -> Exchange:
    """A request for a story and the story."""
    while True:
        who = cast(rng)
        kinds = (REQUESTS, KIND_REQUESTS, KIND_REQUESTS, THING_REQUESTS, PAIR_REQUESTS)
        phrasings = rng.choice(kinds)
        request = rng.choice(phrasings).replace("{a_thing}", article(who.thing))
        request = who.fill(request)
        if held_out(request) == hidden:
            plots = PLOTS_WITH_THING if phrasings is THING_REQUESTS else tuple(PLOTS)
            return Exchange(request, tell(rng, who, plots), "story")
