"""Tokens a second through `open_model().stream()` against the bare low-level llama.cpp loop.

Both take the same file, threads, prompt and sampler chain, one after the other in rounds, and the
ratio of each round is taken, because other work on the machine slows both. The bare loop runs in a
process of its own, like the worker.

    python -m benchmarks.local_overhead
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.random_gguf import random_gguf
from playground.config import shipped
from playground.providers import open_model
from playground.providers.llama.model import LlamaModel
from playground.run import generate

PROMPT = "Once upon a time there was a little fox. " * 12


def bare(path: str, threads: int, count: int) -> float:
    """Tokens a second of the shortest loop that llama.cpp's C API allows, prefill left out."""
    import llama_cpp as lib

    lib.llama_backend_init()
    quiet = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(quiet, None)
    loading = lib.llama_model_default_params()
    # As the worker does, and for its reason: see `NativeModel`.
    loading.use_extra_bufts = b"AMX_INT8 = 1" not in lib.llama_print_system_info()
    model = lib.llama_model_load_from_file(path.encode(), loading)
    options = lib.llama_context_default_params()
    options.flash_attn_type = 0  # as the worker on a CPU: with it, tokens come more slowly
    options.n_ctx, options.n_threads, options.n_threads_batch = 1024, threads, threads
    context = lib.llama_init_from_model(model, options)
    vocab = lib.llama_model_get_vocab(model)
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for stage in (
        lib.llama_sampler_init_top_k(40),
        lib.llama_sampler_init_top_p(0.95, 1),
        lib.llama_sampler_init_min_p(0.05, 1),
        lib.llama_sampler_init_temp(0.8),
        lib.llama_sampler_init_dist(1),
    ):
        lib.llama_sampler_chain_add(chain, stage)
    data = PROMPT.encode()
    tokens = (lib.llama_token * (len(data) + 8))()
    size = lib.llama_tokenize(vocab, data, len(data), tokens, len(tokens), False, True)
    lib.llama_decode(context, lib.llama_batch_get_one(tokens, size))
    one = (lib.llama_token * 1)(lib.llama_sampler_sample(chain, context, -1))
    began = time.perf_counter()
    for _ in range(count - 1):
        lib.llama_decode(context, lib.llama_batch_get_one(one, 1))
        one[0] = lib.llama_sampler_sample(chain, context, -1)
    return (count - 1) / (time.perf_counter() - began)


async def ours(model: LlamaModel, count: int) -> float:
    """Tokens a second of a run, as its own clock says."""
    run = await generate(model, PROMPT, max_length=count, seed=1, temperature=0.8)
    if run.error is not None:
        raise run.error
    return run.tokens_per_second or 0.0


async def compare(
    path: Path, *, rounds: int, count: int, threads: int
) -> list[tuple[float, float]]:
    """`(bare, ours)` a round."""
    found = []
    # As long a context as the bare loop's: a longer one would put all sequences into one pool.
    opened = open_model(f"local:{path}", threads=threads, context_length=1024)
    assert isinstance(opened, LlamaModel)
    async with opened as model:
        await model.warm_up()
        for _ in range(rounds):
            command = [sys.executable, "-m", "benchmarks.local_overhead", "--bare", str(path)]
            command += ["--threads", str(threads), "--tokens", str(count)]
            done = await asyncio.to_thread(
                subprocess.run, command, check=True, capture_output=True, text=True
            )
            found.append((float(done.stdout), await ours(model, count)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        print(bare(options.bare, options.threads, options.tokens))
        return
    rounds = 2 if options.quick else options.rounds
    demo = shipped("providers") / "demo" / "small.gguf"
    files = {"demo:small": demo, "random 110 M": random_gguf()}
    print(f"{'model':<14}{'bare tok/s':>12}{'ours tok/s':>12}{'ratio':>8}   (medians)")
    for name, path in files.items():
        pairs = asyncio.run(
            compare(path, rounds=rounds, count=options.tokens, threads=options.threads)
        )
        base = statistics.median(pair[0] for pair in pairs)
        mine = statistics.median(pair[1] for pair in pairs)
        ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
        print(f"{name:<14}{base:>12.1f}{mine:>12.1f}{ratio:>8.3f}")


if __name__ == "__main__":
    main()
