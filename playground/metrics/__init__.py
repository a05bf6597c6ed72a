"""What is measured on the answers of a sweep: every metric with its interval.

::

    from playground.metrics import Sample, get, measure

    samples = [Sample(text="Once upon a time"), Sample(text="Once upon a hill")]
    measure(get("distinct-2"), samples)

What each metric means, with its formula and source, is in `docs/metrics.md`. Everything here is a
pure function of finished answers: no model is opened, and what must be asked of one
(`perplexities`, `judged`) is given a function to ask with.
"""

from playground.metrics.chain import StageEffect, chain_params, stage_effects
from playground.metrics.collection import Collection, normalised
from playground.metrics.dead import CellSamples, KnobReport, dead_knobs, knob_effects, told_effects
from playground.metrics.flip import FlipPoint, flip_point
from playground.metrics.histogram import Bar, answer_histogram
from playground.metrics.judge import Judge, Verdict, judged, scores
from playground.metrics.measuring import measure, measure_all, measure_figures
from playground.metrics.metric import Estimate, Figure, Metric, Need
from playground.metrics.perplexity import Scorer, perplexities
from playground.metrics.registry import METRICS, USUAL, get
from playground.metrics.sample import Sample

__all__ = [
    "METRICS",
    "USUAL",
    "Bar",
    "CellSamples",
    "Collection",
    "Estimate",
    "Figure",
    "FlipPoint",
    "Judge",
    "KnobReport",
    "Metric",
    "Need",
    "Sample",
    "Scorer",
    "StageEffect",
    "Verdict",
    "answer_histogram",
    "chain_params",
    "dead_knobs",
    "flip_point",
    "get",
    "judged",
    "knob_effects",
    "measure",
    "measure_all",
    "measure_figures",
    "normalised",
    "perplexities",
    "scores",
    "stage_effects",
    "told_effects",
]
