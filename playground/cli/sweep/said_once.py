"""Options that take one value, refused where they are said twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from typer.core import TyperCommand

from playground.errors import UsageError


class SaysOnce(TyperCommand):
    """A command of which no option is passed over: of one said twice the first would be.

    `--temperature 0 --temperature 1` looks as if both were tried.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; raises `UsageError` for an option that takes one value and is given several."""
        _, _, order = self.make_parser(ctx).parse_args(args=[*args])
        often = Counter(id(option) for option in order)
        for option in order:
            single = not getattr(option, "multiple", False) and not getattr(
                option, "is_flag", False
            )
            if option.param_type_name == "option" and single and often[id(option)] > 1:
                name = max(option.opts, key=len)
                raise UsageError(
                    f"{name} is said {often[id(option)]} times, and takes one value.",
                    hint=f"Several values go with commas: {name} 0.2,0.7"
                    if option.metavar == "VALUES"
                    else "Leave the others out.",
                )
        return super().parse_args(ctx, args)
