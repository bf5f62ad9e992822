"""JSON from a system's API to cells: one row per object of its list of results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from umea_eval.errors import UserError
from umea_eval.intake.grid import MAX_COLUMNS, Grid, from_rows

# Where the known systems put their rows (Lifecare: Result; Kolada: values).
LISTS = ("result", "results", "values", "items", "data", "rows")


@dataclass(frozen=True)
class Page:
    """A page of results: its number, how many pages and results it says there are, and its own.

    None where the page does not say.
    """

    number: int | None
    pages: int | None
    count: int | None
    results: int


def read_json(utf8: bytes, *, file: str) -> tuple[Grid, tuple[Page, ...]]:
    """Read a list of objects, a page that wraps one (PageNumber … Result), a list of pages, or
    one page or object per line.

    An object within an object gives columns named ``Outer.Inner``; a list within an object gives
    ``Outer[1].Inner``, ``Outer[2].Inner``: one result is always one row, so a payment to two
    persons is not counted twice. Row i + 1 is the i:th result. Numbers keep the digits of the file.
    Also the pages. A page without results (a month without any) is a table without rows. Raises
    UserError for text that is no JSON or holds no list of objects.
    """
    pages: list[Page] = []
    try:
        flat = [dict(_flatten(each, "")) for each in _objects(_parse(utf8), pages)]
    except (json.JSONDecodeError, RecursionError, UnicodeDecodeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise UserError("intake.bad_json", file=file, row=line) from None
    if not flat and not pages:
        raise UserError("intake.no_rows", file=file)
    names = list(dict.fromkeys(chain.from_iterable(flat)))
    if len(names) > MAX_COLUMNS:
        raise UserError("intake.too_many_columns", file=file, most=MAX_COLUMNS)
    rows = [[each.get(name) for name in names] for each in flat]
    return Grid(from_rows(rows, len(names)), len(rows), headings=tuple(names)), tuple(pages)


def missing_results(pages: Iterable[Page]) -> tuple[int, int]:
    """How many pages, and how many results, the pages of a delivery say there are and lack.

    Pages that give the same totals are of one answer, until a number comes again: that is another.
    """
    answers: list[list[Page]] = []
    for page in pages:
        for answer in answers:
            same = (page.pages, page.count) == (answer[0].pages, answer[0].count)
            if same and page.number not in {each.number for each in answer if each.number}:
                answer.append(page)
                break
        else:
            answers.append([page])
    lost_pages = lost_results = 0
    for answer in answers:
        # Without numbers nobody knows which page it is.
        if all(each.number is not None for each in answer):
            lost_pages += max(0, (answer[0].pages or 0) - len(answer))
        lost_results += max(0, (answer[0].count or 0) - sum(each.results for each in answer))
    return lost_pages, lost_results


def _parse(utf8: bytes) -> Any:
    text = utf8.decode("utf-8")
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=_nothing)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
    # One document per line.
    lines = [line for line in text.split("\n") if line.strip()]
    return [
        json.loads(line, parse_float=str, parse_int=str, parse_constant=_nothing) for line in lines
    ]


def _nothing(_name: str) -> None:
    """NaN and Infinity are no numbers of JSON: no value."""


def _objects(node: Any, pages: list[Page]) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, list):
        for each in node:
            yield from _objects(each, pages)
    elif isinstance(node, dict):
        inner = _rows_of(node)
        if inner is None:
            yield node
        else:
            found = [each for each in inner if isinstance(each, dict)]
            pages.append(_page(node, len(found)))
            yield from found


def _page(node: Mapping[str, Any], results: int) -> Page:
    said = {
        name.lower(): int(value)
        for name, value in node.items()
        if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value)
    }
    return Page(said.get("pagenumber"), said.get("totalpages"), said.get("totalcount"), results)


def _rows_of(page: Mapping[str, Any]) -> list[Any] | None:
    for name, value in page.items():
        if name.lower() in LISTS and isinstance(value, list):
            return value
    return None


def _flatten(node: Any, name: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _flatten(value, f"{name}.{key}" if name else key)
    elif isinstance(node, list):
        for number, value in enumerate(node, start=1):
            yield from _flatten(value, f"{name}[{number}]")
    elif isinstance(node, bool):
        yield name, "true" if node else "false"
    elif isinstance(node, str) and not node.isascii():
        # JSON can spell half a character (a lone surrogate), which no text column can hold.
        yield name, node.encode("utf-8", errors="replace").decode("utf-8")
    else:
        yield name, node
