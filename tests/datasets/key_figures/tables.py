"""Small printed tables for the tests: only the columns that matter are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from umea_eval.datasets.key_figures.audit import audit
from umea_eval.datasets.key_figures.findings import Audit, Finding
from umea_eval.datasets.key_figures.schema import COLUMNS, read_key_figures

PUBLIC = Path(__file__).resolve().parents[3] / "data" / "raw" / "public"
PUBLISHED = PUBLIC / "published_key_figures.csv"

USUAL = {
    "document": "Årsrapport",
    "section": "Bilaga",
    "domain": "barn_unga",
    "indicator": "Antal insatser",
    "period": "2023",
    "population": "Kommunen",
    "unit": "antal",
    "source_file": "rapport.txt",
}
Row = Mapping[str, object]


def content(rows: Sequence[Row], separator: str = ",") -> str:
    """The table as CSV text; ids are a1, a2 … unless given."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter=separator, lineterminator="\n", restval="")
    writer.writeheader()
    for number, row in enumerate(rows, start=1):
        usual = {**USUAL, "figure_id": f"a{number}", "source_line": number}
        writer.writerow({**usual, **row})
    return out.getvalue()


def audited(folder: Path, *rows: Row) -> Audit:
    path = folder / "table.csv"
    path.write_text(content(rows), encoding="utf-8")
    return audit(read_key_figures(path))


def said(result: Audit) -> list[tuple[str, str, list[str]]]:
    """Each finding as (severity, rule.variant, ids)."""
    return [
        (f.severity, f"{f.rule}.{f.variant}", [figure.figure_id for figure in f.figures])
        for f in result.findings
    ]


def only(result: Audit) -> Finding:
    """The one finding that there is."""
    assert len(result.findings) == 1, said(result)
    return result.findings[0]


def sexes(total: object, women: object, men: object, **more: object) -> list[dict[str, object]]:
    """Three rows: total, women, men."""
    values = (("total", total), ("kvinnor", women), ("män", men))
    return [{"sex": sex, "value": value, **more} for sex, value in values if value is not None]
