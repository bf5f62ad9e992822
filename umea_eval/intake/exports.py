"""Any export to text frames in which every row keeps its file, sheet and row number."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from umea_eval.errors import UserError, together
from umea_eval.intake.archive import members, refuse_bomb
from umea_eval.intake.delimited import read_delimited
from umea_eval.intake.encoding import decode, is_binary
from umea_eval.intake.identity import without_identities
from umea_eval.intake.json_export import missing_results, read_json
from umea_eval.intake.layout import find_layout
from umea_eval.intake.tables import Each, Part, RawExport, RawTable, Remark, make_table
from umea_eval.intake.workbook import read_workbook

SUFFIXES = frozenset((".csv", ".txt", ".tsv", ".tab", ".skv", ".json", ".jsonl", ".zip"))
WORKBOOKS = frozenset((".xlsx", ".xlsm", ".xls", ".ods"))
# Left by operating systems, by open workbooks, by version control, and our own quarantine.
IGNORED = re.compile(r"\..*|~\$.*|__MACOSX|Thumbs\.db|desktop\.ini", re.IGNORECASE)

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_OLE = "EncryptedPackage".encode("utf-16-le")
# An object or a list of something; not a text file that begins with [Personnummer].
JSON_START = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\]])")
FILLED = re.compile(rb"\S")
MARKUP = re.compile(rb"\s*<(?:\?xml|!doctype|html|table|workbook)", re.IGNORECASE)


def read_export(path: Path | str) -> RawExport:
    """Read an export: a text file, workbook, JSON, a ZIP of these, or a folder with any of them.

    Format, encoding and separator follow from the content, never from the name or a locale; what
    was chosen stands in ``RawExport.account``. In a folder, files of other kinds are skipped and
    named; hidden files and folders (``.quarantine``) are never read.

    Raises UserError for a path that does not exist and for a file that is empty, binary, damaged,
    encrypted, too large when unpacked, or without headings; in a folder too, so that no file goes
    missing without a word.
    """
    return read_exports([Path(path)])


def read_exports(paths: Sequence[Path], *, each: Each = map) -> RawExport:
    """Read several exports as one delivery, in the order given (see ``read_export``).

    A file that is given twice, by itself and with its folder, is read once. ``each`` reads the
    files, in this process or others.
    """
    files, skipped = _delivery(paths)
    named: dict[str, Path] = {}
    for place, file in files:
        # Some systems name a file by the person it is about.
        named[_unused(without_identities(place), named)] = file.resolve()
    hashes: dict[str, str] = {}
    tables: list[RawTable] = []
    read = list(each(_try_file, named.items()))
    if faults := [fault for fault in read if isinstance(fault, UserError)]:
        raise together(faults)
    for name, (sha256, own, others) in zip(named, read, strict=True):
        hashes[name] = sha256
        tables += own
        skipped += others
    if not tables:
        name = without_identities(paths[0].name) if paths else "–"
        raise UserError("intake.nothing_readable", file=name, formats=_formats())
    if all(table.pages and not table.data for table in tables):
        raise UserError("intake.no_rows", file=tables[0].file)
    return RawExport(tuple(tables), hashes, tuple(skipped), tuple(_remarks(tables)))


def _try_file(
    named: tuple[str, Path],
) -> tuple[str, list[RawTable], list[str]] | UserError:
    """What `_read_file` gives, or what is wrong: who sends ten files is told of all that are."""
    try:
        return _read_file(named)
    except UserError as fault:
        return fault


def _read_file(named: tuple[str, Path]) -> tuple[str, list[RawTable], list[str]]:
    """A file's hash, its tables, and what it holds of other kinds."""
    name, file = named
    try:
        data = file.read_bytes()
    except OSError:
        raise UserError("intake.unreadable", file=name) from None
    skipped: list[str] = []
    tables = list(_read(name, data, skipped))
    return hashlib.sha256(data).hexdigest(), tables, skipped


def _remarks(tables: Sequence[RawTable]) -> Iterator[Remark]:
    """What is odd about the tables: sheets that no one sees, pages that are not there."""
    for table in tables:
        if table.hidden and table.data:
            shown = {"file": table.file, "sheet": table.sheet, "rows": table.data}
            yield Remark("intake.remark.hidden_sheet", shown)
        if table.pages and not table.data:
            yield Remark("intake.remark.no_results", {"file": table.file})
    pages, results = missing_results(page for table in tables for page in table.pages)
    if pages or results:
        file = next(table.file for table in tables if table.pages)
        kind = "pages" if pages else "results"
        yield Remark(f"intake.remark.missing_{kind}", {"file": file, "n": pages or results})


