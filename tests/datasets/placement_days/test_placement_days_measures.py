from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.methods.reference import reaches
from umea_eval.datasets.placement_days.measures import Counting, days, days_per_month
from umea_eval.errors import UserError

UNTIL = date(2024, 12, 31)


def placement(starts: str, ends: str | None, kind: str = "HVB") -> dict[str, object]:
    end = None if ends is None else date.fromisoformat(ends)
    return {"starts": date.fromisoformat(starts), "ends": end, "kind": kind}


def test_X02() -> None:
    frame = pd.DataFrame([placement("2024-01-15", "2024-03-10")])
    both = days_per_month(frame, counting="both", until=UNTIL)["days"]
    nights = days_per_month(frame, counting="first_only", until=UNTIL)["days"]
    names = ("jan", "feb", "mar")
    values = dict(zip(names, map(float, both), strict=True))
    values |= {"incl": float(both.sum()), "excl": float(nights.sum())}
    reaches("X02", values, function="placement_days.days_per_month")


def test_an_open_placement_counts_up_to_the_extraction() -> None:
    frame = pd.DataFrame([placement("2024-12-30", None), placement("2025-02-01", None)])
    for counting in ("both", "first_only"):
        found = days_per_month(frame, counting=counting, until=UNTIL)
        assert found["days"].tolist() == [2]


def test_groups_are_kept_apart() -> None:
    frame = pd.DataFrame(
        [placement("2024-01-31", "2024-02-01", kind) for kind in ("SiS", "HVB", "HVB")]
    )
    found = days_per_month(frame, counting="both", until=UNTIL, by=["kind"])
    assert list(zip(found["kind"], found["days"], strict=True)) == [
        ("HVB", 2),
        ("HVB", 2),
        ("SiS", 1),
        ("SiS", 1),
    ]


DAYS = st.dates(date(2022, 1, 1), date(2025, 6, 30))
STAYS = st.tuples(DAYS, st.one_of(st.none(), st.integers(0, 500)), st.sampled_from("ab"))


@settings(max_examples=40)
@given(st.lists(STAYS, min_size=1, max_size=12), st.sampled_from(["both", "first_only"]))
def test_days_are_those_counted_one_by_one(
    stays: list[tuple[date, int | None, str]], counting: Counting
) -> None:
    rows = [
        {"starts": start, "ends": None if n is None else start + timedelta(n), "kind": kind}
        for start, n, kind in stays
    ]
    expected: dict[tuple[str, str], int] = {}
    for start, length, kind in stays:
        stop = (
            UNTIL + timedelta(1)
            if length is None
            else min(start + timedelta(length + (counting == "both")), UNTIL + timedelta(1))
        )
        day = start
        while day < stop:
            key = (kind, day.strftime("%Y-%m"))
            expected[key] = expected.get(key, 0) + 1
            day += timedelta(1)
    found = days_per_month(pd.DataFrame(rows), counting=counting, until=UNTIL, by=["kind"])
    names = found["month"].dt.strftime("%Y-%m")
    reached = {
        (kind, month): days
        for kind, month, days in zip(found["kind"], names, found["days"], strict=True)
    }
    assert reached == expected


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(UserError):
        days_per_month(
            pd.DataFrame([placement("2024-02-01", "2024-01-01")]), counting="both", until=UNTIL
        )


def mixed_register(rows: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(3)
    starts = np.datetime64("2022-01-01") + random.integers(0, 1_000, rows).astype("timedelta64[D]")
    ends = starts + random.integers(0, 300, rows).astype("timedelta64[D]")
    frame = pd.DataFrame(
        {
            "starts": starts.astype("datetime64[us]"),
            "ends": pd.Series(ends.astype("datetime64[us]")).mask(random.random(rows) < 0.2),
            "kind": pd.Series(random.choice(["hvb", "sis", "family_home"], rows)),
            "sex": random.choice(["women", "men"], rows),
        }
    )
    return frame.assign(kind=frame["kind"].mask(random.random(rows) < 0.1))


@pytest.mark.parametrize("counting", ["both", "first_only"])
@pytest.mark.parametrize("by", [(), ("kind",), ("sex", "kind")])
def test_days_and_months_are_counted_alike(
    monkeypatch: pytest.MonkeyPatch, counting: Counting, by: tuple[str, ...]
) -> None:
    frame = mixed_register()
    given = {"counting": counting, "until": UNTIL, "by": by}
    usual = days_per_month(frame, **given)  # type: ignore[arg-type]
    monkeypatch.setattr(days, "MOST_CELLS", 0)  # as where there are very many groups
    pd.testing.assert_frame_equal(days_per_month(frame, **given), usual)  # type: ignore[arg-type]
    monkeypatch.undo()
    monkeypatch.setattr(days, "ROWS_AT_A_TIME", 7)
    pd.testing.assert_frame_equal(days_per_month(frame, **given), usual)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(
        days_per_month(frame[::-1], **given),  # type: ignore[arg-type]
        usual,
    )


def test_categories_and_texts_are_grouped_alike() -> None:
    frame = mixed_register()
    as_text = days_per_month(frame, counting="both", until=UNTIL, by=["kind"])
    kinds = pd.Categorical(frame["kind"], categories=["family_home", "hvb", "sis", "unused"])
    as_codes = days_per_month(frame.assign(kind=kinds), counting="both", until=UNTIL, by=["kind"])
    assert as_codes["kind"].isna().sum() == as_text["kind"].isna().sum() > 0
    pd.testing.assert_frame_equal(
        as_codes.assign(kind=as_codes["kind"].astype("str")), as_text, check_dtype=False
    )


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_any_unit(unit: str) -> None:
    frame = mixed_register()
    other = frame.assign(
        starts=frame["starts"].astype(f"datetime64[{unit}]"),
        ends=frame["ends"].astype(f"datetime64[{unit}]"),
    )
    pd.testing.assert_frame_equal(
        days_per_month(other, counting="both", until=UNTIL),
        days_per_month(frame, counting="both", until=UNTIL),
    )


def test_no_placements_and_none_in_time() -> None:
    none = mixed_register().head(0)
    later = pd.DataFrame([placement("2025-02-01", None)])
    for frame in (none, later, pd.DataFrame([placement("2024-05-01", "2024-05-01")])):
        found = days_per_month(frame, counting="first_only", until=UNTIL, by=["kind"])
        assert list(found) == ["kind", "month", "days"]
        assert found.empty
    with pytest.raises(UserError, match="starts"):
        days_per_month(
            pd.DataFrame([placement("2024-02-01", None)]).assign(starts=pd.NaT),
            counting="both",
            until=UNTIL,
        )
