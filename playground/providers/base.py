"""The interface that every backend implements: `ChatModel`, one open model, and `Provider`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from playground.catalogue import ProviderSpec
from playground.params import GenerationParams
from playground.providers.planning import make_plan
from playground.types import (
    Capabilities,
    Event,
    Message,
    ModelInfo,
    ModelRef,
    Plan,
    ProviderStatus,
)


class ChatModel(ABC):
    """One open model. Opening costs nothing: connections and processes start when first used.

    A backend sets `ref` and `capabilities` and implements `stream` and `aclose`.
    """

    ref: ModelRef
    capabilities: Capabilities

    def plan(self, params: GenerationParams) -> Plan:
        """What this model will really do with `params`: pure, no I/O, never raises for a knob."""
        return make_plan(self.ref, params, self.capabilities.knobs)

    @abstractmethod
    def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Generate, as events: `Started` first, deltas, a `Finished` a choice, `Completed` last.

        Closing the generator cancels the generation at once. An error is raised as one of
        `playground.errors`; a stream that ends early raises, it never ends quietly.
        """

    async def warm_up(self) -> None:
        """Do now what the first request would wait for (load weights); nothing by default."""

    async def aclose(self) -> None:
        """Release what the model holds; running streams end with `ModelClosed`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class Provider(ABC):
    """A way to reach models. `spec` is its catalogue entry, nearly empty if it has none."""

    def __init__(self, spec: ProviderSpec) -> None:
        self.spec = spec

    @abstractmethod
    def open(self, model: str, **options: Any) -> ChatModel:
        """Open one model by its name here; raises `UnknownModel` if there is no such model.

        `options` are the backend's own settings (context length, time-out ...); an unknown one
        raises `InvalidParameter`.
        """

    def models(self) -> Iterable[ModelInfo]:
        """The models known without asking anybody: the catalogue's by default."""
        return self.spec.infos()

    async def remote_models(self) -> Iterable[ModelInfo]:
        """The models that the endpoint itself lists; none where there is nobody to ask."""
        return ()

    async def status(self) -> ProviderStatus:
        """Whether this provider can be used now, for `doctor`."""
        return ProviderStatus(ready=True, summary="ready")
