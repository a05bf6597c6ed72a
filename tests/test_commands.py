"""The commands that repeat a run are run, and give what the run gave."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.commands import as_curl, as_llama_cli, as_python, as_receipt
from playground.config import shipped
from playground.errors import UsageError
from playground.history import History, RunRecord
from playground.knobs import SAMPLERS
from playground.params import GenerationParams, knobs
from playground.providers import open_model
from playground.types import Message, Receipt
from tests.conftest import forget_everything
from tests.export.kept import keep
from tests.servers.fault import FaultServer, answers

LLAMA_CLI = frozenset(
    re.findall(
        r"\S+",
        """--batch-size --cache-type-k --cache-type-v --ctx-size --dry-allowed-length --dry-base
    --dry-multiplier --dry-penalty-last-n --dry-sequence-breaker --dynatemp-exp --dynatemp-range
    --flash-attn --frequency-penalty --gpu-layers --grammar --json-schema --logit-bias --min-p
    --mirostat --mirostat-ent --mirostat-lr --model --no-escape --predict --presence-penalty
    --prompt --repeat-last-n --repeat-penalty --samplers --seed --single-turn --system-prompt
    --temp --threads --top-k --top-nsigma --top-p --typical --xtc-probability
    --xtc-threshold""",
    )
)
"""Flags of llama-cli, from tools/cli/README.md of the llama.cpp in llama-cpp-python 0.3.36."""

LLAMA_COMPLETION = LLAMA_CLI | {"--no-conversation", "--no-display-prompt"}
"""Those of llama-completion, from tools/completion/README.md."""

LLAMA_SERVER = frozenset(
    re.findall(
        r"\S+",
        """model messages temperature
    dynatemp_range dynatemp_exponent top_k top_p min_p max_tokens n
    stop typical_p repeat_penalty repeat_last_n presence_penalty frequency_penalty dry_multiplier
    dry_base dry_allowed_length dry_penalty_last_n xtc_probability xtc_threshold mirostat
    mirostat_tau mirostat_eta grammar json_schema seed logit_bias samplers logprobs top_logprobs
    top_n_sigma""",
    )
)
"""Words of llama-server's requests, from tools/server/README.md and OpenAI's."""

NASTY = 'It\'s "$HOME" `id` $(id) \\n \\ !x \x1b[31m\x07 \u202e 日本語\nEOF\nJSON\n\'\'\'"""'


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path / "history.db") as opened:
        yield opened


