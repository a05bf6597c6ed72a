"""What a pane sends, turn after turn."""

from __future__ import annotations

from playground.errors import RateLimited
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.providers.scripted import ScriptedModel
from playground.tui.conversation import Conversation


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
    first, second = (turn.tries[-1] for turn in conversation.turns)
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
