"""What `playground ask` writes into the history. It answers just as well where none can be kept."""

from __future__ import annotations

from collections.abc import Sequence

from playground.cli.output import note
from playground.errors import PlaygroundError
from playground.ids import new_id
from playground.run import Run

RECEIPT_SECONDS = 3.0
"""How long the command stays for the sum of a model's file, which is computed once."""


class Keeper:
    """Files the answers to one prompt as a conversation of one turn a model."""

    def __init__(self, prompt: str, *, system: str) -> None:
        # sqlite3 is loaded only now: not for `--help`.
        from playground.history import History, Recorder

        self._prompt = prompt
        self._system = system
        self._history: History | None = None
        try:
            self._history = History.open()
        except PlaygroundError as error:
            note(f"Not kept in the history: {error}")
            return
        if self._history.notice:
            note(self._history.notice)
        self._recorder = Recorder(self._history)

    def follow(self, runs: Sequence[Run]) -> None:
        """Start the runs, and write them down until they have ended."""
        if self._history is None:
            return
        from playground.history import Filing

        conversation, round_ = new_id(), new_id()
        for place, run in enumerate(runs):
            filing = Filing(
                conversation=conversation,
                place=place,
                model=str(run.model.ref),
                params=run.params,
                system=self._system,
                round=round_,
                prompt=self._prompt,
                origin="ask",
            )
            self._recorder.follow(run.listen(), filing)

    async def aclose(self) -> None:
        """Wait until all is written."""
        if self._history is None:
            return
        await self._recorder.settled(RECEIPT_SECONDS)
        if lost := self._history.close():
            note(f"{lost} writes to the history could not be made: {self._history.problem}")
