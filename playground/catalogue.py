"""Reads and checks `providers/`: endpoints, key variables, models and the knobs that they take.

The shipped folder comes first, then the user's own (`providers/` in the settings folder). A
`provider.toml` there adds a provider or replaces a shipped one whole; a folder of nothing but
`models/` adds models to a shipped one, or replaces those. A broken file leaves the rest usable and
is reported when its provider is asked for.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from playground.config import broken, config_dir, read_toml, shipped
from playground.errors import BrokenFile, PlaygroundError, did_you_mean
from playground.params import knobs
from playground.types import KnobSupport, ModelInfo, ModelRef

MAX_FILES = 5_000
"""No more catalogue files than this are read from one folder."""


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address: what a key is kept to."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(scheme)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_knobs(value: dict[str, KnobSupport]) -> dict[str, KnobSupport]:
    for name in value:
        if name not in knobs():
            near = difflib.get_close_matches(name, knobs(), n=1)
            raise ValueError(
                f"{name!r} is not a knob" + (f"; did you mean {near[0]!r}?" if near else "")
            )
    return value


Knobs = Annotated[dict[str, KnobSupport], AfterValidator(_known_knobs)]
"""How knobs are taken, by their names."""


class ModelSpec(_Entry):
    """One `models/<id>.toml`. Prices: US dollars a million tokens; `file`: a GGUF beside it.

    `knob_set` names a set of its provider's; `knobs` come on top of it.
    """

    title: str = ""
    context_length: int | None = Field(default=None, gt=0)
    max_output: int | None = Field(default=None, gt=0)
    input_price: float | None = Field(default=None, ge=0)
    cached_input_price: float | None = Field(default=None, ge=0)
    output_price: float | None = Field(default=None, ge=0)
    note: str = ""
    file: str = ""
    knob_set: str = ""
    knobs: Knobs = Field(default_factory=dict)

    @field_validator("file")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        if value and (Path(value).name != value or value in (".", "..")):
            raise ValueError("a model's file lies in its provider's folder: give its name only")
        return value


class ProviderSpec(_Entry):
    """One `provider.toml`, with its models. `id` and `folder` come from where the file lies.

    `knobs` hold for every model, a set of `knob_sets` for those that name it.
    `stream_usage`: takes `stream_options.include_usage`. `lists_models`: answers `GET /models`.
    `reports_cost`: its `usage.cost` is what the answer cost, in US dollars.
    """

    id: str = ""
    folder: Path | None = None
    title: str = ""
    backend: str = "openai"
    base_url: str = ""
    base_url_env: str = ""
    key_env: str = ""
    key_required: bool = True
    default_model: str = ""
    docs: str = ""
    stream_usage: bool = True
    lists_models: bool = True
    reports_cost: bool = False
    knobs: Knobs = Field(default_factory=dict)
    knob_sets: dict[str, Knobs] = Field(default_factory=dict)
    models: dict[str, ModelSpec] = Field(default_factory=dict)

    @field_validator("key_env")
    @classmethod
    def _holds_a_key(cls, value: str) -> str:
        # A file may not send any other variable of the environment to its endpoint.
        if value and not re.fullmatch(r"[A-Z][A-Z0-9_]*_(API_KEY|TOKEN)", value):
            raise ValueError(f"a key's variable ends in _API_KEY or _TOKEN, {value!r} does not")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or "@" in value):
            raise ValueError("a base_url starts with http:// or https:// and holds no password")
        origin(value)  # raises ValueError where the port is none
        return value

    @property
    def address(self) -> str:
        """Where its requests go: what `base_url_env` says, else `base_url`; it may be empty."""
        said = os.environ.get(self.base_url_env, "").strip() if self.base_url_env else ""
        return said or self.base_url

    def knob(self, name: str, model: ModelSpec | None) -> KnobSupport:
        """How a knob is taken: the model's word, else its set's, else the provider's.

        Where nobody has said, `accepted` is None.
        """
        places = [self.knobs]
        if model is not None:
            places = [model.knobs, self.knob_sets.get(model.knob_set, {}), self.knobs]
        return next((place[name] for place in places if name in place), KnobSupport(accepted=None))

    def infos(self) -> Iterator[ModelInfo]:
        """The models that this entry lists."""
        for name, model in self.models.items():
            yield ModelInfo(
                ref=ModelRef(provider=self.id, model=name),
                title=model.title,
                context_length=model.context_length,
                input_price=model.input_price,
                output_price=model.output_price,
                note=model.note,
            )


class Catalogue:
    """Every provider that could be read, by id, and the problem of each that could not."""

    def __init__(self, *folders: Path) -> None:
        self.providers: dict[str, ProviderSpec] = {}
        self.problems: dict[str, PlaygroundError] = {}
        # Whose a key is stays so, whatever becomes of the entry that named it first.
        self._keys: dict[str, _Home] = dict.fromkeys(HUB_TOKENS, _HUB)
        self._names: dict[str, _Home] = {}
        for folder in folders:
            self._read(folder)

    def find(self, provider: str) -> ProviderSpec | None:
        """The entry of a provider; raises its problem if its file is broken."""
        if provider in self.problems:
            raise self.problems[provider]
        return self.providers.get(provider)

    def _read(self, folder: Path) -> None:
        if not folder.is_dir():
            return
        whole: dict[str, tuple[ProviderSpec, Path]] = {}
        for place in sorted(folder.iterdir()):
            file = place / "provider.toml"
            try:
                if file.is_file():
                    whole[place.name] = self._load(place, file), file
                elif (place / "models").is_dir():
                    self._put(self._with_more_models(place))
            except PlaygroundError as error:
                self.problems[place.name] = error
            except OSError as error:
                self.problems[place.name] = BrokenFile(
                    f"{place} cannot be read: {error.strerror or error}."
                )
        contested = self._contested([spec for spec, _ in whole.values()])
        for name, (spec, file) in whole.items():
            try:
                self._check_key(spec, file, contested)
            except PlaygroundError as error:
                self.problems[name] = error
            else:
                self._put(spec)
        for spec, _ in whole.values():
            if spec.id not in self.problems and (spec.base_url or spec.base_url_env):
                self._names.setdefault(spec.id, _Home.of(spec))
                if spec.key_env:
                    self._keys.setdefault(spec.key_env, _Home.of(spec))

    def _put(self, spec: ProviderSpec) -> None:
        self.problems.pop(spec.id, None)
        self.providers[spec.id] = spec

    def _load(self, place: Path, file: Path) -> ProviderSpec:
        values = read_toml(file)
        for name in ("id", "folder", "models"):
            if name in values:
                raise BrokenFile(f"{file}: {name!r} comes from the folder's name and content.")
        spec = _validated(ProviderSpec, file, values)
        models = _models(place / "models", spec.knob_sets, file)
        return spec.model_copy(update={"id": place.name, "folder": place, "models": models})

    def _with_more_models(self, place: Path) -> ProviderSpec:
        """The entry that is there already, with the models of a folder that is not whole."""
        known = self.providers.get(place.name)
        if known is None:
            raise BrokenFile(
                f"{place} has models and no provider.toml.",
                hint=did_you_mean(place.name, self.providers) or "Write one beside them.",
            )
        if known.backend == "local":
            raise BrokenFile(
                f"{place / 'models'}: the models of {known.id} are GGUF files.",
                hint="Give them a provider of their own: a folder with a provider.toml.",
            )
        models = _models(place / "models", known.knob_sets, f"the provider {known.id}")
        return known.model_copy(update={"models": {**known.models, **models}})

    def _contested(self, specs: Sequence[ProviderSpec]) -> frozenset[str]:
        """Key variables that nobody has and that entries of one folder want for several places."""
        wanted: dict[str, set[tuple[object, str]]] = {}
        for spec in specs:
            if spec.key_env and spec.key_env not in self._keys:
                home = (origin(spec.base_url), spec.base_url_env)
                wanted.setdefault(spec.key_env, set()).add(home)
        return frozenset(name for name, homes in wanted.items() if len(homes) > 1)

    def _check_key(self, spec: ProviderSpec, file: Path, contested: frozenset[str]) -> None:
        """Refuse an entry that would send a key elsewhere than to the place that it belongs to."""
        there = spec.base_url or f"where {spec.base_url_env} says"
        kept = self._names.get(spec.id)
        if kept is not None and kept.key_required and not kept.takes(spec):
            # Its key may be kept under its name, in a file that knows no addresses.
            raise BrokenFile(
                f"{file}: what is kept for {spec.id} belongs to {kept.base_url} and is not "
                f"sent to {kept.elsewhere(spec) or there}.",
                hint="Give this provider, which is its folder, a name of its own.",
            )
        if not spec.key_env:
            return
        owner = self._keys.get(spec.key_env)
        if owner is not None and not owner.takes(spec):
            raise BrokenFile(
                f"{file}: {spec.key_env} belongs to {owner.id} ({owner.base_url}) and is not "
                f"sent to {owner.elsewhere(spec) or there}.",
                hint="Give this provider a key variable of its own.",
            )
        if spec.key_env in contested:
            raise BrokenFile(
                f"{file}: {spec.key_env} is wanted for several addresses by entries beside this "
                "one, and goes to none.",
                hint="Give each address a key variable of its own.",
            )


class _Home(NamedTuple):
    """The place that a key belongs to: that of the entry which named it first."""

    id: str
    base_url: str
    base_url_env: str
    key_required: bool

    @classmethod
    def of(cls, spec: ProviderSpec) -> Self:
        """That of an entry."""
        return cls(spec.id, spec.base_url, spec.base_url_env, spec.key_required)

    def takes(self, spec: ProviderSpec) -> bool:
        """Whether an entry sends to this place and to no other.

        Its address in the environment may be set to anything: only the same variable will do.
        """
        if not self.base_url:
            return spec.base_url_env == self.base_url_env and not spec.base_url
        return origin(self.base_url) == origin(spec.base_url) and not self.elsewhere(spec)

    def elsewhere(self, spec: ProviderSpec) -> str:
        """Where else an entry may send, by a variable of its own; empty if nowhere."""
        other = spec.base_url_env not in ("", self.base_url_env)
        return f"where {spec.base_url_env} says" if other else ""


_Spec = TypeVar("_Spec", bound=BaseModel)


def _models(
    folder: Path, knob_sets: Mapping[str, Knobs], owner: Path | str
) -> dict[str, ModelSpec]:
    """The models of a folder by name; `owner` is what has their knob sets."""
    models: dict[str, ModelSpec] = {}
    for number, path in enumerate(sorted(folder.rglob("*.toml"))):
        if number >= MAX_FILES:
            raise BrokenFile(f"{folder} holds more than {MAX_FILES:,} files.")
        if not path.is_file():
            # A pipe of that name would keep us waiting for ever.
            raise BrokenFile(f"{path}: it is not a file.", hint="Rename or move it.")
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BrokenFile(f"{path}: it leads out of the folder.", hint="Move the file there.")
        model = _validated(ModelSpec, path, read_toml(path))
        if model.knob_set and model.knob_set not in knob_sets:
            raise BrokenFile(
                f"{path}: {owner} has no knob set {model.knob_set!r}.",
                hint=did_you_mean(model.knob_set, knob_sets),
            )
        models[path.relative_to(folder).as_posix().removesuffix(".toml")] = model
    return models


def _validated(kind: type[_Spec], path: Path, values: Mapping[str, object]) -> _Spec:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise broken(path, error) from error


HUB_TOKENS: Final = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
"""What `playground pull` proves itself with: `playground.hub` sends it there."""

_HUB: Final = _Home("the Hugging Face Hub", "https://huggingface.co", "HF_ENDPOINT", True)


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue with the user's overlay, read once."""
    return Catalogue(shipped("providers"), config_dir() / "providers")
