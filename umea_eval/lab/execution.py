"""The process of one job: it makes the report that the form asked for, and says how it went."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import JobFeature, Status
from jupyter_scheduler.orm import Job
from jupyter_scheduler.utils import get_utc_timestamp

from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.language import Language
from umea_eval.runs.cells import cell_source, is_injected, is_parameters_cell, notebook_cells
from umea_eval.runs.failures import message
from umea_eval.runs.produce import Order, order
from umea_eval.settings import Settings, read_settings, with_formats
from umea_eval.terminal import masked

# In the job's folder: where its report lies, below the reports' folder.
RESULT = "report_folder"
# The form's own tables have room for no more.
_LONGEST = 1024
_FEATURES = ("job_name", "parameters", "output_formats", "stop_job", "delete_job")


class ReportExecution(ExecutionManager):  # type: ignore[misc]  # jupyter_scheduler is untyped
    """Makes a report as ``umea-eval report`` does."""

    def process(self) -> None:
        """Do the job. What stops it is told by its state, never by a traceback."""
        _stand_alone()
        try:
            super().process()
        except KeyboardInterrupt:
            self._tell(Status.STOPPED)

    def execute(self) -> None:
        """Make the report. Raises what ``make_report`` raises."""
        from umea_eval.runs.ahead import make_report  # noqa: PLC0415 - the process has begun by now

        copy, job = Path(self.staging_paths["input"]), self.model
        settings = read_settings(Path(self.root_dir))
        os.chdir(settings.root)
        wanted, settings = asked(job.input_filename, job.parameters, job.output_formats, settings)
        if _said(copy) != _said(wanted.notebook):
            raise UserError("lab.errors.changed", notebook=wanted.notebook.name)
        folder = make_report(wanted, settings, language=settings.language)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is made, and can no longer be stopped
        place = folder.relative_to(settings.reports).as_posix()
        write_whole(copy.with_name(RESULT), place.encode())

    def on_failure(self, error: Exception) -> None:
        """Show the message that the command line shows."""
        self._tell(Status.FAILED, said(error, _language(self.root_dir)))

    def on_complete(self) -> None:
        """The report is there."""
        self._tell(Status.COMPLETED)

    @staticmethod
    def supported_features(_: type[ExecutionManager]) -> Mapping[JobFeature, bool]:
        """What the form offers."""
        return {each: each in _FEATURES for each in JobFeature}

    @staticmethod
    def validate(_: type[ExecutionManager], input_path: str) -> bool:
        """Whether the notebook may be run: the scheduler has checked more than is asked here."""
        return Path(input_path).is_file()

    def _tell(self, status: Status, words: str | None = None) -> None:
        with self.db_session() as session:
            session.query(Job).filter(Job.job_id == self.job_id).update(
                {"status": status, "status_message": words, "end_time": get_utc_timestamp()}
            )
            session.commit()


def asked(
    notebook: str,
    parameters: Mapping[str, str] | None,
    formats: Sequence[str] | None,
    settings: Settings,
) -> tuple[Order, Settings]:
    """The report that a form asks for, and the settings with its formats. Raises UserError.

    The parameters are written as after ``-p``; without formats the settings' own are made.
    """
    settings = with_formats(settings, ",".join(formats or ()))
    assignments = [f"{name}={value}" for name, value in (parameters or {}).items()]
    return order(notebook, assignments, settings, language=settings.language), settings


def said(error: Exception, language: Language) -> str:
    """What the form is told of a failure: no text of the exception's own, no identity number."""
    more = error.more(language) if isinstance(error, UserError) else ""
    return masked("\n".join(filter(None, (message(error, language).strip(), more))))[:_LONGEST]


def _language(root: str) -> Language:
    try:
        return read_settings(Path(root)).language
    except UserError:
        return "sv"


def _said(notebook: Path) -> list[tuple[str, str, bool]]:
    """What a notebook says: its cells without results and without what an earlier run put in."""
    return [
        (str(cell.get("cell_type")), cell_source(cell), is_parameters_cell(cell))
        for cell in notebook_cells(notebook)
        if not is_injected(cell)
    ]


def _stand_alone() -> None:
    """Ctrl-C in JupyterLab's terminal is JupyterLab's alone; it then stops what it has begun."""
    if sys.platform != "win32":
        os.setsid()

    def interrupt(number: int, frame: FrameType | None) -> None:
        # As Ctrl-C, which is held back where a process is being started.
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, interrupt)
