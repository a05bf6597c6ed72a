"""What each knob does to a demo model: `.venv/bin/python -m tools.train_demo.knobs`.

A request for a story that the training text does not have is answered at three values of each knob,
with the same dice, while the others are off. A table shows the sweep's metrics with their intervals
at 95 %, and which of them have intervals that do not meet.
"""

import argparse
import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from playground.history import History
from playground.metrics import Estimate, Sample
from playground.sweep.asked import Asked, build
from playground.sweep.result import Cell, SweepResult
from playground.sweep.starting import begin
from tools.train_demo.corpus import writer
from tools.train_demo.corpus.relations import held_out
from tools.train_demo.rereading import keeps_its_cast

PROMPT: Final = "Tell me a story about a curious dragon."
OFF: Final[Mapping[str, float]] = {
    "temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0,
}  # fmt: skip
TURNED: Final[Sequence[tuple[str, Sequence[float], float]]] = (
    ("temperature", (0.2, 0.7, 1.3), 1.0),
    ("top_p", (0.3, 0.8, 1.0), 1.3),
    ("top_k", (2, 10, 0), 1.3),
    ("min_p", (0.0, 0.05, 0.4), 1.3),
    ("repeat_penalty", (0.8, 1.0, 1.6), 0.7),
)
"""A knob, its values, and the temperature at which it is turned."""

METRICS: Final[Mapping[str, str]] = {
    "distinct-2": "distinct-2",
    "similarity": "similarity",
    "logprob": "logprob",
    f"{__name__}:known_words": "known words",
    f"{__name__}:one_cast": "keep their cast",
}


@cache
def lexicon() -> frozenset[str]:
    """Every word of a part of the training text."""
    texts = (turn.text for dialogue in writer.write_corpus(20_000) for turn in dialogue)
    return frozenset(word for text in texts for word in words_of(text))


def words_of(text: str) -> list[str]:
    """Runs of letters, in lower case."""
    return re.findall(r"[^\W\d_]+", text.casefold())


def known_words(sample: Sample) -> float | None:
    """The share of an answer's words that are in the training text."""
    words = words_of(sample.text)
    return sum(word in lexicon() for word in words) / len(words) if words else None


def one_cast(sample: Sample) -> bool:
    """Whether the story is one that its grammar writes."""
    return keeps_its_cast(sample.text)


def turned(
    model: str, knob: str, values: Sequence[float], temperature: float, samples: int
) -> list[Cell]:
    """The cells of one knob, in the order of the values."""
    params = {**OFF, "temperature": temperature, "max_length": 120}
    params.pop(knob)
    asked = Asked.of_words(
        prompt=PROMPT,
        models=model,
        params=params,
        space={knob: list(values)},
        samples=samples,
        seed=1,
        metrics=tuple(METRICS),
    )
    with History.in_memory() as history:
        runner = begin(build(asked), history)
        asyncio.run(runner.run())
        cells = {cell.values[knob]: cell for cell in SweepResult.load(history, runner.id).cells}
    return [cells[value] for value in values]


def shown(estimate: Estimate | None) -> str:
    """A value with its interval."""
    if estimate is None or estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def apart(cells: Sequence[Cell], metric: str) -> bool:
    """Whether two of the cells have intervals that do not meet."""
    found = [cell.figures.estimates.get(metric) for cell in cells]
    bounds = [
        (one.low, one.high)
        for one in found
        if one is not None and one.low is not None and one.high is not None
    ]
    return any(high < low for _, high in bounds for low, _ in bounds)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_demo.knobs", description=__doc__)
    parser.add_argument("--model", default="demo:small")
    parser.add_argument("--samples", type=int, default=32)
    options = parser.parse_args()
    if not held_out(PROMPT):
        raise SystemExit(f"{PROMPT!r} is in the training text")
    print(f"{options.model}, {PROMPT!r}, {options.samples} samples a value\n")
    print("| knob | value |", " | ".join(METRICS.values()), "|")
    print("|---" * (len(METRICS) + 2) + "|")
    verdicts = []
    for knob, values, temperature in TURNED:
        cells = turned(options.model, knob, values, temperature, options.samples)
        note = "" if knob == "temperature" else f" at temperature {temperature}"
        for value, cell in zip(values, cells, strict=True):
            figures = [shown(cell.figures.estimates.get(metric)) for metric in METRICS]
            print(f"| {knob}{note} | {value} |", " | ".join(figures), "|", flush=True)
        found = [name for metric, name in METRICS.items() if apart(cells, metric)]
        verdicts.append(f"{knob}: intervals apart in {', '.join(found) or 'none of them'}")
    print("", *verdicts, sep="\n")


if __name__ == "__main__":
    main()
