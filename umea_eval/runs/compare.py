"""How do two versions of a report differ? Numbers exactly, pictures by their content.

Both are executed notebooks: what a reader sees are their parts (headings, texts, tables, figures),
in order.
"""

from __future__ import annotations

import re

# The parser reads nothing but what matplotlib and our own code have written.
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from umea_eval.report.tables import SUPPRESSED
from umea_eval.runs.executed import parts

Kind = Literal["cell", "rows", "columns", "text", "picture", "missing", "added", "record", "code"]
# A hundredth of a point (1/72 inch) in a drawing: no reader sees it.
TOLERANCE = 0.01
ABSENT = "–"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# What a record says of the code and packages is compared by itself.
_MADE_FROM = ("inputs", "code", "python", "packages")


@dataclass(frozen=True)
class Difference:
    """One thing that differs: in which part of the report, and what stood and stands there.

    ``part`` is a kind of part (or a file), ``name`` what it is called, ``row`` and ``column`` a
    cell of its table.
    """

    kind: Kind
    part: str
    name: str = ""
    row: int = 0
    column: str = ""
    before: str = ""
    now: str = ""


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Everything in which two executed notebooks differ to a reader."""
    found: list[Difference] = []
    for old, new in zip_longest(_parts(before), _parts(now)):
        if old is None:
            found.append(Difference("added", *_place(new)))
        elif new is None:
            found.append(Difference("missing", *_place(old)))
        elif old["part"] != new["part"]:
            found += [Difference("missing", *_place(old)), Difference("added", *_place(new))]
        else:
            found += _in_part(old, new)
    found += _code(before, now)
    return found


def _parts(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of the report, each with its HTML."""
    shown = [
        "".join(output["data"].get("text/html", ""))
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "umea_eval" in output.get("metadata", {})
    ]
    plain = [
        "".join(output["data"].get("text/plain", ""))
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "umea_eval" in output.get("metadata", {})
    ]
    return [
        {**part, "html": html, "plain": text}
        for part, html, text in zip(parts(notebook), shown, plain, strict=True)
    ]


def _place(part: Mapping[str, Any]) -> tuple[str, str]:
    return part["part"], part.get("name") or part.get("title") or ""


def _in_part(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    kind, place = old["part"], _place(old)
    if kind == "record":
        yield from _in_record(old, new)
        return
    if kind == "table":
        yield from _in_table(place, old, new)
    elif kind == "figure":
        yield from _in_table(place, old["data"], new["data"])
        if not same_picture(_svg(old["html"]), _svg(new["html"])):
            yield Difference("picture", *place)
    if old["plain"] != new["plain"]:
        yield Difference("text", *place, before=old["plain"], now=new["plain"])


def _in_record(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted((old.keys() | new.keys()) - {*_MADE_FROM, "html", "plain"}):
        if old.get(name) != new.get(name):
            was, is_now = str(old.get(name)), str(new.get(name))
            yield Difference("record", "record", name, before=was, now=is_now)


def _in_table(
    place: tuple[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Difference]:
    columns = [_names(old), _names(new)]
    if columns[0] != columns[1]:
        was, is_now = (", ".join(names) for names in columns)
        yield Difference("columns", *place, before=was, now=is_now)
        return
    rows = _rows(old), _rows(new)
    if len(rows[0]) != len(rows[1]):
        was, is_now = (str(len(each)) for each in rows)
        yield Difference("rows", *place, before=was, now=is_now)
    for number, (before, now) in enumerate(zip(*rows, strict=False), start=1):
        for name, was_here, is_here in zip(columns[0], before, now, strict=True):
            if was_here != is_here:
                yield Difference("cell", *place, number, name, was_here, is_here)


def _names(table: Mapping[str, Any]) -> list[str]:
    return [str(column["heading"]) for column in table["columns"]]


def _rows(table: Mapping[str, Any]) -> list[list[str]]:
    """The table's cells as they can be told apart: withheld is not missing."""
    withheld = {(row, column) for row, column in table["suppressed"]}
    return [
        [
            SUPPRESSED if (number, place) in withheld else ABSENT if value is None else str(value)
            for place, value in enumerate(row)
        ]
        for number, row in enumerate(table["rows"])
    ]


def _svg(html: str) -> str:
    start, end = html.find("<svg"), html.rfind("</svg>")
    return html[start : end + len("</svg>")] if start >= 0 else ""


def same_picture(before: str, now: str) -> bool:
    """Whether two SVG pictures show the same: elements, text and colours equal, places nearly."""
    if before == now:
        return True
    try:
        pictures = ET.fromstring(before), ET.fromstring(now)  # noqa: S314 - see above
    except ET.ParseError:
        return False
    drawn = [list(picture.iter()) for picture in pictures]
    return len(drawn[0]) == len(drawn[1]) and all(
        _same_element(old, new) for old, new in zip(*drawn, strict=True)
    )


def _same_element(old: ET.Element, new: ET.Element) -> bool:
    if old.tag != new.tag or (old.text or "").strip() != (new.text or "").strip():
        return False
    names = old.attrib.keys() | new.attrib.keys()
    # Ids are made of hashes; what refers to them is drawn either way.
    return all(
        _same_value(old.get(name, ""), new.get(name, ""))
        for name in names
        if name != "id" and not name.endswith("href") and "url(#" not in old.get(name, "")
    )


def _same_value(old: str, new: str) -> bool:
    if old == new:
        return True
    if _NUMBER.sub("", old) != _NUMBER.sub("", new):
        return False
    numbers = [[float(number) for number in _NUMBER.findall(text)] for text in (old, new)]
    return len(numbers[0]) == len(numbers[1]) and all(
        abs(one - other) <= TOLERANCE for one, other in zip(*numbers, strict=True)
    )


def _code(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    sources = [
        ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for notebook in (before, now)
    ]
    changed = [
        number for number, (old, new) in enumerate(zip_longest(*sources), start=1) if old != new
    ]
    if changed:
        yield Difference("code", "code", ", ".join(map(str, changed)))
