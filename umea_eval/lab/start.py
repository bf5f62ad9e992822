"""JupyterLab as it is opened here: on our first page, with the warm kernel and the form."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from umea_eval.errors import UserError
from umea_eval.runs.warm.kernel_spec import install
from umea_eval.settings import Settings

PAGE = "docs/lab/START.ipynb"
# JupyterLab's own settings, where they are not the usual: it asks nothing of the network.
SETTINGS = Path(__file__).parent / "settings"


def start(settings: Settings, *, port: int, browser: bool) -> None:
    """Open JupyterLab, until Ctrl-C. ``port`` 0 is the usual, or the next that is free.

    Raises UserError where JupyterLab is not installed.
    """
    if find_spec("jupyterlab") is None:
        raise UserError("lab.errors.not_installed")
    from jupyterlab.labapp import LabApp  # noqa: PLC0415 - it need not be installed

    install(Path(sys.prefix))
    LabApp.launch_instance([*_options(settings), *_form(settings), *_address(port, browser)])


def _options(settings: Settings) -> list[str]:
    first = f"/lab/tree/{PAGE}" if (settings.root / PAGE).is_file() else "/lab"
    return [
        f"--ServerApp.root_dir={settings.root}",
        f"--LabApp.default_url={first}",
        f"--LabApp.app_settings_dir={SETTINGS}",
    ]


def _form(settings: Settings) -> list[str]:
    """The form makes our reports. Jupyter Scheduler does not run on Python 3.14 yet."""
    if find_spec("jupyter_scheduler") is None or sys.version_info >= (3, 14):
        return []
    from umea_eval.lab import scheduling  # noqa: PLC0415 - it need not be installed

    room = scheduling.__name__
    database = (scheduling.jobs_folder(settings) / "jobs.sqlite").as_posix()
    return [
        f"--SchedulerApp.db_url=sqlite:///{database}",
        f"--SchedulerApp.scheduler_class={room}.{scheduling.ReportScheduler.__name__}",
        f"--SchedulerApp.environment_manager_class={room}.{scheduling.ReportFormats.__name__}",
        f"--SchedulerApp.job_files_manager_class={room}.{scheduling.ReportFiles.__name__}",
    ]


def _address(port: int, browser: bool) -> list[str]:
    chosen = [f"--ServerApp.port={port}"] if port else []
    return chosen if browser else [*chosen, "--no-browser"]
