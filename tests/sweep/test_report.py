"""The page of a sweep as a file: what is in it, what cannot get out of its place, its size."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from playground.history import History
from playground.sweep.definition import RandomSearch, SweepPrompt, axes_of
from playground.sweep.report import content as contents
from playground.sweep.report import pieces
from playground.sweep.report.content import Content
from playground.sweep.result import SweepResult
from tests.conftest import forget_everything
from tests.servers import fault
from tests.servers.fault import FaultServer
from tests.sweep.kept import HOSTILE, make


def page(result: SweepResult, content: Content | None = None) -> str:
    return "".join(pieces(result, content))


def data(text: str, name: str) -> Any:
    (found,) = re.findall(
        rf'<script type="application/json" id="data-{name}">(.*?)</script>', text, re.S
    )
    return json.loads(found)


def test_the_page_has_every_cell_with_its_figures(small: SweepResult) -> None:
    text = page(small)
    head, cells = data(text, "head"), data(text, "cells")
    assert [cell["number"] for cell in cells] == [cell.number for cell in small.cells]
    names = [metric["name"] for metric in head["metrics"]]
    assert names == [*small.metrics]
    for shown, cell in zip(cells, small.cells, strict=True):
        assert shown["values"] == [cell.values["temperature"], cell.values["top_p"]]
        assert head["models"][shown["model"]]["name"] == cell.model
        value, low, high, *_ = shown["figures"][names.index("entropy")]
        estimate = cell.figures.estimates["entropy"]
        assert [value, low, high] == pytest.approx(
            [estimate.value, estimate.low, estimate.high], rel=1e-5
        )


def test_the_page_has_every_answer_with_what_tells_it_from_others(small: SweepResult) -> None:
    answers = data(page(small), "answers")
    assert len(answers) == len(small.cells)
    for shown, cell in zip(answers, small.cells, strict=True):
        for answer, row in zip(shown, small.answers(cell.number), strict=True):
            assert (answer["text"], answer["run"]) == (row.text, row.run)
            assert (answer["seed"], answer["output"]) == (1 + row.sample, row.usage.output_tokens)


def test_the_page_says_what_each_model_ran_on(small: SweepResult) -> None:
    for model in data(page(small), "head")["models"]:
        receipt = model["receipt"]
        assert model["files"] == [receipt["provenance"]["file"]["sha256"]]
        assert receipt["plan"]["effective"]["max_length"] == 12
        assert "llama-cpp-python" in receipt["versions"]
        assert receipt["hardware"]


def test_what_a_model_did_otherwise_than_asked_is_said(
    history: History, faults: FaultServer, config_folder: Path
) -> None:
    folder = config_folder / "providers" / "loop"
    folder.mkdir(parents=True)
    folder.joinpath("provider.toml").write_text(
        f'base_url = "{faults.url}"\nkey_required = false\n\n[knobs.top_k]\naccepted = false\n'
        'reason = "this endpoint has no such thing"\n',
        encoding="utf-8",
    )
    forget_everything()
    faults.play(fault.answers("yes"))
    axes = axes_of({"top_k": "1,5", "temperature": "0,1"})
    result = make(history, models=("loop:one",), axes=axes, samples=1)
    (model,) = data(page(result), "head")["models"]
    assert model["departures"] == [["top_k dropped: this endpoint has no such thing", 4]]
    assert model["looked_at"] == 4


def test_no_text_ends_the_element_that_it_stands_in(hostile: SweepResult) -> None:
    text = page(hostile)
    scripts = re.findall(r"<script[^>]*>", text)
    assert scripts == [
        '<script type="application/json" id="data-head">',
        '<script type="application/json" id="data-cells">',
        '<script type="application/json" id="data-answers">',
        "<script>",
    ]
    for name in ("head", "cells", "answers"):
        (inside,) = re.findall(rf'id="data-{name}">(.*?)</script>', text, re.DOTALL)
        assert not set(inside) & set("<>&\u2028\u2029")
    assert "<!--" not in text
    assert text.count("</script>") == 4


def test_no_control_character_and_no_override_reaches_a_reader(hostile: SweepResult) -> None:
    said = json.dumps(
        [data(page(hostile), name) for name in ("head", "cells", "answers")], ensure_ascii=False
    )
    assert "␛]0;owned␇" in said
    assert "‹U+202E›desrever" in said
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", said)


def test_other_texts_are_as_they_were_said(hostile: SweepResult) -> None:
    said = {a["text"] for cell in data(page(hostile), "answers") for a in cell}
    assert {text for text in HOSTILE if text.isprintable()} <= said


def test_a_title_is_escaped(history: History) -> None:
    title = '</title><script>alert("x")</script>'
    text = page(make(history, models=("scripted:echo",), samples=1, title=title))
    (found,) = re.findall("<title>(.*?)</title>", text)
    assert unescape(found).startswith(title)


def test_the_policy_allows_this_script_and_this_style_alone(small: SweepResult) -> None:
    text = page(small)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)

    def allowed(part: str) -> str:
        digest = hashlib.sha256(part.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src {allowed(script)}",
        f"style-src {allowed(style)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert text.index(policy) < text.index("<style>")


def test_nothing_is_fetched_and_no_text_becomes_markup(small: SweepResult) -> None:
    text = page(small)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser",
                "eval(", "new Function", "fetch(", "XMLHttpRequest", "WebSocket", "import(",
                "EventSource", "sendBeacon", "localStorage"):  # fmt: skip
        assert way not in script
    assert "url(" not in style
    assert "@import" not in style
    assert re.findall(r"https?://[^\"'\s]*", script + style) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b", text)


def test_a_page_too_large_is_cut_and_says_what_is_left_out(small: SweepResult) -> None:
    content = Content.of(small, most_answers=20)
    text = page(small, content)
    answers = data(text, "answers")
    assert [len(cell) for cell in answers] == [1] * 12
    assert [cell[0]["sample"] for cell in answers] == [0] * 12
    (said,) = data(text, "head")["left_out"]
    assert said == "24 of 36 answers: of every cell the first 1 are here"


def test_cells_of_a_page_too_large_are_from_everywhere(small: SweepResult) -> None:
    content = Content.of(small, most_cells=4)
    text = page(small, content)
    numbers = [cell["number"] for cell in data(text, "cells")]
    assert len(numbers) == 4 == len(data(text, "answers"))
    assert min(numbers) < 6 <= max(numbers)
    assert data(text, "head")["left_out"][0] == "8 of 12 cells"


def test_one_answer_is_cut_where_it_would_fill_the_page(
    small: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_OF_ONE", 5)
    monkeypatch.setattr(contents, "MOST_CHARACTERS", 12)
    answers = [answer for cell in data(page(small), "answers") for answer in cell]
    assert [len(answer["text"]) for answer in answers[:4]] == [5, 5, 2, 0]
    whole = [row.text for cell in small.cells for row in small.answers(cell.number)]
    for answer, text in zip(answers, whole, strict=True):
        assert len(answer["text"]) + answer["cut"] == len(text)


def test_only_prompts_of_shown_cells_are_on_the_page(history: History) -> None:
    prompts = tuple(SweepPrompt.of(f"prompt {number}") for number in range(20))
    result = make(history, models=("scripted:echo",), prompts=prompts, samples=1)
    text = page(result, Content.of(result, most_cells=5))
    head, cells = data(text, "head"), data(text, "cells")
    assert len(head["prompts"]) == 5
    for cell, answers in zip(cells, data(text, "answers"), strict=True):
        assert head["prompts"][cell["prompt"]]["turns"] == [["user", answers[0]["text"]]]


def test_figures_without_end_are_no_figures(
    small: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert contents.rounded(float("inf")) is None
    assert contents.rounded(float("nan")) is None
    assert contents.rounded(0.123456789) == 0.123457


def test_what_was_swept_is_told_once_and_whole(history: History) -> None:
    result = make(
        history,
        axes=axes_of({"temperature": "0,0.8", "top_k": "40"}),
        search=RandomSearch(count=1),
        metrics=("length", "unique"),
        budget={"tokens": 10_000, "cost": 2.5},
        params={"max_length": 4},
    )
    plan = dict(Content.of(result).head["plan"])
    assert plan["temperature"] == "0 to 0.8, 2 values (0,0.8)"
    assert plan["search"] == "random: 1 setting"
    assert plan["budget"] == "$2.5, 10,000 tokens"
    assert plan["metrics"] == "length, unique"
