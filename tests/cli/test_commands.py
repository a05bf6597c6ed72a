"""The other commands: models, params, doctor, key, and what the bare command takes."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from playground.cli.app import app
from playground.cli.history import app as history
from playground.cli.prompts import app as prompts
from playground.cli.sweep import asking
from playground.cli.sweep import words as sweep
from playground.params import knobs
from tests.cli.conftest import Shell
from tests.servers.fault import FaultServer, answers, lists

PLANTED = "sk-planted-0123456789abcdef"


def test_version_and_the_module_are_the_command(shell: Shell) -> None:
    done = shell("--version")
    assert done.stdout == f"playground {version('chat-playground')}\n"
    script = Path(sys.executable).with_name("playground")
    assert subprocess.check_output([script, "--version"], text=True) == done.stdout


@pytest.mark.parametrize("command", ["", "ask", "models", "params", "doctor", "key"])
def test_every_command_helps(shell: Shell, command: str) -> None:
    words = [command] if command else []
    done = shell(*words, "-h")
    assert done.stdout.startswith(f"Usage: playground{f' {command}' * bool(command)} [OPTIONS]")
    assert (done.returncode, done.stderr) == (0, "")


def commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command, with its path."""
    if not hasattr(group, "list_commands"):
        return
    context = group.make_context(path, [], resilient_parsing=True)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield f"{path} {name}", command
        yield from commands(command, f"{path} {name}")


def test_arguments_have_their_names_in_capitals_and_in_one_pair_of_brackets() -> None:
    parsers = {
        "playground": app,
        "playground history": history,
        "playground prompts": prompts,
        "playground sweep": sweep,
        "playground sweep ask": asking,
    }
    named = {
        f"{path} {argument.name}": argument.metavar
        for root, parser in parsers.items()
        for path, command in [(root, get_command(parser)), *commands(get_command(parser), root)]
        for argument in command.params
        if argument.param_type_name == "argument"
    }
    assert len(named) > 30
    assert named.pop("playground pull reference") == "hf:ORG/REPO[:QUANT]"
    for path, name in named.items():
        assert re.fullmatch("[A-Z]+", name or "no name"), path


def test_a_wrong_number_of_arguments_is_said_by_their_names(shell: Shell) -> None:
    assert "Missing argument 'TITLE'." in shell("history", "rename", "7k2m").stderr


def test_an_unknown_command_is_answered_with_the_nearest(shell: Shell) -> None:
    done = shell("modles")
    assert "Did you mean 'models'" in done.stderr
    assert done.returncode == 2


def test_without_a_terminal_there_is_nothing_to_open(shell: Shell) -> None:
    for arguments in ((), ("-m", "demo:small")):
        done = shell(*arguments)
        assert "not a terminal" in done.stderr
        assert (done.stdout, done.returncode) == ("", 2)


