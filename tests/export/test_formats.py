"""What exports hold: everything where it is promised, and nothing that does harm."""

from __future__ import annotations

import csv as standard_csv
import io
import json
from html.parser import HTMLParser

import pytest

from playground.errors import ServerFailed
from playground.export import FORMATS, csv
from playground.history import Filing, History, Rating
from playground.params import knobs
from playground.providers.scripted import ScriptedModel
from tests.export.kept import keep, keep_chat

NASTY = (
    "```\n# I am a heading\n</pre><script>alert(1)</script> & \x1b]0;owned\x07 \u202egnp\n"
    "=1+1\t日本語 🎈 \u0007end"
)


def fenced(text: str) -> list[str]:
    """The contents of a Markdown document's fenced blocks, by the rule of CommonMark."""
    found: list[str] = []
    marks, block = "", []
    for line in text.split("\n"):
        bare = line.strip()
        if not marks and bare.startswith("```"):
            marks, block = bare[: len(bare) - len(bare.lstrip("`"))], []
        elif marks and bare.startswith(marks) and not bare.strip("`"):
            found.append("\n".join(block))
            marks = ""
        elif marks:
            block.append(line)
    assert not marks, "a block that does not end"
    return found


class Page(HTMLParser):
    """The tags of a page, and the text in each element of some kind."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "a tag that is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self._open.append(tag)
        if tag == "pre":
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "pre":
            self.texts[-1] += data


async def test_every_format_has_a_name_an_ending_and_writes_an_empty_history() -> None:
    for name, kind in FORMATS.items():
        assert kind.name == name
        assert kind.suffix.startswith(".")
        assert kind.title
        assert isinstance(kind.write([]), str)


async def test_markdown_holds_what_was_said_in_fences_that_nothing_said_can_leave(
    history: History,
) -> None:
    record = await keep_chat(
        history, ["scripted:echo", "scripted:echo"], [NASTY, "And then?"], title=f"*{NASTY}*"
    )
    text = FORMATS["markdown"].write([record])
    seen = NASTY.replace("\x1b", "␛").replace("\x07", "␇").replace("\u202e", "‹U+202E›")
    blocks = fenced(text)
    assert blocks == [seen, seen, seen, "And then?", "And then?", "And then?"]
    around = text
    for block in {*blocks}:
        around = around.replace(f"\n{block}\n", "\n\n")
    headings = [line for line in around.split("\n") if line.startswith("#")]
    assert len([line for line in headings if line.startswith("# ")]) == 1
    assert len([line for line in headings if line.startswith("## ")]) == 2
    assert len([line for line in headings if line.startswith("### ")]) == 4
    assert "\x1b" not in text
    assert all(f"- {name}: " in text for name in ("run", "state", "tokens", "max_length"))


async def test_the_page_escapes_everything_and_fetches_nothing(history: History) -> None:
    record = await keep_chat(
        history, ["scripted:echo", "scripted:lorem"], [NASTY], title=NASTY, max_length=30
    )
    text = FORMATS["html"].write([record])
    page = Page(text)
    assert page.tags.isdisjoint({"script", "img", "link", "iframe", "a", "form"})
    assert page.attributes.isdisjoint({"src", "href", "onclick", "style"})
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    seen = NASTY.replace("\x1b", "␛").replace("\x07", "␇").replace("\u202e", "‹U+202E›")
    said = [shown.removeprefix("\n") for shown in page.texts]
    assert said.count(seen) == 2  # the prompt, and the first pane's answer
    assert text.count('class="pane"') == 2


async def test_every_answer_of_a_turn_is_shown_with_its_try_and_the_one_gone_on_with(
    history: History,
) -> None:
    filing = Filing()
    first = await keep(history, "scripted:echo", "again please", filing=filing, n=2)
    await keep(
        history, "scripted:echo", "again please", filing=Filing(
            conversation=filing.conversation, pane=filing.pane, turn=filing.turn, version=2
        ), max_length=1,
    )  # fmt: skip
    history.choose(filing.turn, first.id, 1)
    history.rate(Rating(run=first.id, choice=1, stars=4, note="<b>fine</b>"))
    history.flush()
    record = history.conversation(filing.conversation)
    text = FORMATS["markdown"].write([record])
    assert fenced(text) == ["again please", "again please", "again please", "again"]
    assert text.count("try 1") == 2
    assert text.count("try 2") == 1
    assert text.count("gone on with") == 1
    assert "- rating: `4 of 5`" in text
    page = FORMATS["html"].write([record])
    assert page.count("class=chosen") == 1
    assert "&lt;b&gt;fine&lt;/b&gt;" in page


async def test_a_failed_run_shows_what_came_and_why_it_ended(history: History) -> None:
    model = ScriptedModel(["It ", "was "], fail_after=1, error=ServerFailed("<It> broke."))
    record = await keep(history, model, "Tell me")
    conversation = history.conversation(record.conversation)
    assert "It " in fenced(FORMATS["markdown"].write([conversation]))
    assert "<It> broke." in fenced(FORMATS["markdown"].write([conversation]))
    assert "&lt;It&gt; broke." in FORMATS["html"].write([conversation])
    (row,) = csv.read(FORMATS["csv"].write([conversation]))
    assert (row["state"], row["answer"], row["error"]) == ("failed", "It ", "<It> broke.")


async def test_a_long_answer_comes_back_from_its_table(history: History) -> None:
    record = await keep(history, ScriptedModel(["long " * 60_000]), "hello")
    (row,) = csv.read(FORMATS["csv"].write([history.conversation(record.conversation)]))
    assert record.text in row.values()


async def test_csv_has_a_row_for_every_answer_with_every_knob_that_was_used(
    history: History,
) -> None:
    record = await keep(
        history, "demo:small", temperature=0.7, seed=5, n=2, max_length=6, stop=["=x", "y"]
    )
    text = FORMATS["csv"].write([history.conversation(record.conversation)])
    first, second = csv.read(text)
    assert list(first) == list(csv.columns())
    assert set(knobs()) <= set(first)
    assert [first["answer"], second["answer"]] == [choice.text for choice in record.choices]
    assert (first["choice"], second["choice"]) == ("0", "1")
    assert record.plan is not None
    for name, value in record.plan.effective.items():
        if isinstance(value, int | float):
            assert float(first[name]) == value
        else:
            assert json.loads(first[name]) == value
    assert first["seed"] == "5"
    assert first["finish_reason"] == record.choices[0].finish_reason
    assert first["output_tokens"] == str(record.usage.output_tokens)
    assert float(first["total_s"]) == record.timing.total


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " \n =1", "＝1+1", "'=1", "'", "''",
        '"quoted", with; separators\r\nand lines', "\ufeff=1", "", " x", "a=1", "日本語", "nul\0=1",
        "\x0b=1", "plain",
    ],
)  # fmt: skip
async def test_no_cell_of_a_csv_is_a_formula_and_every_text_comes_back(
    history: History, text: str
) -> None:
    record = await keep(history, ScriptedModel([text, "!"]), text or "x", max_length=1)
    whole = FORMATS["csv"].write([history.conversation(record.conversation)])
    (row,) = csv.read(whole)
    assert (row["answer"], row["prompt"]) == (text, text or "x")
    (_head, cells) = standard_csv.reader(io.StringIO(whole, newline=""))
    for cell in cells:
        start = cell.lstrip("\x00\x0b\ufeff \t\r\n")
        assert not start.startswith(("=", "+", "-", "@", "＝"))


async def test_messages_are_those_that_were_sent_and_the_answer(history: History) -> None:
    record = await keep_chat(
        history, ["scripted:echo", "scripted:lorem"], ["One\x9b", "日本"], system="Be brief",
        max_length=3,
    )  # fmt: skip
    text = FORMATS["messages"].write([record])
    first, second = text.splitlines()
    assert json.loads(first) == {
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": "One\x9b"},
            {"role": "assistant", "content": "One\x9b"},
            {"role": "user", "content": "日本"},
            {"role": "assistant", "content": "日本"},
        ]
    }
    assert json.loads(second)["messages"][-1]["content"] == "The quick brown "
    assert "日本" in text
    assert "\x9b" not in text


async def test_messages_follow_the_answer_that_was_chosen_and_leave_out_what_got_none(
    history: History,
) -> None:
    filing = Filing()
    run = await keep(history, "scripted:echo", "a b", filing=filing, n=2)
    failing = ScriptedModel(["x"], fail_after=0, error=ServerFailed("No."))
    after = Filing(conversation=filing.conversation, pane=filing.pane, parent=filing.turn)
    await keep(history, failing, "and?", filing=after)
    history.choose(filing.turn, run.id, 1)
    history.flush()
    text = FORMATS["messages"].write([history.conversation(filing.conversation)])
    assert [m["content"] for m in json.loads(text)["messages"]] == ["a b", "a b"]
