"""Carry out a plan: makers at work, their results remembered, and the index of it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.runs import machine
from umea_eval.runs.clashing import finished_of, withhold
from umea_eval.runs.folders import remove_leftovers
from umea_eval.runs.latest import Latest, write_latest
from umea_eval.runs.manifest import forget_failure, git_state, remember_failure
from umea_eval.runs.plan import Plan, Planned
from umea_eval.runs.pool import Begun, ColdPool, Ended, Job, Result, WarmPool
from umea_eval.runs.produce import failure_of
from umea_eval.runs.state import State
from umea_eval.runs.warm.server import Unfit
from umea_eval.settings import Settings
from umea_eval.terminal import masked

if TYPE_CHECKING:
    from umea_eval.runs.cluster import Cluster

# No notebook of ours takes minutes; one that never ends must not hold the others up all night.
TIMEOUT_MINUTES = 60.0
LOG = "server.log"


@dataclass
class Progress:
    """How far a batch has come, and how long the rest will take."""

    total: int
    workers: int
    known: dict[str, float | None]
    ended: int = 0
    failed: int = 0
    _times: list[float] = field(default_factory=list)

    def end(self, name: str, result: Result) -> None:
        """One report more has ended."""
        self.known.pop(name, None)
        self.ended += 1
        self.failed += result.folder is None
        self._times.append(result.seconds)

    def seconds_left(self) -> float:
        """What remains: as long as each took before, or as the others have taken now."""
        usual = sum(self._times) / len(self._times) if self._times else 0.0
        # What this batch has seen goes before what earlier ones remember of another machine's load.
        times = [
            seconds if not self._times and seconds else usual for seconds in self.known.values()
        ]
        return sum(times) / self.workers


Told = Callable[[Planned, Result, Progress], None]


@dataclass(frozen=True)
class Summary:
    """What a batch came to. ``withheld``: reports that would have opened an earlier one, by name,
    each with what there is to say of it; they count as failed."""

    done: int
    failed: int
    up_to_date: int
    faults: int
    interrupted: bool = False
    withheld: Mapping[str, UserError] = field(default_factory=dict)


def run_plan(
    plan: Plan,
    settings: Settings,
    state: State,
    *,
    language: Language,
    told: Told,
    begun: Callable[[Planned], None] = lambda _: None,
    show_error_text: bool = False,
    force: bool = False,
    warm: bool = True,
    cluster: Cluster | None = None,
    from_file: bool = True,
) -> Summary:
    """Make what the plan says. ``told`` hears of each report that has ended.

    ``warm=False`` uses stock kernels; ``cluster`` makes them instead of this process's own makers.
    What has been made when it is interrupted stays made. Without a batch file (``from_file=False``)
    a report has no limits of its own, and the index does not tell of the run.
    """
    file, todo = plan.file, plan.todo
    megabytes = None if file.memory_mb is None else file.memory_mb * 1_000_000
    if cluster is None:
        workers = machine.workers(file.workers, len(todo), megabytes)
    else:
        workers = min(cluster.workers(), len(todo))
    remove_leftovers(settings.reports)
    seconds = 60 * (file.timeout_minutes or TIMEOUT_MINUTES)
    # Another computer's memory is its own: it is divided there.
    elsewhere = cluster is not None and not cluster.local
    memory = megabytes if elsewhere else machine.memory_limit(megabytes, workers)
    jobs, planned = _jobs(
        plan,
        settings,
        state,
        language=language,
        force=force,
        show_error_text=show_error_text,
        seconds=seconds if from_file else None,
        memory_bytes=memory if from_file else None,
    )
    progress = Progress(len(jobs), workers, {each.name: each.seconds for each in todo})

    def ended(job: Job, result: Result) -> None:
        each = planned[job.name]
        if result.kind in ("died", "stuck"):
            result = _explained(each, result, settings, language)
        if result.folder is not None:
            forget_failure(settings.reports, each.order.name, each.order.slug)
            state.made(result.folder)  # remembered with the next save
        progress.end(each.name, result)
        told(each, result, progress)

    started, interrupted = datetime.now().astimezone(), True
    withheld: Mapping[str, UserError] = {}
    try:
        if jobs:
            _run(
                *(jobs, plan, settings, state),
                workers=workers,
                begun=lambda job: begun(planned[job.name]),
                ended=ended,
                warm=warm,
                cluster=cluster,
            )
        withheld = _withhold(plan, settings, state, language)
        interrupted = False
    finally:
        state.save()
        remove_leftovers(settings.reports)
        old = sum(each.name in withheld for each in plan.up_to_date)
        summary = Summary(
            done=progress.ended - progress.failed - (len(withheld) - old),
            failed=progress.failed + len(withheld),
            up_to_date=len(plan.up_to_date) - old,
            faults=len(plan.faults),
            interrupted=interrupted,
            withheld=withheld,
        )
        if from_file:
            write_latest(settings.reports, _latest(plan, summary, started, language))
    return summary


def _withhold(
    plan: Plan, settings: Settings, state: State, language: Language
) -> dict[str, UserError]:
    finished = finished_of(plan, settings, state)
    gone = withhold(finished, settings, language=language, state=state)
    return {f"{order.name}/{order.slug}": gone[at] for order, at in finished if at in gone}


def _run(
    jobs: Sequence[Job],
    plan: Plan,
    settings: Settings,
    state: State,
    *,
    workers: int,
    begun: Begun,
    ended: Ended,
    warm: bool,
    cluster: Cluster | None,
) -> None:
    notebooks = sorted({planned.order.notebook for planned in plan.todo})
    if cluster is not None:
        from umea_eval.runs.cluster import ClusterPool  # noqa: PLC0415 - only with a cluster

        pool = ClusterPool(cluster, plan.modules, notebooks, settings.root)
        pool.run(jobs, begun, ended)
        return
    if warm:
        warm_pool = WarmPool(plan.modules, notebooks, settings.root, workers, state.folder / LOG)
        done: set[str] = set()

        def noted(job: Job, result: Result) -> None:
            done.add(job.name)
            ended(job, result)

        try:
            with closing(warm_pool):
                warm_pool.run(jobs, begun, noted)
        except Unfit:
            jobs = [job for job in jobs if job.name not in done]
        else:
            return
    ColdPool(settings.root, workers).run(jobs, begun, ended)


def _jobs(
    plan: Plan,
    settings: Settings,
    state: State,
    *,
    language: Language,
    force: bool,
    show_error_text: bool,
    seconds: float | None,
    memory_bytes: int | None,
) -> tuple[list[Job], dict[str, Planned]]:
    git = git_state(settings.root)
    jobs, planned = [], {}
    for each in plan.todo:
        order: dict[str, Any] = {
            "root": str(settings.root),
            "formats": ",".join(settings.formats),
            "state": str(state.folder),
            "notebook": each.order.name,
            "assignments": list(each.entry.assignments),
            "report_language": each.order.language,
            "language": language,
            "key": asdict(each.key),
            "git": git,
            "seconds": seconds,
            "memory_bytes": memory_bytes,
            "force": force,
            "show_error_text": show_error_text,
        }
        jobs.append(Job(each.name, order))
        planned[each.name] = each
    return jobs, planned


def _explained(each: Planned, result: Result, settings: Settings, language: Language) -> Result:
    """A maker that could not say what was wrong with it: said for it, and remembered."""
    if result.kind == "stuck":
        minutes = result.seconds / 60
        said = text("runs.errors.timeout", language, notebook=each.order.name, minutes=minutes)
    elif result.status in (-9, 137):
        said = text("runs.errors.memory", language, notebook=each.order.name)
    else:
        kind = f"exit status {result.status}"
        said = text("runs.bug_died", language, notebook=each.order.name, kind=kind)
    now = datetime.now().astimezone()
    failure = failure_of(each.order, said, language, time=now, seconds=result.seconds)
    remember_failure(settings.reports, failure)
    return Result("failed", result.seconds, message=said, status=result.status)


def _latest(plan: Plan, summary: Summary, started: datetime, language: Language) -> Latest:
    return Latest(
        file=plan.file.name,
        time=started.isoformat(timespec="seconds"),
        done=summary.done,
        failed=summary.failed,
        up_to_date=summary.up_to_date,
        interrupted=summary.interrupted,
        faults=[[fault.row, masked(fault.error.message(language))] for fault in plan.faults],
    )
