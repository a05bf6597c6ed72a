"""`playground doctor`: what is installed, configured and reachable, and what to do about the rest.

A key is never shown, only where it comes from.
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import groupby
from typing import Literal

from playground.catalogue import catalogue
from playground.cli import FAILED
from playground.cli.models import missing_key
from playground.cli.output import say, say_json
from playground.config import config_dir, find_key, keys_path, settings
from playground.errors import PlaygroundError
from playground.params import GenerationParams
from playground.providers.base import Provider
from playground.providers.llama.defaults import configured
from playground.providers.llama.model import LlamaModel
from playground.providers.registry import find_provider, open_model, provider_names
from playground.run import generate, problem_of
from playground.types import ProviderStatus

State = Literal["ok", "todo", "fail"]

DISTRIBUTIONS = ("llama-cpp-python", "openai", "textual", "pydantic", "numpy", "httpx2", "typer")
PROBE_SECONDS = 60
STATUS_SECONDS = 10

_PROBE = (
    "import llama_cpp; print(llama_cpp.llama_print_system_info().decode());"
    "from playground.providers.llama.sizing import describe_machine; print(describe_machine())"
)
_REINSTALL = (
    "pip install --force-reinstall --no-cache-dir --no-binary llama-cpp-python llama-cpp-python"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `todo` is something that may be set up, `fail` something broken."""

    topic: str
    name: str
    state: State
    detail: str
    hint: str = ""


def doctor(*, json: bool) -> int:
    """Print what was found; returns 0 if the demo model answers."""
    found: list[Finding] = []
    checks = (_system, _llama_cpp, _files, _providers, _demo)
    for check in checks:
        for finding in check():
            found.append(finding)
            if not json:
                _print(finding, first=[one.topic for one in found].count(finding.topic) == 1)
    works = not any(one.state == "fail" for one in found if one.topic == "demo")
    if json:
        topics = {
            topic: [asdict(one) for one in group]
            for topic, group in groupby(found, key=lambda one: one.topic)
        }
        say_json({"demo_works": works, "findings": topics})
    return 0 if works else FAILED


def _print(finding: Finding, *, first: bool) -> None:
    if first:
        say(f"{finding.topic}")
    say(f"  {finding.state:<5} {finding.name}: {finding.detail}")
    if finding.hint:
        say(f"        → {finding.hint}")


