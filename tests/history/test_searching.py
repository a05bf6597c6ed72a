"""Finding what was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playground.errors import InvalidParameter
from playground.history import Filters, History, ParamFilter
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


async def test_a_hit_shows_the_place_where_the_words_are(history: History, keep: Keep) -> None:
    await keep("Tell me", "Once upon a time. " * 30 + "Then came\nthe dragon. " + "The end. " * 30)
    (hit,) = history.search(Filters(query="dragon"))
    assert "Then came the dragon." in hit.snippet
    assert len(hit.snippet) < 110


def test_what_is_indexed_and_asked_meets_whatever_the_width() -> None:
    assert indexed("ＡＢＣ１２").strip() == "ABC12"
    assert asked("ＡＢＣ") == '"ABC"*'
    assert asked("東京 fox") == '"東 京" "fox"*'
    assert asked("東京fox") == '"東 京 fox"*'
    assert asked("  !? ") == ""
    assert snippet("short", "nothing") == "short"
