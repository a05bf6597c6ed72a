"""The scale of a heat map: read without seeing colours, in sixteen of them, and in few cells."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from playground.metrics import Estimate
from playground.sweep.figures import short_figure
from playground.tui.sweeps.heat import (
    Colours,
    Scale,
    apart,
    colours_at,
    shade_at,
    shaded_at,
)

SHARES = [step / 20 for step in range(21)]


def lightness(colours: Colours) -> float:
    """Relative luminance, by WCAG."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colours.ground)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def as_seen(rgb: tuple[int, int, int], lacking: str) -> float:
    """Lightness for somebody without red or green cones (Viénot, Brettel and Mollon 1999)."""
    red, green, blue = ((channel / 255) ** 2.2 for channel in rgb)
    long = 17.8824 * red + 43.5161 * green + 4.11935 * blue
    middle = 3.45565 * red + 27.1554 * green + 3.86714 * blue
    return {"red": middle, "green": long}[lacking]


@pytest.mark.parametrize("few", [False, True])
def test_more_is_lighter_however_many_colours_there_are(few: bool) -> None:
    light = [lightness(colours_at(share, few=few)) for share in SHARES]
    assert light == sorted(light)
    assert light[-1] - light[0] > 0.5


def test_more_is_lighter_where_shades_cover_the_ground() -> None:
    light = []
    for share in SHARES:
        colours = shaded_at(share)
        covered = " ░▒▓█".index(shade_at(share)) / 4
        letters = lightness(Colours(colours.letters, colours.ground))
        light.append(covered * letters + (1 - covered) * lightness(colours))
    assert light == sorted(light)
    assert len(set(light)) == 5
    assert light[-1] - light[0] > 0.5


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("lacking", ["red", "green"])
def test_more_is_lighter_without_red_or_green(few: bool, lacking: str) -> None:
    seen = [as_seen(colours_at(share, few=few).ground, lacking) for share in SHARES]
    assert seen == sorted(seen)


@pytest.mark.parametrize("few", [False, True])
def test_letters_stand_out_from_their_ground(few: bool) -> None:
    for share in SHARES:
        colours = colours_at(share, few=few)
        ours, theirs = lightness(colours), lightness(Colours(colours.letters, colours.ground))
        contrast = (max(ours, theirs) + 0.05) / (min(ours, theirs) + 0.05)
        assert contrast >= 4.5, share


def test_the_five_of_sixteen_stay_five_on_such_a_terminal() -> None:
    grounds = {
        Color.from_rgb(*colours_at(share, few=True).ground).downgrade(ColorSystem.STANDARD).number
        for share in SHARES
    }
    assert grounds == {4, 8, 6, 7, 11}
    assert {shade_at(share) for share in SHARES} == set(" ░▒▓█")


def test_a_scale_goes_from_the_least_to_the_greatest() -> None:
    scale = Scale.over([2.0, 4.0, 3.0])
    assert [scale.share(value) for value in (2.0, 3.0, 4.0, 9.0)] == [0.0, 0.5, 1.0, 1.0]
    assert Scale.over([5.0, 5.0]).share(5.0) == 0.5
    assert Scale().empty


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.8123, "0.812"),
        (-1.0512, "-1.05"),
        (412.4, "412"),
        (1234.0, "1.23k"),
        (12_345_678.0, "12.3M"),
        (0.0000213, "2.1e-5"),
        (-0.00098, "-9.8e-4"),
    ],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert short_figure(value) == text


def test_intervals_that_touch_are_not_apart() -> None:
    one = Estimate(0.5, 0.4, 0.6)
    assert apart(one, Estimate(0.9, 0.7, 1.0)) is True
    assert apart(one, Estimate(0.7, 0.6, 0.8)) is False
    assert apart(one, Estimate(0.7)) is None
    assert apart(one, None) is None
