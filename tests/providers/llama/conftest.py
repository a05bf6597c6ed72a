"""The shipped demo model, and the engine on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playground.config import shipped
from playground.params import SAMPLERS
from playground.params import knobs as knob_table
from playground.providers.llama.context import NativeContext
from playground.providers.llama.engine import Engine
from playground.providers.llama.log import start_llama
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import SamplingParams

DEMO = shipped("providers") / "demo" / "small.gguf"

MakeEngine = Callable[..., Engine]


def sampling(**knobs: Any) -> SamplingParams:
    """Neutral knobs at temperature 1, with these changed."""
    neutral = {
        name: knob.default if knob.neutral is None else knob.neutral
        for name, knob in knob_table().items()
        if knob.numeric and name != "logprobs"
    }
    neutral.update(max_length=24, seed=1)
    order = {"sampler_order": SAMPLERS}
    return SamplingParams.model_validate({**neutral, **order, **knobs})


@pytest.fixture(scope="session")
def demo_path() -> Path:
    return DEMO


@pytest.fixture(scope="session")
def native_model() -> NativeModel:
    start_llama()
    return NativeModel(DEMO, gpu_layers=0)


@pytest.fixture(
    params=[(False, False), (True, False), (False, True)],
    ids=["own-cells", "unified", "tells-later"],
)
def make_engine(request: pytest.FixtureRequest, native_model: NativeModel) -> MakeEngine:
    """Engines with KV cells of either kind, and one that tells what came of a batch as on a GPU."""
    unified, apart = request.param

    def make(length: int = 512, sequences: int = 4) -> Engine:
        context = NativeContext(
            native_model,
            length=length,
            cells=length if unified else length * sequences,
            sequences=sequences,
            unified=unified,
            threads=1,
            batch_tokens=512,
        )
        context.computes_apart = apart
        return Engine(native_model, context, sequences)

    return make
