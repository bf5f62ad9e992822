"""Papermill runs the cells, in a kernel of this very interpreter, and errors come out as facts."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import execute_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.runs.cells import cell_source, is_injected, numbers, sections
from umea_eval.runs.failures import Frame, NotebookBug, short_path
from umea_eval.runs.interrupts import interrupt_later
from umea_eval.runs.kernel import ENVIRONMENT, MEMORY, SEED

NAME = "umea_eval.report"
START_SECONDS = 120
CANCEL_SECONDS = 5
# The longest path of a Unix socket is 104 bytes on macOS and 108 on Linux, the port included.
SOCKET_PATH = 90
LOG = "kernel.log"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

Progress = Callable[[int, int, str], None]
"""Called before each code cell: its number, how many there are, the heading it stands under."""


class _Kernel(AsyncKernelManager):
    """A kernel that is this interpreter, whatever kernels are registered on the machine."""

    own: Mapping[str, str] = {}
    """What this kernel alone has in its environment."""

    @property
    def kernel_spec(self) -> KernelSpec:
        folder = self.connection_file and str(Path(self.connection_file).parent)
        return KernelSpec(
            argv=[sys.executable, "-m", "umea_eval.runs.kernel", "-f", "{connection_file}"],
            display_name="umea_eval",
            language="python",
            metadata={"supported_encryption": ["curve"]},
            env={
                # The user's own start-up files and history are no part of a report.
                "IPYTHONDIR": folder,
                **ENVIRONMENT,
                **self.own,
            },
        )

    async def start_kernel(  # type: ignore[override]  # async in AsyncKernelManager, untyped there
        self, **kwargs: Any
    ) -> None:
        """Start the process. Ctrl-C waits until we know of it, or it would be left behind."""
        with interrupt_later():
            await super().start_kernel(**kwargs)


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill is untyped
    """Papermill's client, which after Ctrl-C waits no longer for the cell it was running."""

    def execute_cell(self, *arguments: Any, **kwargs: Any) -> Any:
        """Run one cell."""
        try:
            return super().execute_cell(*arguments, **kwargs)
        except KeyboardInterrupt:
            cancel_waiting()
            raise


def cancel_waiting() -> None:
    """End what waits for the kernel before it is killed: nobody is left to hear of its death."""
    loop = ensure_event_loop()
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    loop.run_until_complete(asyncio.wait_for(_gathered(waiting), CANCEL_SECONDS))


