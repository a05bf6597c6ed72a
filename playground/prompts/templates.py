"""The small language of a prompt's text: variables, choices and one level of loops, by Jinja.

A prompt may come from somebody else. So its text runs in Jinja's immutable sandbox, and besides
may say only what is listed here: nothing that reads a file, calls a method, or works without end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache, wraps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import Template, nodes
    from jinja2.compiler import Frame
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT: Final = 2_000_000
"""Characters that one rendered text, or any text on the way to it, may have."""

MAX_JOINED: Final = 100
"""Texts that one `~` chain joins."""

MAX_ROUNDS: Final = 20_000
"""Rounds of a loop."""

MAX_SECONDS: Final = 1.0
"""Seconds of computing in which all texts of a prompt are filled in: a screen stands still
meanwhile. A step that has begun is not interrupted."""

MAX_DIGITS: Final = 1_000
"""Digits that a number may get."""

MAX_LOOPS: Final = 10
"""Loops of a text."""

FILTERS: Final = ("trim", "upper", "lower", "title", "capitalize", "length", "tojson")
RESERVED: Final = frozenset({"range", "loop", "true", "false", "none", "True", "False", "None"})
"""Words that cannot be names of variables."""

_ALLOWED: Final = frozenset({
    "Template", "Output", "TemplateData", "Name", "Const", "If", "For", "CondExpr", "Compare",
    "Operand", "And", "Or", "Not", "Add", "Sub", "Mul", "FloorDiv", "Mod", "Neg", "Concat",
    "Filter", "Getattr", "Call", "List", "Tuple",
})  # fmt: skip


_out_of_time: ContextVar[float | None] = ContextVar("out_of_time", default=None)
"""When, by the thread's clock of computing, what is being filled in has taken too long."""


class TemplateProblem(Exception):
    """What is wrong with a text, and on which of its lines (from 1)."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Mention:
    """A variable that a text names, and the line, from 1, on which it first does."""

    name: str
    line: int


def mentions(source: str) -> tuple[Mention, ...]:
    """The variables that a text names, in the order of their first places.

    Raises `TemplateProblem` for a text that is not valid or says more than it may.
    """
    from jinja2 import TemplateSyntaxError
    from jinja2 import nodes as kinds

    try:
        found: dict[str, Mention] = {}
        parsed = _environment().parse(source)
        for number, loop in enumerate(parsed.find_all(kinds.For), start=1):
            if number > MAX_LOOPS:
                raise TemplateProblem(f"it has more than {MAX_LOOPS} loops", loop.lineno)
        for mention in _walk(parsed, frozenset()):
            found.setdefault(mention.name, mention)
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"{error.message}", error.lineno) from error
    except RecursionError as error:
        raise TemplateProblem("it is nested too deeply") from error
    except ValueError as error:
        raise TemplateProblem(f"it cannot be read: {error}") from error
    return tuple(found.values())


@contextmanager
def time_to_fill() -> Iterator[None]:
    """All texts that are filled in meanwhile share one `MAX_SECONDS`; within another, that one."""
    if _out_of_time.get() is not None:
        yield
        return
    # The time that this thread computes: a busy machine breaks no prompt.
    token = _out_of_time.set(time.thread_time() + MAX_SECONDS)
    try:
        yield
    finally:
        _out_of_time.reset(token)


def fill(source: str, values: Mapping[str, Any]) -> str:
    """The text with its variables filled in, without line ends around it.

    What is filled in is data and never read as a template. Raises `TemplateProblem`.
    """
    pieces: list[str] = []
    size = 0
    try:
        with time_to_fill():
            for piece in _compiled(source).generate(dict(values)):
                size += len(piece)
                _check_size(size)
                pieces.append(piece)
    except TemplateProblem:
        raise
    except Exception as error:
        # Comparing a word with a number, dividing by zero: a template is a small program.
        raise TemplateProblem(f"it cannot be filled in: {error}") from error
    return "".join(pieces).strip("\n")


def _walk(node: nodes.Node, own: frozenset[str]) -> Iterator[Mention]:
    """The variables in a node that are not its loop's own."""
    from jinja2 import nodes as kinds

    if type(node).__name__ not in _ALLOWED:
        raise TemplateProblem(_not_allowed(node), node.lineno)
    match node:
        case kinds.For():
            yield from _loop(node, own)
            return
        case kinds.Name() if node.name not in own and node.name != "range":
            yield Mention(node.name, node.lineno)
        case kinds.Filter() if node.name not in FILTERS or node.args or node.kwargs:
            raise TemplateProblem(
                f"the filter {node.name!r} is not among {', '.join(FILTERS)}", node.lineno
            )
        case kinds.Concat() if len(node.nodes) > MAX_JOINED:
            raise TemplateProblem(f"it joins more than {MAX_JOINED} texts at once", node.lineno)
        case kinds.Getattr() if not (
            isinstance(node.node, kinds.Name) and node.node.name == "loop" and "loop" in own
        ):
            raise TemplateProblem("only a loop has parts that can be named", node.lineno)
        case kinds.Call() if not (isinstance(node.node, kinds.Name) and node.node.name == "range"):
            raise TemplateProblem("only range(…) can be called", node.lineno)
        case _:
            pass
    for child in node.iter_child_nodes():
        yield from _walk(child, own)


