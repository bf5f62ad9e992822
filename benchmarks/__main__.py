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
    suppression.NAME: suppression.run,
    **placement_days.BENCHMARKS,
    **batch.BENCHMARKS,
}
TABLE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`; do not edit by hand. Medians in seconds, in turn with the peer on the same
machine; a ratio above 1 means that umea_eval is faster. Memory is the highest of all processes
together, in megabytes. What each benchmark does stands at the top of its file in `benchmarks/`.

Machine: {machine}. Date: {day}.

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
    TABLE.write_text(table(), encoding="utf-8")
    return 0


def table() -> str:
    """The table of all results there are."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    rows = [row for path in sorted(RESULTS.glob("*.json")) for row in _rows(path)]
    return HEAD.format(machine=machine, day=date.today()) + "".join(rows)  # noqa: DTZ011


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
