"""Keeps keys out of the logs of the layers below us, which write headers and addresses down."""

from __future__ import annotations

import logging

from playground.providers.openai.faults import KEY_TAKEN_OUT

_LOGGERS = (
    "httpx2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2", "httpcore2.proxy",
    "httpcore2.socks", "openai", "openai._base_client", "openai._response",
    "openai._legacy_response",
)  # fmt: skip
"""Each by its own name: a logger's filters are not asked about what its children log."""

SHORTEST = 8
"""Shorter secrets are words, and would make a log unreadable."""


class _Scrubber(logging.Filter):
    """Takes secrets out of what is logged; costs nothing where nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without the secrets."""
        text = record.getMessage()
        if found := [secret for secret in tuple(self.secrets) if secret in text]:
            # Longest first: one may be the beginning of another.
            for secret in sorted(found, key=len, reverse=True):
                text = text.replace(secret, KEY_TAKEN_OUT)
            record.msg, record.args = text, ()
        return True


_SCRUBBER = _Scrubber()


def keep_out_of_logs(*secrets: str) -> None:
    """From now on, these are written into no log by the layers that carry our requests."""
    _SCRUBBER.secrets.update(secret for secret in secrets if len(secret) >= SHORTEST)
    for name in _LOGGERS:
        # Adding a filter that is there already does nothing.
        logging.getLogger(name).addFilter(_SCRUBBER)
