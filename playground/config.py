"""The user's settings, API keys and folders."""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from playground.errors import BrokenFile, ConfigurationError, NoSpace, did_you_mean
from playground.toml_positions import Place, line_of

APP = "chat-playground"
MAX_FILE_BYTES = 1_000_000
"""No settings, catalogue or prompt file of ours is read past this size."""


class Settings(BaseModel):
    """What `config.toml` may say. Unknown words are refused, so that a typo is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = ()
    """The panes to open at start, as model references; empty lets the playground choose."""
    model_folders: tuple[str, ...] = ("~/models",)
    """Where `playground models` looks for GGUF files."""
    system_prompt: str = ""
    theme: str = ""
    """A Textual theme's name; empty keeps the default."""
    history: bool = True
    """Whether conversations are kept, in the terminal and by `playground ask`."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Knobs to start with, in the words of `playground params`."""
    local: dict[str, Any] = Field(default_factory=dict)
    """How GGUF files are opened, in the words of `EngineSettings`; the local backend reads it."""


def config_dir() -> Path:
    """The folder of the user's own files; `PLAYGROUND_CONFIG_DIR` overrides it."""
    if override := os.environ.get("PLAYGROUND_CONFIG_DIR"):
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_config_dir(APP))


def data_dir() -> Path:
    """The folder of what the playground keeps: history, sums of files. `PLAYGROUND_DATA_DIR`."""
    if override := os.environ.get("PLAYGROUND_DATA_DIR"):
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_data_dir(APP))


def shipped(name: str) -> Path:
    """A data folder of the distribution: `providers`, `prompts` or `lessons`.

    A wheel carries them inside the package; in a checkout (and an editable install) they are at
    its root.
    """
    package = Path(__file__).parent
    packed = package / "_data" / name
    return packed if packed.is_dir() else package.parent / name


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; raises `BrokenFile` with path and line if it cannot be read."""
    return parse_toml(read_text(path), path)


def read_text(path: Path) -> str:
    """The text of one of our files; raises `BrokenFile` if it is none, too large, or not there."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BrokenFile(
                f"{path} is larger than {MAX_FILE_BYTES:,} bytes.", hint="Is it the right file?"
            )
        # Editors on Windows begin a file with a mark of its encoding, which is no part of its text.
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BrokenFile(
            f"{path} is not UTF-8 text (line {line}).", hint="Save it as UTF-8."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """What a text means as TOML; raises `BrokenFile` with `path` and line where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = len(text.splitlines()) or 1
        said = str(error).replace("at end of document", f"at the end, line {last}")
        raise BrokenFile(f"{path} is not valid TOML: {said}.", hint="Mend that line.") from error
    except RecursionError as error:
        raise BrokenFile(f"{path} is nested too deeply.", hint="Is it the right file?") from error


def is_there(path: Path) -> bool:
    """Whether there is something at a path; raises `BrokenFile` where that cannot be found out."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    return True


def unreadable(path: Path, error: OSError) -> BrokenFile:
    """The `BrokenFile` for what the system does not let us read, with the way out."""
    return BrokenFile(
        f"{path} cannot be read: {error.strerror or error}.",
        hint="Let it be read by you." if isinstance(error, PermissionError) else "",
    )


def toml_of(content: Mapping[str, Any]) -> str:
    """Content as TOML, which reads as exactly that again.

    Strings keep their lines, for who mends the file by hand, unless there is a carriage return in
    any: TOML reads CR LF as LF there. Raises `TypeError` for what TOML cannot hold.
    """
    import tomli_w

    return tomli_w.dumps(content, multiline_strings=not _has_return(content))


def _has_return(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_return, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_return, value))
    return isinstance(value, str) and "\r" in value


def write_file(path: Path, data: bytes, *, lost: str) -> None:
    """Write one of the user's files, whole or not at all; its folder is made.

    It is written beside its place and moved there. Raises `NoSpace` or `ConfigurationError` where
    it cannot be written; `lost` is the sentence that says what that means.
    """
    import tempfile  # Half of what `--help` would load is behind it.

    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, place = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".new")
        draft = Path(place)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        if draft is not None:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        kind = NoSpace if error.errno in (errno.ENOSPC, errno.EDQUOT) else ConfigurationError
        raise kind(f"{path} cannot be written: {error.strerror or error}.", hint=lost) from error


