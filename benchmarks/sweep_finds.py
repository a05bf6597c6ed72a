"""Sweeps: whether they find what is known to be so of the demo model.

`knobs`: diversity over temperature and over top_p, one story, the other stages of the chain off. To
come out: between temperature 0.3 and 1.5 entropy and distinct-2 rise and self-BLEU falls, by more
than their intervals; temperature 0 gives one answer; top_p from 0.8 to 1 moves each less.

`searches`: sums that the model knows, over temperature and repeat_penalty, which is best somewhere
in the middle. To come out: grid, random and Bayesian search find the same best region, the Bayesian
one in at most half of the grid's runs.

    python -m benchmarks.sweep_finds
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from playground.history import History
from playground.metrics import Estimate
from playground.sweep.asked import Asked, build
from playground.sweep.result import SweepResult
from playground.sweep.space import Values
from playground.sweep.starting import begin

STORY: Final = "Tell me a story about a fox."
RISING: Final = ("entropy", "distinct-2")
FALLING: Final = ("self-bleu",)
LOW: Final = 0.3
HIGH: Final = 1.5

SPACE: Final[Mapping[str, str]] = {
    "temperature": "0.25:2.5:0.25",
    "repeat_penalty": "0.4:2:0.2",
}
TRIALS: Final = 30
"""Of the grid's 90 points: a third."""

NEAR: Final = 0.05
"""A setting is among the best if at most so much less is right there than at the best."""


def made(history: History, **words: Any) -> SweepResult:
    """A sweep on the demo model, and what came of it."""
    runner = begin(build(Asked.of_words(models="demo:small", **words)), history)
    asyncio.run(runner.run())
    return SweepResult.load(history, runner.id)


# What knobs do


def along(history: History, knob: str, values: str, *, samples: int, **fixed: Any) -> SweepResult:
    """One story along a knob; nothing but the two knobs is at work in the chain."""
    return made(
        history,
        prompt=STORY,
        space={knob: values},
        params={"max_length": 60, "top_k": 0, "min_p": 0, **fixed},
        samples=samples,
        seed=1,
        metrics=(*RISING, *FALLING, "unique"),
    )


def figure(result: SweepResult, knob: str, value: float, metric: str) -> Estimate:
    """What a metric came to at one value of a knob."""
    (cell,) = (cell for cell in result.cells if cell.values[knob] == value)
    return cell.figures.estimates[metric]


def apart(low: Estimate, high: Estimate) -> bool:
    """Whether the second is larger by more than both intervals."""
    return low.high is not None and high.low is not None and low.high < high.low


def moved(result: SweepResult, metric: str) -> float:
    """How far apart the least and the greatest value of a metric are along a sweep."""
    values = [value for cell in result.cells if (value := cell.figures.value(metric)) is not None]
    return max(values) - min(values)


def knob_cases(samples: int) -> Iterator[tuple[str, bool]]:
    """Each thing that is to come out, and whether it did."""
    with History.in_memory() as history:
        heat = along(history, "temperature", "0,0.3,0.6,0.9,1.2,1.5", samples=samples, top_p=1)
        cuts = along(history, "top_p", "0.8,0.9,0.95,1", samples=samples, temperature=1)
        # What the usual order of the chain makes of it: it truncates before the temperature.
        cut = along(history, "temperature", "0.3,1.5", samples=samples, top_p=0.9)
        for result in (heat, cuts, cut):
            show(result)
        for metric in (*RISING, *FALLING):
            ends = [figure(heat, "temperature", value, metric) for value in (LOW, HIGH)]
            rises = metric in RISING
            word = "rises" if rises else "falls"
            yield (
                f"{metric} {word} from {LOW} to {HIGH}, intervals apart",
                apart(*(ends if rises else reversed(ends))),
            )
            yield (
                f"top_p moves {metric} less than temperature",
                moved(cuts, metric) < moved(heat, metric),
            )
        cold = next(cell for cell in heat.cells if cell.values["temperature"] == 0)
        yield "temperature 0 gives one answer", cold.figures.answers == 1


def show(result: SweepResult) -> None:
    """A line for each cell: the setting and its figures with their intervals."""
    print("fixed:", {k: v for k, v in result.sweep.params.given().items() if k != "max_length"})
    for cell in result.cells:
        told = [f"{knob} {value:g}" for knob, value in cell.values.items()]  # type: ignore[str-bytes-safe]
        for name, one in cell.figures.estimates.items():
            if one.value is not None:
                told.append(f"{name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})")
        print("  " + "; ".join(told))


# Searches


def searched(history: History, *, samples: int, seed: int, **search: Any) -> SweepResult:
    """Five sums with known results, over two knobs."""
    return made(
        history,
        prompt="@small-sum",
        space=dict(SPACE),
        params={"max_length": 24},
        samples=samples,
        seed=seed,
        metrics="numeric",
        search=search,
    )


def shares(result: SweepResult) -> dict[tuple[float, float], float]:
    """How much is right at each point, over all prompts."""
    found: dict[tuple[float, float], list[float]] = {}
    for cell in result.cells:
        found.setdefault(_point(cell.values), []).append(cell.figures.value("numeric") or 0.0)
    return {point: sum(values) / len(values) for point, values in found.items()}


def _point(values: Values) -> tuple[float, float]:
    first, second = (float(str(value)) for value in values.values())
    return first, second


def best(points: Mapping[tuple[float, float], float]) -> list[tuple[float, float]]:
    """The points at which nearly as much is right as at the best one."""
    most = max(points.values())
    return sorted(point for point, share in points.items() if share >= most - NEAR)


def within(found: Sequence[tuple[float, float]], region: Sequence[tuple[float, float]]) -> bool:
    """Whether more than half of these points lie in a region."""
    return 2 * len([point for point in found if point in region]) > len(found)


def search_cases(samples: int, seeds: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """Each thing that is to come out, and whether it did, for each seed."""
    for seed in seeds:
        with History.in_memory() as history:
            grid = searched(history, samples=samples, seed=seed)
            region = best(shares(grid))
            runs = len(grid.cells) * samples
            print(f"seed {seed}: the best {len(region)} of {len(shares(grid))} points: {region}")
            for name, search in (
                ("random", {"random": 2 * TRIALS}),
                ("TPE", {"optimise": ("numeric",), "trials": TRIALS}),
            ):
                result = searched(history, samples=samples, seed=seed, **search)
                points = shares(result)
                found = best(points)
                made_runs = len(result.cells) * samples
                most = max(points.values())
                print(f"  {name}, {made_runs} of {runs} runs, best {most:.2f}: {found}")
                yield (
                    f"seed {seed}: most of the {len(found)} best points of {name} are the grid's",
                    within(found, region),
                )
                if name != "random":
                    yield (
                        f"seed {seed}: {name} took {made_runs / runs:.2f} of the grid's runs",
                        (2 * made_runs <= runs),
                    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("knobs", "searches"))
    parser.add_argument("--samples", type=int, default=16, help="answers a setting (knobs)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    cases: list[tuple[str, bool]] = []
    if options.only != "searches":
        cases += knob_cases(options.samples)
    if options.only != "knobs":
        cases += search_cases(4, range(1, options.seeds + 1))
    print()
    for told, came_out in cases:
        print("yes" if came_out else "NO ", told)
    if not all(came_out for _, came_out in cases):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
