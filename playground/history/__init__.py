"""What is kept: conversations, runs with their receipts, ratings and votes, in one SQLite file.

`History` is the door; `Recorder` follows runs and writes them down, `Filing` says where they
belong. Reading gives `records`; `searching` finds by words, model, date, tag and parameter.
"""

from playground.history.filing import Filing
from playground.history.recorder import Recorder
from playground.history.records import (
    ConversationRecord,
    Hit,
    PaneRecord,
    Rating,
    RunRecord,
    Summary,
    TurnRecord,
)
from playground.history.searching import Filters, ParamFilter
from playground.history.store import History

__all__ = [
    "ConversationRecord",
    "Filing",
    "Filters",
    "History",
    "Hit",
    "PaneRecord",
    "ParamFilter",
    "Rating",
    "Recorder",
    "RunRecord",
    "Summary",
    "TurnRecord",
]
