"""Prompts are filled in: values are data, gaps must be filled, and no template runs away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground import prompts
from playground.errors import BrokenFile, WrongVariables
from playground.prompts import templates
from playground.prompts.templates import TemplateProblem, fill, mentions
from playground.types import Message
from tests.prompts.conftest import Put

WHOLE = """\
title = "Everything"
system = "You are {{ role }}."

[[messages]]
role = "user"
content = "My name is {{ name }}."

[[messages]]
role = "assistant"
content = "Hello, {{ name }}!"

[[messages]]
role = "user"
content = \"\"\"
{% for i in range(count) %}
{{ loop.index }}. {{ name | upper }}
{% endfor %}
\"\"\"

[variables.role]
choices = ["a cat", "a dog"]
default = "a cat"

[variables.name]
description = "Somebody's name."
example = "Anna"

[variables.count]
kind = "integer"
default = 2
"""


def test_a_prompt_becomes_messages_with_the_system_prompt_first(put: Put) -> None:
    put("mine/whole", WHOLE)
    assert prompts.get("whole").render(name="Ben", count=1) == (
        Message(role="system", content="You are a cat."),
        Message(role="user", content="My name is Ben."),
        Message(role="assistant", content="Hello, Ben!"),
        Message(role="user", content="1. BEN"),
    )


def test_numbers_may_come_as_text_as_the_shell_gives_them(put: Put) -> None:
    put("mine/whole", WHOLE)
    prompt = prompts.get("whole")
    assert prompt.render(name="A", count="3") == prompt.render(name="A", count=3)


def test_a_preview_fills_gaps_with_defaults_and_examples(put: Put) -> None:
    put("mine/whole", WHOLE)
    assert prompts.get("whole").preview()[-1].content == "1. ANNA\n2. ANNA"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {},
            r"wants a value for 'name': Somebody's name \(.*l, line 24\).*--var name=\"A",
        ),
        ({"nmae": "x"}, r"no variable 'nmae' \(.*line 20 has: role, name, count\).*mean 'name'"),
        ({"name": "x", "role": "a cow"}, r"role 'a cow' is none of a cat, a dog \(.*line 20\)"),
        ({"name": "x", "count": "many"}, r"count 'many' is not an integer \(.*line 28\)"),
        ({"name": "x", "count": 1.5}, "not an integer"),
        ({"name": "x", "count": float("inf")}, "not an integer"),
        ({"name": "x", "count": 20_001}, r"whole\.toml, line 1\d: a loop of 20,001 rounds"),
    ],
)
def test_variables_that_cannot_be_are_refused_with_file_and_line(
    put: Put, values: dict[str, str | float], words: str
) -> None:
    put("mine/whole", WHOLE)
    with pytest.raises(WrongVariables, match=words):
        prompts.get("whole").render(**values)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_filled_in_is_never_read_as_a_template(text: str) -> None:
    assert fill("<{{ text }}>", {"text": text}) == f"<{text}>"


def test_a_value_that_looks_like_a_template_stays_as_it_is(put: Put) -> None:
    put("mine/whole", WHOLE)
    rendered = prompts.get("whole").render(name="{{ role }}{% for %}")
    assert rendered[1].content == "My name is {{ role }}{% for %}."


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ text * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ ''.__class__ }}",
        "{{ ().__class__.__bases__ }}",
        "{{ text | attr('__class__') }}",
        "{{ text['__class__'] }}",
        "{{ cycler }}",
        "{{ range.__globals__ }}",
        "{{ self }}",
        "{{ 9 ** 999999999 }}",
        "{% macro f() %}{{ f() }}{% endmacro %}",
        "{% import 'x' as x %}",
        "{{ namespace() }}",
        "{% for i in range(3) recursive %}{{ loop(range(3)) }}{% endfor %}",
        "{{ text < 1 }}",
        "{{ 1 // 0 }}",
    ],
)
def test_no_template_runs_away_or_looks_behind_itself(source: str) -> None:
    with pytest.raises(TemplateProblem):
        if {mention.name for mention in mentions(source)} - {"text"}:
            raise TemplateProblem("names what is no variable")
        fill(source, {"text": "some text"})


def test_a_text_that_grows_beyond_all_bounds_is_stopped() -> None:
    with pytest.raises(TemplateProblem, match="2,000,000 characters"):
        fill("{% for i in range(20000) %}{{ text }}{% endfor %}", {"text": "x" * 1000})


def test_a_reference_is_at_and_a_name_alone() -> None:
    for text in ("@translate-fr", "@translation/translate-fr", "@../x", "@a.b", "@Capital",
                 "@translate_fr"):  # fmt: skip
        assert prompts.is_reference(text)
    for text in ("@", "@Anna, hello", "@anna hello", "hello @anna", "a@b", "@a@b.org", "@@",
                 "@翻訳", "@a\n"):  # fmt: skip
        assert not prompts.is_reference(text)


def test_a_reference_brings_messages_params_sweep_and_cases(put: Put) -> None:
    put(
        "mine/capital",
        'title = "x"\nsystem = "Be brief."\nprompt = "The capital of {{ country }}?"\n'
        '[variables.country]\n[params]\ntemperature = 0\n[sweep]\ntemperature = "0:1:0.5"\n'
        'samples = 3\n[[cases]]\nvariables = { country = "Japan" }\nexpected = "Tokyo"\n',
    )
    asked = prompts.asked_prompt("@capital", ["country=France"])
    assert asked.system == "Be brief."
    assert asked.text == "The capital of France?"
    assert [turn.role for turn in asked.turns] == ["user"]
    assert asked.params.given() == {"temperature": 0}
    assert asked.sweep == {"temperature": "0:1:0.5", "samples": "3"}
    assert asked.messages_of(asked.cases[0])[-1].content == "The capital of Japan?"
    unfilled = prompts.asked_prompt("@capital")
    assert unfilled.messages_of(unfilled.cases[0])[-1].content == "The capital of Japan?"
    with pytest.raises(WrongVariables, match="country"):
        _ = unfilled.messages


@pytest.mark.parametrize("given_", ["country", "=x", "contry=x"])
def test_what_gives_no_variable_a_value_is_refused(given_: str) -> None:
    with pytest.raises(WrongVariables):
        prompts.asked_prompt("@translate-fr", [given_])


def test_a_loop_that_works_for_ever_is_stopped() -> None:
    body = '{% if x | upper | lower | title == "" %}{% endif %}' * 2_000
    with pytest.raises(TemplateProblem, match=r"takes longer than 1 s"):
        fill("{% for i in range(20000) %}" + body + "{% endfor %}ok", {"x": "a"})


@pytest.mark.parametrize(
    "source",
    ["{{ x | upper }}", "{{ x ~ x }}", "{{ x + x }}",
     "{% if x in 'b' %}{% endif %}", "{% for i in range(2) %}{% endfor %}"],
)  # fmt: skip
def test_nothing_that_a_text_does_begins_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    fill(source, {"x": "a"})
    monkeypatch.setattr(templates, "MAX_SECONDS", -1)
    with pytest.raises(TemplateProblem, match="takes longer"):
        fill(source, {"x": "a"})


def test_the_texts_of_a_prompt_share_the_time_that_they_have(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("mine/whole", WHOLE)
    given: list[float | None] = []
    monkeypatch.setattr(
        "playground.prompts.prompt.fill",
        lambda text, values: (given.append(templates._out_of_time.get()), fill(text, values))[1],
    )
    prompts.get("whole").render(name="A")
    assert len(given) == 4
    assert len(set(given)) == 1
    assert given[0] is not None


@pytest.mark.parametrize(
    "source",
    ["{{ (x ~ x ~ x) | length }}", "{{ (x + x + x) | length }}",
     "{% for y in [x ~ x, x] %}{{ (y ~ y) | length }}{% endfor %}"],
)  # fmt: skip
def test_no_text_on_the_way_to_another_is_larger_than_a_prompt_may_be(source: str) -> None:
    with pytest.raises(TemplateProblem, match="2,000,000 characters"):
        fill(source, {"x": "a" * 800_000})


def test_numbers_do_not_grow_without_end() -> None:
    with pytest.raises(TemplateProblem, match="more than 1,000 digits"):
        fill("{{ n" + " * n" * 20 + " > 1 }}", {"n": 10**60})


@pytest.mark.parametrize("name", ["default", "example"])
def test_a_value_to_show_a_prompt_with_is_bounded(put: Put, name: str) -> None:
    text = 'title = "x"\nprompt = "{{{{ a }}}}"\n[variables.a]\n{} = "{}"'
    put("mine/long", text.format(name, "x" * 20_000))
    assert len(prompts.get("long").preview()[0].content) == 20_000
    put("mine/long", text.format(name, "x" * 20_001))
    with pytest.raises(BrokenFile, match=f"line 3: .*the {name} has more than 20,000 characters"):
        prompts.get("long")


def test_a_text_has_a_bounded_number_of_loops() -> None:
    with pytest.raises(TemplateProblem, match="more than 10 loops"):
        mentions("{% for i in range(9) %}{% endfor %}" * 11)
