"""References lead to providers: of the catalogue, of a plug-in, or to an error that helps."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from playground.catalogue import ProviderSpec
from playground.errors import (
    BrokenFile,
    ConfigurationError,
    InvalidReference,
    ModelFileError,
    UnknownModel,
    UnknownProvider,
)
from playground.providers import find_provider, list_models, open_model, provider_names, registry
from playground.providers.openai import OpenAIProvider
from playground.providers.scripted import ScriptedModel, ScriptedProvider


class PluginProvider(ScriptedProvider):
    """A third party's provider."""


class BrokenProvider:
    def __init__(self, spec: ProviderSpec) -> None:
        raise ZeroDivisionError("no luck")


def not_a_provider(spec: ProviderSpec) -> str:
    return "surprise"


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three more backends, as installed packages would bring them."""
    here = "tests.providers.test_registry"
    installed = registry._backends()
    more = {
        name: EntryPoint(name, f"{here}:{target}", registry.GROUP)
        for name, target in [
            ("theirs", "PluginProvider"),
            ("broken", "BrokenProvider"),
            ("odd", "not_a_provider"),
            ("gone", "NoSuchThing"),
        ]
    }
    monkeypatch.setattr(registry, "_backends", lambda: {**installed, **more})


def test_every_shipped_provider_can_be_named_and_found() -> None:
    for name in provider_names():
        assert find_provider(name).spec.id == name


@pytest.mark.parametrize("text", ["", "gpt-4.1", ":model", "openai:", "  "])
def test_what_is_no_reference_says_how_one_is_written(text: str) -> None:
    with pytest.raises(InvalidReference, match="provider:model"):
        open_model(text)


def test_a_misspelt_provider_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownProvider, match="Did you mean 'openai'"):
        open_model("opnai:gpt-4.1")


def test_an_unknown_script_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownModel, match="'echo'"):
        open_model("scripted:ecco")


def test_a_plug_in_is_a_provider_by_its_name(plug_in: None) -> None:
    assert type(find_provider("theirs")).__name__ == "PluginProvider"
    assert isinstance(open_model("theirs:echo"), ScriptedModel)
    assert "theirs" in provider_names()


def test_a_catalogue_entry_may_name_a_plug_in_as_its_backend(
    plug_in: None, config_folder: Path
) -> None:
    _write(config_folder / "providers" / "mine" / "provider.toml", 'backend = "theirs"\n')
    assert type(find_provider("mine")).__name__ == "PluginProvider"


def test_a_backend_that_is_not_installed_is_named(config_folder: Path) -> None:
    _write(config_folder / "providers" / "mine" / "provider.toml", 'backend = "thirs"\n')
    with pytest.raises(ConfigurationError, match="'thirs'"):
        find_provider("mine")


def test_in_a_folder_that_is_not_installed_a_shipped_provider_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find_provider.cache_clear()
    monkeypatch.setattr(registry, "_backends", dict)
    with pytest.raises(ConfigurationError, match="'local', which is not installed") as caught:
        find_provider("local")
    assert "Install the playground" in caught.value.hint


@pytest.mark.parametrize("name", ["broken", "gone", "odd"])
def test_a_plug_in_that_fails_is_named_and_hides_nobody_else(plug_in: None, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        find_provider(name)
    assert any(info.ref.provider == "openai" for info in list_models())


def test_a_broken_file_hides_nobody_else(config_folder: Path) -> None:
    _write(config_folder / "providers" / "mine" / "provider.toml", "title = \n")
    with pytest.raises(BrokenFile, match=r"provider\.toml"):
        open_model("mine:m")
    with pytest.raises(BrokenFile):
        list(list_models("mine"))
    assert isinstance(find_provider("openai"), OpenAIProvider)
    assert "openai" in {info.ref.provider for info in list_models()}
    assert "mine" in provider_names()


def test_listing_models_needs_no_key_and_no_network() -> None:
    assert "openai:gpt-4.1" in {str(info.ref) for info in list_models("openai")}


def test_importing_the_interface_imports_no_backend() -> None:
    code = (
        "import sys, playground.providers;"
        "print([m for m in ('openai', 'llama_cpp', 'textual', 'httpx2', 'numpy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_folder_of_nobodys_home_hides_no_other(config_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    config_folder.mkdir(exist_ok=True)
    folders = f'model_folders = ["~nosuchuser/models", "{tmp_path}"]\n'
    (config_folder / "config.toml").write_text(folders, encoding="utf-8")
    found = [str(info.ref) for info in list_models("local")]
    assert any(ref.endswith("a.gguf") for ref in found)
    with pytest.raises(ModelFileError, match="There is no file"):
        open_model("local:~nosuchuser/m.gguf")
