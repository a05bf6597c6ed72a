"""What makes a checkout into something that runs: set-up, the wheel cache, what is packed.

`tools/check_wheel.py` builds and installs for real; `make test` runs it after the tests.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / "tools"


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def llama_wheel() -> Any:
    return _tool("llama_wheel")


@pytest.fixture
def setup_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    module = _tool("setup_env")
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setattr(module, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(module, "VENV", tmp_path)
    return module


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def test_the_version_of_llama_cpp_is_pinned_and_stands_in_one_place_only(llama_wheel: Any) -> None:
    assert f"llama-cpp-python=={llama_wheel.VERSION}" in _project()["dependencies"]
    places = [ROOT / "Makefile", ROOT / ".ci/run", *TOOLS.glob("*.py")]
    assert not [path.name for path in places if llama_wheel.VERSION in path.read_text("utf-8")]


def test_a_wheel_is_kept_for_one_processor_and_one_way_of_compiling(
    llama_wheel: Any, tmp_path: Path
) -> None:
    home = {"XDG_CACHE_HOME": str(tmp_path)}
    folders = {
        llama_wheel.cache_folder(home, "one"),
        llama_wheel.cache_folder(home, "another"),
        llama_wheel.cache_folder({**home, "CMAKE_ARGS": "-DGGML_CUDA=on"}, "one"),
    }
    assert len(folders) == 3
    assert all(folder.is_relative_to(tmp_path / "chat-playground" / "wheels") for folder in folders)
    assert llama_wheel.cache_folder(home, "one") in folders
    assert llama_wheel.processor() == llama_wheel.processor() != ""


def test_the_users_own_compile_arguments_come_last(llama_wheel: Any) -> None:
    assert llama_wheel.cmake_args({}) == "-DLLAVA_BUILD=OFF"
    assert llama_wheel.cmake_args({"CMAKE_ARGS": "-DX=1"}) == "-DLLAVA_BUILD=OFF -DX=1"


def test_a_cached_wheel_is_used_without_a_compiler(llama_wheel: Any, tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
    folder = llama_wheel.cache_folder(environment, llama_wheel.processor())
    folder.mkdir(parents=True)
    wheel = folder / f"llama_cpp_python-{llama_wheel.VERSION}-py3-none-any.whl"
    wheel.touch()
    assert llama_wheel.ensure_wheel(environment) == wheel


def test_without_a_compiler_the_ways_out_are_named(llama_wheel: Any, tmp_path: Path) -> None:
    with pytest.raises(llama_wheel.SetupFailed) as caught:
        llama_wheel.ensure_wheel({"XDG_CACHE_HOME": str(tmp_path), "PATH": ""})
    assert "no C++ compiler" in str(caught.value)
    assert "LLAMA_WHEEL=" in str(caught.value)


def test_a_wheel_of_ones_own(llama_wheel: Any, tmp_path: Path) -> None:
    wheel = tmp_path / "mine.whl"
    with pytest.raises(llama_wheel.SetupFailed, match=r"mine\.whl, which is not there"):
        llama_wheel.ensure_wheel({"LLAMA_WHEEL": str(wheel)})
    wheel.touch()
    assert llama_wheel.ensure_wheel({"LLAMA_WHEEL": str(wheel)}) == wheel


def test_a_failed_compilation_shows_the_end_of_its_log(
    llama_wheel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import sys; print('[3/140] Building'); sys.exit('the compiler ran out of memory')"

    def fails(_command: list[str], log: Path, environment: dict[str, str], what: str) -> int:
        status: int = real([sys.executable, "-c", script], log, environment, what)
        return status

    real = llama_wheel.run_reporting
    monkeypatch.setattr(llama_wheel, "run_reporting", fails)
    monkeypatch.setattr(llama_wheel, "compiler", lambda _environment: "c++")
    with pytest.raises(llama_wheel.SetupFailed, match="ran out of memory") as caught:
        llama_wheel.ensure_wheel({**os.environ, "XDG_CACHE_HOME": str(tmp_path)})
    kept = tmp_path / "chat-playground" / "wheels" / "failed.log"
    assert str(kept) in str(caught.value)
    assert [path.name for path in kept.parent.iterdir()] == ["failed.log"]


def test_a_long_command_says_how_far_it_is(
    llama_wheel: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(llama_wheel, "REPORT_SECONDS", 0.4)
    script = "import time; print('[7/140] Building', flush=True); time.sleep(1)"
    command = [sys.executable, "-c", script]
    assert llama_wheel.run_reporting(command, tmp_path / "log", os.environ, "llama.cpp") == 0
    assert re.search(r"  llama\.cpp: 7 of 140 files, \d s so far", capsys.readouterr().out)


def test_setting_up_again_does_nothing(
    setup_env: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup_env, "_pip", lambda *arguments: done.append(arguments))
    (tmp_path / "it.whl").touch()
    monkeypatch.setenv("LLAMA_WHEEL", str(tmp_path / "it.whl"))
    setup_env._install("dev")
    assert [what for what, *_ in done] == ["llama.cpp", "packages"]
    setup_env._install("dev")
    setup_env._install("")  # `make play` after `make test`
    assert len(done) == 2
    (tmp_path / "other.whl").touch()
    monkeypatch.setenv("LLAMA_WHEEL", str(tmp_path / "other.whl"))
    setup_env._install("")
    assert [what for what, *_ in done[2:]] == ["llama.cpp", "packages"]


def test_what_was_set_up_without_the_tests_tools_gets_them(
    setup_env: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup_env, "_pip", lambda *arguments: done.append(arguments))
    (tmp_path / "it.whl").touch()
    monkeypatch.setenv("LLAMA_WHEEL", str(tmp_path / "it.whl"))
    setup_env._install("")
    setup_env._install("dev")
    assert [what for what, *_ in done] == ["llama.cpp", "packages", "packages"]
    assert done[-1][-1].endswith("[dev]")


def test_an_old_python_is_told_what_to_do(
    setup_env: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup_env, "OLDEST", (99, 0))
    monkeypatch.setattr(setup_env, "NEWER", ())
    monkeypatch.setattr(sys, "argv", ["setup_env.py"])
    assert setup_env.main() == 1
    assert "Python 99.0 or newer is needed" in capsys.readouterr().err


def test_the_first_file_can_be_read_by_an_old_python() -> None:
    """It has to get as far as saying that the Python is old."""
    import ast

    ast.parse((TOOLS / "setup_env.py").read_text("utf-8"), feature_version=(3, 7))


def test_make_help_lists_every_target() -> None:
    said = subprocess.check_output(["make", "help"], cwd=ROOT, text=True)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"make ([\w-]+)", said))


@pytest.mark.parametrize("script", ["setup_env", "llama_wheel", "check_wheel"])
def test_the_scripts_need_the_standard_library_only(script: str) -> None:
    imported = re.findall(r"^(?:from|import) (\w+)", (TOOLS / f"{script}.py").read_text(), re.M)
    ours = {"llama_wheel"}
    assert {name for name in imported if name not in sys.stdlib_module_names} <= ours


def _imported() -> dict[str, str]:
    """The distributions that the package imports anywhere, each with a module that does."""
    import ast

    found: dict[str, str] = {}
    for path in (ROOT / "playground").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=str(module), level=0):
                    modules = [module]
                case _:
                    continue
            for top in {module.split(".")[0] for module in modules} - {"playground"}:
                if top not in sys.stdlib_module_names:
                    distributions = packages_distributions().get(top, [top])
                    found |= dict.fromkeys(map(_plain, distributions), str(path))
    return found


def _plain(requirement: str) -> str:
    """The name in a requirement, spelt as all spellings of it compare."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_what_the_package_imports_is_declared_and_the_other_way_round() -> None:
    extras: dict[str, list[str]] = _project()["optional-dependencies"]
    of_users = [lines for extra, lines in extras.items() if extra not in ("dev", "reference")]
    declared = {_plain(one) for one in chain(_project()["dependencies"], *of_users)}
    # Who runs `playground.testing` has it: that module is for the tests of a backend.
    imported = {name: place for name, place in _imported().items() if name != "pytest"}
    assert {name: place for name, place in imported.items() if name not in declared} == {}
    assert declared - set(imported) == set()


def test_the_tests_have_what_users_may_add() -> None:
    extras = {extra: set(lines) for extra, lines in _project()["optional-dependencies"].items()}
    for extra in ("hub", "optimise", "report", "ray"):
        assert extras[extra] <= extras["dev"], extra