def test_the_bare_command_hands_on_what_it_was_given() -> None:
    code = (
        "import sys\n"
        "import playground.tui\n"
        "playground.tui.run_app = lambda **given: print(given['models'],"
        " given['params'].given(), given['system']) or 7\n"
        "import playground.cli.terminal\n"
        "playground.cli.terminal.can_open_terminal = lambda: True\n"
        "sys.argv = ['playground', '-m', 'a:b', '-m', 'c:d', '-t', '0.5', '--system', 'Hm']\n"
        "from playground.cli import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "('a:b', 'c:d') {'temperature': 0.5} Hm\n"
    assert done.returncode == 7


def test_models_are_listed_with_what_they_need(shell: Shell) -> None:
    done = shell("models")
    assert done.stdout.splitlines()[0].split()[:3] == ["MODEL", "TITLE", "CONTEXT"]
    rows = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    assert "demo:small" in rows
    hosted = [row for name, row in rows.items() if name.startswith("openai:")]
    assert hosted
    assert all("OPENAI_API_KEY" in row for row in hosted)
    assert next(iter(rows)) == "demo:small"
    with_key = shell("models", "openai", env={**os.environ, "OPENAI_API_KEY": PLANTED})
    assert "OPENAI_API_KEY" not in with_key.stdout
    assert PLANTED not in with_key.stdout + with_key.stderr


def test_models_as_json(shell: Shell) -> None:
    lines = [json.loads(line) for line in shell("models", "--json").stdout.splitlines()]
    demo = next(line for line in lines if line["ref"] == "demo:small")
    assert demo["needs"] is None
    openai = next(line for line in lines if line["ref"].startswith("openai:"))
    assert openai["needs"] == "OPENAI_API_KEY"


def test_models_of_an_endpoint_are_asked_for(shell: Shell, endpoint: FaultServer) -> None:
    endpoint.play(lists("alpha", "beta"))
    assert shell("models", "loop").stdout == ""
    done = shell("models", "loop", "--remote", "--json")
    assert [json.loads(line)["ref"] for line in done.stdout.splitlines()] == [
        "loop:alpha",
        "loop:beta",
    ]
    endpoint.play(answers("an endpoint that has no list"))
    done = shell("models", "loop", "--remote")
    assert "loop answered 404" in done.stderr
    assert (done.stdout, done.returncode) == ("", 1)


def test_models_of_an_unknown_provider(shell: Shell) -> None:
    done = shell("models", "opnai")
    assert "Did you mean 'openai'" in done.stderr
    assert done.returncode == 2


def test_a_broken_provider_leaves_the_others_listed(shell: Shell, config_folder: Path) -> None:
    place = config_folder / "providers" / "mine" / "provider.toml"
    place.parent.mkdir(parents=True)
    place.write_text('title = "Mine"\nbase_ulr = "x"\n')
    done = shell("models")
    assert f"{place}, line 2" in done.stderr
    assert "demo:small" in done.stdout
    assert shell("ask", "-m", "mine:x", "hi").returncode == 1


def test_params_are_the_table_of_knobs(shell: Shell) -> None:
    said = " ".join(shell("params").stdout.split())
    lines = [json.loads(line) for line in shell("params", "--json").stdout.splitlines()]
    assert [line["name"] for line in lines] == list(knobs())
    for knob in knobs().values():
        assert knob.meaning in said
        assert knob.range_text in said
        assert all(alias.replace("_", "-") in said for alias in knob.aliases)


def test_doctor_says_what_is_there_and_that_the_demo_runs(shell: Shell) -> None:
    done = shell("doctor")
    for said in ("Python", "llama-cpp-python", "features: CPU", "ok    demo:small: answers"):
        assert said in done.stdout
    assert "OPENAI_API_KEY" in done.stdout
    assert done.returncode == 0


def test_doctor_never_shows_a_key(shell: Shell, config_folder: Path) -> None:
    kept = shell("key", "openai", stdin=f"{PLANTED}\n")
    assert kept.returncode == 0
    # No endpoint is there to be asked: the key is not sent anywhere either.
    nowhere = {**os.environ, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    text = shell("doctor", env=nowhere)
    assert f"key kept in {config_folder / 'keys.toml'}" in text.stdout
    as_json = shell("doctor", "--json", env={**nowhere, "OPENAI_API_KEY": f"{PLANTED}-env"})
    assert "key set via OPENAI_API_KEY" in as_json.stdout
    found = json.loads(as_json.stdout)
    assert found["demo_works"] is True
    assert {"system", "llama.cpp", "files", "providers", "demo"} <= set(found["findings"])
    for done in (text, as_json):
        assert PLANTED not in done.stdout + done.stderr
        assert done.returncode == 0


def test_doctor_reports_broken_settings_and_goes_on(shell: Shell, config_file: Path) -> None:
    config_file.write_text("models = 3\n")
    done = shell("doctor")
    assert f"fail  settings: {config_file}, line 1" in done.stdout
    assert "Python" in done.stdout


def test_a_key_is_kept_for_its_owner_only(
    shell: Shell, config_folder: Path, endpoint: FaultServer
) -> None:
    done = shell("key", "openai", stdin=f"{PLANTED}\n")
    path = config_folder / "keys.toml"
    assert PLANTED in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in done.stderr
    assert PLANTED not in done.stdout + done.stderr
    endpoint.play(answers("Hi"))
    shell("ask", "-m", "loop:x", "hi")
    assert endpoint.requests
    assert all(PLANTED not in str(request) for request in endpoint.requests)


@pytest.mark.parametrize(
    ("provider", "stdin", "said"),
    [
        ("opnai", PLANTED, "Did you mean 'openai'"),
        ("demo", PLANTED, "demo takes no key"),
        ("openai", "\n", "The key is empty"),
        ("openai", "", "The key is empty"),
        ("openai", "two words\n", "not an API key"),
        ("openai", "sk-\x00\n", "not an API key"),
    ],
)
def test_what_is_no_key_is_refused(
    shell: Shell, config_folder: Path, provider: str, stdin: str, said: str
) -> None:
    done = shell("key", provider, stdin=stdin)
    assert said in done.stderr
    assert done.returncode == 2
    assert not (config_folder / "keys.toml").exists()
