"""The quarantined rows themselves: kept beside the raw files, corrected there, and read again.

Nothing else in the product holds their text. The folder ``.quarantine`` is never read as an export.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleanResult
from umea_eval.intake.encoding import decode
from umea_eval.intake.grid import categorical
from umea_eval.intake.identity import without_identities
from umea_eval.intake.tables import RawExport, RawTable, Remark
from umea_eval.language import Language, has_text, text

FOLDER = ".quarantine"
CORRECTED = ".corrected.csv"
# Systems that hide the end of a name let people write it twice, or another after it.
READ_AS_CORRECTED = re.compile(r".*\.corrected(?:\.csv)*\.(?:csv|txt)", re.IGNORECASE | re.DOTALL)
MEANT_AS_CORRECTED = re.compile(r"(?!\.|~\$).*\.corrected\b.*", re.IGNORECASE | re.DOTALL)
# Which files were written here, and how they looked: what has changed since is somebody's work.
WRITTEN = ".written.json"
# Before the row's own cells. The hash is of the file as it was: a correction holds for no other.
ABOUT = ("source_file", "source_sheet", "source_row", "source_sha256", "faults")
_OWN_NAME = re.compile(r"\d{3,}_.*\.csv", re.DOTALL)
_SEPARATOR = re.compile(r"sep=.\r?\n", re.IGNORECASE)
_FORMULA = ("=", "+", "@", "\t", "\r")

Place = tuple[str, str, int]
"""File, sheet and row."""


@dataclass(frozen=True)
class Corrections:
    """Corrected cells by place and by the hash of the file that they correct.

    ``empty`` names the files of corrections that have no rows.
    """

    cells: Mapping[tuple[Place, str], Mapping[str, str]]
    empty: tuple[str, ...] = ()


def reason_text(reason: str, language: Language, *, dataset: str = "") -> str:
    """A reason code in words; a dataset's own words go first."""
    for key in (f"{dataset}.fault.{reason}", f"intake.fault.{reason}"):
        if has_text(key):
            return text(key, language)
    return reason


