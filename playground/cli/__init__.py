"""The `playground` command: the terminal, and the same engine for the shell.

Commands are declared in `playground.cli.app`; each imports what it needs when it is run, so that
`playground --help` loads neither an SDK nor llama.cpp nor numpy nor Textual.
"""

from __future__ import annotations

import os
import sys

FAILED = 1
MISUSED = 2
INTERRUPTED = 130
TERMINATED = 143
READER_GONE = 141
"""What a shell shows for a program that SIGPIPE ended."""


def main() -> int:
    """Run the command line; returns the exit code (or raises `SystemExit` with it).

    0 is success, 1 a failure, 2 a usage error, 130 Ctrl-C. No traceback is ever shown unless
    PLAYGROUND_DEBUG is set.
    """
    from playground.cli.output import ReaderGone, abandon_stdout, complain, prepare_streams
    from playground.errors import PlaygroundError, UsageError

    prepare_streams()
    try:
        if len(sys.argv) == 1:
            # Nothing to parse: the terminal is painted in two thirds of the time without a parser.
            from playground.cli.terminal import open_terminal

            return open_terminal()
        from playground.cli.app import app

        app(prog_name="playground")
    except KeyboardInterrupt:
        return INTERRUPTED
    except ReaderGone:
        abandon_stdout()
        return READER_GONE
    except PlaygroundError as error:
        _show_traceback()
        complain(str(error))
        return MISUSED if isinstance(error, UsageError) else FAILED
    except OSError as error:
        # A full disk or a folder that may not be written: nothing of ours is wrong.
        _show_traceback()
        abandon_stdout()
        complain(f"{error}.")
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last line of defence: nobody is behind us
        _show_traceback()
        complain(
            f"Unexpected {type(error).__name__}: {error}. "
            "This is a defect; PLAYGROUND_DEBUG=1 shows where."
        )
        return FAILED
    return 0


def _show_traceback() -> None:
    if os.environ.get("PLAYGROUND_DEBUG"):
        import traceback

        traceback.print_exc(file=sys.stderr)
