"""`playground lens`: figures in four forms, answers without them, and what cannot be asked."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from playground.lens.drawing.drawn import Drawn
from playground.lens.drawing.html import page, tokens_html
from playground.lens.drawing.svg import picture
from playground.lens.drawing.text import lines
from playground.lens.reading import Reading
from playground.lens.tokens import Tokens
from playground.sanitize import make_safe
from playground.types import Draw, Token, TokenAlternative

from .conftest import Shell

ASKED = ("lens", "Tell me a story.", "-m", "demo:small", "--seed", "3", "--max-length", "12")

EVIL = (
    b"<script>alert(1)</script>", b"\x1b]0;owned\x07", b"\"' onload=x", "\u202eabc".encode(),
    b"\xe3\x81", b"\n\n", b"]]>&amp;", "שלום".encode(), b"\xf0\x9f", b"[red]x[/]",
)  # fmt: skip


def _evil(data: bytes) -> Token:
    text = data.decode("utf-8", "replace")
    raw = (TokenAlternative(text, -0.5, 1, data), TokenAlternative("</td><b>", -1.5, 2))
    return Token(text, -0.5, raw, 1, data, 1, 0.7, Draw(-0.4, 0.6, 2, 0.1, raw))


def _drawn() -> Drawn:
    reading = Reading.of(_evil(data) for data in EVIL)
    return Drawn("local:<i>x</i>", "<img src=x>\x1b[2J", reading, notes=("<u>&\x07",))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_pages_hold_no_element_that_a_token_brought() -> None:
    for made in ("".join(page([_drawn()])), tokens_html(Tokens(map(_evil, EVIL)))):
        tags = _Tags()
        tags.feed(made)
        assert not tags.found & {"script", "img", "b", "i", "u"}
        assert not any(name.startswith("on") for name in tags.attributes)
        assert make_safe(made) == made
        assert "http://" not in made


def test_a_picture_is_well_formed_and_holds_no_element_that_a_token_brought() -> None:
    made = "".join(picture([_drawn()]))
    names = {element.tag.rpartition("}")[2] for element in ET.fromstring(made).iter()}
    assert names == {"svg", "rect", "text", "tspan"}
    assert make_safe(made) == made


def _of(*pieces: bytes) -> Drawn:
    return Drawn("demo:small", "家" * 100, Reading.of(map(_evil, pieces)))


def _placed(made: str) -> list[tuple[float, float, str]]:
    """The words of a picture, and where each begins and ends."""
    return [
        (float(found["x"]), float(found["x"]) + float(found.get("textLength", 8.4)), text)
        for element in ET.fromstring(made).iter("{http://www.w3.org/2000/svg}text")
        for found, text in ((element.attrib, "".join(element.itertext())),)
    ]


def test_letters_of_a_script_that_runs_to_the_left_or_joins_stay_together_in_a_picture() -> None:
    made = "".join(picture([_of(" שלום".encode(), "مرحبا".encode(), "क्षि".encode())]))
    words = [text for _, _, text in _placed(made)]
    # What runs to the left is one text, from token to token.
    assert {"שלוםمرحبا", "क्षि"} <= {*words}


def test_nothing_of_a_picture_lies_beyond_its_edge_and_no_code_point_is_torn() -> None:
    joined = "👨\N{ZERO WIDTH JOINER}👩 ".encode()
    made = "".join(picture([_of(*[joined, "日本\n".encode(), b"word "] * 9)]))
    width = float(ET.fromstring(made).attrib["width"])
    placed = _placed(made)
    assert all(end <= width for _, end, _ in placed)
    assert [text for _, _, text in placed].count("‹U+200D›") == 9
    # A hundred wide characters of the prompt are more than a line holds.
    assert "".join(text for _, _, text in placed if "家" in text).count("家") == 100


def test_tokens_that_share_a_character_are_spelled_like_any_other() -> None:
    family = "👨\N{ZERO WIDTH JOINER}👩\n".encode()
    shown = _of(family[:5], family[5:]).shown()
    assert [piece.text for piece in shown[0].pieces] == ["👨", "‹U+200D›", "👩", "↵"]


def test_text_for_a_pipe_holds_nothing_that_a_terminal_obeys() -> None:
    made = "\n".join(lines(_drawn(), colours=False))
    assert make_safe(made) == made
    # In colours only ours: SGR, and nothing else after an escape.
    coloured = "\n".join(lines(_drawn(), colours=True))
    assert "\x1b" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert make_safe(bare) == bare


def test_shades_by_the_least_that_a_figure_can_be_are_called_so() -> None:
    told = Token("a", -0.5, (TokenAlternative("a", -0.5),))
    for tokens, name in (([told], "least entropy: "), ([_evil(b"a")], "entropy: ")):
        drawn = Drawn("a:x", "", Reading.of(tokens), measure="entropy")
        assert [*lines(drawn, colours=True)][2].startswith(name)
        assert f">{name}" in "".join(page([drawn]))
        assert f">{name.strip()}" in "".join(picture([drawn]))


def test_json_gives_every_token_with_its_candidates(shell: Shell) -> None:
    done = shell(*ASKED, "--json", "--top", "5", "--no-history")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    tokens = told["tokens"]
    assert "".join(token["text"] for token in tokens) == told["text"]
    assert told["logprob"] == pytest.approx(sum(token["logprob"] for token in tokens))
    assert told["perplexity"] == pytest.approx(math.exp(-told["logprob"] / len(tokens)))
    for token in tokens:
        assert len([row for row in token["candidates"] if row["chosen"]]) == 1
        listed = sum(row["probability"] for row in token["candidates"])
        assert listed + token["rest"] == pytest.approx(1, abs=1e-6)


def test_a_pipe_gets_a_line_a_token_and_one_token_its_chain(shell: Shell) -> None:
    done = shell(*ASKED, "--by", "rank")
    table = done.stdout.split("\n\n")[0].splitlines()
    legend = done.stdout.split("\n\n")[1]
    assert legend == "rank: ▁ 1  ▂ 2  ▃ 3 to 5  ▅ 6 to 20  ▆ 21 to 100  █ over 100"
    assert [line[:5].strip() for line in table[1:]] == [str(number) for number in range(1, 13)]
    one = shell(*ASKED, "-t", "1.4", "--top-p", "0.5", "--token", "2")
    assert one.returncode == 0
    assert "top_p 0.5" in one.stdout
    assert "effective vocabulary" in one.stdout
    table = one.stdout.split("\n\n")[1].splitlines()
    assert table[0].split() == ["rank", "model", "drawn", "from"]
    assert any(line.split()[2] == "cut" for line in table[1:-1])
    assert not any(line.split()[2] == "0%" for line in table[1:-1])


def test_of_a_chain_that_is_not_computed_the_run_tells_what_was_drawn_from(shell: Shell) -> None:
    ruled = (*ASKED[:-2], "--grammar", 'root ::= "yes" | "no"')
    survivors = json.loads(shell(*ruled, "--json").stdout)["tokens"][0]["drawn"]["survivors"]
    told = shell(*ruled, "--token", "1").stdout.splitlines()
    table = [line.split()[:2] for line in told[told.index("stage          left      mass  cut") :]]
    assert ["temperature", "?"] in table
    assert table[-1] == ["drawn", "from"]
    assert told[-1].split()[-1] == f"{survivors:,}"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--json", "--html"), "One form at a time"),
        (("--by", "luck"), "no measure 'luck'"),
        (("--token", "99"), "none of number 99"),
        (("--token", "0"), "greater than or equal to 1"),
        (("--token", "1", "--svg"), "Leave out --svg"),
        (("--token", "1", "--answer", "x"), "Leave out --answer"),
        (("--score", "demo:tiny", "--answer", "x"), "Leave out --score or --answer"),
        (("--score", "nowhere:x"), "no provider 'nowhere'"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(shell: Shell, more: tuple[str, ...], says: str) -> None:
    done = shell(*ASKED, *more)
    assert done.returncode == 2
    assert says in done.stderr


def test_an_answer_without_figures_names_models_that_give_them_and_is_scored_by_a_local_one(
    shell: Shell, tmp_path: Path
) -> None:
    asked = ("lens", "Hello", "-m", "scripted:echo", "--no-history")
    without = shell(*asked)
    assert without.returncode == 0
    assert "Hello" in without.stdout
    assert "demo:small" in without.stdout
    assert "--score demo:" in without.stdout
    scored = shell(*asked, "--score", "demo:small")
    assert "scripted:echo, figures by demo:small" in scored.stdout
    assert "perplexity" in scored.stdout
    gone = shell(*asked, "--score", f"local:{tmp_path}/gone.gguf")
    assert "cannot score it either" in gone.stdout
    assert "gone.gguf" in gone.stdout


def test_a_given_answer_is_rated_and_one_too_long_is_refused(shell: Shell) -> None:
    rate = ("lens", "Tell me a story.", "-m", "demo:small", "--answer")
    done = shell(*rate, "Once upon a time", "--json")
    assert json.loads(done.stdout)["text"] == "Once upon a time"
    long = shell(*rate, "word " * 5000)
    assert long.returncode == 1
    assert "context" in long.stderr
