"""A planted key appears in one header and nowhere else: no error, repr, plan, answer or log."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import stat
import traceback
from pathlib import Path
from typing import Any

import pytest

from playground import config
from playground.errors import BrokenFile, PlaygroundError
from playground.providers import find_provider, open_model
from playground.providers.openai import OpenAIModel
from playground.run import generate
from tests.providers.endpoints import KEY
from tests.servers import fault
from tests.servers.fault import FaultServer, delta

ECHO = f"Incorrect API key provided: {KEY}. Bearer {KEY}"
"""What a careless endpoint answers."""

ECHOES = {
    "401": fault.status(401, {"error": {"message": ECHO, "code": KEY}}),
    "400 in another shape": fault.status(400, {"detail": [{"msg": ECHO, "input": {"key": KEY}}]}),
    "400 as text": fault.status(400, ECHO, kind="text/plain"),
    "429": fault.status(429, {"error": {"message": ECHO}}, Retry_After="99"),
    "500 as a long text": fault.status(500, "x" * 480 + KEY + "y" * 600, kind="text/plain"),
    "404": fault.status(404, {"error": {"message": ECHO, "code": "model_not_found"}}),
    "redirect": fault.status(302, Location=f"http://127.0.0.1:9/{KEY}"),
    "in the stream": fault.says(delta("kept"), {"error": {"message": ECHO, "type": KEY}}),
    "not JSON": fault.raw(f"data: {{{ECHO}\n\n"),
    "JSON of another shape": fault.raw(f'data: ["{ECHO}"]\n\n'),
    "a chunk of another shape": fault.says({"choices": ECHO}),
    "a finish reason": fault.says(delta("kept"), delta(finish="error"), {"error": ECHO}),
    "dropped": fault.drops(),
    "broken off": fault.breaks_off(delta("kept")),
}


@pytest.fixture
def keyed(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """The fault server in the place of OpenAI, with the planted key in the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", faults.url)
    return faults


def _everything(error: BaseException) -> str:
    """All that an error, its causes and a traceback of them could print."""
    parts = traceback.format_exception(error)
    seen: set[int] = set()
    stack: list[BaseException | None] = [error]
    while stack:
        current = stack.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        parts += [str(current), repr(current), repr(current.args), repr(vars(current))]
        stack += [current.__cause__, current.__context__]
    return "\n".join(parts)


@pytest.mark.parametrize("name", ECHOES)
async def test_an_endpoint_that_repeats_the_key_does_not_get_it_printed(
    keyed: FaultServer, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="openai")
    caplog.set_level(logging.DEBUG, logger="httpx2")
    keyed.play(fault.by_method(get=ECHOES["401"], post=ECHOES[name]))
    async with open_model("openai:gpt-4.1", max_retries=0) as model:
        run = await generate(model, "Hi")
    assert isinstance(run.error, PlaygroundError)
    assert keyed.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in _everything(run.error)
    assert KEY not in run.answer().model_dump_json()
    assert KEY not in caplog.text


