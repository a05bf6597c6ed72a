"""Finding what was said."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playground.errors import InvalidParameter, UsageError
from playground.history import Filters, History, ParamFilter, searching
from playground.history.typed import typed_filters, typed_moment
from playground.history.words import asked, indexed, snippet
from tests.history.conftest import Keep


def found(history: History, query: str = "", **more: object) -> list[str]:
    filters = Filters.model_validate({"query": query, **more})
    return [hit.prompt for hit in history.search(filters)]


async def test_words_in_the_prompt_count_more_than_words_in_the_answer(
    history: History, keep: Keep
) -> None:
    await keep("What lives in the forest?", "A fox lives there, a fox and another fox.")
    await keep("Tell me about a fox", "It is a small animal that lives in the forest.")
    assert found(history, "fox")[0] == "Tell me about a fox"
    assert len(found(history, "fox")) == 2


@pytest.mark.parametrize(
    "query", ["京", "東京", "東京の", "京の猫", "の猫", "猫が好き", "ﾈｺ", "ネコ"]
)
async def test_japanese_is_found_by_any_part_of_it(
    history: History, keep: Keep, query: str
) -> None:
    await keep("東京の猫が好きです", "ネコは可愛い。")
    await keep("大阪の犬", "わん")
    assert found(history, query) == ["東京の猫が好きです"]


async def test_the_parts_must_follow_each_other(history: History, keep: Keep) -> None:
    await keep("京都と東北", "x")
    assert found(history, "東京") == []


async def test_beginnings_of_words_are_enough_and_accents_do_not_matter(
    history: History, keep: Keep
) -> None:
    await keep("Où est le café?", "Là-bas")
    assert found(history, "caf") == ["Où est le café?"]
    assert found(history, "CAFE") == ["Où est le café?"]
    assert found(history, "afé") == []


@pytest.mark.parametrize(
    "query",
    ['"', "AND", "fox OR", "NEAR(a b)", "prompt:fox", "fox*", "-fox", "(", "^fox", "'); DROP"],
)
async def test_nothing_in_a_query_is_an_operator(history: History, keep: Keep, query: str) -> None:
    await keep("fox", "and or near prompt drop a b")
    found(history, query)  # raises where SQLite would read an operator
    assert "fox" in found(history)


async def test_words_in_quotes_must_stand_together(history: History, keep: Keep) -> None:
    await keep("the red fox", "x")
    assert found(history, '"red fox"') == ["the red fox"]
    assert found(history, '"the fox"') == []
    assert found(history, "fox the") == ["the red fox"]


async def test_filters_by_model_date_tag_and_parameter(history: History, keep: Keep) -> None:
    await keep("cold", model="a", conversation="one", knobs={"temperature": 0.1})
    await keep("hot", model="ab", conversation="two", knobs={"temperature": 1.5})
    history.set_tags("two", ["spicy"])
    history.flush()
    assert found(history, model="scripted:ab") == ["hot"]
    assert set(found(history, model="scripted:a")) == {"hot", "cold"}
    assert found(history, tag="spicy") == ["hot"]
    assert found(history, params=(ParamFilter.parse("temperature > 1"),)) == ["hot"]
    assert found(history, params=(ParamFilter.parse("temperature<=0.1"),)) == ["cold"]
    assert found(history, "hot", params=(ParamFilter.parse("temperature<1"),)) == []
    now = datetime.now(UTC)
    assert len(found(history, since=now - timedelta(minutes=5))) == 2
    assert found(history, until=now - timedelta(minutes=5)) == []


async def test_a_tag_is_looked_for_among_all_runs_and_not_among_the_latest(
    history: History, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_RANKED", 2)
    for name in ("one", "two", "three", "four"):
        await keep("fox", conversation=name)
    history.set_tags("one", ["good"])
    history.flush()
    good = Filters(query="fox", tag="good")
    assert len(history.search(good)) == 1
    assert [item.id for item in history.conversations(good)] == ["one"]


@pytest.mark.parametrize("text", ["temperature", "warmth>1", "temperature>hot", ">1"])
def test_a_condition_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        ParamFilter.parse(text)


async def test_conversations_are_found_by_their_titles_too(history: History, keep: Keep) -> None:
    await keep("hello", conversation="one")
    history.rename("one", "A walk by the 海")
    history.flush()
    assert [item.id for item in history.conversations(Filters(query="walk"))] == ["one"]
    assert [item.id for item in history.conversations(Filters(query="海"))] == ["one"]
    assert history.conversations(Filters(query="100%")) == []


async def test_the_best_conversation_comes_first_and_without_words_the_latest(
    history: History, keep: Keep
) -> None:
    await keep("a walk with the fox", "x", conversation="asked")
    await keep("tell me", "once there was a fox in a wood", conversation="said")
    await keep("hello", "hi", conversation="other")
    history.rename("other", "My fox")
    await keep("hello again", "hi", conversation="last")
    history.flush()

    def listed(**filters: Any) -> list[str]:
        return [item.id for item in history.conversations(Filters(**filters))]

    assert listed(query="fox") == ["other", "asked", "said"]
    assert listed() == ["last", "other", "said", "asked"]
    history.pin("said", pinned=True)
    history.flush()
    assert listed(query="fox") == ["said", "other", "asked"]


async def test_a_title_alone_passes_no_other_filter(history: History, keep: Keep) -> None:
    await keep("fox", model="a", conversation="one")
    await keep("hello", model="b", conversation="two")
    history.rename("two", "fox")
    history.flush()

    def listed(**filters: Any) -> list[str]:
        return sorted(item.id for item in history.conversations(Filters(query="fox", **filters)))

    assert listed() == ["one", "two"]
    assert listed(model="scripted:a") == ["one"]
    assert listed(model="scripted:b") == ["two"]
    assert listed(until=datetime.now(UTC) - timedelta(hours=1)) == []


async def test_a_sweep_of_many_answers_hides_no_conversation(
    history: History, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_RANKED", 3)
    await keep("Tell me of a fox", conversation="old")
    runs = [await keep("Tell me of a fox", conversation="sweep") for _ in range(5)]

    def swept(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO sweeps VALUES ('sweep', '{}', 'done', '', '', '{}')")
        for place, run in enumerate(runs):
            db.execute(
                "INSERT INTO samples SELECT 'sweep', 0, ?, number, 1, '{}' FROM runs WHERE id = ?",
                (place, run.id),
            )

    history.write(swept)
    history.flush()
    listed = [item.id for item in history.conversations(Filters(query="fox"))]
    assert sorted(listed) == ["old", "sweep"]
    hits = [hit.conversation for hit in history.search(Filters(query="fox"))]
    assert sorted(hits) == ["old", "sweep", "sweep", "sweep"]


async def test_a_hit_shows_the_place_where_the_words_are(history: History, keep: Keep) -> None:
    await keep("Tell me", "Once upon a time. " * 30 + "Then came\nthe dragon. " + "The end. " * 30)
    (hit,) = history.search(Filters(query="dragon"))
    assert "Then came the dragon." in hit.snippet
    assert len(hit.snippet) < 110


async def test_where_only_the_prompt_has_the_words_the_answer_is_shown_beside_it(
    history: History, keep: Keep
) -> None:
    await keep("Tell me of a dragon", "Once upon a time.")
    await keep(f"{'Be very brief. ' * 20} Where do unicorns live?", "In the woods.")
    await keep("Where is the griffin?", "")
    snippets = {
        word: hit.snippet
        for word in ("dragon", "unicorn", "griffin")
        for hit in history.search(Filters(query=word))
    }
    assert snippets["dragon"] == "Once upon a time."
    assert snippets["unicorn"].endswith("Where do unicorns live?")
    assert snippets["griffin"] == "Where is the griffin?"


def test_words_and_filters_are_typed_into_one_line() -> None:
    found = typed_filters(
        'red "the fox" model:demo:small tag:good since:2026-11-01 until:2026-12-01T12:00+00:00 '
        "temperature>=1.5 top_k!=40 stop=x a=b tag: <3"
    )
    assert found == Filters(
        query='red "the fox" a=b <3',
        model="demo:small",
        tag="good",
        since=datetime(2026, 11, 1).astimezone(),
        until=datetime(2026, 12, 1, 12, tzinfo=UTC),
        params=tuple(map(ParamFilter.parse, ("temperature>=1.5", "top_k!=40", "stop=x"))),
    )


def test_so_long_ago_is_a_moment() -> None:
    moment = typed_moment("2w")
    assert abs(datetime.now(UTC) - timedelta(days=14) - moment) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["since:yesterday", "until:2026-13-01", "since:99999y"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no date"):
        typed_filters(text)


def test_a_number_that_is_none_is_refused_and_one_still_being_typed_is_not() -> None:
    with pytest.raises(InvalidParameter, match="no number"):
        typed_filters("temperature>hot")
    assert typed_filters("temperature> since:").params == ()


def test_a_tag_with_a_blank_is_typed_in_quotes() -> None:
    found = typed_filters('red tag:"two words" fox')
    assert (found.query, found.tag) == ("red fox", "two words")
    assert typed_filters('tag:"two w').tag == "two w"


def test_what_is_indexed_and_asked_meets_whatever_the_width() -> None:
    assert indexed("ＡＢＣ１２").strip() == "ABC12"
    assert asked("ＡＢＣ") == '"ABC"*'
    assert asked("東京 fox") == '"東 京" "fox"*'
    assert asked("東京fox") == '"東 京 fox"*'
    assert asked("  !? ") == ""
    assert snippet("short", "nothing") == "short"
