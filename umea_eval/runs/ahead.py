"""One report at the keyboard: what its cells need is imported while we import what runs them.

A stock kernel is started when papermill has been imported, then opens its sockets, and only then
imports pandas in the first cell. Here a server (``warm.server``) begins with that at once, and the
interpreter of the cells is forked from it. Where no fork is safe the stock kernel does it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.runs.index import write_index
from umea_eval.runs.interrupts import interrupt_later
from umea_eval.runs.produce import Order, Progress, Stock, produce
from umea_eval.runs.warm.server import USUAL, Server, Stale, Unfit
from umea_eval.settings import Settings

# What a notebook that shows a report imports, in its first cell and by and by.
_REPORT = ("umea_eval.report.report", "umea_eval.report.figures")


@dataclass
class Ahead(Stock):
    """The cells run in an interpreter forked from ``server``, in a stock kernel without one."""

    server: Server | None = None

    def run(self, document: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Run the cells, as ``run_notebook`` does."""
        from umea_eval.runs.engine import Limits, run_notebook  # noqa: PLC0415 - see `Stock`

        _import_the_rest()
        if self.server is None or not _ready(self.server):
            return super().run(document, **kwargs)
        from umea_eval.runs.warm.engine import ReportEngine  # noqa: PLC0415 - Linux only

        def heard(reads: Sequence[str]) -> None:
            self.reads = reads

        limits = Limits(self.seconds, self.memory_bytes)
        try:
            return run_notebook(
                document,
                limits=limits,
                engine=ReportEngine,
                fork=self.server.fork,
                heard=heard,
                **kwargs,
            )
        except (Stale, Unfit):  # known before the first cell
            return super().run(document, **kwargs)


@contextmanager
def ahead(settings: Settings) -> Iterator[Ahead]:
    """A way to run cells that has begun to import already. It ends with what it has started."""
    server = None
    try:
        with interrupt_later(), suppress(Unfit, OSError):
            server = Server((*USUAL, *_REPORT), folder=settings.root, log=Path(os.devnull))
        yield Ahead(server=server)
    finally:
        if server is not None:
            server.close()


def make_report(
    wanted: Order, settings: Settings, *, language: Language, progress: Progress | None = None
) -> Path:
    """Make one report and the index of all, and return the report's folder (see ``produce``)."""
    try:
        with ahead(settings) as way:
            folder = produce(wanted, settings, language=language, progress=progress, way=way)
    except Exception:
        with suppress(UserError):  # the message that matters is the first one
            write_index(settings)
        raise
    write_index(settings)
    return folder


def _ready(server: Server) -> bool:
    try:
        server.wait_until_ready()
    except Unfit:
        return False
    return True


def _import_the_rest() -> None:
    """Import what makes a page of a notebook, while the server imports what makes the notebook."""
    import umea_eval.report.page  # noqa: PLC0415
    import umea_eval.report.tables  # noqa: PLC0415
    import umea_eval.report.workbook  # noqa: PLC0415
    import umea_eval.runs.executed  # noqa: PLC0415, F401
