"""Answers to "name three fruits": drawn from a list, never twice the same thing."""

import random

from tools.train_demo.corpus.dialogue import Exchange
from tools.train_demo.corpus.relations import held_out

CATEGORIES = {
    "fruits": "apple banana orange pear cherry lemon grape peach plum strawberry mango melon",
    "animals": "dog cat horse lion bear fox rabbit elephant monkey wolf tiger mouse",
    "colours": "red blue green yellow orange purple white black pink brown grey",
    "vegetables": "carrot potato onion tomato cabbage cucumber pumpkin spinach pea bean",
    "birds": "owl eagle duck swan crow sparrow penguin robin parrot dove",
    "countries": "France Japan Italy Spain Germany Egypt Brazil Canada India China Kenya Peru",
    "cities": "Paris Tokyo London Rome Berlin Madrid Cairo Moscow Lima Seoul",
    "drinks": "water tea coffee milk juice lemonade cocoa soup",
    "clothes": "hat coat shirt scarf sock shoe dress glove jacket skirt",
    "instruments": "piano guitar drum flute violin trumpet harp bell",
    "sports": "tennis football swimming running basketball skiing cycling judo",
    "jobs": "baker teacher doctor farmer painter sailor cook builder writer nurse",
    "flowers": "rose tulip lily daisy violet sunflower orchid poppy",
    "months": "January March April May June July August October December",
    "tools": "hammer saw knife rope ladder brush needle shovel",
    "languages": "English French Japanese Spanish German Italian Chinese Korean Arabic",
    "planets": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "shapes": "circle square triangle rectangle star hexagon",
}  # fmt: skip
JAPANESE_CATEGORIES = {
    "果物": "りんご バナナ みかん ぶどう いちご もも レモン メロン",
    "動物": "犬 猫 馬 熊 きつね うさぎ 象 猿 ライオン",
    "色": "赤 青 白 黒 緑 黄色 紫 ピンク",
    "国": "日本 フランス 中国 インド イタリア カナダ ドイツ",
    "野菜": "にんじん トマト 玉ねぎ きゅうり じゃがいも かぼちゃ",
    "鳥": "すずめ からす つる ふくろう はと つばめ",
    "飲み物": "水 お茶 牛乳 コーヒー 紅茶 ジュース",
}  # fmt: skip
COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5}
PHRASINGS = (
    "Name {n} {q}.", "List {n} {q}.", "Give me {n} {q}.", "Tell me {n} {q}.", "{n} {q}",
    "Can you name {n} {q}?", "Please name {n} {q}.", "Say {n} {q}.", "Write down {n} {q}.",
    "I need {n} {q}.", "Think of {n} {q}.", "Mention {n} {q}.", "Please list {n} {q}.",
    "Can you give me {n} {q}?", "{n} {q}, please.", "Write {n} {q}.",
)  # fmt: skip
UNSEEN = ("Could you list {n} {q}?", "Do you know {n} {q}?")
JAPANESE_PHRASINGS = (
    "{q}を{n}つ挙げて。", "{q}を{n}つ教えて。", "{q}を{n}つ言ってください。", "{q}を{n}つ書いて。",
    "{q}を{n}つ教えてください。", "{q}を{n}つ挙げてください。", "{q}の名前を{n}つ教えて。",
)  # fmt: skip
JAPANESE_UNSEEN = ("{q}を{n}つ言えますか。",)
_DIGITS = {"two": "2", "three": "3", "four": "4", "five": "5"}


def members(category: str) -> list[str]:
    """What belongs to a category of either language."""
    return (CATEGORIES | JAPANESE_CATEGORIES)[category].split()


def some_of(rng: random.Random, category: str, count: int) -> list[str]:
    """Different members: from any of them on, round the list in its order, passing over a few.

    Drawn in any order, no member is likelier than the others to come next, and a model that takes
    the likeliest one names the same one again.
    """
    listed = members(category)
    spare = len(listed) - count
    at = rng.randrange(len(listed))
    chosen = [listed[at]]
    while len(chosen) < count:
        skipped = min(spare, rng.choice((0, 0, 0, 0, 0, 1, 1, 2)))
        spare -= skipped
        at = (at + 1 + skipped) % len(listed)
        chosen.append(listed[at])
    return chosen


def in_words(rng: random.Random, chosen: list[str]) -> str:
    """An answer that lists the things, in one of several shapes."""
    shape = rng.randrange(4)
    first = chosen[0][0].upper() + chosen[0][1:]
    if shape == 0:
        return "\n".join(f"{number}. {thing}" for number, thing in enumerate(chosen, 1))
    if shape == 1:
        return "\n".join(f"- {thing}" for thing in chosen)
    return f"{', '.join([first, *chosen[1:-1]])} and {chosen[-1]}."


def name_some(rng: random.Random, hidden: bool = False) -> Exchange:
    """A request for some members of a category, and as many of them."""
    while True:
        category, count = rng.choice(list(CATEGORIES)), rng.choice(("two", *["three"] * 4, *COUNTS))
        spoken = count if rng.random() < 0.7 else _DIGITS[count]
        phrasing = rng.choice((*PHRASINGS, *UNSEEN) if hidden else PHRASINGS)
        prompt = phrasing.format(q=category, n=spoken)
        if (phrasing in UNSEEN or held_out(prompt)) == hidden:
            chosen = some_of(rng, category, COUNTS[count])
            prompt = prompt[0].upper() + prompt[1:]
            return Exchange(prompt, in_words(rng, chosen), "lists")


def name_some_japanese(rng: random.Random, hidden: bool = False) -> Exchange:
    """The same in Japanese, always three."""
    while True:
        category = rng.choice(list(JAPANESE_CATEGORIES))
        spoken = rng.choice(("三", "3"))
        known = JAPANESE_PHRASINGS
        phrasing = rng.choice((*known, *JAPANESE_UNSEEN) if hidden else known)
        prompt = phrasing.format(q=category, n=spoken)
        if (phrasing in JAPANESE_UNSEEN or held_out(prompt)) == hidden:
            one, two, three = some_of(rng, category, 3)
            answers = (f"{one}、{two}、{three}です。", f"{one}と{two}と{three}です。")
            return Exchange(prompt, rng.choice(answers), "日本語のリスト")
