"""The styles that a transcript is drawn in, and their colours in any theme.

Runs and rows name them without the prefix. An app changes one like any other component style:
`Transcript > .transcript--code { background: $boost; }`.
"""

from __future__ import annotations

from typing import Final

__all__ = ["COMPONENTS", "CSS", "component"]


def component(style: str) -> str:
    """Return the component class of a style."""
    return f"transcript--{style}"


COMPONENTS: Final = frozenset(
    component(style)
    for style in (
        *("user", "system", "answer", "reasoning", "title", "user-title", "note", "error"),
        *("strong", "em", "strike", "link", "link-target", "code-span", "rule"),
        *("heading-1", "heading-2", "heading-3", "quote-bar", "list-marker"),
        *("table-header", "table-line", "code", "code-label", "code-comment", "code-keyword"),
        *("code-string", "code-number", "code-name", "code-builtin", "code-deleted"),
    )
)

CSS: Final = """
Transcript {
    background: $background;
    color: $foreground;
    overflow-x: hidden;
    overflow-y: scroll;
    scrollbar-size-vertical: 1;
    & > .transcript--user { background: $surface; color: $text; }
    & > .transcript--system { color: $text-muted; text-style: italic; }
    & > .transcript--reasoning { color: $text-muted; text-style: italic; }
    & > .transcript--title { color: $text-secondary; text-style: bold; }
    & > .transcript--user-title { color: $text-primary; text-style: bold; }
    & > .transcript--note { color: $text-muted; }
    & > .transcript--error { color: $text-error; }
    & > .transcript--strong { text-style: bold; }
    & > .transcript--em { text-style: italic; }
    & > .transcript--strike { text-style: strike; }
    & > .transcript--link { color: $text-accent; text-style: underline; }
    & > .transcript--link-target { color: $text-muted; }
    & > .transcript--code-span { background: $surface; color: $text-warning; }
    & > .transcript--heading-1 { color: $text-primary; text-style: bold underline; }
    & > .transcript--heading-2 { color: $text-primary; text-style: bold; }
    & > .transcript--heading-3 { color: $text-secondary; text-style: bold; }
    & > .transcript--quote-bar { color: $text-secondary; }
    & > .transcript--list-marker { color: $text-secondary; }
    & > .transcript--rule { color: $text-muted; }
    & > .transcript--table-header { text-style: bold; }
    & > .transcript--table-line { color: $text-muted; }
    & > .transcript--code { background: $surface; color: $text; }
    & > .transcript--code-label { color: $text-muted; }
    & > .transcript--code-comment { color: $text-muted; text-style: italic; }
    & > .transcript--code-keyword { color: $text-accent; }
    & > .transcript--code-string { color: $text-success; }
    & > .transcript--code-number { color: $text-warning; }
    & > .transcript--code-name { color: $text-primary; text-style: bold; }
    & > .transcript--code-builtin { color: $text-secondary; }
    & > .transcript--code-deleted { color: $text-error; }
}
"""
