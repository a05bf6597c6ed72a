"""Where the study of a Bayesian search lives: any storage that Optuna knows, named in one word."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from playground.config import at_home
from playground.errors import UsageError
from playground.sweep.keeping import address_without_passwords

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

JOURNAL: Final = "journal:"
"""What stands before the path of a journal file."""

GRPC_PORT: Final = 13000
"""Optuna's own, where an address of its gRPC proxy names none."""

HOW: Final = (
    "Write sqlite:///studies.db, journal:studies.log, redis://HOST, grpc://HOST:PORT, or the "
    "address of a PostgreSQL or MySQL database."
)

_NEEDS: Final = {"redis": "redis", "grpc": "grpc"}

_PACKAGES: Final = {
    "grpc": "grpcio",
    "MySQLdb": "mysqlclient",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
}
"""What to install for a module, where it has another name."""

_NO_ADDRESS: Final = ("ArgumentError", "NoSuchModuleError")
"""What SQLAlchemy raises for an address that it cannot read, and for a database unknown to it."""


def check_storage(name: str) -> None:
    """Raise `UsageError` for a name that is no storage; opens and makes nothing."""
    if not name:
        return
    if name.startswith(JOURNAL):
        file = at_home(name.removeprefix(JOURNAL))
        if not name.removeprefix(JOURNAL).strip() or file.is_dir():
            raise UsageError(f"{name!r} names no file for a journal.", hint=HOW)
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent} for the journal {file.name}.")
        return
    scheme, found, _ = name.partition("://")
    if not found:
        # What was meant for an address may hold a password all the same.
        shown = f"--storage {name!r}" if "@" not in name else "What --storage names"
        raise UsageError(f"{shown} is no storage of Optuna's.", hint=HOW)
    module = _NEEDS.get(_kind(scheme))
    if module is not None and find_spec(module) is None:
        package = _PACKAGES.get(module, module)
        raise UsageError(
            f"A {scheme} storage needs {package}, which is not installed.",
            hint=f"pip install {package}",
        )


def open_storage(name: str) -> BaseStorage | None:
    """The storage of that name; None for an empty one. Blocks, and may make files and tables.

    Raises `UsageError` where it cannot be opened.
    """
    check_storage(name)
    if not name:
        return None
    try:
        with warnings.catch_warnings():
            # Optuna warns of its own experimental parts; which they are is not the user's concern.
            warnings.simplefilter("ignore")
            return _opened(name)
    except Exception as error:  # noqa: BLE001 - raised again, but for its own words
        # Whatever the database behind the storage raises. Where its address holds a password, so
        # may what is raised about it, and a traceback would print that.
        secret = "@" in name or address_without_passwords(name) != name
        raise _refused(name, error) from (None if secret else error)


def _refused(name: str, error: Exception) -> UsageError:
    """What to say of a storage that could not be opened, without a word of the address's user."""
    scheme, _, _ = name.partition(":")
    missing = _missing_module(error)
    if missing:
        package = _PACKAGES.get(missing, missing)
        return UsageError(
            f"A {scheme} storage needs {package}, which is not installed.",
            hint=f"pip install {package}",
        )
    said = f"The study cannot be kept in the {scheme} storage that --storage names"
    kind, host = type(error).__name__, _host(name)
    if kind in _NO_ADDRESS or not host:
        return UsageError(f"{said}: {kind}.", hint=HOW)
    return UsageError(
        f"{said}, at {host}: {kind}.",
        hint="Does it answer there, and may the user of that address write to it?",
    )


def _missing_module(error: BaseException | None) -> str:
    """The module that was looked for in vain, where that is the reason of an error."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            return error.name or ""
        error = error.__cause__ or error.__context__
    return ""


def _host(name: str) -> str:
    """Host and port of an address; empty where it has none, as that of a file.

    Empty also where an `@` comes later: a `/`, `?` or `#` in front of it may stand in a password,
    whose beginning would be read as the port.
    """
    try:
        address = urlsplit(name)
        host, port = address.hostname or "", address.port
    except ValueError:  # A port that is no number, a bracket without its other half.
        return ""
    if "@" in f"{address.path}{address.query}{address.fragment}":
        return ""
    return f"{host}:{port}" if host and port else host


def _opened(name: str) -> BaseStorage:
    from optuna.storages import RDBStorage

    if name.startswith(JOURNAL):
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        file = at_home(name.removeprefix(JOURNAL))
        return JournalStorage(JournalFileBackend(str(file)))
    kind = _kind(name.partition("://")[0])
    if kind == "redis":
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalRedisBackend

        return JournalStorage(JournalRedisBackend(name))
    if kind == "grpc":
        from optuna.storages import GrpcStorageProxy

        address = urlsplit(name)
        return GrpcStorageProxy(
            host=address.hostname or "localhost", port=address.port or GRPC_PORT
        )
    return RDBStorage(name)


def _kind(scheme: str) -> str:
    return "redis" if scheme in ("redis", "rediss") else scheme
