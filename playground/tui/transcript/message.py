"""A message as the parts that it is drawn as."""

from __future__ import annotations

from .part import Part
from .scanner import MarkdownScanner, PlainScanner

__all__ = ["MessageHandle", "plain_part"]


def plain_part(style: str, text: str, *, gap: bool = False) -> Part:
    """Make a complete part of plain text."""
    part = Part(style, PlainScanner(), gap=gap)
    part.append(text)
    part.close()
    return part


class MessageHandle:
    """One message of a transcript: what its methods are told to work on."""

    __slots__ = ("body", "notes", "reasoning", "role", "title")

    def __init__(self, role: str, title: str, text: str | None) -> None:
        """Make a message; complete if it has a text.

        A prompt or a note of the program is shown as it was typed: only answers are Markdown.
        """
        self.role = role
        self.title: Part | None = None
        self.reasoning: Part | None = None
        self.notes: list[Part] = []
        if title:
            style = "user-title" if role == "user" else "title"
            self.title = plain_part(style, title, gap=True)
        if role == "assistant":
            self.body = Part("answer", MarkdownScanner(), gap=not title)
        else:
            style = "user" if role == "user" else "system"
            self.body = Part(style, PlainScanner(), gap=not title)
        if text is not None:
            self.body.append(text)
            self.body.close()

    @property
    def parts(self) -> list[Part]:
        """The parts that the message is drawn as, from top to bottom."""
        parts = (self.title, self.reasoning, self.body, *self.notes)
        return [part for part in parts if part is not None]

    @property
    def finished(self) -> bool:
        """Whether no more text will come."""
        return self.body.closed
