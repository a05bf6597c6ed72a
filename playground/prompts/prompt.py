"""What a prompt of the library is: its texts, variables, suggestions and expected answers."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from playground.errors import WrongVariables, did_you_mean
from playground.params import GenerationParams, knobs
from playground.prompts.templates import RESERVED, TemplateProblem, fill, time_to_fill
from playground.toml_positions import Place, line_of, line_within
from playground.types import Frozen, Message

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,59}$"
"""The name is the file's, so that it holds nothing that means something to a file system."""

VARIABLE_PATTERN: Final = r"^[a-z][a-z0-9_]{0,39}$"
LANGUAGE_PATTERN: Final = r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$"

MAX_SHOWN: Final = 20_000
"""Characters of a default or an example: a text may name it many times, in every preview."""

OWN_CATEGORY: Final = "own"
"""The category of files that lie in no folder."""

CATEGORIES: Final[Mapping[str, str]] = {
    "hyperparameter-lessons": "What one knob does, seen at once",
    "determinism-probes": "Does the same come twice?",
    "translation": "Words and sentences into other languages",
    "summarising": "Long into short",
    "question-answering": "Facts, with and without a text to find them in",
    "mathematics-and-logic": "Sums, word problems, puzzles",
    "code": "Write, explain, mend and review programs",
    "creative-writing": "Stories, poems, voices",
    "customer-service": "Answers to people who want something",
    "content-creation": "Titles, posts, descriptions, mails",
    "education": "Explain, test, correct",
    "sentiment-and-classification": "One label for a text",
    "entity-extraction": "Names, dates and amounts out of a text",
    "role-play": "System prompts that give a role",
    "structured-output": "JSON, tables and other forms that a program reads",
    "hallucination-probes": "Things that do not exist",
    "bias-and-safety-probes": "The same question about different people; what is refused",
    "long-context": "A needle in a long text",
}
"""The shipped categories in their order, each with what it is for."""

JAPANESE_CATEGORIES: Final[Mapping[str, str]] = {
    "hyperparameter-lessons": "パラメータ 実験",
    "determinism-probes": "再現性 決定性",
    "translation": "翻訳",
    "summarising": "要約",
    "question-answering": "質問応答",
    "mathematics-and-logic": "数学 算数 論理",
    "code": "コード プログラム",
    "creative-writing": "創作 物語 詩",
    "customer-service": "接客 顧客対応",
    "content-creation": "文章作成 宣伝",
    "education": "教育 学習",
    "sentiment-and-classification": "感情分析 分類",
    "entity-extraction": "情報抽出 固有表現",
    "role-play": "役割 ロールプレイ",
    "structured-output": "構造化 表",
    "hallucination-probes": "幻覚 ハルシネーション",
    "bias-and-safety-probes": "偏り バイアス 安全性",
    "long-context": "長文",
}
"""The words by which somebody who writes Japanese looks for a shipped category."""

Score = Literal["exact", "contains", "regex", "numeric", "json"]
"""How an answer is compared with what is expected. `exact`: the same, but for spaces at its ends.
`contains`: it is in the answer, letter case aside. `regex`: the expression is found in it.
`numeric`: the answer's last number is this one. `json`: the answer is JSON, whatever it says. The
metrics of these names say it exactly."""

Value = str | int | float
"""What a variable can hold."""

_Value = StrictStr | StrictInt | StrictFloat
"""The same in a file, where `true` is none."""


def _text_of(value: object) -> object:
    """Numbers are as good as their text: `expected = 42`, `samples = 8`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _listed(value: object) -> object:
    """One value is as good as a list of one."""
    values = value if isinstance(value, list | tuple) else [value]
    return [_text_of(item) for item in values]


def _of_the_form(pattern: str, meaning: str) -> AfterValidator:
    """Text that matches a pattern, and what to say of one that does not."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(meaning)
        return value

    return AfterValidator(check)


Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120),
    _of_the_form(r"[^\n]*", "it stands in one line"),
]
Tag = Annotated[
    str, _of_the_form(r"[^\s,#]{1,40}", "a tag has up to 40 letters, and no blank, comma or #")
]
Language = Annotated[
    str, _of_the_form(LANGUAGE_PATTERN, "a language is named by its code: en, ja, pt-BR")
]
Text = Annotated[str, StringConstraints(max_length=200_000)]
Spec = Annotated[str, BeforeValidator(_text_of), StringConstraints(min_length=1, max_length=400)]


