"""Every report of the project, one after the other; one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language
from umea_eval.runs.clashing import withhold
from umea_eval.runs.manifest import Failure, remember_failure
from umea_eval.runs.notebooks import existing_notebooks, find_notebook
from umea_eval.runs.produce import Order, order, produce
from umea_eval.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """One report of a batch: its folder, or the error. ``clashes``: it was made, and taken away
    again because it would have opened an earlier one."""

    name: str
    language: Language
    folder: Path | None
    error: Exception | None
    order: Order | None = None
    clashes: bool = False


def produce_all(
    names: Sequence[str],
    settings: Settings,
    *,
    language: Language,
    begun: Callable[[str, Language], None],
    ended: Callable[[Outcome], None],
) -> list[Outcome]:
    """Make each named notebook's report (all of them without names) in both languages.

    ``begun`` and ``ended`` are told as each report starts and ends; ``ended`` once more, last, of
    each that would open an earlier one and is taken away again. Raises UserError for a name that
    does not exist, before anything starts, and when there are no notebooks.
    """
    wanted = names or list(existing_notebooks(settings, language))
    found = [find_notebook(name, settings, language).stem for name in wanted]
    outcomes: list[Outcome] = []
    for name in found:
        for report_language in LANGUAGES:
            begun(name, report_language)
            outcome = _one(name, report_language, settings, language)
            ended(outcome)
            outcomes.append(outcome)
    made = [(each.order, each.folder) for each in outcomes if each.order and each.folder]
    gone = withhold(made, settings, language=language)
    for place, outcome in enumerate(outcomes):
        error = gone.get(outcome.folder) if outcome.folder else None
        if error is not None:
            outcomes[place] = replace(outcome, folder=None, error=error, clashes=True)
            ended(outcomes[place])
    return outcomes


def _one(name: str, report_language: Language, settings: Settings, language: Language) -> Outcome:
    try:
        wanted = _ordered(name, report_language, settings, language)
        folder = produce(wanted, settings, language=language)
    except Exception as error:  # noqa: BLE001 - a bug in one report must not stop the others
        return Outcome(name, report_language, None, error)
    return Outcome(name, report_language, folder, None, wanted)


def _ordered(name: str, report_language: Language, settings: Settings, language: Language) -> Order:
    """An order; a notebook whose parameters cannot be read is a failed report in the index."""
    try:
        return order(name, (), settings, language=language, report_language=report_language)
    except UserError as error:
        failure = Failure(
            title=name,
            notebook=name,
            slug=report_language,
            language=report_language,
            parameters={},
            message=error.message(language),
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
            duration_s=0.0,
        )
        remember_failure(settings.reports, failure)
        raise
