"""ZIP archives of exports, opened in memory and with limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from umea_eval.errors import UserError

# A delivery of real exports stays far below these; an archive made to fill the memory does not.
MAX_FILES = 5_000
MAX_BYTES = 4_000_000_000
# Deflate gives text at most about 30 times; the rule applies where it matters.
MAX_RATIO = 100
RATIO_FROM_BYTES = 100_000_000

ENCRYPTED = 0x1


def refuse_bomb(data: bytes, *, file: str) -> None:
    """Raise UserError for an archive (also a workbook) that would unpack to absurd sizes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        book = PurePosixPath(file).suffix.lower() in (".xlsx", ".xlsm", ".ods")
        key = "intake.damaged_workbook" if book else "intake.damaged_archive"
        raise UserError(key, file=file) from None
    unpacked = sum(entry.file_size for entry in entries)
    dense = unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * len(data)
    if len(entries) > MAX_FILES or unpacked > MAX_BYTES or dense:
        raise UserError("intake.archive_too_large", file=file)


def members(data: bytes, *, file: str) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, by name, with their content; folders are left out.

    Raises UserError for an archive that is damaged, encrypted or too large.
    """
    refuse_bomb(data, file=file)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in sorted(archive.infolist(), key=lambda each: each.filename):
            if entry.is_dir():
                continue
            if entry.flag_bits & ENCRYPTED:
                raise UserError("intake.password", file=file)
            try:
                # A member's stated size is the most that is read of it.
                yield entry.filename, archive.read(entry)
            except (
                zipfile.BadZipFile,
                zlib.error,
                EOFError,
                OSError,
                ValueError,
                NotImplementedError,
                RuntimeError,
            ):
                raise UserError("intake.damaged_archive", file=file) from None
