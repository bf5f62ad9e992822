"""The engine of our own reports on warm interpreters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from papermill.engines import Engine

from umea_eval.runs.engine import LOG, Died, Limits
from umea_eval.runs.warm.channel import Channel
from umea_eval.runs.warm.client import Process, WarmClient, WarmKernel
from umea_eval.runs.warm.interpreter import Task

Fork = Callable[[Task], tuple[Channel, Process]]


class ReportEngine(Engine):  # type: ignore[misc]  # papermill is untyped
    """Runs a report's cells in an interpreter that ``fork`` makes."""

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
        fork: Fork,
        heard: Callable[[list[str]], None],
        **kwargs: Any,
    ) -> None:
        """Run all cells; ``heard`` is told which files were read."""
        del kernel_name, kwargs
        task = Task(
            folder=Path.cwd(),
            private=private,
            seed=seed,
            memory_bytes=limits.memory_bytes,
        )
        kernel = WarmKernel(*fork(task))
        client = WarmClient(nb_man, kernel, on_cell_execute=on_cell, timeout_func=limits.left)
        try:
            client.execute()
            kernel.finish()
        except DeadKernelError:
            raise Died(kernel.process.kill()) from None
        finally:
            kernel.close()
            log = private / "stderr"
            if log.exists():
                log.rename(private / LOG)
        heard(kernel.reads)
