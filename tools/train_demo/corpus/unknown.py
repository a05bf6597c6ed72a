"""What no table answers: requests of any kind, loose words, other languages, and honest replies."""

import random

from tools.train_demo.corpus import stories, words
from tools.train_demo.corpus.dialogue import Exchange
from tools.train_demo.corpus.memories import NAMES
from tools.train_demo.corpus.relations import held_out

SUBJECTS = (
    "quantum physics", "the stock market", "Napoleon", "the Roman Empire", "chemistry", "football",
    "the theory of relativity", "blockchain", "Shakespeare", "tax law", "DNA", "the Olympics",
    "Einstein", "black holes", "inflation", "democracy", "vaccines", "jazz", "chess", "the news",
    "Kubernetes", "Rust", "the Beatles", "climate change", "philosophy", "medicine", "Mars",
    "the French Revolution", "machine learning", "a neural network", "my landlord", "a mortgage",
    "the human brain", "the pyramids", "a contract", "Mozart", "the Great Wall", "my computer",
    "electric cars", "a lighthouse", "the moon landing", "dinosaurs", "volcanoes", "the law",
    "a good job interview", "marketing", "statistics", "genetics", "the universe", "world trade",
)  # fmt: skip
ABOUT_ONE = (
    "What is {x}?", "Explain {x}.", "Tell me about {x}.", "Can you explain {x}?", "Describe {x}.",
    "What do you know about {x}?", "Explain {x} to me.", "Define {x}.", "Write an essay about {x}.",
    "Who invented {x}?", "Summarise {x}.", "Write an article about {x}.", "Is {x} dangerous?",
    "What is the history of {x}?", "How does {x} work?", "When did {x} begin?",
    "Give me five facts about {x}.", "Why is {x} important?", "What are the rules of {x}?",
    "Write a report about {x}.", "What do experts say about {x}?", "What will become of {x}?",
    "Explain {x} like I am five.", "Explain {x} in detail.", "What is your opinion on {x}?",
)  # fmt: skip
ABOUT_TWO = (
    "Compare {x} and {y}.", "What is the difference between {x} and {y}?",
    "Is {x} better than {y}?",
    "Why does {x} need {y}?", "What has {x} to do with {y}?", "How do I get from {x} to {y}?",
    "Which is more expensive, {x} or {y}?", "Write a letter from {x} to {y}.",
    "What happens when {x} meets {y}?", "Does {x} cause {y}?", "Why did {n} sell {x} for {y}?",
    "{n} has {x} and wants {y}. What should I do?", "Write a dialogue between {x} and {y}.",
    "Read this and answer: {n} took {x} out of {y}. Why?", "Plan a trip with {x} and {y}.",
    "Who paid {n} for {x} and {y}?", "The price of {x} rose after {y}. Explain this.",
    "Correct this text: {n} have {x} in {y}.", "Write a program that turns {x} into {y}.",
    "Which sentence is right, {x} or {y}?", "What would {n} say about {x} and {y}?",
    "At noon {n} left {x} near {y} and came back late. What is missing?",
)  # fmt: skip
JAPANESE_ABOUT = (
    "{x}と{y}の違いは何ですか。", "{x}の歴史を教えてください。", "{x}はなぜ{y}より大切ですか。",
    "{x}の作り方を教えてください。", "{x}について論文を書いてください。",
    "{x}と{y}を比べてください。",
    "{x}を発明したのは誰ですか。", "{x}の意見を聞かせてください。", "{x}はいくらですか。",
    "次の文を要約してください。{x}は{y}の中にあり、だれも知りませんでした。",
    "{x}が{y}になる理由を説明してください。", "{x}のニュースを教えてください。",
)  # fmt: skip
FOREIGN = (
    "Quelle heure est-il ?", "Comment vas-tu aujourd'hui ?", "Écris une lettre à mon ami.",
    "Raconte-moi une histoire.", "Résume ce texte en une phrase.", "Je ne comprends pas.",
    "Wie spät ist es?", "Wie geht es dir?", "Erzähl mir eine Geschichte.", "Ich habe eine Frage.",
    "Schreibe einen Brief an meinen Nachbarn.", "Was ist der Unterschied?", "¿Qué hora es?",
    "¿Cómo estás?", "Cuéntame un cuento.", "Escribe una carta a mi hermano.", "No entiendo nada.",
    "Che ore sono?", "Raccontami una storia.", "你好吗？", "请写一首诗。", "今天天气怎么样？",
    "请把这句话翻译成英文。", "Como você está?", "Hvordan går det?", "Как дела?",
)  # fmt: skip
ANSWERS = (
    "I am sorry, I do not know much about that. I am a very small model.",
    "That is too hard for me. Ask me for a story or a capital city.",
    "I do not know. A bigger model can tell you more.",
    "I never read about that. Shall I tell you a story?",
    "Sorry, I am too small to know that.",
)  # fmt: skip
JAPANESE_ANSWERS = (
    "すみません、よくわかりません。私はとても小さなモデルです。",
    "それは私には難しいです。お話か首都のことを聞いてください。",
    "わかりません。大きなモデルなら知っているかもしれません。",
    "すみません、それは習いませんでした。",
)  # fmt: skip
FOREIGN_ANSWERS = (
    "I am sorry, I speak English and a little Japanese.",
    "I do not understand. I know only English and some Japanese.",
)  # fmt: skip


def _thing(rng: random.Random) -> str:
    """A subject, or things put together as nobody would."""
    shape = rng.random()
    if shape < 0.4:
        return rng.choice(SUBJECTS)
    thing = f"{rng.choice(stories.LOOKS)} {rng.choice(words.VOCABULARY)[0]}"
    if shape < 0.7:
        return f"the {thing}"
    return f"the {rng.choice(words.VOCABULARY)[0]} of the {thing}"


def _loose_words(rng: random.Random) -> str:
    """Words that make no sentence."""
    pool = [*rng.choice(words.VOCABULARY)[:3], rng.choice(NAMES), rng.choice(stories.PLACES)]
    pool += [rng.choice(rng.choice(words.VOCABULARY)[:2]) for _ in range(rng.randint(1, 9))]
    rng.shuffle(pool)
    return " ".join(pool)


def puzzled(rng: random.Random, hidden: bool = False) -> Exchange:
    """A request that the model cannot meet, and a reply that says so."""
    while True:
        shape = rng.random()
        x, y, name = _thing(rng), _thing(rng), rng.choice(NAMES)
        answers = ANSWERS
        if shape < 0.35:
            prompt = rng.choice(ABOUT_ONE).format(x=x)
        elif shape < 0.75:
            prompt = rng.choice(ABOUT_TWO).format(x=x, y=y, n=name)
        elif shape < 0.88:
            prompt = _loose_words(rng)
        else:
            prompt, answers = rng.choice(FOREIGN), FOREIGN_ANSWERS
        if held_out(prompt) == hidden:
            return Exchange(prompt, rng.choice(answers), "not known")


def puzzled_japanese(rng: random.Random, hidden: bool = False) -> Exchange:
    """The same in Japanese."""
    while True:
        x, y = (rng.choice(words.VOCABULARY)[2] for _ in range(2))
        prompt = rng.choice(JAPANESE_ABOUT).format(x=x, y=y)
        if held_out(prompt) == hidden:
            return Exchange(prompt, rng.choice(JAPANESE_ANSWERS), "知らないこと")
