"""Dead knobs: settings of a grid that changed nothing here, found out from the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from playground.errors import InvalidParameter
from playground.knobs import SAMPLERS, number_text, order_text
from playground.metrics.chain import StageEffect, chain_params, stage_effects, together
from playground.metrics.intervals import Resampling
from playground.metrics.metric import Metric
from playground.metrics.registry import METRICS
from playground.metrics.sample import Sample

if TYPE_CHECKING:
    from playground.metrics.apart import Difference

__all__ = [
    "MARGIN",
    "CellSamples",
    "KnobReport",
    "KnobVerdict",
    "dead_knobs",
    "knob_effects",
    "told_effects",
]

KnobVerdict = Literal["dead", "equivalent", "alive", "undecided"]
"""Whether a knob's values gave the very same answers, answers that differ by less than a margin,
answers that surely differ, or too few answers, or cells, to say."""

NO_WIDTH: Final = 1e-9
"""An interval of no more than this is that of resamples which are all the same."""

MARGIN: Final = 0.05
"""The least difference of similarity that counts, where nothing else is said."""

MOST_TOKENS: Final = 2_000
"""Tokens at which the stages of a chain are looked at, evenly taken from all there are."""


FEW_VALUES: Final = 3
"""Values of a knob that are each told of; what was the same at more is said of all together."""


@dataclass(frozen=True, slots=True)
class CellSamples:
    """One cell of a grid: its settings, its samples, and what is known of their tokens.

    `settings` are the values of the knobs that were varied (and whatever else tells cells apart:
    model, prompt). `likeliest` has the natural-log probabilities of each token's likeliest
    alternatives in the raw distribution, of all samples; `effective` are the knobs that were used,
    and `vocabulary` the number of tokens that there are.
    """

    settings: Mapping[str, Any]
    samples: Sequence[Sample]
    likeliest: Sequence[Sequence[float]] = ()
    effective: Mapping[str, Any] | None = None
    vocabulary: int | None = None


@dataclass(frozen=True, slots=True)
class KnobReport:
    """What a knob did over a grid.

    `difference` is the largest between two of its `values`, `least` and `most` bound it (5 % are
    left out on either side), and `chance` is how often exchanged answers differ as much (the
    p-value of a permutation test); None where the answers are the very same. `reason` says all of
    it in a sentence, and `effects` what its stage of the sampler chain did at each value, over all
    cells with that value together, where that is known.
    """

    knob: str
    values: tuple[Any, ...]
    verdict: KnobVerdict
    reason: str
    difference: float | None = None
    least: float | None = None
    most: float | None = None
    chance: float | None = None
    effects: tuple[tuple[Any, StageEffect], ...] = ()


def dead_knobs(
    cells: Sequence[CellSamples],
    *,
    knobs: Iterable[str] | None = None,
    metric: Metric | None = None,
    margin: float | None = None,
    same_dice: bool = True,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
    cells_total: int | None = None,
) -> tuple[KnobReport, ...]:
    """Whether it matters, for each knob of a grid (or each of `knobs`), which value it has.

    Cells are compared that differ in this knob only. With `same_dice`, the samples of one number
    had the same dice in all cells: where all answers are the same, letter by letter, the knob is
    dead here. Otherwise two values are compared by `metric`, `similarity` where none is named:

    - `similarity`: how much less alike two answers at different values are than two at the same
      value, on average (half the energy distance of Székely and Rizzo, with 1 - similarity for the
      distance). It is 0 where the value does not matter.
    - a metric of single samples: the difference of its means.

    The values are equivalent where the two one-sided tests (Schuirmann 1987) at 1 - `level` place
    the difference within `margin`, by the bootstrap over samples; and different where, of
    `resamples` exchanges of answers between values, at most 1 - `level` give as large a largest
    difference (a permutation test over all values at once). `alive` wins where both hold. `margin`
    is in the metric's unit, and must be given for all but `similarity`.

    `cells_total` is how many cells the grid has (None: those that are compared). While fewer can be
    compared no knob is dead or equivalent, because it may act in the others, and the reason says
    how many it is about. Raises `InvalidParameter` for a metric that cannot be compared so.
    """
    how = metric or METRICS["similarity"]
    if how.name != "similarity" and how.values is None:
        raise InvalidParameter(
            f"{how.name} is not a metric of single samples.",
            hint="Take similarity, or a metric that each sample has, such as length.",
        )
    if margin is None and how.name != "similarity":
        raise InvalidParameter(
            f"Which difference of {how.name} would matter?",
            hint=f"Say so with margin, in {how.unit or 'its own unit'}.",
        )
    test = _Test(
        how,
        MARGIN if margin is None else margin,
        same_dice,
        Resampling(seed, resamples, level),
        cells_total,
    )
    return tuple(
        _report(name, cells, test) for name in (_varied(cells) if knobs is None else knobs)
    )


class _Test(NamedTuple):
    metric: Metric
    margin: float
    same_dice: bool
    how: Resampling
    cells_total: int | None


def _varied(cells: Sequence[CellSamples]) -> list[str]:
    values: dict[str, list[Any]] = {}
    for cell in cells:
        for name, value in cell.settings.items():
            seen = values.setdefault(name, [])
            if value not in seen:
                seen.append(value)
    return [name for name, seen in values.items() if len(seen) > 1]


def _report(knob: str, cells: Sequence[CellSamples], test: _Test) -> KnobReport:
    values, contexts = _contexts(knob, cells)
    effects = knob_effects(knob, cells)
    told = told_effects(effects, len(values))

    def report(
        verdict: KnobVerdict,
        reason: str,
        found: Difference | None = None,
        chance: float | None = None,
    ) -> KnobReport:
        return KnobReport(
            knob,
            values,
            verdict,
            "; ".join([reason, *told]),
            difference=None if found is None else found.value,
            least=None if found is None else found.low,
            most=None if found is None else found.high,
            chance=chance,
            effects=effects,
        )

    compared = [groups for groups in contexts if len(groups) > 1]
    if not compared:
        return report("undecided", f"no two cells with samples differ in {knob} alone")
    seen = sum(map(len, compared))
    total = seen if test.cells_total is None else test.cells_total
    whole, part = seen >= total, f" in {seen:,} of {total:,} cells" if seen < total else ""
    if test.same_dice and all(map(_same_answers, compared)):
        count = sum(len(samples) for groups in compared for samples in groups.values())
        same = f"with the same dice all {count:,} answers stay the same{part}"
        return report("dead" if whole else "undecided", same)

    from playground.metrics.apart import apart

    found = apart(compared, test.metric, test.how, same_dice=test.same_dice)
    if found is None:
        return report("undecided", "it takes at least three samples a cell")
    widest, chance = found.widest, found.chance
    where = (
        f"{test.metric.name} at {knob} {_text(values[widest.one])} and "
        f"{_text(values[widest.other])} is {_apart(widest.value)} apart{part}"
    )
    if found.answers < found.there:
        where += f" (in {found.answers:,} of {found.there:,} answers)"
    if chance <= 1 - test.how.level:
        return report("alive", f"{where}, by chance in {chance:.1%} of cases", widest, chance)
    # Where one answer alone differs every resample gives 0: that says nothing of how far apart.
    wide = all(pair.high - pair.low > NO_WIDTH for pair in found.pairs)
    known = wide or all(map(_same_answers, compared))
    if known and all(-test.margin < pair.low and pair.high < test.margin for pair in found.pairs):
        sure = f"{where}, less than {test.margin:g} for sure"
        return report("equivalent" if whole else "undecided", sure, widest, chance)
    return report("undecided", f"{where}, perhaps by chance: take more samples", widest, chance)


def _same_answers(groups: Mapping[int, Sequence[Sample]]) -> bool:
    """Whether the samples say the same, one by one."""
    said = [[(sample.number, sample.text) for sample in samples] for samples in groups.values()]
    return all(texts == said[0] for texts in said)


def _contexts(
    knob: str, cells: Sequence[CellSamples]
) -> tuple[tuple[Any, ...], list[dict[int, list[Sample]]]]:
    """The knob's values, and the samples by value (its place) of cells that share all the rest."""
    values: list[Any] = []
    contexts: dict[str, dict[int, list[Sample]]] = {}
    for cell in cells:
        if knob not in cell.settings or not cell.samples:
            continue
        value = cell.settings[knob]
        if value not in values:
            values.append(value)
        rest = sorted((name, repr(item)) for name, item in cell.settings.items() if name != knob)
        groups = contexts.setdefault(repr(rest), {})
        groups.setdefault(values.index(value), []).extend(cell.samples)
    return tuple(values), list(contexts.values())


