"""Metrics by name, and the page that explains them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from playground.errors import InvalidParameter, MetricFailed, UnknownMetric
from playground.knobs import number_text
from playground.metrics import METRICS, USUAL, Metric, Sample, get, measure

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def rows() -> dict[str, tuple[str, ...]]:
    """The table of the page, by metric."""
    found = re.findall(r"^\| `([^`]+)` \|(.*)\|$", PAGE, re.MULTILINE)
    return {name: tuple(cell.strip() for cell in rest.split("|")) for name, rest in found}


def range_of(metric: Metric) -> str:
    low, high = metric.lowest, metric.highest
    if low is not None and high is not None:
        return f"{number_text(low)} to {number_text(high)}"
    return f"from {number_text(low)}" if low is not None else f"to {number_text(high or 0)}"


def test_every_metric_has_its_section_and_every_section_its_metric() -> None:
    headings = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)
    assert [name for line in headings for name in re.findall(r"`([^`]+)`", line)] == [*METRICS]


def test_the_table_of_the_page_says_what_the_registry_says() -> None:
    assert rows() == {
        name: (
            metric.unit,
            range_of(metric),
            metric.better or "",
            ", ".join(sorted(metric.needs)),
        )
        for name, metric in METRICS.items()
    }


def test_every_section_names_its_interval() -> None:
    tasks = PAGE.split("## Tasks")[1].split("## Judgements")[0]
    for section in PAGE.split("\n### ")[1:]:
        name, text = section.split("\n", 1)
        if section.split("\n## ")[0] in tasks:
            continue
        assert re.search(r"Bootstrap|Jackknife|Wilson", text.split("\n## ")[0]), name
    assert "with Wilson's interval" in tasks


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = PAGE.split("```python\n")[1].split("```")[0]
    exec(compile(example, "docs/metrics.md", "exec"), {})
    assert "value=0.8333" in capsys.readouterr().out


def test_usual_metrics_ask_no_model_and_no_expected_answers() -> None:
    for name in USUAL:
        assert not METRICS[name].asks
        assert not METRICS[name].needs & {"model", "expected"}


def test_metrics_that_need_several_samples_say_so() -> None:
    alone = [Sample("a b c d", tokens=4, expected="4", logprobs=(-1.0,), entropies=(1.0,), cost=1)]
    for name, metric in METRICS.items():
        if metric.asks or "timing" in metric.needs:
            continue
        assert (measure(metric, alone).value is None) == ("several" in metric.needs), name


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownMetric, match=r"'self-bleu'"):
        get("self-blue")
    with pytest.raises(UnknownMetric, match=r"There are distinct-1, .*module:function"):
        get("qqqqq")


@pytest.mark.parametrize("name", ["numeric:", "numeric:x", "numeric:-1", "numeric:inf"])
def test_a_tolerance_is_a_number_from_zero(name: str) -> None:
    with pytest.raises(InvalidParameter, match="tolerance"):
        get(name)


def test_looking_metrics_up_loads_nothing_heavy() -> None:
    code = (
        "import sys; from playground.metrics import METRICS, get; get('distinct-2')\n"
        "print({'numpy', 'rapidfuzz', 'regex', 'textual'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that Python does not search, as for the installed command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", ".")])
    return tmp_path


def test_a_function_of_the_users_own_is_a_metric(folder: Path) -> None:
    (folder / "manners_of_mine.py").write_text(
        "def polite(sample):\n"
        '    """Whether it says please."""\n'
        "    return 'please' in sample.text.lower()\n\n"
        "def vowels(sample):\n"
        "    return None if not sample.text else sum(c in 'aeiou' for c in sample.text)\n"
    )
    polite = get("manners_of_mine:polite")
    assert polite.meaning == "Whether it says please"
    samples = [Sample("Please go"), Sample("Go"), Sample("")]
    share = measure(polite, samples)
    # A bool makes a share, with Wilson's interval.
    assert (share.value, share.high) == (pytest.approx(1 / 3), pytest.approx(0.7923, abs=1e-4))
    counted = measure(get("manners_of_mine:vowels"), samples)
    assert (counted.value, counted.count) == (2.5, 2)
    assert str(folder) not in sys.path


def test_what_is_wrong_with_a_function_is_said(folder: Path) -> None:
    (folder / "bad_metrics_of_mine.py").write_text(
        "def raises(sample):\n    return 1 / 0\n\n"
        "def words(sample):\n    return 'many'\n\n"
        "def endless(sample):\n    return float('inf')\n"
    )
    for name, said in (
        ("bad_metrics_of_mine:nothing", "has no function 'nothing'"),
        ("no_such_module_here:f", "cannot be imported: ModuleNotFoundError"),
        (":f", "cannot be imported"),
    ):
        with pytest.raises(MetricFailed, match=said):
            get(name)
    for name, said in (
        ("raises", "failed on 2 of 2 answers: ZeroDivisionError"),
        ("words", "returned 'many'"),
        ("endless", "returned inf"),
    ):
        found = measure(get(f"bad_metrics_of_mine:{name}"), [Sample("a"), Sample("b")])
        assert found.value is None
        assert said in found.note
    with pytest.raises(MetricFailed, match="is no regular expression"):
        measure(get("regex"), [Sample("a", expected="(")])
