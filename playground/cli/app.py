"""The commands and their options. What a command does is in the module that it imports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from playground.cli.knob_options import params_of, preset_called, takes_knobs
from playground.errors import UsageError

app = typer.Typer(
    name="playground",
    no_args_is_help=False,
    # Plain help: rich would cost a third of the time that `--help` takes.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

_PASSED_ON = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "allow_interspersed_args": False,
}
"""For a command whose words and options are read by a parser of its own."""

Models = Annotated[
    list[str] | None,
    typer.Option(
        "-m",
        "--model",
        metavar="PROVIDER:MODEL",
        help="A model, such as demo:small. Give it again to put several side by side.",
    ),
]
System = Annotated[str | None, typer.Option("--system", metavar="TEXT", help="The system prompt.")]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Start from these named settings; flags go on top. `playground presets` lists them.",
    ),
]
Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME=VALUE",
        help="Fill in a variable of @NAME; `-` reads standard input. Give it again for more.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        from playground.cli.output import say

        say(f"playground {version('chat-playground')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
@takes_knobs
def terminal(
    context: typer.Context,
    *,
    knobs: dict[str, Any],
    model: Models = None,
    system: System = None,
    preset: Preset = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Put language models side by side and see what every knob does.

    Without a command it opens the terminal, where Ctrl+Q quits and F1 helps.
    """
    if context.invoked_subcommand is not None:
        if knobs or model or system or preset:
            raise UsageError(
                "Options for models stand after the command's name.",
                hint=f"For example: playground {context.invoked_subcommand} -m demo:small",
            )
        return
    from playground.cli.terminal import open_terminal

    raise typer.Exit(
        open_terminal(
            tuple(model or ()), params_of(knobs), system or "", preset=preset_called(preset)
        )
    )


@app.command()
@takes_knobs
def ask(
    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT",
            help="What to ask, or @NAME of the library; `-`, or nothing in a pipe, reads standard "
            "input.",
        ),
    ] = None,
    *,
    knobs: dict[str, Any],
    var: Variables = None,
    model: Models = None,
    system: System = None,
    preset: Preset = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a knob that a model does not take.")
    ] = False,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Do not write this into the history.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask one or several models, and print their answers as they come.

    On a terminal the answers stand side by side, in a pipe one after the other. What was
    changed in the request is reported on standard error.
    """
    from playground.cli.ask import ask as run
    from playground.cli.asking import Asking

    asking = Asking.of(prompt, var, knobs=knobs, models=model, system=system, preset=preset)
    raise typer.Exit(run(asking, strict=strict, json=as_json, keep=not no_history))


@app.command()
@takes_knobs
def lens(
    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT",
            help="What to ask, or @NAME of the library; `-`, or nothing in a pipe, reads standard "
            "input.",
        ),
    ] = None,
    *,
    knobs: dict[str, Any],
    var: Variables = None,
    model: Models = None,
    system: System = None,
    preset: Preset = None,
    by: Annotated[
        str, typer.Option(help="Shade tokens by `probability`, `rank` or `entropy`.")
    ] = "probability",
    top: Annotated[
        int, typer.Option(min=1, max=100, help="List so many candidates of a token.")
    ] = 10,
    token: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Look at the Nth token: its candidates, and every stage."
        ),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Ask nothing: have the models rate this answer."),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(
            metavar="PROVIDER:MODEL",
            help="A local model that gives the figures of answers that come without.",
        ),
    ] = None,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Do not write this into the history.")
    ] = False,
    as_json: AsJson = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print a page.")] = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="Print a picture.")] = False,
) -> None:
    """Ask one or several models, and print where each token of their answers came from.

    On a terminal the text is shaded; in a pipe there is a line for each token.
    """
    from playground.cli.asking import Asking
    from playground.cli.lens import Wanted, form_called, measure_called
    from playground.cli.lens import lens as run

    wanted = Wanted(
        form=form_called(json=as_json, html=as_html, svg=as_svg),
        measure=measure_called(by),
        most=top,
        place=token,
        scorer=score,
        answer=answer,
        keep=not no_history,
    )
    asking = Asking.of(prompt, var, knobs=knobs, models=model, system=system, preset=preset)
    raise typer.Exit(run(asking, wanted))


@app.command()
def models(
    provider: Annotated[
        str | None, typer.Argument(metavar="PROVIDER", help="List this provider's only.")
    ] = None,
    *,
    remote: Annotated[
        bool, typer.Option("--remote", help="Also ask the endpoints what they have.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the models that can be asked, their contexts and prices."""
    from playground.cli.models import models as run

    run(provider, remote=remote, json=as_json)


