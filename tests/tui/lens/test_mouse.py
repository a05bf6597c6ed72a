"""The lens with the mouse in a real terminal, which reports it in bytes."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.tui.real_terminal import Terminal, terminal

MOVED, PRESSED, LET_GO = "\x1b[<35;{};{}M", "\x1b[<0;{};{}M", "\x1b[<0;{};{}m"
RIGHT = "\x1b[C"


def place(shown: Terminal) -> int:
    """Which token is looked at, from 1; 0 where none is."""
    found = re.search(r"(\d+)/\d+  ", shown.screen)
    return int(found[1]) if found else 0


def looked_at(shown: Terminal, *wanted: int) -> int:
    """The token that is looked at, once it is one of these; of none, once it is not the first."""
    end = time.monotonic() + 30
    while (place(shown) not in wanted) if wanted else place(shown) <= 1:
        assert time.monotonic() < end, f"it looks at {place(shown)}:\n{shown.screen}"
        shown.read(0.1)
    return place(shown)


def test_a_token_is_looked_at_under_the_mouse_clicked_and_walked_on_from(tmp_path: Path) -> None:
    with terminal(tmp_path, models=("demo:small",)) as shown:
        shown.shows("Ask something")
        shown.child.send("Tell me a story.\r")
        shown.shows("done ·")
        shown.child.send("\x1bl")
        shown.shows("1 Token 2 Chain")
        looked_at(shown, 1)
        lines = shown.screen.splitlines()
        row = next(at for at, line in enumerate(lines, start=1) if "1 Token 2 Chain" in line)
        shown.child.send(MOVED.format(20, row))
        under = looked_at(shown)
        shown.child.send(MOVED.format(80, row))
        looked_at(shown, 1)
        for event in (MOVED, PRESSED, LET_GO):
            shown.child.send(event.format(20, row))
        looked_at(shown, under)
        shown.child.send(RIGHT)
        looked_at(shown, under + 1)
        # A view is chosen by a click on its name.
        column = lines[row - 1].index("2 Chain") + 1
        for event in (PRESSED, LET_GO):
            shown.child.send(event.format(column, row))
        shown.shows("mass left   cut")
