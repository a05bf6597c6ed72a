"""Addresses of endpoints: what is one, and which two are the same place."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["checked_address", "origin"]


def checked_address(url: str) -> str:
    """The address, if it is one of an endpoint; else raises `ValueError`, whose text says why not.

    What two readers of addresses could understand differently (blanks, control characters,
    backslashes) is none. The text does not repeat the address: it may hold a password.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("an address holds no blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise ValueError("that is no address of a server") from error
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise ValueError(
            "an address starts with http:// or https://, names a host and holds no password"
        )
    try:
        origin(url)
    except ValueError as error:
        raise ValueError("its port is not a number from 0 to 65535") from error
    return url


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address: what a key is kept to.

    Raises `ValueError` where it is none; `checked_address` says why.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port
    return (
        scheme,
        parts.hostname or "",
        {"http": 80, "https": 443}.get(scheme) if port is None else port,
    )
