"""Everything the user can do, once: keys, palette, footer and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

__all__ = ["ACTS", "NEEDS_MODELS", "Act", "bindings", "key_name"]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: its keys, its action, its words; with `footer` it is shown there too."""

    keys: str
    action: str
    title: str
    help: str
    footer: str = ""


ACTS: tuple[Act, ...] = (
    Act("f1", "help", "Help", "Keys, words and where things are", "Help"),
    Act("f2,ctrl+g", "drawer", "Parameters", "Show or hide the parameter drawer", "Params"),
    Act("escape", "stop", "Stop", "Stop the focused pane; from the prompt, all panes", "Stop"),
    Act(
        "f5,ctrl+r",
        "retry",
        "Retry",
        "Ask the last prompt again, with the parameters as they are now",
        "Retry",
    ),
    Act("f3,ctrl+o", "pick_model", "Choose model", "Give the active pane another model", "Model"),
    Act(
        "alt+l",
        "lens",
        "Lens",
        "The tokens of the answer in view, and what each was drawn from",
        "Lens",
    ),
    Act("f4,ctrl+s", "system_prompt", "System prompt", "Edit the system prompt", "System"),
    Act("f6", "next_pane", "Next pane", "Make the next pane the active one", "Next"),
    Act("f7", "details", "Details", "What was really sent and used in the last run", "Details"),
    Act("f8,ctrl+n", "add_pane", "Add pane", "Open one more pane, up to four", "Add"),
    Act("f9", "close_pane", "Close pane", "Close the active pane", "Close"),
    Act("f10", "turns", "Turns", "Edit and resend, fork or compare at any turn", "Turns"),
    Act("f12", "history", "History", "Find and open earlier conversations", "History"),
    Act(
        "ctrl+l",
        "clear",
        "New conversation",
        "Begin anew in every pane; what was said stays in the history",
        "New",
    ),
    Act("alt+right", "next_answer", "Next answer", "Page to the next answer to this prompt"),
    Act("alt+left", "previous_answer", "Previous answer", "Page to the answer before"),
    Act("alt+e", "go_on", "Continue answer", "Go on with an answer where it was cut"),
    Act("alt+d", "difference", "Compare answers", "Two answers side by side, with what differs"),
    Act("alt+v", "blind_test", "Blind test", "Vote for an answer, then see whose it was"),
    Act("alt+w", "sweep", "Sweep", "One prompt at many settings: define it, watch it, compare"),
    Act("alt+k", "sweeps", "Kept sweeps", "Look at earlier sweeps, and go on with them"),
    Act("alt+s", "rate", "Rate answer", "Stars and a note for the answer in view"),
    Act("alt+p", "presets", "Presets", "Apply, save and delete named settings"),
    Act("alt+a", "prompts", "Prompt library", "Choose and write prompts; @ typed first opens it"),
    Act("alt+g", "lessons", "Lessons", "Two minutes each: what the knobs do, on the demo models"),
    Act(
        "alt+n", "lesson_next", "Next step of the lesson", "Do what the lesson asks for, and go on"
    ),
    Act("alt+t", "card", "Title and tags", "Name, tag and pin this conversation"),
    Act("alt+x", "export", "Export", "Write this conversation into a file"),
    Act("alt+r", "copy_receipt", "Copy receipt", "Everything needed to repeat the last answer"),
    Act("alt+y", "copy_python", "Copy as Python", "The script that repeats the last answer"),
    Act("alt+u", "copy_curl", "Copy as curl", "The curl command that repeats the last answer"),
    Act(
        "alt+m", "copy_llama_cli", "Copy as llama-cli", "The llama-cli command for the last answer"
    ),
    Act("ctrl+t", "target", "Prompt to one or all", "Send prompts to the active pane or to all"),
    Act(
        "alt+c", "copy_answer", "Copy answer", "Put the active pane's last answer on the clipboard"
    ),
    Act("", "clear_pane", "Clear this pane", "Begin anew in the active pane"),
    Act("", "stop_all", "Stop all", "Stop every pane that is answering"),
    Act("ctrl+p", "command_palette", "Palette", "Find any of these by name", "Palette"),
    Act("ctrl+q", "quit", "Quit", "Close the models and leave", "Quit"),
)
"""In the order in which the last line of the screen shows them while there is room."""


NEEDS_MODELS = frozenset(
    {act.action for act in ACTS} - {"help", "stop", "command_palette", "quit", "target"}
)
"""What cannot be done in the first tenth of a second, before the panes have their models."""


def key_name(key: str) -> str:
    """A key as people write it: `F5`, `Esc`, `^R`."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    if key.startswith("alt+"):
        return f"Alt+{key_name(key.removeprefix('alt+'))}"
    return {"escape": "Esc", "left": "←", "right": "→"}.get(key, key.upper())


def bindings() -> list[Binding]:
    """The acts that have keys, as bindings; what Textual binds itself is left to it."""
    return [
        Binding(act.keys, act.action, act.title, show=False, tooltip=act.help)
        for act in ACTS
        if act.keys and act.action not in ("command_palette", "quit")
    ]