def broken(
    path: Path,
    error: ValidationError,
    *,
    table: str = "",
    schema: type[BaseModel] | None = None,
) -> BrokenFile:
    """The `BrokenFile` for a file whose content does not fit its schema, with the line.

    `table` is the one that the schema is of, where it is not that of the whole file. Of a word
    that the `schema` does not know, those that are spelt much like it are named.
    """
    finding = error.errors()[0]
    place: Place = (*([table] if table else []), *finding["loc"])
    what = ".".join(map(str, place)) or "the file"
    text = finding["msg"].removeprefix("Value error, ")
    hint = ""
    if finding["type"] == "extra_forbidden":
        text = "no such word is known here"
        hint = "" if schema is None else near_words(schema, finding["loc"])
    return BrokenFile(
        f"{where(path, place)}: {what}: {text}.",
        hint=hint or "Mend that line.",
    )


def at_home(path: str | Path) -> Path:
    """A path with `~` as the user's home, as shells write it; one of nobody's stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def near_words(schema: type[BaseModel], place: Sequence[int | str]) -> str:
    """A hint at the words that may stand where an unknown one does; empty where none is close."""
    for step in place[:-1]:
        field = schema.model_fields.get(str(step))
        inner = None if field is None else field.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ""
        schema = inner
    return did_you_mean(str(place[-1]), schema.model_fields)


def where(path: Path, place: Place) -> str:
    """A file, with the line of the deepest part of `place` that has one."""
    line = line_of(path.read_text(encoding="utf-8", errors="replace"), place)
    return f"{path}, line {line}" if line else f"{path}"


@cache
def settings() -> Settings:
    """The user's settings, read once; the defaults where there is no `config.toml`."""
    path = config_dir() / "config.toml"
    if not is_there(path):
        return Settings()
    try:
        return Settings.model_validate(read_toml(path))
    except ValidationError as error:
        raise broken(path, error, schema=Settings) from error


def keys_path() -> Path:
    """The file that keeps API keys, readable by its owner only."""
    return config_dir() / "keys.toml"


def find_key(provider: str, variable: str) -> SecretStr | None:
    """The API key of a provider: its environment variable, else its line in `keys.toml`.

    It is wrapped so that no log, repr or error can print it. Raises `BrokenFile` where that file
    cannot be read, or may be by others, or where what stands there is no text.
    """
    if variable and (value := os.environ.get(variable, "").strip()):
        return SecretStr(value)
    path = keys_path()
    if not is_there(path):
        return None
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise BrokenFile(
            f"{path} can be read by other users (mode {mode:04o}).", hint=f"Run: chmod 600 {path}"
        )
    kept = _kept_keys(path).get(provider, "")
    if not isinstance(kept, str):
        raise BrokenFile(
            f"{path}: what stands at {provider} is not a text.",
            hint=f'Write it as {provider} = "..." with quotes, or run: playground key {provider}.',
        )
    return SecretStr(kept.strip()) if kept.strip() else None


def save_key(provider: str, key: str) -> Path:
    """Keep a provider's API key in `keys.toml` (mode 0600) beside the others; returns the path.

    Raises `BrokenFile` where that file cannot be read, and what `write_file` raises.
    """
    path = keys_path()
    kept = {**(_kept_keys(path) if is_there(path) else {}), provider: key}
    write_file(path, toml_of(kept).encode(), lost="The key was not kept.")
    return path


def _kept_keys(path: Path) -> dict[str, Any]:
    # Not even as a cause: those of the parsers hold what they read, and that is keys.
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = f" (line {place[1]})" if place else ""
        problem = BrokenFile(
            f"{path} is not valid TOML{line}.",
            hint='Each line of it reads like openai = "sk-...": mend the one that does not.',
        )
    except RecursionError:
        problem = BrokenFile(f"{path} is nested too deeply.", hint="Is it the right file?")
    except BrokenFile as error:
        if isinstance(error.__cause__, OSError | None):
            raise
        problem = BrokenFile(error.message, hint=error.hint)
    raise problem
