"""`playground inspect`: what a GGUF says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playground.cli.output import say, say_json
from playground.cli.table import table
from playground.config import at_home
from playground.errors import UsageError
from playground.providers.llama.inspection import GGUFFacts, inspect_gguf
from playground.sizes import in_words

MAX_SHOWN_TEMPLATE = 2_000


def inspect(file: Path, *, context_length: int | None, json: bool) -> None:
    """Print the facts of a file, with the memory that a context of this length would take."""
    if context_length is not None and context_length < 1:
        raise UsageError(f"A context of {context_length} tokens cannot be.")
    facts = inspect_gguf(at_home(file))
    length = context_length or facts.context_length
    memory = facts.memory(length) if length else None
    if json:
        record = facts.model_dump(mode="json")
        say_json({**record, "memory": {"context_length": length, "bytes": memory}})
        return
    say(table(("", facts.name or file.name), [*_rows(facts)]))
    if length and memory:
        say(
            f"\nWith a context of {length:,} tokens it takes about {in_words(memory)} of memory: "
            "the weights, and the KV cells of one sequence."
        )
    say()
    head = ("TYPE", "TENSORS", "PARAMETERS", "SIZE")
    rows = [
        (kind.kind, f"{kind.tensors:,}", f"{kind.parameters:,}", in_words(kind.bytes))
        for kind in facts.quantisation
    ]
    say(table(head, rows, right=(1, 2, 3)))
    if facts.chat_template is None:
        say("\nNo chat template: conversations are written as `User:` and `Assistant:`.")
        return
    shown = facts.chat_template[:MAX_SHOWN_TEMPLATE]
    say(f"\nChat template ({len(facts.chat_template):,} characters):\n{shown}")


def _rows(facts: GGUFFacts) -> Iterator[tuple[str, str]]:
    """The table's lines, without what the file does not say."""
    lines: list[tuple[str, object]] = [
        ("file", facts.path),
        ("size", in_words(facts.bytes)),
        ("architecture", facts.architecture),
        ("licence", facts.licence),
        ("parameters", facts.parameters),
        ("layers", facts.layers),
        ("width", facts.width),
        ("heads", facts.heads),
        ("KV heads", facts.kv_heads),
        ("context", facts.context_length),
        ("vocabulary", facts.vocabulary),
        ("tokenizer", facts.tokenizer),
        ("special tokens", "  ".join(f"{k} {v}" for k, v in facts.special_tokens.items())),
        ("KV bytes a token", facts.kv_bytes_per_token),
    ]
    for name, value in lines:
        if value not in (None, ""):
            yield name, f"{value:,}" if isinstance(value, int) else str(value)
