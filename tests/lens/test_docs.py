"""The commands and the script of docs/lens.md, run as they stand there."""

from __future__ import annotations

import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import playground.lens as lens
from playground.spelling import spell_bytes
from playground.tui.screens.lens import LensScreen

PAGE = (Path(__file__).parents[2] / "docs" / "lens.md").read_text(encoding="utf-8")


def _commands() -> list[str]:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line for line in block.splitlines() if line]


@pytest.mark.parametrize("command", _commands())
def test_every_command_of_the_page_does_what_it_says(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f'playground() {{ "{sys.executable}" -m playground "$@"; }}\n{command}'],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env=os.environ,
    )
    assert (done.returncode, "Error" in done.stderr) == (0, False), done.stderr
    made = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("story.*"))
    assert len(done.stdout or made) > 200
    if "--json" in command:
        assert json.loads(done.stdout)["tokens"]


def test_the_script_of_the_page_runs(tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    assert "tokens are cut" in done.stdout
    assert "parted at token" in done.stdout


def test_the_chain_that_the_script_makes_is_that_of_the_run_with_penalties_too(
    tmp_path: Path,
) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    asked, used = "seed=3, temperature=1.2,", "        used = params_of_plan(run.plan)\n"
    assert (script.count(asked), script.count(used)) == (1, 1)
    token = "run.tokens[place]"
    told = f"(position.chain(used).logprob({token}.token_id), {token}.draw.logprob)"
    script = script.replace(asked, f"{asked} repeat_penalty=1.6, frequency_penalty=0.5,")
    script = script.replace(used, f'{used}        print("both", *{told})\n')
    # Where the words of the prompt count.
    script = script.replace("reading.surprising(1)[0]", "3")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("both")]
    computed, reported = map(float, line.split()[1:])
    assert computed == pytest.approx(reported, abs=0.05)


def test_the_tables_of_the_page_are_true() -> None:
    told = re.findall(r"^\| `playground\.lens\.(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(told) == sorted(module.name for module in pkgutil.iter_modules(lens.__path__))
    assert [spell_bytes(data) for data in (b" \n\t", b"\x1b", b"\xe3\x81", b"")] == [
        "·↵→",
        "␛",
        "‹E3 81›",
        "‹empty›",
    ]


def test_every_key_of_the_screen_is_in_the_table_and_no_other() -> None:
    table = PAGE.split("| key | what it does |")[1].split("\n\n")[0]
    told = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))))
    there = {str(getattr(one, "key", "")) for one in LensScreen.BINDINGS}
    assert {key.lower() for key in told} == there - {"escape"}
    assert "`Esc` leads back" in PAGE
