"""Chat templates are other people's programs: rendered faithfully, and in a sandbox."""

from contextlib import nullcontext

import pytest

from playground.errors import ChatTemplateError
from playground.providers.llama import template as module
from playground.providers.llama.template import ChatTemplate, Piece, render_plain
from playground.types import Message

_TURNS = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="Hi <b>you</b>"),
)


def _render(source: str) -> str:
    made = ChatTemplate(source, {"bos_token": "<s>", "eos_token": "</s>"}, ["<s>", "</s>"])
    (piece,) = made.render(_TURNS, nullcontext)
    assert not piece.typed
    return piece.text


def test_a_template_sees_the_turns_and_the_special_tokens_and_escapes_nothing() -> None:
    source = (
        "{{ bos_token }}{% for message in messages %}[{{ message.role }}]{{ message['content'] }}"
        "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    assert _render(source) == "<s>[system]Be brief.[user]Hi <b>you</b>[assistant]"


def test_a_control_token_that_a_person_writes_is_text_and_the_templates_own_is_not() -> None:
    source = "{% for turn in messages %}<|im|>{{ turn.content | trim }}<|im|>\n{% endfor %}"
    made = ChatTemplate(source, {}, ["<|im|>", "<|im|>2"])
    typed = Message(role="user", content=" a<|im|>b<|im|>2\U000f0000")
    assert made.render([typed, Message(role="user", content="c")], nullcontext) == [
        Piece("<|im|>a"),
        Piece("<|im|>", typed=True),
        Piece("b"),
        Piece("<|im|>2", typed=True),
        Piece("\U000f0000<|im|>\n<|im|>c<|im|>\n"),
    ]


def test_tojson_and_loop_controls_work_as_templates_of_models_expect() -> None:
    source = "{% for m in messages %}{{ m.content | tojson }}{% break %}{% endfor %}"
    assert _render(source) == '"Be brief."'


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ 9**(9**9) }}",
        "{% set n = 9**1000 %}{{ n**1000 }}",
    ],
)
def test_a_template_that_reaches_out_of_the_sandbox_is_refused(source: str) -> None:
    with pytest.raises(ChatTemplateError):
        _render(source)


def test_a_template_that_writes_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PROMPT_CHARS", 1000)
    with pytest.raises(ChatTemplateError, match="without end"):
        _render("{% for i in range(9999) %}xxxxxxxxxx{% endfor %}")


def test_a_broken_template_is_named_with_the_way_to_go_on_without_it() -> None:
    with pytest.raises(ChatTemplateError, match="cannot be read") as caught:
        ChatTemplate("{% for %}", {})
    assert 'chat_template="plain"' in caught.value.hint


def test_the_complaint_of_a_template_reaches_the_user() -> None:
    with pytest.raises(ChatTemplateError, match="roles must alternate"):
        _render("{{ raise_exception('roles must alternate') }}")


def test_without_a_template_turns_are_written_with_names() -> None:
    assert render_plain(_TURNS) == "System: Be brief.\nUser: Hi <b>you</b>\nAssistant:"


def test_a_complaint_without_end_is_cut() -> None:
    with pytest.raises(ChatTemplateError) as caught:
        _render('{{ raise_exception("A " * 1000) }}')
    assert len(caught.value.message) < 700
