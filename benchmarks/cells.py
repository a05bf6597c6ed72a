"""KV cells of one's own, or one pool for all: which is faster, and from where on.

The rule in `playground/providers/llama/sizing.py` stands on this. Answers to *one* prompt share its
cells in a pool, where all of them attend over it in one matrix product, and have a copy each where
cells are their own; prompts of their *own* lie beside each other in a pool, and each sequence has
to attend over the cells of all others. Flash attention is as the rule has it.
The demo model and 110 M parameters of random weights, one thread, every measurement in a process of
its own, the layouts in turns. The third is what the engine takes by itself, told as a sweep tells
it how many answers to one prompt there will be. A ratio above 1 is in favour of own cells; "best"
is how the engine's choice compares with the better of the two, where below 1 is worse.

    python -m benchmarks.cells
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks.isolated import in_a_process
from benchmarks.random_gguf import random_gguf
from playground.comparison import Comparison
from playground.providers import open_model
from playground.run import generate

WORDS = "the quick brown fox jumps over the lazy dog and the old king walks home by the river "
CONTEXT = 2048

MOST_OWN = 4096
"""The most tokens of all prompts of one job where each is its own: more takes minutes."""
DEMO = "demo:small"

Measured = dict[str, float]
"""`rate`: decode tokens a second, all sequences together. `total`: seconds for the whole job."""


async def measure(
    ref: str, unified: bool | None, prompt: int, count: int, own_prompts: bool, length: int
) -> Measured:
    """One job: `count` answers of `length` tokens to prompts of about `prompt` tokens.

    `unified` None lets the engine choose.
    """
    async with open_model(
        ref, threads=1, context_length=CONTEXT, sequences=count, unified=unified
    ) as model:
        await model.warm_up()
        tokens = await model.tokenize(WORDS * (prompt // 8))
        text = (await model.detokenize(tokens[:prompt])).decode()
        runs = [
            generate(
                model,
                f"{number} {text}" if own_prompts else text,
                max_length=length,
                # Hot, and without an end of the turn, so that every answer has its full length.
                temperature=2.0,
                logit_bias={"<|end|>": -1000},
                seed=number + 1,
            )
            for number in range(count)
        ]
        if not own_prompts:
            model.expect(runs[0].messages, count)
        comparison = Comparison(runs)
        began = time.perf_counter()
        async with comparison:
            async for _run, _event in comparison:
                pass
        total = time.perf_counter() - began
    for run in runs:
        if run.error is not None:
            raise run.error
    # From when the last has begun, so that no prompt is evaluated in what is counted as decoding.
    first = max(run.timing.first_token or 0.0 for run in runs)
    if own_prompts:
        return {"rate": float("nan"), "total": total}
    drawn = sum((run.usage.output_tokens or 0) - 1 for run in runs)
    return {"rate": drawn / (total - first), "total": total}


def _row(name: str, ref: str, job: tuple[int, int, bool, int], rounds: int) -> str:
    prompt, count, own_prompts, _ = job
    found = [
        [in_a_process(measure, ref, unified, *job) for unified in (False, True, None)]
        for _ in range(rounds)
    ]

    def columns(figure: str) -> str:
        own, pool, auto = (
            statistics.median(layouts[which][figure] for layouts in found) for which in range(3)
        )
        if own != own:
            return f"{'-':>9}{'-':>9}{'-':>7}{'-':>9}{'-':>6}"
        if figure == "total":
            ratios, digits = (pool / own, min(own, pool) / auto), 2
        else:
            ratios, digits = (own / pool, auto / max(own, pool)), 1
        both = f"{own:>9.{digits}f}{pool:>9.{digits}f}{ratios[0]:>7.2f}"
        return f"{both}{auto:>9.{digits}f}{ratios[1]:>6.2f}"

    kind = "own" if own_prompts else "one"
    return f"{name:<8}{prompt:>7}{kind:>6}{count:>6}{columns('rate')}{columns('total')}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--length", type=int, default=64, help="new tokens of each answer")
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--prompts", type=int, nargs="+", default=[128, 1024])
    parser.add_argument("--models", nargs="+", choices=["demo", "110 M"], default=["demo", "110 M"])
    parser.add_argument("--quick", action="store_true", help="one round, 128 tokens, the demo")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.prompts, options.models = 1, [128], ["demo"]
    print(
        f"{'':27}{'decoding, tokens/s':^40}{'the whole job, seconds':^40}   "
        f"(medians of {options.rounds})\n"
        f"{'model':<8}{'prompt':>7}{'is':>6}{'seqs':>6}"
        + f"{'own':>9}{'pool':>9}{'own ×':>7}{'auto':>9}{'best':>6}"
        * 2
    )
    for name in options.models:
        ref = DEMO if name == "demo" else f"local:{random_gguf()}"
        for prompt in options.prompts:
            for count in options.sequences:
                for own_prompts in (False, True):
                    if own_prompts and (count == 1 or prompt * count > MOST_OWN):
                        continue
                    job = (prompt, count, own_prompts, options.length)
                    print(_row(name, ref, job, options.rounds), flush=True)


if __name__ == "__main__":
    main()
