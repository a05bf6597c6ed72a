"""Options that may stand without a value: `--html` alone, or `--html FILE`."""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperCommand


class TakesBareOptions(TyperCommand):
    """A command whose options of these names have the value "" where none follows."""

    bare: ClassVar[tuple[str, ...]] = ("--html", "--png", "--svg")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put an empty value where one is left out, and parse."""
        whole: list[str] = []
        for place, word in enumerate(args):
            whole.append(word)
            after = args[place + 1] if place + 1 < len(args) else "--"
            if word in self.bare and after.startswith("-") and after != "-":
                whole.append("")
        return super().parse_args(ctx, whole)
