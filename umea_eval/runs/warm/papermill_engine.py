"""Papermill's engine on warm interpreters, for any notebook: the entry point ``umea_eval``.

``papermill --engine umea_eval NOTEBOOK OUT`` and ``papermill.execute_notebook(...,
engine_name="umea_eval")`` find it by its name. The first notebook of a process starts the server,
which imports what notebooks import; every later one is forked from it. Papermill loads this module
each time it is imported itself, so everything else is imported when a notebook runs.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from papermill.engines import NBClientEngine


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill is untyped
    """Papermill's own engine, but for where the kernel comes from.

    What it does not know (another kernel than Python's, another system than Linux, modules that
    start threads) runs as papermill would run it without us.
    """

    @classmethod
    def execute_managed_notebook(  # noqa: PLR0917 - papermill's signature
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Run all cells of a notebook."""
        private = Path(tempfile.mkdtemp(prefix="umea-eval-"))  # mode 0700
        try:
            kernel = _forked(private) if _is_python(nb_man, kernel_name) else None
            if kernel is not None:
                cls._execute_warm(
                    nb_man,
                    kernel,
                    timeout=execution_timeout or kwargs.pop("timeout", None),
                    log_output=log_output,
                    stdout_file=stdout_file,
                    stderr_file=stderr_file,
                    **kwargs,
                )
                return
        finally:
            shutil.rmtree(private, ignore_errors=True)
        super().execute_managed_notebook(
            nb_man,
            kernel_name,
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
            start_timeout=start_timeout,
            execution_timeout=execution_timeout,
            **kwargs,
        )

    @staticmethod
    def _execute_warm(notebook_manager: Any, kernel: Any, **traits: Any) -> None:
        from umea_eval.runs.warm.client import WarmClient  # noqa: PLC0415 - see above

        known = set(WarmClient.class_trait_names()) - {"startup_timeout", "kernel_name"}
        given = {name: value for name, value in traits.items() if name in known}
        try:
            WarmClient(notebook_manager, kernel, **given).execute()
        finally:
            kernel.close()


def _is_python(notebook_manager: Any, kernel_name: str) -> bool:
    spec = notebook_manager.nb.metadata.get("kernelspec", {})
    python = spec.get("language", "python") == "python" and kernel_name in ("python3", "python")
    return sys.platform == "linux" and python


def _forked(private: Path) -> Any:
    """A warm interpreter, or None where no fork is safe."""
    from umea_eval.runs.warm.client import WarmKernel  # noqa: PLC0415 - see above
    from umea_eval.runs.warm.interpreter import Task  # noqa: PLC0415
    from umea_eval.runs.warm.server import with_shared  # noqa: PLC0415

    task = Task(
        folder=Path.cwd(),
        private=private,
        seed=int.from_bytes(os.urandom(4)),
        checked=False,
        environment=dict(os.environ),
    )
    forked = with_shared(lambda server: server.fork(task))
    return None if forked is None else WarmKernel(*forked)
