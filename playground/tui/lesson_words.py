"""The words around a lesson, in its language: what to press, how far one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["LessonWords", "words_in"]


@dataclass(frozen=True, slots=True)
class LessonWords:
    """Texts of the panel and the list; those with gaps are filled in with `format`."""

    step: str
    task: str
    keys: str
    go_on: str
    last: str
    send: str
    again: str
    waiting: str
    knob: str
    at_least: str
    at_most: str
    between: str
    now: str
    unset: str
    system: str
    screens: Mapping[str, str]
    list_title: str
    list_keys: str
    list_done: str
    left_at: str


_ENGLISH: Final = LessonWords(
    step="{step} of {steps}",
    task="Try it",
    keys="Alt+N does it for you · Esc leaves",
    go_on="Enter: go on",
    last="Enter: done",
    send="Enter: send the prompt",
    again="F5: ask again",
    waiting="answering …",
    knob="← → (Shift: ten steps): turn {knob} of {pane} to {value} (now {now})",
    at_least="{low} or more",
    at_most="{high} or less",
    between="{low} … {high}",
    now="{value}",
    unset="not set",
    system="F4: write a system prompt for pane {pane}, ^S keeps it",
    screens={
        "details": "F7: look at the details of the run, Esc closes them",
        "lens": "Alt+L: look through the lens, Esc closes it",
    },
    list_title="Lessons: two minutes each, on the models that ship",
    list_keys="Enter begins, or goes on · B begins anew · L 日本語 · Esc leaves",
    list_done="{done} of {all} done",
    left_at="step {step}",
)

_JAPANESE: Final = LessonWords(
    step="{step}／{steps}",
    task="やってみよう",
    keys="Alt+N 代わりに実行 · Esc 終了",
    go_on="Enter：次へ",
    last="Enter：おわり",
    send="Enter：プロンプトを送る",
    again="F5：もう一度たずねる",
    waiting="回答中…",
    knob="← →（Shiftで10段）：{pane}の{knob}を{value}に（現在 {now}）",
    at_least="{low}以上",
    at_most="{high}以下",
    between="{low}～{high}",
    now="{value}",
    unset="未設定",
    system="F4：ペイン{pane}のシステムプロンプトを書く（^Sで保存）",
    screens={
        "details": "F7：実行の詳細を見る（Escで閉じる）",
        "lens": "Alt+L：レンズで見る（Escで閉じる）",
    },
    list_title="レッスン：1回2分、付属のモデルで試す",
    list_keys="Enter 開始・続き · B 最初から · L English · Esc 終了",
    list_done="{all}回のうち{done}回を修了",
    left_at="ステップ{step}から",
)


def words_in(language: str) -> LessonWords:
    """The words in a language; English where there are none."""
    return _JAPANESE if language == "ja" else _ENGLISH