async def test_a_key_is_in_no_plan_answer_or_repr(
    keyed: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keyed.play(fault.answers("fine"))
    async with open_model("openai:gpt-4.1") as model:
        assert isinstance(model, OpenAIModel)
        run = await generate(model, "Hi", temperature=0.5)
        assert run.plan is not None
        things: list[Any] = [
            model, model.endpoint, vars(model), run, vars(run), run.plan, run.answer(),
            find_provider("openai"), vars(find_provider("openai")), find_provider("openai").spec,
        ]  # fmt: skip
        printed = "\n".join([*map(repr, things), *map(str, things)])
        assert KEY not in printed
        assert KEY not in run.plan.model_dump_json() + run.answer().model_dump_json()
        assert KEY not in keyed.requests[0].content.decode()
        assert KEY not in keyed.requests[0].path
    assert KEY not in caplog.text


async def test_a_key_is_in_no_status_and_no_list(keyed: FaultServer) -> None:
    keyed.play(fault.by_method(get=ECHOES["401"], post=ECHOES["401"]))
    provider = find_provider("openai")
    assert KEY not in repr(await provider.status())
    with pytest.raises(PlaygroundError) as caught:
        await provider.remote_models()
    assert KEY not in _everything(caught.value)


def test_a_key_given_as_an_option_is_wrapped() -> None:
    model = open_model("ollama:x", api_key=KEY)
    assert KEY not in repr(vars(model)) + repr(copy.copy(vars(model)))


def test_errors_can_be_copied_and_pickled() -> None:
    """A sweep in several processes sends them across."""
    error = BrokenFile("message", hint="hint")
    assert str(copy.copy(error)) == "message hint"
    assert str(pickle.loads(pickle.dumps(error))).startswith("message")


# The file of keys.


def test_a_saved_key_is_readable_by_its_owner_only(config_folder: Path) -> None:
    path = config.save_key("openai", KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = config.find_key("openai", "OPENAI_API_KEY")
    assert found is not None
    assert found.get_secret_value() == KEY
    assert KEY not in repr(found) + str(found)


def test_saving_a_key_keeps_the_others(config_folder: Path) -> None:
    config.save_key("openai", 'with "quotes" and \\')
    config.keys_path().write_text(f"{config.keys_path().read_text()}[table]\nx = 1\n")
    config.save_key("groq", "second")
    first = config.find_key("openai", "")
    assert first is not None
    assert first.get_secret_value() == 'with "quotes" and \\'
    assert config.read_toml(config.keys_path())["table"] == {"x": 1}
    assert stat.S_IMODE(config.keys_path().stat().st_mode) == 0o600
    assert [*config_folder.iterdir()] == [config.keys_path()]


def test_a_key_file_that_others_can_read_is_refused(config_folder: Path) -> None:
    path = config.save_key("openai", KEY)
    path.chmod(0o644)
    with pytest.raises(BrokenFile, match="chmod 600"):
        open_model("openai:gpt-4.1")


def test_a_broken_key_file_is_named_without_its_lines(config_folder: Path) -> None:
    path = config.save_key("openai", KEY)
    path.write_text(f"openai = {KEY}\n")
    with pytest.raises(BrokenFile) as caught:
        open_model("openai:gpt-4.1")
    assert str(path) in str(caught.value)
    assert KEY not in str(caught.value)
    with pytest.raises(BrokenFile) as caught:
        config.save_key("groq", "second")
    assert KEY not in str(caught.value)
    assert KEY in path.read_text()


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (f'groq = "x"\nopenai = {KEY}\n', "not valid TOML (line 2)", "mend the one"),
        (f'openai = "{KEY}\n', "not valid TOML (line 1)", "mend the one"),
        (f'openai = "{KEY}\\q"\n', "not valid TOML (line 1)", "mend the one"),
        (f'openai = "{KEY}"\nopenai = "{KEY}"\n', "not valid TOML (line 2)", "mend the one"),
        (f'[{KEY}]\n[{KEY}]\nopenai = "{KEY}"\n', "not valid TOML (line 2)", "mend the one"),
        (f'openai = """{KEY}', "not valid TOML", "mend the one"),
        (f'openai = ["{KEY}"]\n', "what stands at openai is not a text", "playground key openai"),
        (f'x = "{KEY}"\nopenai = {"[" * 9000}', "nested too deeply", "right file"),
        (f'openai = "{KEY}"\n#{"x" * 1_000_001}', "larger than", "right file"),
        (f'openai = "{KEY}ü"\n'.encode("latin-1"), "not UTF-8 text (line 1)", "UTF-8"),
        (f'openai = "{KEY}"\n'.encode("utf-16"), "not UTF-8 text (line 1)", "UTF-8"),
    ],
    ids=[
        "bare", "open", "escape", "twice", "tables", "open at the end", "list", "nested", "large",
        "latin-1", "utf-16",
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_key_file_is_told_and_what_it_holds_is_not(
    config_folder: Path, content: str | bytes, what: str, hint: str
) -> None:
    config_folder.mkdir()
    path = config.keys_path()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    with pytest.raises(BrokenFile) as caught:
        open_model("openai:gpt-4.1")
    assert f"{path}" in caught.value.message
    assert what in caught.value.message
    assert hint in caught.value.hint
    assert KEY not in _everything(caught.value)
    assert KEY not in pickle.dumps(caught.value).decode("latin-1")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("how", ["a folder", "a loop", "not ours"])
def test_a_key_file_that_cannot_be_read_is_no_missing_key(config_folder: Path, how: str) -> None:
    config_folder.mkdir()
    path = config.keys_path()
    match how:
        case "a folder":
            path.mkdir(0o700)
        case "a loop":
            path.symlink_to(path)
        case "not ours":
            path.write_text("")
            path.chmod(0)
            if os.access(path, os.R_OK):
                pytest.skip("root reads everything")
    with pytest.raises(BrokenFile, match=r"keys\.toml cannot be read"):
        open_model("openai:gpt-4.1")
    with pytest.raises(BrokenFile, match=r"keys\.toml cannot be read"):
        config.save_key("openai", KEY)