class Variable(Frozen):
    """A gap in a prompt. Without a `default` it must be given.

    `choices` are the only values that it takes; `example` is one that makes sense where there is
    no default.
    """

    description: str = Field(default="", max_length=400)
    kind: Literal["text", "integer", "number"] = "text"
    choices: tuple[str, ...] = Field(default=(), max_length=100)
    default: _Value | None = None
    example: _Value | None = None

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        for name in ("default", "example"):
            value = getattr(self, name)
            if isinstance(value, str) and len(value) > MAX_SHOWN:
                raise ValueError(f"the {name} has more than {MAX_SHOWN:,} characters")
            if value is not None and (problem := self.problem(value)):
                raise ValueError(f"the {name} {problem}")
        return self

    def problem(self, value: Value) -> str:
        """Why a value is none for this variable, as the end of a sentence; empty if it is one."""
        try:
            taken = self.read(value)
        except (ValueError, OverflowError):
            article = "an integer" if self.kind == "integer" else "a number"
            return f"{value!r} is not {article}"
        if self.choices and str(taken) not in self.choices:
            listed = ", ".join(self.choices)
            return f"{value!r} is none of {listed}"
        return ""

    def read(self, value: Value) -> Value:
        """The value as the template sees it; raises `ValueError` where it is not of the kind."""
        if self.kind == "text":
            return str(value)
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(value)
        if self.kind == "number":
            return number
        whole = int(value)
        if whole != number:
            raise ValueError(value)
        return whole

    @property
    def shown(self) -> Value:
        """A value to show a prompt with: the default, else the example, else the first choice."""
        if self.default is not None:
            return self.default
        if self.example is not None:
            return self.example
        if self.choices:
            return self.choices[0]
        return "" if self.kind == "text" else 0


class Case(Frozen):
    """Values of variables, and what a right answer is.

    `expected` are the right answers, one of which is enough; `json` has none.
    """

    variables: dict[str, _Value] = Field(default_factory=dict)
    expected: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = ()
    score: Score = "contains"

    @model_validator(mode="after")
    def _can_be_scored(self) -> Self:
        if bool(self.expected) == (self.score == "json"):
            fault = "expected is missing" if self.score != "json" else "json takes no expected text"
            raise ValueError(fault)
        for text in self.expected:
            _check_expected(text, self.score)
        return self


def _check_expected(text: str, score: Score) -> None:
    try:
        match score:
            case "regex":
                re.compile(text)
            case "numeric":
                float(text)
            case _ if not text.strip():
                raise ValueError("it is empty")
    except (ValueError, OverflowError, RecursionError, re.error) as error:
        raise ValueError(f"expected {text!r} cannot be scored as {score}: {error}") from error


class WrittenTurn(Frozen):
    """A turn of a prompt that has several."""

    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]


class PromptFile(Frozen):
    """What a prompt's file says. Its name is the file's, its category the folder's.

    `prompt` is the user's message, or `messages` are several turns that end with the user's.
    `needs` says what it takes to do well, where that is more than a demo model; `sweep` has
    ranges for knobs, and `samples`, in the words of the command line.
    """

    title: Line
    description: str = Field(default="", max_length=1_000)
    tags: tuple[Tag, ...] = ()
    language: Language = "en"
    watch_for: str = Field(default="", max_length=1_000)
    needs: str = Field(default="", max_length=80)
    system: Text = ""
    prompt: Text = ""
    messages: tuple[WrittenTurn, ...] = Field(default=(), max_length=100)
    variables: dict[str, Variable] = Field(default_factory=dict)
    params: GenerationParams = GenerationParams()
    sweep: dict[str, Spec] = Field(default_factory=dict)
    cases: tuple[Case, ...] = Field(default=(), max_length=1_000)

    @field_validator("variables")
    @classmethod
    def _can_be_named(cls, value: dict[str, Variable]) -> dict[str, Variable]:
        for name in value:
            if not re.fullmatch(VARIABLE_PATTERN, name):
                raise ValueError(
                    f"{name!r} cannot be a variable: lower-case letters, digits and underscores"
                )
            if name in RESERVED or keyword.iskeyword(name):
                raise ValueError(f"{name!r} means something already: choose another word")
        return value

    @field_validator("sweep")
    @classmethod
    def _turns_knobs(cls, value: dict[str, str]) -> dict[str, str]:
        known = [*knobs(), "samples"]
        for name in value:
            if name not in known:
                hint = did_you_mean(name, known)
                raise ValueError(f"{name!r} is not a knob. {hint}".rstrip())
        return value

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if bool(self.prompt.strip()) == bool(self.messages):
            raise ValueError("give either prompt or [[messages]]")
        for place, turn in enumerate(self.messages):
            if turn.role != ("user", "assistant")[place % 2]:
                raise ValueError("messages go user, assistant, user, and so on")
        if self.messages and self.messages[-1].role != "user":
            raise ValueError("the last message is the user's")
        return self

    @property
    def texts(self) -> Mapping[Place, str]:
        """Every text with gaps in it, with the place where it stands."""
        turns: dict[Place, str] = {
            ("messages", number, "content"): turn.content
            for number, turn in enumerate(self.messages)
        }
        whole: dict[Place, str] = {("system",): self.system, ("prompt",): self.prompt, **turns}
        return {place: text for place, text in whole.items() if text}


