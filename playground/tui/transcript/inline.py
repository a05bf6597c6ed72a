"""What stands inside a line: emphasis, code spans, links, and the colours of program text.

The functions turn text into runs, (text, names of styles) pairs whose names a theme gives colours
to. They remember what an open block is made of: it is drawn again at every flush, but most of what
is in it has not changed since the last one.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from playground.sanitize import make_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from markdown_it import MarkdownIt

__all__ = ["Run", "Styles", "parse_code", "parse_inline", "parse_line_of_code", "slice_runs"]

Styles = tuple[str, ...]
"""Names of styles, outermost first; `Transcript.COMPONENT_CLASSES` has one for each."""

Run = tuple[str, Styles]
"""A piece of text drawn in one combination of styles."""

_PLAIN: Final = re.compile(r"[^\\`*_\[\]<&~!]*")
_OPENS: Final = {
    "strong_open": "strong",
    "em_open": "em",
    "s_open": "strike",
    "link_open": "link",
}
_CLOSES: Final = frozenset({"strong_close", "em_close", "s_close", "link_close"})
_CODE_STYLES: Final = (
    ("Token.Comment", "code-comment"),
    ("Token.Keyword", "code-keyword"),
    ("Token.Operator.Word", "code-keyword"),
    ("Token.Literal.String", "code-string"),
    ("Token.Literal.Number", "code-number"),
    ("Token.Name.Function", "code-name"),
    ("Token.Name.Class", "code-name"),
    ("Token.Name.Decorator", "code-name"),
    ("Token.Name.Tag", "code-name"),
    ("Token.Name.Builtin", "code-builtin"),
    ("Token.Generic.Inserted", "code-string"),
    ("Token.Generic.Deleted", "code-deleted"),
)

_LONGEST_HIGHLIGHTED: Final = 1000
"""Characters: a longer line of code is a blob, and some lexers are slow on it."""


COLOURED: Final = frozenset({
    "python", "pycon", "py2", "javascript", "typescript", "jsx", "tsx", "json", "yaml", "toml",
    "ini", "bash", "console", "powershell", "bat", "c", "cpp", "csharp", "java", "kotlin",
    "swift", "go", "rust", "ruby", "php", "perl", "lua", "r", "julia", "scala", "haskell",
    "sql", "postgresql", "sqlite3", "html", "xml", "css", "scss", "less", "sass", "diff",
    "docker", "make", "cmake", "nginx", "markdown", "latex", "graphql", "protobuf", "dart",
    "elixir", "erlang", "clojure", "fsharp", "ocaml", "groovy", "matlab", "vim", "text",
    "objective-c", "zig", "nim", "lisp", "scheme", "emacs-lisp", "prolog", "fortran", "pascal",
    "vbnet", "terraform", "hcl", "vue", "jinja", "django", "gherkin", "rst", "awk", "sed",
    "asm", "nasm", "llvm", "gdscript", "solidity", "properties", "json5", "jsonnet", "cython",
    "numpy", "mysql",
})  # fmt: skip
"""The languages whose code gets colours, by one of their names each.

A model names the language and writes the code, and some of pygments' lexers never end on twenty
brackets (`tnt`, `lilypond`), which nothing can stop. Those here took less than half a second
on a thousand characters of each punctuation mark and of a hundred beginnings repeated. `http` is
not among them: it hands its body to the lexer of any content type.
"""


def _shown(text: str) -> str:
    """Make text safe again: a reference such as &#x202E; becomes a character while parsing."""
    return make_safe(text).replace("\t", " ")


@cache
def _parser() -> MarkdownIt:
    # Imported when something has to be parsed: the terminal starts without it.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


