"""The two themes of the playground: quiet surfaces, one strong colour a pane, text that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.theme import Theme

if TYPE_CHECKING:
    from textual.widget import Widget

__all__ = ["DARK", "LIGHT", "PANE_COLOURS", "THEMES", "few_colours"]

PANE_COLOURS = ("primary", "accent", "success", "secondary")
"""The theme colour that marks each pane, in order: its letter, and its row in the tabs."""

DARK = Theme(
    name="playground-dark",
    primary="#6cb6ff",
    secondary="#c297ff",
    accent="#f0a35e",
    success="#6bc46d",
    warning="#d9b44a",
    error="#f47067",
    foreground="#d3dae3",
    background="#14181f",
    surface="#1b2029",
    panel="#252c37",
    dark=True,
    variables={
        "border": "#3a4350",
        "border-blurred": "#2b323d",
        "block-cursor-background": "#2f4b6b",
        "block-cursor-foreground": "#f2f6fb",
        "block-cursor-text-style": "none",
        "footer-key-foreground": "#6cb6ff",
        "footer-description-foreground": "#8b97a6",
        "footer-background": "#14181f",
        "input-selection-background": "#6cb6ff 30%",
        "scrollbar": "#333c49",
        "scrollbar-hover": "#465263",
        "scrollbar-active": "#5b6b80",
        "scrollbar-background": "#14181f",
        "scrollbar-background-hover": "#14181f",
        "scrollbar-background-active": "#14181f",
        "scrollbar-corner-color": "#14181f",
    },
)

LIGHT = Theme(
    name="playground-light",
    primary="#0b62c4",
    secondary="#7a3fc0",
    accent="#a8500c",
    success="#22752f",
    warning="#8a6100",
    error="#b3261e",
    foreground="#22272e",
    background="#fbfbf9",
    surface="#f1f1ee",
    panel="#e4e5e2",
    dark=False,
    variables={
        "border": "#c2c6cb",
        "border-blurred": "#d8dad9",
        "block-cursor-background": "#cfe2f7",
        "block-cursor-foreground": "#10243b",
        "block-cursor-text-style": "none",
        "footer-key-foreground": "#0b62c4",
        "footer-description-foreground": "#636b75",
        "footer-background": "#fbfbf9",
        "input-selection-background": "#0b62c4 25%",
        "scrollbar": "#cdd0d2",
        "scrollbar-hover": "#b3b8bc",
        "scrollbar-active": "#979ea4",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-background-hover": "#fbfbf9",
        "scrollbar-background-active": "#fbfbf9",
        "scrollbar-corner-color": "#fbfbf9",
    },
)

THEMES = (DARK, LIGHT)


def few_colours(widget: Widget) -> bool:
    """Whether the terminal has sixteen colours, or none: a theme's own come out as the nearest."""
    return widget.app.console.color_system not in ("truecolor", "256")
