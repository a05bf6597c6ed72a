"""Reports of sweeps: a page of its own for the browser, and pictures.

::

    with History.open() as history:
        result = SweepResult.load(history, "5z3d")
        Path("sweep.html").write_text("".join(pieces(result)), encoding="utf-8")
        with open("sweep.png", "wb") as file:
            draw(result, file, metric="entropy", over=["temperature"])
"""

from __future__ import annotations

from playground.sweep.report.page import pieces
from playground.sweep.report.pictures import draw

__all__ = ["draw", "pieces"]