async def _gathered(tasks: Iterable[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


class _KernelEngine(Engine):  # type: ignore[misc]  # papermill is untyped
    """Papermill's engine with our kernel, private sockets, and no kernel left behind."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        on_cell: Callable[..., None],
        private: Path,
        seed: int,
        limits: Limits,
        **kwargs: Any,
    ) -> None:
        del kernel_name, kwargs
        folder, log = private, private / LOG
        client = _Client(
            nb_man,
            kernel_manager_class=_Kernel,
            startup_timeout=START_SECONDS,
            shutdown_kernel="immediate",
            on_cell_execute=on_cell,
            timeout_func=limits.left,
        )
        kernel = client.create_kernel_manager()
        kernel.own = {SEED: str(seed)}
        if limits.memory_bytes is not None:
            kernel.own[MEMORY] = str(limits.memory_bytes)
        kernel.connection_file = str(folder / "kernel.json")
        if os.name == "posix" and len(str(folder)) < SOCKET_PATH:
            kernel.transport, kernel.ip = "ipc", str(folder / "kernel")
        else:
            kernel.transport_encryption = "auto"
        try:
            with log.open("wb") as output:
                client.execute(stdout=output, stderr=output)
        except DeadKernelError:
            raise Died(_exit_status(kernel)) from None
        finally:
            _kill(kernel)


class Died(Exception):
    """The process that ran the cells has ended. A negative status is a signal's number."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


class Limits:
    """How long all cells together may take, and how much memory the process that runs them."""

    def __init__(self, seconds: float | None = None, memory_bytes: int | None = None) -> None:
        self.seconds = seconds
        self.memory_bytes = memory_bytes
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self, cell: Any = None) -> float | None:
        """The seconds that are left, at least a moment, or None without a limit."""
        del cell
        return None if self._end is None else max(0.01, self._end - time.monotonic())


NONE = Limits()


def run_notebook(
    document: Mapping[str, Any],
    *,
    name: str,
    folder: Path,
    language: Language,
    progress: Progress | None = None,
    limits: Limits = NONE,
    engine: type[Engine] = _KernelEngine,
    **more: Any,
) -> dict[str, Any]:
    """Run every cell of ``document`` in ``folder`` and return the notebook with its outputs.

    ``engine`` runs the cells, in the stock kernel or a warm one, and is given ``more``. Raises the
    UserError (or Withheld) that a cell raised, NotebookBug for any other exception in a cell, and
    UserError when the process took more memory or time than it may, or a disk is full.
    """
    import nbformat  # noqa: PLC0415 - papermill has imported it already

    cells = document["cells"]
    headings, counted = sections(cells, language), numbers(cells)

    def on_cell(*, cell: Any, cell_index: int) -> None:
        if progress and not is_injected(cell):
            progress(counted[cell_index], max(counted), headings[cell_index])

    private = _private_folder()
    papermill_engines.register(NAME, engine)
    try:
        notebook = execute_notebook(
            nbformat.from_dict(document),
            None,
            engine_name=NAME,
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=str(folder),
            on_cell=on_cell,
            private=private,
            seed=_seed(name, cells),
            limits=limits,
            **more,
        )
    except PapermillExecutionError as error:
        index = error.cell_index
        raise _told(error, name, counted[index], headings[index], limits) from None
    except CellTimeoutError:
        minutes = (limits.seconds or 0) / 60
        raise UserError("runs.errors.timeout", notebook=name, minutes=minutes) from None
    except Died as error:
        raise _dead(error, name, _tail(private / LOG)) from None
    finally:
        shutil.rmtree(private, ignore_errors=True)
    result: dict[str, Any] = json.loads(nbformat.writes(notebook))
    return result


def _seed(name: str, cells: Iterable[Mapping[str, Any]]) -> int:
    """Where a report's random numbers start: its own place, the same every time."""
    values = [cell_source(cell) for cell in cells if is_injected(cell)]
    return int.from_bytes(hashlib.sha256("\n".join([name, *values]).encode()).digest()[:4])


def _private_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="umea-eval-"))  # mode 0700
    except OSError:
        raise UserError("runs.errors.no_temporary") from None


def _told(error: Any, notebook: str, cell: int, section: str, limits: Limits) -> Exception:
    """The exception that a cell raised, as ours."""
    try:
        facts = json.loads("".join(error.traceback))
    except ValueError:
        # IPython reports a cell that is no Python without asking our handler.
        facts = {"type": error.ename, "text": error.evalue, "frames": []}
    user = facts.get("user")
    if user:
        kind = UserError
        if user["exit_code"] != UserError.exit_code:
            from umea_eval.disclosure.profiles import Withheld  # noqa: PLC0415

            kind = Withheld
        return kind(user["key"], language=user["language"], **user["values"])
    if facts.get("errno") in NO_SPACE:
        return UserError("runs.errors.no_space")
    if facts.get("memory"):
        if limits.memory_bytes is None:
            return UserError("runs.errors.memory", notebook=notebook)
        megabytes = limits.memory_bytes // 1_000_000
        return UserError("runs.errors.memory_limit", notebook=notebook, megabytes=megabytes)
    return NotebookBug(
        notebook=notebook,
        cell=cell,
        section=section,
        kind=facts["type"],
        frames=tuple(
            Frame(_place(file, cell), line, function) for file, line, function in facts["frames"]
        ),
        error_text=facts["text"],
    )


def _place(file: str, cell: int) -> str:
    """A file as the reader knows it: the cell, or the path from the package on."""
    in_cell = Path(file).parent.name.startswith("ipykernel_")
    return f"[{cell}]" if in_cell else short_path(file)


def _dead(error: Died, notebook: str, log: str) -> Exception:
    if error.status in (-9, 137):  # the kernel of the system ends what takes too much memory
        return UserError("runs.errors.memory", notebook=notebook)
    return NotebookBug(
        notebook=notebook,
        cell=0,
        section="",
        kind=f"exit status {error.status}",
        frames=(),
        error_text=log,
    )


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:] if log.exists() else ""


def _process(kernel: Any) -> Any:
    return getattr(getattr(kernel, "provisioner", None), "process", None)


def _exit_status(kernel: Any) -> int | None:
    process = _process(kernel)
    return None if process is None else process.poll()


def _kill(kernel: Any) -> None:
    """End the kernel at once if it still runs, as after Ctrl-C: it has nothing to save."""
    process = _process(kernel)
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()
