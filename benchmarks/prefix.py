"""How soon the tenth turn of a chat starts, with the cells of the nine before it and without.

"Without" is the same conversation but for its very first letter, so that nothing of it is there
yet. Two chats: the demo model with the answers that it gives, and the 110 M model of random
weights, whose answers are given texts: it says nothing that could be read back, and the last of
them has to be evaluated. One thread each. To reach: at most 0.2×.

    python -m benchmarks.prefix
"""

from __future__ import annotations

import argparse
import asyncio
import statistics

from benchmarks.random_gguf import random_gguf
from playground.providers import ChatModel, open_model
from playground.run import Run, generate
from playground.types import Message

TURNS = 10

GIVEN = "The fox looked at the river and thought about the long way home, past the old mill. "

QUESTIONS = (
    "Tell me a story about a fox.",
    "Tell me a story about a king.",
    "And then?",
)


async def _first_token(model: ChatModel, turns: list[Message], length: int) -> Run:
    run = await generate(model, turns, max_length=length, seed=1)
    if run.error is not None:
        raise run.error
    return run


async def chat(model: ChatModel, number: int, given: str) -> tuple[float, float, int, int]:
    """Seconds to the tenth turn's first token with and without reuse; its tokens, those reused."""
    # The first letters differ in every round, so that no round finds cells of another.
    begin = f"{number} "
    turns: list[Message] = []
    for turn in range(TURNS):
        question = QUESTIONS[turn % len(QUESTIONS)]
        turns.append(Message(role="user", content=begin + question if turn == 0 else question))
        run = await _first_token(model, turns, 1 if given else 96)
        turns.append(Message(role="assistant", content=given or run.text))
    turns.pop()
    other = Message(role="user", content=f"x{number} " + QUESTIONS[0])
    fresh = await _first_token(model, [other, *turns[1:]], 1)
    return (
        run.timing.first_token or 0.0,
        fresh.timing.first_token or 0.0,
        run.usage.input_tokens or 0,
        run.usage.cached_tokens or 0,
    )


async def measure(rounds: int) -> None:
    """Print one line a chat."""
    print(
        f"{'chat':<24}{'tokens':>8}{'reused':>8}{'without, ms':>13}{'with, ms':>10}{'ratio':>7}"
        f"   (medians of {rounds})"
    )
    chats = {
        "demo:small, its answers": ("demo:small", ""),
        "random 110 M, given": (f"local:{random_gguf()}", GIVEN),
    }
    for title, (ref, given) in chats.items():
        async with open_model(ref, threads=1) as model:
            await model.warm_up()
            found = [await chat(model, number, given) for number in range(rounds + 1)][1:]
        quick, slow, tokens, reused = (
            statistics.median(values) for values in zip(*found, strict=True)
        )
        ratio = statistics.median(mine / theirs for mine, theirs, _, _ in found)
        print(
            f"{title:<24}{tokens:>8.0f}{reused:>8.0f}{slow * 1e3:>13.1f}{quick * 1e3:>10.1f}"
            f"{ratio:>7.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    options = parser.parse_args()
    asyncio.run(measure(2 if options.quick else options.rounds))


if __name__ == "__main__":
    main()
