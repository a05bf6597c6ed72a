"""The examples of docs/providers.md, run as they stand there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from playground.catalogue import ModelSpec, ProviderSpec
from playground.params import GenerationParams
from playground.providers import list_models, open_model
from playground.providers.llama.defaults import configured
from playground.providers.llama.protocol import EngineSettings
from playground.providers.llama.slots import MOST_WAITING
from playground.types import KnobSupport

PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
BLOCK = re.compile(r"```(?:toml|python)\n# file: (?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)


def examples() -> dict[str, str]:
    """The page's blocks by the file that each is."""
    page = PAGE.read_text(encoding="utf-8")
    found = {match["name"]: match["text"] for match in BLOCK.finditer(page)}
    assert page.count("```") == 2 * len(found), "a block of the page is not run"
    return found


@pytest.fixture
def office(config_folder: Path) -> None:
    """The page's endpoint and model, in the user's settings folder."""
    for name, text in examples().items():
        if name.startswith("office/"):
            path = config_folder / "providers" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def test_the_endpoint_of_the_page_opens(office: None) -> None:
    model = open_model("office:whatever-it-serves")
    plan = model.plan(GenerationParams(repeat_penalty=1.1, sampler_order=("top_k",)))
    assert plan.wire == {"repetition_penalty": 1.1}
    assert plan.departures[0].reason == "the server's order is fixed"


def test_the_model_of_the_page_is_listed_and_opens(office: None) -> None:
    (info,) = list_models("office")
    assert str(info.ref) == "office:org/big-1"
    assert info.note == "slow on Mondays"
    model = open_model("office:org/big-1")
    assert model.capabilities.context_length == 32_768
    assert model.plan(GenerationParams(max_length=10_000)).wire == {"max_tokens": 8_192}
    assert model.capabilities.knobs["top_k"].accepted is False
    assert model.capabilities.knobs["temperature"].maximum == 2


def test_the_backend_of_the_page_passes_the_contract(tmp_path: Path) -> None:
    for name in ("shouting.py", "test_shouting.py"):
        (tmp_path / name).write_text(examples()[name], encoding="utf-8")
    # In a folder of its own and without our settings, as in the package of a third party.
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_script_of_the_page_does_what_its_comments_say() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", examples()["abilities.py"]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counted, cut, top, *scored, last = done.stdout.splitlines()
    assert counted.endswith(" tokens")
    assert b"".join(ast.literal_eval(cut)) == b"Once upon a time"
    assert top.startswith("[(")
    assert "".join(line[: line.index(" -")] for line in scored) == "Once upon a time"
    assert last.strip()


def test_as_many_may_wait_as_the_page_says() -> None:
    assert f"up to {MOST_WAITING:,} of them" in PAGE.read_text(encoding="utf-8")


def test_the_entry_point_of_the_page_names_what_the_page_defines() -> None:
    project = tomllib.loads(examples()["pyproject.toml"])
    points = project["project"]["entry-points"]["playground.providers"]
    module, _, name = points["shouting"].partition(":")
    assert f"class {name}" in examples()[f"{module}.py"]


def test_the_tables_of_the_page_name_every_word() -> None:
    page = PAGE.read_text(encoding="utf-8")
    from_place = {"id", "folder", "models"}
    for words in (ProviderSpec.model_fields.keys() - from_place, KnobSupport.model_fields):
        for word in words:
            assert f"| `{word}`" in page or f"`, `{word}`" in page or f"`{word}`, " in page, word
    for word in ModelSpec.model_fields.keys() - {"file", "knobs"}:
        assert word in page, word


def test_the_settings_for_local_files_are_all_that_there_are_and_the_example_holds(
    config_folder: Path,
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page.split("| word | meaning | automatic |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(
        EngineSettings.model_fields
    )
    (example,) = re.findall(r"(?:^    .*\n)*^    \[local\]\n(?:^    .*\n)*", page, re.MULTILINE)
    config_folder.mkdir()
    (config_folder / "config.toml").write_text(textwrap.dedent(example), encoding="utf-8")
    assert configured() == EngineSettings(threads=4, context_length=16_384, kv_type="q8_0")
