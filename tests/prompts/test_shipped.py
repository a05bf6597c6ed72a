"""The shipped prompts: what each must have, and what the demo model makes of those meant for it."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from playground import prompts
from playground.config import shipped
from playground.metrics.collection import normalised
from playground.metrics.tasks import number_in
from playground.prompts import CATEGORIES, Case, Prompt
from playground.providers import open_model
from playground.run import generate
from playground.sweep.axis import axis_of

SHIPPED = sorted(
    path.relative_to(shipped("prompts")).as_posix().removesuffix(".toml")
    for path in shipped("prompts").rglob("*.toml")
)


def everything() -> list[Prompt]:
    return [prompts.get(name) for name in SHIPPED]


def test_there_are_a_hundred_and_more_in_every_category_and_in_six_languages() -> None:
    shelf = prompts.list_prompts()
    assert not shelf.problems
    assert len(shelf.found) == len(SHIPPED) >= 100
    assert {prompt.category for prompt in shelf.found} == set(CATEGORIES)
    spoken = Counter(prompt.language for prompt in shelf.found)
    assert set(spoken) == {"en", "ja", "fr", "de", "es", "zh"}
    assert min(spoken["en"], spoken["ja"]) >= 30


def test_every_file_in_the_folder_is_a_prompt_and_readable_as_text() -> None:
    others = [path for path in shipped("prompts").rglob("*") if path.is_file()]
    assert len(others) == len(SHIPPED)
    assert all(path.suffix == ".toml" and path.stat().st_size < 10_000 for path in others)
    assert not any(path.is_symlink() for path in others)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_what_it_is_for_and_what_to_watch_for(name: str) -> None:
    prompt = prompts.get(name)
    for text in (prompt.title, prompt.description, prompt.watch_for, *prompt.tags):
        assert text.strip() == text != ""
    assert prompt.tags
    for variable in prompt.variables.values():
        assert variable.description
        assert variable.default is not None or variable.example is not None
    assert prompt.needs in ("", "a larger model", "a larger model and context")
    assert prompt.preview()[-1].content.strip()


@pytest.mark.parametrize("name", SHIPPED)
def test_each_suggests_what_can_be_set_and_swept(name: str) -> None:
    prompt = prompts.get(name)
    assert prompt.suggestion
    for knob, given in prompt.sweep.items():
        assert int(given) > 0 if knob == "samples" else len(axis_of(knob, given)) > 0


def test_enough_have_right_answers_that_a_sweep_can_score() -> None:
    assert sum(bool(prompt.cases) for prompt in everything()) >= 12
    for prompt in everything():
        for case in prompt.cases:
            assert prompt.render_with(case.variables)


def test_the_answers_of_a_prompt_are_all_scored_alike_so_that_a_sweep_can_score_them() -> None:
    assert all(len({case.score for case in prompt.cases}) <= 1 for prompt in everything())


def test_every_category_has_something_for_the_demo_model() -> None:
    assert {prompt.category for prompt in everything() if not prompt.needs} == set(CATEGORIES)


def test_the_lessons_that_everybody_asks_for() -> None:
    story = prompts.get("temperature-lesson")
    assert story.render()[0].content == "Once upon a time"
    assert list(story.sweep) == ["temperature", "samples"]
    assert "repeat_penalty" in prompts.get("repeat-penalty-lesson").sweep
    capital = prompts.get("top-p-lesson")
    assert list(capital.sweep) == ["top_p", "samples"]
    assert "capital" in capital.prompt
    five = prompts.get("five-translations").suggestion
    assert five == {"temperature": 0.7, "max_length": 60, "n": 5}


# On the demo model


def is_right(case: Case, answer: str) -> bool:
    """The same marks as the sweep's metrics give, for those that the demo's cases use."""
    import json
    import re

    match case.score:
        case "exact":
            return answer.strip() in [text.strip() for text in case.expected]
        case "contains":
            return any(normalised(text) in normalised(answer) for text in case.expected)
        case "numeric":
            return number_in(answer) in map(number_in, case.expected)
        case "regex":
            return any(re.search(text, answer) for text in case.expected)
        case "json":
            return json.loads(answer) is not None
    raise AssertionError(case.score)


async def answers(asked: list[tuple[Prompt, Case]]) -> list[str]:
    """Greedy answers of the demo model, all decoded together."""
    async with open_model("demo:small") as model:
        runs = [
            generate(
                model,
                prompt.render_with(case.variables),
                prompt.params.updated(temperature=0, n=None, seed=0),
            )
            for prompt, case in asked
        ]
        await asyncio.gather(*runs)
        return [run.text for run in runs]


async def test_the_demo_model_answers_nine_of_ten_questions_that_are_meant_for_it() -> None:
    asked = [(prompt, case) for prompt in everything() if not prompt.needs for case in prompt.cases]
    assert len(asked) >= 50
    wrong = [
        (prompt.name, case.variables, said)
        for (prompt, case), said in zip(asked, await answers(asked), strict=True)
        if not is_right(case, said)
    ]
    assert len(wrong) <= len(asked) / 10, wrong


async def test_every_prompt_that_is_meant_for_the_demo_model_fits_it_and_is_answered() -> None:
    async with open_model("demo:small") as model:
        shown = [prompt for prompt in everything() if not prompt.needs]
        runs = [
            generate(model, prompt.preview(), prompt.params.updated(max_length=24, n=None))
            for prompt in shown
        ]
        await asyncio.gather(*runs)
    silent = [p.name for p, run in zip(shown, runs, strict=True) if not run.text.strip()]
    assert not silent


async def drawn(name: str, **knobs: object) -> list[str]:
    """What the demo model answers to a prompt as suggested, but for these knobs."""
    prompt = prompts.get(name)
    async with open_model("demo:small") as model:
        run = generate(model, prompt.render(), prompt.params.updated(seed=3, **knobs))
        await run
    assert run.state == "done", run.error
    return [choice.text for choice in run.choices]


async def test_temperature_breaks_a_story_that_is_the_same_every_time_at_zero() -> None:
    told = {t: await drawn("temperature-lesson", temperature=t, n=4) for t in (0, 0.7, 2)}
    assert len(set(told[0])) == 1
    assert len(set(told[0.7])) > 1
    assert all(" named " in text or " called " in text for text in told[0.7])
    assert sum(" named " in text or " called " in text for text in told[2]) <= 1


async def test_a_list_is_stuck_where_repeating_is_rewarded_and_whole_where_it_is_not() -> None:
    def animals(text: str) -> list[str]:
        return [line.split()[-1] for line in text.splitlines()]

    (stuck,) = await drawn("repeat-penalty-lesson", repeat_penalty=0.7)
    (whole,) = await drawn("repeat-penalty-lesson", repeat_penalty=1)
    assert len(set(animals(stuck))) < len(animals(stuck))
    assert len(set(animals(whole))) == 5


@pytest.mark.parametrize("top_p", [0.1, 1])
async def test_top_p_does_nothing_to_a_capital_city(top_p: float) -> None:
    assert all("Paris" in text for text in await drawn("top-p-lesson", top_p=top_p, n=8))


async def test_five_translations_are_one_sentence_in_several_wordings() -> None:
    five = await drawn("five-translations")
    assert len(five) == 5
    assert len(set(five)) > 1
    assert all("la fleur est belle" in text.lower() for text in five)


async def test_the_small_demo_model_counts_on_where_the_tiny_one_goes_back() -> None:
    prompt = prompts.get("counting-on")
    said: dict[str, list[str]] = {}
    for ref in ("demo:small", "demo:tiny"):
        async with open_model(ref) as model:
            runs = [generate(model, prompt.render(number=n), prompt.params) for n in (12, 29, 39)]
            await asyncio.gather(*runs)
            said[ref] = [run.text for run in runs]
    assert [number_in(text.split(" comes after")[0]) for text in said["demo:small"]] == [13, 30, 40]
    backs = ("20", "30")
    assert all(
        text.startswith(back) for text, back in zip(said["demo:tiny"][1:], backs, strict=True)
    )
