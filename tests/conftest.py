"""What every test starts from: no key, no settings, and no network beyond loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from playground import config
from playground.catalogue import catalogue
from playground.providers import registry
from tests.servers.fault import FaultServer
from tests.servers.llama import llama_server

# Other work on the machine is no defect of ours.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


class NetworkDenied(RuntimeError):
    """A test tried to leave the machine."""


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No settings for what is made before a test's own folder is: fixtures of a class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYGROUND_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Deny every connection and every look-up of a name that does not stay on this machine."""
    patch = pytest.MonkeyPatch()
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}
    look_up = socket.getaddrinfo

    def guard(name: str) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != socket.AF_UNIX and not _is_local(address[0]):
                raise NetworkDenied(f"a test tried to connect to {address!r}")
            return real[name](self, address)

        return connect

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        if not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, f"tests look up no names: {host!r}")
        return look_up(host, *rest, **more)

    for name in real:
        patch.setattr(socket.socket, name, guard(name))
    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


def forget_everything() -> None:
    """Drop what is read once and kept: catalogue, settings, providers."""
    catalogue.cache_clear()
    config.settings.cache_clear()
    registry.find_provider.cache_clear()


@pytest.fixture(autouse=True)
def config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty settings folder, and an environment without keys, proxies or endpoints."""
    folder = tmp_path / "config"
    monkeypatch.setenv("PLAYGROUND_CONFIG_DIR", str(folder))
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "data"))
    for name in list(os.environ):
        if (
            name.endswith(("_API_KEY", "_BASE_URL"))
            or name.startswith("OPENAI_")
            or name == "HF_TOKEN"
            or name.upper() in PROXIES
        ):
            monkeypatch.delenv(name)
    forget_everything()
    yield folder
    forget_everything()


@pytest.fixture(scope="session")
def _fault_server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def faults(_fault_server: FaultServer) -> FaultServer:
    """A server that plays whatever goes wrong, with nothing to play yet."""
    _fault_server.play()
    return _fault_server


@pytest.fixture(scope="session")
def llama_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real OpenAI-style server with the demo model behind it."""
    model = config.shipped("providers") / "demo" / "small.gguf"
    with llama_server(model, tmp_path_factory.mktemp("llama") / "server.log") as url:
        yield url
