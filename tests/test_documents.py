"""What the documents say can be followed: links, commands, flags, keys, names of modules."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main
from textual.theme import BUILTIN_THEMES

from playground import config, prompts
from playground.cli import history, sweep
from playground.cli import prompts as library
from playground.cli.app import app
from playground.config import Settings
from playground.lessons import list_lessons
from playground.params import GenerationParams
from playground.presets import list_presets
from playground.providers.llama.defaults import configured
from playground.tui.app import PlaygroundApp

ROOT = Path(__file__).parents[1]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "benchmarks" / "README.md",
    ROOT / "tools" / "train_demo" / "README.md",
)
COMMANDS = typer.main.get_group(app)
OWN = {
    "history": typer.main.get_group(history.app),
    "prompts": typer.main.get_group(library.app),
    "sweep": typer.main.get_group(sweep.words),
}
"""Commands whose words are read by a parser of its own."""
ASKING = typer.main.get_command(sweep.asking)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def outside_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# Links.


def anchors(page: Path) -> set[str]:
    """Its headings, as they are linked to on GitHub."""
    heads = re.findall(r"^#+ (.+)$", outside_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", outside_blocks(page)):
        if link.startswith("https://"):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    for name, place in re.findall(r"\[`(test_\w+)`\]\(([^)]+)\)", text_of(page)):
        assert f"def {name}(" in text_of(page.parent / place), name


def test_the_readme_leads_to_every_document() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{page.name})" in text_of(ROOT / "README.md"), page.name


# Commands and flags.


def lines_of(page: Path) -> Iterator[str]:
    """The shell's lines on a page: those of its blocks, and what stands between backticks."""
    text = text_of(page)
    for block in re.findall(r"^```(?:sh|bash)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()
    indented = re.findall(r"(?:^    .*\n)+", outside_blocks(page), re.MULTILINE)
    for block in indented:
        yield from (line.strip() for line in block.replace("\\\n", " ").splitlines())
    yield from re.findall(r"`([^`\n]+)`", outside_blocks(page))


def commands_of(page: Path) -> Iterator[list[str]]:
    """The words after each `playground` on a page, without redirections and remarks."""
    for line in lines_of(page):
        for part in re.split(r"\s(?:\||&&|>|#)\s?", line):
            found = part.strip()
            if found.startswith("playground ") and "…" not in found:
                yield shlex.split(found)[1:]


def parse(given: list[str]) -> None:
    """Read the words of a command as the program does, without doing it; raises if it would."""
    group, rest = OWN.get(given[0], COMMANDS), given[1:] if given[0] in OWN else given
    if given[0] == "sweep" and not (rest and rest[0] in group.commands):
        group = ASKING
    while hasattr(group, "commands") and rest and not rest[0].startswith("-"):
        assert rest[0] in group.commands, f"there is no {rest[0]!r}"
        group, rest = group.commands[rest[0]], rest[1:]
    if rest:
        with suppress(typer.Exit):  # `--help` and their like are read, and end there
            group.make_context("playground", list(rest))


ALL = [(page, command) for page in PAGES for command in commands_of(page)]


def test_commands_are_found() -> None:
    assert len(ALL) > 90


@pytest.mark.parametrize(("page", "command"), ALL, ids=lambda one: str(one)[-60:])
def test_every_command_is_one_that_the_program_reads(page: Path, command: list[str]) -> None:
    parse(command)


def flags_of(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for one in getattr(command, "commands", {}).values():
        yield from flags_of(one)


def test_every_flag_that_is_named_is_one_of_a_command() -> None:
    known = {flag for command in (COMMANDS, *OWN.values(), ASKING) for flag in flags_of(command)}
    elsewhere = {"--help", "--num-cpus", "--native"}  # of all, of `ray start`, of a benchmark
    for page in PAGES[:-2]:  # the last two are about programs of their own
        for said in re.findall(r"`(--[a-z][^`]*)`", outside_blocks(page)):
            for flag in re.findall(r"(?<!\S)--[a-z-]+", said):
                assert flag in known | elsewhere, (page.name, flag)


def test_every_program_that_is_named_takes_what_is_said() -> None:
    pattern = re.compile(r"python -m ((?:benchmarks|tools)\.[\w.]+)([^`\n#]*)")
    named_so_far = set()
    for page in PAGES:
        for name, flags in pattern.findall(text_of(page)):
            place = ROOT.joinpath(*name.split("."))
            source = text_of(place / "__main__.py" if place.is_dir() else place.with_suffix(".py"))
            named_so_far.add(name)
            for flag in re.findall(r"(?<!\S)--[a-z-]+", flags):
                assert f'"{flag}"' in source, (page.name, name, flag)
    assert {"benchmarks.start", "tools.train_demo", "tools.train_demo.knobs"} <= named_so_far


def test_every_make_target_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        for line in lines_of(page):
            for target in re.findall(r"(?:^|\s)make ([a-z-]+)(?=\s|$)", line):
                assert target in targets, (page.name, target)


# Keys.


def keys(bindings: Iterable[str]) -> set[str]:
    return {key.strip() for several in bindings for key in several.split(",")}


def test_every_key_that_is_named_does_something() -> None:
    sources = [text_of(path) for path in (ROOT / "playground" / "tui").rglob("*.py")]
    known = keys(
        found for source in sources for found in re.findall(r'Binding\(\s*"(\S+)"', source)
    )
    known |= keys(str(getattr(one, "key", one)) for one in PlaygroundApp.BINDINGS)
    for page in PAGES:
        text = outside_blocks(page)
        said = [f"alt+{key.lower()}" for key in re.findall(r"\bAlt\+(Right|Left|[A-Z])\b", text)]
        said += [f"ctrl+{key.lower()}" for key in re.findall(r"(?:\bCtrl\+|\^)([A-Z])\b", text)]
        said += [f"f{number}" for number in re.findall(r"\bF(\d|1[0-2])\b", text)]
        assert set(said) <= known | {"ctrl+c", "ctrl+q"}, page.name


# Numbers.


def test_what_is_counted_is_as_many() -> None:
    count = {name: len(list_lessons(name).lessons) for name in ("en", "ja")}
    assert count == {"en": 8, "ja": 8}
    readme, changes = text_of(ROOT / "README.md"), text_of(ROOT / "CHANGELOG.md")
    assert "eight lessons of two minutes" in readme
    assert "eight guided lessons" in changes
    number = len(prompts.list_prompts().found)
    assert f"one of {number} prompts" in readme
    assert f"{number} prompts in eighteen categories" in changes
    assert len(prompts.CATEGORIES) == 18
    assert len([one for one in list_presets().found if not one.own]) == 5
    assert "five shipped" in changes


# The rooms of the house.


def rooms() -> dict[str, set[str]]:
    """The names of the page's plan: of the package, and of each folder that is drawn in full."""
    plan = text_of(ROOT / "docs" / "architecture.md").split("## Rooms")[1].split("```")[1]
    inside = plan.split("playground/", 1)[1].split("\ntests/")[0]
    found: dict[str, set[str]] = {"": set()}
    folder = ""
    for line in inside.splitlines()[1:]:
        names = re.split(r"\s{2,}", line.strip())[0].split(", ")
        deep = line.startswith("    ")
        found.setdefault(folder if deep else "", set()).update(names)
        if not deep:
            folder = names[-1]
    return found


def modules(folder: Path) -> set[str]:
    here = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    folders = (path.parent for path in folder.glob("*/__init__.py"))
    return here | {f"{path.name}/" for path in folders}


def test_every_room_of_the_plan_is_there_and_every_module_has_a_room() -> None:
    drawn = rooms()
    assert {name.removesuffix(".py") for name in drawn.pop("")} == modules(ROOT / "playground")
    for folder, names in drawn.items():
        there = modules(ROOT / "playground" / folder)
        told = {name.removesuffix(".py") for name in names}
        whole = any(not name.endswith("/") for name in told)
        assert told == there if whole else told <= there, (folder, told ^ there)


def test_the_layers_that_are_told_are_those_that_are_kept() -> None:
    page = text_of(ROOT / "docs" / "architecture.md")
    told = page.split("Imports run downward only:")[1].split(".", 1)[0]
    order = [re.findall(r"`(\w+)`", step) for step in told.split("→")]
    layers = text_of(ROOT / "pyproject.toml").split("layers = [")[1].split("\n]")[0]
    places = [re.findall(r"\w+", line) for line in layers.splitlines()]
    at = [
        [next(n for n, names in enumerate(places) if name in names) for name in step]
        for step in order
    ]
    for above, below in pairwise(at):
        assert max(above) < min(below), (above, below)


# The README's settings and scripts.


def test_the_settings_of_the_readme_are_all_that_there_are(config_folder: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", text_of(ROOT / "README.md"), re.DOTALL)
    config_folder.mkdir()
    (config_folder / "config.toml").write_text(text, encoding="utf-8")
    said = config.settings()
    assert said.model_fields_set == Settings.model_fields.keys()
    assert configured().threads == 4
    assert GenerationParams.of(**said.params).temperature == 0.7
    assert said.theme in BUILTIN_THEMES


def test_the_scripts_of_the_readme_run(tmp_path: Path) -> None:
    scripts = re.findall(r"```python\n(.*?)```", text_of(ROOT / "README.md"), re.DOTALL)
    said = []
    for script in scripts:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True, text=True, cwd=tmp_path, check=False, env=os.environ,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    told, compared, events = said
    assert len(told) > 40
    assert compared.splitlines()[0] == "demo:small"
    assert "\ndemo:tiny\n" in compared
    assert events.startswith("Started(")
    assert "Completed(" in events
