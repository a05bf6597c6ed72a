"""Opens models of an OpenAI-style endpoint: its address, its key, its options."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from playground.addresses import checked_address, origin
from playground.config import find_key
from playground.errors import (
    ConfigurationError,
    HostedError,
    InvalidParameter,
    MissingKey,
    PlaygroundError,
    Unreachable,
    did_you_mean,
)
from playground.providers.base import ChatModel, Provider
from playground.providers.openai.client import Clients
from playground.providers.openai.endpoint import Endpoint, is_loopback
from playground.providers.openai.faults import Source, fault_of, scrub_error, transport_errors
from playground.providers.openai.listing import listed
from playground.providers.openai.model import LIST_TIMEOUT, OpenAIModel
from playground.types import ModelInfo, ProviderStatus

SDK_KEY = "OPENAI_API_KEY"
"""The variable that the SDK's other `OPENAI_*` variables belong with: they go where it goes."""


class OpenAIOptions(BaseModel):
    """What `open_model("openai:...", ...)` may be given. Times are in seconds.

    `timeout` bounds the wait for the first word, `stall_timeout` each silence after it (`timeout`,
    where a server sends keep-alives meanwhile), `max_retries` how often a request that failed in
    passing is tried again; one that met with silence is not. With a `base_url`
    of another host the configured key stays at home: give that host its own `api_key`, or an
    empty one if it takes none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str | None = None
    api_key: SecretStr | None = None
    connect_timeout: float = Field(default=10.0, gt=0, le=600)
    timeout: float = Field(default=300.0, gt=0, le=3600)
    stall_timeout: float = Field(default=60.0, gt=0, le=3600)
    max_retries: int | None = Field(default=None, ge=0, le=10)


class OpenAIProvider(Provider):
    """A catalogue entry whose `backend` is `openai`: any endpoint of chat completions."""

    hurried = MappingProxyType({"max_retries": 0})

    def open(self, model: str, **options: Any) -> ChatModel:
        """Open a model by the endpoint's own name for it; `options` are `OpenAIOptions`.

        A name that is not in the catalogue is opened too: endpoints get new models every week.
        """
        return OpenAIModel(model, self.spec, self._endpoint(_options(self.spec.id, options)))

    async def remote_models(self) -> Iterable[ModelInfo]:
        """The models that the endpoint lists; raises as a request would."""
        if not self.spec.lists_models:
            return ()
        endpoint = self._endpoint(
            OpenAIOptions(connect_timeout=2.0, timeout=LIST_TIMEOUT, max_retries=0)
        )
        clients = Clients(endpoint)
        client = await clients.get()
        try:
            return await listed(client, Source(self.spec.id, endpoint.key))
        except transport_errors() as error:
            raise fault_of(error, endpoint) from error
        except PlaygroundError as error:
            scrub_error(error, endpoint.key)
            raise
        finally:
            await clients.aclose()

    async def status(self) -> ProviderStatus:
        """Whether the key is set and the endpoint answers, within a few seconds."""
        try:
            address = self._address()
            self._endpoint(OpenAIOptions())
            if not self.spec.lists_models:
                return ProviderStatus(ready=True, summary="key set (this endpoint cannot be asked)")
            models = list(await self.remote_models())
        except Unreachable as error:
            if is_loopback(self._address()):
                where = f" See {self.spec.docs}." if self.spec.docs else ""
                return ProviderStatus(
                    ready=False, summary="not running", hint=f"Start it, if you want it.{where}"
                )
            return ProviderStatus(ready=False, summary=error.message, hint=error.hint)
        except (ConfigurationError, HostedError) as error:
            return ProviderStatus(ready=False, summary=error.message, hint=error.hint)
        return ProviderStatus(ready=True, summary=f"answers at {address} (lists {len(models)})")

    def _endpoint(self, options: OpenAIOptions) -> Endpoint:
        """Where requests of these options go, and with which key."""
        home = self._address()
        address = home if options.base_url is None else _checked(options.base_url, "base_url")
        key = self._key(address, home, options)
        retries = options.max_retries
        if retries is None:
            # A server on this machine that is down is down: no use in trying for long.
            retries = 1 if is_loopback(address) else 2
        return Endpoint(
            name=self.spec.id,
            base_url=address,
            key=key,
            key_hint=self._key_hint("Check the key"),
            connect_timeout=options.connect_timeout,
            timeout=options.timeout,
            stall_timeout=options.stall_timeout,
            max_retries=retries,
            sdk_headers=self.spec.key_env == SDK_KEY and origin(address) == origin(home),
        )

    def _address(self) -> str:
        address = self.spec.address
        if not address:
            raise ConfigurationError(
                f"The provider {self.spec.id!r} has no address.",
                hint="Set base_url in its provider.toml.",
            )
        return (
            address if address == self.spec.base_url else _checked(address, self.spec.base_url_env)
        )

    def _key(self, address: str, home: str, options: OpenAIOptions) -> SecretStr | None:
        if options.api_key is not None:
            return _sendable(self.spec.id, options.api_key)
        if origin(address) != origin(home):
            if self.spec.key_required:
                raise MissingKey(
                    f"The key of {self.spec.id} is not sent to {address}, which is another "
                    "endpoint.",
                    hint="Give that endpoint its own api_key, or an empty one if it takes none.",
                )
            return None
        if not self.spec.takes_key:
            # What is kept under its name may be for another address that had the name before.
            return None
        key = find_key(self.spec.id, self.spec.key_env)
        if key is None and self.spec.key_required:
            raise MissingKey(
                f"{self.spec.title or self.spec.id} needs an API key and none is configured.",
                hint=self._key_hint("Get one"),
            )
        return None if key is None else _sendable(self.spec.id, key)

    def _key_hint(self, start: str) -> str:
        store = f"run: playground key {self.spec.id}"
        set_it = f"set {self.spec.key_env}, or {store}" if self.spec.key_env else store
        return f"{start}, then {set_it}."


def _options(provider: str, given: dict[str, Any]) -> OpenAIOptions:
    for name in given:
        if name not in OpenAIOptions.model_fields:
            raise InvalidParameter(
                f"{provider} has no option {name!r}.",
                hint=did_you_mean(name, OpenAIOptions.model_fields)
                or f"It takes {', '.join(OpenAIOptions.model_fields)}.",
            )
    try:
        return OpenAIOptions(**given)
    except ValidationError as error:
        finding = error.errors(include_input=False)[0]
        # `from None`: pydantic's own error repeats what was given, and that may be a key.
        raise InvalidParameter(
            f"{provider}: option {finding['loc'][0]}: {finding['msg']}."
        ) from None


def _checked(url: str, source: str) -> str:
    """An address from a setting, without a slash at its end."""
    try:
        checked_address(url)
    except ValueError as error:
        # `from None`: a standard error of theirs may repeat the address, and that a password.
        raise ConfigurationError(
            f"{source} is not an address of an endpoint: {error}.",
            hint="It reads like http://127.0.0.1:8000/v1.",
        ) from None
    return url.rstrip("/")


def _sendable(provider: str, key: SecretStr) -> SecretStr | None:
    """The key if it can stand in a header, None if it is empty."""
    secret = key.get_secret_value()
    if not secret:
        return None
    if not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise ConfigurationError(
            f"The API key of {provider} holds a space, a line break or another character that "
            "no key has.",
            hint=f"Copy it again: playground key {provider}.",
        )
    return key