def knob_effects(knob: str, cells: Sequence[CellSamples]) -> tuple[tuple[Any, StageEffect], ...]:
    """What the stage of a knob did at each of its values, all cells with that value together.

    Empty for a knob that is no stage of the sampler chain, and where no cell's distributions are
    known. At values that switch the stage off it did nothing that could be told.
    """
    chains: dict[str, tuple[Any, CellSamples, list[Sequence[float]]]] = {}
    for cell in cells:
        if knob in SAMPLERS and cell.effective and cell.likeliest and knob in cell.settings:
            chain = chain_params(cell.effective)
            key = f"{chain.given()!r} {cell.vocabulary}"
            chains.setdefault(key, (cell.settings[knob], cell, []))[2].extend(cell.likeliest)
    found: dict[Any, list[StageEffect]] = {}
    for value, cell, likeliest in chains.values():
        chosen = likeliest[:: -(-len(likeliest) // MOST_TOKENS)]
        chain = chain_params(cell.effective or {})
        for effect in stage_effects(chosen, chain, vocabulary=cell.vocabulary):
            if effect.stage == knob:
                found.setdefault(value, []).append(effect)
    return tuple((value, together(effects)) for value, effects in sorted(found.items()))


def told_effects(effects: Sequence[tuple[Any, StageEffect]], values: int) -> list[str]:
    """Effects at the values of one knob in words; at many values one phrase for each kind.

    `values` is how many the knob has: at some its stage may be switched off, or not looked at.
    """
    if len(effects) <= FEW_VALUES:
        return [str(effect) for _, effect in effects]
    kinds: dict[str, list[tuple[Any, StageEffect]]] = {}
    for value, effect in effects:
        kinds.setdefault(effect.effect, []).append((value, effect))
    told = []
    for alike in kinds.values():
        setting = alike[0][1].setting
        if len(alike) > 1:
            ends = f"{_text(alike[0][0])} to {_text(alike[-1][0])}"
            part = f" of {values:,}" if len(effects) < values else ""
            setting = f"{alike[0][1].stage} {ends} ({len(alike):,}{part} values)"
        told.append(str(together([effect for _, effect in alike], setting)))
    return told


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return order_text(value)
    return number_text(value) if isinstance(value, int | float) else str(value)


def _apart(difference: float) -> str:
    """How far two values are apart; what adding up in another order comes to is nothing."""
    return f"{abs(difference) if abs(difference) > NO_WIDTH else 0:.3g}"
