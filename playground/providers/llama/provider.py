"""The provider of local models: the user's GGUF files, and those that ship (`demo`)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from playground.config import at_home, settings
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
        words = EngineSettings.model_fields
        left = [word for word, value in options.items() if value is None and word in words]
        asked = {word: value for word, value in {**defaults, **options}.items() if word not in left}
        engine = _engine_settings(ref, asked)
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
            return at_home(model).absolute()
        known = self.spec.models.get(model)
        if known is None or not known.file:
            raise UnknownModel(
                f"{self.spec.id} has no model {model!r}.",
                hint=did_you_mean(model, self.spec.models)
                or f"It has {', '.join(self.spec.models)}.",
            )
        return self.spec.folder / known.file


def _engine_settings(ref: ModelRef, asked: dict[str, Any]) -> EngineSettings:
    try:
        return EngineSettings.model_validate(asked)
    except ValidationError as error:
        finding = error.errors()[0]
        word = ".".join(str(step) for step in finding["loc"])
        words = EngineSettings.model_fields
        why, hint = finding["msg"], "Leave it out, and it is chosen by the machine."
        if word not in words:
            why = "there is no such option"
            hint = did_you_mean(word, words) or f"There are: {', '.join(words)}."
        raise InvalidParameter(
            f"{ref} cannot be opened with {word}={finding['input']!r}: {why}.", hint=hint
        ) from error