def hashes_of(paths: Sequence[Path]) -> dict[str, str]:
    """The SHA-256 of each file of these paths, by the names that ``read_exports`` gives them."""
    hashes: dict[str, str] = {}
    for place, file in _delivery(paths)[0]:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        hashes[_unused(without_identities(place), hashes)] = digest
    return hashes


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files that ``read_exports`` would read of these paths, in its order."""
    return [file for _, file in _delivery(paths)[0]]


def _delivery(paths: Sequence[Path]) -> tuple[list[tuple[str, Path]], list[str]]:
    wanted: dict[Path, tuple[str, Path]] = {}
    skipped: list[str] = []
    for path in paths:
        files, others = _files(path)
        for place, file in files:
            wanted.setdefault(file.resolve(), (place, file))
        skipped += others
    return list(wanted.values()), skipped


def _unused(name: str, taken: Collection[str]) -> str:
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique


def _formats() -> str:
    return ", ".join(each.removeprefix(".").upper() for each in sorted(SUFFIXES | WORKBOOKS))


def _files(path: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    if not path.exists():
        raise UserError("intake.no_file", file=without_identities(path.name))
    if not path.is_dir():
        return [(path.name, path)], []
    wanted, skipped = [], []
    for file in _within(path):
        inner = file.relative_to(path)
        if any(IGNORED.fullmatch(part) for part in inner.parts) or not file.is_file():
            continue
        if file.suffix.lower() in SUFFIXES | WORKBOOKS:
            wanted.append((inner.as_posix(), file))
        else:
            skipped.append(without_identities(inner.as_posix()))
    if not wanted:
        raise UserError(
            "intake.nothing_readable", file=without_identities(path.name), formats=_formats()
        )
    return wanted, skipped


def _within(folder: Path) -> list[Path]:
    """Everything below a folder, in the order of names; a folder that is closed is an error."""

    def closed(error: OSError) -> None:
        name = Path(error.filename or folder).name
        raise UserError("intake.unreadable", file=without_identities(name)) from None

    found = [
        Path(home) / name for home, _, names in os.walk(folder, onerror=closed) for name in names
    ]
    return sorted(found, key=lambda each: each.relative_to(folder).as_posix())


def _read(file: str, data: bytes, skipped: list[str]) -> Iterator[RawTable]:
    """The tables of a file; what an archive holds of other kinds is added to ``skipped``."""
    if data.startswith(ZIP_MAGIC) and not _is_workbook(data, file):
        found = False
        taken: dict[str, str] = {}
        for name, content in members(data, file=file):
            if any(IGNORED.fullmatch(part) for part in PurePosixPath(name).parts):
                continue
            # Two files that are named by a person each have one name when the number is hidden.
            inner = _unused(f"{file}/{without_identities(name)}", taken)
            taken[inner] = name
            if content.startswith(ZIP_MAGIC) and not _is_workbook(content, inner):
                raise UserError("intake.nested_archive", file=inner)
            if PurePosixPath(name).suffix.lower() in SUFFIXES | WORKBOOKS:
                found = True
                yield from _tables(inner, content)
            else:
                skipped.append(inner)
        if not found:
            raise UserError("intake.nothing_readable", file=file, formats=_formats())
    else:
        yield from _tables(file, data)


def _is_workbook(data: bytes, file: str) -> bool:
    refuse_bomb(data, file=file)
    # Entry names stand in the directory at the end of the archive as they are.
    if b"xl/workbook.bin" in data:
        raise UserError("intake.unknown_format", file=file, formats=_formats())
    return b"xl/workbook.xml" in data or b"application/vnd.oasis.opendocument.spreadsheet" in data


def _tables(file: str, data: bytes) -> Iterator[RawTable]:
    parts = list(_parts(file, data))
    # Beside other sheets, one column of words is a page about the tables.
    wide = any(len(part.grid.columns) > 1 for part in parts)
    layouts = [
        None if wide and len(part.grid.columns) < 2 else find_layout(part.grid) for part in parts
    ]
    if not any(layouts):
        raise UserError("intake.no_headings", file=file)
    for part, layout in zip(parts, layouts, strict=True):
        # A sheet of words, or of words and their values, is a cover page and no table.
        if layout is None and len(part.grid.columns) > 2:
            raise UserError("intake.no_headings_in_sheet", file=file, sheet=part.sheet)
        yield make_table(file, part, layout)


def _parts(file: str, data: bytes) -> Iterator[Part]:
    """A file that is no archive, as one grid per table."""
    if not FILLED.search(data):
        raise UserError("intake.empty_file", file=file)
    if data.startswith((ZIP_MAGIC, OLE_MAGIC)):
        if data.startswith(OLE_MAGIC) and ENCRYPTED_OLE in data:
            raise UserError("intake.password", file=file)
        kind = PurePosixPath(file).suffix.lower().removeprefix(".")
        taken: dict[str, str] = {}
        for sheet in read_workbook(data, file=file):
            name = _unused(without_identities(sheet.name), taken)
            taken[name] = sheet.name
            yield Part(sheet.grid, kind, sheet=name, hidden=sheet.hidden)
        return
    if is_binary(data):
        raise UserError("intake.binary_file", file=file, formats=_formats())
    decoded = decode(data)
    if not FILLED.search(decoded.utf8.removeprefix(codecs.BOM_UTF8)):
        raise UserError("intake.empty_file", file=file)
    if MARKUP.match(decoded.utf8):
        raise UserError("intake.markup_file", file=file)
    if JSON_START.match(decoded.utf8):
        grid, pages = read_json(decoded.utf8, file=file)
        yield Part(grid, "json", encoding=decoded.encoding, pages=pages)
        return
    read = read_delimited(decoded.utf8, file=file)
    yield Part(
        read.grid,
        "csv",
        encoding=decoded.encoding,
        separator=read.separator,
        repaired=decoded.repaired,
    )
