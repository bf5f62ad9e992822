"""One side of the placement benchmark: ``python placement_days_job.py SIDE PLACEMENTS``.

Runs in either environment, so it imports nothing of ours but in the function that measures us.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

KINDS = (
    *("family_home", "consultant_family_home", "network_home", "emergency_home"),
    *("hvb", "sis", "supported_housing", "protected_housing"),
)
FIRST, UNTIL = dt.date(2015, 1, 1), dt.date(2024, 12, 31)
RUNS = 3
Placements = dict[str, Any]


def data(size: int) -> Placements:
    """Ten years of starts, exponential lengths of 200 days on average, a tenth still open."""
    rng = np.random.default_rng(0)
    first = np.datetime64(FIRST, "D") + rng.integers(0, 3_650, size)
    last = first + np.minimum(rng.exponential(200, size), 3_000).astype(np.int64)
    return {
        "kind": rng.integers(0, len(KINDS), size).astype(np.int8),
        "starts": first,
        "ends": np.where(rng.random(size) < 0.1, np.datetime64("NaT"), last),
    }


def ours(made: Placements) -> tuple[Callable[[], Any], float]:
    """Our call, and the size of its input in megabytes."""
    import pandas as pd  # noqa: PLC0415

    from umea_eval.datasets.placement_days.measures import days_per_month  # noqa: PLC0415

    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(np.array(KINDS)[made["kind"]], categories=list(KINDS)),
            "starts": made["starts"].astype("datetime64[us]"),
            "ends": made["ends"].astype("datetime64[us]"),
        }
    )
    size = float(frame.memory_usage(index=False).sum()) / 1e6
    return lambda: days_per_month(frame, counting="both", until=UNTIL, by=["kind"]), size


def polars(made: Placements) -> tuple[Callable[[], Any], float]:
    """A row per placement and month number, the month's days from a small table."""
    import polars as pl  # noqa: PLC0415

    kinds = pl.Series(np.array(KINDS)[made["kind"]], dtype=pl.Enum(KINDS))
    frame = pl.DataFrame({"kind": kinds, "starts": made["starts"], "ends": made["ends"]})
    after = (UNTIL - dt.date(1970, 1, 1)).days + 1
    first, stop = pl.col("first"), pl.col("stop")

    def number(days: pl.Expr) -> pl.Expr:
        day = days.cast(pl.Date)
        return day.dt.year().cast(pl.Int64) * 12 + day.dt.month() - 1

    def call() -> Any:
        months = (
            pl.date_range(FIRST, UNTIL, "1mo", eager=True)
            .alias("month")
            .to_frame()
            .lazy()
            .with_columns(
                number=number(pl.col("month")),
                begins=pl.col("month").to_physical(),
                following=pl.col("month").dt.offset_by("1mo").to_physical(),
            )
        )
        ends = (pl.col("ends").to_physical() + 1).fill_null(after)
        return (
            frame.lazy()
            .select(
                "kind",
                first=pl.min_horizontal(pl.col("starts").to_physical(), after),
                stop=pl.min_horizontal(ends, after),
            )
            .filter(first < stop)
            .with_columns(number=pl.int_ranges(number(first), number(stop - 1) + 1))
            .explode("number")
            .join(months, on="number")
            .group_by("kind", "month")
            .agg(
                days=(
                    pl.min_horizontal("stop", "following") - pl.max_horizontal("first", "begins")
                ).sum()
            )
            .sort("kind", "month")
            .collect()
        )

    return call, float(frame.estimated_size()) / 1e6


def duckdb(made: Placements) -> tuple[Callable[[], Any], float]:
    """A row per placement and month number, the month's days from a small table."""
    import duckdb  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(
        {
            "kind": np.array(KINDS)[made["kind"]],
            "starts": made["starts"].astype("datetime64[us]"),
            "ends": made["ends"].astype("datetime64[us]"),
        }
    )
    base = duckdb.connect()
    base.execute("SET threads = 1")
    base.register("given", frame)
    names = ", ".join(f"'{kind}'" for kind in KINDS)
    base.execute(f"CREATE TYPE kinds AS ENUM ({names})")
    base.execute(
        "CREATE TABLE placements AS SELECT kind::kinds AS kind, starts::DATE AS starts, "
        "ends::DATE AS ends FROM given"
    )
    base.unregister("given")
    question = f"""
        WITH stays AS (
            SELECT kind, starts AS first,
                   least(coalesce(ends + 1, DATE '{UNTIL}' + 1), DATE '{UNTIL}' + 1) AS stop
            FROM placements WHERE starts <= DATE '{UNTIL}'
        ), months AS (
            SELECT month::DATE AS month, (month + INTERVAL 1 MONTH)::DATE AS following,
                   year(month) * 12 + month(month) - 1 AS number
            FROM (SELECT unnest(generate_series(
                TIMESTAMP '{FIRST}', TIMESTAMP '{UNTIL}', INTERVAL 1 MONTH)) AS month)
        ), cut AS (
            SELECT kind, first, stop, unnest(range(
                year(first) * 12 + month(first) - 1, year(stop - 1) * 12 + month(stop - 1)
            )) AS number
            FROM stays
        )
        SELECT kind, month, sum(least(stop, following) - greatest(first, month))::BIGINT AS days
        FROM cut JOIN months USING (number) GROUP BY ALL ORDER BY ALL
    """  # noqa: S608 - our own constants
    return lambda: base.execute(question).df(), float("nan")


def told(answer: Any) -> tuple[int, int, int]:
    """Rows, days, and days weighed by their month's place: the same for the same answer."""
    rows = sorted(
        (str(kind), str(month)[:10], int(days))
        for kind, month, days in zip(answer["kind"], answer["month"], answer["days"], strict=True)
    )
    return len(rows), sum(row[2] for row in rows), sum(i * row[2] for i, row in enumerate(rows))


def peak_mb(reset: bool) -> float:
    """The most memory since the last reset; Linux tells it."""
    if reset:
        # What was freed before goes back, or the call would use it unseen.
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1e3 if found else float("nan")


def main(side: str, size: str) -> None:
    """Warm up on a small table, then time the best of three."""
    prepare = {"ours": ours, "polars": polars, "duckdb": duckdb}[side]
    prepare(data(1_000))[0]()
    call, input_mb = prepare(data(int(size)))
    before = peak_mb(reset=True)
    answer = call()
    memory = peak_mb(reset=False) - before
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    rows, days, checksum = told(answer)
    measured = {
        "seconds": min(seconds),
        "memory_mb": round(memory, 1),
        "input_mb": round(input_mb, 1),
    }
    sys.stdout.write(json.dumps({**measured, "rows": rows, "days": days, "checksum": checksum}))


if __name__ == "__main__":
    main(*sys.argv[1:])
