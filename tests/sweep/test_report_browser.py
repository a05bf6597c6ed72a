"""The page of a sweep in a real browser: opened from the disk, read, clicked, and without network.

Skipped where there is no Chromium.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path

import pytest

from playground.history import History
from playground.sweep.definition import (
    BayesianSearch,
    Objective,
    RandomSearch,
    SweepPrompt,
    axes_of,
)
from playground.sweep.report import pieces
from playground.sweep.report.content import Content
from playground.sweep.result import SweepResult
from tests.servers.chromium import Chromium, found
from tests.sweep.kept import HOSTILE, in_characters, make, make_hostile, make_small

pytestmark = pytest.mark.skipif(found() is None, reason="no Chromium here: apt install chromium")


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    with History.in_memory() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium(str(found())) as opened:
        opened.size(1400, 1000)
        yield opened


@pytest.fixture(scope="module")
def result(history: History) -> SweepResult:
    return make_small(history)


@pytest.fixture(scope="module")
def small(result: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(result, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def hostile(history: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(make_hostile(history), tmp_path_factory.mktemp("page"))


@pytest.fixture(autouse=True)
def nothing_goes_wrong(browser: Chromium) -> Iterator[None]:
    """No script fails and nothing but the page itself is asked for, whatever a test does."""
    browser.prefer()
    yield
    assert browser.complaints == []
    assert {url.split(":")[0] for url in browser.requests} <= {"file"}
    assert len(browser.requests) <= 1


def written(result: SweepResult, folder: Path, content: Content | None = None) -> Path:
    path = folder / "page.html"
    path.write_text("".join(pieces(result, content)), encoding="utf-8")
    return path


def cell_shown(browser: Chromium) -> str:
    return browser.text("#cell-title")


def in_address(browser: Chromium, name: str) -> str | None:
    asked = f"new URLSearchParams(location.hash.slice(1)).get({json.dumps(name)})"
    value: str | None = browser.see(asked)
    return value


def test_it_draws_itself_from_the_disk(browser: Chromium, small: Path) -> None:
    browser.open(small)
    assert browser.see("document.documentElement.dataset.page") == "ready"
    assert browser.text("h1") == "Once upon a time"
    assert "2 models · 1 prompt · 12 cells · 36 runs" in browser.text("header")
    assert browser.see("document.querySelectorAll('#curves .spot').length") == 12
    assert browser.see("document.querySelectorAll('#curves path.line:not(.legend *)').length") == 4
    assert browser.see("document.querySelectorAll('#curves .band').length") == 4
    assert browser.see("document.querySelectorAll('#map .box').length") == 12
    assert not browser.see("document.querySelector('#front').checkVisibility()")
    assert len(browser.texts("#cells tbody tr")) == 12


def test_the_address_says_what_is_looked_at(
    browser: Chromium, small: Path, result: SweepResult
) -> None:
    browser.open(small, "cell=3&metric=unique&axis=top_p")
    assert cell_shown(browser).startswith("Cell 3: temperature 0.8, top_p 1")
    answers = [row.text for row in result.answers(3)]
    assert browser.texts("#answers article pre") == answers
    assert browser.see("document.querySelector('[data-focus=metric]').value") == "unique"
    assert "Unique answers over top_p" in browser.see(
        "document.querySelector('#curves .picture').getAttribute('aria-label')"
    )
    facts = browser.texts("#answers .facts")[2]
    row = result.answers(3)[2]
    for part in (f"seed {1 + row.sample}", f"run {row.run}", f"{row.usage.output_tokens} token"):
        assert part in facts


def test_an_address_that_makes_no_sense_is_as_if_it_said_nothing(
    browser: Chromium, small: Path
) -> None:
    browser.open(small, "cell=99&metric=nope&axis=__proto__&hold.top_p=7&page=-1&sort=x&with=1e3&%")
    assert "Choose a cell" in browser.text("#answers")
    assert len(browser.texts("#cells tbody tr")) == 12


def test_a_click_opens_a_cell_and_the_address_keeps_it(browser: Chromium, small: Path) -> None:
    browser.open(small)
    browser.click("#map .box[data-cell='4']")
    assert cell_shown(browser).startswith("Cell 4:")
    assert in_address(browser, "cell") == "4"
    browser.click("#cells tr[data-cell='0'] td")
    assert cell_shown(browser).startswith("Cell 0:")
    browser.click("#curves .spot[data-cell='10']")
    assert cell_shown(browser).startswith("Cell 10:")
    current = "[...document.querySelectorAll('[aria-current]')].map((e) => e.dataset.cell)"
    assert set(browser.see(current)) == {"10"}


def test_an_interval_in_the_table_is_told_by_its_ends(
    browser: Chromium, small: Path, result: SweepResult
) -> None:
    browser.open(small, "metric=top-share")
    # All answers at temperature 0 are the same, and their share can only be less than 1.
    shown = browser.texts("#cells tbody tr[data-cell='0'] td.chosen")
    assert result.cells[0].figures.value("top-share") == 1
    assert shown == ["1 (0.439 to 1)"]


def test_what_is_said_beside_figures_stands_under_every_picture_and_the_table(
    browser: Chromium, result: SweepResult, history: History, tmp_path: Path
) -> None:
    page = written(in_characters(SweepResult.load(history, result.id)), tmp_path)
    browser.open(page, "metric=length")
    said = "* Length: in characters: not all tokens were counted (6 of 12 cells)."
    for place in ("#curves", "#map", "#cells"):
        assert said in browser.texts(f"{place} p.quiet")
    assert "Length (tokens) *" in browser.texts("#curves .name")
    assert "Length (tokens) *" in browser.texts("#map .ramp text")
    starred = [text for text in browser.texts("#cells td.chosen") if text.endswith("*")]
    assert len(starred) == 6
    browser.open(page, "metric=entropy")
    assert not any(text.startswith("*") for text in browser.texts("#curves p.quiet"))


def test_cells_are_sorted_by_any_column(
    browser: Chromium, small: Path, result: SweepResult
) -> None:
    browser.open(small)
    browser.click("[data-focus='sort-entropy']")
    values = {cell.number: cell.figures.value("entropy") or 0 for cell in result.cells}
    order = sorted(values, key=lambda number: (values[number], number))
    shown = "[...document.querySelectorAll('#cells tbody tr')].map((e) => Number(e.dataset.cell))"
    assert [round(values[n], 5) for n in browser.see(shown)] == [round(values[n], 5) for n in order]
    assert browser.see("document.activeElement.dataset.focus") == "sort-entropy"
    browser.click("[data-focus='sort-entropy']")
    assert browser.see(shown)[0] == order[-1]
    heading = "document.querySelector('[aria-sort]').getAttribute('aria-sort')"
    assert browser.see(heading) == "descending"
    assert (in_address(browser, "sort"), in_address(browser, "order")) == ("entropy", "down")


def test_what_is_held_is_all_that_is_shown(browser: Chromium, small: Path) -> None:
    browser.open(small)
    browser.choose("[data-focus='hold-model']", "1")
    assert len(browser.texts("#cells tbody tr")) == 6
    assert browser.see("document.querySelectorAll('#map .box').length") == 6
    browser.choose("[data-focus='hold-top_p']", "0")
    assert len(browser.texts("#cells tbody tr")) == 3
    assert in_address(browser, "hold.top_p") == "0"
    browser.choose("[data-focus='hold-model']", "")
    assert len(browser.texts("#cells tbody tr")) == 6


def test_two_cells_are_compared(browser: Chromium, small: Path, result: SweepResult) -> None:
    browser.open(small, "cell=0")
    assert not browser.see("document.querySelector('#comparison').checkVisibility()")
    browser.click("#map .box[data-cell='5']", shift=True)
    assert in_address(browser, "with") == "0"
    heads = browser.texts("#comparison thead th")
    assert "temperature 0" in heads[0]
    assert "temperature 1.6" in heads[1]
    pairs = browser.texts("#comparison .pair pre")
    one, two = ([row.text for row in result.answers(cell)] for cell in (0, 5))
    assert pairs == [text for both in zip(one, two, strict=True) for text in both]
    apart = sum(text.endswith("apart") for text in browser.texts("#comparison tbody tr"))
    both = [[result.estimate(cell, name) for cell in (0, 5)] for name in result.metrics]
    assert apart == sum(
        a.high < b.low or b.high < a.low
        for a, b in both
        if a and b and None not in (a.low, a.high, b.low, b.high)
    )
    assert apart
    browser.click("[data-focus='swap']")
    assert (in_address(browser, "cell"), in_address(browser, "with")) == ("0", "5")


def test_everything_is_reached_by_the_keyboard(browser: Chromium, small: Path) -> None:
    browser.open(small)
    focused = "document.activeElement.closest('section')?.id"
    for _ in range(40):
        browser.press("Tab")
        if browser.see(focused) == "map" and browser.see(
            "document.activeElement.classList.contains('box')"
        ):
            break
    assert browser.see("document.activeElement.dataset.cell") == "0"
    browser.press("ArrowRight", "ArrowDown")
    assert browser.see("document.activeElement.dataset.cell") == "3"
    browser.press("Enter")
    assert cell_shown(browser).startswith("Cell 3:")
    assert browser.see("document.activeElement.dataset.cell") == "3"
    browser.press("ArrowLeft")
    browser.press("Enter", shift=True)
    assert (in_address(browser, "cell"), in_address(browser, "with")) == ("1", "3")
    assert "Cell 1 beside cell 3" in browser.text("[role=status]")


def test_no_name_is_given_twice(browser: Chromium, small: Path) -> None:
    browser.open(small, "cell=1&with=2")
    names = browser.see("[...document.querySelectorAll('[id]')].map((item) => item.id)")
    assert sorted(names) == sorted(set(names))


def test_every_control_has_a_name(browser: Chromium, small: Path) -> None:
    browser.open(small, "cell=1&with=2")
    nameless = browser.see(
        "[...document.querySelectorAll('button, select, [role=button], svg.picture')].filter("
        "(e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))"
        ".map((e) => e.outerHTML)"
    )
    assert nameless == []
    assert browser.see("document.querySelectorAll('select').length") == browser.see(
        "[...document.querySelectorAll('select')].filter((e) => e.labels.length).length"
    )


def test_what_models_say_is_text_and_nothing_else(browser: Chromium, hostile: Path) -> None:
    for cell in range(2 * len(HOSTILE)):
        browser.open(hostile, f"cell={cell}&with={(cell + 1) % (2 * len(HOSTILE))}")
        assert browser.see("document.documentElement.dataset.page") == "ready"
        assert "owned" not in browser.see("document.title").split(" · ")[-1]
        assert browser.see("document.querySelectorAll('img, body script:not([id])').length") == 1
    shown = {text for text in HOSTILE if text.isprintable()}
    texts: set[str] = set()
    for cell in range(2 * len(HOSTILE)):
        browser.open(hostile, f"cell={cell}")
        texts.update(browser.texts("#answers article pre"))
    assert shown <= texts


def test_lines_run_in_the_direction_of_their_script(browser: Chromium, hostile: Path) -> None:
    arabic = next(n for n, text in enumerate(HOSTILE) if text.startswith("كان"))
    browser.open(hostile, f"cell={arabic}")
    for number, text in enumerate(browser.texts("#answers article pre")):
        assert text == HOSTILE[arabic]
        style = f"getComputedStyle(document.querySelectorAll('#answers article pre')[{number}])"
        assert browser.see(f"{style}.direction") == "rtl"


def test_the_policy_stops_what_got_in_all_the_same(
    browser: Chromium, small: Path, tmp_path: Path
) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        planted = (
            f'<script>document.title = "owned"; fetch("{url}/fetch")</script>'
            f'<img src="{url}/img" onerror="document.title = \'owned\'">'
            f'<link rel="stylesheet" href="{url}/css"><iframe src="{url}/frame"></iframe>'
            f'<style>body {{ background: url("{url}/background") }}</style>'
        )
        path = tmp_path / "planted.html"
        text = small.read_text(encoding="utf-8")
        path.write_text(text.replace("</body>", f"{planted}</body>"), encoding="utf-8")
        browser.open(path)
        browser.see("new Promise((done) => setTimeout(done, 300))")
        title = browser.see("document.title")
        refused = [text for text in browser.complaints if "Content Security Policy" in text]
        server.shutdown()
    assert "owned" not in title
    assert len(refused) >= 4
    assert asked == []
    browser.complaints.clear()
    browser.requests.clear()


def test_it_is_read_in_the_dark_and_on_paper(browser: Chromium, small: Path) -> None:
    browser.open(small, "cell=3")

    def contrast() -> float:
        light: list[float] = browser.see(
            "['color', 'backgroundColor'].map((name) => { const parts ="
            " getComputedStyle(document.body)[name].match(/[\\d.]+/g).slice(0, 3)"
            ".map((part) => (part / 255) ** 2.2);"
            " return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]; })"
        )
        return (max(light) + 0.05) / (min(light) + 0.05)

    assert contrast() > 7
    paper = "getComputedStyle(document.body).backgroundColor"
    light = browser.see(paper)
    browser.prefer(dark=True)
    assert browser.see(paper) != light
    assert contrast() > 7
    browser.prefer(dark=True, printed=True)
    assert browser.see(paper) == light
    assert contrast() > 7
    assert not browser.see("document.querySelector('.toolbar').checkVisibility()")
    assert browser.pdf().startswith(b"%PDF")


def test_a_narrow_window_does_not_run_over(browser: Chromium, small: Path) -> None:
    browser.size(360, 800)
    try:
        browser.open(small, "cell=3&with=5")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.see(wide) == 0
    finally:
        browser.size(1400, 1000)


def test_settings_by_dice_are_dots(browser: Chromium, history: History, tmp_path: Path) -> None:
    result = make(
        history,
        axes=axes_of({"temperature": "0:2", "top_p": "0.1:1"}),
        search=RandomSearch(count=9),
        params={"max_length": 6},
    )
    browser.open(written(result, tmp_path), "cell=4")
    assert browser.see("document.querySelectorAll('#map .dot').length") == 9
    assert browser.see("document.querySelectorAll('#curves .whisker').length") == 9
    assert browser.see("document.querySelectorAll('#curves .line').length") == 0
    # No name at an axis lies over another, wherever the dice fell.
    for picture in ("#curves", "#map"):
        names = f"[...document.querySelectorAll('{picture} .frame text')]"
        boxes = browser.see(
            f"{names}.map((e) => e.getBoundingClientRect())"
            ".map((box) => [box.left, box.right, box.top, box.bottom])"
        )
        assert len(boxes) > 6
        for one, other in combinations(boxes, 2):
            beside = one[1] <= other[0] or other[1] <= one[0]
            assert beside or one[3] <= other[2] or other[3] <= one[2]


def test_one_setting_alone_has_a_page_too(
    browser: Chromium, history: History, tmp_path: Path
) -> None:
    result = make(history, params={"max_length": 5})
    browser.open(written(result, tmp_path), "cell=0")
    assert len(browser.texts("#answers article")) == 3
    assert not browser.see("document.querySelector('#curves').checkVisibility()")


def test_failures_are_shown_with_their_error(
    browser: Chromium, history: History, tmp_path: Path
) -> None:
    result = make(
        history, models=("demo:tiny",), axes=axes_of({"grammar": ["root ::= ((", 'root ::= "a"']}),
        samples=1,
    )  # fmt: skip
    browser.open(written(result, tmp_path), "cell=0")
    (row,) = result.answers(0)
    assert row.error
    assert browser.text("#answers article .bad") == row.error
    assert "1 failed" in browser.text("header")
    assert "+1 failed" in browser.texts("#cells tbody tr")[0]


def test_what_a_search_weighed_against_each_other_is_drawn_with_its_front(
    browser: Chromium, history: History, tmp_path: Path
) -> None:
    aims = tuple(Objective(metric=m, direction="maximise") for m in ("distinct-1", "length"))
    result = make(
        history,
        search=BayesianSearch(objectives=aims, trials=8),
        axes=axes_of({"temperature": "0:2", "max_length": "2:24:1"}),
        metrics=("distinct-1", "length"),
    )
    browser.open(written(result, tmp_path))
    assert browser.see("document.querySelectorAll('#front .spot').length") == 8
    front = len(result.best("demo:tiny"))
    assert browser.see("document.querySelectorAll('#front .spot:not(.beaten)').length") == front
    assert browser.see("document.querySelectorAll('#front .line').length") == (front > 1)
    label = browser.see("document.querySelector('#front .spot').getAttribute('aria-label')")
    browser.see("document.querySelector('#front .spot').dispatchEvent(new MouseEvent('click'))")
    assert cell_shown(browser).lower().startswith(f"{label.split(',')[0]}:")


def test_prompts_that_begin_alike_can_be_told_apart_on_the_map(
    browser: Chromium, history: History, tmp_path: Path
) -> None:
    places = ("France", "Japan", "Italy", "Spain", "Norway", "Portugal", "Greece", "Finland")
    result = make(
        history,
        prompts=tuple(SweepPrompt.of(f"What is the capital of {place}?") for place in places),
        axes=axes_of({"temperature": "0,1"}),
        models=("scripted:echo",),
        samples=1,
    )
    browser.open(written(result, tmp_path), "across=prompt&down=temperature")
    heads = browser.texts("#map .frame text:not(.name)")
    assert all(head.startswith("…") for head in heads[2:])
    assert [head.split()[-1].lstrip("…") for head in heads[2:]] == [f"{place}?" for place in places]


def test_what_is_left_out_is_said_at_the_top(
    browser: Chromium, result: SweepResult, tmp_path: Path
) -> None:
    content = Content.of(result, most_cells=8, most_answers=10)
    browser.open(written(result, tmp_path, content), "cell=0")
    assert "Left out: 4 of 12 cells; 16 of 24 answers" in browser.text("header .warning")
    assert "the first 1 are on this page" in browser.text("#answers")


def test_ten_thousand_cells_are_turned_by_pages(
    browser: Chromium, small: Path, tmp_path: Path
) -> None:
    text = small.read_text(encoding="utf-8")
    before, _, rest = text.partition('id="data-cells">')
    inside, _, after = rest.partition("</script>")
    cells = json.loads(inside)
    many = [
        {**cells[n % 12], "number": n, "values": [n // 100 / 100, n % 100 / 100], "model": 0}
        for n in range(10_000)
    ]
    path = tmp_path / "many.html"
    path.write_text(f'{before}id="data-cells">{json.dumps(many)}</script>{after}', encoding="utf-8")
    browser.open(path, "page=99&cell=5000")
    assert browser.texts("#cells tbody tr td:first-child")[0] == "9900"
    assert "12 of 100 lines are drawn" in browser.text("#curves")
    assert browser.see("document.querySelectorAll('#map .box').length") == 10_000
    browser.click("[data-focus='‹ before']")
    assert browser.texts("#cells tbody tr td:first-child")[0] == "9800"
