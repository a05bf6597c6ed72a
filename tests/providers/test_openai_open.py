"""Opening hosted models: keys, addresses, options, names; and what doctor asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from playground.config import save_key
from playground.errors import (
    ConfigurationError,
    InvalidParameter,
    MissingKey,
    RequestRefused,
    UnknownModel,
)
from playground.providers import find_provider, open_model
from playground.providers.openai import OpenAIModel, client
from playground.providers.openai.model import MOST_COMPARED, neighbours
from tests.providers.endpoints import KEY, ask, listed_at, model_at, provider_at
from tests.servers import fault
from tests.servers.fault import FaultServer

ELSEWHERE = "http://127.0.0.1:9/v1"


def _opened(ref: str, **options: Any) -> OpenAIModel:
    model = open_model(ref, **options)
    assert isinstance(model, OpenAIModel)
    return model


def test_a_missing_key_names_the_variable_and_the_command() -> None:
    with pytest.raises(MissingKey) as caught:
        open_model("openai:gpt-4.1")
    assert "OPENAI_API_KEY" in caught.value.hint
    assert "playground key openai" in caught.value.hint


def test_a_key_comes_from_the_environment_or_from_the_users_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_key("mistral", "from-the-file")
    kept = _opened("mistral:mistral-small-latest").endpoint.key
    assert kept is not None
    assert kept.get_secret_value() == "from-the-file"
    monkeypatch.setenv("MISTRAL_API_KEY", "from-the-environment")
    given = _opened("mistral:mistral-small-latest").endpoint.key
    assert given is not None
    assert given.get_secret_value() == "from-the-environment"


def test_a_server_of_ones_own_needs_no_key() -> None:
    assert _opened("ollama:llama3").endpoint.key is None


def test_a_provider_without_a_key_does_not_get_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert _opened("ollama:llama3").endpoint.key is None
    with pytest.raises(MissingKey):
        open_model("groq:llama-3.1-8b-instant")


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "кириллица", "tab\t"])
def test_a_key_that_no_header_can_hold_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_model("openai:gpt-4.1", api_key=key)
    assert key not in str(caught.value)


# Addresses.


def test_a_key_is_not_sent_to_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(MissingKey) as caught:
        open_model("openai:gpt-4.1", base_url=ELSEWHERE)
    assert ELSEWHERE in caught.value.message
    own = _opened("openai:gpt-4.1", base_url=ELSEWHERE, api_key="its-own").endpoint
    assert own.key is not None
    assert own.key.get_secret_value() == "its-own"
    assert not own.sdk_headers
    assert _opened("openai:gpt-4.1", base_url=ELSEWHERE, api_key="").endpoint.key is None


def test_another_path_at_the_same_host_is_the_same_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    endpoint = _opened("openai:gpt-4.1", base_url="https://api.openai.com/v2/").endpoint
    assert endpoint.base_url == "https://api.openai.com/v2"
    assert endpoint.key is not None


def test_plain_http_is_another_address_than_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(MissingKey):
        open_model("openai:gpt-4.1", base_url="http://api.openai.com/v1")


def test_openai_base_url_moves_openai_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", ELSEWHERE)
    monkeypatch.setenv("GROQ_API_KEY", "gsk")
    assert _opened("openai:gpt-4.1").endpoint.base_url == ELSEWHERE
    assert "groq.com" in _opened("groq:llama-3.1-8b-instant").endpoint.base_url


NO_ADDRESSES = [
    "ftp://x",
    "no address",
    "https://me:secret@host/v1",
    "http://localhost:99999/v1",
    "http://localhost:secret",
    "http://[::1/v1",
    "http://local\\host/v1",
    "http://local\nhost/v1",
    "http://",
]


@pytest.mark.parametrize("address", [*NO_ADDRESSES, ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url is not an address") as caught:
        open_model("ollama:x", base_url=address)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("address", NO_ADDRESSES)
async def test_an_address_of_the_environment_that_is_none_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", address)
    with pytest.raises(ConfigurationError, match="OLLAMA_BASE_URL is not an address") as caught:
        open_model("ollama:x")
    assert "secret" not in str(caught.value)
    status = await find_provider("ollama").status()
    assert "OLLAMA_BASE_URL" in status.summary


def test_a_provider_without_an_address_says_so() -> None:
    with pytest.raises(ConfigurationError, match=r"provider\.toml"):
        provider_at("").open("m")


# Options.


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidParameter) as caught:
        open_model("ollama:x", time_out=3)
    assert "'timeout'" in caught.value.hint


@pytest.mark.parametrize(
    "option", [{"timeout": 0}, {"timeout": "soon"}, {"max_retries": -1}, {"stall_timeout": 1e9}]
)
def test_options_out_of_range_are_refused_by_name(option: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter, match=next(iter(option))):
        open_model("ollama:x", **option)


def test_a_key_in_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(InvalidParameter) as caught:
        open_model("ollama:x", api_key=[KEY])
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_opening_costs_no_import_of_the_sdk() -> None:
    code = (
        "import sys, playground.providers as p;"
        "p.open_model('ollama:x');"
        "print([m for m in ('openai', 'httpx2', 'llama_cpp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Names.


async def test_an_unknown_model_is_named_with_the_nearest_that_the_endpoint_has(
    faults: FaultServer,
) -> None:
    refusal = fault.status(404, {"error": {"message": "nope", "code": "model_not_found"}})
    faults.play(fault.by_method(get=fault.lists("llama-3.3-70b", "qwen3"), post=refusal))
    run = await ask(model_at(faults.url, "lama-3.3-70b"))
    assert isinstance(run.error, UnknownModel)
    assert "'llama-3.3-70b'" in run.error.hint
    assert run.error.__cause__ is not None


async def test_an_unknown_model_is_named_with_the_nearest_of_the_catalogue(
    faults: FaultServer,
) -> None:
    faults.play(fault.status(404, {"error": {"message": "nope", "code": "model_not_found"}}))
    run = await ask(listed_at(faults.url, "openai", "gpt-4.1-minni"))
    assert isinstance(run.error, UnknownModel)
    assert "'gpt-4.1-mini'" in run.error.hint


async def test_the_list_that_is_read_after_a_404_is_bounded_too(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = fault.status(404, {"error": {"message": "nope", "code": "model_not_found"}})
    faults.play(fault.by_method(get=fault.lists("qwen3", "x" * 2000), post=refusal))
    monkeypatch.setattr(client, "MAX_LIST_BYTES", 1000)
    run = await ask(model_at(faults.url, "qwen33"))
    assert isinstance(run.error, UnknownModel)
    assert "playground models test" in run.error.hint


def test_of_very_many_names_those_around_the_unknown_one_are_compared() -> None:
    names = {f"model-{number:06}" for number in range(20_000)}
    for name in ("model-010000x", "a", "z"):
        near = neighbours(name, names)
        assert len(near) == MOST_COMPARED
        assert set(near) <= names
    assert "model-010000" in neighbours("model-010000x", names)
    assert set(neighbours("c", {"a", "b"})) == {"a", "b"}


async def test_a_404_for_a_model_that_the_endpoint_lists_is_not_blamed_on_the_name(
    faults: FaultServer,
) -> None:
    faults.play(
        fault.by_method(get=fault.lists("m"), post=fault.status(404, {"error": "no such route"}))
    )
    run = await ask(model_at(faults.url, "m"))
    assert isinstance(run.error, RequestRefused)
    assert "base URL" in run.error.hint


# What it takes to ask anybody.


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("SSL_CERT_FILE", "/there/is/no/such.pem", "certificates cannot be read"),
        ("SSL_CERT_FILE", __file__, "certificates cannot be read"),
        ("HTTPS_PROXY", "nonsense://proxy", "proxy that the environment names"),
        ("https_proxy", "http://127.0.0.1:secret", "proxy that the environment names"),
        ("ALL_PROXY", "http://[::1", "proxy that the environment names"),
        ("HTTPS_PROXY", "http://me:secret/word@proxy", "proxy that the environment names"),
    ],
)
async def test_a_client_that_cannot_be_made_is_an_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str
) -> None:
    monkeypatch.setenv(name, value)
    client._certificates.cache_clear()
    run = await ask(model_at("https://127.0.0.2.example/v1"))
    assert isinstance(run.error, ConfigurationError)
    assert what in run.error.message
    assert "secret" not in str(run.error)
    assert name in run.error.hint
    assert run.error.__cause__ is not None
    provider = provider_at("https://127.0.0.2.example/v1")
    status = await provider.status()
    assert what in status.summary
    with pytest.raises(ConfigurationError, match=what):
        await provider.open("m").warm_up()


async def test_an_address_that_the_client_does_not_take_is_an_error_that_names_it() -> None:
    run = await ask(model_at(f"https://{'x' * 70}\u00fc.example/v1"))
    assert isinstance(run.error, ConfigurationError)
    assert "base URL" in run.error.hint


# What doctor and `playground models --remote` ask.


async def test_an_endpoint_lists_its_models(faults: FaultServer) -> None:
    pricing = {"prompt": "0.000002", "completion": "0.000008"}
    faults.play(fault.lists("models/a", "b", name="Title", context_length=4096, pricing=pricing))
    found = list(await provider_at(faults.url).remote_models())
    assert [str(info.ref) for info in found] == ["test:a", "test:b"]
    assert found[0].title == "Title"
    assert found[0].context_length == 4096
    assert (found[0].input_price, found[0].output_price) == (2.0, 8.0)


@pytest.mark.parametrize(
    "body", [{"data": 3}, {"data": [3, {"id": 7}, {"id": ""}]}, {}, {"data": None}]
)
async def test_a_strange_list_is_an_empty_one(faults: FaultServer, body: Any) -> None:
    act = fault.lists()
    strange = fault.status(200, body)
    faults.play(fault.by_method(get=strange, post=act))
    assert list(await provider_at(faults.url).remote_models()) == []


async def test_names_without_measure_are_left_out_of_a_list(faults: FaultServer) -> None:
    faults.play(fault.lists("models/", "x" * 301, "fine", name="t" * 5000, context_length=10**30))
    (info,) = await provider_at(faults.url).remote_models()
    assert str(info.ref) == "test:fine"
    assert info.context_length is None
    assert len(info.title) == 300


async def test_status_of_a_server_that_runs(faults: FaultServer) -> None:
    faults.play(fault.lists("a", "b"))
    status = await provider_at(faults.url).status()
    assert status.ready
    assert faults.url in status.summary


async def test_status_of_a_server_on_this_machine_that_does_not_run() -> None:
    status = await provider_at(ELSEWHERE, docs="https://example.org/help").status()
    assert not status.ready
    assert status.summary == "not running"
    assert "https://example.org/help" in status.hint


async def test_status_without_a_key() -> None:
    status = await find_provider("openai").status()
    assert not status.ready
    assert "OPENAI_API_KEY" in status.hint


async def test_status_with_a_key_that_is_refused(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", faults.url)
    refusal = fault.status(401, {"error": {"message": f"bad key {KEY}"}})
    faults.play(fault.by_method(get=refusal, post=refusal))
    status = await find_provider("openai").status()
    assert not status.ready
    assert "401" in status.summary
    assert KEY not in repr(status)


async def test_status_of_an_endpoint_that_lists_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    status = await find_provider("anthropic").status()
    assert status.ready
    assert "key set" in status.summary


async def test_status_of_a_broken_key_file(config_folder: Path) -> None:
    config_folder.mkdir()
    (config_folder / "keys.toml").write_text('openai = "x\n')
    (config_folder / "keys.toml").chmod(0o600)
    status = await find_provider("openai").status()
    assert not status.ready
    assert "keys.toml" in status.summary
