"""What was exported comes back: all of it, once, or nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from playground.errors import BrokenFile, ServerFailed
from playground.export import FORMATS
from playground.history import Filing, Filters, History, Rating, importing
from playground.history.interchange import VERSION
from playground.history.records import ConversationRecord
from playground.judging import count_votes
from playground.providers.scripted import ScriptedModel
from tests.export.kept import keep, keep_chat
from tests.history.conftest import cast_on


@pytest.fixture
def other(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path / "elsewhere" / "history.db") as opened:
        yield opened


def exported(history: History) -> str:
    records = [history.conversation(found.id) for found in history.conversations(limit=1000)]
    records.sort(key=lambda record: record.id)
    return FORMATS["jsonl"].write(records, history.tokens)


async def a_full_history(history: History) -> ConversationRecord:
    """Panes, turns that were edited and tried again, figures, ratings, errors, odd characters."""
    record = await keep_chat(
        history, ["demo:small", "scripted:echo"], ["Once \x9b upon 日本 🎈", "And\u202e then?"],
        title="A\x1btitle", system="Be brief", n=2, max_length=5, seed=3, logprobs=2,
    )  # fmt: skip
    run = record.panes[0].turns[0].runs[0]
    pane, turn = record.panes[0], record.panes[0].turns[0]
    history.rate(Rating(run=run.id, choice=1, stars=2, note="hm\x07"))
    history.choose(turn.id, run.id, 1)
    history.pin(record.id, pinned=True)
    history.set_tags(record.id, ["good", "日本"])
    failing = ScriptedModel(["It "], fail_after=0, error=ServerFailed("It broke."))
    edited = Filing(conversation=record.id, pane=pane.id, prompt="edited")
    await keep(history, failing, "edited", filing=edited)
    await keep(history, "demo:small", "go on", prefix="Once", max_length=3, stop=["\n", "=x"])
    for winner in (1, None):
        history.add_vote(cast_on(run.id, winner))
    history.flush()
    return history.conversation(record.id)


async def test_a_round_trip_is_the_same_file_and_the_same_records(
    history: History, other: History, tmp_path: Path
) -> None:
    record = await a_full_history(history)
    text = exported(history)
    path = tmp_path / "kept.jsonl"
    path.write_text(text, encoding="utf-8")
    done = other.import_file(path)
    assert (done.conversations, done.runs, done.votes) == (2, 6, 2)
    assert (done.conversations_there, done.runs_there, done.votes_there) == (0, 0, 0)
    assert exported(other) == text
    assert other.conversation(record.id) == record
    assert [vote.winner for vote in other.votes()] == [1, None]
    assert count_votes(other.votes()) == count_votes(history.votes())
    run = record.panes[0].turns[0].runs[0]
    assert run.has_tokens
    assert other.tokens(run.id, 1) == history.tokens(run.id, 1) != ()
    (hit,) = other.search(Filters(query="upon 日本", model="demo:"))
    assert hit.run == run.id


async def test_importing_twice_adds_nothing_twice(
    history: History, other: History, tmp_path: Path
) -> None:
    record = await a_full_history(history)
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history), encoding="utf-8")
    other.import_file(path)
    other.rename(record.id, "mine")
    other.flush()
    again = other.import_file(path)
    assert (again.conversations, again.runs, again.votes) == (0, 0, 0)
    assert (again.conversations_there, again.runs_there, again.votes_there) == (2, 6, 2)
    assert other.conversation(record.id).title == "mine"
    assert len(other.conversation(record.id).runs) == len(record.runs)
    assert other.problems() == []


async def test_what_was_said_after_the_last_export_is_added_to_its_conversation(
    history: History, other: History, tmp_path: Path
) -> None:
    filing = Filing()
    await keep(history, "scripted:echo", "one", filing=filing)
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history))
    other.import_file(path)
    after = Filing(conversation=filing.conversation, pane=filing.pane, parent=filing.turn)
    await keep(history, "scripted:echo", "two", filing=after)
    path.write_text(exported(history))
    done = other.import_file(path)
    assert (done.conversations, done.conversations_there, done.runs, done.runs_there) == (
        0,
        1,
        1,
        1,
    )
    assert [run.text for run in other.conversation(filing.conversation).runs] == ["one", "two"]


async def test_what_an_earlier_version_exported_is_read(
    history: History, other: History, tmp_path: Path
) -> None:
    await keep(history, "scripted:echo", "one")
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history).replace(f'"version": {VERSION}', '"version": 1', 1))
    assert other.import_file(path).runs == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outcome": "fine"}, "vote.outcome"),
        ({"winner": 2}, "line 7: vote"),
        ({"winner": 2}, "there is no candidate 2"),
        ({"outcome": "tie"}, "a vote has a winner exactly if its outcome is a win"),
        ({"candidates": []}, "line 7: vote.candidates"),
        ({"candidates": [{"run": "x", "model": "a:b", "setting": ""}] * 2}, "it judges run 'x'"),
        ({"conversation": "elsewhere"}, "it belongs to conversation 'elsewhere'"),
        ({"id": "../up"}, "vote.id"),
        ({"created": "now"}, "vote.created"),
    ],
)
async def test_a_vote_that_cannot_be_is_refused_with_its_line(
    history: History, other: History, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    run = await keep(history, "scripted:echo", "one", n=2)
    history.add_vote(cast_on(run.id))
    history.flush()
    lines = [json.loads(text) for text in exported(history).splitlines()]
    assert lines[6]["kind"] == "vote"
    lines[6].update(changes)
    path = tmp_path / "broken.jsonl"
    path.write_text("".join(f"{json.dumps(found)}\n" for found in lines))
    with pytest.raises(BrokenFile) as raised:
        other.import_file(path)
    assert said in str(raised.value)
    assert "line 7: " in str(raised.value)
    assert other.votes() == []


async def test_a_vote_that_is_here_in_another_conversation_is_refused(
    history: History, tmp_path: Path
) -> None:
    mine, other = [await keep(history, "scripted:echo", word) for word in ("mine", "theirs")]
    vote = cast_on(mine.id)
    history.add_vote(vote)
    history.flush()
    theirs = history.conversation(other.conversation)
    forged = vote.model_copy(
        update={
            "candidates": tuple(one.model_copy(update={"run": other.id}) for one in vote.candidates)
        }
    )
    path = tmp_path / "forged.jsonl"
    path.write_text(FORMATS["jsonl"].write([theirs.model_copy(update={"votes": (forged,)})]))
    with pytest.raises(BrokenFile, match="is in the history already, in another conversation"):
        history.import_file(path)
    assert history.votes() == [vote]


async def test_a_vote_whose_conversation_was_removed_comes_back_into_it(
    history: History, tmp_path: Path
) -> None:
    run = await keep(history, "scripted:echo", "one", n=2)
    vote = cast_on(run.id)
    history.add_vote(vote)
    history.flush()
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history))
    # As older playgrounds left it, which did not write down whose a vote is.
    history.write(lambda db: db.execute("UPDATE votes SET conversation = ''"))
    history.delete(run.conversation)
    history.purge()
    history.flush()
    done = history.import_file(path)
    assert (done.conversations, done.votes, done.votes_there) == (1, 0, 1)
    assert history.conversation(run.conversation).votes == (vote,)


async def test_what_is_in_the_trash_stays_there_and_is_told(
    history: History, tmp_path: Path
) -> None:
    record = await keep(history, "scripted:echo", "one")
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history))
    history.delete(record.conversation)
    assert history.import_file(path).in_trash == (record.conversation,)
    assert history.conversations() == []


async def test_a_run_that_another_program_was_still_writing_comes_in_as_interrupted(
    history: History, other: History, tmp_path: Path
) -> None:
    await keep(history, "scripted:echo", "one")
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history).replace('"state": "done"', '"state": "running"'))
    other.import_file(path)
    (hit,) = other.search(Filters())
    assert other.run(hit.run).state == "interrupted"


Change = Callable[[list[dict[str, Any]]], Any]


def line(number: int, **changes: Any) -> Change:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[number - 1].update(changes)

    return change


def receipt(**changes: Any) -> Change:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[5]["receipt"].update(changes)

    return change


# Lines: 1 head, 2 conversation, 3 pane, 4 turn, 5 message, 6 run, 7 end.
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (line(1, version=VERSION + 1), "newer playground"),
        (line(1, format="something"), "line 1: this is no exported history"),
        (line(1, version="1"), "line 1: version"),
        (line(2, title=3), "line 2: conversation.title"),
        (line(2, kind="conversations"), "line 2: "),
        (line(2, surprise=1), "line 2: conversation.surprise"),
        (line(2, created="yesterday"), "line 2: conversation.created"),
        (line(2, created="2026-01-01T00:00:00"), "line 2: conversation.created"),
        (line(2, created="0001-01-01T00:00:00Z"), "line 2: conversation.created"),
        (line(2, id="../up"), "line 2: conversation.id"),
        (line(2, id="x" * 65), "line 2: conversation.id"),
        (line(3, conversation="nowhere"), "line 3: it belongs to conversation 'nowhere'"),
        (line(3, place=-1), "line 3: pane.place"),
        (line(3, place=10**30), "line 3: pane.place"),
        (line(3, place="1"), "line 3: pane.place"),
        (line(3, params={"temperature": 99}), "line 3: pane.params"),
        (line(4, pane="nowhere"), "line 4: it belongs to pane"),
        (line(4, chosen=["a"]), "line 4: turn.chosen"),
        (line(5, role="tool"), "line 5: message.role"),
        (line(6, messages=[7]), "line 6: it names message 7"),
        (line(6, state="fine"), "line 6: run.state"),
        (line(6, choices="text"), "line 6: run.choices"),
        (line(6, prefix=[0.5]), "line 6: run.prefix"),
        (line(6, ratings=[{"run": "other", "stars": 1}]), "line 6: it rates an answer"),
        (line(6, usage={"input_tokens": "many"}), "line 6: run.usage"),
        (line(6, usage={"output_tokens": 10**400}), "line 6: run.usage"),
        (line(6, usage={"cost": -1}), "line 6: run.usage"),
        (receipt(plan=None), "line 6: run.receipt.plan"),
        (receipt(model=7), "line 6: run.receipt.model"),
        (line(7, lines=3), "line 7: it counts 3 lines"),
        (lambda lines: lines.pop(), "line 7: the file ends before its last line"),
        (lambda lines: lines.append(lines[1]), "line 8: there is more after the last line"),
        (
            lambda lines: lines.insert(
                6, {"kind": "tokens", "run": "x", "choice": 0, "tokens": []}
            ),
            "line 7: it belongs to run 'x'",
        ),
    ],
)
async def test_a_file_with_one_wrong_line_is_refused_whole(
    history: History, other: History, tmp_path: Path, change: Change, said: str
) -> None:
    await keep(history, "scripted:echo", "one")
    lines = [json.loads(text) for text in exported(history).splitlines()]
    assert [found.get("kind") for found in lines[1:]] == [
        "conversation", "pane", "turn", "message", "run", "end",
    ]  # fmt: skip
    change(lines)
    path = tmp_path / "broken.jsonl"
    path.write_text("".join(f"{json.dumps(found)}\n" for found in lines))
    with pytest.raises(BrokenFile) as raised:
        other.import_file(path)
    assert f"{path}" in str(raised.value)
    assert said in str(raised.value)
    assert "othing was imported" in str(raised.value)
    assert other.conversations() == []
    assert other.problems() == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: the file is empty"),
        (b"\n", "line 1: it is not JSON"),
        (b"# A heading\n", "line 1: it is not JSON"),
        (b"[" * 200_000, "line 1: it is not JSON"),
        (b"\xff\xfe\n", "line 1: it is not UTF-8"),
        (b"[1]\n", "line 1: this is no exported history"),
        (b"HEAD{]\n", "line 2: it is not JSON"),
        (b"HEAD[1]\n", "line 2: "),
        (b'HEAD{"kind":"end","lines":NaN}\n', "line 2: it is not JSON (NaN"),
        (b'HEAD{"kind":"\xe6\x97"}\n', "line 2: it is not UTF-8"),
        (b'HEAD{"kind":"\x1b[31m\\u001b[31m"}\n', "line 2: it is not JSON"),
        (b'HEAD{"kind":"\\u001b[31m\\u202e"}\n', "line 2: "),
    ],
)
def test_what_is_no_export_is_refused_with_the_line(
    other: History, tmp_path: Path, data: bytes, said: str
) -> None:
    head = f'{{"format": "chat-playground history", "version": {VERSION}}}\n'.encode()
    path = tmp_path / "broken.jsonl"
    path.write_bytes(data.replace(b"HEAD", head))
    with pytest.raises(BrokenFile) as raised:
        other.import_file(path)
    assert said in str(raised.value)
    # The error may be printed as it is.
    assert str(raised.value).isprintable()


async def test_a_line_that_does_not_end_is_not_read(
    history: History, other: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(history, "scripted:echo", "word " * 1000)
    path = tmp_path / "long.jsonl"
    path.write_text(exported(history))
    monkeypatch.setattr(importing, "MAX_LINE_BYTES", 2000)
    with pytest.raises(BrokenFile, match="line 4: it is longer than 2,000 bytes"):
        other.import_file(path)
    assert other.conversations() == []


def test_a_file_that_is_not_there_is_named(other: History, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match=r"nothing\.jsonl cannot be read: No such file"):
        other.import_file(tmp_path / "nothing.jsonl")


async def test_an_id_that_is_here_in_another_place_is_refused(
    history: History, tmp_path: Path
) -> None:
    mine = await keep(history, "scripted:echo", "mine")
    await keep(history, "scripted:echo", "theirs")
    (theirs,) = [
        history.conversation(found.id)
        for found in history.conversations()
        if found.id != mine.conversation
    ]
    path = tmp_path / "forged.jsonl"
    forged = FORMATS["jsonl"].write([theirs]).replace(theirs.panes[0].turns[0].id, mine.turn)
    path.write_text(forged.replace(theirs.id, "forged").replace(theirs.panes[0].id, "pane"))
    with pytest.raises(BrokenFile, match="is in the history already, in another pane"):
        history.import_file(path)
    assert len(history.conversations()) == 2


async def test_figures_of_a_long_answer_take_several_lines(
    history: History, other: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await keep(history, "demo:small", max_length=40, logprobs=0, seed=1)
    monkeypatch.setattr("playground.export.json_lines.TOKENS_A_LINE", 7)
    text = exported(history)
    assert text.count('"kind": "tokens"') > 1
    path = tmp_path / "kept.jsonl"
    path.write_text(text)
    other.import_file(path)
    assert other.tokens(record.id) == history.tokens(record.id)
    assert len(other.tokens(record.id)) == record.usage.output_tokens


async def test_half_a_character_in_prompt_stop_or_title_is_kept_as_it_is_shown(
    history: History, other: History, tmp_path: Path
) -> None:
    """A shell may hand over bytes that are no text; Python holds them as half surrogate pairs."""
    record = await keep(
        history, "scripted:echo", "caf\udce9", system="\udce9", stop=["\udce9"],
        filing=Filing(title="caf\udce9"),
    )  # fmt: skip
    assert history.problem == ""
    assert record.prompt == "caf\N{REPLACEMENT CHARACTER}"
    assert record.state == "done"
    path = tmp_path / "kept.jsonl"
    path.write_text(exported(history), encoding="utf-8")
    other.import_file(path)
    assert other.run(record.id) == record
