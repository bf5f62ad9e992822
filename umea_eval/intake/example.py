"""Example exports in the forms that real ones have, with faults whose places are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from umea_eval.intake.codes import WOMEN
from umea_eval.intake.example_files import FORMS, Form, file_bytes
from umea_eval.intake.schema import Column, Schema

MARKS = ("file", "row", "fate", "column", "reason")
NUMBERS = ("sek", "number", "whole")
_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


@dataclass(frozen=True)
class Simulated:
    """Frames in the form of the schemas (identities as numbers), and what is true of them.

    ``schemas`` are those that the frames are written by, where they have columns that depend on
    other tables (a survey's questions); by default the dataset's own.
    """

    frames: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any] = field(default_factory=dict)
    schemas: Sequence[Schema] = ()


@dataclass(frozen=True)
class Style:
    """How a system writes its exports."""

    encoding: str = "utf-8-sig"
    separator: str = ";"
    newline: str = "\r\n"
    identity: Literal["12", "12-", "10-", "iso"] = "12"
    date: Literal["iso", "compact", "dotted", "slash", "utc"] = "iso"
    month: Literal["iso", "compact", "short", "long"] = "iso"
    amount: Literal["comma", "dot", "both", "space", "kr", "after"] = "comma"
    code: Literal["label", "code", "both"] = "label"
    flag: Literal["J", "Ja", "1", "X"] = "Ja"
    sex: Literal["K", "Kvinna", "Kv", "2"] = "K"
    title: bool = False
    total: bool = False
    note: bool = False
    heading: int = 0  # which of the known headings; 0 is the label
    form: Form = "csv"


TIDY = Style()
MESSY = (
    Style("cp1252", ";", "\r\n", "12-", "iso", "compact", "space", "both", "J", "Kvinna"),
    Style("utf-16", "\t", "\r\n", "10-", "dotted", "short", "both", "label", "1", "Kv", title=True),
    Style("utf-8", ";", "\n", "iso", "compact", "long", "after", "code", "Ja", "2", total=True),
    Style("utf-8-sig", ";", "\r\n", "12", "slash", "iso", "kr", "label", "X", "K", note=True),
    Style(form="xlsx", identity="12-", amount="dot", title=True, total=True),
    Style(form="json", date="utc", amount="dot", heading=1),
    Style("cp1252", form="zip", code="both", heading=1),
)


def write_example(
    simulated: Simulated,
    schemas: Sequence[Schema],
    folder: Path,
    *,
    extraction: dt.date,
    messy: bool,
    seed: int = 0,
) -> pd.DataFrame:
    """Write simulated tables as exports to ``folder``, and return where their faults are (MARKS).

    Tidy: one CSV per table. Messy: each table in several files of different forms, with 2 % spoiled
    rows and 1 % exact copies, and a file from the month before with rows that the newer ones
    replace (5 % of the first part, as they stood then).
    """
    folder.mkdir(parents=True, exist_ok=True)
    marks = []
    for number, schema in enumerate(schemas):
        frame = simulated.frames[schema.name]
        styles = MESSY if messy else (TIDY,)
        # Whole parts of the table: a file of its own for each style.
        cuts = np.linspace(0, len(frame), len(styles) + 1).astype(int)
        for part, style in enumerate(styles):
            own = frame.iloc[cuts[part] : cuts[part + 1]]
            if own.empty:
                continue
            suffix = f"_{part + 1}" if messy else ""
            made = write_export(
                own,
                schema,
                folder / f"{schema.name}{suffix} {extraction.isoformat()}.csv",
                style,
                seed=seed * 100 + number * 10 + part,
                spoiled=0.02 if messy else 0.0,
                repeated=0.01 if messy else 0.0,
            )
            marks.append(made)
        older = _older(frame.iloc[: cuts[1]], schema) if messy else frame.iloc[:0]
        if len(older):
            before = extraction.replace(day=1) - dt.timedelta(days=1)
            path = folder / f"{schema.name} {before.isoformat()}.csv"
            write_export(older, schema, path, TIDY)
            marks.append(
                pd.DataFrame(
                    [[path.name, row, "superseded", "", ""] for row in range(2, len(older) + 2)],
                    columns=list(MARKS),
                )
            )
    return pd.concat(marks, ignore_index=True)


def _older(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Every twentieth row as an earlier extraction had it: not yet ended, or another amount."""
    if not schema.key:
        return frame.iloc[:0]
    rows = frame.iloc[::20]
    for column in schema.columns:
        if column.name in schema.key or column.name not in rows:
            continue
        if column.open_end:
            ended = rows[rows[column.name].notna()]
            return ended.assign(**{column.name: pd.Series(pd.NaT, index=ended.index)})
        if column.dtype == "sek":
            return rows.assign(**{column.name: rows[column.name] + 1})
    return rows.iloc[:0]


def write_export(
    frame: pd.DataFrame,
    schema: Schema,
    path: Path,
    style: Style = TIDY,
    *,
    seed: int = 0,
    spoiled: float = 0.0,
    repeated: float = 0.0,
) -> pd.DataFrame:
    """Write a frame of sound values as an export, and return where its faults are.

    The file gets the name of ``path`` and the ending of the style's form.

    ``frame`` has the schema's columns (identities as twelve digits); a column that it lacks is not
    written. ``spoiled`` and ``repeated`` are shares of the rows: so many rows (of ten and more at
    least one) are added with one fault each, or as exact copies, at random places, so that cleaning
    gives back ``frame``. The marks have one row per added row, with the columns ``MARKS``.
    """
    random = np.random.default_rng(seed)
    columns = [column for column in schema.columns if column.name in frame]
    style = _decidable(style, columns, frame)
    texts = [_texts(column, frame[column.name], style) for column in columns]
    sound = [list(cells) for cells in zip(*texts, strict=True)]
    rows = [(cells, "clean", "", "") for cells in sound]
    faults = _faults(columns, frame, style)
    for place in random.integers(0, len(sound), _some(spoiled, len(sound))).tolist():
        column, reason, text = faults[int(random.integers(len(faults)))]
        cells = list(sound[place])
        if column is None:
            cells.append(text)
        else:
            cells[columns.index(column)] = text
        rows.append((cells, "quarantined", column.name if column else "", reason))
    copies = random.integers(0, len(sound), _some(repeated, len(sound))).tolist()
    rows += [(list(sound[place]), "duplicates", "", "") for place in copies]
    order = np.concatenate(
        # A copy comes after what it copies; the others anywhere.
        [random.permutation(len(rows) - len(copies)), np.arange(len(rows) - len(copies), len(rows))]
    ).tolist()
    above = _above(style, columns)
    below = _below(style, columns, frame)
    lines = [*above, *(rows[place][0] for place in order), *below]
    numeric = [column.dtype in NUMBERS for column in columns]
    name = f"{path.stem}{FORMS[style.form]}"
    content = file_bytes(
        lines,
        style.form,
        name=path.stem,
        first=len(above),
        numeric=numeric,
        encoding=style.encoding,
        separator=style.separator,
        newline=style.newline,
    )
    path.with_name(name).write_bytes(content)
    # A file within an archive is known by both names.
    shown = f"{name}/{path.stem}.csv" if style.form == "zip" else name
    before = 0 if style.form == "json" else len(above)  # an object names its own cells
    marks = [
        [shown, before + number, *rows[place][1:]]
        for number, place in enumerate(order, start=1)
        if rows[place][1] != "clean"
    ]
    return pd.DataFrame(marks, columns=list(MARKS))


def _decidable(style: Style, columns: Sequence[Column], frame: pd.DataFrame) -> Style:
    """The style, with ISO dates where no day of the file is over 12: 3/4 2024 would be a fault."""
    days = [
        frame[column.name].dropna()
        for column in columns
        if column.dtype == "date" and style.date in ("dotted", "slash")
    ]
    if not days or any((pd.DatetimeIndex(each).day > 12).any() for each in days):
        return style
    return replace(style, date="iso")


def _some(share: float, rows: int) -> int:
    """So many of the rows; of a small table at least one, so that it has what it is to show.

    Not of fewer than ten rows: one row of words more, and nobody can tell which are the headings.
    """
    return max(1 if share and rows >= 10 else 0, round(share * rows))


def _above(style: Style, columns: Sequence[Column]) -> list[list[str]]:
    names = [
        (
            [column.label_sv, *column.headings][style.heading : style.heading + 1]
            or [column.label_sv]
        )[0]
        for column in columns
    ]
    title = [["Rapport: exempeldata"], ["Period:", "alla"], []] if style.title else []
    return [*title, names]


def _below(style: Style, columns: Sequence[Column], frame: pd.DataFrame) -> list[list[str]]:
    below = []
    if style.total:
        sums = [
            _amount(float(frame[column.name].sum()), style) if column.dtype == "sek" else ""
            for column in columns
        ]
        below.append(["Summa", *sums[1:]])
    if style.note:
        below.append(["Källa: genererade exempeldata, inga verkliga personer"])
    return below


def _texts(column: Column, series: pd.Series, style: Style) -> list[str]:
    """The column's values as the style writes them; missing is an empty cell."""
    distinct = series.drop_duplicates()
    known: dict[object, str] = {
        value: "" if pd.isna(value) else _text(column, value, style) for value in distinct.tolist()
    }
    return ["" if pd.isna(value) else known[value] for value in series.tolist()]


def _text(column: Column, value: object, style: Style) -> str:  # noqa: PLR0911 - one per type
    match column.dtype:
        case "identity":
            return _identity(str(value), style)
        case "date":
            return _date(pd.Timestamp(str(value)).date(), style)
        case "month":
            return _month(pd.Timestamp(str(value)).date(), style)
        case "sek":
            return _amount(float(str(value)), style)
        case "number":
            return str(value).replace(".", ",")
        case "code":
            return _code(column, str(value), style)
        case "sex":
            return _SEXES[style.sex][value != WOMEN]
        case "flag" | "protected":
            return _FLAGS[style.flag][0 if value else 1]
        case "filled":
            return "Fri text" if value else ""
        case "time":
            return f"{int(str(value)) // 60:02}:{int(str(value)) % 60:02}"
        case _:
            return str(value)


_SEXES: Mapping[str, tuple[str, str]] = {
    "K": ("K", "M"),
    "Kvinna": ("Kvinna", "Man"),
    "Kv": ("Kv", "M"),
    "2": ("2", "1"),
}
_FLAGS: Mapping[str, tuple[str, str]] = {
    "J": ("J", "N"),
    "Ja": ("Ja", "Nej"),
    "1": ("1", "0"),
    "X": ("X", ""),
}


def _identity(number: str, style: Style) -> str:
    match style.identity:
        case "12-":
            return f"{number[:8]}-{number[8:]}"
        case "10-":  # no example person has turned 100
            return f"{number[2:8]}-{number[8:]}"
        case "iso":
            return f"{number[:4]}-{number[4:6]}-{number[6:8]}-{number[8:]}"
        case _:
            return number


def _date(day: dt.date, style: Style) -> str:
    forms = {
        "compact": f"{day:%Y%m%d}",
        "dotted": f"{day.day}.{day.month}.{day.year}",
        "slash": f"{day.day}/{day.month} {day.year}",
        "utc": f"{day.isoformat()}T00:00:00Z",
    }
    return forms.get(style.date, day.isoformat())


def _month(month: dt.date, style: Style) -> str:
    name = _MONTHS[month.month - 1]
    forms = {
        "compact": f"{month:%Y%m}",
        "short": f"{name}-{month:%y}",
        "long": f"{name} {month.year}",
    }
    return forms.get(style.month, f"{month:%Y-%m}")


def _amount(value: float, style: Style) -> str:
    # By the decimal digits: grouping is the style's own, never a locale's.
    whole = f"{abs(value):.2f}"
    grouped = f"{abs(value):,.2f}"
    sign = "-" if value < 0 else ""
    swedish = grouped.replace(",", " ").replace(".", ",")
    forms = {
        "dot": sign + whole,
        "both": sign + grouped.translate(str.maketrans(",.", ".,")),
        "space": sign + swedish.replace(" ", "\u00a0"),
        "kr": f"{sign}{swedish} kr",
        "after": swedish + sign,
    }
    return forms.get(style.amount, sign + whole.replace(".", ","))


def _code(column: Column, code: str, style: Style) -> str:
    label = (
        next(each.label_sv for each in column.codes.codes if each.code == code)
        if column.codes
        else ""
    )
    digits = column.codes.digits if column.codes else 0
    if style.code == "code" and digits:
        return code
    return f"{code} {label}" if style.code == "both" and digits else label


def _faults(
    columns: Sequence[Column], frame: pd.DataFrame, style: Style
) -> list[tuple[Column | None, str, str]]:
    """Every fault that a row of this export can be given: column, reason code, and the cell."""
    # A row of a workbook has a cell in every column of the sheet, and an object has names.
    surplus = style.form in ("csv", "zip")
    faults: list[tuple[Column | None, str, str]] = (
        [(None, "too_many_cells", "extra")] if surplus else []
    )
    for column in columns:
        if column.filled:
            faults.append((column, "missing_value", ""))
        match column.dtype:
            case "identity":
                number = str(frame[column.name].dropna().iloc[0])
                wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
                faults.append((column, "check_digit", _identity(wrong, style)))
                faults.append((column, "masked", f"{number[:8]}-XXXX"))
                faults.append((column, "digits_lost", "1,99001E+11"))
            case "date":
                faults.append((column, "not_a_date", "2023-02-30"))
                faults.append((column, "not_a_date", "snart"))
            case "month":
                faults.append((column, "not_a_month", "2023-13"))
            case "sek" | "number" | "whole":
                faults.append((column, "not_a_number", "se bilaga"))
                if column.range:
                    beyond = float(str(column.range[1])) + 1
                    text = _amount(beyond, style) if column.dtype == "sek" else f"{beyond:.0f}"
                    faults.append((column, "out_of_range", text))
            case "code":
                faults.append((column, "unknown_code", "Finns inte i listan"))
                faults += _outdated(column, frame, style)
            case "sex":
                faults.append((column, "unknown_code", "Q"))
            case "flag":
                faults.append((column, "not_yes_or_no", "kanske"))
            case "time":
                faults.append((column, "not_a_time", "25:70"))
    return faults


def _outdated(
    column: Column, frame: pd.DataFrame, style: Style
) -> list[tuple[Column | None, str, str]]:
    """A code that had ceased to hold before the first day of the frame."""
    codes = column.codes
    if codes is None or codes.valid_at not in frame:
        return []
    first = pd.DatetimeIndex(frame[codes.valid_at]).min().date()
    old = [each.code for each in codes.codes if each.valid_to is not None and each.valid_to < first]
    return [(column, "code_not_valid", _code(column, old[0], style))] if old else []
