"""Correct a quarantined row without a spreadsheet: the same files as those who use one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from umea_eval.errors import UserError
from umea_eval.intake.quarantine import (
    ABOUT,
    CORRECTED,
    FOLDER,
    MEANT_AS_CORRECTED,
    Place,
    as_csv,
    check_untouched,
    correction_files,
    escape,
    own_cells,
    place_of,
    read_rows,
    write_private,
)


@dataclass(frozen=True)
class QuarantinedRow:
    """A row of the quarantine: where it belongs, its faults in words, its cells by heading.

    ``file`` is the file of the quarantine that it stands in. ``corrected``: somebody has corrected
    it since it was put there, and ``cells`` are the corrected ones.
    """

    place: Place
    sha256: str
    faults: str
    cells: Mapping[str, str]
    file: Path
    corrected: bool = False

    @property
    def key(self) -> str:
        """A name for the row that tells nothing of it, not even its file's name."""
        told = "\0".join((*self.place[:2], str(self.place[2]), self.sha256))
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def quarantined_rows(folder: Path) -> list[QuarantinedRow]:
    """The rows of the quarantine beside the exports in ``folder``, as it was last written.

    Rows of persons whose data are protected are never there. Raises UserError where somebody has
    changed one of its files under its own name.
    """
    home = folder / FOLDER
    if not home.is_dir():
        return []
    check_untouched(folder)
    corrected = {
        (place, row["source_sha256"]): own_cells(row)
        for path in correction_files(folder)
        for _, row in read_rows(path)[1]
        if (place := place_of(row)) is not None
    }
    found = []
    for path in sorted(home.glob("*.csv")):
        if path.name.startswith(".") or MEANT_AS_CORRECTED.fullmatch(path.name):
            continue
        for _, row in read_rows(path)[1]:
            place = place_of(row)
            if place is None:
                continue  # no file of ours
            sha256, cells = row["source_sha256"], own_cells(row)
            new = corrected.get((place, sha256), cells)
            found.append(
                QuarantinedRow(
                    place, sha256, row["faults"], {**cells, **new}, path, corrected=new != cells
                )
            )
    return found


def save_correction(row: QuarantinedRow, cells: Mapping[str, str]) -> Path:
    """Save the row with ``cells`` instead of its own, and return the file it was saved in.

    It goes where the row has been corrected before, else beside its file of the quarantine under
    the same name with ``.corrected.csv``. Raises UserError for a file that cannot be read or
    written.
    """
    home = row.file.parent
    about = [escape(row.place[0]), escape(row.place[1]), str(row.place[2]), row.sha256, row.faults]
    try:
        for path in correction_files(home.parent):
            headings, rows = read_rows(path)
            at = [
                number
                for number, (_, each) in enumerate(rows)
                if (place_of(each), each.get("source_sha256")) == (row.place, row.sha256)
            ]
            if at:
                lines = [[each[name] for name in headings] for _, each in rows]
                new = _line(headings, about, cells)
                for number in at:
                    lines[number] = new
                write_private(path, as_csv([headings, *lines]))
                return path
        headings = [*ABOUT, *(escape(name) for name in row.cells)]
        path, lines = _beside(row.file, headings)
        write_private(path, as_csv([headings, *lines, _line(headings, about, cells)]))
    except OSError:
        raise UserError("intake.quarantine_not_written", folder=FOLDER) from None
    return path


def _line(headings: Sequence[str], about: Sequence[str], cells: Mapping[str, str]) -> list[str]:
    told = dict(zip(ABOUT, about, strict=True))
    written = {escape(name): escape(cell) for name, cell in cells.items()}
    return [told[name] if name in told else written.get(name, "") for name in headings]


def _beside(file: Path, headings: Sequence[str]) -> tuple[Path, list[list[str]]]:
    """The file of corrections beside a file of the quarantine, and the lines it has already."""
    number, path = 1, file.with_name(f"{file.stem}{CORRECTED}")
    while path.exists():
        known, rows = read_rows(path)
        if known == list(headings):
            return path, [[each[name] for name in headings] for _, each in rows]
        number += 1  # of another table, from before files were added
        path = file.with_name(f"{file.stem} {number}{CORRECTED}")
    return path, []
