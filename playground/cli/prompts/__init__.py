"""`playground prompts …`: its commands and their options; what they do is in the other modules.

It is a parser of its own, made when the word `prompts` comes: the others start without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

app = typer.Typer(
    name="prompts",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="The prompt library: found, shown, written. `playground ask @NAME` asks one.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A prompt, such as translate-fr.")]
Category = Annotated[str, typer.Option("--category", metavar="NAME", help="Of this category.")]
Tag = Annotated[str, typer.Option("--tag", metavar="TAG", help="With this tag.")]
Language = Annotated[
    str, typer.Option("--language", metavar="CODE", help="In this language: en, ja, fr …")
]
Own = Annotated[bool, typer.Option("--own", help="Your own only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]


def run(arguments: Sequence[str]) -> None:
    """Do what the words after `playground prompts` say; raises `SystemExit`."""
    app(args=list(arguments), prog_name="playground prompts")


@app.callback(invoke_without_command=True)
def bare(context: typer.Context) -> None:
    """Say what is there, where nothing else is asked for."""
    if context.invoked_subcommand is None:
        list_()


@app.command(name="list")
def list_(
    *,
    category: Category = "",
    tag: Tag = "",
    language: Language = "",
    own: Own = False,
    as_json: AsJson = False,
) -> None:
    """List prompts by category."""
    from playground.cli.prompts.looking import show_list

    show_list("", category=category, tag=tag, language=language, own=own, json=as_json)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="All of these.")],
    *,
    category: Category = "",
    tag: Tag = "",
    language: Language = "",
    own: Own = False,
    as_json: AsJson = False,
) -> None:
    """Find prompts, the best first; a misspelt word is forgiven."""
    from playground.cli.prompts.looking import show_list

    sought = " ".join(words)
    show_list(sought, category=category, tag=tag, language=language, own=own, json=as_json)


@app.command()
def show(
    name: Name,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print a prompt whole: its text, its variables, and what is suggested."""
    from playground.cli.prompts.looking import show_one

    show_one(name, json=as_json)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower case, digits, dashes.")],
    *,
    category: Annotated[
        str, typer.Option("--category", metavar="NAME", help="The folder that it goes into.")
    ] = "",
    like: Annotated[
        str, typer.Option("--like", metavar="NAME", help="Begin with a copy of this prompt.")
    ] = "",
) -> None:
    """Begin a prompt of your own, and open it in your editor ($VISUAL, $EDITOR)."""
    from playground.cli.prompts.writing import begin

    begin(name, category=category, like=like)


@app.command()
def edit(name: Name) -> None:
    """Open a prompt in your editor; of a shipped one, a copy of your own that takes its place."""
    from playground.cli.prompts.writing import edit as do

    do(name)


@app.command()
def delete(name: Name) -> None:
    """Delete a prompt of your own; a shipped one of that name shows again."""
    from playground.cli.prompts.writing import delete as do

    do(name)


@app.command()
def path(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A prompt.")] = "",
) -> None:
    """Print the folder of your own prompts, or the file of one."""
    from playground.cli.prompts.looking import show_path

    show_path(name)
