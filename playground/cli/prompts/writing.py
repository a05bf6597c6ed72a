"""Prompts of the user's own from the shell: begun, edited in the user's editor, deleted."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import playground.prompts as prompts
from playground.cli.output import is_terminal, note, say
from playground.config import write_file
from playground.errors import ConfigurationError, UsageError
from playground.prompts import OWN_CATEGORY


def begin(name: str, *, category: str, like: str) -> None:
    """Write the beginning of a prompt and open it; raises `UsageError` where there is one."""
    text, of = prompts.text_of(like) if like else (prompts.skeleton(name), OWN_CATEGORY)
    path = prompts.place_for(name, category or of)
    if path.exists():
        raise UsageError(
            f"You have a prompt {name!r} already: {path}",
            hint=f"`playground prompts edit {name}` opens it.",
        )
    _write(path, text)
    if _editor():
        _open(path)
    _tell(name, path)


def edit(name: str) -> None:
    """Open a prompt; of a shipped one, a copy, which goes again if nothing in it was changed."""
    text, category = prompts.text_of(name)
    name = prompts.find_place(name).path.stem
    path = prompts.place_for(name, category)
    if not _editor():
        raise UsageError(
            "There is no editor to open: neither a terminal nor $VISUAL or $EDITOR.",
            hint=f"Write your own as {path}",
        )
    fresh = not path.exists()
    if fresh:
        _write(path, text)
    _open(path)
    if fresh and path.exists() and path.read_bytes() == text.encode("utf-8"):
        path.unlink()
        note("Nothing was changed; the shipped one stays.")
        return
    _tell(name, path)


def delete(name: str) -> None:
    """Delete a prompt of the user's own."""
    path = prompts.find_place(name).path
    prompts.delete_prompt(name)
    note(f"Deleted {path}")


def _write(path: Path, text: str) -> None:
    write_file(path, text.encode("utf-8"), lost="The prompt was not begun.")


def _tell(name: str, path: Path) -> None:
    """Print the file, after a look at whether it can be used; raises its `BrokenFile`."""
    say(str(path))
    prompt = prompts.get(name)
    note(f"Ask it: playground ask {prompt.reference}")


def _editor() -> list[str]:
    """The user's editor as a command; empty where there is none to open."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not chosen.strip() and is_terminal(sys.stdin) and is_terminal(sys.stdout):
        chosen = "notepad" if os.name == "nt" else "vi"
    return shlex.split(chosen, posix=os.name != "nt")


def _open(path: Path) -> None:
    command = _editor()
    try:
        code = subprocess.run([*command, str(path)], check=False).returncode
    except OSError as error:
        raise ConfigurationError(
            f"The editor {command[0]!r} cannot be started: {error.strerror or error}.",
            hint=f"Set $EDITOR, or open it yourself: {path}",
        ) from error
    if code:
        raise ConfigurationError(
            f"The editor {command[0]!r} ended with code {code}.", hint=f"What it left is in {path}"
        )
