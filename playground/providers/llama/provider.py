"""The provider of local models: the user's GGUF files, and those that ship (`demo`)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from playground.config import settings
from playground.errors import InvalidParameter, UnknownModel, did_you_mean
from playground.providers.base import ChatModel, Provider
from playground.providers.llama.defaults import configured
from playground.providers.llama.files import check_gguf, listed
from playground.providers.llama.model import LlamaModel
from playground.providers.llama.protocol import EngineSettings
from playground.types import ModelInfo, ModelRef, ProviderStatus


class LlamaProvider(Provider):
    """Opens GGUF files: by path, or by name where the catalogue entry lists its own."""

    def open(self, model: str, **options: Any) -> ChatModel:
        """Open a file; `options` are those of `EngineSettings`, on top of the user's settings.

        An option that is None is left to the worker, whatever the settings say. Raises
        `ModelFileError`, `BrokenFile` or, where the entry lists its models, `UnknownModel`.
        """
        ref = ModelRef(provider=self.spec.id, model=model)
        known = self.spec.models.get(model)
        defaults = configured().model_dump(exclude_unset=True)
        if known and known.context_length and "context_length" in defaults:
            # Set for all models, it is not meant to be more than this one was trained for.
            defaults["context_length"] = min(
                known.context_length, defaults["context_length"] or known.context_length
            )
        try:
            engine = EngineSettings.model_validate({**defaults, **options})
        except ValidationError as error:
            finding = error.errors()[0]
            word = ".".join(str(step) for step in finding["loc"])
            raise InvalidParameter(
                f"{ref} cannot be opened with {word}={finding['input']!r}: {finding['msg']}.",
                hint=did_you_mean(word, EngineSettings.model_fields)
                or f"There are: {', '.join(EngineSettings.model_fields)}.",
            ) from error
        return LlamaModel(
            ref,
            check_gguf(self._path(model)),
            engine,
            context_length=known.context_length if known else None,
            knob_overrides={**self.spec.knobs, **(known.knobs if known else {})},
        )

    def models(self) -> Iterable[ModelInfo]:
        """The entry's own models, or the GGUF files in the user's model folders."""
        if self.spec.models:
            yield from self.spec.infos()
            return
        for path in listed(settings().model_folders):
            shown = path
            if path.is_relative_to(Path.home()):
                shown = Path("~") / path.relative_to(Path.home())
            yield ModelInfo(
                ref=ModelRef(provider=self.spec.id, model=shown.as_posix()), title=path.stem
            )

    async def status(self) -> ProviderStatus:
        """Whether llama.cpp is installed and there is a file to open."""
        if find_spec("llama_cpp") is None:
            return ProviderStatus(
                ready=False,
                summary="llama-cpp-python is not installed",
                hint="pip install llama-cpp-python",
            )
        count = sum(1 for _ in self.models())
        if not count:
            folders = ", ".join(settings().model_folders)
            return ProviderStatus(
                ready=True,
                summary="no GGUF files found",
                hint=f"Put one into {folders}, name it (local:/path/to/model.gguf), or fetch one: "
                "playground pull hf:ORG/REPO",
            )
        return ProviderStatus(ready=True, summary=f"{count} GGUF file{'s' * (count > 1)}")

    def _path(self, model: str) -> Path:
        if not self.spec.models or self.spec.folder is None:
            return Path(model).expanduser().absolute()
        known = self.spec.models.get(model)
        if known is None or not known.file:
            raise UnknownModel(
                f"{self.spec.id} has no model {model!r}.",
                hint=did_you_mean(model, self.spec.models)
                or f"It has {', '.join(self.spec.models)}.",
            )
        return self.spec.folder / known.file
