"""Sweeps: how fast cells are made and kept, here and on an endpoint, and what memory they take.

Three parts, each with what it is to reach in its module: `local` (a local sweep beside a plain loop
and a server), `hosted` (an endpoint with a limit), `bookkeeping` (a cell whose model takes no time,
and memory). How the terminal opens a large sweep is in `benchmarks.sweep_screen`.

    python -m benchmarks.sweep --native FOLDER-OF-THE-PROGRAMS
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import sweep_bookkeeping, sweep_hosted, sweep_local

PARTS = ("local", "hosted", "bookkeeping")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--native", type=Path, help="folder of llama.cpp's programs, if not on PATH"
    )
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    if "local" in options.only:
        sweep_local.report(rounds, options.native)
    if "hosted" in options.only:
        sweep_hosted.report(rounds)
    if "bookkeeping" in options.only:
        sweep_bookkeeping.report(rounds)


if __name__ == "__main__":
    main()
