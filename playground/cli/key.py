"""`playground key`: keep an API key where only its owner and its endpoint can read it."""

from __future__ import annotations

import os
import sys

from playground.catalogue import catalogue
from playground.cli.output import is_terminal, note
from playground.config import save_key
from playground.errors import UsageError
from playground.sanitize import make_safe


def key(provider: str) -> None:
    """Read a key, unseen, and keep it for `provider`."""
    spec = catalogue().find(provider)
    if spec is None:
        raise catalogue().no_such(provider)
    if not (spec.takes_key and spec.address):
        raise UsageError(f"{provider} takes no key.")
    path = save_key(provider, _checked(_read(f"API key for {_named(spec.title or provider)}: ")))
    note(f"Kept in {path}, which only you can read.")
    if os.environ.get(spec.key_env):
        note(f"{spec.key_env} is set too, and is what will be used.")


def _named(title: str) -> str:
    """A title as one line for a terminal: a catalogue file may say anything."""
    return " ".join(make_safe(title).split())


def _read(question: str) -> str:
    if is_terminal(sys.stdin):
        from getpass import getpass

        return getpass(question)
    return sys.stdin.readline()


def _checked(text: str) -> str:
    """The key without the white space around it; what is wrong is said without quoting it."""
    found = text.strip()
    if not found:
        raise UsageError("The key is empty.", hint="Nothing was changed.")
    if not (found.isascii() and found.isprintable()) or " " in found:
        raise UsageError(
            "That is not an API key: it holds spaces or characters that no key has.",
            hint="Nothing was changed.",
        )
    return found
