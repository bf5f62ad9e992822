"""Who the recipients are, and measures by group that add up to everybody."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.datasets.forsorjningsstod.register import FIRST, LAST, payments
from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    flows,
    for_each,
    long_term_share,
    months_by_year,
    recipients,
    spells,
)
from umea_eval.errors import UserError

PERIOD = {"first": FIRST, "last": LAST}
SEXES = pd.DataFrame({"household": list("ABCDEFGH"), "sex": ["women"] * 3 + ["men"] * 4 + [None]})


def rows(
    *facts: tuple[str, str, str, str | None, str | None, str | None, int | None],
) -> pd.DataFrame:
    columns = ["household", "person", "month", "role", "sex", "person_sex", "person_birth_year"]
    frame = pd.DataFrame(list(facts), columns=columns)
    year = frame["person_birth_year"].astype("Int64").astype("int64[pyarrow]")
    return frame.assign(month=pd.to_datetime(frame["month"]), person_birth_year=year)


FRAME = rows(
    # The partner is not the head.
    ("a", "p1", "2023-01", "head", "women", "women", 1980),
    ("a", "p2", "2023-01", "partner", "men", "men", 1979),
    # A new head in February.
    ("b", "p3", "2023-01", "head", "men", "men", 1970),
    ("b", "p4", "2023-02", "head", "women", "women", 1990),
    # No head stated: two persons of the same sex, born in different years.
    ("c", "p5", "2023-01", None, "men", None, 1960),
    ("c", "p6", "2023-01", None, "men", None, 1961),
    # Stated nothing: the identity number's; then nothing at all.
    ("d", "p7", "2023-01", "head", None, "women", 1950),
    ("e", "p8", "2023-01", "head", None, None, None),
)


def test_the_head_describes_the_household() -> None:
    found = recipients(FRAME)
    assert found.astype("object").where(found.notna(), None).to_numpy().tolist() == [
        ["a", "women", 1980],
        ["b", "women", 1990],
        ["c", "men", None],
        ["d", "women", 1950],
        ["e", None, None],
    ]
    pd.testing.assert_frame_equal(recipients(FRAME.sample(frac=1, random_state=1)), found)


def test_persons_describe_themselves() -> None:
    found = recipients(FRAME, unit="person")
    assert found["person"].tolist() == [f"p{n}" for n in range(1, 9)]
    assert found["birth_year"].tolist()[:7] == [1980, 1979, 1970, 1990, 1960, 1961, 1950]


def test_without_the_columns_nothing_is_known() -> None:
    bare = FRAME[["household", "month"]]
    found = recipients(bare)
    assert len(found) == 5
    assert found[["sex", "birth_year"]].isna().all(axis=None)
    assert recipients(FRAME.head(0)).empty
    assert recipients(payments())["household"].dtype == payments()["household"].dtype


def test_groups_add_up_to_everybody() -> None:
    months = benefit_months(payments())
    found = spells(months, gap=2, **PERIOD)
    by_sex = for_each(flows, found, SEXES, by="sex", gap=2, **PERIOD)
    assert by_sex["sex"].unique().tolist() == ["men", "unknown", "women"]
    counts = ["stock_start", "inflow", "running", "outflow", "stock_end"]
    together = by_sex.groupby("month")[counts].sum().reset_index(drop=True)
    pd.testing.assert_frame_equal(together, flows(found, gap=2, **PERIOD)[counts])


def test_shares_by_group_by_hand() -> None:
    months = benefit_months(payments())

    def share(part: pd.DataFrame) -> pd.DataFrame:
        return long_term_share(months_by_year(part, **PERIOD))

    table = for_each(share, months, SEXES, by="sex")
    # 2022: women A, B, C of whom A long-term; men D, F, G; unknown H and J, who has no row.
    # 2023: women A; men D, E and F, of whom E; unknown I and L.
    assert table[["sex", "year", "numerator", "denominator"]].to_numpy().tolist() == [
        ["men", 2022, 0, 3],
        ["men", 2023, 1, 3],
        ["unknown", 2022, 0, 2],
        ["unknown", 2023, 0, 2],
        ["women", 2022, 1, 3],
        ["women", 2023, 1, 1],
    ]


def test_nothing_there_and_what_is_refused() -> None:
    months = benefit_months(payments())
    none = for_each(months_by_year, months.head(0), SEXES, by="sex", **PERIOD)
    assert none.empty
    assert none.columns[0] == "sex"
    with pytest.raises(UserError):
        for_each(months_by_year, months, pd.concat([SEXES, SEXES]), by="sex", **PERIOD)
    with pytest.raises(UserError):
        for_each(months_by_year, months, SEXES, by="age", **PERIOD)
