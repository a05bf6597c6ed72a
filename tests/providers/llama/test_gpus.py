"""Layers go to GPUs as far as their memory reaches, and what is left of it bounds the context.

Without a GPU to try, its memory is the only thing that is made up.
"""

from pathlib import Path

import pytest

from playground.errors import ModelLoadFailed
from playground.providers.llama import gpus, native, sizing
from playground.providers.llama.gpus import GPU, fitting, layers_for_gpus
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import EngineSettings, ModelFacts

GIB = 1024**3


def _with(monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
    cards = tuple(GPU("Card 9000", size, 8 * GIB) for size in free)
    monkeypatch.setattr(gpus, "gpus", lambda: cards)
    monkeypatch.setattr(sizing, "gpus", lambda: cards)


def _room_for(weights: int) -> int:
    return weights + gpus.RESERVED + gpus.CELLS_RESERVED


def test_without_a_gpu_nothing_is_looked_for(demo_path: Path) -> None:
    assert gpus.gpus() == ()
    assert layers_for_gpus(demo_path, -1) == -1


def test_a_model_that_fits_goes_there_whole(
    demo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, _room_for(demo_path.stat().st_size))
    assert layers_for_gpus(demo_path, -1) == -1


def test_what_does_not_fit_stays_with_the_processor(
    demo_path: Path, native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, _room_for(demo_path.stat().st_size) - GIB // 4)
    some = layers_for_gpus(demo_path, -1)
    assert 0 < some < native_model.layers + 1
    _with(monkeypatch, gpus.RESERVED // 2, gpus.RESERVED // 2)
    assert layers_for_gpus(demo_path, -1) == 0


def test_two_gpus_are_room_together(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = gpus.RESERVED + gpus.CELLS_RESERVED // 2 + demo_path.stat().st_size // 2 + 1
    _with(monkeypatch, half, half)
    assert layers_for_gpus(demo_path, -1) == -1
    _with(monkeypatch, half)
    assert layers_for_gpus(demo_path, -1) > 0


@pytest.mark.parametrize("asked", [0, 7, 100_000])
def test_what_was_asked_for_is_done(
    demo_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int
) -> None:
    _with(monkeypatch, 0)
    assert layers_for_gpus(demo_path, asked) == asked


def test_a_layer_takes_its_weights_and_its_cells() -> None:
    # Llama 3 8B in Q8_0 on 6 GiB: 33 layers of 257 MB, 16 MB of cells with each.
    assert fitting(8_540_000_000, 32, 5 * GIB) == 19
    assert fitting(8_540_000_000, 32, 0) == 0
    assert fitting(1_000, 32, 80 * GIB) == 33


def test_the_context_is_bounded_by_the_gpus_memory(
    native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizing, "free_memory", lambda: 64 * GIB)
    monkeypatch.setattr(native_model, "gpu_layers", native_model.layers + 1)
    one = native_model.kv_bytes(4096)
    _with(monkeypatch, sizing.BUFFERS_BYTES + one)
    assert sizing.free_for_cells(native_model) == one
    with pytest.raises(ModelLoadFailed, match="fewer gpu_layers") as caught:
        sizing.choose_layout(native_model, EngineSettings(context_length=8192, sequences=1))
    assert "are free" in caught.value.message


def test_cells_lie_with_their_layer(
    native_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, sizing.BUFFERS_BYTES + GIB)
    half = native_model.layers // 2
    # The first layer to go there is the output's, which has no cells.
    monkeypatch.setattr(native_model, "gpu_layers", half + 1)
    monkeypatch.setattr(sizing, "free_memory", lambda: 64 * GIB)
    assert sizing.free_for_cells(native_model) == GIB * native_model.layers // half
    monkeypatch.setattr(sizing, "free_memory", lambda: GIB // 2)
    assert sizing.free_for_cells(native_model) == (GIB // 2) * native_model.layers // (
        native_model.layers - half
    )
    monkeypatch.setattr(native_model, "gpu_layers", 1)
    assert sizing.free_for_cells(native_model) == GIB // 2


def test_the_machines_gpus_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no GPU" in sizing.describe_machine()
    _with(monkeypatch, 6 * GIB)
    assert "layers go to Card 9000 with 6.4 GB free" in sizing.describe_machine()


def test_the_settings_in_use_name_the_gpu() -> None:
    facts = ModelFacts(
        description="",
        parameters=1,
        trained_context=1,
        context_length=1,
        sequences=1,
        unified=False,
        cells=1,
        kv_type="f16",
        flash_attention=None,
        threads=1,
        gpu_layers=33,
        gpus=("Card 9000",),
        load=None,
        vocabulary=1,
        template="file",
    )
    assert "33 layers on Card 9000" in facts.in_use()


def test_a_file_that_cannot_be_loaded_asks_about_gpu_layers_where_there_is_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ModelLoadFailed) as caught:
        NativeModel(broken, gpu_layers=-1)
    assert "gpu_layers" not in caught.value.hint
    monkeypatch.setattr(native, "gpus", lambda: (GPU("Card 9000", 1, 1),))
    with pytest.raises(ModelLoadFailed) as caught:
        NativeModel(broken, gpu_layers=-1)
    assert "fewer gpu_layers" in caught.value.hint
