"""The lens: opened on an answer, with doors to models, scores and further answers."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from playground.background import off_loop
from playground.errors import PlaygroundError, UsageError
from playground.reasoning import begins_marked, rejoined
from playground.tui import dialogs
from playground.tui.drawer_actions import DrawerActions

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.providers.base import ChatModel, Given
    from playground.tui.conversation import Branch, Turn, Version
    from playground.tui.lens.subject import Subject
    from playground.tui.widgets.pane import Pane
    from playground.types import Token

__all__ = ["LensActions"]

CANDIDATES: Final = 20
"""The likeliest tokens that are asked for with each token, where nothing else is set."""


class LensActions(DrawerActions):
    """Opens the lens, and does for it what it cannot do itself."""

    def action_lens(self) -> None:
        """Look at the tokens of the answer in view of the active pane."""
        pane = self.active_pane
        turn = pane.conversation.last_answered
        if turn is None:
            self.say(self._figures_on(pane))
        else:
            self._do(self._look(pane, turn))

    async def _look(self, pane: Pane, turn: Turn) -> None:
        version = turn.current
        if version is None:
            self.say("This turn has no answer yet.")
            return
        subject = await self._subject_of(pane, turn, version)
        # Beside the event loop: plotext takes a tenth of a second to import.
        await off_loop(lambda: importlib.import_module("playground.tui.screens.lens"))
        from playground.tui.screens.lens import LensScreen

        await self.push_screen_wait(LensScreen(subject, _Desk(self)))

    async def _subject_of(self, pane: Pane, turn: Turn, version: Version) -> Subject:
        from playground.tui.lens.subject import Subject

        run = version.run
        model: ChatModel | None = self._shelf.get(str(run.model.ref)) or run.model
        if model is not None and "next_token" not in model.abilities:
            model = None
        failure = self._shelf.failure(str(run.model.ref)) if model is None else None
        missing = "" if failure is None else str(failure)
        subject = Subject(pane.letter, turn, version, model, missing=missing)
        if not subject.tokens and not subject.live and version.written:
            name, choice = version.name
            try:
                kept = await self.archive.read(lambda history: history.tokens(name, choice))
            except PlaygroundError:
                # A run that was never written has no figures either.
                kept = ()
            subject = replace(subject, kept=kept)
        return subject

    def _figures_on(self, pane: Pane) -> str:
        """Have the next answers of a pane bring their figures along; what was done."""
        conversation = pane.conversation
        if conversation.params.logprobs:
            return f"Pane {pane.letter} asks for log-probabilities already: ask, then Alt+L."
        conversation.params = conversation.params.updated(logprobs=CANDIDATES)
        pane.params_changed()
        self._show_drawer()
        return (
            f"logprobs {CANDIDATES} in pane {pane.letter}: its next answers bring their tokens "
            "along. Alt+L looks at them, while they come too."
        )

    def _pane_of(self, turn: Turn) -> Pane | None:
        """The pane whose last turn in view this is."""
        return next((pane for pane in self.panes if pane.conversation.last_turn is turn), None)


class _Desk:
    """The doors that the lens is given: see `playground.tui.lens.desk.Desk`."""

    def __init__(self, app: LensActions) -> None:
        self._app = app

    async def scored(self, subject: Subject, ref: str) -> Subject:
        """The answer with figures that a model gives for its text."""
        app = self._app
        model = await app._shelf.open(ref)
        if "score" not in model.abilities:
            raise UsageError(
                f"{ref} cannot score a text.", hint="Local models can: M chooses one of those."
            )
        # Who thought before it answered reads that too: it is what the answer follows from.
        version = subject.version
        text = version.written if str(model.ref) == subject.ref else version.text
        found = await model.score(subject.messages, text, alternatives=CANDIDATES)
        asked = model if "next_token" in model.abilities else None
        return replace(
            subject, model=asked, scored=[item.token for item in found], scorer=str(model.ref)
        )

    def local_models(self) -> Sequence[str]:
        """References of open models that can score a text."""
        refs = dict.fromkeys(pane.conversation.ref for pane in self._app.panes)
        return [
            ref
            for ref in refs
            if (model := self._app._shelf.get(ref)) is not None and "score" in model.abilities
        ]

    async def choose_model(self, current: str) -> str:
        """The model that the user picks."""
        from playground.tui.screens.model_picker import ModelPicker

        picker = ModelPicker("A local model to read the answer with", current, local=True)
        return await self._app.push_screen_wait(picker) or ""

    def ask_for_figures(self, subject: Subject) -> str:
        """Turn log-probabilities on in the pane of an answer."""
        pane = self._app._pane_of(subject.turn) or self._app.active_pane
        return self._app._figures_on(pane)

    async def ask_again(self, subject: Subject, params: GenerationParams) -> Subject | None:
        """The same prompt with the same dice, with log-probabilities."""
        return await self._begin(subject, params)

    async def branch(
        self, subject: Subject, place: int, token: Token, params: GenerationParams
    ) -> Subject | None:
        """Another answer, which goes on from one of its tokens with another candidate."""
        from playground.tui.conversation import Branch

        app = self._app
        pane = app._pane_of(subject.turn)
        model = subject.model if pane is None else await app._shelf.open(pane.conversation.ref)
        if model is None or "continue_from" not in model.abilities:
            raise UsageError(
                f"{subject.ref} cannot go on from inside an answer.", hint="Local models can."
            )
        if not token.data and token.token_id is not None:
            token = replace(token, data=(await model.vocabulary())[token.token_id])
        tokens = (*subject.tokens[:place], token)
        read = b"".join(item.data or item.text.encode() for item in tokens)
        text = subject.beginning + read.decode("utf-8", "replace")
        if subject.version.reasoning and not begins_marked(text):
            text = rejoined(text, "")
        given: Given = text
        before = None if subject.foreign else await subject.ids_before(place, model)
        if before is not None and token.token_id is not None:
            ids = (*before, token.token_id)
            # As text where that is cut into the same tokens: then exports and scripts can read it.
            given = text if await model.tokenize(text) == ids else ids
        # Of a beginning that was given as text, its tokens are not among these.
        known = () if subject.beginning else tokens
        return await self._begin(subject, params, Branch(given, known, text))

    async def _begin(
        self, subject: Subject, params: GenerationParams, branch: Branch | None = None
    ) -> Subject | None:
        app = self._app
        pane = app._pane_of(subject.turn)
        if pane is None:
            app.say("Only the last turn of a pane is asked again: F10 goes back to an earlier one.")
            return None
        # One that is not open is opened now, or says why it cannot be: its file may have gone.
        model = await app._shelf.open(pane.conversation.ref)
        if app._pane_of(subject.turn) is not pane or not app._all_free([pane]):
            return None
        plan = subject.plan
        seed = plan.effective.get("seed") if plan is not None else None
        from playground.params import SEEDS

        # One answer with the same dice: what differs then differs by the settings.
        if params.seed is None and isinstance(seed, int):
            params = params.updated(seed=seed)
        if params.seed is not None:
            params = params.updated(seed=(params.seed + subject.version.choice) % SEEDS)
        if params.n is not None and params.n > 1:
            params = params.updated(n=1)
        if not params.logprobs:
            params = params.updated(logprobs=CANDIDATES)
        run = pane.branch(subject.turn, model, params, branch)
        from playground.tui.conversation import Version
        from playground.tui.lens.subject import Subject

        asked = model if "next_token" in model.abilities else None
        return Subject(subject.letter, subject.turn, Version(run), asked)

    async def at(self, subject: Subject, version: Version) -> Subject:
        """Another answer of the same turn, which is then the one in view."""
        app = self._app
        pane = app._pane_of(subject.turn)
        if pane is not None and not pane.busy:
            subject.turn.chosen = version
            app.archive.choose(subject.turn)
            pane.page(0)
        return await app._subject_of(pane or app.active_pane, subject.turn, version)

    async def others(self, subject: Subject) -> Sequence[Subject]:
        """The other answers to the same prompt: in the other panes, then of the same turn."""
        app = self._app
        found = []
        for pane in app.panes:
            for turn in pane.conversation.turns:
                version = turn.current
                if turn is subject.turn or turn.round != subject.turn.round or version is None:
                    continue
                found.append(await app._subject_of(pane, turn, version))
        pane = app._pane_of(subject.turn) or app.active_pane
        rest = [item for item in reversed(subject.turn.versions) if item != subject.version]
        return [
            *found,
            *[await app._subject_of(pane, subject.turn, item) for item in rest if item.text],
        ]

    def compare(self, subject: Subject, other: Version) -> None:
        """Show what differs between two answers of a turn."""
        versions = subject.turn.versions
        titles = [
            (f"{subject.letter} · answer {versions.index(version) + 1}", version.text)
            for version in sorted((subject.version, other), key=versions.index)
        ]
        dialogs.show_difference(self._app, *titles)
