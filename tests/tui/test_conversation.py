"""What a pane sends, turn after turn, through versions, edits, forks and the history."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.errors import RateLimited, UsageError
from playground.history import History, Rating, Recorder
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.providers.scripted import ScriptedModel
from playground.tui.conversation import Conversation, Turn, Version


@pytest.fixture
def history() -> Iterator[History]:
    with History.open() as opened:
        yield opened


async def say(conversation: Conversation, prompt: str, model: ChatModel) -> None:
    await conversation.answer(conversation.begin(prompt), model)


def sent(conversation: Conversation) -> list[tuple[str, str]]:
    run = conversation.last_run
    assert run is not None
    return [(message.role, message.content) for message in run.messages]


async def test_a_turn_is_sent_with_the_turns_before_it() -> None:
    conversation = Conversation("scripted:x", system="Be kind.")
    await say(conversation, "one", ScriptedModel(["first"]))
    await say(conversation, "two", ScriptedModel(["second"]))
    assert sent(conversation) == [
        ("system", "Be kind."),
        ("user", "one"),
        ("assistant", "first"),
        ("user", "two"),
    ]


async def test_a_prompt_that_got_no_answer_is_not_sent_again() -> None:
    conversation = Conversation("scripted:x")
    failing = ScriptedModel(["never"], fail_after=0, error=RateLimited("Too fast."))
    await say(conversation, "one", failing)
    await say(conversation, "two", ScriptedModel(["second"]))
    assert sent(conversation) == [("user", "two")]


async def test_text_that_came_before_a_failure_is_part_of_the_conversation() -> None:
    conversation = Conversation("scripted:x")
    failing = ScriptedModel(["half ", "never"], fail_after=1, error=RateLimited("Too fast."))
    await say(conversation, "one", failing)
    await say(conversation, "two", ScriptedModel(["second"]))
    assert sent(conversation)[1] == ("assistant", "half ")


async def test_a_second_try_replaces_the_first_in_what_is_sent() -> None:
    conversation = Conversation("scripted:x")
    turn = conversation.begin("one")
    await conversation.answer(turn, ScriptedModel(["bad"]))
    await conversation.answer(turn, ScriptedModel(["good"]))
    await say(conversation, "two", ScriptedModel(["x"]))
    assert ("assistant", "good") in sent(conversation)
    assert ("assistant", "bad") not in sent(conversation)


async def test_params_count_from_the_next_run_on() -> None:
    conversation = Conversation("scripted:x")
    await say(conversation, "one", ScriptedModel(["a"]))
    conversation.params = GenerationParams(temperature=1.5)
    await say(conversation, "two", ScriptedModel(["b"]))
    first, second = (turn.runs[-1] for turn in conversation.turns)
    assert (first.params.temperature, second.params.temperature) == (None, 1.5)


async def test_clearing_forgets_the_turns_and_keeps_the_rest() -> None:
    conversation = Conversation("scripted:x", GenerationParams(seed=3), "Be kind.")
    await say(conversation, "one", ScriptedModel(["a"]))
    conversation.clear()
    assert conversation.last_run is None
    assert (conversation.ref, conversation.params.seed, conversation.system) == (
        "scripted:x",
        3,
        "Be kind.",
    )


async def test_the_version_in_view_is_what_the_model_is_told_it_said() -> None:
    conversation = Conversation("scripted:x")
    turn = conversation.begin("one")
    await conversation.answer(turn, ScriptedModel(["bad"]))
    await conversation.answer(turn, ScriptedModel(["good"]))
    turn.page(-1)
    await say(conversation, "two", ScriptedModel(["x"]))
    assert ("assistant", "bad") in sent(conversation)


async def test_every_choice_of_every_run_is_a_version_and_paging_goes_round() -> None:
    conversation = Conversation("scripted:x", GenerationParams(n=2))
    turn = conversation.begin("one")
    for word in ("first", "second"):
        await conversation.answer(turn, ScriptedModel([word]))
    assert [version.text for version in turn.versions] == ["first"] * 2 + ["second"] * 2
    seen = [version.choice for _ in range(4) if (version := turn.page(1)) is not None]
    assert seen == [1, 0, 1, 0]
    assert turn.current == turn.versions[2], "round once, and where it began"


async def test_an_edited_prompt_stands_beside_the_old_one_and_what_followed_is_kept() -> None:
    conversation = Conversation("scripted:x")
    await say(conversation, "one", ScriptedModel(["a"]))
    await say(conversation, "two", ScriptedModel(["b"]))
    old = conversation.turns[0]
    edited = conversation.edit(old, "uno")
    await conversation.answer(edited, ScriptedModel(["c"]))
    assert [turn.prompt for turn in conversation.turns] == ["uno"]
    assert sent(conversation) == [("user", "uno")]
    assert conversation.siblings(edited) == [old, edited]
    conversation.look_at(old)
    assert [turn.prompt for turn in conversation.turns] == ["one", "two"]


async def test_a_fork_takes_along_what_was_in_view_and_then_goes_its_own_way() -> None:
    conversation = Conversation("scripted:x", system="Be kind.")
    for prompt in ("one", "two", "three"):
        await say(conversation, prompt, ScriptedModel([f"re {prompt}"]))
    fork = conversation.fork(conversation.turns[1])
    await say(fork, "other", ScriptedModel(["x"]))
    assert [content for _, content in sent(fork)] == [
        *("Be kind.", "one", "re one", "two", "re two", "other"),
    ]
    assert [turn.prompt for turn in conversation.turns] == ["one", "two", "three"]


async def test_a_model_that_cannot_go_on_inside_an_answer_says_so() -> None:
    conversation = Conversation("scripted:x")
    with pytest.raises(UsageError, match="cannot continue"):
        conversation.answer(conversation.begin("one"), ScriptedModel(["x"]), prefix="Once")


async def kept(history: History, conversation: Conversation, turn: Turn, model: ChatModel) -> None:
    run = conversation.answer(turn, model)
    await Recorder(history).follow(run, conversation.filing(turn, "whole", 0))


async def test_a_conversation_comes_back_from_the_history_as_it_was_in_view(
    history: History,
) -> None:
    conversation = Conversation("scripted:x", GenerationParams(n=2, temperature=0.3), "Be kind.")
    first = conversation.begin("one")
    await kept(history, conversation, first, ScriptedModel(["a"]))
    await kept(history, conversation, first, ScriptedModel(["b"]))
    first.page(-1)
    assert first.current is not None
    history.choose(first.id, *first.current.name)
    history.rate(Rating(run=first.current.run.id, choice=1, stars=4, note="nice"))
    await kept(history, conversation, conversation.begin("two"), ScriptedModel(["c"]))
    edited = conversation.edit(conversation.turns[1], "dos")
    await kept(history, conversation, edited, ScriptedModel(["d"]))
    conversation.look_at(conversation.siblings(edited)[0])
    assert conversation.last_turn is not None
    history.set_leaf(conversation.id, conversation.last_turn.id)
    history.flush()

    (pane,) = history.conversation("whole").panes
    again = Conversation.recalled(pane)
    assert (again.id, again.ref, again.system) == (conversation.id, "scripted:x", "Be kind.")
    assert again.params == conversation.params
    assert [turn.prompt for turn in again.turns] == ["one", "two"]
    assert [turn.answer for turn in again.turns] == ["a", "c"]
    assert [version.text for version in again.turns[0].versions] == ["a", "a", "b", "b"]
    assert len(again.siblings(again.turns[1])) == 2
    assert [rating.stars for rating in again.ratings.values()] == [4]
    assert again.messages(again.turns[1]) == conversation.messages(conversation.turns[1])


async def test_turns_of_a_file_that_come_after_themselves_begin_anew(history: History) -> None:
    conversation = Conversation("scripted:x")
    for prompt in ("one", "two", "three"):
        await kept(history, conversation, conversation.begin(prompt), ScriptedModel(["a"]))
    first, _, last = conversation.turns
    history.write(
        lambda db: db.execute("UPDATE turns SET parent = ? WHERE id = ?", (last.id, first.id))
    )
    history.flush()
    (pane,) = history.conversation("whole").panes
    again = Conversation.recalled(pane)
    assert 1 <= len(again.turns) <= 3


async def test_an_answer_that_was_chosen_and_has_gone_does_not_stop_the_paging(
    history: History,
) -> None:
    conversation = Conversation("scripted:x")
    first = conversation.begin("one")
    for answer in ("a", "b"):
        await kept(history, conversation, first, ScriptedModel([answer]))
    first.chosen = Version(first.runs[0], 7)
    shown = first.page(1)
    assert shown is not None
    assert shown.text == "a"


async def test_a_fork_comes_back_with_the_answers_it_took_along(history: History) -> None:
    conversation = Conversation("scripted:x")
    await kept(history, conversation, conversation.begin("one"), ScriptedModel(["a"]))
    fork = conversation.fork(conversation.turns[0])
    for turn in fork.turns:
        assert turn.current is not None
        history.keep_turn(fork.filing(turn, "whole", 1), turn.current.name)
    await kept(history, fork, fork.begin("two"), ScriptedModel(["b"]))
    history.flush()
    record = history.conversation("whole")
    kept_fork = next(pane for pane in record.panes if pane.id == fork.id)
    others = [run for run in record.runs if run.pane != fork.id]
    again = Conversation.recalled(kept_fork, others)
    assert [turn.answer for turn in again.turns] == ["a", "b"]


THINKS = ["<think>", "\nThey ask for ", "a city.\n", "</think>", "\n\nPar", "is."]


async def test_what_a_model_thought_is_no_part_of_what_it_is_told_it_said() -> None:
    conversation = Conversation("scripted:x")
    await say(conversation, "one", ScriptedModel(THINKS))
    await say(conversation, "two", ScriptedModel(["second"]))
    assert sent(conversation)[1] == ("assistant", "Paris.")


async def test_what_goes_on_from_a_cut_thought_is_one_thought_and_one_answer(
    history: History,
) -> None:
    class GoesOn(ScriptedModel):
        abilities = frozenset({"continue_from"})

        def continue_from(self, messages, prefix, plan):
            assert prefix == "<think>\nThey ask for"
            return self.stream(messages, plan)

    conversation = Conversation("scripted:x", GenerationParams(max_length=2))
    turn = conversation.begin("one")
    await kept(history, conversation, turn, ScriptedModel(THINKS))
    turn.drop_failures()
    cut = conversation.last_version
    assert cut is not None
    assert (cut.reasoning, cut.text) == ("They ask for", "")
    conversation.params = GenerationParams()
    run = conversation.answer(turn, GoesOn([" ", *THINKS[2:]]), prefix=cut.written)
    await Recorder(history).follow(run, conversation.filing(turn, "whole", 0))
    history.flush()

    (pane,) = history.conversation("whole").panes
    for version in (conversation.last_version, Conversation.recalled(pane).last_version):
        assert version is not None
        assert (version.reasoning, version.text) == ("They ask for a city.", "Paris.")
        assert version.written == "<think>\nThey ask for a city.\n</think>\n\nParis."
