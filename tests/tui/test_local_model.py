"""The terminal with the demo model in its real worker process."""

from __future__ import annotations

from playground.params import GenerationParams
from playground.tui.app import PlaygroundApp
from playground.tui.figures import live_figures
from playground.types import Timing
from tests.tui.stage import answered, ask, figures_of, playing, screen_of, until, write


async def test_the_demo_model_answers_at_two_temperatures_without_any_set_up() -> None:
    app = PlaygroundApp()
    async with playing(app) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "ready" in figures_of(app, 0), seconds=60)
        await ask(pilot, "Once upon a time")
        for place, temperature in ((0, 0.2), (1, 1.2)):
            run = app.panes[place].run
            assert run is not None
            assert run.state == "done"
            assert run.text
            assert run.plan is not None
            assert run.plan.effective["temperature"] == temperature
            assert "tok/s" in figures_of(app, place)
        assert app.panes[0].model is app.panes[1].model


async def test_stopping_a_local_model_stops_it() -> None:
    # Without the token that ends a turn, an answer goes on until it is stopped.
    endless = GenerationParams(n=16, max_length=900, logit_bias={"<|end|>": -1000})
    app = PlaygroundApp(["demo:small"], endless)
    async with playing(app) as pilot:
        await until(pilot, lambda: "ready" in figures_of(app), seconds=60)
        await write(pilot, "Once upon a time")
        await pilot.press("enter")
        await until(pilot, lambda: app.panes[0].busy)
        await pilot.press("escape")
        await answered(pilot)
        assert figures_of(app).startswith("stopped")
        app.panes[0].conversation.params = GenerationParams(temperature=0)
        await ask(pilot, "Once upon a time")
        assert figures_of(app).startswith("done")


async def test_a_pane_says_whether_its_model_has_begun_or_is_busy_with_another_one() -> None:
    endless = GenerationParams(n=16, max_length=900, logit_bias={"<|end|>": -1000})
    app = PlaygroundApp(["demo:small", "demo:small"], endless)
    async with playing(app) as pilot:
        await until(pilot, lambda: "ready" in figures_of(app, 1), seconds=60)
        first, second = app.panes
        first.ask("Once upon a time")
        await until(pilot, lambda: "streaming" in figures_of(app))
        second.conversation.params = GenerationParams(max_length=20)
        second.ask("word " * 900)
        await until(pilot, lambda: "waiting" in figures_of(app, 1))
        assert second.run is not None
        assert second.run.timing.queued is None
        begun = live_figures(second.run, Timing(queued=0.1), 1.5, 0)
        assert begun[0].short == "at work 1.50 s"
        first.stop()
        await answered(pilot)
        assert second.run.state == "done"


async def test_a_file_that_is_no_model_is_named_in_its_pane(tmp_path: object) -> None:
    app = PlaygroundApp([f"local:{tmp_path}/missing.gguf", "demo:small"])
    async with playing(app) as pilot:
        await until(pilot, lambda: "missing.gguf" in screen_of(app))
        await until(pilot, lambda: "ready" in figures_of(app, 1), seconds=60)
