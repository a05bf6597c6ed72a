"""A history of 100,000 runs: how long searching takes, and that starting does not notice it.

The history is made by the functions that write runs, with answers of 20 to 200 words in English and
Japanese and full receipts; it is kept in the folder named by `--folder` and used again. Searches
are those of the screen and of `playground history search`: common words, rare words, Japanese, and
filters by model, tag, date and parameter. To reach: each under 100 ms; opening it, and the first
paint of the terminal with it, as with an empty one. With `--sweep` there are 40,000 answers of a
sweep beside the others, which are ranked apart from them.

    python -m benchmarks.history [--sweep]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import sweep_screen
from benchmarks.start import MARKER, seconds_to
from playground.history import Filing, Filters, History, ParamFilter
from playground.history.saving import BegunRun, EndedRun, begin_run, end_run
from playground.history.store import FILE
from playground.params import GenerationParams
from playground.providers import open_model
from playground.types import Choice, Message, Receipt, Timing, Usage

RUNS = 100_000
IN_ONE_GO = 2_000
DAYS = 365

COMMON = [
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "it",
    "was",
    "fox",
    "king",
    "river",
    "house",
    "story",
    "tells",
    "once",
    "upon",
    "time",
    "said",
]
JAPANESE = (
    "昔々あるところに小さな村がありましたそこに住む男の子は海が好きで東京の猫と話した".strip()
)


def _words(dice: random.Random) -> list[str]:
    """A vocabulary of 20,000 words that look like words."""
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]
    rare = {"".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(30_000)}
    return sorted(rare)[:20_000]


def _text(dice: random.Random, vocabulary: list[str], length: int) -> str:
    """A text in which a few words are everywhere and most are rare, as in any language."""
    words = [
        dice.choice(COMMON) if dice.random() < 0.5 else vocabulary[int(20_000 * dice.random() ** 3)]
        for _ in range(length)
    ]
    if dice.random() < 0.2:
        start = dice.randrange(len(JAPANESE) - 10)
        words.insert(dice.randrange(len(words)), JAPANESE[start : start + dice.randint(5, 30)])
    return " ".join(words)


def build(path: Path, runs: int) -> None:
    """Write the history, in conversations of four turns."""
    dice = random.Random(7)
    vocabulary = _words(dice)
    models = ("demo:small", "openai:gpt-4.1", "local:~/models/llama-3.1-8b.Q4_K_M.gguf")
    opened = {ref: open_model("demo:small") for ref in models}
    now = time.time()
    with History.open(path) as history:
        for start in range(0, runs, IN_ONE_GO):
            with history._database.writing() as db:
                for number in range(start, min(start + IN_ONE_GO, runs)):
                    ref = models[number % 3]
                    params = GenerationParams(temperature=round(dice.random() * 2, 2), seed=number)
                    created = now - DAYS * 86_400 * (1 - number / runs)
                    prompt = _text(dice, vocabulary, dice.randint(4, 20))
                    answer = _text(dice, vocabulary, dice.randint(20, 200))
                    conversation = f"c{number // 4:09}"
                    filing = Filing(
                        conversation=conversation,
                        pane=f"p{number // 4:09}",
                        model=ref,
                        params=params,
                        prompt=prompt,
                    )
                    turns = (Message(role="user", content=prompt),)
                    name = f"r{number:09}"
                    begin_run(
                        db, filing, BegunRun(name, ref, turns, "", params, created), "benchmark"
                    )
                    plan = opened[ref].plan(params)
                    end_run(
                        db,
                        EndedRun(
                            name,
                            "done",
                            (Choice(text=answer, finish_reason="stop"),),
                            (),
                            Receipt(model=ref, plan=plan),
                            Usage(input_tokens=20, output_tokens=100, cost=0.0),
                            Timing(queued=0.01, first_token=0.1, total=1.0),
                            None,
                        ),
                    )
                    if number % 400 == 0:
                        db.execute("INSERT OR IGNORE INTO tags VALUES (?, 'keep')", (conversation,))
            print(f"\r{start + IN_ONE_GO:,} of {runs:,} runs written", end="", file=sys.stderr)
    print(file=sys.stderr)


def searches() -> dict[str, Filters]:
    """What is looked for."""
    month_ago = datetime.now(UTC) - timedelta(days=30)
    hot = ParamFilter.parse("temperature>1.9")
    return {
        "a word in every other run: fox": Filters(query="fox"),
        "three common words: fox king river": Filters(query="fox king river"),
        "the beginning of a word: ri": Filters(query="ri"),
        "a rare word: zuzu": Filters(query="zuzu"),
        "one Japanese character: 猫": Filters(query="猫"),
        "Japanese: 東京の猫": Filters(query="東京の猫"),
        'a phrase: "upon time"': Filters(query='"upon time"'),
        "fox, with one model": Filters(query="fox", model="openai:gpt-4.1"),
        "fox, with a tag": Filters(query="fox", tag="keep"),
        "fox, in the last month": Filters(query="fox", since=month_ago),
        "fox, temperature > 1.9": Filters(query="fox", params=(hot,)),
        "temperature > 1.9 alone": Filters(params=(hot,)),
        "one model alone": Filters(model="demo:small"),
    }


def _has_sweep(path: Path) -> bool:
    with History.open(path) as history:
        return history.sweeps.exists(sweep_screen.NAME)


def _runs_in(path: Path) -> int:
    with History.open(path) as history, history._database.reading() as db:
        return int(db.execute("SELECT COUNT(*) FROM runs").fetchone()[0])


def _milliseconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and slowest."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), max(taken)


def _first_paint(folder: Path) -> float:
    environment = {
        **os.environ,
        "PLAYGROUND_CONFIG_DIR": str(folder),
        "PLAYGROUND_DATA_DIR": str(folder),
        "TERM": "xterm-256color",
    }
    return seconds_to(MARKER, [sys.executable, "-m", "playground"], environment) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="where the history is kept and used again")
    parser.add_argument("--quick", action="store_true", help="10,000 runs, three rounds")
    parser.add_argument(
        "--sweep", action="store_true", help="40,000 answers of a sweep beside them"
    )
    options = parser.parse_args()
    if options.quick:
        options.runs, options.rounds = 10_000, 3
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as empty:
        folder = options.folder or Path(made)
        path = folder / FILE
        if not path.exists():
            build(path, options.runs)
        if options.sweep and not _has_sweep(path):
            sweep_screen.build_history(path)
        print(f"{_runs_in(path):,} runs, {path.stat().st_size / 1e6:,.0f} MB")
        print(f"{'':40}{'found':>7}{'median, ms':>12}{'slowest, ms':>13}")
        with History.open(path) as history:
            for title, filters in searches().items():
                found = len(history.search(filters))
                taken = _milliseconds(lambda: history.search(filters), options.rounds)  # noqa: B023
                print(f"{title:40}{found:>7}{taken[0]:>12.1f}{taken[1]:>13.1f}", flush=True)
            for title, filters in (
                ("screen: the latest conversations", Filters()),
                ("screen: conversations with fox", Filters(query="fox")),
                ("screen: conversations with 東京の猫", Filters(query="東京の猫")),
            ):
                taken = _milliseconds(lambda: history.conversations(filters), options.rounds)  # noqa: B023
                print(f"{title:40}{'':>7}{taken[0]:>12.1f}{taken[1]:>13.1f}", flush=True)
        empty_path = Path(empty) / FILE
        History.open(empty_path).close()
        for title, opened in (("open it", path), ("open an empty one", empty_path)):
            taken = _milliseconds(lambda: History.open(opened).close(), options.rounds)  # noqa: B023
            print(f"{title:40}{'':>7}{taken[0]:>12.1f}{taken[1]:>13.1f}", flush=True)
        paints = [(_first_paint(folder), _first_paint(Path(empty))) for _ in range(options.rounds)]
        ratio = statistics.median(full / bare for full, bare in paints)
        full, bare = (statistics.median(side) for side in zip(*paints, strict=True))
        print(f"first paint {full:.0f} ms with it, {bare:.0f} ms with an empty one: {ratio:.2f}x")


if __name__ == "__main__":
    main()