@lru_cache(maxsize=512)
def parse_inline(text: str) -> tuple[Run, ...]:
    """Parse inline Markdown into runs; a line break stays a newline in the text of a run.

    HTML is text, an image is its description, and a link shows where it leads: a model chooses the
    target, so it must be readable, and nothing is made clickable.
    """
    if _PLAIN.fullmatch(text):
        return ((_shown(text), ()),) if text else ()
    runs: list[Run] = []
    styles: Styles = ()
    targets: list[tuple[str, int]] = []  # of the open link: where it leads, its first run
    for token in _parser().parseInline(text)[0].children or ():
        kind = token.type
        if kind in _OPENS:
            styles = (*styles, _OPENS[kind])
            if kind == "link_open":
                targets.append((str(token.attrs.get("href", "")), len(runs)))
        elif kind in _CLOSES:
            styles = styles[:-1]
            if kind == "link_close":
                target, first = targets.pop()
                if target and target != "".join(shown for shown, _ in runs[first:]):
                    runs.append((f" ({_shown(target)})", (*styles, "link-target")))
        elif kind in ("softbreak", "hardbreak"):
            runs.append(("\n", styles))
        elif kind == "image":
            runs.append((f"[{_shown(token.content)}]", (*styles, "em")))
            runs.append((f" ({_shown(str(token.attrs['src']))})", (*styles, "link-target")))
        else:
            styles_here = (*styles, "code-span") if kind == "code_inline" else styles
            runs.append((_shown(token.content), styles_here))
    return tuple(run for run in runs if run[0])


@cache
def _languages() -> frozenset[str]:
    """All names of the languages that get colours, without those of plug-ins."""
    # Imported with the first piece of code, for the same reason.
    from pygments.lexers import get_all_lexers  # type: ignore[import-untyped]

    return frozenset(
        alias
        for _, aliases, *_ in get_all_lexers(plugins=False)
        if not COLOURED.isdisjoint(aliases)
        for alias in aliases
    )


@lru_cache(maxsize=64)
def _lexer(language: str) -> Callable[[str], Iterable[tuple[object, str]]] | None:
    # Looked up first: asking pygments for a name that it does not know searches the file system.
    if language not in _languages():
        return None
    from pygments.lexers import get_lexer_by_name

    tokens: Callable[[str], Iterable[tuple[object, str]]]
    # Those of Markdown and reStructuredText would hand their own code to the lexer of any language.
    tokens = get_lexer_by_name(
        language, stripnl=False, ensurenl=False, handlecodeblocks=False
    ).get_tokens
    return tokens


def parse_code(code: str, language: str) -> tuple[Run, ...]:
    """Give program text its colours; plain when the language is unknown.

    The runs together are exactly `code`. Cost: about 3 ms for 40 lines of Python.
    """
    tokens = _lexer(language.lower())
    if tokens is None or len(code) > _LONGEST_HIGHLIGHTED * (code.count("\n") + 1):
        return ((code, ()),) if code else ()
    runs: list[Run] = []
    for token_type, text in tokens(code):
        styles = _code_styles(token_type)
        if runs and runs[-1][1] == styles:
            runs[-1] = (runs[-1][0] + text, styles)
        elif text:
            runs.append((text, styles))
    if "".join(text for text, _ in runs) != code:  # a lexer may normalise what it reads
        return ((code, ()),)
    return tuple(runs)


parse_line_of_code = lru_cache(maxsize=256)(parse_code)
"""The same, remembered: for the lines of a block of code that more is coming for."""


@lru_cache(maxsize=512)
def _code_styles(token_type: object) -> Styles:
    """Name the style of a pygments token type; most of its hundred types look like text."""
    name = str(token_type)
    for prefix, style in _CODE_STYLES:
        if name.startswith(prefix):
            return (style,)
    return ()


def slice_runs(runs: Sequence[Run], cuts: Sequence[tuple[int, int]]) -> list[list[Run]]:
    """Cut runs at ranges of their joined text; the ranges must be in order and not overlap."""
    sliced: list[list[Run]] = []
    index, run_start = 0, 0
    for start, end in cuts:
        line: list[Run] = []
        while index < len(runs):
            text, styles = runs[index]
            run_end = run_start + len(text)
            if start < end and run_end > start and run_start < end:
                part = text[max(start - run_start, 0) : end - run_start]
                line.append((part, styles))
            if run_end > end:
                break
            index, run_start = index + 1, run_end
        sliced.append(line)
    return sliced
