"""Begins a sweep, or goes on with one that is kept."""

from __future__ import annotations

from playground.background import off_loop
from playground.errors import BrokenFile, UsageError
from playground.history import History
from playground.history.sweeping import RUNNING, KeptSweep
from playground.ids import new_id
from playground.providers.registry import open_hurried
from playground.sweep.bayesian import require_optuna
from playground.sweep.budget import MostOfARun, reached
from playground.sweep.definition import BayesianSearch, Budget, Sweep
from playground.sweep.departures import departures
from playground.sweep.forecast import Forecast, forecast
from playground.sweep.keeping import HIDDEN
from playground.sweep.lane import Executor, HereLane
from playground.sweep.made import Made
from playground.sweep.measuring import Measuring
from playground.sweep.progress import Progress
from playground.sweep.runner import Runner, Watcher
from playground.sweep.storage import open_storage


def check(sweep: Sweep) -> tuple[str, ...]:
    """Raise what can be known to go wrong before anything is sent; opens no connection.

    Raises `UsageError` for a metric that a model cannot give, or cannot be asked for, a setting
    that is out of range, or a budget that does not hold one answer, and what opening a model
    raises. Returns what is to be said of it: usual metrics that cannot be had, knobs that a model
    drops or takes only in part, a budget of money that cannot be counted.
    """
    if isinstance(sweep.search, BayesianSearch):
        require_optuna(sweep.search, len(sweep.prompts))
    measuring = Measuring(sweep)
    measuring.check_asked()
    expected = forecast(sweep)
    said: dict[str, None] = {}
    for ref, model in zip(sweep.models, expected.models, strict=True):
        opened = open_hurried(ref)
        notes = measuring.check(sweep, opened, priced=model.cost is not None)
        said |= dict.fromkeys((*notes, *departures(sweep, opened)))
    for model in expected.all:
        if sweep.budget.cost is not None and model.cost is None:
            held = f"{model.ref} has no known price: the budget of ${sweep.budget.cost:g} does not"
            said[f"{held} hold it, unless the endpoint says what each answer cost."] = None
    spent = reached(sweep.budget, Progress(sweep.cells, sweep.runs), _most(expected))
    if spent is not None:
        raise UsageError(
            spent.sentence,
            hint="Take a larger budget, or a smaller max_length.",
        )
    # Ends of axes are in range, but two knobs together may still contradict each other.
    sweep.params.updated(**sweep.space.at(0))
    return tuple(said)


def begin(
    sweep: Sweep,
    history: History,
    *,
    executor: Executor = HereLane,
    watch: Watcher = lambda _cell: None,
) -> Runner:
    """A runner for a sweep that has not begun.

    Raises as `check` does, and for the storage of a study that cannot be opened.
    """
    check(sweep)
    _try_storage(sweep)
    return Runner(
        sweep,
        history,
        id=new_id(),
        executor=executor,
        watch=watch,
        most=_most(forecast(sweep)),
    )


async def resume(
    name: str,
    history: History,
    *,
    force: bool = False,
    failed_again: bool = False,
    budget: Budget | None = None,
    storage: str = "",
    executor: Executor = HereLane,
    watch: Watcher = lambda _cell: None,
) -> Runner:
    """A runner for what is missing of a kept sweep, by the beginning of its name.

    What `budget` and `storage` say takes the place of what it had, now and when it is gone on with
    again; limits of which `budget` says nothing stay.

    Raises `UnknownRecord`, or `UsageError` for a storage without a study, where another program is
    at it, or where the file of a model has changed since (unless `force`: then answers of both
    stand side by side, and `findings` says which are of which).
    """
    kept = await off_loop(lambda: history.sweeps.load(name))
    if kept.state == RUNNING:
        raise UsageError(f"The sweep {kept.id} is running in another program.")
    sweep = definition_of(kept)
    if storage and not isinstance(sweep.search, BayesianSearch):
        raise UsageError(
            f"The sweep {kept.id} searches nothing, and has no study to be kept in a storage.",
            hint="Leave --storage out.",
        )
    if isinstance(sweep.search, BayesianSearch) and (storage or hides_password(sweep)):
        if not storage:
            raise UsageError(
                f"The study of {kept.id} is in a database whose password is not kept.",
                hint="Name it again: --storage",
            )
        found = sweep.search.model_copy(update={"storage": storage})
        sweep = sweep.model_copy(update={"search": found})
    if budget is not None and budget.model_fields_set:
        said = {name: getattr(budget, name) for name in budget.model_fields_set}
        limits = sweep.budget.model_copy(update=said)
        sweep = sweep.model_copy(update={"budget": limits})
    await off_loop(lambda: _try_storage(sweep))
    if not force:
        await _refuse_changed(kept, sweep)
    # Before it is claimed: a key may be missing, and then it is to stay as it was.
    most = _most(forecast(sweep))
    if not await off_loop(lambda: history.sweeps.claim(kept.id)):
        raise UsageError(f"The sweep {kept.id} is running in another program.")
    try:
        shelf = history.sweeps
        made = await off_loop(lambda: Made.load(kept, sweep, shelf, failed_again=failed_again))
        return Runner(
            sweep,
            history,
            id=kept.id,
            made=made,
            executor=executor,
            watch=watch,
            most=most,
        )
    except BaseException:
        # Nobody is at work on it: claimed, it could not be gone on with while this program lives.
        history.sweeps.settle(kept.id, kept.state, kept.reason)
        raise


def hides_password(sweep: Sweep) -> bool:
    """Whether its study is in a database whose password was left out when it was kept."""
    return isinstance(sweep.search, BayesianSearch) and HIDDEN in sweep.search.storage


def definition_of(kept: KeptSweep) -> Sweep:
    """What a kept sweep is; raises `BrokenFile` where that cannot be read any more."""
    try:
        return Sweep.model_validate_json(kept.definition)
    except ValueError as error:
        raise BrokenFile(f"The sweep {kept.id} cannot be read: {error}.") from error


async def _refuse_changed(kept: KeptSweep, sweep: Sweep) -> None:
    for ref in sweep.models:
        if not kept.files.get(ref):
            continue
        was = kept.files[ref][-1]
        async with open_hurried(ref) as model:
            provenance = await model.provenance()
        file = provenance.file
        if file is not None and file.sha256 != was:
            raise UsageError(
                f"{file.path} is not the file that this sweep began with: its SHA-256 was {was} "
                f"and is {file.sha256}.",
                hint="Put the old file back, or go on with the new one by --force.",
            )


def _try_storage(sweep: Sweep) -> None:
    """Open the storage of a study, before anything of the sweep is made."""
    if isinstance(sweep.search, BayesianSearch):
        open_storage(sweep.search.storage)


def _most(expected: Forecast) -> MostOfARun:
    judge = expected.judge
    return MostOfARun(
        cost=max(model.dearest or 0.0 for model in expected.models),
        tokens=max(model.longest for model in expected.models),
        judge=(judge.dearest or 0.0) if judge is not None else 0.0,
        dearest={model.ref: model.dearest or 0.0 for model in expected.models},
    )
