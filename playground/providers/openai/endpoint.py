"""An endpoint: where requests go, with which key, and how long they may take."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True)
class Endpoint:
    """Where requests go and how: `name` is the provider's, times are in seconds.

    `connect_timeout` bounds the connection, `timeout` the wait for the first word of an answer,
    `stall_timeout` every silence after it. `sdk_headers` lets through what the SDK adds by
    itself, among it the organisation, project and custom headers of the `OPENAI_*` variables:
    for OpenAI only, they are nobody else's business.
    """

    name: str
    base_url: str
    key: SecretStr | None = field(default=None, repr=False)
    key_hint: str = ""
    connect_timeout: float = 10.0
    timeout: float = 300.0
    stall_timeout: float = 60.0
    max_retries: int = 2
    sdk_headers: bool = False

    @property
    def address(self) -> str:
        """The base URL as it may be shown and kept: a query may hold what is nobody's business."""
        return self.base_url.partition("?")[0].partition("#")[0]

    @property
    def is_local(self) -> bool:
        """Whether it is a server on this machine."""
        return is_loopback(self.base_url)


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
