"""Pictures of a sweep: a curve with its band, a heat map, whatever its prompts are written in."""

from __future__ import annotations

import io
import re
import sys
from xml.etree import ElementTree as ET

import pytest
from matplotlib import image

from playground.errors import UsageError
from playground.history import History
from playground.sweep.definition import RandomSearch, SweepPrompt, axes_of
from playground.sweep.report import draw
from playground.sweep.report.fonts import UNKNOWN, fonts_for, without
from playground.sweep.report.pictures import Form
from playground.sweep.result import SweepResult
from tests.sweep.kept import in_characters, make, make_hostile


def drawn(result: SweepResult, *over: str, metric: str = "entropy", form: Form = "svg") -> bytes:
    file = io.BytesIO()
    assert draw(result, file, metric=metric, over=over, form=form) == []
    return file.getvalue()


def notes(result: SweepResult, *over: str, metric: str = "length") -> list[str]:
    return draw(result, io.BytesIO(), metric=metric, over=over, form="svg")


def groups(picture: bytes, kind: str) -> int:
    """How many things of a kind Matplotlib has drawn into an SVG."""
    root = ET.fromstring(picture)
    return sum(bool(re.match(rf"{kind}_\d+$", item.get("id", ""))) for item in root.iter())


def test_a_curve_has_a_line_and_a_band_for_whatever_else_differs(small: SweepResult) -> None:
    curve = drawn(small, "temperature")
    assert groups(curve, "FillBetweenPolyCollection") == 4
    assert groups(drawn(small, "model"), "FillBetweenPolyCollection") == 6
    assert drawn(small) == curve


def test_a_heat_map_has_a_panel_for_whatever_else_differs(small: SweepResult) -> None:
    assert groups(drawn(small, "temperature", "top_p"), "axes") == 3
    assert groups(drawn(small, "temperature", "model"), "axes") == 3


def test_a_png_is_large_enough_for_print(small: SweepResult) -> None:
    for over in (("temperature",), ("temperature", "top_p")):
        picture = image.imread(io.BytesIO(drawn(small, *over, form="png")), format="png")
        assert picture.shape[1] >= 1000
        assert picture.std() > 0.05


def test_the_same_sweep_is_the_same_picture(small: SweepResult) -> None:
    assert drawn(small, "top_p") == drawn(small, "top_p")


@pytest.mark.parametrize("over", [("temperature",), ("prompt",), ("temperature", "prompt")])
def test_no_prompt_spoils_a_picture(history: History, over: tuple[str, ...]) -> None:
    result = make_hostile(history)
    said = notes(result, *over)
    assert all("no font here has" in line for line in said)


def test_a_letter_that_no_font_has_is_replaced_and_said(history: History) -> None:
    rare = "\N{EGYPTIAN HIEROGLYPH A001}\N{CUNEIFORM SIGN A}\N{ADLAM CAPITAL LETTER ALIF}"
    _, missing = fonts_for([rare])
    if not missing:
        pytest.skip("the fonts here have every letter")
    prompts = (SweepPrompt.of(f"one {rare}"), SweepPrompt.of("two"))
    result = make(history, models=("scripted:echo",), samples=2, prompts=prompts)
    (said,) = notes(result, "prompt")
    assert said == f"no font here has {' '.join(sorted(missing))}"
    letter = min(missing)
    assert without(f"a{letter}\nb", missing) == f"a{UNKNOWN} b"


def test_letters_are_found_in_the_fonts_of_the_machine() -> None:
    families, missing = fonts_for(["plain text", "Ελληνικά", "قطة"])
    assert families == ["DejaVu Sans"]
    assert missing == set()


def test_settings_that_are_no_numbers_have_a_place_each(history: History) -> None:
    orders = [["top_k", "temperature"], ["temperature", "top_k"]]
    result = make(
        history, axes=axes_of({"sampler_order": orders, "temperature": "0.01:1:log4"}),
        params={"max_length": 4}, samples=2,
    )  # fmt: skip
    assert drawn(result, "sampler_order")
    assert drawn(result, "temperature")
    assert groups(drawn(result, "sampler_order", "temperature"), "axes") == 2


def test_settings_by_dice_are_points(history: History) -> None:
    result = make(
        history, axes=axes_of({"temperature": "0:2", "top_p": "0.1:1"}),
        search=RandomSearch(count=9), params={"max_length": 6},
    )  # fmt: skip
    assert groups(drawn(result, "temperature"), "FillBetweenPolyCollection") == 0
    assert groups(drawn(result, "temperature", "top_p"), "PathCollection") == 1


@pytest.mark.parametrize("over", [("temperature",), ("temperature", "top_p")])
def test_a_note_beside_the_figures_stands_over_the_picture(
    small: SweepResult, history: History, over: tuple[str, ...]
) -> None:
    unlike = in_characters(SweepResult.load(history, small.id))
    said = "length: in characters: not all tokens were counted (6 of 12 cells)"
    assert notes(unlike, *over) == [said]
    file = io.BytesIO()
    draw(unlike, file, metric="length", over=over, form="svg")
    assert file.getvalue() != drawn(small, *over, metric="length")


def test_what_is_too_much_for_a_picture_is_said(history: History) -> None:
    prompts = tuple(SweepPrompt.of(f"prompt {number}") for number in range(14))
    result = make(
        history, models=("scripted:echo",), prompts=prompts, samples=1,
        axes=axes_of({"temperature": "0,1", "top_p": "0.5,1"}),
    )  # fmt: skip
    assert notes(result, "temperature") == ["16 of 28 lines are not drawn"]
    assert notes(result, "temperature", "top_p") == ["2 of 14 maps are not drawn"]


@pytest.mark.parametrize(
    ("over", "metric", "said"),
    [
        (("temprature",), "entropy", "Did you mean 'temperature'"),
        (("seed",), "entropy", "They differ in temperature, top_p, model"),
        (("temperature",), "entrpy", "Did you mean 'entropy'"),
        (("temperature", "temperature"), "entropy", "not the same"),
        (("temperature", "top_p", "model"), "entropy", "not the same"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    small: SweepResult, over: tuple[str, ...], metric: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        notes(small, *over, metric=metric)


def test_one_setting_is_no_picture(history: History) -> None:
    with pytest.raises(UsageError, match="one setting only"):
        notes(make(history, params={"max_length": 5}))


def test_without_matplotlib_the_way_to_it_is_said(
    small: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install 'chat-playground\[report\]'"):
        notes(small)
