"""Runs that really happened, written to a history as the terminal writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from playground.history import ConversationRecord, Filing, History, Recorder, RunRecord
from playground.ids import new_id
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.base import ChatModel
from playground.run import Prompt, as_messages, generate
from playground.types import Message


async def keep(
    history: History,
    model: str | ChatModel,
    prompt: Prompt = "Once upon a time",
    *,
    filing: Filing | None = None,
    system: str = "",
    prefix: str = "",
    **knobs: Any,
) -> RunRecord:
    """One whole run, kept; the model is closed if it was opened here."""
    opened = model if isinstance(model, ChatModel) else open_model(model)
    filing = filing or Filing()
    said = as_messages(prompt, system=system)[-1].content
    filing = replace(
        filing,
        model=str(opened.ref),
        params=GenerationParams.of(**knobs),
        system=system,
        prompt=filing.prompt or said,
    )
    try:
        run = generate(opened, prompt, system=system, prefix=prefix, unsupported="adjust", **knobs)
        await Recorder(history).follow(run, filing)
    finally:
        if not isinstance(model, ChatModel):
            await opened.aclose()
    history.flush()
    return history.run(run.id)


async def keep_chat(
    history: History,
    models: Sequence[str],
    prompts: Sequence[str],
    *,
    title: str = "",
    system: str = "",
    **knobs: Any,
) -> ConversationRecord:
    """A conversation of several panes, each asked every prompt in turn."""
    conversation, rounds = new_id(), [new_id() for _ in prompts]
    for place, ref in enumerate(models):
        pane, parent = new_id(), ""
        messages = list(as_messages([], system=system))
        for number, prompt in enumerate(prompts):
            turn = new_id()
            messages.append(Message(role="user", content=prompt))
            record = await keep(
                history,
                ref,
                [*messages],
                filing=Filing(
                    conversation=conversation,
                    pane=pane,
                    turn=turn,
                    place=place,
                    parent=parent,
                    round=rounds[number],
                    prompt=prompt,
                    title=title,
                ),
                **knobs,
            )
            messages.append(Message(role="assistant", content=record.text))
            parent = turn
    return history.conversation(conversation)
