"""The rules of ``spells_rules`` in SQL, on one thread of DuckDB.

A statement is only sure to have run when its answer has been fetched.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.peers.spells_rules import GAP, LAST_ORDINAL, LONG_TERM, VERY_LONG_TERM, main

# Lags over each person's months; the running count of beginnings numbers the spells.
SPELLS = """
CREATE OR REPLACE TEMP TABLE spells AS
WITH months AS (
    SELECT person, CAST(year(month) * 12 + month(month) - 1 AS INTEGER) AS n FROM person_months
),
steps AS (
    SELECT person, n,
        CASE WHEN n - lag(n) OVER w <= $gap THEN 0 ELSE 1 END AS begins,
        n - lag(n, $long_least - 1) OVER w < $long_window AS reached_long,
        n - lag(n, $very_least - 1) OVER w < $very_window AS reached_very
    FROM months
    WINDOW w AS (PARTITION BY person ORDER BY n)
),
numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY person ORDER BY n ROWS UNBOUNDED PRECEDING) AS spell
    FROM steps
)
SELECT person, min(n) AS first, max(n) AS last, max(n) - min(n) + 1 AS months,
    count(*) AS benefit_months, $last - max(n) < $gap AS is_open,
    coalesce(bool_or(reached_long), false) AS long_term,
    coalesce(bool_or(reached_very), false) AS very_long_term
FROM numbered
GROUP BY person, spell
"""
RULES = {
    "gap": GAP,
    "last": LAST_ORDINAL,
    "long_least": LONG_TERM[0],
    "long_window": LONG_TERM[1],
    "very_least": VERY_LONG_TERM[0],
    "very_window": VERY_LONG_TERM[1],
}


def load(person: np.ndarray, month: np.ndarray) -> Any:
    """The rows as a table in DuckDB's memory."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET preserve_insertion_order = false")
    frame = pd.DataFrame({"person": person, "month": month}, copy=False)
    connection.register("frame", frame)
    connection.execute(
        "CREATE TABLE person_months AS SELECT person, CAST(month AS DATE) AS month FROM frame"
    ).fetchall()
    connection.unregister("frame")
    return connection


def join(connection: Any) -> Any:
    """Spells as a table in memory."""
    connection.execute(SPELLS, RULES).fetchall()
    return connection


def sums(connection: Any) -> list[int]:
    """What all must agree on."""
    found = connection.execute(
        "SELECT count(*), sum(months), sum(benefit_months), count(*) FILTER (is_open),"
        " count(*) FILTER (long_term), count(*) FILTER (very_long_term) FROM spells"
    ).fetchone()
    return [int(each) for each in found]


if __name__ == "__main__":
    main(load, join, sums)
