"""A transcript in an app of its own, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App, ComposeResult

from playground.tui.transcript import MessageHandle, Transcript

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.strip import Strip

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07 \x9b31m \x00\x7f \u202egnp.exe [red]no[/red] [@click=app.quit]x[/] "
    "&#27;[31m &#x202E; `\x1b[1m` [text](http://a.b/\x1b]8;;x) **\x1bP** <script>\n"
    "```\x1b[1mpython\nprint('\x1b[31m')\n```\n| \x1b[0m |\n|---|\n| \x1b[1m |\n"
)

SAMPLE = """\
# Title

A paragraph with **bold**, *em*, `code` and a [link](http://example.com/x).
Second line.

1. First
2. Second
   - nested

   ```python
   def f(x):
       return x
   ```

> quoted
> - item

| Name | Value |
|:-----|------:|
| a    | 1     |
| 日本 | 22    |

---
Done.
"""


class TranscriptApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Transcript()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)


def strips_of(transcript: Transcript) -> list[Strip]:
    top = transcript.scroll_offset.y
    return [transcript.render_line(y - top) for y in range(transcript.virtual_size.height)]


def rows_of(transcript: Transcript) -> list[str]:
    return [strip.text.rstrip() for strip in strips_of(transcript)]


def visible(transcript: Transcript) -> list[str]:
    height = transcript.scrollable_content_region.height
    return [transcript.render_line(y).text.rstrip() for y in range(height)]


def answer(transcript: Transcript, text: str) -> MessageHandle:
    handle = transcript.begin_answer()
    transcript.append(handle, text)
    transcript.finish(handle)
    return handle


async def settle(pilot: Pilot[None], transcript: Transcript) -> None:
    for _ in range(400):
        if transcript.settled:
            break
        await pilot.pause(0.03)
    assert transcript.settled
    await pilot.pause()
