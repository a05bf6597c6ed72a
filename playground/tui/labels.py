"""Short texts for one line of the screen: names, numbers and durations, safe to show."""

from __future__ import annotations

from playground.cells import cell_len
from playground.sanitize import make_safe

__all__ = [
    "brief",
    "count",
    "duration",
    "money",
    "number",
    "one_line",
    "rate",
    "shortened",
]


def one_line(text: str) -> str:
    """Text from anywhere (a server's model name, a path, an error) as one safe line.

    Line ends become spaces, and whatever a terminal would obey becomes visible.
    """
    return make_safe(text).replace("\n", " ").replace("\t", " ").strip()


def shortened(ref: str, width: int) -> str:
    """A model's reference in so many cells at most: its end is what tells models apart.

    A long one loses its folders, then the ending of its file, then its beginning.
    """
    name = one_line(ref)
    if cell_len(name) > width and "/" in name:
        provider, _, path = name.partition(":")
        name = f"{provider}:…/{path.rsplit('/', 1)[-1]}"
    if cell_len(name) > width:
        name = name.removesuffix(".gguf")
    if cell_len(name) <= width:
        return name
    while name and cell_len(name) > width - 1:
        name = name[1:]
    return f"…{name}" if width > 0 else ""


def number(value: object) -> str:
    """A knob's value as people write it: `0.8`, `2048`, `top_k, top_p`."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(number, value))
    return one_line(str(value))


def brief(value: object) -> str:
    """A knob's value where there is little room: `0.8`, `[END, STOP]`, `{…}`."""
    if isinstance(value, dict):
        return "{…}"
    return f"[{number(value)}]" if isinstance(value, list | tuple) else number(value)


def count(value: int) -> str:
    """A count of tokens: `128`, `4,096`, `128k`, `1.0M`."""
    if value < 100_000:
        return f"{value:,}"
    return f"{value / 1000:.0f}k" if value < 1_000_000 else f"{value / 1_000_000:.1f}M"


def duration(seconds: float) -> str:
    """A duration with the precision that matters at its size.

    `38 ms`, `1.24 s`, `2 min 05 s`, `2 h 05 min`.
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 90:
        return f"{minutes // 60:,} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s"


def rate(tokens_per_second: float) -> str:
    """A generation speed: `8.4 tok/s`, `412 tok/s`."""
    figure = f"{tokens_per_second:.1f}" if tokens_per_second < 100 else f"{tokens_per_second:,.0f}"
    return f"{figure} tok/s"


def money(dollars: float) -> str:
    """A cost in US dollars; small ones keep two digits that mean something."""
    if dollars == 0:
        return "free"
    if dollars < 0.01:
        return f"${dollars:.2g}" if dollars >= 0.0001 else f"${dollars:.1e}"
    return f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:.3f}"