class Prompt(PromptFile):
    """A prompt of the library. `own` says that it lies in the user's folder."""

    name: str = Field(pattern=NAME_PATTERN)
    category: str = Field(pattern=NAME_PATTERN)
    path: Path
    own: bool = False

    def __repr__(self) -> str:
        return f"<Prompt {self.reference}: {self.title}>"

    @property
    def reference(self) -> str:
        """What the command line calls it: `@translate-fr`."""
        return f"@{self.name}"

    @property
    def suggestion(self) -> dict[str, Any]:
        """The suggested params that are set, by knob."""
        return self.params.given()

    def render(self, /, **values: Value) -> tuple[Message, ...]:
        """The messages to send: the system prompt, if there is one, and the turns.

        `session.ask(model, prompt.render(text="…"), **prompt.suggestion)` asks it as suggested.
        Raises `WrongVariables`, with file and line, for a variable that is missing, unknown or of
        the wrong kind.
        """
        return self.render_with(values)

    def render_with(self, values: Mapping[str, Value]) -> tuple[Message, ...]:
        """The same with the values in a mapping."""
        taken = self.taken(values)
        with time_to_fill():
            texts = {place: self._filled(place, text, taken) for place, text in self.texts.items()}
        turns = [
            Message(role=turn.role, content=texts["messages", number, "content"])
            for number, turn in enumerate(self.messages)
        ]
        if self.prompt:
            turns = [Message(role="user", content=texts["prompt",])]
        system = texts.get(("system",), "")
        return (Message(role="system", content=system), *turns) if system else tuple(turns)

    def check(self, values: Mapping[str, Value]) -> None:
        """Raise `WrongVariables` for a name that is no variable, or a value that is none for it."""
        for name, value in values.items():
            if name not in self.variables:
                listed = ", ".join(self.variables) or "none"
                raise WrongVariables(
                    f"{self.reference} has no variable {name!r} "
                    f"({self.where(('variables',))} has: {listed}).",
                    hint=did_you_mean(name, self.variables),
                )
            if problem := self.variables[name].problem(value):
                place = self.where(("variables", name))
                raise WrongVariables(f"{self.reference}: {name} {problem} ({place}).")

    def taken(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Every variable with the value that it has: the given one, else its default.

        Raises `WrongVariables`.
        """
        self.check(values)
        found: dict[str, Value] = {}
        for name, variable in self.variables.items():
            value = values.get(name, variable.default)
            if value is None:
                about = f": {variable.description.rstrip('.')}" if variable.description else ""
                place = self.where(("variables", name))
                example = "…" if variable.example is None else variable.example
                raise WrongVariables(
                    f"{self.reference} wants a value for {name!r}{about} ({place}).",
                    hint=f'In the shell: --var {name}="{example}"',
                )
            found[name] = variable.read(value)
        return found

    def preview(self) -> tuple[Message, ...]:
        """The messages with defaults and examples in the gaps."""
        return self.render_with({name: item.shown for name, item in self.variables.items()})

    def where(self, place: Place) -> str:
        """A place in the file, as errors name it: `…/translate-fr.toml, line 7`."""
        line = line_of(self._source(), place)
        return f"{self.path}, line {line}" if line else f"{self.path}"

    def _filled(self, place: Place, text: str, values: Mapping[str, Value]) -> str:
        try:
            return fill(text, values)
        except TemplateProblem as error:
            line = line_within(self._source(), place, error.line)
            where = f"{self.path}, line {line}" if line else f"{self.path}"
            raise WrongVariables(f"{where}: {error.message}.") from error

    def _source(self) -> str:
        """The file's text, for line numbers only: it may have gone."""
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""
