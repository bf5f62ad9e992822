"""The rules of ``spells_rules`` in Polars: sorted and grouped, or by differences alone."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import polars as pl

from benchmarks.peers.spells_rules import GAP, LAST_ORDINAL, LONG_TERM, VERY_LONG_TERM, main


def load(person: np.ndarray, month: np.ndarray) -> Any:
    """The rows as a Polars frame."""
    return pl.DataFrame({"person": person, "month": month})


def months() -> Any:
    """The month as a number."""
    year = pl.col("month").dt.year().cast(pl.Int32)
    return (year * 12 + pl.col("month").dt.month() - 1).alias("at")


def groups(frame: Any) -> Any:
    """Sort, compare with the rows above, then one group per spell."""
    at, person = pl.col("at"), pl.col("person")

    def reached(least: int, window: int) -> Any:
        near = at - at.shift(least - 1) < window
        return (near & (person == person.shift(least - 1))).fill_null(False)

    return (
        frame.select("person", months())
        .sort("person", "at")
        .with_columns(
            begins=((person != person.shift(1)) | (at - at.shift(1) > GAP)).fill_null(True),
            long=reached(*LONG_TERM),
            very=reached(*VERY_LONG_TERM),
        )
        .with_columns(spell=pl.col("begins").cum_sum())
        .group_by("spell", maintain_order=True)
        .agg(
            person.first(),
            first=at.first(),
            last=at.last(),
            benefit_months=pl.len(),
            long_term=pl.col("long").max(),
            very_long_term=pl.col("very").max(),
        )
        .with_columns(
            months=pl.col("last") - pl.col("first") + 1,
            open=LAST_ORDINAL - pl.col("last") < GAP,
        )
    )


def neighbours(frame: Any) -> Any:
    """One number per person and month, wide enough apart; sort, compare, count by differences."""
    width = 12 * 100
    key = (pl.col("person") * width + months() - 2018 * 12).alias("key")
    sorted_ = frame.select(key).sort("key")

    def back(least: int, window: int) -> Any:
        near = (pl.col("key") - pl.col("key").shift(least - 1) < window).fill_null(False)
        return near.cum_sum()

    marked = sorted_.with_columns(
        begins=(pl.col("key") - pl.col("key").shift(1) > GAP).fill_null(True),
        long_term=back(*LONG_TERM),
        very_long_term=back(*VERY_LONG_TERM),
    )
    starts = marked["begins"].arg_true().cast(pl.Int64)
    ends = starts.shift(-1, fill_value=len(marked)) - 1
    first, last = marked["key"].gather(starts), marked["key"].gather(ends)
    before = starts - 1
    spells = pl.DataFrame(
        {
            "person": first // width,
            "first": first % width + 2018 * 12,
            "last": last % width + 2018 * 12,
            "benefit_months": ends - starts + 1,
        }
    )
    reached = {}
    for name in ("long_term", "very_long_term"):
        counted = marked[name]
        earlier = counted.gather(before.clip(lower_bound=0)).cast(pl.Int64)
        # Nothing lies before the first row.
        earlier = earlier * (before >= 0).cast(pl.Int64)
        reached[name] = counted.gather(ends).cast(pl.Int64) > earlier
    return spells.with_columns(**reached).with_columns(
        months=pl.col("last") - pl.col("first") + 1,
        open=LAST_ORDINAL - pl.col("last") < GAP,
    )


def sums(found: Any) -> list[int]:
    """What all must agree on."""
    columns = ("months", "benefit_months", "open", "long_term", "very_long_term")
    return [len(found), *(int(found[name].sum()) for name in columns)]


if __name__ == "__main__":
    main(load, neighbours if "neighbours" in sys.argv else groups, sums)
