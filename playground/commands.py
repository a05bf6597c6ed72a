"""What repeats a run outside of the playground: Python, curl, llama-cli, and its receipt.

Texts are quoted so that a shell, or Python, takes them for nothing but texts. No key is in any of
them: a key is named by the variable that holds it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pydantic import JsonValue

from playground.addresses import checked_address, origin
from playground.catalogue import catalogue
from playground.errors import UsageError
from playground.history.records import RunRecord
from playground.repeating import engine_options, is_local, sent_extra, used_params
from playground.sanitize import escape_unprintable, make_safe
from playground.types import Message, ModelRef, Receipt

__all__ = ["FORMS", "as_curl", "as_llama_cli", "as_python", "as_receipt"]

SERVER = "http://127.0.0.1:8080/v1"
"""Where llama-server listens where nothing else is said."""

_SERVER_SLOTS = 4
"""Answers that llama-server gives at once where nothing is said; it refuses a larger `n`."""

_FLAGS = {
    "max_length": "--predict",
    "temperature": "--temp",
    "top_p": "--top-p",
    "top_k": "--top-k",
    "min_p": "--min-p",
    "repeat_penalty": "--repeat-penalty",
    "presence_penalty": "--presence-penalty",
    "frequency_penalty": "--frequency-penalty",
    "penalty_window": "--repeat-last-n",
    "seed": "--seed",
    "typical_p": "--typical",
    "top_n_sigma": "--top-nsigma",
    "xtc_probability": "--xtc-probability",
    "xtc_threshold": "--xtc-threshold",
    "dry_multiplier": "--dry-multiplier",
    "dry_base": "--dry-base",
    "dry_allowed_length": "--dry-allowed-length",
    "dry_window": "--dry-penalty-last-n",
    "dynatemp_range": "--dynatemp-range",
    "dynatemp_exponent": "--dynatemp-exp",
    "mirostat": "--mirostat",
    "mirostat_tau": "--mirostat-ent",
    "mirostat_eta": "--mirostat-lr",
    "sampler_order": "--samplers",
    "logit_bias": "--logit-bias",
    "grammar": "--grammar",
    "json_schema": "--json-schema",
}
"""llama-cli's flag for each knob that it knows, as its documentation names them."""

_SERVER_WORDS = {
    "max_length": "max_tokens",
    "penalty_window": "repeat_last_n",
    "dry_window": "dry_penalty_last_n",
    "logprobs": "top_logprobs",
    "sampler_order": "samplers",
}
"""llama-server's word for a knob, where it is not ours."""

_LLAMA_STAGES = {"typical_p": "typ_p"}
"""llama.cpp's name for a stage of the sampler chain, where it is not ours."""

_OFF = {"top_n_sigma": -1}
"""What llama.cpp takes for "off" where we take 0."""


def as_receipt(record: RunRecord) -> str:
    """The receipt as JSON; raises `UsageError` where the run never came so far as to have one."""
    content = _receipt(record).model_dump(mode="json", exclude_none=True)
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return "\n".join(map(escape_unprintable, text.split("\n")))


def as_python(record: RunRecord) -> str:
    """A script that repeats the run with the playground and prints its answers.

    It opens a local model with the settings that were in use, and sets every knob to the value that
    was, so that neither other defaults nor other settings change what comes out.
    """
    options = "".join(f", {name}={value!r}" for name, value in engine_options(record).items())
    knobs = "".join(
        f"        {name}={value!r},\n" for name, value in used_params(record).given().items()
    )
    prefix = f"        prefix={record.prefix!r},\n" if record.prefix else ""
    messages = "".join(
        f"    Message(role={turn.role!r}, content={turn.content!r}),\n" for turn in record.messages
    )
    told = (
        "with the settings and the seed that it had"
        if record.receipt is not None
        else "with what was asked for; its seed, and what else was used, are not known"
    )
    return f'''"""Repeats run {record.id} {told}."""

from playground import Message, Session

MODEL = {record.model!r}
MESSAGES = [
{messages}]

with Session() as session:
    session.open(MODEL{options})
    answer = session.ask(
        MODEL,
        MESSAGES,
{prefix}{knobs}    )
    for choice in answer.choices:
        print(choice.text)
'''


def as_curl(record: RunRecord) -> str:
    """A curl command that asks the same: of the endpoint, or of llama-server for a local model.

    The playground streams; this asks for the answer in one piece. Raises `UsageError` where it is
    not known what was sent, or where: a receipt may have come from elsewhere.
    """
    if is_local(record):
        return _curl_to_server(record)
    receipt = _receipt(record)
    spec = catalogue().providers.get(ModelRef.parse(record.model).provider)
    url = receipt.provenance.endpoint or (spec.address if spec is not None else "")
    if not url:
        raise UsageError(f"It is not known where the requests of {record.model} go.")
    try:
        checked_address(url)
    except ValueError as error:
        # What curl would take for a flag, a file or another protocol is none.
        raise UsageError(
            f"The requests of {record.model} are said to go to what is no endpoint: {error}.",
            hint="As Python it can be repeated.",
        ) from error
    notes = [_PREFIX] if record.prefix else []
    headers = ["Content-Type: application/json"]
    if spec is not None and spec.key_env:
        if _is_at(url, spec.address):
            headers.append(f"Authorization: Bearer ${spec.key_env}")
        else:
            notes.append(f"It went to another address than {spec.id}'s, which has its own key.")
    return _notes(notes) + _curl(
        url, headers, ModelRef.parse(record.model).model, record, receipt.plan.wire
    )


