"""What the terminal looks like, compared with pictures that somebody has looked at.

After a wanted change: `pytest tests/tui/test_snapshots.py --snapshot-update`, then look at them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from playground.errors import RateLimited
from playground.params import GenerationParams
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.themes import DARK, LIGHT
from playground.types import KnobSupport
from tests.tui.stage import FIXED, answered, paste, playground_of, until

Snapshot = Callable[..., bool]
Steps = Callable[[Pilot[None]], Awaitable[None]]

MARKDOWN = """\
Two ways to sort, **fastest first**:

1. `sorted(items)` makes a *new* list
2. `items.sort()` sorts in place

```python
def by_age(people):
    return sorted(people, key=lambda p: p.age)
```

| way | new list |
|-----|----------|
| sorted | yes |
| sort | no |
"""

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}


def scene() -> PlaygroundApp:
    """A hosted model that refuses a knob beside a local one that talks Japanese."""
    hosted = ScriptedModel([MARKDOWN])
    refused = KnobSupport(accepted=False, reason="reasoning models choose it themselves")
    knobs = {**hosted.capabilities.knobs, "temperature": refused}
    hosted.capabilities = hosted.capabilities.model_copy(update={"knobs": knobs})
    local = ScriptedModel(["昔々、", "小さな村に", "タロウという男の子が", "いました。"])
    return playground_of(
        {"openai:gpt-5.4": hosted, "local:~/models/llama-3.1-8b.Q4_K_M.gguf": local},
        params=GenerationParams(temperature=0.7),
        timing_of=lambda _run: FIXED,
    )


def played(theme: str, *steps: Steps) -> Steps:
    async def play(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, PlaygroundApp)
        app.theme = theme
        app._prompt.cursor_blink = False
        await until(pilot, app.furnished.is_set)
        await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
        await answered(pilot)
        for step in steps:
            await step(pilot)
        await pilot.pause(0.1)

    return play


async def conversation(pilot: Pilot[None]) -> None:
    await paste(pilot, "How do I sort a list of people?")
    await pilot.press("enter")
    await pilot.pause()
    await answered(pilot)


def keys(*names: str) -> Steps:
    async def press(pilot: Pilot[None]) -> None:
        await pilot.press(*names)
        await pilot.pause(0.2)

    return press


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
@pytest.mark.parametrize("size", list(SIZES))
def test_a_conversation(snap_compare: Snapshot, size: str, theme: str) -> None:
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=played(theme, conversation))


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_drawer(snap_compare: Snapshot, size: str, theme: str) -> None:
    assert snap_compare(
        scene(),
        terminal_size=SIZES[size],
        run_before=played(theme, conversation, keys("f2", "right")),
    )


def test_a_failure_beside_an_answer(snap_compare: Snapshot) -> None:
    error = RateLimited("openai answered 429: too many requests.", hint="Wait 20 s and retry.")
    app = playground_of(
        {"openai:gpt-4.1": ScriptedModel(["So "], fail_after=1, error=error), "demo:small":
         ScriptedModel(["Fine."])},
        timing_of=lambda _run: FIXED,
    )  # fmt: skip
    assert snap_compare(app, terminal_size=(120, 40), run_before=played(DARK.name, conversation))


def test_tabs_at_40_columns(snap_compare: Snapshot) -> None:
    assert snap_compare(
        scene(), terminal_size=(40, 24), run_before=played(DARK.name, conversation, keys("f6"))
    )


def test_help(snap_compare: Snapshot) -> None:
    assert snap_compare(scene(), terminal_size=(80, 24), run_before=played(DARK.name, keys("f1")))


def test_details(snap_compare: Snapshot) -> None:
    async def seeded(pilot: Pilot[None]) -> None:
        await conversation(pilot)
        await pilot.press("f7")
        await pilot.pause(0.2)

    assert snap_compare(scene(), terminal_size=(120, 40), run_before=played(LIGHT.name, seeded))


def test_the_first_run(snap_compare: Snapshot) -> None:
    def opener(_ref: str) -> Any:
        return ScriptedModel(["Once upon a time."])

    app = PlaygroundApp(opener=opener, timing_of=lambda _run: FIXED)
    assert snap_compare(app, terminal_size=(120, 40), run_before=played(DARK.name))


def test_four_panes(snap_compare: Snapshot) -> None:
    app = playground_of(
        {
            f"demo:{name}": ScriptedModel([f"I am {name}."])
            for name in ("one", "two", "three", "four")
        },
        timing_of=lambda _run: FIXED,
    )
    assert snap_compare(app, terminal_size=(120, 40), run_before=played(DARK.name, conversation))
