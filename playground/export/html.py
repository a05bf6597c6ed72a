"""A page of its own: panes side by side, no script, nothing fetched, light and dark.

Texts are escaped and shown as they are, not rendered: that is what the model said. What a
terminal would obey, or what changes the direction of a line, is made visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from playground.export.layout import (
    KeptAnswer,
    answers_to,
    asked_in,
    facts,
    letter,
    out_of_view,
    panes_of,
)
from playground.history.records import ConversationRecord, PaneRecord, TurnRecord
from playground.sanitize import make_safe
from playground.types import Token

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --quiet: #666; --bad: #b00020; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa; --bad: #ff8a80; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 110rem;
  background: Canvas; color: CanvasText; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
h3 { font-size: .95rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }
pre.code { font: 12px/1.5 ui-monospace, monospace; }
.prompt { border-left: 4px solid; padding: .25rem 1rem; background: var(--soft); }
.panes { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(18rem, 1fr); gap: 1rem;
  overflow-x: auto; margin: 1rem 0; }
.pane { border: 1px solid var(--line); border-radius: 6px; padding: 1rem; min-width: 0; }
article + article { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; }
.chosen { box-shadow: inset 4px 0 0; padding-left: 1rem; }
.quiet, dl, details { color: var(--quiet); font-size: .85rem; } .error { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .75rem 0 0; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
@media (max-width: 45rem) { .panes { grid-auto-flow: row; grid-auto-columns: auto; } }
"""

_HEAD = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="chat-playground">
<title>Conversations</title>
<style>{_STYLE}</style>
</head>
<body>
"""


def pieces(
    records: Iterable[ConversationRecord], _figures: Callable[[str, int], Sequence[Token]]
) -> Iterator[str]:
    """The page, a conversation at a time."""
    yield _HEAD
    for record in records:
        yield "".join(f"{line}\n" for line in _conversation(record))
    yield "</body>\n</html>\n"


def _conversation(record: ConversationRecord) -> Iterator[str]:
    panes = panes_of(record)
    yield f"<section>\n<h1>{_safe(record.title) or 'A conversation'}</h1>"
    tags = f", tagged {_safe(', '.join(record.tags))}" if record.tags else ""
    moment = record.created
    yield (
        f'<p class="quiet"><time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M %z}</time>'
        f", {_safe(record.id)}{tags}</p>"
    )
    for place, pane in enumerate(panes):
        if pane.system:
            yield f'<p class="quiet">{letter(place)} has a system prompt:</p>{_text(pane.system)}'
    for number, asked in enumerate(asked_in(panes), start=1):
        yield f'<h2>Prompt {number}</h2>\n<div class="prompt">{_text(asked.prompt)}</div>'
        yield '<div class="panes">'
        for place, turn in sorted(asked.turns.items()):
            yield from _pane(place, panes[place], turn, asked.prompt, record)
        yield "</div>"
    if hidden := out_of_view(panes):
        yield (
            f'<p class="quiet">{hidden} more turns, out of view, are in the history and in JSON '
            "Lines.</p>"
        )
    yield "</section>"


def _pane(
    place: int, pane: PaneRecord, turn: TurnRecord, prompt: str, record: ConversationRecord
) -> Iterator[str]:
    yield f'<div class="pane">\n<h3>{letter(place)} · {_safe(pane.model)}</h3>'
    if turn.prompt != prompt:
        yield f'<div class="prompt">{_text(turn.prompt)}</div>'
    for answer in answers_to(turn, record):
        yield from _answer(pane, answer)
    yield "</div>"


def _answer(pane: PaneRecord, answer: KeptAnswer) -> Iterator[str]:
    run = answer.run
    yield f"<article{' class=chosen' if answer.chosen else ''}>"
    if run.model != pane.model:
        yield f'<p class="quiet">{_safe(run.model)}</p>'
    if answer.reasoning:
        yield f"<details><summary>reasoning</summary>{_text(answer.reasoning)}</details>"
    yield _text(answer.text)
    if run.error is not None:
        yield f'<p class="error">{_safe(run.error.message)}</p>'
    rows = "".join(
        f"<dt>{_safe(name)}</dt><dd>{_safe(value)}</dd>" for name, value in facts(answer)
    )
    yield f"<dl>{rows}</dl>"
    if run.receipt is not None:
        receipt = run.receipt.model_dump_json(indent=2, exclude_none=True)
        yield "<details><summary>receipt</summary>"
        yield f'<pre class="code">{_safe(receipt)}</pre></details>'
    yield "</article>"


def _text(text: str) -> str:
    # The parser drops a line end that follows the tag at once, so that one is put there for it.
    return f'<pre dir="auto">\n{_safe(text)}</pre>'


def _safe(text: str) -> str:
    return escape(make_safe(text))
