"""What is said of a failure: always what and where, never an exception's own text."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

from umea_eval.errors import UserError
from umea_eval.language import Language, text


@dataclass(frozen=True)
class Frame:
    """One line of a traceback; a file of ours or a package's is named from the package on."""

    file: str
    line: int
    function: str


class NotebookBug(Exception):
    """A cell failed with something else than a UserError: a bug in the notebook or in our code.

    ``error_text`` is the exception's own text. It may quote data, so it is shown only on demand.
    ``cell`` is 0 if the whole process died.
    """

    def __init__(
        self,
        *,
        notebook: str,
        cell: int,
        section: str,
        kind: str,
        frames: tuple[Frame, ...],
        error_text: str,
    ) -> None:
        super().__init__(f"{notebook}, cell {cell}: {kind}")
        self.notebook = notebook
        self.cell = cell
        self.section = section
        self.kind = kind
        self.frames = frames
        self.error_text = error_text


def message(error: Exception, language: Language) -> str:
    """What the user is told. An exception's own text may quote data and is left out."""
    if isinstance(error, UserError):
        return error.message(language)
    if isinstance(error, NotebookBug):
        where = "bug_notebook" if error.cell else "bug_died"
        return text(
            f"runs.{where}",
            language,
            notebook=error.notebook,
            cell=error.cell,
            section=error.section or "–",
            kind=error.kind,
            frames=_lines(error.frames, language),
        )
    kind, frames = type(error).__name__, frames_of(error)
    return text("runs.bug", language, kind=kind, frames=_lines(frames, language))


def own_text(error: Exception) -> str:
    """The exception's own text, for one who has asked for it."""
    if isinstance(error, NotebookBug):
        return error.error_text
    return "".join(traceback.format_exception(error))


def frames_of(error: Exception) -> tuple[Frame, ...]:
    """The frames of an exception's traceback."""
    return tuple(
        Frame(short_path(frame.filename), frame.lineno or 0, frame.name)
        for frame in traceback.extract_tb(error.__traceback__)
    )


def short_path(file: str) -> str:
    """A file from its package on: no folder of the user's machine."""
    parts = Path(file).parts
    for marker, skip in (("site-packages", 1), ("umea_eval", 0)):
        if marker in parts:
            last = len(parts) - 1 - parts[::-1].index(marker)
            return "/".join(parts[last + skip :])
    return Path(file).name


def _lines(frames: tuple[Frame, ...], language: Language) -> str:
    return "\n".join(
        "  "
        + text("runs.frame", language, file=frame.file, line=frame.line, function=frame.function)
        for frame in frames
    )
