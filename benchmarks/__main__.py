"""``python -m benchmarks [NAME...]``: run benchmarks, write their results and the table."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import (
    batch,
    bootstrap,
    clean_payments,
    placement_days,
    single_report,
    spells,
    suppression,
    survival,
)
from benchmarks.measure import RESULTS, Result

BENCHMARKS: Mapping[str, Callable[[], Result]] = {
    single_report.NAME: single_report.run,
    clean_payments.NAME: clean_payments.run,
    spells.NAME: spells.run,
    **survival.BENCHMARKS,
    bootstrap.NAME: bootstrap.run,
    suppression.NAME: suppression.run,
    **placement_days.BENCHMARKS,
    **batch.BENCHMARKS,
}
TABLE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

The table is written by `make bench`. Medians in seconds, in turn with the peer on the same
machine; a ratio above 1 means that umea_eval is faster. Memory is the highest of all processes
together, in megabytes. What each benchmark does stands at the top of its file in `benchmarks/`.
Rows stay until their benchmark is run again; what was special about a run is written below the
table, by hand.

Machine: {machine}. Last run: {day}.

| benchmark | umea_eval (s) | peer | peer (s) | ratio | runs | memory ours / peer (MB) |
|---|---|---|---|---|---|---|
"""


def main(names: list[str]) -> int:
    """Run the named benchmarks (all without names) and write the table of the latest results."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        sys.stderr.write(f"No benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.\n")
        return 2
    # A user's machine compiles each module once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in names or list(BENCHMARKS):
        sys.stderr.write(f"{name} ...\n")
        result = BENCHMARKS[name]()
        sys.stdout.write(f"{result.write()}: {result.ratios}\n")
    TABLE.write_text(table(TABLE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def table(before: str) -> str:
    """The document with the results there are; rows of other benchmarks and the notes stay."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    new = {path.stem: _rows(path) for path in RESULTS.glob("*.json")}
    lines = before.splitlines(keepends=True)
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| benchmark ")]
    old: dict[str, list[str]] = {}
    for row in rows:
        old.setdefault(row.split("|")[1].strip(), []).append(row)
    notes = "".join(lines[lines.index(rows[-1]) + 1 :]) if rows else ""
    known = {**old, **new}
    made = "".join(row for name in sorted(known) for row in known[name])
    return HEAD.format(machine=machine, day=date.today()) + made + notes  # noqa: DTZ011


def _rows(path: Path) -> list[str]:
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    memory = facts["memory_mb"]
    return [
        f"| {facts['name']} | {facts['ours_s']} | {peer} | {seconds} | {facts['ratios'][peer]} "
        f"| {facts['runs']} | {memory.get('ours', '–')} / {memory.get(peer, '–')} |\n"
        for peer, seconds in facts["peers"].items()
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
