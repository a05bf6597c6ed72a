"""`playground lessons`: opens the terminal on a lesson, or lists what there is."""

from __future__ import annotations

from playground.cells import cell_len, fit
from playground.cli.output import can_open_terminal, complain, say, say_json
from playground.lessons import (
    LessonShelf,
    Progress,
    find_lesson,
    kept_progress,
    language_of,
    list_lessons,
)
from playground.lessons.library import own_languages

DEMO = "demo:small"


def lessons(name: str, *, language: str, listed: bool, json: bool) -> int:
    """Play a lesson, or show the list: in the terminal, or printed for a pipe. The exit code."""
    progress = kept_progress()
    spoken = language_of(language, progress.language, others=own_languages())
    if name:
        find_lesson(name, spoken)  # What is wrong is better said before the screen changes.
    if listed or json or not can_open_terminal():
        _print(list_lessons(spoken), progress, json=json)
        return 0
    from playground.tui import run_app
    from playground.tui.lesson_actions import LessonRequest

    # Not the user's own models: a large one would load, and no lesson needs it.
    return run_app(models=(DEMO, DEMO), lesson=LessonRequest(name, language))


def _print(shelf: LessonShelf, progress: Progress, *, json: bool) -> None:
    width = max((cell_len(lesson.title) for lesson in shelf.lessons), default=0)
    for number, lesson in enumerate(shelf.lessons, start=1):
        done = lesson.name in progress.done
        if json:
            say_json({
                "number": number, "name": lesson.name, "title": lesson.title,
                "summary": lesson.summary, "language": lesson.language,
                "knobs": list(lesson.knobs), "steps": len(lesson.steps), "done": done,
                "left_at": progress.left_at.get(lesson.name, 0), "path": str(lesson.path),
            })  # fmt: skip
        else:
            say(f"{'✓' if done else ' '} {number}  {fit(lesson.title, width)}  {lesson.summary}")
    for problem in shelf.problems.values():
        complain(str(problem))
