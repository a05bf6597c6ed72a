"""Reads and checks `providers/`: endpoints, key variables, models and the knobs that they take.

The shipped folder comes first, then the user's own (`providers/` in the settings folder). A
`provider.toml` there adds a provider or replaces a shipped one whole; a folder of nothing but
`models/` adds models to a shipped one, or replaces those. A broken file leaves the rest usable and
is reported when its provider is asked for.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from playground.addresses import checked_address, origin
from playground.config import (
    MAX_FILE_BYTES,
    broken,
    config_dir,
    is_there,
    read_toml,
    shipped,
    unreadable,
)
from playground.errors import BrokenFile, PlaygroundError, UnknownProvider, did_you_mean
from playground.key_homes import KEY_VARIABLE, Home, well_known, where
from playground.params import knobs
from playground.types import KnobSupport, ModelInfo, ModelRef

MAX_FILES = 5_000
"""No more catalogue files than this are read from one folder."""


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
        if value and KEY_VARIABLE.fullmatch(value) is None:
            raise ValueError(f"a key's variable ends in _API_KEY or _TOKEN, {value!r} does not")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return checked_address(value) if value else value

    @property
    def address(self) -> str:
        """Where its requests go: what `base_url_env` says, else `base_url`; it may be empty."""
        said = os.environ.get(self.base_url_env, "").strip() if self.base_url_env else ""
        return said or self.base_url

    @property
    def takes_key(self) -> bool:
        """Whether its requests may carry a key at all."""
        return self.key_required or bool(self.key_env)

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
    """Every provider that could be read, by id, and the problem of each that could not.

    `unread` are the problems of whole folders, of which not even the providers are known.
    """

    def __init__(self, *folders: Path) -> None:
        self.providers: dict[str, ProviderSpec] = {}
        self.problems: dict[str, PlaygroundError] = {}
        self.unread: list[PlaygroundError] = []
        # Whose a key is stays so, whatever becomes of the entry that named it first.
        self._keys: dict[str, Home] = {}
        self._names: dict[str, Home] = {}
        for folder in folders:
            self._read(folder)

    def find(self, provider: str) -> ProviderSpec | None:
        """The entry of a provider; raises its problem if its file is broken."""
        if provider in self.problems:
            raise self.problems[provider]
        return self.providers.get(provider)

    def no_such(self, provider: str, known: Iterable[str] = ()) -> PlaygroundError:
        """The error for one that is not here nor among the `known`; it may be in `unread`."""
        if self.unread:
            return self.unread[0]
        return UnknownProvider(
            f"There is no provider {provider!r}.",
            hint=did_you_mean(provider, known or self.providers)
            or "`playground models` lists them.",
        )

    def _read(self, folder: Path) -> None:
        try:
            places = sorted(folder.iterdir()) if is_there(folder) else []
        except PlaygroundError as error:
            self.unread.append(error)
            return
        except OSError as error:
            self.unread.append(unreadable(folder, error))
            return
        whole: dict[str, tuple[ProviderSpec, Path]] = {}
        for place in places:
            file = place / "provider.toml"
            try:
                if file.is_file():
                    whole[place.name] = self._load(place, file), file
                elif (place / "models").is_dir():
                    self._put(self._with_more_models(place))
            except PlaygroundError as error:
                self.problems[place.name] = error
                self._hold(place.name, file)
            except OSError as error:
                self.problems[place.name] = unreadable(Path(error.filename or place), error)
                self._hold(place.name, file)
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
                self._names.setdefault(spec.id, _home_of(spec))
                if spec.key_env:
                    self._keys.setdefault(spec.key_env, _home_of(spec))

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

    def _hold(self, name: str, file: Path) -> None:
        """Keep the key variables that a broken file names: no other entry gets them meanwhile."""
        try:
            with file.open("rb") as opened:
                text = opened.read(MAX_FILE_BYTES).decode("utf-8", "replace")
        except OSError:
            return  # It is reported already; what it names, nobody can know.
        for variable in KEY_VARIABLE.findall(text):
            self._keys.setdefault(variable, Home(f"{name}, whose file is broken,"))

    def _contested(self, specs: Sequence[ProviderSpec]) -> frozenset[str]:
        """Key variables that nobody has and that entries of one folder want for several places."""
        wanted: dict[str, set[tuple[object, str]]] = {}
        for spec in specs:
            if spec.key_env and self._owner(spec) is None:
                home = (origin(spec.base_url), spec.base_url_env)
                wanted.setdefault(spec.key_env, set()).add(home)
        return frozenset(name for name, homes in wanted.items() if len(homes) > 1)

    def _owner(self, spec: ProviderSpec) -> Home | None:
        """Whose the key is that an entry names; None where it is nobody's yet."""
        # Without an address a backend of its own knows where it goes: a plug-in for that service.
        known = well_known(spec.key_env) if spec.base_url or spec.base_url_env else None
        return known or self._keys.get(spec.key_env)

    def _check_key(self, spec: ProviderSpec, file: Path, contested: frozenset[str]) -> None:
        """Refuse an entry that would send a key elsewhere than to the place that it belongs to."""
        there = where(spec.base_url, spec.base_url_env) or "anywhere else"
        kept = self._names.get(spec.id)
        if (
            kept is not None
            and (kept.key_required or spec.takes_key)
            and not kept.takes(spec.base_url, spec.base_url_env)
        ):
            # Its key may be kept under its name, in a file that knows no addresses.
            home = where(kept.base_url, kept.base_url_env)
            raise BrokenFile(
                f"{file}: what is kept for {spec.id} belongs to {home} and is not sent to {there}.",
                hint="Give this provider, which is its folder, a name of its own.",
            )
        if not spec.key_env:
            return
        owner = self._owner(spec)
        if owner is not None and not owner.takes(spec.base_url, spec.base_url_env):
            moved = owner.base_url_env != spec.base_url_env and owner.takes(
                spec.base_url, owner.base_url_env
            )
            raise BrokenFile(
                f"{file}: {spec.key_env} belongs to {owner} and is not sent to {there}.",
                hint=f'Say base_url_env = "{owner.base_url_env}" here, too, or give this provider '
                "a key variable of its own."
                if moved and owner.base_url_env
                else "Give this provider a key variable of its own.",
            )
        if spec.key_env in contested:
            raise BrokenFile(
                f"{file}: {spec.key_env} is wanted for several addresses by entries beside this "
                "one, and goes to none.",
                hint="Give each address a key variable of its own.",
            )


def _home_of(spec: ProviderSpec) -> Home:
    return Home(spec.id, spec.base_url, spec.base_url_env, spec.key_required)


_Spec = TypeVar("_Spec", bound=BaseModel)


def _models(
    folder: Path, knob_sets: Mapping[str, Knobs], owner: Path | str
) -> dict[str, ModelSpec]:
    """The models of a folder by name; `owner` is what has their knob sets."""
    models: dict[str, ModelSpec] = {}
    for number, path in enumerate(sorted(_toml_files(folder))):
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


def _toml_files(folder: Path) -> Iterator[Path]:
    """What is named so under a folder, which may be none; `Path.rglob` hides what is unreadable."""

    def stop(error: OSError) -> None:
        raise error

    if folder.is_dir():
        for place, folders, files in os.walk(folder, onerror=stop):
            yield from (Path(place, name) for name in (*folders, *files) if name.endswith(".toml"))


def _validated(kind: type[_Spec], path: Path, values: Mapping[str, object]) -> _Spec:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise broken(path, error) from error


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue with the user's overlay, read once."""
    return Catalogue(shipped("providers"), config_dir() / "providers")
