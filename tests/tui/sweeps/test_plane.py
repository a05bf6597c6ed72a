"""Cells on rows and columns: every cell has one place, and every place its cell."""

from __future__ import annotations

from playground.tui.sweeps.plane import Plane, dimensions_of
from tests.tui.sweeps.made import sweep_of

CUBE = sweep_of(
    space={"temperature": "0:1:0.5", "top_p": "0.5,0.9,1,0.2", "top_k": "5,10"},
    models=("scripted:lorem", "scripted:echo"),
    prompt=("one", "two"),
)


def test_the_first_knob_is_the_columns_and_the_second_the_rows() -> None:
    plane = Plane.of(dimensions_of(CUBE))
    assert (plane.columns, plane.rows) == (3, 4)
    assert [plane.column_label(at) for at in range(3)] == ["0", "0.5", "1"]
    assert [plane.row_label(at) for at in range(4)] == ["0.5", "0.9", "1", "0.2"]
    assert [dimension.name for dimension in plane.further] == ["top_k", "prompt", "model"]


def test_a_place_on_the_plane_is_the_cell_that_has_these_settings() -> None:
    plane = Plane.of(dimensions_of(CUBE)).turned("model", 1).turned("top_k", 1)
    for row in range(plane.rows):
        for column in range(plane.columns):
            place = CUBE.place(plane.cell(row, column))
            values = CUBE.space.at(place.point)
            assert plane.place(plane.cell(row, column)) == (row, column)
            assert f"{values['temperature']:g}" == plane.column_label(column)
            assert f"{values['top_p']:g}" == plane.row_label(row)
            assert values["top_k"] == 10
            assert (CUBE.models[place.model], place.prompt) == ("scripted:echo", 0)


def test_flattened_it_shows_every_cell_once() -> None:
    plane = Plane.of(dimensions_of(CUBE)).flattened()
    cells = [plane.cell(r, c) for r in range(plane.rows) for c in range(plane.columns)]
    assert sorted(cells) == list(range(CUBE.cells))
    assert not plane.further
    assert plane.row_label(5) == "0.5, 10, one, scripted:echo"
    assert plane.flattened().rows == 4


def test_other_rows_and_columns_keep_the_cell() -> None:
    plane = Plane.of(dimensions_of(CUBE))
    for cell in (0, 17, CUBE.cells - 1):
        for turned in (plane.with_next_rows(), plane.with_next_columns(), plane.flattened()):
            through = turned.holding(cell)
            assert through.cell(*through.place(cell)) == cell


def test_rows_and_columns_change_places_where_there_are_only_two() -> None:
    sweep = sweep_of(space={"temperature": "0:1:0.5", "top_p": "0.5,1"})
    plane = Plane.of(dimensions_of(sweep)).with_next_columns()
    assert (plane.columns, plane.rows) == (2, 3)
    assert [plane.column_label(at) for at in range(2)] == ["0.5", "1"]


def test_one_knob_is_one_row_and_can_be_one_column() -> None:
    plane = Plane.of(dimensions_of(sweep_of(space={"temperature": "0:1:0.5"})))
    assert (plane.columns, plane.rows, plane.row_label(0)) == (3, 1, "")
    assert (plane.with_next_rows().columns, plane.with_next_rows().rows) == (1, 3)


def test_a_sweep_of_one_setting_is_one_cell() -> None:
    plane = Plane.of(dimensions_of(sweep_of()))
    assert (plane.columns, plane.rows, plane.cell(0, 0)) == (1, 1, 0)


def test_drawn_settings_are_rows_with_their_knobs() -> None:
    sweep = sweep_of(
        space={"temperature": "0:2", "top_p": "0.1:1"},
        search={"random": 5},
        models=("scripted:lorem", "scripted:echo"),
    )
    plane = Plane.of(dimensions_of(sweep, sweep.space.at))
    assert (plane.columns, plane.rows) == (2, 5)
    values = sweep.space.at(3)
    assert (
        plane.row_label(3) == f"4  temperature {values['temperature']:g} top_p {values['top_p']:g}"
    )
    assert sweep.place(plane.cell(3, 1)) == (1, 0, 3)


def test_a_space_of_millions_is_laid_out_at_once() -> None:
    sweep = sweep_of(space={"temperature": "0:2:0.001", "top_p": "0.001:1:0.001"})
    plane = Plane.of(dimensions_of(sweep))
    assert plane.rows * plane.columns == 2_001_000
    assert plane.place(plane.cell(999, 2000)) == (999, 2000)
