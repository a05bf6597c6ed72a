"""Lessons as data: those that ship, one's own, broken ones, what is true of a run, progress."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playground.errors import BrokenFile, ServerFailed, UnknownLesson, UsageError
from playground.lessons import (
    LANGUAGES,
    Progress,
    Sentence,
    Witness,
    find_lesson,
    keep_progress,
    kept_progress,
    language_of,
    list_lessons,
    said,
)
from playground.lessons.figures import PANE_FIGURES, problem_of, written
from playground.lessons.library import read_lesson
from playground.lessons.progress import progress_path
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.scripted import ScriptedModel
from playground.run import Run
from playground.types import Message

MINIMAL = """\
title = "Mine"
summary = "A lesson of my own"

[[steps]]
text = "Send it."
prompt = "Hello"
wait = { kind = "answer" }

[[steps.panes]]
model = "demo:tiny"
params = { temperature = 0 }

[[steps]]
seen = [{ text = "It has {a.tokens} tokens." }]
task = true
text = "That was it."
"""


def own(config_folder: Path, text: str, name: str = "02-mine.toml", language: str = "en") -> Path:
    folder = config_folder / "lessons" / language
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# Those that ship


def test_eight_lessons_ship_in_every_language_about_the_same_things() -> None:
    shelves = {language: list_lessons(language) for language in LANGUAGES}
    assert not any(shelf.problems for shelf in shelves.values())
    about = [[(item.name, item.knobs) for item in shelf.lessons] for shelf in shelves.values()]
    assert all(lessons == about[0] for lessons in about)
    assert [name for name, _ in about[0]] == [
        "tokens", "temperature", "max-length", "truncation", "penalties", "seeds", "parameters",
        "system-prompts",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_lessons_need_the_demo_models_only(language: str) -> None:
    for lesson in list_lessons(language).lessons:
        models = {pane.model for step in lesson.steps for pane in step.panes}
        assert models <= {"demo:small", "demo:tiny"}
        assert any(step.task for step in lesson.steps)


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_lessons_close_with_what_was_seen(language: str) -> None:
    for lesson in list_lessons(language).lessons:
        assert lesson.steps[-1].seen
        assert lesson.steps[-1].wait.kind == "enter"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_of_a_lesson_wait_for_the_same_in_every_language(language: str) -> None:
    for lesson, english in zip(
        list_lessons(language).lessons, list_lessons("en").lessons, strict=True
    ):
        waits = [(step.wait.kind, step.wait.knob, step.task) for step in lesson.steps]
        assert waits == [(step.wait.kind, step.wait.knob, step.task) for step in english.steps]


# The user's own, and broken ones


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("temperature", "Read B"),
        ("penalties", "Read B"),
        ("temperature", "Bを声"),
        ("penalties", "Bを最後"),
    ],
)
def test_a_step_that_says_what_to_read_in_b_shows_b(name: str, words: str) -> None:
    language = "en" if words.isascii() else "ja"
    steps = [step for step in find_lesson(name, language).steps if words in step.text]
    assert [step.wait.pane for step in steps] == ["b"]


def test_a_lesson_of_ones_own_stands_among_the_others(config_folder: Path) -> None:
    own(config_folder, MINIMAL)
    names = [lesson.name for lesson in list_lessons("en").lessons]
    assert names[:3] == ["tokens", "mine", "temperature"]
    assert find_lesson("mine", "en").own
    assert find_lesson("2", "en").name == "mine"


def test_a_lesson_of_ones_own_takes_the_place_of_a_shipped_one(config_folder: Path) -> None:
    own(config_folder, MINIMAL, "02-temperature.toml")
    assert find_lesson("temperature", "en").title == "Mine"
    assert find_lesson("temperature", "ja").title != "Mine"


@pytest.mark.parametrize(
    ("before", "after", "line", "about"),
    [
        ('prompt = "Hello"', 'promt = "Hello"', 6, "promt: there is no such word here"),
        ("{a.tokens}", "{a.tokes}", 14, "no figure 'a.tokes'. Did you mean"),
        ("temperature = 0", "temperature = 9", 11, "temperature"),
        ('model = "demo:tiny"', 'model = "tiny"', 10, "not a model reference"),
        ('{ kind = "answer" }', '{ kind = "answr" }', 7, "kind"),
        ('{ kind = "answer" }', '{ kind = "knob", knob = "temprature", at_least = 1 }', 7, "knob"),
        ('title = "Mine"', 'title = "Mine', 1, "not valid TOML"),
    ],
)
def test_a_broken_lesson_is_named_with_its_line_and_the_rest_is_there(
    config_folder: Path, before: str, after: str, line: int, about: str
) -> None:
    assert before in MINIMAL
    path = own(config_folder, MINIMAL.replace(before, after))
    shelf = list_lessons("en")
    assert len(shelf.lessons) == 8
    (problem,) = shelf.problems.values()
    assert str(path) in str(problem)
    assert f"line {line}" in str(problem)
    assert about in str(problem)
    with pytest.raises(BrokenFile, match=f"line {line}"):
        find_lesson("mine", "en")


@pytest.mark.parametrize(
    ("before", "after", "about"),
    [
        ("task = true\n", "", "no step is the thing to try"),
        (
            '[[steps.panes]]\nmodel = "demo:tiny"\nparams = { temperature = 0 }\n',
            "",
            "set the panes",
        ),
        ('summary = "A lesson of my own"\n', "", "summary"),
    ],
)
def test_what_no_lesson_can_lack_is_said(before: str, after: str, about: str) -> None:
    with pytest.raises(BrokenFile, match=about):
        read_lesson(MINIMAL.replace(before, after), Path("02-mine.toml"), "en")


def test_files_beyond_the_most_that_are_looked_at_are_told(
    config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        own(config_folder, MINIMAL, f"0{number}-mine{number}.toml", "xx")
    monkeypatch.setattr("playground.lessons.library.MAX_LESSONS", 2)
    shelf = list_lessons("xx")
    assert len(shelf.lessons) == 2
    assert "only 2 are looked at; 1 are left out" in str(shelf.problems["xx/"])


def test_a_path_out_of_the_folder_is_refused(config_folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "02-mine.toml"
    outside.write_text(MINIMAL, encoding="utf-8")
    folder = config_folder / "lessons" / "en"
    folder.mkdir(parents=True)
    (folder / "02-mine.toml").symlink_to(outside)
    (folder / "03-loop.toml").symlink_to("03-loop.toml")
    problems = [str(problem) for problem in list_lessons("en").problems.values()]
    assert "leads out of the folder" in problems[0]
    assert "is not a file" in problems[1]


def test_a_misspelt_name_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownLesson, match="temperature"):
        find_lesson("temprature", "en")


# Languages


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_locale_says_the_language(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of() == language
    assert language_of("ja") == "ja"
    assert language_of("", "ja") == "ja"
    with pytest.raises(UsageError, match="'xx'"):
        language_of("xx")


# What is said


async def run_of(prompt: str, **params: object) -> Run:
    model = open_model("demo:small")
    try:
        message = Message(role="user", content=prompt)
        return await Run(model, [message], GenerationParams.of(**params))
    finally:
        await model.aclose()


async def test_every_figure_is_known_of_a_run_that_asked_for_log_probabilities() -> None:
    witness = Witness()
    for _ in range(2):
        run = await run_of("Once upon a time", temperature=0, max_length=20, logprobs=3)
        assert witness.saw("a", run)
        assert not witness.saw("a", run)
    figures = witness.figures
    assert {name.removeprefix("a.") for name in figures} >= set(PANE_FIGURES)
    assert not [name for name in figures if problem_of(name)]
    assert figures["a.tokens"] == figures["a.before.tokens"] == 20
    assert figures["a.cut"] is True
    assert figures["a.off"] == 0
    assert figures["a.left"] == 1
    assert figures["a.knob.temperature"] == 0
    assert "same" not in figures


async def test_a_run_that_failed_is_no_witness() -> None:
    message = Message(role="user", content="x")
    failed = await Run(
        ScriptedModel(["a"], fail_after=1, error=ServerFailed("no")), [message], GenerationParams()
    )
    assert failed.state == "failed"
    assert not Witness().saw("a", failed)


def test_the_first_sentence_that_is_true_is_said() -> None:
    seen = [
        Sentence.model_validate({"text": "Many: {a.tokens}.", "when": {"figure": "a.tokens",
                                 "at_least": 10}}),
        Sentence.model_validate({"text": "Paris!", "when": [
            {"figure": "a.text", "has": "PARIS"}, {"figure": "b.text", "lacks": "Paris"}]}),
        Sentence(text="Few: {a.tokens}."),
    ]  # fmt: skip
    assert said("So.", seen, {"a.tokens": 1200}) == "Many: 1,200.\nSo."
    assert (
        said("So.", seen, {"a.tokens": 2, "a.text": "in Paris", "b.text": "Rome"}) == "Paris!\nSo."
    )
    assert (
        said("So.", seen, {"a.tokens": 2, "a.text": "Paris", "b.text": "Paris"}) == "Few: 2.\nSo."
    )
    # What is not known is not claimed.
    assert said("So.", seen, {}) == "So."


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("a.tokens", 2048, "2,048"),
        ("a.left", 2.783, "2.8"),
        ("a.left", 2048.0, "2,048"),
        ("a.first_share", 0.5815, "58%"),
        ("a.rarest_share", 0.016, "1.6%"),
        ("a.rarest_share", 3.55e-7, "1/2,800,000"),
    ],
)
def test_figures_are_written_as_people_write_them(name: str, value: float, text: str) -> None:
    assert written(name, value) == text


# Progress


def test_progress_is_kept_and_forgiving() -> None:
    assert kept_progress() == Progress()
    progress = Progress().left("seeds", 2).finished("tokens").speaking("ja")
    keep_progress(progress)
    assert kept_progress() == progress
    assert kept_progress().finished("seeds").left_at == {}
    progress_path().write_text("{", encoding="utf-8")
    with pytest.raises(BrokenFile, match=r"lessons\.json"):
        kept_progress()


# The page about them

PAGE = Path(__file__).parents[2] / "docs" / "lessons.md"


def test_the_lesson_on_the_page_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    lesson = read_lesson(example, Path("02-temperature.toml"), "en")
    assert [step.wait.kind for step in lesson.steps] == ["answer", "knob", "answer", "enter"]


def test_the_page_has_every_lesson_and_every_figure() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for lesson in list_lessons("en").lessons:
        assert lesson.title in page
    for name, meaning in PANE_FIGURES.items():
        assert f"| `a.{name}` | {meaning} |" in page
