"""`playground history …`: its commands and their options; what they do is in the other modules.

It is a parser of its own, made when the word `history` comes: the others start without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="history",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Look through what is kept: find, show, export and import it, label and delete it.",
)

Id = Annotated[
    str, typer.Argument(metavar="ID", help="A conversation, by the beginning of its id.")
]
Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Conversations.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]
Model = Annotated[
    str, typer.Option("-m", "--model", metavar="REF", help="Of this model, or this provider:.")
]
Since = Annotated[
    str, typer.Option("--since", metavar="DATE", help="From this day or moment on; 7d: a week.")
]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Before this day or moment.")]
Tag = Annotated[str, typer.Option("--tag", metavar="TAG", help="In conversations with this tag.")]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="CONDITION",
        help="With a knob at such a value: temperature>1. Give it again for more.",
    ),
]
Pinned = Annotated[bool, typer.Option("--pinned", help="In pinned conversations.")]
Deleted = Annotated[bool, typer.Option("--deleted", help="Among those that were deleted.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="This many at most.")]


def run(arguments: Sequence[str]) -> None:
    """Do what the words after `playground history` say; raises `SystemExit`."""
    app(args=list(arguments), prog_name="playground history")


@app.command(name="list")
def list_(
    query: Annotated[
        str, typer.Argument(metavar="WORDS", help="In whose title or texts these are.")
    ] = "",
    *,
    model: Model = "",
    since: Since = "",
    until: Until = "",
    tag: Tag = "",
    param: Param = None,
    pinned: Pinned = False,
    deleted: Deleted = False,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List conversations: pinned ones first, then the latest, or with words the best match."""
    from playground.cli.history.looking import show_list
    from playground.cli.history.selecting import filters_of

    filters = filters_of(
        query, model=model, since=since, until=until, tag=tag, params=param or (), pinned=pinned,
        deleted=deleted,
    )  # fmt: skip
    show_list(filters, limit=limit, json=as_json)


@app.command()
def search(
    query: Annotated[
        str, typer.Argument(metavar="WORDS", help='All of these; "in quotes", in this order.')
    ] = "",
    *,
    model: Model = "",
    since: Since = "",
    until: Until = "",
    tag: Tag = "",
    param: Param = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Find answers by what was asked and said: the best first, or without words the latest."""
    from playground.cli.history.looking import show_hits
    from playground.cli.history.selecting import filters_of

    filters = filters_of(query, model=model, since=since, until=until, tag=tag, params=param or ())
    show_hits(filters, limit=limit, json=as_json)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A conversation or a run, by its id's beginning.")
    ],
    *,
    written: Annotated[
        str,
        typer.Option("--as", metavar="FORM", help="A run as: receipt, python, curl or llama-cli."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print a conversation or a run; of a run, also what repeats it elsewhere."""
    from playground.cli.history.looking import show_one

    show_one(name, written=written, json=as_json)


@app.command()
def export(
    names: Annotated[list[str] | None, typer.Argument(metavar="ID")] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every conversation that the filters leave.")
    ] = False,
    form: Annotated[
        str,
        typer.Option(
            "-f", "--format", metavar="FORMAT",
            help="markdown, html, jsonl, csv or messages; otherwise by the file's name.",
        ),
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file that is not there yet.")
    ] = None,
    query: Annotated[str, typer.Option("--query", metavar="WORDS", help="With --all.")] = "",
    model: Model = "",
    since: Since = "",
    until: Until = "",
    tag: Tag = "",
    param: Param = None,
    pinned: Pinned = False,
) -> None:  # fmt: skip
    """Write conversations to standard output or a file. `jsonl` holds everything, to import."""
    from playground.cli.history.exporting import export_to
    from playground.cli.history.selecting import filters_of

    filters = filters_of(
        query, model=model, since=since, until=until, tag=tag, params=param or (), pinned=pinned
    )
    if code := export_to(names or (), filters, everything=everything, form=form, output=output):
        raise typer.Exit(code)


@app.command(name="import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that was exported as jsonl.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Add what is in an exported file and not in the history: all of it, or nothing."""
    from playground.cli.history.exporting import import_from

    import_from(file, json=as_json)


@app.command()
def delete(names: Ids) -> None:
    """Delete conversations; `restore` brings them back for 30 days."""
    from playground.cli.history.changing import delete as do

    do(names)


@app.command()
def restore(names: Ids) -> None:
    """Bring deleted conversations back; `list --deleted` shows them."""
    from playground.cli.history.changing import restore as do

    do(names)


@app.command()
def purge(
    *, yes: Annotated[bool, typer.Option("--yes", help="Do it: nothing brings it back.")] = False
) -> None:
    """Remove for good what was deleted, without waiting for its 30 days to pass."""
    from playground.cli.history.changing import purge as do

    do(sure=yes)


@app.command()
def rename(
    name: Id, title: Annotated[str, typer.Argument(metavar="TITLE", help="The new title.")]
) -> None:
    """Give a conversation a title."""
    from playground.cli.history.changing import rename as do

    do(name, title)


@app.command()
def tag(
    name: Id,
    tags: Annotated[list[str] | None, typer.Argument(metavar="TAG")] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take these away instead.")] = False,
) -> None:
    """Add tags to a conversation, or say which it has."""
    from playground.cli.history.changing import tag as do

    do(name, tags or (), remove=remove)


@app.command()
def pin(names: Ids) -> None:
    """Keep conversations at the top of lists."""
    from playground.cli.history.changing import pin as do

    do(names, pinned=True)


@app.command()
def unpin(names: Ids) -> None:
    """Let pinned conversations go down with time."""
    from playground.cli.history.changing import pin as do

    do(names, pinned=False)


@app.command()
def rate(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run, by its id's beginning.")],
    *,
    answer: Annotated[int, typer.Option("--answer", min=1, help="Which of its answers.")] = 1,
    stars: Annotated[int | None, typer.Option("--stars", min=1, max=5, help="1 to 5.")] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="A remark.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the rating away.")] = False,
) -> None:
    """Give an answer stars, a note, or both."""
    from playground.cli.history.changing import rate as do

    do(name, answer=answer, stars=stars, note=note, clear=clear)


@app.command()
def votes(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Only those on this conversation's answers.")
    ] = "",
    *,
    since: Since = "",
    until: Until = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print how models and settings stand after the votes of blind tests."""
    from playground.cli.history.judging import show_votes

    show_votes(name, since=since, until=until, json=as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
) -> None:
    """Copy the whole history to a file, also while it is in use."""
    from playground.cli.history.changing import backup as do

    do(file)


@app.command()
def check() -> None:
    """Look for damage in the history's file. Reads all of it."""
    from playground.cli.history.changing import check as do

    raise typer.Exit(do())