def _is_at(url: str, address: str) -> bool:
    """Whether an address is at the same place as another, which the environment may say."""
    try:
        return origin(url) == origin(address)
    except ValueError:
        return False


def as_llama_cli(record: RunRecord) -> str:
    """A llama-cli command for a run of a local model, with a comment for what it cannot say.

    Where the chat template was not used, it is one of llama-completion, which takes a whole text.
    Raises `UsageError` for a run of a hosted model.
    """
    receipt = _receipt(record)
    file = receipt.provenance.file
    if file is None:
        raise UsageError(
            f"llama-cli runs local models, and {record.model} is none.",
            hint="As Python or curl it can be repeated.",
        )
    plain = _is_plain(receipt)
    words = [
        ["llama-completion" if plain else "llama-cli"],
        ["--model", file.path],
        *_engine_words(receipt),
        *_knob_words(receipt),
        *(_plain_words(record) if plain else _chat_words(record.messages)),
    ]
    quoted = [" ".join(map(_quoted, group)) for group in words]
    return _notes(_cannot_say(record, plain=plain)) + " \\\n  ".join(quoted) + "\n"


def _is_plain(receipt: Receipt) -> bool:
    """Whether the chat template was not used, or there was none."""
    return receipt.provenance.template in ("plain", "missing")


def _plain_text(record: RunRecord) -> str:
    """What a model read that was asked without a chat template."""
    from playground.providers.llama.template import render_plain

    return render_plain(record.messages) + (record.prefix if isinstance(record.prefix, str) else "")


def _receipt(record: RunRecord) -> Receipt:
    if record.receipt is None:
        raise UsageError(
            f"Run {record.id} has no receipt: it ended before it was known what would be sent."
        )
    return record.receipt


# curl

_OTHER_DICE = (
    "llama.cpp's programs throw their own dice: the same seed gives another text there, except at "
    "temperature 0."
)

_PREFIX = (
    "The answer went on from a beginning that it was given; chat completions cannot be told to."
)


def _curl_to_server(record: RunRecord) -> str:
    receipt = _receipt(record)
    file = receipt.provenance.file
    path = file.path if file is not None else ""
    params = used_params(record)
    words = [["llama-server", "--model", path], *_engine_words(receipt)]
    if (params.n or 1) > _SERVER_SLOTS:
        # Slots by number have a share of the context each, unless they are told to have all of it.
        words.append(["--parallel", str(params.n), "--kv-unified"])
    serve = " ".join(_quoted(word) for group in words for word in group)
    wire: dict[str, JsonValue] = {}
    for name, value in params.model_dump(mode="json", exclude_none=True).items():
        wire[_SERVER_WORDS.get(name, name)] = _llama_value(name, value)
    plain = _is_plain(receipt)
    if plain:
        from playground.providers.llama.template import PLAIN_STOPS

        wire["stop"] = [*(params.stop or ()), *PLAIN_STOPS]
    if "top_logprobs" in wire:
        # The number itself is what a request for a text has there.
        wire["logprobs"] = wire.pop("top_logprobs") if plain else True
    notes = [
        "For a llama-server on this machine, which is started first:",
        serve,
        _OTHER_DICE,
    ]
    if record.prefix and not (plain and isinstance(record.prefix, str)):
        notes.append(_PREFIX)
    headers = ["Content-Type: application/json"]
    model = ModelRef.parse(record.model).model
    return _notes(notes) + _curl(SERVER, headers, model, record, wire, plain=plain)


def _curl(
    url: str,
    headers: Iterable[str],
    model: str,
    record: RunRecord,
    wire: dict[str, JsonValue],
    *,
    plain: bool = False,
) -> str:
    """A request for a chat completion, or where no template was used for one of the whole text."""
    asked: dict[str, object] = (
        {"prompt": _plain_text(record)}
        if plain
        else {"messages": [turn.model_dump() for turn in record.messages]}
    )
    way = "completions" if plain else "chat/completions"
    body = escape_unprintable(json.dumps({"model": model, **asked, **wire}, ensure_ascii=False))
    # The body is one line that begins with a brace: it cannot be taken for the last line, and it
    # may be longer than an argument of a command.
    told = "".join(f"  --header {_double_quoted(header)} \\\n" for header in headers)
    return (
        # Brackets and braces in an address are curl's words for many of them.
        f"curl --silent --show-error --globoff --url {_quoted(f'{url}/{way}')} \\\n"
        f"{told}  --data-binary @- <<'JSON'\n{body}\nJSON\n"
    )