def write_quarantine(
    raw: RawExport,
    result: CleanResult,
    folder: Path,
    *,
    language: Language = "sv",
    labels: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write the quarantined rows to ``folder/.quarantine``, a CSV per raw table (mode 0600).

    Each row has its place, its file's hash, its faults in words (``labels`` names the columns as
    users know them) and then its own cells; a cell that a spreadsheet would take for a formula
    begins with an apostrophe. Rows of persons whose data are protected are left out: they are
    corrected in their source only. Files of tables that have no quarantined rows now are removed;
    corrected ones are never touched, nor anything else that was not written here. To correct: save
    a copy that ends in ``.corrected.csv`` beside it, change the cells, and clean again.

    Raises UserError for a folder that cannot be written, and for a file that somebody has changed
    under the name it was given here, which would be overwritten.
    """
    home = folder / FOLDER
    dataset = str(result.provenance.get("dataset", ""))
    named = result.quarantine.assign(column=result.quarantine["column"].replace(dict(labels or {})))
    places = named.groupby(["file", "sheet"], sort=True, observed=True)
    known = _untouched(home)
    new: dict[str, bytes] = {}
    for number, table in enumerate(raw.tables, start=1):
        if (table.file, table.sheet) not in places.groups:
            continue
        faults = _listed(places.get_group((table.file, table.sheet)), result)
        if not faults.empty:
            lines = _rows(table, faults, raw, dataset, language)
            new[f"{number:03}_{_safe(table)}.csv"] = as_csv(lines)
    marks = {name: [_sha256(content)] for name, content in new.items()}
    both = {name: [*known.get(name, []), *marks.get(name, [])] for name in {**known, **marks}}
    try:
        home.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        home.chmod(stat.S_IRWXU)  # also one that somebody else has made
        # First what will be ours, so that a stop halfway makes nothing look changed by hand.
        write_private(home / WRITTEN, json.dumps(both, sort_keys=True).encode())
        for name, content in new.items():
            write_private(home / name, content)
        for name in known:
            if name not in new:
                (home / name).unlink(missing_ok=True)
        write_private(home / WRITTEN, json.dumps(marks, sort_keys=True).encode())
        if not marks:
            (home / WRITTEN).unlink()
    except OSError:
        raise UserError("intake.quarantine_not_written", folder=FOLDER) from None
    return [home / name for name in new]


def _untouched(home: Path) -> dict[str, list[str]]:
    """The files that were written here, with the hashes they may have.

    Raises UserError for one that has been changed since.
    """
    if not home.is_dir():
        return {}
    try:
        known: dict[str, list[str]] = json.loads((home / WRITTEN).read_bytes())
    except FileNotFoundError:  # nothing, or written before there was such a list
        return {
            path.name: []
            for path in sorted(home.glob("*.csv"))
            if _OWN_NAME.fullmatch(path.name) and not MEANT_AS_CORRECTED.fullmatch(path.name)
        }
    for name, hashes in known.items():
        path = home / name
        if hashes and path.is_file() and _sha256(path.read_bytes()) not in hashes:
            raise UserError("intake.correction_unnamed", file=name, new=f"{path.stem}{CORRECTED}")
    return known


def correction_files(folder: Path) -> list[Path]:
    """The files of corrected rows beside the exports in ``folder``."""
    home = folder / FOLDER
    if not home.is_dir():
        return []
    return sorted(path for path in home.iterdir() if READ_AS_CORRECTED.fullmatch(path.name))


def read_corrections(folder: Path) -> Corrections:
    """Read all ``*.corrected.csv`` in ``folder/.quarantine``, as any spreadsheet program saves it.

    Raises UserError for a file that has lost the columns which say where its rows belong, for a
    row that is corrected in two ways, for corrections in another format, and for a file of the
    quarantine itself that has been changed (see ``write_quarantine``).
    """
    cells: dict[tuple[Place, str], Mapping[str, str]] = {}
    empty: list[str] = []
    check_untouched(folder)
    files = correction_files(folder)
    for path in sorted((folder / FOLDER).iterdir()) if (folder / FOLDER).is_dir() else ():
        if MEANT_AS_CORRECTED.fullmatch(path.name) and path not in files:
            raise UserError("intake.correction_format", file=path.name)
    for path in files:
        _, rows = read_rows(path)
        for number, row in rows:
            place = place_of(row)
            if place is None:
                raise UserError("intake.correction_place", file=path.name, row=number)
            own = own_cells(row)
            # An older version of the file may have had its own correction of the same row.
            if cells.setdefault((place, row["source_sha256"]), own) != own:
                raise UserError("intake.correction_twice", file=path.name, row=number)
        if not rows:
            empty.append(path.name)
    return Corrections(cells, tuple(empty))


def check_untouched(folder: Path) -> None:
    """Raise UserError where somebody has changed a file of the quarantine under its own name."""
    _untouched(folder / FOLDER)


def read_rows(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The headings of a file of the quarantine, and its rows that hold anything, by number.

    As any spreadsheet program saves it, and as it stands there: ``own_cells`` reads a row's cells.
    """
    content = decode(path.read_bytes()).utf8.decode("utf-8").removeprefix("\ufeff")
    told = _SEPARATOR.match(content)
    content = content[told.end() :] if told else content
    first = content.partition("\n")[0]
    separator = max(";\t,", key=first.count)
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=separator)
    rows = [
        # Cells beyond the headings are nobody's.
        (number, {name: row[name] or "" for name in row if isinstance(name, str)})
        for number, row in enumerate(reader, start=3 if told else 2)
        if any(value and value.strip() for value in row.values() if isinstance(value, str))
    ]
    return list(reader.fieldnames or ()), rows


def own_cells(row: Mapping[str, str]) -> dict[str, str]:
    """The row's own cells by heading."""
    return {unescape(name): unescape(row[name]) for name in row if name not in ABOUT}


def apply_corrections(raw: RawExport, corrections: Corrections) -> tuple[RawExport, int]:
    """The export with corrected cells in place of the old, and how many corrections are too old.

    A corrected row keeps its place, so that it is counted once; ``corrected_by_hand`` in the
    table's corrections counts it. Corrections of a file that has changed since are not used. The
    export's remarks name corrections that are of no row of data, and files of corrections without
    rows. Raises UserError for a corrected row with a heading that its table lacks.
    """
    stale = 0
    remarks = [
        Remark("intake.remark.correction_empty", {"file": each}) for each in corrections.empty
    ]
    tables = []
    for table in raw.tables:
        sha256 = _hash_of(raw, table)
        all_own = {
            (place[2], corrected): cells
            for (place, corrected), cells in corrections.cells.items()
            if place[:2] == (table.file, table.sheet)
        }
        own = {row: cells for (row, corrected), cells in all_own.items() if corrected == sha256}
        stale += len(all_own) - len(own)
        tables.append(_corrected(table, own) if own else table)
        nowhere = sorted(set(own) - set(table.frame["source_row"].tolist()))
        if nowhere:
            rows = ", ".join(str(row) for row in nowhere[:5])
            shown = {"file": table.file, "n": len(nowhere), "rows": rows}
            remarks.append(Remark("intake.remark.correction_nowhere", shown))
    known = {(table.file, table.sheet) for table in raw.tables}
    stale += sum(place[:2] not in known for place, _ in corrections.cells)
    return replace(raw, tables=tuple(tables), remarks=(*raw.remarks, *remarks)), stale


