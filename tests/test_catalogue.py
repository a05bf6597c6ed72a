"""The catalogue: what ships is sound, what is broken says where, what is the user's wins."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from playground.addresses import origin
from playground.catalogue import Catalogue, ProviderSpec, catalogue
from playground.config import save_key, shipped
from playground.errors import BrokenFile
from playground.params import knobs
from playground.providers import find_provider, list_models, open_model
from playground.providers.openai import OpenAIModel

SHIPPED = Catalogue(shipped("providers"))
HOSTED = sorted(name for name, spec in SHIPPED.providers.items() if spec.backend == "openai")


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


# What ships.


def test_every_shipped_file_is_sound() -> None:
    assert SHIPPED.problems == {}
    assert {"openai", "anthropic", "gemini", "vllm", "ollama", "demo", "local"} <= set(
        SHIPPED.providers
    )


def test_every_file_in_the_folder_is_read() -> None:
    """No file lies where nobody looks, or has a name that nobody expects."""
    folder = shipped("providers")
    files = set(folder.rglob("*.toml"))
    known = {folder / name / "provider.toml" for name in SHIPPED.providers}
    for spec in SHIPPED.providers.values():
        known |= {folder / spec.id / "models" / f"{model}.toml" for model in spec.models}
    assert files == known


def test_providers_is_data() -> None:
    assert not list(shipped("providers").rglob("*.py"))


@pytest.mark.parametrize("name", HOSTED)
def test_a_shipped_endpoint_is_complete(name: str) -> None:
    spec = SHIPPED.providers[name]
    assert spec.title
    assert urlsplit(spec.docs).scheme == "https"
    local = origin(spec.base_url)[1] == "127.0.0.1"
    assert urlsplit(spec.base_url).scheme == ("http" if local else "https")
    assert spec.key_required is not local
    assert spec.key_env
    assert not spec.base_url.endswith("/")
    if spec.models:
        assert spec.default_model in spec.models


@pytest.mark.parametrize("name", HOSTED)
def test_every_refusal_has_a_reason_that_a_user_understands(name: str) -> None:
    spec = SHIPPED.providers[name]
    for model in [None, *spec.models.values()]:
        for knob in knobs():
            support = spec.knob(knob, model)
            if support.accepted is False:
                assert len(support.reason.split()) >= 3, (knob, support.reason)
            if knob == "stop" or support.maximum is None or support.minimum is None:
                continue
            assert support.minimum < support.maximum


@pytest.mark.parametrize("name", HOSTED)
def test_the_models_of_a_shipped_endpoint_make_sense(name: str) -> None:
    for spec in SHIPPED.providers[name].models.values():
        assert spec.title
        assert (spec.input_price is None) == (spec.output_price is None)
        if spec.input_price is not None and spec.output_price is not None:
            assert spec.input_price <= spec.output_price
            assert (spec.cached_input_price or 0) < spec.input_price
        if spec.context_length is not None and spec.max_output is not None:
            assert spec.max_output <= spec.context_length


def test_no_two_shipped_endpoints_share_a_key_variable() -> None:
    variables = [spec.key_env for spec in SHIPPED.providers.values() if spec.key_env]
    assert len(variables) == len(set(variables))


def test_gpt_4_class_and_reasoning_models_are_told_apart() -> None:
    openai = SHIPPED.providers["openai"]
    for name in ("gpt-4.1", "gpt-4o", "gpt-4-turbo", "gpt-4"):
        assert openai.knob("temperature", openai.models[name]).accepted is True
        assert openai.knob("logprobs", openai.models[name]).accepted is True
    for name in ("o1", "o3", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini"):
        for knob in ("temperature", "top_p", "presence_penalty", "logprobs"):
            assert openai.knob(knob, openai.models[name]).accepted is False
    assert all(
        openai.knob("max_length", m).wire == "max_completion_tokens" for m in openai.models.values()
    )


# What is broken says where.


@pytest.mark.parametrize(
    ("text", "finding", "line"),
    [
        ('title = "x"\nbase_url = \n', "TOML", "line 2"),
        ('title = "x"\nbase_urll = "https://a.b/v1"\n', "base_urll: no such word", "line 2"),
        ('base_url = "gopher://x"\n', "http", "line 1"),
        ('base_url = "https://me:pw@a.b"\n', "password", "line 1"),
        ('base_url = "https://a.b:99999/v1"\n', "base_url: its port", "line 1"),
        ('base_url = "https://a.b:x/v1"\n', "base_url: its port", "line 1"),
        ('base_url = "https:///v1"\n', "base_url: an address", "line 1"),
        ('base_url = "https://[::1/v1"\n', "base_url: that is no address", "line 1"),
        ('base_url = "https://a.b\\\\.c.d/v1"\n', "base_url: an address holds no", "line 1"),
        ('base_url = "https://a.b\\n.c.d/v1"\n', "base_url: an address holds no", "line 1"),
        ('key_env = "lower_case"\n', "key_env", "line 1"),
        (
            '\n\nkey_env = "PATH"\n',
            "ends in _API_KEY or _TOKEN, 'PATH' does",
            "line 3",
        ),
        ('[knobs.temperatur]\nwire = "t"\n', "did you mean 'temperature'", "line 1"),
        ("[knobs.top_k]\nacepted = false\n", "acepted", "line 2"),
        ('key_required = "perhaps"\n', "key_required", "line 1"),
        (
            '[knobs.top_k]\nmaximum = 2\n[knobs.top_p]\nmaximum = "one"\n',
            "knobs.top_p.maximum",
            "line 4",
        ),
    ],
)
def test_a_broken_provider_file_reports_path_line_and_finding(
    tmp_path: Path, text: str, finding: str, line: str
) -> None:
    read = Catalogue(write(tmp_path, {"mine/provider.toml": text}))
    with pytest.raises(BrokenFile) as caught:
        read.find("mine")
    message = str(caught.value)
    assert str(tmp_path / "mine" / "provider.toml") in message
    assert line in message
    assert finding in message


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("context_length = -1\n", "context_length"),
        ('file = "../../secret"\n', "folder"),
        ("input_price = [\n", "TOML"),
        ('knob_set = "missing"\n', "missing"),
    ],
)
def test_a_broken_model_file_reports_its_path(tmp_path: Path, text: str, finding: str) -> None:
    read = Catalogue(write(tmp_path, {"mine/provider.toml": "", "mine/models/m.toml": text}))
    with pytest.raises(BrokenFile) as caught:
        read.find("mine")
    assert str(tmp_path / "mine" / "models" / "m.toml") in str(caught.value)
    assert finding in str(caught.value)


def test_a_file_that_is_not_text_reports_the_line(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "provider.toml").write_bytes(b'title = "x"\ndocs = "\xff"\n')
    with pytest.raises(BrokenFile, match="line 2"):
        Catalogue(tmp_path).find("mine")


def test_a_file_beyond_reason_is_not_read(tmp_path: Path) -> None:
    text = "#" * 1_000_001
    with pytest.raises(BrokenFile, match="larger than"):
        Catalogue(write(tmp_path, {"mine/provider.toml": text})).find("mine")


@pytest.mark.parametrize("name", ["id", "folder", "models"])
def test_what_comes_from_the_folder_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(BrokenFile, match=name):
        Catalogue(write(tmp_path, {"mine/provider.toml": f'{name} = "x"\n'})).find("mine")


def test_a_broken_file_leaves_the_rest_usable(tmp_path: Path) -> None:
    files = {"bad/provider.toml": "oops", "good/provider.toml": 'title = "Good"\n'}
    read = Catalogue(write(tmp_path, files))
    assert read.find("good") is not None
    assert read.find("nobody") is None
    assert set(read.problems) == {"bad"}


@pytest.fixture
def make_unreadable() -> Iterator[Callable[[Path, str], None]]:
    """Makes a folder that cannot be looked into; not even by root, where it is no folder at all."""
    closed: list[Path] = []

    def make(path: Path, how: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        match how:
            case "a file":
                path.write_text("")
            case "a loop":
                path.symlink_to(path)
            case "not ours":
                path.mkdir()
                path.chmod(0)
                closed.append(path)
                if os.access(path, os.R_OK):
                    pytest.skip("root reads everything")

    yield make
    for path in closed:
        path.chmod(0o700)


@pytest.mark.parametrize("how", ["a file", "a loop", "not ours"])
def test_a_folder_that_cannot_be_read_is_told_and_hides_nothing_that_ships(
    config_folder: Path, make_unreadable: Callable[[Path, str], None], how: str
) -> None:
    folder = config_folder / "providers"
    make_unreadable(folder, how)
    (problem,) = catalogue().unread
    assert str(folder) in problem.message
    assert "cannot be read" in problem.message
    assert catalogue().find("openai") is not None
    with pytest.raises(BrokenFile, match="cannot be read"):
        find_provider("office")


@pytest.mark.parametrize("how", ["a loop", "not ours"])
def test_a_provider_whose_models_cannot_be_read_is_reported(
    config_folder: Path, make_unreadable: Callable[[Path, str], None], how: str
) -> None:
    folder = write(config_folder / "providers", {"mine/provider.toml": ELSEWHERE})
    make_unreadable(folder / "mine" / "models" / "org.toml", how)
    with pytest.raises(BrokenFile, match=r"org\.toml"):
        catalogue().find("mine")


# The user's overlay.


def test_the_user_adds_an_endpoint_with_models(config_folder: Path) -> None:
    write(
        config_folder / "providers",
        {
            "mine/provider.toml": 'base_url = "http://127.0.0.1:1/v1"\nkey_required = false\n',
            "mine/models/org/big.toml": "context_length = 4096\ninput_price = 1\n",
        },
    )
    (info,) = list_models("mine")
    assert str(info.ref) == "mine:org/big"
    assert info.context_length == 4096
    assert find_provider("mine").open("org/big").capabilities.context_length == 4096


def test_the_user_replaces_a_shipped_endpoint(config_folder: Path) -> None:
    text = 'title = "Mine"\nbase_url = "http://127.0.0.1:7/v1"\nkey_required = false\n'
    write(config_folder / "providers", {"ollama/provider.toml": text})
    assert catalogue().providers["ollama"].title == "Mine"


def test_a_users_broken_file_for_a_shipped_endpoint_is_reported(config_folder: Path) -> None:
    write(config_folder / "providers", {"ollama/provider.toml": "oops"})
    with pytest.raises(BrokenFile, match="ollama"):
        catalogue().find("ollama")


def test_the_user_adds_a_model_to_a_shipped_endpoint_and_replaces_another(
    config_folder: Path,
) -> None:
    write(
        config_folder / "providers",
        {
            "openai/models/gpt-4.1.toml": "input_price = 1.5\noutput_price = 6\n",
            "openai/models/org/ours.toml": 'knob_set = "reasoning"\ncontext_length = 4096\n',
        },
    )
    mine, shipped_one = catalogue().providers["openai"], SHIPPED.providers["openai"]
    assert mine.models["gpt-4.1"].input_price == 1.5
    assert mine.models["gpt-4.1"].context_length is None  # replaced whole
    assert mine.models["org/ours"].context_length == 4096
    others = shipped_one.models.keys() - {"gpt-4.1"}
    assert {name: mine.models[name] for name in others} == {
        name: shipped_one.models[name] for name in others
    }
    assert (mine.base_url, mine.folder) == (shipped_one.base_url, shipped_one.folder)


@pytest.mark.parametrize(
    ("files", "provider", "finding"),
    [
        ({"opnai/models/x.toml": ""}, "opnai", "no provider.toml.*Did you mean 'openai'"),
        ({"demo/models/x.toml": ""}, "demo", "GGUF files"),
        ({"openai/models/x.toml": 'knob_set = "resoning"'}, "openai", "reasoning"),
        ({"openai/models/x.toml": "oops"}, "openai", "x.toml"),
    ],
)
def test_models_that_cannot_be_added_are_reported_when_their_provider_is_asked_for(
    config_folder: Path, files: dict[str, str], provider: str, finding: str
) -> None:
    write(config_folder / "providers", files)
    with pytest.raises(BrokenFile) as failure:
        catalogue().find(provider)
    assert re.search(finding, f"{failure.value.message} {failure.value.hint}")
    assert catalogue().find("groq") is not None


# A key belongs to an address.


@pytest.mark.parametrize(
    "address", ["https://evil.example/v1", "http://api.openai.com/v1", "https://api.openai.com:444"]
)
def test_another_address_cannot_claim_openais_key(config_folder: Path, address: str) -> None:
    text = f'base_url = "{address}"\nkey_env = "OPENAI_API_KEY"\n'
    write(config_folder / "providers", {"mine/provider.toml": text})
    with pytest.raises(BrokenFile, match="OPENAI_API_KEY belongs to openai"):
        catalogue().find("mine")
    assert catalogue().find("openai") is not None


SERVER = 'base_url = "http://127.0.0.1:8000/v1"\nbase_url_env = "VLLM_BASE_URL"\n'
FREE = "key_required = false\n"


@pytest.mark.parametrize("key", ['key_env = "VLLM_API_KEY"\n', 'key_env = "MINE_API_KEY"\n'])
@pytest.mark.parametrize(
    "place",
    [
        'base_url = "https://evil.example/v1"\n',
        'base_url = "http://127.0.0.1:8000/v1"\nbase_url_env = "EVIL_BASE_URL"\n',
        'base_url = "http://127.0.0.1:8000/v1"\n',
    ],
    ids=["address", "another variable", "no variable"],
)
def test_a_key_kept_for_a_server_that_can_do_without_one_goes_nowhere_else(
    config_folder: Path, place: str, key: str
) -> None:
    write(config_folder / "providers", {"vllm/provider.toml": f"{place}{FREE}{key}"})
    with pytest.raises(BrokenFile, match="kept for vllm belongs to http://127"):
        catalogue().find("vllm")


def test_a_server_that_takes_no_key_may_have_the_name_of_another_and_gets_none(
    config_folder: Path,
) -> None:
    save_key("vllm", "kept-for-the-server-that-ships")
    write(config_folder / "providers", {"vllm/provider.toml": f"{ELSEWHERE}{FREE}"})
    model = open_model("vllm:m")
    assert isinstance(model, OpenAIModel)
    assert model.endpoint.base_url == "https://evil.example/v1"
    assert model.endpoint.key is None


def test_a_key_kept_for_a_server_goes_to_it(config_folder: Path) -> None:
    save_key("vllm", "its-own")
    text = f'title = "Mine"\n{SERVER}{FREE}key_env = "VLLM_API_KEY"\n'
    write(config_folder / "providers", {"vllm/provider.toml": text})
    model = open_model("vllm:m")
    assert isinstance(model, OpenAIModel)
    assert model.endpoint.key is not None


@pytest.mark.parametrize("key", ["", 'key_env = "MINE_API_KEY"\n'])
def test_another_address_cannot_take_the_name_under_which_a_key_is_kept(
    config_folder: Path, key: str
) -> None:
    text = f'base_url = "https://evil.example/v1"\n{key}'
    write(config_folder / "providers", {"openai/provider.toml": text})
    with pytest.raises(BrokenFile, match=r"what is kept for openai belongs to https://api\.openai"):
        catalogue().find("openai")


OFFICIAL = 'base_url = "https://api.openai.com/v1"\n'
ELSEWHERE = 'base_url = "https://evil.example/v1"\n'


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        # The address is right, and a variable of the environment says another one.
        (
            {"mine": f'{OFFICIAL}base_url_env = "OLLAMA_BASE_URL"\nkey_env = "OPENAI_API_KEY"'},
            "mine",
        ),
        ({"openai": 'base_url_env = "OLLAMA_BASE_URL"\n'}, "openai"),
        # Who had the key at first has another one now.
        (
            {
                "openai": f'{OFFICIAL}key_env = "MINE_API_KEY"',
                "zzz": f'{ELSEWHERE}key_env = "OPENAI_API_KEY"',
            },
            "zzz",
        ),
        # Two want what nobody had.
        (
            {
                "aaa": f'{ELSEWHERE}key_env = "OFFICE_API_KEY"',
                "office": 'base_url = "https://office.example/v1"\nkey_env = "OFFICE_API_KEY"',
            },
            "aaa office",
        ),
        # What is set together with an address in the environment is for that address.
        ({"mine": f'{OFFICIAL}key_env = "OPENAI_API_KEY"'}, "mine"),
        ({"openai": f'{OFFICIAL}key_env = "OPENAI_API_KEY"'}, "openai"),
        # A file that is broken still holds what it names.
        (
            {
                "aaa": f'{ELSEWHERE}key_env = "OFFICE_API_KEY"',
                "office": 'key_env = "OFFICE_API_KEY"\nno_such_word = 1',
            },
            "aaa",
        ),
        (
            {
                "office": 'base_url = \nkey_env = "OFFICE_API_KEY"',
                "zzz": f'{ELSEWHERE}key_env = "OFFICE_API_KEY"',
            },
            "zzz",
        ),
        ({"free": f'{ELSEWHERE}key_env = "HF_TOKEN"'}, "free"),
        ({"free": f'{ELSEWHERE}key_env = "GITHUB_TOKEN"'}, "free"),
        ({"free": f'{ELSEWHERE}key_env = "GH_TOKEN"'}, "free"),
        ({"free": f'{ELSEWHERE}key_env = "SLACK_BOT_TOKEN"'}, "free"),
        ({"free": f'{ELSEWHERE}key_env = "AZURE_OPENAI_API_KEY"'}, "free"),
    ],
    ids=[
        "variable",
        "name",
        "given up",
        "contested",
        "gateway",
        "gateway by name",
        "broken",
        "unreadable",
        "hub",
        "github",
        "gh",
        "slack",
        "azure",
    ],
)
def test_no_entry_can_send_a_key_anywhere_but_to_its_own_place(
    config_folder: Path, files: dict[str, str], refused: str
) -> None:
    write(
        config_folder / "providers",
        {f"{name}/provider.toml": text for name, text in files.items()},
    )
    for name in refused.split():
        with pytest.raises(BrokenFile, match=r"belongs to|wanted for several"):
            catalogue().find(name)


def test_what_is_no_file_or_leads_elsewhere_is_told_and_keeps_nobody_waiting(
    config_folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.toml"
    outside.write_text('title = "x"\n', encoding="utf-8")
    folder = config_folder / "providers"
    for name in ("pipe", "link"):
        models = folder / name / "models"
        models.mkdir(parents=True)
        (folder / name / "provider.toml").write_text(ELSEWHERE, encoding="utf-8")
    os.mkfifo(folder / "pipe" / "models" / "y.toml")
    (folder / "link" / "models" / "y.toml").symlink_to(outside)
    for name, words in (("pipe", "is not a file"), ("link", "leads out of the folder")):
        with pytest.raises(BrokenFile, match=words):
            catalogue().find(name)


def test_the_same_address_may_share_its_key(config_folder: Path) -> None:
    text = (
        'base_url = "https://API.openai.com/v2"\nkey_env = "OPENAI_API_KEY"\n'
        'base_url_env = "OPENAI_BASE_URL"\n'
    )
    write(config_folder / "providers", {"mine/provider.toml": text})
    assert catalogue().find("mine") is not None


def test_who_lacks_the_variable_that_moves_a_shared_address_is_told_its_name(
    config_folder: Path,
) -> None:
    text = f'{OFFICIAL}key_env = "OPENAI_API_KEY"\n'
    write(config_folder / "providers", {"mine/provider.toml": text})
    with pytest.raises(BrokenFile) as failure:
        catalogue().find("mine")
    assert 'base_url_env = "OPENAI_BASE_URL"' in failure.value.hint


@pytest.mark.parametrize(
    ("address", "variable", "allowed"),
    [
        ("https://huggingface.co/v1", "HF_TOKEN", True),
        ("https://router.huggingface.co/v1", "HF_TOKEN", True),
        ("https://router.huggingface.co:443/v1", "HUGGING_FACE_HUB_TOKEN", True),
        ("http://router.huggingface.co/v1", "HF_TOKEN", False),
        ("https://router.huggingface.co:444/v1", "HF_TOKEN", False),
        ("https://nothuggingface.co/v1", "HF_TOKEN", False),
        ("https://huggingface.co.evil.example/v1", "HF_TOKEN", False),
        ("https://evil.example/.huggingface.co", "HF_TOKEN", False),
        ("https://me.eu.endpoints.huggingface.cloud/v1", "HF_TOKEN", False),
        ("https://models.github.ai/inference", "GITHUB_TOKEN", True),
        ("https://models.github.ai/inference", "HF_TOKEN", False),
        ("https://mine.openai.azure.com/openai/v1", "AZURE_OPENAI_API_KEY", True),
    ],
)
def test_the_key_of_a_service_known_to_all_goes_to_its_own_hosts(
    config_folder: Path, address: str, variable: str, allowed: bool
) -> None:
    entry = f'base_url = "{address}"\nkey_env = "{variable}"\n'
    moved = f'{entry}base_url_env = "MOVED_BASE_URL"\n'
    write(
        config_folder / "providers",
        {"one/provider.toml": entry, "two/provider.toml": entry, "moved/provider.toml": moved},
    )
    assert [name not in catalogue().problems for name in ("one", "two")] == [allowed] * 2
    assert "moved" in catalogue().problems


def test_a_plug_in_that_knows_its_own_address_may_name_the_key_of_its_service(
    config_folder: Path,
) -> None:
    text = 'backend = "cohere"\nkey_env = "COHERE_API_KEY"\n'
    write(config_folder / "providers", {"cohere/provider.toml": text})
    assert catalogue().find("cohere") is not None


def test_a_model_file_cannot_leave_its_folder() -> None:
    for spec in SHIPPED.providers.values():
        for model in spec.models.values():
            assert "/" not in model.file


def test_a_knob_is_the_models_word_then_its_sets_then_the_providers() -> None:
    spec = ProviderSpec.model_validate(
        {
            "knobs": {"top_k": {"maximum": 1}, "top_p": {"maximum": 1}, "min_p": {"maximum": 1}},
            "knob_sets": {"s": {"top_k": {"maximum": 2}, "top_p": {"maximum": 2}}},
            "models": {"m": {"knob_set": "s", "knobs": {"top_k": {"maximum": 3}}}},
        }
    )
    model = spec.models["m"]
    found = [spec.knob(name, model).maximum for name in ("top_k", "top_p", "min_p")]
    assert found == [3, 2, 1]
    assert spec.knob("seed", model).accepted is None
    assert spec.knob("top_k", None).maximum == 1
