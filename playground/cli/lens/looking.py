"""Makes of runs what `playground lens` draws: their readings, and one token looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from playground.cli.output import say
from playground.cli.views import wrong_with
from playground.errors import PlaygroundError, UsageError
from playground.lens.candidates import Candidates
from playground.lens.chain import Position, params_of_plan
from playground.lens.divergence import rate
from playground.lens.drawing.drawn import Drawn
from playground.lens.drawing.text import chain_lines
from playground.lens.figures import no_figures
from playground.lens.reading import Reading
from playground.lens.shading import Measure
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.providers.registry import open_model
from playground.run import Run
from playground.types import Message

__all__ = ["look_at", "rated", "through_the_lens"]


async def through_the_lens(
    run: Run, prompt: str, measure: Measure, most: int, scorer: str | None
) -> list[Drawn]:
    """The choices of a run; those that came without figures with the scorer's, or why not."""
    found = []
    for number, choice in enumerate(run.choices):
        ref = str(run.model.ref) + (f" #{number + 1}" if len(run.choices) > 1 else "")
        reading = Reading.of(choice.tokens)
        drawn = Drawn(ref, prompt, reading, measure, plan=run.plan, most=most)
        if not choice.tokens or reading.perplexity is None:
            drawn = await _scored(run, choice.text, drawn, scorer)
        found.append(drawn)
    return found


async def rated(
    model: ChatModel,
    messages: Sequence[Message],
    answer: str,
    prompt: str,
    measure: Measure,
    most: int,
    params: GenerationParams,
) -> Drawn:
    """A given answer with a model's figures; raises what scoring it raises."""
    count = max(most, params.logprobs or 0)
    reading = await rate(model, messages, answer, alternatives=count)
    return Drawn(str(model.ref), prompt, reading, measure, plan=model.plan(params), most=most)


async def look_at(run: Run, choice: int, drawn: Drawn, place: int) -> None:
    """Print one token (from 1) of an answer, with the chain where the model shows it.

    Raises `UsageError` where the answer has no such token.
    """
    at = place - 1
    if not 0 <= at < len(drawn.tokens):
        raise UsageError(
            f"{drawn.ref} gave {len(drawn.tokens):,} tokens: there is none of number {place}."
        )
    say(f"{drawn.ref}: {' '.join(drawn.reading.text.split())[:70]}")
    token = drawn.tokens[at]
    position = None
    if not drawn.scorer and token.token_id is not None:
        position = await _position(run, choice, at)
    if position is None:
        for line in chain_lines(drawn, at, Candidates.of_token(token), None, ()):
            say(line)
        say("The chain's stages are not known: they take a local model's whole distribution.")
        return
    chain = position.chain(params_of_plan(run.plan) if run.plan is not None else run.params)
    found = position.candidates(chain, drawn.most, token)
    for line in chain_lines(drawn, at, found, chain, tuple(position.vocabulary)):
        say(line)


async def _position(run: Run, choice: int, at: int) -> Position | None:
    """The whole distribution of one token; None where the model does not show it."""
    model = run.model
    if not {"next_token", "vocabulary", "prompt_tokens"} <= model.abilities:
        return None
    before = [token.token_id for token in run.choices[choice].tokens[:at]]
    known = [number for number in before if number is not None]
    found = await model.next_token(run.messages, known)
    token = run.choices[choice].tokens[at]
    return Position(
        replace(found, vocabulary=await model.vocabulary()),
        seen=(*await model.prompt_tokens(run.messages), *known),
        chosen=token.token_id,
        uniform=token.draw.uniform if token.draw is not None else None,
    )


async def _scored(run: Run, text: str, drawn: Drawn, scorer: str | None) -> Drawn:
    """An answer that came without figures: with those of another model, or with the reason."""
    why = no_figures(run.model.ref, run.model.capabilities, run.plan)
    if not text:
        # Of a run that failed it is not the log-probabilities that are missing.
        wrong = wrong_with(run)
        said = f"There is no answer of {run.model.ref}: {wrong}" if wrong else why.why
        return replace(drawn, notes=(said,))
    if scorer is None:
        hint = f"{why} Say --score {why.scorer}"
        return replace(drawn, notes=(f"{text}\n", hint))
    try:
        async with open_model(scorer) as model:
            reading = await rate(model, run.messages, text, alternatives=max(drawn.most, 20))
    except PlaygroundError as error:
        return replace(drawn, notes=(f"{why.why} {scorer} cannot score it either: {error}",))
    return replace(drawn, reading=reading, scorer=scorer, notes=(why.why,))
