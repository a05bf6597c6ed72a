"""A line of a sweep's form says what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from playground.sweep.words import read_lines


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (r"expected \d+", {"expected": r"\d+"}),
        (r"expected \d+ apples", {"expected": r"\d+ apples"}),
        (r"prompts C:\x\cases.csv", {"prompts": r"C:\x\cases.csv"}),
        ("prompt It's a fox", {"prompt": ("It's a fox",)}),
        ("prompt 'one text'", {"prompt": ("one text",)}),
        ('grammar root ::= "a" | "b"', {"space": {"grammar": ['root ::= "a" | "b"']}}),
        ('logit_bias {"1": 2}', {"space": {"logit_bias": [{"1": 2}]}}),
        ("temperature 0:1:0.5", {"space": {"temperature": "0:1:0.5"}}),
        ('stop "a b" c', {"space": {"stop": [["a b", "c"]]}}),
    ],
)
def test_a_line_is_taken_as_it_stands_but_for_the_quotes_around_it(
    line: str, told: dict[str, Any]
) -> None:
    assert read_lines(line) == (told, ())
