"""Results as tables of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from playground.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


def frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a pandas frame; raises `UsageError` where pandas is not installed."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UsageError(
            "A data frame needs pandas, which is not installed.",
            hint="pip install 'chat-playground[report]'",
        ) from error
    return pd.DataFrame(list(rows))
