"""Things that a user says of themselves and asks for later."""

import random
from dataclasses import dataclass

from tools.train_demo.corpus.dialogue import Exchange

NAMES = (
    "Anna", "Tom", "Lily", "Ben", "Mia", "Max", "Zoe", "Leo", "Emma", "Sam", "Nina", "Hugo",
    "Clara", "Oscar", "Ruby", "Finn", "Rosa", "Ken", "Hana", "Jack", "Bob", "Alice", "Peter",
    "Maria", "John", "Laura", "Paul", "Sarah", "David", "Julia", "Mark", "Kate", "Alex", "Eva",
    "Nick", "Sophie", "Daniel", "Yuki", "Taro", "Akira", "Chen", "Wei", "Ravi", "Priya", "Omar",
    "Fatima", "Ivan", "Olga", "Pierre", "Marie", "Hans", "Greta", "Luca", "Giulia", "Carlos",
    "Sofia", "Pedro", "Ines", "Erik", "Freya", "Aiko", "Kenji", "Naomi", "Victor", "Diana", "Felix",
    "Martha", "Henry", "Grace",
)  # fmt: skip
JAPANESE_NAMES = (
    "太郎", "花子", "健", "由美", "さくら", "田中", "鈴木", "佐藤", "山田", "中村", "小林", "ミカ",
    "ケン", "ユキ", "ハル", "アキラ", "リサ", "マリア", "トム", "アンナ",
)  # fmt: skip
_SYLLABLES = (
    "ba", "be", "bo", "da", "de", "do", "fi", "ka", "ki", "la", "li", "lo", "ma", "mi", "mo", "na",
    "ni", "no", "ra", "ri", "ro", "sa", "ta", "to", "va", "vi", "za", "zu",
)  # fmt: skip
COLOURS = (
    "red", "blue", "green", "yellow", "orange", "purple", "white", "black", "pink", "brown", "grey",
)  # fmt: skip
PETS = (
    "dog", "cat", "rabbit", "horse", "mouse", "parrot", "turtle", "fish", "duck",
)  # fmt: skip
CITIES = (
    "Paris", "Tokyo", "London", "Rome", "Berlin", "Madrid", "Cairo", "Moscow", "Oslo", "Lima",
    "Seoul", "Vienna", "Osaka",
)  # fmt: skip
JAPANESE_COLOURS = (
    "赤", "青", "緑", "黄色", "白", "黒", "紫", "ピンク",
)  # fmt: skip


@dataclass(frozen=True)
class Memory:
    """A fact (`{v}`) that can be told and asked for."""

    what: str
    values: tuple[str, ...]
    told: tuple[str, ...]
    noted: tuple[str, ...]
    asked: tuple[str, ...]
    recalled: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def japanese(self) -> bool:
        """Whether it is told in Japanese."""
        return not self.told[0].isascii()

    def value(self, rng: random.Random) -> str:
        """A value; names are often ones that nobody has."""
        if self.what == "name" and rng.random() < 0.35:
            return "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 2, 3)))).title()
        return rng.choice(self.values)

    def draw(self, rng: random.Random) -> tuple[Exchange, Exchange]:
        """The telling and the asking."""
        value = self.value(rng)

        def exchange(prompts: tuple[str, ...], answers: tuple[str, ...]) -> Exchange:
            prompt, answer = rng.choice(prompts).format(v=value), rng.choice(answers)
            return Exchange(prompt, answer.format(v=value), f"memory {self.what}")

        return exchange(self.told, self.noted), exchange(self.asked, self.recalled)


MEMORIES = (
    *[Memory(
        "name", NAMES,
        ("My name is {v}.", "I am {v}.", "I'm {v}.", "Hello, my name is {v}.", "Call me {v}.",
         "Hi, I am {v}.", "Hi! My name is {v}."),
        ("Nice to meet you, {v}!", "Hello, {v}! How can I help you?",
         "Hi {v}! It is good to meet you.",
         "Welcome, {v}!"),
        ("What is my name?", "What's my name?", "Do you remember my name?", "Who am I?",
         "Do you know my name?", "Tell me my name."),
        ("Your name is {v}.", "You are {v}.", "Your name is {v}, of course!"),
        ("Can you tell me what my name is?", "Please say my name."),
    )] * 3,
    Memory(
        "colour", COLOURS,
        ("My favourite colour is {v}.", "My favorite color is {v}.", "I like {v} best."),
        ("{v} is a beautiful colour!", "I like {v} too.", "Good to know: {v}."),
        ("What is my favourite colour?", "Which colour do I like?", "What's my favorite color?"),
        ("Your favourite colour is {v}.", "You like {v}."),
        ("Can you tell me my favourite colour?",),
    ),
    Memory(
        "pet", PETS,
        ("I have a {v}.", "I live with a {v}.", "My pet is a {v}."),
        ("A {v}! How lovely.", "I like every {v}.", "How nice! A {v} is a good friend."),
        ("What pet do I have?", "Which animal do I have?", "What is my pet?"),
        ("You have a {v}.", "Your pet is a {v}."),
        ("Do you remember which pet I have?",),
    ),
    Memory(
        "city", CITIES,
        ("I live in {v}.", "I am from {v}.", "I come from {v}."),
        ("{v} must be a nice place.", "Oh, {v}! I would like to see it.", "Greetings to {v}!"),
        ("Where do I live?", "Where am I from?", "Which city do I live in?"),
        ("You live in {v}.", "In {v}."),
        ("Do you remember where I live?",),
    ),
    *[Memory(
        "名前", JAPANESE_NAMES,
        ("私の名前は{v}です。", "{v}です。よろしく。", "私は{v}です。", "{v}といいます。",
         "こんにちは、{v}です。"),
        ("はじめまして、{v}さん。", "こんにちは、{v}さん。よろしくお願いします。",
         "{v}さん、よろしく。"),
        ("私の名前は何ですか。", "私の名前は？", "私の名前を覚えていますか。", "私は誰ですか。"),
        ("あなたの名前は{v}さんです。", "{v}さんです。", "はい、{v}さんですね。"),
        ("私の名前を言ってください。",),
    )] * 2,
    Memory(
        "好きな色", JAPANESE_COLOURS,
        ("好きな色は{v}です。", "私は{v}が好きです。"),
        ("{v}はきれいな色ですね。", "{v}、いいですね。"),
        ("私の好きな色は何ですか。", "私の好きな色は？"),
        ("あなたの好きな色は{v}です。", "{v}です。"),
        ("私が好きな色を教えて。",),
    ),
)  # fmt: skip