def _system() -> Iterator[Finding]:
    yield Finding("system", "Python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield Finding("system", "platform", "ok", platform.platform())
    yield Finding("system", "chat-playground", "ok", metadata.version("chat-playground"))
    for name in DISTRIBUTIONS:
        try:
            yield Finding("system", name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding("system", name, "fail", "not installed", f"pip install {name}")


def _llama_cpp() -> Iterator[Finding]:
    """Loaded in a process of its own: compiled for another processor it would end ours."""
    topic, name = "llama.cpp", "features"
    hint = f"Compile it again on this machine: {_REINSTALL}"
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield Finding(topic, name, "fail", f"did not load in {PROBE_SECONDS} s", hint)
        return
    if probe.returncode == 0:
        *features, machine = probe.stdout.strip().splitlines()
        yield Finding(topic, name, "ok", " ".join(" ".join(features).split()).rstrip("| "))
        yield Finding(topic, "automatic", "ok", machine)
        yield _set_for_local()
        return
    last = probe.stderr.strip().splitlines()[-1:] or [f"ended with status {probe.returncode}"]
    yield Finding(topic, name, "fail", f"cannot be loaded: {last[0]}", hint)


def _set_for_local() -> Finding:
    """What the user's settings say of how GGUF files are opened."""
    topic, name = "llama.cpp", "set by you"
    try:
        chosen = configured().model_dump(exclude_unset=True)
    except PlaygroundError as error:
        return Finding(topic, name, "fail", error.message, error.hint)
    told = ", ".join(f"{knob} = {value}" for knob, value in chosen.items())
    return Finding(topic, name, "ok", told or "nothing ([local] in config.toml)")


def _files() -> Iterator[Finding]:
    topic, path = "files", config_dir() / "config.toml"
    try:
        settings()
    except PlaygroundError as error:
        yield Finding(topic, "settings", "fail", error.message, error.hint)
    else:
        there = "read" if path.exists() else "none, the defaults are used"
        yield Finding(topic, "settings", "ok", f"{path} ({there})")
    try:
        find_key("", "")
    except PlaygroundError as error:
        yield Finding(topic, "keys", "fail", error.message, error.hint)
    else:
        there = "read" if keys_path().exists() else "none"
        yield Finding(topic, "keys", "ok", f"{keys_path()} ({there})")
    for problem in catalogue().unread:
        yield Finding(topic, "providers", "fail", problem.message, problem.hint)
    for provider, problem in catalogue().problems.items():
        yield Finding(topic, f"provider {provider}", "fail", problem.message, problem.hint)


def _providers() -> Iterator[Finding]:
    topic = "providers"
    working: list[Provider] = []
    for name in provider_names():
        if name in catalogue().problems:
            continue  # Said under files.
        try:
            working.append(find_provider(name))
        except PlaygroundError as error:
            yield Finding(topic, name, "fail", error.message, error.hint)
    for provider, status in zip(working, asyncio.run(_statuses(working)), strict=True):
        details = [status.summary]
        if source := _key_source(provider):
            details.append(source)
        state: State = "ok" if status.ready else "todo"
        yield Finding(topic, provider.spec.id, state, "; ".join(details), status.hint)


async def _statuses(providers: list[Provider]) -> list[ProviderStatus]:
    return await asyncio.gather(*map(_status, providers))


async def _status(provider: Provider) -> ProviderStatus:
    """A provider's own word; whatever goes wrong in asking becomes one."""
    try:
        async with asyncio.timeout(STATUS_SECONDS):
            return await provider.status()
    except TimeoutError:
        return ProviderStatus(ready=False, summary=f"no answer in {STATUS_SECONDS} s")
    except PlaygroundError as error:
        return ProviderStatus(ready=False, summary=error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything; the others go on
        return ProviderStatus(ready=False, summary=problem_of(error).message)


def _key_source(provider: Provider) -> str:
    """Where the provider's key comes from, never the key."""
    spec = provider.spec
    if not spec.key_env or missing_key(spec):
        return ""
    if os.environ.get(spec.key_env, "").strip():
        return f"key set via {spec.key_env}"
    try:
        return f"key kept in {keys_path()}" if find_key(spec.id, spec.key_env) else ""
    except PlaygroundError:
        return ""  # Said under files.


def _demo() -> Iterator[Finding]:
    """The one check that matters most is made for real: a token from the demo model."""
    topic = "demo"
    try:
        demo = catalogue().find("demo")
        if demo is None or not demo.default_model:
            yield Finding(topic, "demo", "fail", "is not in the catalogue", "Install again.")
            return
        ref = f"{demo.id}:{demo.default_model}"
        seconds, in_use = asyncio.run(_one_word(ref))
    except PlaygroundError as error:
        yield Finding(topic, "demo", "fail", error.message, error.hint)
        return
    except TimeoutError:
        yield Finding(topic, ref, "fail", f"no answer in {PROBE_SECONDS} s")
        return
    yield Finding(topic, ref, "ok", f"answers, first token after {seconds:.2f} s")
    yield Finding(topic, "opened with", "ok", in_use)


async def _one_word(ref: str) -> tuple[float, str]:
    """Seconds to the first token, and the settings in use; raises what the run raised."""
    async with asyncio.timeout(PROBE_SECONDS), open_model(ref) as model:
        run = await generate(model, "Hello", GenerationParams(max_length=1))
        if run.error is not None:
            raise run.error
        facts = model.facts if isinstance(model, LlamaModel) else None
        return run.timing.first_token or run.elapsed, facts.in_use() if facts else "nothing local"
