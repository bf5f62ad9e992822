"""Clean tables on disk: Parquet with its provenance, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.intake.cleaning import CleanResult
from umea_eval.intake.schema import Schema

MANIFEST = "manifest.json"
ACCOUNT = "account"
QUARANTINE = "quarantine"
METADATA_KEY = b"umea_eval"
# The code whose change may change the values: what every cleaning is made of.
_CODE = Path(__file__).parent


@dataclass(frozen=True)
class Stored(Mapping[str, pd.DataFrame]):
    """A dataset as it was stored: ``stored["payments"]``, and what it came from (see ``save``)."""

    tables: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any]
    folder: Path

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    @property
    def example(self) -> bool:
        """Whether the data are generated."""
        return bool(self.manifest["provenance"]["example"])


def save(result: CleanResult, folder: Path, *, code: Sequence[Path] = ()) -> None:
    """Store a cleaning's tables, quarantine and account in ``folder``, replacing an earlier one.

    One Parquet file per table, the same bytes for the same input. The manifest is written last: it
    has the SHA-256 of every file, the provenance, the account, and a fingerprint of the code
    (``code`` adds the dataset's own files). A run that is stopped midway leaves whole files and a
    manifest that no longer fits them, which ``load`` notices.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        frames = {**result.tables, QUARANTINE: result.quarantine, ACCOUNT: result.ledger.table}
        about = json.dumps(result.provenance, ensure_ascii=False, sort_keys=True)
        hashes = {name: _write(folder, name, frame, about) for name, frame in frames.items()}
        manifest = {
            "tables": list(result.tables),
            "sha256": hashes,
            "provenance": result.provenance,
            "account": result.ledger.as_dict(result.corrections),
            "remarks": result.remarks,
            "dropped": result.dropped.to_dict("records"),
            "code": fingerprint(code),
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write_whole(folder / MANIFEST, text.encode("utf-8"))
    except OSError:
        raise UserError("intake.store_not_written", folder=folder.name) from None


def load(folder: Path) -> Stored:
    """Load what ``save`` stored.

    Raises UserError where nothing is stored, and where the files are not those of the manifest (a
    cleaning was stopped midway, or a file was changed by hand).
    """
    manifest = read_manifest(folder)
    tables = {}
    for name in manifest["tables"]:
        path = folder / f"{name}.parquet"
        if not path.is_file() or _hash(path) != manifest["sha256"][name]:
            raise UserError("intake.store_incomplete", folder=folder.name)
        tables[name] = pd.read_parquet(path, engine="pyarrow")
    return Stored(tables, manifest, folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a stored dataset."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError("intake.store_empty", folder=folder.name)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError("intake.store_incomplete", folder=folder.name) from None
    return manifest


def changes(
    manifest: Mapping[str, Any],
    *,
    hashes: Mapping[str, str],
    schemas: Sequence[Schema],
    code: Sequence[Path] = (),
) -> list[str]:
    """Why a stored dataset is out of date: ``source``, ``schema`` and ``code``; empty if it is not.

    ``hashes`` are the SHA-256 of the source files as they are now.
    """
    stored = manifest["provenance"]
    checks = {
        "source": stored["files"] != dict(hashes),
        "schema": stored["schemas"] != {schema.name: schema.version for schema in schemas},
        "code": manifest["code"] != fingerprint(code),
    }
    return [name for name, changed in checks.items() if changed]


def fingerprint(code: Sequence[Path] = ()) -> str:
    """A hash of the cleaning's source code, with the dataset's own files."""
    return _fingerprint(tuple(sorted(code)))


@cache
def _fingerprint(code: tuple[Path, ...]) -> str:
    files = [*sorted(_CODE.glob("*.py")), *code]
    digest = hashlib.sha256()
    for path in files:
        # Line ends differ between checkouts.
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def parquet_bytes(frame: pd.DataFrame, *, about: str) -> bytes:
    """A frame as Parquet, the same bytes for the same frame; ``about`` goes into its metadata."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), METADATA_KEY: about.encode("utf-8")}
    )
    sink = pa.BufferOutputStream()
    # Row numbers only grow: their differences take less time and room than a dictionary of them.
    growing = [column for column in table.column_names if column == "source_row"]
    # The least and greatest text of a page (a pseudonym, say) serves no one and takes long to find.
    plain = [each.name for each in table.schema if not pa.types.is_dictionary(each.type)]
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=1,
        write_statistics=plain,
        use_dictionary=[column for column in table.column_names if column not in growing],
        column_encoding=dict.fromkeys(growing, "DELTA_BINARY_PACKED"),
    )
    return bytes(sink.getvalue())


def _write(folder: Path, name: str, frame: pd.DataFrame, about: str) -> str:
    data = parquet_bytes(frame, about=about)
    write_whole(folder / f"{name}.parquet", data)
    return hashlib.sha256(data).hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
