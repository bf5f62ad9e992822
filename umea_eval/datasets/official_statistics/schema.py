"""Typed loaders of the public files in ``data/raw/public/``; their sources are in ``SOURCES.md``.

Each loader takes the file and returns one tidy frame with Arrow-backed text. A cell that does not
fit its column raises UserError with file, row (as Excel counts it) and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import pandas as pd

from umea_eval.errors import UserError
from umea_eval.intake.plain_csv import read_records

T = TypeVar("T")
TEXT: Final = "string[pyarrow]"
WHOLE: Final = "int64[pyarrow]"
NUMBER: Final = "double[pyarrow]"
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]")

# Socialstyrelsen's marks. X is withheld and may stand for any number: large ones are withheld too,
# so that small ones cannot be computed. "--" was never delivered.
SUPPRESSED, MISSING, PUBLISHED = "suppressed", "missing", "published"
_MARKS: Mapping[str, str] = {"X": SUPPRESSED, "--": MISSING}
_BIRTH: Mapping[str, str] = {
    "Inrikes födda": "native",
    "En av sökande/sambo utrikesfödd": "one_foreign",
}
# The municipalities of Västerbotten (SCB, länskod 24).
VASTERBOTTEN = (
    "2401",
    "2403",
    "2404",
    "2409",
    "2417",
    "2418",
    "2421",
    "2422",
    "2425",
    "2460",
    "2462",
    "2463",
    "2480",
    "2481",
    "2482",
)
# The whole country has no municipality code in the table; Kolada's code for it is 0000.
COUNTRY = "0000"


def load_households(path: Path) -> pd.DataFrame:
    """Households with ekonomiskt bistånd per municipality, month and country of birth.

    One row per cell of Socialstyrelsen's table. Columns: ``municipality_code`` (four digits, 0000
    for the country), ``municipality``, ``month`` (text, 2017-01), ``birth`` (native or
    one_foreign), ``households`` (whole number; missing unless published), ``status`` (published,
    suppressed or missing). A suppressed cell may be any number, also a large one.

    The table has two of three categories of birth country: their sum is **not** all households.
    Source: Socialstyrelsen, official statistics on ekonomiskt bistånd, January–August 2017.
    """
    columns = ("kommunkod", "Region", "ar", "manad_nr", "hushallstyp_fodelse", "antal_hushall_raw")
    records = read_records(path, columns)

    def cell(row: int, printed: str) -> tuple[int | None, str]:
        if printed in _MARKS:
            return None, _MARKS[printed]
        return _whole(path, row, "antal_hushall_raw", _SPACES.sub("", printed)), PUBLISHED

    cells = [cell(row, record["antal_hushall_raw"]) for row, record in records]
    months = [
        f"{_whole(path, row, 'ar', record['ar']):04d}-"
        f"{_whole(path, row, 'manad_nr', record['manad_nr']):02d}"
        for row, record in records
    ]
    births = [
        _code(path, row, "hushallstyp_fodelse", record["hushallstyp_fodelse"], _BIRTH)
        for row, record in records
    ]
    frame = _text_frame(
        {
            "municipality_code": [record["kommunkod"] or COUNTRY for _, record in records],
            "municipality": [record["Region"] for _, record in records],
            "month": months,
            "birth": births,
            "status": [status for _, status in cells],
        }
    )
    frame["households"] = pd.array([count for count, _ in cells], dtype=WHOLE)
    _unique(path, frame, ["municipality_code", "month", "birth"])
    return frame


def load_obstacles(path: Path) -> pd.DataFrame:
    """Obstacles to self-support (försörjningshinder): code, name, level and validity.

    Columns: ``code`` (three digits), ``level`` (group or single), ``name``, ``valid_from`` and
    ``valid_to`` (years, both included; missing when open). The code is read from the name where it
    stands there, since the code column has lost its leading zeros; 090 is "no obstacle", 999 is
    "obstacle missing". Source: Socialstyrelsen.
    """
    records = read_records(path, ("hinder", "vad", "name"))
    frame = _text_frame(
        {
            "code": [
                (re.match(r"(\d{3}) ", r["name"]) or re.match(r"(\d+)", r["hinder"].zfill(3)))[1]  # type: ignore[index]
                for _, r in records
            ],
            "level": [
                _code(path, row, "vad", r["vad"], {"grupp": "group", "enskild": "single"})
                for row, r in records
            ],
            "name": [re.sub(r"^\d{3} |\s*\((-\d{4}|\d{4}-)\)$", "", r["name"]) for _, r in records],
        }
    )
    starts = [re.search(r"\((\d{4})-\)$", r["name"]) for _, r in records]
    ends = [re.search(r"\(-(\d{4})\)$", r["name"]) for _, r in records]
    frame["valid_from"] = pd.array([int(m[1]) if m else None for m in starts], dtype=WHOLE)
    frame["valid_to"] = pd.array([int(m[1]) if m else None for m in ends], dtype=WHOLE)
    _unique(path, frame, ["code"])
    return frame


def load_household_types(path: Path) -> pd.DataFrame:
    """Household types (hushållstyp): ``code`` (one digit) and ``name``. Source: Socialstyrelsen."""
    records = read_records(path, ("hushallstyp", "name"))
    frame = _text_frame(
        {
            "code": [record["hushallstyp"] for _, record in records],
            "name": [record["name"] for _, record in records],
        }
    )
    _unique(path, frame, ["code"])
    return frame


def load_municipalities(path: Path) -> pd.DataFrame:
    """Municipalities, regions and the country: ``code`` (four digits), ``name``, ``kind``.

    ``kind`` is municipality, region or country; Region Västerbotten is 0024. Source: Kolada.
    """
    records = read_records(path, ("id", "title", "type"))
    kinds = [
        _code(path, row, "type", r["type"], {"K": "municipality", "L": "region"})
        for row, r in records
    ]
    frame = _text_frame(
        {
            "code": [record["id"] for _, record in records],
            "name": [record["title"] for _, record in records],
            "kind": [
                "country" if r["id"] == COUNTRY else kind
                for (_, r), kind in zip(records, kinds, strict=True)
            ],
        }
    )
    _unique(path, frame, ["code"])
    return frame


def load_kolada(path: Path) -> pd.DataFrame:
    """Kolada's definitions of key figures: ``id``, ``title``, ``description``, ``by_sex``, date.

    ``by_sex`` is whether Kolada divides it by sex; ``published_on`` is a date. Källa: Kolada. Own
    calculations are never attributed to Kolada.
    """
    columns = ("id", "title", "description", "is_divided_by_gender", "publication_date")
    records = read_records(path, columns)
    frame = _text_frame(
        {column: [record[column] for _, record in records] for column in columns[:3]}
    )
    frame["by_sex"] = pd.array(
        [
            _code(path, row, columns[3], r[columns[3]], {"True": True, "False": False})
            for row, r in records
        ],
        dtype="bool[pyarrow]",
    )
    frame["published_on"] = pd.Series(
        [_date(path, row, columns[4], r[columns[4]]) for row, r in records], dtype="date32[pyarrow]"
    )
    _unique(path, frame, ["id"])
    return frame


def load_vip_reference(path: Path) -> pd.DataFrame:
    """Risk factors in the Västerbotten health examinations 1991–2010, by sex and period.

    One row per variable, sex and period: ``variable``, ``unit``, ``sex`` (women or men),
    ``period`` (1991–1995 …), ``value`` (mean or per cent), ``spread`` (standard deviation, for
    means), ``n`` (persons, for percentages), ``note``. Ages are not divided: context, never a
    standard. Source: Long et al. 2014, Am J Prev Med, doi 10.1016/j.amepre.2013.10.011.
    """
    records = read_records(path, ("variable", "unit", "note"))
    rows: list[dict[str, Any]] = []
    for row, record in records:
        for column, cell in record.items():
            found = re.fullmatch(r"(men|women)_(\d{4})_(\d{4})", column)
            if not found:
                continue
            printed = re.fullmatch(r"([\d.]+) \(([\d.]+)\)", cell)
            if not printed:
                raise UserError(
                    "official_statistics.errors.cell",
                    file=path.name,
                    row=row,
                    column=column,
                    expected="36.8 (4423)",
                )
            share = record["unit"].startswith("percent")
            rows.append(
                {
                    "variable": record["variable"],
                    "unit": "percent" if share else record["unit"],
                    "sex": found[1],
                    "period": f"{found[2]}–{found[3]}",
                    "value": float(printed[1]),
                    "spread": None if share else float(printed[2]),
                    "n": int(printed[2]) if share else None,
                    "note": record["note"],
                }
            )
    frame = pd.DataFrame(rows)
    texts = ["variable", "unit", "sex", "period", "note"]
    types = {**dict.fromkeys(texts, TEXT), "value": NUMBER, "spread": NUMBER, "n": WHOLE}
    return frame.astype(types)


def load_test_numbers(path: Path) -> pd.Series[str]:
    """The official test identity numbers, 12 digits as text. Source: Skatteverket."""
    column = "samordningsnummer" if "samordning" in path.name else "testpersonnummer"
    records = read_records(path, (column,))
    for row, record in records:
        if not re.fullmatch(r"\d{12}", record[column]):
            raise UserError(
                "official_statistics.errors.cell",
                file=path.name,
                row=row,
                column=column,
                expected="ÅÅÅÅMMDDNNNN",
            )
    return pd.Series([record[column] for _, record in records], dtype=TEXT, name=column)


def _text_frame(columns: Mapping[str, list[str]]) -> pd.DataFrame:
    return pd.DataFrame(dict(columns), dtype=TEXT)


def _whole(path: Path, row: int, column: str, cell: str) -> int:
    if not re.fullmatch(r"\d+", cell, re.ASCII):
        raise UserError(
            "official_statistics.errors.cell",
            file=path.name,
            row=row,
            column=column,
            expected="123, X, --",
        )
    return int(cell)


def _date(path: Path, row: int, column: str, cell: str) -> date | None:
    if not cell:
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise UserError(
            "official_statistics.errors.cell",
            file=path.name,
            row=row,
            column=column,
            expected="2024-01-31",
        ) from None


def _code(path: Path, row: int, column: str, cell: str, codes: Mapping[str, T]) -> T:
    if cell not in codes:
        raise UserError(
            "official_statistics.errors.cell",
            file=path.name,
            row=row,
            column=column,
            expected=", ".join(codes),
        )
    return codes[cell]


def _unique(path: Path, frame: pd.DataFrame, key: list[str]) -> None:
    if frame.duplicated(key).any():
        row = int(frame.duplicated(key).to_numpy().nonzero()[0][0]) + 2
        raise UserError(
            "official_statistics.errors.duplicate", file=path.name, row=row, columns=", ".join(key)
        )


# Every public table that has a loader, by file name.
LOADERS: Mapping[str, Callable[[Path], pd.DataFrame | pd.Series[str]]] = {
    "socialstyrelsen_ekonomiskt_bistand_2017_jan-aug.csv": load_households,
    "code_list_forsorjningshinder.csv": load_obstacles,
    "code_list_hushallstyp.csv": load_household_types,
    "municipalities_and_regions.csv": load_municipalities,
    "kolada_key_figures.csv": load_kolada,
    "vip_reference_long2014.csv": load_vip_reference,
    "test_personnummer.csv": load_test_numbers,
    "test_samordningsnummer.csv": load_test_numbers,
}