def _corrected(table: RawTable, cells: Mapping[int, Mapping[str, str]]) -> RawTable:
    for row in cells.values():
        for heading, cell in row.items():
            if heading not in table.headings and (heading.strip() or cell.strip()):
                shown = without_identities(heading)
                raise UserError("intake.correction_heading", file=table.file, column=shown)
    rows = table.frame["source_row"]
    at = [place for place, row in enumerate(rows.tolist()) if row in cells]
    if not at:
        return table
    frame = table.frame.copy(deep=False)
    for heading in table.headings:
        texts = frame[heading].astype("object")
        for place in at:
            given = cells[int(rows.iloc[place])].get(heading)
            if given is not None:
                texts.iloc[place] = given if given.strip() else None
        codes, distinct = pd.factorize(texts)
        frame[heading] = categorical(codes, [str(each) for each in distinct])
    fault = frame["source_fault"].astype("object")
    fault.iloc[at] = None
    frame["source_fault"] = pd.Categorical(fault, categories=frame["source_fault"].cat.categories)
    done = {**table.corrections, "corrected_by_hand": len(at)}
    return replace(table, frame=frame, corrections=done)


def _rows(
    table: RawTable, faults: pd.DataFrame, raw: RawExport, dataset: str, language: Language
) -> list[list[str]]:
    words: dict[int, list[str]] = {}
    for row, column, reason in zip(faults["row"], faults["column"], faults["reason"], strict=True):
        said = reason_text(reason, language, dataset=dataset)
        words.setdefault(int(row), []).append(f"{column}: {said}" if column else said)
    own = table.frame[table.frame["source_row"].isin(list(words))]
    headings = list(table.headings)
    texts = own[headings].astype("object").to_numpy().tolist()
    lines = [[*ABOUT, *(escape(heading) for heading in headings)]]
    file, sheet = escape(table.file), escape(table.sheet)
    for row, cells in zip(own["source_row"].tolist(), texts, strict=True):
        about = [file, sheet, str(row), _hash_of(raw, table), "; ".join(words[row])]
        lines.append([*about, *(escape(cell) if isinstance(cell, str) else "" for cell in cells)])
    return lines


def _listed(faults: pd.DataFrame, result: CleanResult) -> pd.DataFrame:
    """The faults of one table without the rows of persons whose data are protected."""
    hidden = [
        place in result.protected_places
        for place in zip(faults["file"], faults["sheet"], faults["row"].tolist(), strict=True)
    ]
    return faults[[not each for each in hidden]]


def as_csv(lines: Sequence[Sequence[str]]) -> bytes:
    """Lines as a file of the quarantine."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(lines)
    return buffer.getvalue().encode("utf-8-sig")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole that only its owner can read."""
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)


def _safe(table: RawTable) -> str:
    name = f"{table.file}_{table.sheet}" if table.sheet else table.file
    return "".join(letter if letter.isalnum() or letter in "-. " else "_" for letter in name)[:80]


def _hash_of(raw: RawExport, table: RawTable) -> str:
    """The hash of the file on disk that a table comes from (an archive's, for its members)."""
    found = [name for name in raw.hashes if table.file == name or table.file.startswith(f"{name}/")]
    return raw.hashes[max(found, key=len)] if found else ""


def place_of(row: Mapping[str, str]) -> Place | None:
    """Where a row of the quarantine belongs; None where it does not say so."""
    file, sheet, number = (row.get(name) for name in ABOUT[:3])
    if not file or not number or not number.isdigit() or not row.get("source_sha256"):
        return None
    return unescape(file), unescape(sheet or ""), int(number)


def escape(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    risky = cell.startswith(_FORMULA) or (cell.startswith("-") and not cell[1:2].isdigit())
    return f"'{cell}" if risky or cell.startswith("'") else cell


def unescape(cell: str) -> str:
    """A cell as it was before ``escape``."""
    return cell.removeprefix("'")
