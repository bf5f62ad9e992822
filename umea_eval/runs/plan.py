"""What will a batch make, what is up to date already, and why?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from umea_eval.errors import UserError
from umea_eval.language import Language, listing, text
from umea_eval.runs.batch_file import BatchFile, Entry, Fault
from umea_eval.runs.cache import PARTS, Key, Part, changes, part_of
from umea_eval.runs.manifest import read_failures
from umea_eval.runs.notebooks import find_notebook
from umea_eval.runs.parameters import Parameter, bind, read_parameters
from umea_eval.runs.produce import Order, order_of, places
from umea_eval.runs.state import State
from umea_eval.settings import Settings

Reason = Literal["new", "changed", "failed", "forced", "up_to_date"]
_NAMED = 3


@dataclass(frozen=True)
class Planned:
    """One report of a batch: whether it will be made, and why.

    ``changed`` names what differs from the report that exists: parts of its key, and files and
    folders of data. ``seconds`` is how long it is expected to take, if that is known.
    """

    order: Order
    entry: Entry
    key: Key
    reason: Reason
    changed: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def name(self) -> str:
        """The report as people read it."""
        return f"{self.order.name}/{self.order.slug}"

    def why(self, language: Language) -> str:
        """The reason in words."""
        if self.reason != "changed":
            return text(f"runs.batch.reason_{self.reason}", language)
        parts = [
            text(f"runs.batch.part_{part}", language) for part in self.changed if part in PARTS
        ]
        data = [name for name in self.changed if name not in PARTS]
        if data:
            more = len(data) - _NAMED
            named = listing(data[:_NAMED], language) if more <= 0 else ", ".join(data[:_NAMED])
            key = "part_data_more" if more > 0 else "part_data"
            parts.append(text(f"runs.batch.{key}", language, files=named, more=more))
        return text("runs.batch.reason_changed", language, parts=listing(parts, language))


@dataclass
class Plan:
    """All reports of a batch file, each once, and the rows that cannot be used."""

    file: BatchFile
    reports: list[Planned] = field(default_factory=list)
    """All of them in the order of the file; each is in ``todo`` or ``up_to_date`` too."""
    todo: list[Planned] = field(default_factory=list)
    up_to_date: list[Planned] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    repeated: int = 0
    excluded: int = 0
    modules: tuple[str, ...] = ()
    """What the notebooks import: a warm server has it ready."""


@dataclass(frozen=True)
class _Notebook:
    path: Path
    parameters: tuple[Parameter, ...]
    part: Part


def make_plan(
    batch: BatchFile,
    settings: Settings,
    state: State,
    *,
    language: Language,
    report_language: Language | None = None,
    force: bool = False,
) -> Plan:
    """Check every row, and compare every report with what it depends on.

    Nothing is started. A row with a fault stops no other: it is listed in ``faults``.
    """
    plan = Plan(batch, faults=list(batch.faults))
    notebooks: dict[str, _Notebook | UserError] = {}
    orders: dict[tuple[str, str], tuple[Order, Entry]] = {}
    for entry in batch.entries:
        try:
            notebook = _notebook(entry.notebook, notebooks, settings, state, language)
            wanted = order_of(
                notebook.path,
                notebook.parameters,
                entry.assignments,
                settings,
                language=language,
                report_language=report_language,
            )
        except UserError as error:
            plan.faults.append(Fault(entry.row, error))
            continue
        plan.repeated += (wanted.name, wanted.slug) in orders
        orders.setdefault((wanted.name, wanted.slug), (wanted, entry))
    for exclusion in batch.exclusions:
        try:
            notebook = _notebook(exclusion.notebook, notebooks, settings, state, language)
            excluded = _excluded(exclusion, notebook, orders, language)
        except UserError as error:
            plan.faults.append(Fault(exclusion.row, error))
            continue
        plan.excluded += len(excluded)
        for name in excluded:
            del orders[name]
    failed = {(failure.notebook, failure.slug) for failure in read_failures(settings.reports)}
    used = [notebook for notebook in notebooks.values() if isinstance(notebook, _Notebook)]
    parts = {notebook.path: notebook.part for notebook in used}
    for name, (wanted, entry) in orders.items():
        key = parts[wanted.notebook].with_values(wanted.values)
        seconds = state.seconds(wanted.name)
        planned = Planned(wanted, entry, key, "up_to_date", seconds=seconds)
        reason, changed = _reason(planned, settings, state, force=force, failed=name in failed)
        planned = replace(planned, reason=reason, changed=changed)
        plan.reports.append(planned)
        (plan.up_to_date if reason == "up_to_date" else plan.todo).append(planned)
    plan.faults.sort(key=lambda fault: fault.row)
    plan.modules = tuple(sorted({module for notebook in used for module in notebook.part.modules}))
    return plan


def _notebook(
    name: str,
    known: dict[str, _Notebook | UserError],
    settings: Settings,
    state: State,
    language: Language,
) -> _Notebook:
    if name not in known:
        try:
            path = find_notebook(name, settings, language)
            part = part_of(path, settings, state.sources)
            known[name] = _Notebook(path, read_parameters(path), part)
        except UserError as error:
            known[name] = error
    found = known[name]
    if isinstance(found, UserError):
        raise found
    return found


def _excluded(
    exclusion: Entry,
    notebook: _Notebook,
    orders: Mapping[tuple[str, str], tuple[Order, Entry]],
    language: Language,
) -> list[tuple[str, str]]:
    """The reports that an exclusion takes away. Raises UserError if there are none."""
    bound = bind(notebook.parameters, exclusion.assignments, language=language)
    values = {name: bound[name] for name in _names(exclusion.assignments)}
    matching = [
        name
        for name, (wanted, _) in orders.items()
        if wanted.notebook == notebook.path
        and all(wanted.values[parameter] == value for parameter, value in values.items())
    ]
    if not matching:
        raise UserError("runs.batch.errors.excludes_nothing", language=language)
    return matching


def _names(assignments: Sequence[str]) -> list[str]:
    return [assignment.partition("=")[0] for assignment in assignments]


def _reason(
    planned: Planned, settings: Settings, state: State, *, force: bool, failed: bool
) -> tuple[Reason, tuple[str, ...]]:
    if force:
        return "forced", ()
    differing: list[list[str]] = []
    for place in places(planned.order, settings):
        made = state.made(place)
        if made is not None:
            differing.append(changes(made.cache, planned.key, state.sources))
    if failed:
        return "failed", ()
    if not differing:
        return "new", ()
    fewest = min(differing, key=len)
    return ("changed", tuple(fewest)) if fewest else ("up_to_date", ())


def expected_seconds(todo: Sequence[Planned], workers: int) -> float | None:
    """How long the reports will take with so many at a time; None if any is not known."""
    times = [planned.seconds for planned in todo]
    known = [seconds for seconds in times if seconds is not None]
    return sum(known) / max(workers, 1) if len(known) == len(times) else None
