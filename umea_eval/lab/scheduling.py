"""The form "Create job" on the side of the server: what it takes, shows, stops and offers."""

from __future__ import annotations

import atexit
import json
import logging
import multiprocessing
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.extension import SchedulerApp
from jupyter_scheduler.job_files_manager import JobFilesManager
from jupyter_scheduler.models import (
    CreateJob,
    CreateJobDefinition,
    DescribeJob,
    JobFile,
    ListJobsQuery,
    ListJobsResponse,
    RuntimeEnvironment,
    Status,
)
from jupyter_scheduler.orm import Job
from jupyter_scheduler.scheduler import Scheduler
from jupyter_scheduler.utils import get_utc_timestamp
from traitlets import default

from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.lab.execution import RESULT, ReportExecution, asked, said
from umea_eval.language import Language, text
from umea_eval.runs.cells import cell_source, notebook_cells
from umea_eval.runs.editions import document_file
from umea_eval.runs.manifest import FILE, read_manifest
from umea_eval.runs.produce import DOCUMENTS, PAGE
from umea_eval.settings import FORMATS, Settings, read_settings

# Below the reports' folder, hidden: what was asked for, and how it went.
JOBS = ".jobs"
STOP_SECONDS = 10
# A process that began longer after its job than this is another's, with the number used again.
_START_SECONDS = 60
_UNFINISHED = (Status.CREATED, Status.QUEUED, Status.IN_PROGRESS, Status.STOPPING)
# A click opens these; Word and Excel files are downloaded from the report's folder, as JupyterLab
# answers a click on one with an error.
_OPENED = ("html", "pdf")
_NAMES: Mapping[str, str] = {"html": "HTML", "pdf": "PDF", "docx": "Word", "xlsx": "Excel"}


class ReportFormats(EnvironmentManager):  # type: ignore[misc]  # jupyter_scheduler is untyped
    """The formats that the form offers. The page is always made; without a choice, all usual."""

    def list_environments(self) -> list[RuntimeEnvironment]:
        """The one environment: this project's."""
        return [
            RuntimeEnvironment(
                name="umea_eval",
                label="umea_eval",
                description="umea_eval",
                file_extensions=["ipynb"],
                output_formats=list(FORMATS),
            )
        ]

    def manage_environments_command(self) -> str:
        """There is nothing to manage."""
        return ""

    def output_formats_mapping(self) -> Mapping[str, str]:
        """The formats' names, the same in both languages."""
        return {each: _NAMES[each] for each in FORMATS}


class ReportFiles(JobFilesManager):  # type: ignore[misc]  # jupyter_scheduler is untyped
    """Reports are offered where they lie: a copy would be in a folder that others may open."""

    async def copy_from_staging(self, job_id: str, redownload: bool | None = False) -> None:
        """Copy nothing."""


