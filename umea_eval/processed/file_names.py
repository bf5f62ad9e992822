"""By what name is an export known outside the raw folder?

Some systems, and some people, name a file or a sheet by the person whom it is about. So only words
that this project itself uses of data leave with a name; the rest is left out, and a piece of the
file's hash stands in its place, so that its owner can find it. The quarantine, which lies beside
the exports, has the names as they are, and so have messages to the person at the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from umea_eval.datasets import DATASETS, find_dataset
from umea_eval.intake.cleaning import DATE_IN_NAME, CleanResult
from umea_eval.intake.exports import SUFFIXES, WORKBOOKS
from umea_eval.language import text

LEFT_OUT = "…"
_PIECE = re.compile(r"[^\W\d_]+|\d+|[\W_]")
_GAP = re.compile(rf"{LEFT_OUT}(?:[\W_]*{LEFT_OUT})+")
_YEAR = re.compile(r"(?:19|20)\d\d")
# How files and sheets of exports are called besides. Of municipalities those that nobody is
# called: not Dorotea and Vilhelmina.
_USUAL = """
    all alla annan bearbetad beslut blad data delad den details detaljer en ett example exempel
    export exporter exporterad extract extraktion fil file filer fler for för försättsblad first
    från from helår hela hämtad information innehåll json kommun kopia kvartal list lista last med
    month månad månader new ny nya och old page qlik rad rader rapport rapporter raw report
    resultat rows rättad sammanställning sheet sida sidor slut statistik svar system systemet
    table tabell tabeller total totalt underlag uppföljning utdrag utfall uttag version year years
    år åren
    januari februari mars april maj juni juli augusti september oktober november december
    combine lifecare procapita sekoia treserva viva magna senior alert
    bjurholm lycksele malå nordmaling norsjö robertsfors skellefteå sorsele storuman umeå vindeln
    vännäs åsele västerbotten västerbottens region regionen
"""


def known_words() -> frozenset[str]:
    """The words that leave with a name: those of the datasets and their tables, and usual ones."""
    return _known_words()


@cache
def _known_words() -> frozenset[str]:
    texts = [_USUAL]
    for name in DATASETS:
        texts += [name, text(f"{name}.dataset", "sv"), text(f"{name}.dataset", "en")]
        for schema in find_dataset(name).schemas:
            texts += [schema.name, schema.label_sv, schema.label_en]
    return frozenset(
        word.casefold() for each in texts for word in re.findall(r"[^\W\d_]{2,}", each)
    )


def shown_name(name: str, sha256: str = "") -> str:
    """A file's or sheet's name with known words, dates, years and short numbers only.

    Where something is left out, the first six letters of ``sha256`` stand in it. A path is taken
    part by part.
    """
    parts = [_shown_part(part) for part in name.split("/")]
    shown = "/".join(parts)
    if shown == name or not sha256:
        return shown
    path = PurePosixPath(shown)
    suffix = path.suffix if path.suffix.lower() in SUFFIXES | WORKBOOKS else ""
    return f"{shown.removesuffix(suffix)} ({sha256[:6]}){suffix}"


def _shown_part(part: str) -> str:
    suffix = PurePosixPath(part).suffix
    if suffix.lower() not in SUFFIXES | WORKBOOKS:
        suffix = ""
    stem = part.removesuffix(suffix)
    made, at = "", 0
    for date in DATE_IN_NAME.finditer(stem):
        made += _shown_words(stem[at : date.start()]) + date.group()
        at = date.end()
    return _GAP.sub(LEFT_OUT, made + _shown_words(stem[at:])) + suffix


def _shown_words(stem: str) -> str:
    return "".join(piece if _may_leave(piece) else LEFT_OUT for piece in _PIECE.findall(stem))


def _may_leave(piece: str) -> bool:
    if piece.isdigit():
        return len(piece) <= 2 or bool(_YEAR.fullmatch(piece))
    return not piece.isalpha() or piece.casefold() in known_words()


def shown_files(hashes: Mapping[str, str]) -> dict[str, str]:
    """By name of a file: the one that leaves. ``hashes`` is by name too."""
    shown: dict[str, str] = {}
    for name, sha256 in hashes.items():
        shown[name] = _unused(shown_name(name, sha256), shown.values())
    return shown


def _unused(name: str, taken: Collection[str]) -> str:
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique


class Names:
    """The names of one cleaning's files and sheets, as they leave the raw folder."""

    def __init__(self, result: CleanResult) -> None:
        self.hashes: Mapping[str, str] = result.provenance["files"]
        self.files = shown_files(self.hashes)
        self.sheets: dict[tuple[str, str], str] = {}
        for file, sheet in result.ledger.table[["file", "sheet"]].itertuples(index=False):
            own = [shown for (other, _), shown in self.sheets.items() if other == file]
            self.sheets[file, sheet] = _unused(shown_name(sheet), own) if sheet else sheet
            self.file(file)

    def file(self, name: str) -> str:
        """The shown name of a file, also of one in an archive."""
        if name not in self.files:
            archive = next((each for each in self.hashes if name.startswith(f"{each}/")), "")
            inner = shown_name(name.removeprefix(f"{archive}/"))
            outer = f"{self.files[archive]}/" if archive else ""
            self.files[name] = _unused(f"{outer}{inner}", self.files.values())
        return self.files[name]

    def sheet(self, file: str, sheet: str) -> str:
        """The shown name of a file's sheet."""
        return self.sheets.get((file, sheet), shown_name(sheet))

    def told(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values of a message with the shown names in place of the given ones."""
        given = {
            **self.files,
            **{sheet: shown for (_, sheet), shown in self.sheets.items() if sheet},
        }
        order = sorted(given, key=len, reverse=True)

        def said(value: object) -> object:
            if isinstance(value, str):
                for name in order:
                    value = value.replace(name, given[name])
            return value

        return {name: said(value) for name, value in values.items()}

    def result(self, result: CleanResult) -> CleanResult:
        """The result with the shown names."""
        provenance = {
            **result.provenance,
            "files": {self.files[name]: sha256 for name, sha256 in self.hashes.items()},
            "skipped": [self.file(name) for name in result.provenance["skipped"]],
        }
        ledger = replace(result.ledger, table=self._frame(result.ledger.table, "file", "sheet"))
        return replace(
            result,
            tables={
                name: self._frame(frame, "source_file", "source_sheet")
                for name, frame in result.tables.items()
            },
            quarantine=self._frame(result.quarantine, "file", "sheet"),
            dropped=self._frame(result.dropped, "file", "sheet"),
            ledger=ledger,
            provenance=provenance,
        )

    def _frame(self, frame: pd.DataFrame, file: str, sheet: str) -> pd.DataFrame:
        """A frame with its columns of files and sheets renamed, of the same types."""
        if file not in frame or not len(frame):
            return frame
        places = frame[[file, sheet]].drop_duplicates().astype("object")
        changed = {
            (str(one), str(other)): (self.file(str(one)), self.sheet(str(one), str(other)))
            for one, other in places.itertuples(index=False)
        }
        if all(given == shown for given, shown in changed.items()):
            return frame
        keys = list(zip(frame[file].astype("object"), frame[sheet].astype("object"), strict=True))
        made = {}
        for at, name in enumerate((file, sheet)):
            values = pd.Series([changed[key][at] for key in keys], index=frame.index)
            made[name] = values.astype(_text_type(frame[name], values))
        return frame.assign(**made)


def _text_type(column: pd.Series, values: Iterable[str]) -> Any:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.CategoricalDtype(list(dict.fromkeys(values)))
    return column.dtype
