"""Every report of the project in both languages, as a batch that no file asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from umea_eval.language import LANGUAGES, Language
from umea_eval.runs.batch_file import BatchFile, Entry
from umea_eval.runs.manifest import Failure, remember_failure
from umea_eval.runs.notebooks import existing_notebooks, find_notebook
from umea_eval.runs.plan import Planned, make_plan
from umea_eval.runs.pool import Result
from umea_eval.runs.run_batch import Summary, run_plan
from umea_eval.runs.state import State
from umea_eval.settings import Settings


def produce_all(
    names: Sequence[str],
    settings: Settings,
    *,
    language: Language,
    begun: Callable[[str, Language], None],
    failed: Callable[[str, str, str], None],
    show_error_text: bool = False,
) -> Summary:
    """Make each named notebook's report (all of them without names) in both languages.

    ``begun`` is told as each report starts, ``failed`` the name and message of one that fails and
    the error's own text, if that is asked for, and of one that is taken away again because it would
    open an earlier one. One that fails does not stop the rest. Raises UserError for a name that
    does not exist, before anything starts, and when there are no notebooks.
    """
    wanted = names or list(existing_notebooks(settings, language))
    paths = [find_notebook(name, settings, language) for name in wanted]
    rows = [(path, report_language) for path in paths for report_language in LANGUAGES]
    file = BatchFile(
        "", [Entry(path.stem, (f"language={each}",), row) for row, (path, each) in enumerate(rows)]
    )
    state = State(settings.root, settings.reports, create=True)
    plan = make_plan(file, settings, state, language=language, force=True)
    for fault in plan.faults:
        path, report_language = rows[fault.row]
        _remember(path, report_language, fault.error.message(language), settings)
        failed(path.stem, fault.error.message(language), "")

    def told(planned: Planned, result: Result, _: object) -> None:
        if result.folder is None:
            failed(planned.order.name, result.message, result.own)

    summary = run_plan(
        plan,
        settings,
        state,
        language=language,
        begun=lambda planned: begun(planned.order.name, planned.order.language),
        told=told,
        show_error_text=show_error_text,
        force=True,
        from_file=False,
    )
    for name, error in summary.withheld.items():
        failed(name, error.message(language), "")
    return summary


def _remember(path: Path, report_language: Language, said: str, settings: Settings) -> None:
    """A notebook whose parameters cannot be read is a failed report in the index."""
    failure = Failure(
        title=path.stem,
        notebook=path.stem,
        slug=report_language,
        language=report_language,
        parameters={},
        message=said,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
        duration_s=0.0,
    )
    remember_failure(settings.reports, failure)
