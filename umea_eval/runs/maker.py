"""The process that makes one report of a batch: forked from the server, or started for it.

It tells the batch of each cell, and at the end how it went, as JSON. Whatever becomes of it (a
crash, the system's memory), it takes no other report with it.
"""

from __future__ import annotations

import codecs
import json
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language, catalogue, rooms
from umea_eval.report import provenance
from umea_eval.runs.cache import Key, Sources, changes
from umea_eval.runs.cells import cell_source, notebook_cells
from umea_eval.runs.failures import message, own_text
from umea_eval.runs.locks import locked, number_of
from umea_eval.runs.manifest import FILE, read_manifest
from umea_eval.runs.produce import Order, Stock, order, places, produce
from umea_eval.settings import Settings, read_settings, with_formats

if TYPE_CHECKING:
    from umea_eval.disclosure.tables import Released

Tell = Callable[[Mapping[str, Any]], None]

DONE, MADE, FAILED = "done", "made", "failed"
"""How a report went: made now; made by another batch meanwhile; not made."""


@dataclass
class Warm(Stock):
    """The cells run in an interpreter forked from this process (Linux)."""

    def run(self, document: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Run the cells, as ``run_notebook`` does."""
        from umea_eval.runs.engine import Limits, run_notebook  # noqa: PLC0415
        from umea_eval.runs.warm.engine import ReportEngine  # noqa: PLC0415 - Linux only
        from umea_eval.runs.warm.fork import fork_interpreter  # noqa: PLC0415

        def heard(reads: Sequence[str]) -> None:
            self.reads = reads

        limits = Limits(self.seconds, self.memory_bytes)
        return run_notebook(
            document,
            limits=limits,
            engine=ReportEngine,
            fork=fork_interpreter,
            heard=heard,
            **kwargs,
        )


def prepare(notebooks: Iterable[Path] = ()) -> None:
    """Import and build all that a maker of ``notebooks`` needs, before it is forked."""
    # The validator of notebooks builds 35 parsers for this format (1.1 s), which none of them uses.
    absent = "rfc3987_syntax" not in sys.modules
    if absent:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # Python's way to say so
    import docx  # noqa: PLC0415, F401
    import typst  # noqa: PLC0415, F401
    import xlsxwriter  # noqa: PLC0415, F401
    from nbformat.validator import get_validator  # noqa: PLC0415

    import umea_eval.disclosure.project  # noqa: PLC0415
    import umea_eval.report.tables  # noqa: PLC0415
    import umea_eval.report.workbook  # noqa: PLC0415
    import umea_eval.runs.engine  # noqa: PLC0415
    import umea_eval.runs.executed  # noqa: PLC0415
    import umea_eval.runs.warm.engine  # noqa: PLC0415, F401
    from umea_eval.disclosure.tables import Released  # noqa: PLC0415
    from umea_eval.report.figures import draw_svg  # noqa: PLC0415
    from umea_eval.report.fragments import macros  # noqa: PLC0415
    from umea_eval.report.page import highlighted, page_exporter  # noqa: PLC0415

    if absent:
        del sys.modules["rfc3987_syntax"]
    for language in LANGUAGES:
        page_exporter(language).template  # noqa: B018 - compiles it
        macros(language)
    draw_svg(_draw, Released({}), name="warm", alt="")  # finds the fonts of our look
    for notebook in notebooks:
        with suppress(UserError):  # the report that it was to be says so
            for cell in notebook_cells(notebook):
                if cell["cell_type"] == "code":
                    highlighted(cell_source(cell))
    for minor in range(6):
        get_validator(4, minor)
    for room in (None, *rooms()):
        catalogue(room)
    codecs.lookup("cp437")  # what names of files in a workbook's archive are written with
    provenance.code_sha256()
    provenance.all_packages()
    provenance.main_packages()


def _draw(released: Released, axes: Any) -> None:
    """A figure with all that figures usually have."""
    del released
    axes.plot([0, 1], [0, 1], label="0")
    axes.set(title="0", xlabel="0", ylabel="0")
    axes.legend()


def make(channel: Any, job: Mapping[str, Any]) -> None:
    """Make the report of ``job`` as a forked process, telling of it over ``channel``."""
    signal.signal(signal.SIGTERM, _stop)
    way = Warm(job["seconds"], job["memory_bytes"])
    _make(job, channel.send, way)


def _stop(number: int, frame: Any) -> None:
    """The batch wants to end: leave through every `finally`."""
    del number, frame
    raise KeyboardInterrupt


def _make(job: Mapping[str, Any], tell: Tell, way: Stock) -> None:
    settings = with_formats(read_settings(Path(job["root"])), job["formats"])
    language: Language = job["language"]
    try:
        wanted = order(
            job["notebook"],
            job["assignments"],
            settings,
            language=language,
            report_language=job["report_language"],
        )
        # The batch file is the project's standing order: that it fails is news.
        wanted = replace(wanted, tried=False)
        with locked(Path(job["state"]), number_of(wanted.name, wanted.slug)):
            key = Key(**job["key"])
            made = None if job["force"] else _made_meanwhile(wanted, key, settings)
            if made is None:
                folder = produce(
                    wanted,
                    settings,
                    language=language,
                    progress=lambda number, total, section: tell(
                        {"cell": number, "of": total, "section": section}
                    ),
                    way=way,
                    key=key,
                    git=lambda _: job["git"],
                )
            else:
                folder = made
    except KeyboardInterrupt:
        return
    except Exception as error:  # noqa: BLE001 - told to the batch, which goes on
        exit_code = error.exit_code if isinstance(error, UserError) else 1
        own = "" if isinstance(error, UserError) else own_text(error)
        tell(
            {
                "outcome": FAILED,
                "message": message(error, language),
                "own": own if job["show_error_text"] else "",
                "exit_code": exit_code,
            }
        )
        return
    tell({"outcome": DONE if made is None else MADE, "folder": str(folder)})


def _made_meanwhile(wanted: Order, key: Key, settings: Settings) -> Path | None:
    """The report's folder, if another batch has made it since ours was planned."""
    for folder in places(wanted, settings):
        kept = read_manifest(folder / FILE)
        sources = Sources(settings.root)
        if kept is not None and not changes(kept.get("cache", {}), key, sources):
            return folder
    return None


def main() -> None:
    """Make a report in a process of its own: the job on standard input, the news on the output."""
    job = json.loads(sys.stdin.read())
    news = sys.stdout
    sys.stdout = sys.stderr

    def tell(facts: Mapping[str, Any]) -> None:
        news.write(json.dumps(facts) + "\n")
        news.flush()

    _make(job, tell, Stock(job["seconds"], job["memory_bytes"]))


if __name__ == "__main__":
    main()