class ReportScheduler(Scheduler):  # type: ignore[misc]  # jupyter_scheduler is untyped
    """Takes jobs that are reports of this project, by the rules of ``umea-eval report``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        logging.getLogger(SchedulerApp.__name__).addFilter(_without_traceback)
        atexit.register(self._stop_all)

    @default("execution_manager_class")
    def _default_execution(self) -> type[ReportExecution]:
        return ReportExecution

    @default("staging_path")
    def _default_staging_path(self) -> str:
        return str(jobs_folder(read_settings(Path(self.root_dir))))

    def create_job(self, model: CreateJob) -> str:
        """Begin a job. Raises SchedulerError, with our message, for what cannot be a report."""
        self._check(model)
        model.package_input_folder = False  # it would copy whole folders, with whatever is there
        job_id: str = super().create_job(model)
        # Until its process has begun the scheduler would call it stopped.
        self._change(job_id, (Status.STOPPED,), status=Status.CREATED, never_begun=True)
        return job_id

    def create_job_definition(self, model: CreateJobDefinition) -> str:
        """Keep a job to be done by the clock. Raises as ``create_job``."""
        self._check(model)
        model.package_input_folder = False
        model.output_formats = model.output_formats or []
        definition: str = super().create_job_definition(model)
        return definition

    def copy_input_file(self, input_uri: str, copy_to_path: str) -> None:
        """Keep what the notebook says, not its results: they are not for keeping."""
        source, copy = Path(self.root_dir, input_uri), Path(copy_to_path)
        cells: list[dict[str, Any]] = [
            {
                "cell_type": cell.get("cell_type"),
                "metadata": {"tags": cell.get("metadata", {}).get("tags", [])},
                "source": cell_source(cell),
                **({"outputs": [], "execution_count": None} if _is_code(cell) else {}),
            }
            for cell in notebook_cells(source)
        ]
        kept = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        copy.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        write_whole(copy, json.dumps(kept, ensure_ascii=False).encode())

    def get_job(self, job_id: str, job_files: bool | None = True) -> DescribeJob:
        """One job."""
        self._settle()
        return super().get_job(job_id, job_files)

    def list_jobs(self, query: ListJobsQuery) -> ListJobsResponse:
        """The jobs that ``query`` asks for."""
        self._settle()
        return super().list_jobs(query)

    def stop_job(self, job_id: str) -> None:
        """Stop a job so that it leaves nothing half done; one that has ended stays as it is."""
        if not self._change(job_id, _UNFINISHED, status=Status.STOPPING):
            return
        with self.db_session() as session:
            job = session.query(Job).filter(Job.job_id == job_id).one()
            process = _process(job.pid, job.create_time)
        if process is not None:
            _end([process])
        self._change(
            job_id, (Status.STOPPING,), status=Status.STOPPED, end_time=get_utc_timestamp()
        )

    def delete_job(self, job_id: str) -> None:
        """Forget a job; the report that it made stays."""
        self.stop_job(job_id)
        super().delete_job(job_id)

    def add_job_files(self, model: DescribeJob) -> None:
        """Offer the files of the finished report, where they lie."""
        settings = read_settings(Path(self.root_dir))
        folder, names = self._made(model, settings)
        offered = [(_NAMES[each], each, folder / names[each]) for each in _OPENED if each in names]
        if names:
            offered.append(("Files", "files", folder))
        offered.append(("Input", "input", settings.notebooks / model.input_filename))
        model.job_files = [
            JobFile(display_name=name, file_format=kind, file_path=self._shown(path))
            for name, kind, path in offered
        ]
        model.downloaded = True

    def _made(self, model: DescribeJob, settings: Settings) -> tuple[Path, dict[str, str]]:
        """The folder of a job's report, and its documents by format."""
        try:
            place = Path(self.staging_path, model.job_id, RESULT).read_text(encoding="utf-8")
        except OSError:
            return settings.reports, {}
        folder = settings.reports / place
        manifest = read_manifest(folder / FILE)
        if manifest is None:  # it has been removed since
            return folder, {}
        names = {"html": PAGE}
        names |= {each: document_file(name, manifest) for each, name in DOCUMENTS.items()}
        return folder, {each: name for each, name in names.items() if (folder / name).is_file()}

    def _shown(self, path: Path) -> str | None:
        """A path as JupyterLab knows it, None for one that it does not show."""
        root = Path(self.root_dir).resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else None

    def _check(self, model: CreateJob | CreateJobDefinition) -> None:
        language: Language = "sv"
        try:
            settings = read_settings(Path(self.root_dir))
            language = settings.language
            wanted, _ = asked(
                model.input_filename, model.parameters, model.output_formats, settings
            )
            given = Path(self.root_dir, model.input_uri).resolve()
            # By the clock it is the copy of then, which the job compares with the project's.
            if given != wanted.notebook.resolve() and not getattr(model, "job_definition_id", None):
                raise UserError(
                    "lab.errors.not_an_evaluation",
                    language=language,
                    notebook=given.name,
                    folder=settings.notebooks.name,
                )
        except UserError as error:
            raise SchedulerError(said(error, language)) from None

    def _settle(self) -> None:
        """A job whose process is gone without a word has failed."""
        with self.db_session() as session:
            jobs = session.query(Job).filter(Job.status.in_(_UNFINISHED)).all()
            facts = [(job.job_id, Status(job.status), job.pid, job.create_time) for job in jobs]
        for job_id, status, number, created in facts:
            recent = number is None and time.time() - created / 1000 < _START_SECONDS
            if recent or _process(number, created) is not None:
                continue
            changed: dict[str, Any] = {"status": Status.STOPPED, "end_time": get_utc_timestamp()}
            if status != Status.STOPPING:
                language = read_settings(Path(self.root_dir)).language
                changed |= {
                    "status": Status.FAILED,
                    "status_message": text("lab.died", language),
                }
            self._change(job_id, (status,), **changed)

    def _change(
        self, job_id: str, known: Iterable[Status], *, never_begun: bool = False, **values: Any
    ) -> bool:
        """Change a job that is still in one of the ``known`` states, and say whether it was."""
        with self.db_session() as session:
            jobs = session.query(Job).filter(Job.job_id == job_id, Job.status.in_(tuple(known)))
            if never_begun:
                jobs = jobs.filter(Job.start_time.is_(None))
            changed = jobs.update(values)
            session.commit()
            return bool(changed)

    def _stop_all(self) -> None:
        """The server ends: so do the jobs that it has begun."""
        own = [each.pid for each in multiprocessing.active_children() if each.pid is not None]
        with self.db_session() as session:
            jobs = session.query(Job).filter(Job.status.in_(_UNFINISHED), Job.pid.in_(own)).all()
            begun = [_process(job.pid, job.create_time) for job in jobs]
        _end([each for each in begun if each is not None])


def jobs_folder(settings: Settings) -> Path:
    """Where the jobs are kept, a folder that only its owner can open."""
    folder = settings.reports / JOBS
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(stat.S_IRWXU)
    return folder


def _is_code(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code"


def _process(number: int | None, created: int) -> psutil.Process | None:
    """The living process of a job that was ``created`` (milliseconds), if it is that."""
    if number is None:
        return None
    try:
        process = psutil.Process(number)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process if process.create_time() < created / 1000 + _START_SECONDS else None
    except psutil.Error:
        return None


def _end(processes: Sequence[psutil.Process]) -> None:
    """Let processes end in order, and end those that do not."""
    for process in processes:
        process.terminate()
    _, left = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)


def _without_traceback(record: logging.LogRecord) -> bool:
    """What the form is told is no bug: the server's log says it in one line."""
    if record.exc_info and isinstance(record.exc_info[1], SchedulerError):
        record.exc_info = None
    return True
