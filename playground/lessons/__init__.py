"""The lessons: what the knobs do, in steps of two minutes, as data and what is true of a run.

A lesson is a TOML file in `lessons/<language>/`: words, what to set in the panes, what to wait
for. The terminal plays them over its real panes; nothing in this package knows a screen.
"""

from playground.lessons.language import LANGUAGES, language_of
from playground.lessons.lesson import Lesson, PaneSetting, Step, Wait
from playground.lessons.library import LessonShelf, find_lesson, lesson_folder, list_lessons
from playground.lessons.progress import Progress, keep_progress, kept_progress
from playground.lessons.sentences import Figures, Sentence, said
from playground.lessons.witness import Witness

__all__ = [
    "LANGUAGES",
    "Figures",
    "Lesson",
    "LessonShelf",
    "PaneSetting",
    "Progress",
    "Sentence",
    "Step",
    "Wait",
    "Witness",
    "find_lesson",
    "keep_progress",
    "kept_progress",
    "language_of",
    "lesson_folder",
    "list_lessons",
    "said",
]
