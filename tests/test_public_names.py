"""The public names are pinned: `playground.__all__`, and the tree of errors in its own words."""

from __future__ import annotations

import re

import pytest

import playground
from playground import errors


def test_all_and_the_lazy_table_say_the_same() -> None:
    assert sorted(playground.__all__) == playground.__all__
    assert set(playground.__all__) == set(playground._HOMES)


@pytest.mark.parametrize("name", playground.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(playground, name) is not None


def test_star_import_and_unknown_names() -> None:
    there: dict[str, object] = {}
    exec("from playground import *", there)
    assert set(playground.__all__) <= set(there)
    with pytest.raises(AttributeError, match="no attribute 'opne_model'"):
        _ = playground.opne_model


def _documented() -> dict[str, str]:
    """Each error in the module's docstring with its parent, read from the drawing."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^    ([│├└─ ]*)([A-Z]\w+)(\s|$)", line)
        if match:
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            found[match[2]] = above[depth - 1] if depth else "Exception"
    return found


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    real = {
        name: next(base.__name__ for base in kind.__bases__ if issubclass(base, Exception))
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.PlaygroundError)
    }
    assert _documented() == real


@pytest.mark.parametrize("name", sorted(_documented()))
def test_every_error_has_a_title_of_its_own_and_a_meaning(name: str) -> None:
    kind = getattr(errors, name)
    assert "title" in vars(kind)
    assert kind.__doc__