@app.command()
def params(*, as_json: AsJson = False) -> None:
    """List the knobs: what each does, its range and its other names."""
    from playground.cli.params import params as run

    run(json=as_json)


@app.command(add_help_option=False, context_settings=_PASSED_ON)
def history(context: typer.Context) -> None:
    """Look through what is kept: find, show, export and import it, label and delete it."""
    # A parser of its own: two dozen commands would be made for every start.
    from playground.cli.history import run

    run(context.args)


@app.command(add_help_option=False, context_settings=_PASSED_ON)
def sweep(context: typer.Context) -> None:
    """Ask at every point of a space of settings, and measure what each setting does."""
    from playground.cli.sweep import run

    run(context.args)


@app.command()
def replay(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A kept run, by its id's beginning.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a kept run again: `identical`, or where it parted. Exit code 0, or 1."""
    from playground.cli.replay import replay as run

    raise typer.Exit(run(name, json=as_json))


@app.command(add_help_option=False, context_settings=_PASSED_ON)
def prompts(context: typer.Context) -> None:
    """Look through the prompt library: list, search, show and write prompts."""
    from playground.cli.prompts import run

    run(context.args)


@app.command()
def lessons(
    lesson: Annotated[
        str, typer.Argument(metavar="LESSON", help="A lesson, by its name or number.")
    ] = "",
    *,
    language: Annotated[
        str, typer.Option("--language", metavar="CODE", help="en or ja; else as your locale says.")
    ] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Print the list, done ones ticked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Learn what the knobs do: eight lessons of two minutes, on the models that ship."""
    from playground.cli.lessons import lessons as run

    raise typer.Exit(run(lesson, language=language, listed=listed, json=as_json))


presets_app = typer.Typer(rich_markup_mode=None)
app.add_typer(presets_app, name="presets")


@presets_app.callback(invoke_without_command=True)
def presets(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the presets, settings with a name, and what each sets."""
    if context.invoked_subcommand is None:
        from playground.cli.presets import presets as run

        run(json=as_json)


@presets_app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The preset's name.", show_default=False)
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print one preset whole."""
    from playground.cli.presets import show as run

    run(name, json=as_json)


@app.command()
def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Say what is installed, configured and reachable, and what to do about the rest."""
    from playground.cli.doctor import doctor as run

    raise typer.Exit(run(json=as_json))


@app.command()
def key(
    provider: Annotated[
        str, typer.Argument(metavar="PROVIDER", help="The provider that the key belongs to.")
    ],
) -> None:
    """Keep a provider's API key: typed unseen, or read from standard input."""
    from playground.cli.key import key as run

    run(provider)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A GGUF file.", show_default=False)],
    *,
    context_length: Annotated[
        int | None,
        typer.Option("--context-length", help="Estimate the memory for so long a context."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a GGUF file holds, without loading its weights."""
    from playground.cli.inspect import inspect as run

    run(file, context_length=context_length, json=as_json)


@app.command()
def pull(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="hf:ORG/REPO[:QUANT]", help="A repository of GGUF files."),
    ] = None,
    *,
    listed: Annotated[
        bool, typer.Option("--list", help="List what a repository has; alone, what was pulled.")
    ] = False,
    removed: Annotated[bool, typer.Option("--remove", help="Remove what was pulled.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a GGUF from the Hugging Face Hub into your model folder.

    It goes on where it was interrupted, and keeps nothing whose checksum is wrong. HF_TOKEN,
    HF_HOME and HF_ENDPOINT are heeded.
    """
    from playground.cli.pull import pull as run

    run(reference, listed=listed, removed=removed, json=as_json)
