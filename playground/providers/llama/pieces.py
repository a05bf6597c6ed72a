"""Turns token bytes into text that can be shown: whole characters only, and no stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from playground.holding import begun


class TextAssembler:
    """Joins the bytes of one choice's tokens.

    Bytes are held back until a character is complete, and text while it could be the beginning
    of a stop string, so that neither half a Japanese character nor half a stop string is ever
    shown. `stopped` turns true when a stop string has come; text from there on is dropped.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(stops)
        self._held = ""
        self.stopped = False

    def start_after(self, data: bytes) -> None:
        """Begin after a text that is there already, which may end within a character."""
        self._decoder.decode(data)

    def push(self, data: bytes) -> str:
        """The text that may be shown now."""
        return self._release(self._decoder.decode(data))

    def flush(self) -> str:
        """What was held back, when no more tokens come; broken bytes become U+FFFD."""
        text = self._release(self._decoder.decode(b"", final=True))
        if self.stopped:
            return text
        held, self._held = self._held, ""
        return text + held

    def _release(self, more: str) -> str:
        if not self._stops:
            return more
        shown: list[str] = []
        # Character by character, so that the outcome does not hang on how tokens cut the text:
        # the stop string that is complete first ends the answer.
        for character in more:
            if self.stopped:
                break
            self._held += character
            complete = [len(stop) for stop in self._stops if self._held.endswith(stop)]
            if complete:
                self.stopped = True
                keep = max(complete)
            else:
                keep = max(begun(self._held, stop) for stop in self._stops)
            shown.append(self._held[: len(self._held) - keep])
            self._held = "" if self.stopped else self._held[len(self._held) - keep :]
        return "".join(shown)
