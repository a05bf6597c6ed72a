"""What importing costs: nothing is loaded before it is needed, and layers hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("textual", "openai", "llama_cpp", "numpy", "rich", "jinja2", "httpx2", "sqlite3")

RUN = """
import runpy, sys
sys.argv = ["playground", *{arguments!r}]
try:
    runpy.run_module("playground", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
"""


def _loaded_after(code: str) -> set[str]:
    """The top-level modules that a clean interpreter has loaded after running some code."""
    code += "\nimport json, sys; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    return set(json.loads(said.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import playground",
        "import playground.providers",
        "from playground import open_model, compare, Session, generate",
        "import playground; playground.open_model('openai:gpt-4.1') if 0 else None",
        RUN.format(arguments=["--help"]),
        RUN.format(arguments=["ask", "--help"]),
        RUN.format(arguments=["history", "--help"]),
        RUN.format(arguments=["--version"]),
        RUN.format(arguments=["params"]),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    assert _loaded_after(code) & set(HEAVY) == set()


def test_opening_models_loads_neither_their_sdk_nor_llama_cpp() -> None:
    code = "import os; os.environ['OPENAI_API_KEY'] = 'x'\nimport playground\n" + "\n".join(
        f"playground.open_model({ref!r})" for ref in ("demo:small", "openai:gpt-4.1")
    )
    assert _loaded_after(code) & {"openai", "llama_cpp", "textual", "numpy"} == set()


def test_import_playground_alone_is_nearly_free() -> None:
    loaded = _loaded_after("import playground")
    assert loaded & {"pydantic", "asyncio", "typer"} == set()


def test_the_bare_command_parses_nothing_before_it_paints() -> None:
    code = (
        "import sys, playground.tui\n"
        "playground.tui.run_app = lambda **given: 0\n"
        "import playground.cli, playground.cli.terminal\n"
        "playground.cli.terminal.can_open_terminal = lambda: True\n"
        "sys.argv = ['playground']\n"
        "assert playground.cli.main() == 0"
    )
    assert _loaded_after(code) & {"typer", "pydantic", "asyncio", *HEAVY} == set()


def test_layers_hold_and_every_module_stands_in_one() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["providers", "prompts"])
def test_data_folders_hold_no_code(folder: str) -> None:
    """In an editable install they can be imported by accident; there must be nothing to import."""
    assert [*ROOT.joinpath(folder).rglob("*.py")] == []