def _double_quoted(text: str) -> str:
    """A word in which only the name of a variable means anything. The text is ours."""
    return f'"{text}"'


# llama-cli


def _engine_words(receipt: Receipt) -> Iterator[list[str]]:
    engine = receipt.provenance.engine
    for name, flag in (
        ("context_length", "--ctx-size"),
        ("threads", "--threads"),
        ("gpu_layers", "--gpu-layers"),
    ):
        if (value := engine.get(name)) is not None:
            yield [flag, _number(value)]
    if isinstance(kind := engine.get("kv_type"), str):
        yield ["--cache-type-k", kind, "--cache-type-v", kind]
    if isinstance(flash := engine.get("flash_attention"), bool):
        yield ["--flash-attn", "on" if flash else "off"]


def _knob_words(receipt: Receipt) -> Iterator[list[str]]:
    for name, value in receipt.plan.effective.items():
        flag = _FLAGS.get(name)
        if flag is None:
            continue
        if name == "logit_bias" and isinstance(value, dict):
            yield from ([flag, f"{token}{_signed(bias)}"] for token, bias in value.items()
                        if token.isdecimal())  # fmt: skip
        elif name == "sampler_order" and isinstance(value, list):
            yield [flag, ";".join(map(str, _llama_value(name, value)))]  # type: ignore[arg-type]
        elif isinstance(value, dict):
            yield [flag, json.dumps(value)]
        else:
            yield [flag, _number(_llama_value(name, value))]


def _chat_words(messages: Iterable[Message]) -> Iterator[list[str]]:
    turns = list(messages)
    if turns and turns[0].role == "system":
        yield ["--system-prompt", turns[0].content]
    prompt = next((turn.content for turn in reversed(turns) if turn.role == "user"), "")
    yield ["--prompt", prompt]
    # Without it, `\n` in a prompt would be read as a line end.
    yield ["--no-escape", "--single-turn"]


def _plain_words(record: RunRecord) -> Iterator[list[str]]:
    yield ["--prompt", _plain_text(record)]
    yield ["--no-escape", "--no-conversation", "--no-display-prompt"]


def _cannot_say(record: RunRecord, *, plain: bool) -> Iterator[str]:
    """What is different there, for people."""
    yield _OTHER_DICE
    effective = _receipt(record).plan.effective
    if effective.get("n", 1) != 1:
        yield f"n: it gives one answer, and this run gave {effective['n']}."
    if stops := effective.get("stop"):
        yield f"stop: it does not end at {escape_unprintable(json.dumps(stops))}."
    if plain:
        yield "stop: it does not end where the model begins to speak for the user."
    if "logprobs" in effective:
        yield "logprobs: it does not report them."
    biases = effective.get("logit_bias")
    if isinstance(biases, dict) and (named := [t for t in biases if not t.isdecimal()]):
        yield f"logit_bias: it takes ids, not texts: {escape_unprintable(json.dumps(named))}."
    if sent_extra(record):
        yield "extra: it takes none."
    earlier = sum(turn.role != "system" for turn in record.messages) - 1
    if earlier > 0 and not plain:
        yield f"{earlier} earlier turns are left out: it takes one system prompt and one prompt."
    if record.prefix and not (plain and isinstance(record.prefix, str)):
        yield "It begins the answer anew: it cannot go on from inside one."
    if any(make_safe(turn.content) != turn.content for turn in record.messages):
        yield "What a terminal would obey stands in $'…', which bash and zsh read."


def _llama_value(name: str, value: JsonValue) -> JsonValue:
    """A knob's value in llama.cpp's words."""
    if name == "sampler_order" and isinstance(value, list):
        return [_LLAMA_STAGES.get(str(stage), stage) for stage in value]
    return _OFF.get(name, value) if value == 0 else value


def _number(value: JsonValue) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _signed(value: JsonValue) -> str:
    return f"{value:+g}" if isinstance(value, int | float) else f"+{value}"


def _notes(lines: Iterable[str]) -> str:
    return "".join(f"# {make_safe(line)}\n" for line in lines)


def _quoted(word: str) -> str:
    """A word for a shell. What a terminal obeys is escaped, so that it is safe to paste."""
    if make_safe(word) == word:
        return shlex.quote(word)
    escaped = "".join(
        character if character.isprintable() and character not in "\\'" else _ansi_c(character)
        for character in word
    )
    return f"$'{escaped}'"


def _ansi_c(character: str) -> str:
    code = ord(character)
    if character in "\\'":
        return f"\\{character}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"


FORMS: Final[dict[str, Callable[[RunRecord], str]]] = {
    "receipt": as_receipt,
    "python": as_python,
    "curl": as_curl,
    "llama-cli": as_llama_cli,
}
"""Everything that a run can be written as, by its name."""