def _loop(node: nodes.For, own: frozenset[str]) -> Iterator[Mention]:
    from jinja2 import nodes as kinds

    if own:
        # Two loops in each other could keep a machine busy for hours.
        raise TemplateProblem("a loop cannot stand in another loop", node.lineno)
    if not isinstance(node.iter, kinds.Call | kinds.List | kinds.Tuple):
        raise TemplateProblem("a loop goes over range(…) or a list", node.lineno)
    if node.recursive or node.test is not None:
        raise TemplateProblem("a loop is only `for … in …`", node.lineno)
    yield from _walk(node.iter, own)
    targets = {name.name for name in node.target.find_all(kinds.Name)}
    if isinstance(node.target, kinds.Name):
        targets.add(node.target.name)
    for child in (*node.body, *node.else_):
        yield from _walk(child, frozenset({*targets, "loop"}))


def _not_allowed(node: nodes.Node) -> str:
    word = type(node).__name__.lower()
    return f"{word!r} is more than a prompt's text may do"


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    mentions(source)
    return _environment().from_string(source)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Jinja is loaded when the first prompt is read, not for `--help`.
    import json

    from jinja2 import StrictUndefined
    from jinja2.compiler import CodeGenerator
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generator(CodeGenerator):
        """Makes of `~` and of comparisons calls that keep to size and time."""

        def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
            self.write("environment.join((")
            for part in node.nodes:
                self.visit(part, frame)
                self.write(", ")
            self.write("))")

        def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
            self.write("(environment.in_time() and ")
            super().visit_Compare(node, frame)
            self.write(")")

    class Environment(ImmutableSandboxedEnvironment):
        """Multiplies numbers only, "a" * 10**9 would fill the memory, and adds within bounds."""

        code_generator_class = Generator
        intercepted_binops = frozenset({"*", "%", "+"})

        def in_time(self) -> bool:
            return _check_time()

        def join(self, parts: Sequence[Any]) -> str:
            _check_time()
            texts = [str(part) for part in parts]
            _check_size(sum(map(len, texts)))
            return "".join(texts)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _check_time()
            if isinstance(left, str) and isinstance(right, str) and operator == "+":
                _check_size(len(left) + len(right))
            elif not (isinstance(left, int | float) and isinstance(right, int | float)):
                also = ", or two texts" if operator == "+" else ""
                raise TemplateProblem(f"{operator!r} takes numbers only{also}")
            result = super().call_binop(context, operator, left, right)
            if isinstance(result, int) and result.bit_length() > MAX_DIGITS * math.log2(10):
                raise TemplateProblem(f"a number has more than {MAX_DIGITS:,} digits")
            return result

    made = Environment(
        trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, optimized=False
    )
    made.globals.clear()
    made.globals["range"] = _bounded_range
    to_json: Callable[[Any], str] = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    filters = {name: made.filters[name] for name in FILTERS} | {"tojson": to_json}
    made.filters = {name: _in_time(function) for name, function in filters.items()}
    return made


def _in_time(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that does not begin when the time is over."""

    @wraps(function)
    def filtered(*arguments: Any) -> Any:
        _check_time()
        return function(*arguments)

    return filtered


def _check_time() -> bool:
    """True while there is time to fill in; raises `TemplateProblem` afterwards."""
    end = _out_of_time.get()
    if end is not None and time.thread_time() > end:
        raise TemplateProblem(f"filling it in takes longer than {MAX_SECONDS:g} s")
    return True


def _check_size(characters: int) -> None:
    if characters > MAX_TEXT:
        raise TemplateProblem(f"it gives more than {MAX_TEXT:,} characters")


class _Rounds:
    """The numbers of a range, for as long as a text may take."""

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        for number in self._numbers:
            _check_time()
            yield number


def _bounded_range(*bounds: int) -> _Rounds:
    numbers = range(*bounds)
    if len(numbers) > MAX_ROUNDS:
        raise TemplateProblem(f"a loop of {len(numbers):,} rounds; {MAX_ROUNDS:,} are the most")
    return _Rounds(numbers)
