"""Reads a story back by the grammar that wrote the text, to see whether it keeps its cast.

It does where some choice of hero, friend, thing, place … fits every line of it, hero and friend
being two. The text may end anywhere, so that its first tokens can be checked too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from string import Formatter

from tools.train_demo.corpus import stories, stories_ja

Bound = Mapping[str, str]
Piece = tuple[str, str]  # text, and the slot that follows it, or nothing
Values = Callable[[str, Bound], Iterator[tuple[str, Bound]]]

_ENGLISH_NAMES = tuple(name for names in stories.NAMES.values() for name in names)
_PRONOUNS = {name: pronoun for pronoun, names in stories.NAMES.items() for name in names}
_SLOTS: Mapping[str, Sequence[str]] = {
    "hero": _ENGLISH_NAMES,
    "friend": _ENGLISH_NAMES,
    "kind": (*stories.KINDS, *stories.PEOPLE["she"], *stories.PEOPLE["he"], *stories.WORKERS),
    "friend_kind": stories.KINDS,
    "thing": stories.THINGS,
    "look": stories.LOOKS,
    "place": stories.PLACES,
    "spot": stories.SPOTS,
    "trait": stories.TRAITS,
    "weather": stories.WEATHERS,
    "skill": stories.SKILLS,
}
_WITH_ARTICLE = {
    "a_kind": "kind",
    "a_friend": "friend_kind",
    "a_look": "look",
    "a_trait": "trait",
}
_JAPANESE_SLOTS: Mapping[str, Sequence[str]] = {
    "hero": stories_ja.NAMES,
    "friend": stories_ja.NAMES,
    "kind": stories_ja.KINDS,
    "friend_kind": stories_ja.FRIENDS,
    "thing": stories_ja.THINGS,
    "look": stories_ja.LOOKS,
    "place": stories_ja.PLACES,
    "spot": stories_ja.SPOTS,
    "trait": stories_ja.TRAITS,
    "time": stories_ja.TIMES,
}


def keeps_its_cast(story: str) -> bool:
    """Whether an English story, or its beginning, is one that the grammar writes."""
    for beats in stories.PLOTS.values():
        whole = [stories.OPENINGS, *beats]
        shorter = (
            [[*whole[:left_out], *whole[left_out + 1 :]] for left_out in (3, len(whole) - 1)]
            if len(whole) > 7
            else []
        )
        for lines in (whole, *shorter):
            after = [*lines, stories.LESSONS, stories.ENDINGS]
            if _fits(story.strip(), after, " ", _english_values):
                return True
    return False


def keeps_its_cast_in_japanese(story: str) -> bool:
    """The same of a Japanese one."""
    return any(
        _fits(
            story.strip(), [stories_ja.OPENINGS, *beats, stories_ja.ENDINGS], "", _japanese_values
        )
        for beats in stories_ja.PLOTS
    )


def _fits(
    story: str, lines: Sequence[Sequence[str]], between: str, values: Values, at: int = 0
) -> bool:
    """Whether the text is these lines, one of each choice, as far as it goes."""
    branches: list[tuple[int, int, Bound]] = [(0, at, {})]
    while branches:
        line, place, bound = branches.pop()
        if place >= len(story):
            return True
        if line == len(lines):
            continue
        for choice in lines[line]:
            gap = between if line and choice else ""
            if not choice:
                branches.append((line + 1, place, bound))
                continue
            pieces = [(text, slot or "") for text, slot, _, _ in Formatter().parse(gap + choice)]
            for end, found in _read(story, place, pieces, bound, values):
                branches.append((line + 1, end, found))
    return False


def _read(
    story: str, place: int, pieces: Sequence[Piece], bound: Bound, values: Values
) -> Iterator[tuple[int, Bound]]:
    """Where a line ends in the text, and who is who by then; the text may break off in it."""
    if not pieces:
        yield place, bound
        return
    (text, slot), rest = pieces[0], pieces[1:]
    for said, known in _candidates(text, slot, bound, values):
        left = story[place : place + len(said)]
        if left == said:
            yield from _read(story, place + len(said), rest, known, values)
        elif place + len(left) == len(story) and said.startswith(left.rstrip("\ufffd")):
            yield len(story), known


def _candidates(text: str, slot: str, bound: Bound, values: Values) -> Iterator[tuple[str, Bound]]:
    if not slot:
        yield text, bound
        return
    for value, known in values(slot, bound):
        yield text + value, known


def _bind(slot: str, options: Sequence[str], bound: Bound) -> Iterator[tuple[str, Bound]]:
    """The value that a slot has, or all that it may have; hero and friend are two."""
    if slot in bound:
        yield bound[slot], bound
        return
    other = {"hero": "friend", "friend": "hero"}.get(slot, "")
    for value in options:
        if value != bound.get(other):
            yield value, {**bound, slot: value}


def _english_values(slot: str, bound: Bound) -> Iterator[tuple[str, Bound]]:
    if slot in _WITH_ARTICLE:
        plain = _WITH_ARTICLE[slot]
        for value, known in _bind(plain, _SLOTS[plain], bound):
            yield stories.article(value), known
    elif slot == "spot_cap":
        for value, known in _bind("spot", _SLOTS["spot"], bound):
            yield value[0].upper() + value[1:], known
    elif slot in ("he", "He", "him", "his"):
        pronoun = _PRONOUNS[bound["hero"]]
        own = {"she": ("her", "her"), "he": ("him", "his")}[pronoun]
        word = {"he": pronoun, "He": pronoun.capitalize(), "him": own[0], "his": own[1]}[slot]
        yield word, bound
    else:
        yield from _bind(slot, _SLOTS[slot], bound)


def _japanese_values(slot: str, bound: Bound) -> Iterator[tuple[str, Bound]]:
    yield from _bind(slot, _JAPANESE_SLOTS[slot], bound)