def words_of(command: str) -> list[str]:
    """A command as bash splits it: each word, after quotes and `$'…'` are taken away."""
    programs = "".join(
        f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}\n"
        for name in ("llama-cli", "llama-completion")
    )
    run = subprocess.run(
        ["bash", "-c", programs + command],
        capture_output=True,
        check=True,
        env={"HOME": "/nowhere", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
    )
    assert run.stderr == b""
    return run.stdout.decode().split("\0")[:-1]


def value(words: list[str], flag: str) -> str:
    return words[words.index(flag) + 1]


def said_by_script(record: RunRecord) -> str:
    done = subprocess.run(
        [sys.executable, "-c", as_python(record)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def said_by_curl(command: str, **environment: str) -> dict[str, object]:
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False,
        env={**os.environ, "NO_PROXY": "127.0.0.1", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def body_of(command: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(command.rstrip().split("\n")[-2])
    return found


async def test_the_script_gives_the_same_text(history: History) -> None:
    record = await keep(
        history, "demo:small", "Tell me a story", system="Be brief", temperature=1.1, n=2,
        max_length=24, min_p=0, sampler_order="temperature-first", stop=["zzz"],
        logit_bias={"5": 1.5},
    )  # fmt: skip
    assert record.receipt is not None
    assert record.params.seed is None, "the seed was drawn, and is in the receipt only"
    assert said_by_script(record) == "".join(f"{choice.text}\n" for choice in record.choices)


async def test_the_script_needs_no_settings_of_today(history: History, config_folder: Path) -> None:
    record = await keep(history, "demo:small", NASTY, prefix="Once ", temperature=0.9, max_length=8)
    config_folder.mkdir(exist_ok=True)
    (config_folder / "config.toml").write_text(
        "[params]\ntemperature = 0.1\n[local]\nsequences = 2\ncontext_length = 128\n"
    )
    assert said_by_script(record) == f"{record.text}\n"


def endpoint(config_folder: Path, url: str, more: str = "key_required = false\n") -> None:
    place = config_folder / "providers" / "loop" / "provider.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f'base_url = "{url}"\n{more}')
    forget_everything()


async def test_curl_asks_the_endpoint_what_was_asked(
    history: History, config_folder: Path, llama_url: str
) -> None:
    endpoint(config_folder, llama_url)
    record = await keep(
        history, "loop:small", f"Once upon a time {NASTY}", temperature=0, max_length=12, seed=1
    )
    assert record.error is None
    answer = said_by_curl(as_curl(record))
    choices = answer["choices"]
    assert isinstance(choices, list)
    assert choices[0]["message"]["content"].strip() == record.text.strip()
    assert record.text


async def test_curl_sends_the_key_by_the_name_of_its_variable(
    history: History, config_folder: Path, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.play(answers("Hi"))
    endpoint(config_folder, faults.url, 'key_env = "LOOP_API_KEY"\n')
    monkeypatch.setenv("LOOP_API_KEY", "sk-planted-0123456789abcdef")
    record = await keep(history, "loop:x", NASTY, temperature=0.5, stop=["a'b"], extra={"x": [1]})
    command = as_curl(record)
    assert "sk-planted" not in command
    asked = faults.requests[0]
    subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    again = faults.requests[-1]
    assert again is not asked
    assert again.headers["authorization"] == "Bearer sk-planted-0123456789abcdef"
    assert again.path == asked.path
    streaming = {"stream", "stream_options"}
    assert again.body == {k: v for k, v in asked.body.items() if k not in streaming}


async def test_curl_names_no_key_for_an_address_that_it_does_not_belong_to(
    history: History, config_folder: Path, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.play(answers("Hi"))
    endpoint(
        config_folder,
        "https://loop.example/v1",
        'key_env = "LOOP_API_KEY"\nbase_url_env = "LOOP_BASE_URL"\n',
    )
    monkeypatch.setenv("LOOP_BASE_URL", faults.url)
    monkeypatch.setenv("LOOP_API_KEY", "sk-planted-0123456789abcdef")
    record = await keep(history, "loop:x", "Hello")
    assert "Bearer $LOOP_API_KEY" in as_curl(record)
    monkeypatch.delenv("LOOP_BASE_URL")
    command = as_curl(record)
    assert command.startswith("# It went to another address than loop's, which has its own key.\n")
    assert "LOOP_API_KEY" not in command


@pytest.mark.parametrize(
    "address",
    [
        "-o/tmp/x", "--config=/tmp/x", "file:///etc/passwd", "ftp://a.b", "a.b/v1", "http://",
        "http://a.b:x", "http://me@a.b", "http://a.b/\nrm", "http://[::1",
    ],
)  # fmt: skip
async def test_curl_is_given_nothing_but_the_address_of_an_endpoint(
    history: History, config_folder: Path, faults: FaultServer, address: str
) -> None:
    faults.play(answers("Hi"))
    endpoint(config_folder, faults.url)
    record = await keep(history, "loop:x", "Hello")
    assert record.receipt is not None
    provenance = record.receipt.provenance.model_copy(update={"endpoint": address})
    receipt = record.receipt.model_copy(update={"provenance": provenance})
    with pytest.raises(UsageError, match="no endpoint"):
        as_curl(record.model_copy(update={"receipt": receipt}))


async def test_curl_asks_one_address_whatever_is_in_it(
    history: History, config_folder: Path, faults: FaultServer
) -> None:
    faults.play(answers("Hi"))
    endpoint(config_folder, f"{faults.url}/{{a,b}}[1-2]")
    record = await keep(history, "loop:x", "Hello")
    subprocess.run(["sh", "-c", as_curl(record)], capture_output=True, check=False)
    asked, again = faults.requests
    assert again.path == asked.path.replace("%7B", "{").replace("%7D", "}")


async def test_curl_is_written_where_the_address_of_today_is_none(
    history: History, config_folder: Path, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.play(answers("Hi"))
    endpoint(
        config_folder,
        faults.url,
        'key_env = "LOOP_API_KEY"\nkey_required = false\nbase_url_env = "LOOP_BASE_URL"\n',
    )
    record = await keep(history, "loop:x", "Hello")
    monkeypatch.setenv("LOOP_BASE_URL", "http://localhost:abc")
    assert "LOOP_API_KEY" not in as_curl(record)


async def test_curl_for_a_local_model_says_that_a_server_is_needed(history: History) -> None:
    record = await keep(history, "demo:small", NASTY, temperature=0, max_length=4, logprobs=2)
    command = as_curl(record)
    assert command.startswith("# For a llama-server on this machine, which is started first:\n# ")
    assert "127.0.0.1:8080/v1/chat/completions" in command
    body = body_of(command)
    assert set(body) <= LLAMA_SERVER
    assert body["messages"] == [{"role": "user", "content": NASTY}]
    assert body["max_tokens"] == 4
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


async def test_a_server_for_many_answers_is_given_as_many_slots(history: History) -> None:
    few = await keep(history, "demo:small", "Hi", n=4, max_length=1)
    assert "--parallel" not in as_curl(few)
    many = await keep(history, "demo:small", "Hi", n=5, max_length=1)
    assert " --parallel 5 --kv-unified\n" in as_curl(many)


async def test_without_a_chat_template_curl_asks_for_the_whole_text(history: History) -> None:
    async with open_model("demo:small", chat_template="plain") as model:
        record = await keep(history, model, "Hi", prefix="Well, ", max_length=2, logprobs=3)
    command = as_curl(record)
    assert "127.0.0.1:8080/v1/completions" in command
    body = body_of(command)
    assert (body["prompt"], body["logprobs"]) == ("User: Hi\nAssistant:Well, ", 3)
    assert body["stop"] == ["\nUser:", "\nSystem:"]
    assert set(body) <= LLAMA_SERVER | {"prompt"}
    assert "cannot be told to" not in command


def everything() -> dict[str, object]:
    """Every knob away from its neutral value; a schema stands in another run than a grammar."""
    return {
        "temperature": 0.7, "max_length": 9, "top_p": 0.9, "top_k": 20, "min_p": 0.1, "seed": 7,
        "repeat_penalty": 1.2, "presence_penalty": -0.5, "frequency_penalty": 0.25, "n": 2,
        "typical_p": 0.8, "top_n_sigma": 2.5, "xtc_probability": 0.1, "xtc_threshold": 0.2,
        "penalty_window": 32, "dry_multiplier": 0.8, "dry_base": 1.5, "dry_allowed_length": 3,
        "dry_window": 100, "dynatemp_range": 0.3, "dynatemp_exponent": 1.5, "mirostat": 2,
        "mirostat_tau": 4, "mirostat_eta": 0.2, "stop": ["\n'"], "logprobs": 1,
        "sampler_order": list(reversed(SAMPLERS)), "logit_bias": {"5": -1.5, "the": 2},
        "grammar": 'root ::= "a" | \'"\'', "json_schema": {"type": "object"}, "extra": {"a": 1},
    }  # fmt: skip


async def test_llama_cli_has_a_flag_or_a_comment_for_every_knob(history: History) -> None:
    record = await keep(history, "demo:small", "Hi", max_length=1)
    assert record.receipt is not None
    assert set(everything()) == set(knobs())
    given = everything()
    schema, extra = given.pop("json_schema"), given.pop("extra")
    asked = GenerationParams.of(**given)
    async with open_model("demo:small") as model:
        plan = model.plan(asked)
    receipt = record.receipt.model_copy(update={"plan": plan})
    command = as_llama_cli(record.model_copy(update={"receipt": receipt, "params": asked}))
    words = words_of(command)
    assert {word for word in words if word.startswith("--")} <= LLAMA_CLI
    comments = "".join(line for line in command.splitlines() if line.startswith("#"))
    expected = {
        "--temp": "0.7", "--predict": "9", "--top-p": "0.9", "--top-k": "20", "--min-p": "0.1",
        "--seed": "7", "--repeat-penalty": "1.2", "--presence-penalty": "-0.5",
        "--frequency-penalty": "0.25", "--typical": "0.8", "--top-nsigma": "2.5",
        "--xtc-probability": "0.1", "--xtc-threshold": "0.2", "--repeat-last-n": "32",
        "--dry-multiplier": "0.8", "--dry-base": "1.5", "--dry-allowed-length": "3",
        "--dry-penalty-last-n": "100", "--dynatemp-range": "0.3", "--dynatemp-exp": "1.5",
        "--mirostat": "2", "--mirostat-ent": "4", "--mirostat-lr": "0.2", "--logit-bias": "5-1.5",
        "--grammar": 'root ::= "a" | \'"\'',
        "--samplers": "temperature;xtc;min_p;top_p;typ_p;top_k;top_n_sigma;dry;penalties",
    }  # fmt: skip
    assert {flag: value(words, flag) for flag in expected} == expected
    for said in ("n: ", "stop: ", "logprobs: ", 'logit_bias: it takes ids, not texts: ["the"]'):
        assert said in comments
    with_schema = plan.model_copy(update={"effective": {"json_schema": schema}})
    receipt = record.receipt.model_copy(update={"plan": with_schema})
    told = words_of(as_llama_cli(record.model_copy(update={"receipt": receipt})))
    assert json.loads(value(told, "--json-schema")) == schema
    with_extra = plan.model_copy(update={"wire": {**plan.wire, "a": 1}})
    receipt = record.receipt.model_copy(update={"plan": with_extra})
    changed = {"receipt": receipt, "params": GenerationParams.of(extra=extra)}
    assert "extra: it takes none" in as_llama_cli(record.model_copy(update=changed))


async def test_llama_cli_is_handed_the_file_the_settings_and_the_very_texts(
    history: History,
) -> None:
    messages = [
        Message(role="system", content="Be 'brief'"),
        Message(role="user", content="One"),
        Message(role="assistant", content="Two"),
        Message(role="user", content=NASTY),
    ]
    record = await keep(history, "demo:small", messages, max_length=2, top_n_sigma=0)
    command = as_llama_cli(record)
    words = words_of(command)
    assert Path(value(words, "--model")).samefile(shipped("providers") / "demo" / "small.gguf")
    assert record.receipt is not None
    engine = record.receipt.provenance.engine
    assert value(words, "--ctx-size") == str(engine["context_length"])
    assert value(words, "--threads") == str(engine["threads"])
    assert value(words, "--cache-type-v") == engine["kv_type"]
    assert value(words, "--system-prompt") == "Be 'brief'"
    assert value(words, "--prompt") == NASTY
    assert value(words, "--top-nsigma") == "-1"
    assert {"--no-escape", "--single-turn"} <= set(words)
    assert "# 2 earlier turns are left out" in command
    assert "\x1b" not in command
    plain = await keep(history, "demo:small", "Just 日本語", max_length=2)
    on_one_line = as_llama_cli(plain).replace("\\\n", "")
    assert shlex.split(on_one_line, comments=True) == words_of(as_llama_cli(plain))


async def test_without_a_chat_template_the_whole_text_is_handed_over(history: History) -> None:
    async with open_model("demo:small", chat_template="plain") as model:
        record = await keep(history, model, "Hi", prefix="Well, ", max_length=2)
    words = words_of(as_llama_cli(record))
    assert words[0] == "llama-completion"
    assert {word for word in words if word.startswith("--")} <= LLAMA_COMPLETION
    assert value(words, "--prompt") == "User: Hi\nAssistant:Well, "
    assert said_by_script(record) == f"{record.text}\n"


async def test_what_no_command_can_say_is_an_error(
    history: History, faults: FaultServer, config_folder: Path
) -> None:
    faults.play(answers("Hi"))
    endpoint(config_folder, faults.url)
    hosted = await keep(history, "loop:x", "Hi")
    with pytest.raises(UsageError, match="llama-cli runs local models, and loop:x is none"):
        as_llama_cli(hosted)
    bare = hosted.model_copy(update={"receipt": None})
    for write in (as_curl, as_llama_cli, as_receipt):
        with pytest.raises(UsageError, match="has no receipt"):
            write(bare)
    assert "session.ask" in (written := as_python(bare))
    assert "its seed, and what else was used, are not known" in written


async def test_the_receipt_is_the_receipt(history: History) -> None:
    record = await keep(history, "demo:small", "Hi", max_length=2, stop=["\x1b\u202e日本"])
    text = as_receipt(record)
    assert Receipt.model_validate_json(text) == record.receipt
    assert "日本" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
