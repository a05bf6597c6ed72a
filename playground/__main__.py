"""`python -m playground` is the `playground` command."""

from __future__ import annotations

from playground.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
