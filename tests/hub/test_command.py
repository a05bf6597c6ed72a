"""`playground pull`, as a user has it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from playground.config import shipped
from tests.hub.conftest import MIDDLE, REPO, TOKEN, everything_in
from tests.servers.hub import LoopbackHub, Repo


def test_the_command_says_what_it_chose_and_hands_on_the_reference(
    rocket: Repo, models: Path, shell: Any
) -> None:
    done = shell("pull", f"hf:{REPO}")
    assert done.stdout == f"local:{models / REPO / 'rocket-Q4_K_M.gguf'}\n"
    assert done.stderr.splitlines() == [
        f"{REPO}: Q4_K_M (200.0 kB).",
        "Also there: Q2_K (90.0 kB), Q8_0 (400.0 kB).",
        "Fetching rocket-Q4_K_M.gguf (200.0 kB)",
        "Checking rocket-Q4_K_M.gguf",
    ]
    assert done.returncode == 0


def test_the_hub_is_told_what_is_wanted_and_nothing_else(
    rocket: Repo, server: LoopbackHub, shell: Any
) -> None:
    shell("pull", f"hf:{REPO}")
    assert [one.path.split("/")[1] for one in server.seen] == ["api", REPO.split("/")[0]]
    assert all("chat-playground" in one.headers["user-agent"] for one in server.seen)
    assert not any("torch/" in one.headers["user-agent"] for one in server.seen)
    assert server.downloads[0].headers["accept-encoding"] == "identity"


def test_a_pulled_model_answers(server: LoopbackHub, models: Path, shell: Any) -> None:
    demo = shipped("providers") / "demo" / "small.gguf"
    server.has("acme/demo", {"demo-Q8_0.gguf": demo.read_bytes()})
    ref = shell("pull", "hf:acme/demo").stdout.strip()
    done = shell("ask", "-m", ref, "Hello", "--max-length", "4")
    assert (done.returncode, bool(done.stdout.strip())) == (0, True), done.stderr


def test_listing_and_removing(rocket: Repo, shell: Any, models: Path) -> None:
    assert "Nothing was pulled" in shell("pull", "--list").stderr
    there = shell("pull", "--list", f"hf:{REPO}").stdout.splitlines()
    assert there[0].split() == ["QUANT", "SIZE", "FILES", "NAME"]
    assert [line.split()[0] for line in there[1:]] == ["Q2_K", "Q4_K_M", "Q8_0"]
    shell("pull", f"hf:{REPO}")
    listed = shell("pull", "--list").stdout
    assert f"hf:{REPO}:Q4_K_M" in listed
    assert "200.0 kB" in listed
    (line,) = shell("pull", "--list", "--json").stdout.splitlines()
    assert json.loads(line)["whole"]
    assert f"local:{models}" in shell("models", "local").stdout
    assert "200.0 kB freed" in shell("pull", "--remove", f"hf:{REPO}").stderr
    assert "Nothing was pulled" in shell("pull", "--list").stderr
    assert everything_in(models) == {}


@pytest.mark.parametrize(
    "arguments", [(), ("--remove",), ("--list", "--remove"), ("llama",), ("--remove", "hf:a/b")]
)
def test_what_cannot_be_meant_is_a_usage_error(shell: Any, arguments: tuple[str, ...]) -> None:
    done = shell("pull", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")


def test_what_was_pulled_is_listed_without_the_library(models: Path) -> None:
    code = (
        "import sys; sys.argv = ['playground', 'pull', '--list']\n"
        "from playground.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert 'huggingface_hub' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_token_kept_in_the_hubs_home_is_used_and_never_shown(
    rocket: Repo, server: LoopbackHub, tmp_path: Path, shell: Any
) -> None:
    home = tmp_path / "hub-home"
    home.mkdir()
    home.joinpath("token").write_text(TOKEN)
    rocket.refuses["get"] = (403, {"X-Error-Code": "GatedRepo", "X-Error-Message": TOKEN})
    done = shell("pull", f"hf:{REPO}", env={**os.environ, "PLAYGROUND_DEBUG": "1"})
    assert done.returncode == 1
    assert "gated" in done.stderr
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_was_stopped_goes_on_from_there(
    rocket: Repo, server: LoopbackHub, models: Path, shell: Any, how: signal.Signals
) -> None:
    rocket.pause = 0.05
    command = [sys.executable, "-m", "playground", "pull", f"hf:{REPO}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 30
        while not any(path.stat().st_size > 30_000 for path in models.rglob("*.part")):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(how)
        _, said = process.communicate(timeout=30)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    if how is signal.SIGINT:
        assert "What came is kept" in said
        assert "Traceback" not in said
    assert "unfinished, of 200.0 kB" in shell("pull", "--list").stdout
    rocket.pause = 0
    done = shell("pull", f"hf:{REPO}")
    assert "kB from " not in done.stderr.splitlines()[0]
    assert " from " in done.stderr.splitlines()[2]
    assert Path(done.stdout.strip().removeprefix("local:")).read_bytes() == MIDDLE
    assert server.downloads[-1].start > 30_000


def test_what_is_being_pulled_is_neither_pulled_twice_nor_removed(
    rocket: Repo, models: Path, shell: Any
) -> None:
    rocket.pause = 0.1
    command = [sys.executable, "-m", "playground", "pull", f"hf:{REPO}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        until = time.monotonic() + 30
        while not any(models.rglob("*.part")):
            assert time.monotonic() < until
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)
        for more in ((), ("--remove",)):
            done = shell("pull", *more, f"hf:{REPO}")
            assert done.returncode == 2
            assert "is going on" in done.stderr
        first.send_signal(signal.SIGCONT)
    assert first.returncode == 0
    assert (models / REPO / "rocket-Q4_K_M.gguf").read_bytes() == MIDDLE


def test_on_a_terminal_a_bar_moves_and_in_a_pipe_nothing_does(
    rocket: Repo, models: Path, shell: Any
) -> None:
    rocket.pause = 0.05
    command = ["-m", "playground", "pull", f"hf:{REPO}"]
    child = pexpect.spawn(sys.executable, command, encoding="utf-8", dimensions=(24, 100))
    child.expect("% ━+ +[0-9.]+ kB of 200.0 kB, [0-9.,]+ [kM]B/s, 0:0[0-9] left", timeout=30)
    child.expect("Checking rocket", timeout=30)
    child.expect("playground -m '?local:", timeout=30)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    done = shell("pull", f"hf:{REPO}:Q2_K")
    assert not {"\r", "\x1b", "%"} & set(done.stdout + done.stderr)


def test_a_servers_words_reach_no_terminal_as_they_are(rocket: Repo, shell: Any) -> None:
    rocket.refuses["list"] = (
        503,
        {"X-HF-Warning": "x; \x1b]0;owned", "X-Error-Message": "\x1b[2J"},
    )
    assert "\x1b" not in shell("pull", f"hf:{REPO}").stderr
