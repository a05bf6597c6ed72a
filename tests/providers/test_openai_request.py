"""What leaves the machine is what the plan says, with this endpoint's key and nothing else's."""

from __future__ import annotations

from typing import Any

import pytest

from playground.errors import UsageError
from playground.params import GenerationParams, knobs
from playground.providers.openai import OpenAIModel
from playground.run import as_messages, generate
from playground.sanitize import make_safe
from playground.testing import sample
from playground.types import Message
from tests.providers.endpoints import KEY, ask, listed_at, model_at, provider_at
from tests.servers import fault
from tests.servers.fault import FaultServer

OURS = {"model", "messages", "stream", "stream_options"}
"""The words of the body that are not in `plan.wire`."""

MODELS = [
    ("openai", "gpt-4.1"),
    ("openai", "o3"),
    ("openai", "gpt-5.4"),
    ("openai", "a-model-of-tomorrow"),
    ("anthropic", "claude-sonnet-4-6"),
    ("anthropic", "claude-opus-4-8"),
    ("gemini", "gemini-2.5-flash"),
    ("mistral", "mistral-medium-latest"),
    ("deepseek", "deepseek-v4-flash"),
    ("groq", "openai/gpt-oss-120b"),
    ("together", "openai/gpt-oss-20b"),
    ("xai", "grok-4.3"),
    ("fireworks", "accounts/fireworks/models/gpt-oss-120b"),
    ("cerebras", "gpt-oss-120b"),
    ("openrouter", "openai/gpt-4.1"),
    ("nvidia", "any/model"),
    ("vllm", "any"),
    ("llama-server", "any"),
    ("llama-cpp-python", "any"),
    ("ollama", "any"),
    ("lmstudio", "any"),
]


@pytest.mark.parametrize(("provider", "name"), MODELS)
async def test_the_body_is_the_plan_for_every_knob(
    faults: FaultServer, provider: str, name: str
) -> None:
    """Each knob alone, none and all of them, against what a server really got."""
    faults.play(fault.answers("ok"))
    each = {knob.name: sample(knob) for knob in knobs().values() if knob.name != "n"}
    # A schema and a grammar cannot be asked for at once.
    everything = {knob: value for knob, value in each.items() if knob != "json_schema"}
    asked = [{}, everything, *({name: value} for name, value in each.items())]
    async with listed_at(faults.url, provider, name) as model:
        for given in asked:
            run = await generate(model, "Hi", GenerationParams.of(**given), unsupported="adjust")
            assert run.error is None
            assert run.plan is not None
            body = faults.bodies[-1]
            assert {word: body[word] for word in body.keys() - OURS} == run.plan.wire
            assert body["model"] == name
            assert body["stream"] is True
    assert len(faults.bodies) == len(asked)


HALF = "half \ud83d"


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"name": HALF}, "The name of the model"),
        ({"prompt": HALF}, "The text"),
        ({"system": HALF}, "The system prompt"),
        ({"stop": (HALF,)}, "The parameter stop"),
        ({"extra": {"words": [HALF]}}, "The parameter words"),
        ({"extra": {HALF: 1}}, "The parameter half �"),
        ({"extra": {"words": float("nan")}}, "The parameter words"),
        ({"extra": {"words": [float("inf")]}}, "The parameter words"),
        ({"extra": {"words": 10**5000}}, "The parameter words"),
    ],
    ids=["name", "prompt", "system", "stop", "extra", "word of extra", "nan", "inf", "huge"],
)
async def test_what_no_json_can_hold_is_named_and_not_sent(
    faults: FaultServer, asked: dict[str, Any], what: str
) -> None:
    faults.play(fault.answers("ok"))
    name, prompt, system = (asked.pop(part, "x") for part in ("name", "prompt", "system"))
    async with model_at(faults.url, name) as model:
        run = await generate(
            model, as_messages(prompt, system=system), GenerationParams.of(**asked)
        )
    assert isinstance(run.error, UsageError)
    assert make_safe(run.error.message).startswith(f"{what} holds")
    assert run.error.__cause__ is not None
    assert faults.requests == []


