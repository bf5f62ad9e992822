"""Files that a browser sends, written straight to the folder of the exports, whole or not at all.

They are never kept anywhere else: exports hold personal data, and a folder for temporary files is
no place for those.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import shutil
import stat
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from umea_eval.app.guard import TooLarge
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import DATE_IN_NAME
from umea_eval.intake.exports import SUFFIXES, WORKBOOKS
from umea_eval.intake.identity import without_identities

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Ten million rows of payments are some 400 MB as text.
MAX_FILE_BYTES = 500_000_000
MAX_FILES = 50
# Hidden, so that no cleaning reads what has not been decided about.
INCOMING = ".incoming-"
_MAX_NAME = 120
# File systems count bytes, 255 of them, and the day of the export is added.
_MAX_NAME_BYTES = 240
_LEFT_SECONDS = 24 * 3600
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u200b-\u200f\u202a-\u202e\u2060-\u2069]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Incoming:
    """A file that has come, with what must be asked about it before it is put in its place."""

    path: Path
    home: Path

    @property
    def name(self) -> str:
        """Its name, without identity numbers."""
        return without_identities(self.path.name)

    @property
    def dated(self) -> bool:
        """Whether its name says when the export was made."""
        return bool(DATE_IN_NAME.search(self.path.name))

    def target(self, day: dt.date | None) -> Path:
        """Where it goes, with ``day`` in its name if it has none."""
        name = self.path.name
        if day is not None and not self.dated:
            name = f"{self.path.stem} {day.isoformat()}{self.path.suffix}"
        return self.home / name

    def asks(self) -> bool:
        """Whether anything must be asked."""
        return not self.dated or self.target(None).exists()


async def receive(request: Request, home: Path) -> Path:
    """Write the files of a form to a new hidden folder in ``home``, and return the folder.

    Raises UserError for a form without files, for a file of a kind that is not read, for more or
    larger files than may be sent at once, and for a disk that does not take them. Then nothing is
    left behind.
    """
    folder = home / f"{INCOMING}{secrets.token_hex(8)}"
    try:
        home.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        folder.mkdir(mode=stat.S_IRWXU)
    except OSError:
        raise _not_saved() from None
    parts = _Parts(folder)
    try:
        await _write(request, parts)
        if not parts.files:
            raise UserError("app.errors.no_file")
    except BaseException:
        parts.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def waiting(home: Path, number: str) -> list[Incoming]:
    """The files that have come to ``home`` under ``number`` and are not in their place."""
    folder = incoming_folder(home, number)
    if not folder.is_dir():
        raise UserError("app.errors.gone")
    return [Incoming(path, home) for path in sorted(folder.iterdir())]


def incoming_folder(home: Path, number: str) -> Path:
    """The folder of what has come under ``number``, which is hexadecimal."""
    if not re.fullmatch(r"[0-9a-f]{16}", number):
        raise UserError("app.errors.gone")
    return home / f"{INCOMING}{number}"


def put(files: Mapping[Path, Path]) -> None:
    """Move each file to its place, replacing what was there. Raises UserError."""
    try:
        for source, target in files.items():
            source.replace(target)
    except OSError:
        raise _not_saved() from None


def throw_away(home: Path, number: str) -> None:
    """Remove what is left of what came under ``number``."""
    shutil.rmtree(incoming_folder(home, number), ignore_errors=True)


def remove_leftovers(raw: Path) -> None:
    """Remove what an app that was killed had received, a day ago or more, and not put in place."""
    for folder in raw.glob(f"*/{INCOMING}*"):
        if time.time() - folder.stat().st_mtime > _LEFT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def safe_name(given: str) -> str:
    """A file's name that is one on every system: no folder, no hidden file, no odd letter."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = _FORBIDDEN.sub("_", name).strip().lstrip(".~$ ").rstrip(". ")
    stem, dot, suffix = name.rpartition(".")
    if dot and len(name) > _MAX_NAME:
        name = f"{stem[: _MAX_NAME - len(suffix) - 1].rstrip()}.{suffix}"
    while dot and len(name.encode()) > _MAX_NAME_BYTES and len(name) > len(suffix) + 1:
        name = f"{name[: -len(suffix) - 2].rstrip()}.{suffix}"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


async def _write(request: Request, parts: _Parts) -> None:
    """Read the form to its end, also after a fault: a browser shows no answer while it sends."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary") if kind == b"multipart/form-data" else None
    parser = MultipartParser(boundary, parts.callbacks()) if boundary else None
    fault: Exception | None = None if parser else UserError("app.errors.form")
    async for chunk in request.stream():
        if parser is None or fault is not None:
            continue
        try:
            parser.write(chunk)
        except (UserError, FormParserError, OSError) as error:
            fault = error
    if parser is not None and fault is None:
        try:
            parser.finalize()
        except FormParserError as error:
            fault = error
    if isinstance(fault, FormParserError):
        raise UserError("app.errors.form") from None
    if isinstance(fault, OSError):
        raise _not_saved() from None
    if fault is not None:
        raise fault


class _Parts:
    """The parts of a form as they come; those that are files are written to ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self._file: IO[bytes] | None = None
        self._size = 0
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._begin,
            "on_part_data": self._take,
            "on_part_end": self.close,
        }

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        given = options.get(b"filename", b"")
        if not given:  # another field, or a choice of files that was left empty
            return
        name = safe_name(given.decode("utf-8", errors="replace"))
        if len(self.files) == MAX_FILES:
            raise TooLarge("app.errors.too_many", n=MAX_FILES)
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES | WORKBOOKS:
            known = ", ".join(sorted(each[1:].upper() for each in SUFFIXES | WORKBOOKS))
            raise UserError("app.errors.kind", file=without_identities(name), known=known)
        path, number = self.folder / name, 1
        while path.exists():
            number += 1
            path = self.folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
        self._file, self._size = path.open("xb"), 0
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)  # for the owner only, wherever it is moved
        self.files.append(path)

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            return
        self._size += end - start
        if self._size > MAX_FILE_BYTES:
            name = without_identities(self.files[-1].name)
            limit = MAX_FILE_BYTES // 1_000_000
            raise TooLarge("app.errors.too_large", file=name, megabytes=limit)
        self._file.write(data[start:end])


def _not_saved() -> UserError:
    return UserError("app.errors.not_saved")
