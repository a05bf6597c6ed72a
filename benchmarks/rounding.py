"""How often batching changes an answer, and how far the reported figures are apart.

Decoding beside others changes the sizes of the matrix products, and floating-point sums with them.
On F32 weights that has changed no token so far; on quantised weights, activations are rounded to
8 bits on the way, and now and then a draw that fell on an edge goes the other way. This counts it:
answers of the demo model, each alone and again beside fifteen others, at several temperatures.

    python -m benchmarks.rounding
"""

from __future__ import annotations

import argparse
import asyncio
import itertools

from playground.providers import ChatModel, open_model
from playground.run import Run, as_messages, generate

PROMPTS = (
    "Once upon a time",
    "Tell me a story about a fox",
    "What is the capital of France?",
    "Name three colours",
    "こんにちは",
    "昔々",
)


async def _alone(model: ChatModel, prompt: str, temperature: float, seed: int) -> Run:
    run = generate(model, prompt, temperature=temperature, seed=seed, max_length=60, logprobs=0)
    await run
    if run.error is not None:
        raise run.error
    return run


async def _beside(model: ChatModel, prompt: str, temperature: float, seed: int) -> Run:
    others = [
        generate(model, f"Say {number}", temperature=1.0, seed=number, max_length=80).start()
        for number in range(15)
    ]
    run = await _alone(model, prompt, temperature, seed)
    for other in others:
        await other.cancel()
    return run


async def measure(ref: str, seeds: int) -> None:
    """Print one line a temperature."""
    print(f"{'temperature':>12}{'answers':>9}{'parted':>8}{'share':>8}{'largest Δ logprob':>19}")
    async with open_model(ref) as model:
        for temperature in (0.0, 0.3, 0.7, 1.0, 1.5):
            parted, count, largest = 0, 0, 0.0
            for prompt, seed in itertools.product(PROMPTS, range(seeds)):
                alone = await _alone(model, prompt, temperature, seed)
                beside = await _beside(model, prompt, temperature, seed)
                count += 1
                parted += alone.text != beside.text
                for one, other in zip(alone.tokens, beside.tokens, strict=False):
                    if one.token_id != other.token_id:
                        break
                    largest = max(largest, abs((one.logprob or 0) - (other.logprob or 0)))
            share = f"{parted / count:.1%}"
            print(f"{temperature:>12}{count:>9}{parted:>8}{share:>8}{largest:>19.4f}")
        run = await _alone(model, PROMPTS[0], 0.7, 1)
        ids = [token.token_id for token in run.tokens if token.token_id is not None]
        scores = await model.score(as_messages(PROMPTS[0]), ids)
        apart = max(
            abs((score.token.logprob or 0) - (token.logprob or 0))
            for score, token in zip(scores, run.tokens, strict=True)
        )
        print(f"\nscore of a generated answer: at most {apart:.4f} from what was reported")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo:small")
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    asyncio.run(measure(options.model, options.seeds))


if __name__ == "__main__":
    main()