async def test_n_is_in_the_body_as_planned(faults: FaultServer) -> None:
    both = (fault.delta("a", index=0, finish="stop"), fault.delta("b", index=1, finish="stop"))
    faults.play(fault.says(*both))
    run = await ask(listed_at(faults.url, "openai", "gpt-4.1"), n=2)
    assert run.error is None
    assert faults.bodies[0]["n"] == 2


@pytest.mark.parametrize(
    ("provider", "name", "given", "sent"),
    [
        ("openai", "gpt-4.1", {"max_length": 9}, {"max_completion_tokens": 9}),
        ("openai", "o3", {"max_length": 9, "temperature": 0.5}, {"max_completion_tokens": 9}),
        ("openai", "gpt-4.1", {"logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
        ("openai", "gpt-4.1", {"logprobs": 50}, {"logprobs": True, "top_logprobs": 20}),
        ("openai", "gpt-4.1", {"temperature": 5}, {"temperature": 2.0}),
        ("openai", "gpt-4.1", {"stop": ("a", "b", "c", "d", "e")}, {"stop": ["a", "b", "c", "d"]}),
        ("openai", "gpt-4.1", {"max_length": 99_999}, {"max_completion_tokens": 32_768}),
        ("anthropic", "claude-haiku-4-5", {"temperature": 1.5}, {"temperature": 1.0}),
        ("together", "x", {"logprobs": 3}, {"logprobs": 3}),
        ("mistral", "x", {"seed": 3}, {"random_seed": 3}),
        ("vllm", "x", {"repeat_penalty": 1.2}, {"repetition_penalty": 1.2}),
        ("llama-server", "x", {"repeat_penalty": 1.2}, {"repeat_penalty": 1.2}),
        ("llama-server", "x", {"sampler_order": ("top_k",)}, {"samplers": ["top_k"]}),
        ("ollama", "x", {"top_k": 3}, {}),
    ],
)
def test_knobs_are_sent_in_the_endpoints_own_words(
    provider: str, name: str, given: dict[str, Any], sent: dict[str, Any]
) -> None:
    model = listed_at("http://127.0.0.1:9/v1", provider, name)
    plan = model.plan(GenerationParams.of(**given))
    assert plan.wire == sent
    # Whatever differs from what was asked for is said, with the reason.
    assert all(item.reason for item in plan.adjustments)
    assert plan.departures or set(given) == set(plan.effective)


def test_a_reasoning_model_refuses_temperature_in_words_that_a_user_understands() -> None:
    model = listed_at("http://127.0.0.1:9/v1", "openai", "o3")
    (refused,) = model.plan(GenerationParams(temperature=0.2)).departures
    assert refused.kind == "dropped"
    assert "reasoning models" in refused.reason


def test_a_refused_knob_at_its_neutral_value_is_no_departure() -> None:
    model = listed_at("http://127.0.0.1:9/v1", "openai", "o3")
    assert model.plan(GenerationParams(temperature=1)).departures == ()


def test_of_a_model_that_nobody_knows_only_the_refusals_of_its_endpoint_are_known() -> None:
    model = listed_at("http://127.0.0.1:9/v1", "openai", "gpt-99")
    assert model.capabilities.knobs["temperature"].accepted is None
    assert model.capabilities.knobs["top_k"].accepted is False
    assert model.capabilities.logprobs is False
    plan = model.plan(GenerationParams(temperature=1.5, max_length=5))
    assert plan.wire == {"temperature": 1.5, "max_completion_tokens": 5}


def test_an_endpoint_of_ones_own_gets_the_protocols_words() -> None:
    model = model_at("http://127.0.0.1:9/v1")
    plan = model.plan(GenerationParams(max_length=5, repeat_penalty=1.1, logprobs=0))
    assert plan.wire == {
        "max_tokens": 5,
        "repetition_penalty": 1.1,
        "logprobs": True,
        "top_logprobs": 0,
    }


async def test_extra_is_sent_verbatim_and_wins_over_a_knob(faults: FaultServer) -> None:
    faults.play(fault.answers("ok"))
    extra: dict[str, Any] = {"chat_template_kwargs": {"a": [1, None]}, "temperature": 0.1}
    run = await ask(model_at(faults.url), temperature=0.9, extra=extra)
    body = faults.bodies[0]
    assert body["chat_template_kwargs"] == {"a": [1, None]}
    assert body["temperature"] == 0.1
    assert run.plan is not None
    assert "temperature" not in run.plan.effective


@pytest.mark.parametrize("word", ["model", "messages", "stream"])
async def test_extra_cannot_replace_what_the_playground_sends(
    faults: FaultServer, word: str
) -> None:
    faults.play(fault.answers("ok"))
    run = await ask(model_at(faults.url), extra={word: "mine"})
    assert faults.bodies[0][word] != "mine"
    assert run.plan is not None
    assert run.plan.departures[0].knob == "extra"


async def test_extra_may_ask_for_usage_in_its_own_way(faults: FaultServer) -> None:
    faults.play(fault.answers("ok"))
    await ask(model_at(faults.url), extra={"stream_options": {"include_usage": False}})
    assert faults.bodies[0]["stream_options"] == {"include_usage": False}


async def test_usage_is_not_asked_for_where_the_catalogue_says_it_is_refused(
    faults: FaultServer,
) -> None:
    faults.play(fault.answers("ok"))
    await ask(listed_at(faults.url, "mistral", "mistral-small-latest"))
    await ask(listed_at(faults.url, "openai", "gpt-4.1"))
    assert ["stream_options" in body for body in faults.bodies] == [False, True]


async def test_messages_go_as_they_are(faults: FaultServer) -> None:
    faults.play(fault.answers("ok"))
    turns = [
        Message(role="system", content="Be brief."),
        Message(role="user", content="Grüße, 世界\n"),
        Message(role="assistant", content=""),
        Message(role="user", content="?"),
    ]
    async with model_at(faults.url) as model:
        await generate(model, turns)
    assert faults.bodies[0]["messages"] == [turn.model_dump() for turn in turns]
    assert faults.requests[0].path == "/v1/chat/completions"


# Headers.

SDK_VARIABLES = {
    "OPENAI_API_KEY": "sk-openai-only",
    "OPENAI_ADMIN_KEY": "sk-admin-only",
    "OPENAI_ORG_ID": "org-mine",
    "OPENAI_PROJECT_ID": "proj-mine",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/elsewhere",
    "OPENAI_CUSTOM_HEADERS": "X-Secret: hush\nAuthorization: Bearer sk-custom",
}


@pytest.mark.parametrize("key", [None, KEY])
async def test_nothing_of_openais_environment_reaches_another_endpoint(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    for name, value in SDK_VARIABLES.items():
        monkeypatch.setenv(name, value)
    faults.play(fault.answers("ok"))
    model = provider_at(faults.url).open("m", api_key=key)
    assert isinstance(model, OpenAIModel)
    assert (await ask(model)).error is None
    headers = faults.requests[0].headers
    assert headers.get("authorization") == (f"Bearer {key}" if key else None)
    everything = repr(headers) + faults.requests[0].content.decode()
    for value in ("sk-openai", "sk-admin", "org-mine", "proj-mine", "hush", "sk-custom"):
        assert value not in everything
    assert not [name for name in headers if name.startswith(("x-", "openai-"))]


async def test_openai_gets_its_own_key_address_and_headers(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playground.providers import open_model

    for name, value in SDK_VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OPENAI_BASE_URL", faults.url)
    faults.play(fault.answers("ok"))
    model = open_model("openai:gpt-4.1")
    assert isinstance(model, OpenAIModel)
    assert (await ask(model)).error is None
    headers = faults.requests[0].headers
    assert headers["authorization"] == "Bearer sk-openai-only"
    assert headers["openai-organization"] == "org-mine"
    assert headers["openai-project"] == "proj-mine"
    assert headers["x-secret"] == "hush"


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    faults.play(fault.answers("ok"))
    assert (await ask(model_at(faults.url))).text == "ok"
