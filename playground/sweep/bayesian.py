"""Bayesian search: Optuna chooses each point by what the earlier ones showed."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

from playground.background import off_loop
from playground.errors import UsageError
from playground.sweep.axis import Axis
from playground.sweep.definition import BayesianSearch, Direction, Place, Sweep
from playground.sweep.figures import CellFigures
from playground.sweep.made import Made
from playground.sweep.space import Drawn, Grid, Space, Values, interleaved
from playground.sweep.storage import check_storage, open_storage

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

    from playground.sweep.runner import Runner

MakeCell = Callable[[int, Values], Awaitable[CellFigures | None]]

MOST_AT_ONCE: Final = 4
"""Trials at work together, where one does not fill the model: none learns from the others."""

FIRST_BY_DICE: Final = 10
"""Trials at random before the sampler has something to learn from, or a quarter of all."""

ASKS_A_TRIAL: Final = 10
"""How often a sampler is asked for each trial, because it may choose again what was tried."""

DRAWS: Final = 1000
"""Points drawn from stretches in search of one that was not tried."""


def require_optuna(search: BayesianSearch, prompts: int) -> None:
    """Raise `UsageError` for a search that cannot be made, before anything starts."""
    if find_spec("optuna") is None:
        raise UsageError(
            "Bayesian search needs Optuna, which is not installed.",
            hint="pip install 'chat-playground[optimise]'",
        )
    if search.sampler == "gp" and (find_spec("torch") is None or find_spec("scipy") is None):
        raise UsageError(
            "The GP sampler needs torch and scipy, which are not installed.",
            hint="pip install torch scipy, or take --sampler tpe.",
        )
    check_storage(search.storage)
    if search.prune and len(search.objectives) > 1:
        raise UsageError("Several objectives cannot be pruned.", hint="Leave --prune out.")
    if search.prune and prompts < 2:
        raise UsageError(
            "Pruning leaves a setting after some of its prompts, and there is one prompt only.",
            hint="Leave --prune out, or give a file of prompts.",
        )


async def search(runner: Runner, model: int, cell: MakeCell, *, parallel: int) -> None:
    """Make the trials of one model that are missing; `parallel` answers fill it.

    A trial is one point with all prompts; its objectives are the means over them.
    """
    searching = await off_loop(lambda: _Searching(runner, model))
    sweep = runner.sweep
    for point in searching.left_before:
        left = [cell for group in searching.groups(point) for cell in group if runner.missing(cell)]
        _leave_out(runner, model, left)
    at_once = max(1, min(MOST_AT_ONCE, parallel // (len(sweep.prompts) * sweep.samples)))
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(_work(runner, searching, model, cell))
    if not runner.reason:
        for point in searching.never_begun:
            _leave_out(runner, model, [cell for group in searching.groups(point) for cell in group])


def _leave_out(runner: Runner, model: int, cells: Sequence[int]) -> None:
    """Do without some cells of a model."""
    runner.progress.leave_out(runner.progress.lanes[runner.sweep.models[model]], cells)


async def _work(runner: Runner, searching: _Searching, model: int, cell: MakeCell) -> None:
    """Ask, try and tell, until all trials are made or the sweep is to stop."""
    while await runner.may_begin():
        asked = await off_loop(searching.ask)
        if asked is None:
            return
        point, values, trial = asked
        found: list[CellFigures] = []
        groups = searching.groups(point)
        for done, numbers in enumerate(groups, start=1):
            for number in numbers:
                runner.begin_cell(number, values)
            figures = await asyncio.gather(*(cell(number, values) for number in numbers))
            found += [one for one in figures if one is not None]
            if None in figures:
                return
            if await off_loop(partial(searching.lags, trial, tuple(found))):
                _leave_out(runner, model, [cell for left in groups[done:] for cell in left])
                break
        else:
            await off_loop(partial(searching.tell, trial, values, tuple(found)))


class _Searching:
    """The study of one model, and which points are tried.

    Its methods block, in threads of their own, and wait for each other: between a point that is put
    into the study and its trial, another one's trial would take its place.
    """

    def __init__(self, runner: Runner, model: int) -> None:
        import optuna

        sweep = runner.sweep
        if not isinstance(sweep.search, BayesianSearch):
            raise TypeError("not a Bayesian search")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._sweep = sweep
        self._search = sweep.search
        self._model = model
        self._one_at_a_time = threading.Lock()
        self._tried: dict[str, tuple[float, ...] | None] = {}
        self._next = 0
        self._left: list[tuple[int, Values]] = []
        self.left_before: list[int] = []
        self._distributions = {axis.knob: _distribution(axis) for axis in sweep.axes}
        self._study = _study(sweep, self._search, f"{runner.id} {sweep.models[model]}")
        self._take_up(runner.made)

    @property
    def never_begun(self) -> range:
        """The points that no trial was made of: there was none that had not been tried."""
        return range(self._next, self._search.trials)

    def ask(self) -> tuple[int, Values, Trial] | None:
        """The next point with its number; None when all trials are made."""
        with self._one_at_a_time:
            return self._ask()

    def _ask(self) -> tuple[int, Values, Trial] | None:
        if self._left:
            point, values = self._left.pop(0)
            self._study.enqueue_trial(self._params(values))
            return point, values, self._asked()
        if self._next >= self._search.trials:
            return None
        for _ in range(ASKS_A_TRIAL):
            trial = self._asked()
            values = self._values(trial.params)
            if repr(values) not in self._tried:
                return self._begun(values, trial)
            # The same dice would give the same answers: what came of it is known, or will be.
            known = self._tried[repr(values)]
            if known is None:
                self._study.tell(trial, state=_fail())
            else:
                self._study.tell(trial, list(known))
        # It sees nothing better than what was tried or is at work. What was asked for is made all
        # the same, elsewhere.
        elsewhere = self._untried()
        if elsewhere is None:
            return None
        self._study.enqueue_trial(self._params(elsewhere))
        return self._begun(elsewhere, self._asked())

    def _begun(self, values: Values, trial: Trial) -> tuple[int, Values, Trial]:
        self._tried[repr(values)] = None
        self._next += 1
        return self._next - 1, values, trial

    def _untried(self) -> Values | None:
        """A point that was not tried, far from the last one that was found so; None without any."""
        axes = self._sweep.axes
        space: Space
        points: Iterable[int] = range(DRAWS)
        if any(axis.stretch for axis in axes):
            space = Drawn(axes, DRAWS, self._sweep.seed)
        else:
            space = Grid(axes)
            points = interleaved(len(space))
        found = (space.at(point) for point in points)
        return next((values for values in found if repr(values) not in self._tried), None)

    def groups(self, point: int) -> list[list[int]]:
        """The cells of a point: all together, or one after the other to be pruned between."""
        cells = [
            self._sweep.number(Place(self._model, prompt, point))
            for prompt in range(len(self._sweep.prompts))
        ]
        return [[cell] for cell in cells] if self._search.prune else [cells]

    def lags(self, trial: Trial, figures: Sequence[CellFigures]) -> bool:
        """Whether a trial is to be left now; then it has been told."""
        if not self._search.prune or len(figures) == len(self._sweep.prompts):
            return False
        values = self._objectives(figures)
        if values is None:
            return False
        with self._one_at_a_time:
            trial.report(values[0], step=len(figures))
            if not trial.should_prune():
                return False
            self._study.tell(trial, state=_pruned())
            return True

    def tell(self, trial: Trial, values: Values, figures: Sequence[CellFigures]) -> None:
        """Say what came of a trial."""
        found = self._objectives(figures)
        with self._one_at_a_time:
            self._tried[repr(values)] = found
            if found is None:
                self._study.tell(trial, state=_fail())
            else:
                self._study.tell(trial, list(found))

    def _asked(self) -> Trial:
        with warnings.catch_warnings():
            # Optuna warns of its own experimental parts; which they are is not the user's concern.
            warnings.simplefilter("ignore")
            return self._study.ask(self._distributions)

    def _objectives(self, figures: Sequence[CellFigures]) -> tuple[float, ...] | None:
        """The objectives of a trial: means over its prompts; None where one has no value."""
        return objectives_of(self._search, figures)

    def _take_up(self, made: Made) -> None:
        """Put in what earlier starts have made."""
        told = {repr(self._values(trial.params)) for trial in self._study.trials if trial.values}
        for trial in self._study.get_trials(deepcopy=False, states=(_running(),)):
            # Of a program that died in the middle of it.
            self._study.tell(trial.number, state=_fail())
        for _ in self._study.get_trials(deepcopy=False, states=(_waiting(),)):
            # Of one that died before it began: asking for the next point would give this one.
            self._study.tell(self._asked(), state=_fail())
        prompts = range(len(self._sweep.prompts))
        for point in range(self._search.trials):
            cells = [self._sweep.number(Place(self._model, prompt, point)) for prompt in prompts]
            known = [values for cell in cells if (values := made.points.get(cell)) is not None]
            if not known:
                continue
            self._next = point + 1
            values = known[0]
            self._tried[repr(values)] = None
            figures = [
                CellFigures.unpacked(made.estimates[c]) for c in cells if c in made.estimates
            ]
            found = self._objectives(figures) if len(figures) == len(cells) else None
            if self._search.prune and len(figures) == len(known) < len(cells):
                # The next prompt begins at once where a point is not left: this one was left. A
                # program that died in between loses a point by that, and makes none twice.
                self._add_trial(values, figures)
                self.left_before.append(point)
                continue
            if found is None:
                self._left.append((point, values))
                continue
            self._tried[repr(values)] = found
            if repr(values) not in told:
                self._add_trial(values, figures, found)

    def _add_trial(
        self,
        values: Values,
        figures: Sequence[CellFigures],
        found: tuple[float, ...] | None = None,
    ) -> None:
        """Put in a trial of an earlier start; without its objectives, one that was left early.

        What it came to after each prompt goes with it: later ones are held against that.
        """
        from optuna.trial import TrialState, create_trial

        steps = range(1, len(figures) + 1) if self._search.prune else ()
        after = {step: self._objectives(figures[:step]) for step in steps}
        self._study.add_trial(
            create_trial(
                state=TrialState.PRUNED if found is None else TrialState.COMPLETE,
                params=self._params(values),
                distributions=self._distributions,
                values=None if found is None else list(found),
                intermediate_values={step: one[0] for step, one in after.items() if one},
            )
        )

    def _values(self, params: dict[str, Any]) -> Values:
        """The knobs of a trial. Those that have values of their own are kept by their places."""
        return {
            axis.knob: _rounded(axis, params[axis.knob])
            if axis.stretch
            else axis.at(int(params[axis.knob]))
            for axis in self._sweep.axes
        }

    def _params(self, values: Values) -> dict[str, Any]:
        return {
            axis.knob: values[axis.knob]
            if axis.stretch
            else next(i for i, value in enumerate(axis.each()) if value == values[axis.knob])
            for axis in self._sweep.axes
        }


def objectives_of(
    search: BayesianSearch, figures: Sequence[CellFigures]
) -> tuple[float, ...] | None:
    """The objectives of a point from the figures of its cells: the means over its prompts.

    None where one of them has no value.
    """
    found = []
    for objective in search.objectives:
        values = [one.value(objective.metric) for one in figures]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        found.append(sum(known) / len(known))
    return tuple(found)


def _study(sweep: Sweep, search: BayesianSearch, name: str) -> Study:
    import optuna

    first = max(1, min(FIRST_BY_DICE, search.trials // 4))
    sampler: optuna.samplers.BaseSampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if search.sampler == "gp":
            sampler = optuna.samplers.GPSampler(seed=sweep.seed, n_startup_trials=first)
        else:
            sampler = optuna.samplers.TPESampler(
                seed=sweep.seed, n_startup_trials=first, multivariate=True, constant_liar=True
            )
    pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
    if search.prune:
        pruner = optuna.pruners.MedianPruner(n_startup_trials=first, n_warmup_steps=1)
    return optuna.create_study(
        study_name=name,
        storage=open_storage(search.storage),
        load_if_exists=True,
        sampler=sampler,
        pruner=pruner,
        directions=[_DIRECTIONS[objective.direction] for objective in search.objectives],
    )


_DIRECTIONS: Final[Mapping[Direction, Literal["maximize", "minimize"]]] = {
    "maximise": "maximize",
    "minimise": "minimize",
}
"""Our words in Optuna's spelling."""


def _distribution(axis: Axis) -> BaseDistribution:
    """Stretches as they are; values by their places, so that neighbours stay neighbours."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if axis.stretch and axis.whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    if axis.stretch:
        return FloatDistribution(axis.low, axis.high, log=axis.log)
    if axis.numeric:
        return IntDistribution(0, len(axis) - 1)
    return CategoricalDistribution([*range(len(axis))])


def _rounded(axis: Axis, value: float) -> float | int:
    return int(value) if axis.whole else float(f"{value:.6g}")


def _fail() -> Any:
    from optuna.trial import TrialState

    return TrialState.FAIL


def _pruned() -> Any:
    from optuna.trial import TrialState

    return TrialState.PRUNED


def _waiting() -> Any:
    from optuna.trial import TrialState

    return TrialState.WAITING


def _running() -> Any:
    from optuna.trial import TrialState

    return TrialState.RUNNING
