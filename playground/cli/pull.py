"""`playground pull`: GGUF files from the Hugging Face Hub, fetched, listed and removed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

from playground.cli.output import is_terminal, note, say, say_json
from playground.cli.progress import ProgressLine
from playground.cli.table import table
from playground.errors import UsageError
from playground.hub import Hub, HubRef, Pulled, find_pulled, pulled, remove
from playground.hub import pull as fetch
from playground.providers.llama.files import check_gguf
from playground.sizes import in_words


def pull(reference: str | None, *, listed: bool, removed: bool, json: bool) -> None:
    """Do what the options ask for; without any, fetch. Raises what `playground.hub` raises.

    Standard output gets the reference to use and nothing else, so that it fits into another
    command.
    """
    if listed and removed:
        raise UsageError("Either --list or --remove, not both.")
    if listed and reference is None:
        _list_pulled(pulled(), json=json)
        return
    if reference is None:
        raise UsageError(
            "Say what to pull.", hint="For example: playground pull hf:ORGANISATION/REPOSITORY"
        )
    ref = HubRef.parse(reference)
    if listed:
        _list_offers(ref, json=json)
    elif removed:
        gone = find_pulled(ref)
        note(f"Removed {gone.hub_ref}: {in_words(remove(gone))} freed.")
    else:
        _fetch(ref, json=json)


def _fetch(ref: HubRef, *, json: bool) -> None:
    line = ProgressLine()
    try:
        got = fetch(ref, line)
    except KeyboardInterrupt:
        line.end()
        note("Interrupted. What came is kept: the same command goes on from there.")
        raise
    finally:
        line.end()
    check_gguf(got.path)
    if json:
        say_json(_record(got))
    elif is_terminal(sys.stdout):
        say(f"It is here. To use it: playground -m {shlex.quote(got.ref)}")
    else:
        say(got.ref)


def _list_pulled(there: Sequence[Pulled], *, json: bool) -> None:
    if json:
        for one in there:
            say_json(_record(one))
    elif there:
        rows = [
            (
                str(one.hub_ref),
                in_words(one.bytes_here),
                one.ref if one.whole else f"unfinished, of {in_words(one.offer.size)}",
            )
            for one in there
        ]
        say(table(("PULLED", "SIZE", "MODEL"), rows, right=(1,)))
    else:
        note("Nothing was pulled. To begin: playground pull hf:ORGANISATION/REPOSITORY")


def _list_offers(ref: HubRef, *, json: bool) -> None:
    repository = Hub().repository(ref.repo)
    if json:
        for offer in repository.offers:
            say_json({"repo": ref.repo, "quant": offer.quant or None, **offer.model_dump()})
        return
    rows = [
        (offer.quant or "?", in_words(offer.size), str(offer.parts), offer.name)
        for offer in repository.offers
    ]
    say(table(("QUANT", "SIZE", "FILES", "NAME"), rows, right=(1, 2)))
    for name, why in repository.refused.items():
        note(f"Left out: {name!r}: {why}.")


def _record(one: Pulled) -> dict[str, object]:
    return {
        "pulled": str(one.hub_ref),
        "ref": one.ref,
        "path": str(one.path),
        "bytes": one.bytes_here,
        "commit": one.commit,
        "whole": one.whole,
        "files": [file.model_dump() for file in one.offer.files],
    }
