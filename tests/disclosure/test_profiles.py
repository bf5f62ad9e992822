"""Profiles: which inputs they allow, and what comes out of the gate."""

from __future__ import annotations

import pandas as pd
import pytest

from umea_eval.disclosure.profiles import PROFILES, Input, Profile, Withheld, release
from umea_eval.disclosure.tables import Field, Table
from umea_eval.errors import UserError

PUBLISHED = Input("data/raw/public/a.csv", "0" * 64, 1, published=True)
EXAMPLE = Input("data/example/a.csv", "0" * 64, 1, example=True)
PRIVATE = Input("data/raw/lss/a.csv", "0" * 64, 1)
FRAME = pd.DataFrame(
    {
        "home": pd.array(["a", "b", "c"], dtype="string[pyarrow]"),
        "persons": pd.array([3, None, 7], dtype="int64[pyarrow]"),
        "secret": [True, False, False],
        "digits": [0, 1, 2],
        "undeclared": ["x", "y", "z"],
    },
    index=[7, 7, 9],
)
COLUMNS = (
    Field("home", "report.table", kind="id"),
    Field("persons", "report.table", kind="count", suppressed="secret", decimals="digits"),
)


def table() -> Table:
    return Table("homes", FRAME, COLUMNS)


@pytest.mark.parametrize("inputs", [(PUBLISHED,), (EXAMPLE,), (PUBLISHED, EXAMPLE)])
def test_public_allows_published_and_example_data(inputs: tuple[Input, ...]) -> None:
    assert list(release([table()], "public", inputs)) == ["homes"]


@pytest.mark.parametrize(
    ("inputs", "key"),
    [((), "no_input"), ((PRIVATE,), "not_published"), ((PUBLISHED, PRIVATE), "not_published")],
)
def test_public_withholds_everything_else(inputs: tuple[Input, ...], key: str) -> None:
    with pytest.raises(Withheld) as caught:
        release([table()], "public", inputs)
    assert caught.value.key == f"disclosure.errors.{key}"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("name", ["", "Public", "publik", "none"])
def test_an_unknown_profile_never_means_no_protection(name: str) -> None:
    with pytest.raises(UserError) as caught:
        release([table()], name, (PUBLISHED,))
    assert "public" in caught.value.message("sv")
    assert caught.value.exit_code == 2


def test_only_declared_columns_leave_and_withheld_is_not_missing() -> None:
    before = FRAME.copy()
    released = release([table()], "public", (PUBLISHED,))
    frame, hidden = released["homes"], released.suppressed("homes")
    assert list(frame.columns) == ["home", "persons"]
    assert frame["persons"].isna().tolist() == [True, True, False]
    assert hidden["persons"].tolist() == [True, False, False]
    assert not hidden["home"].any()
    assert released.table("homes").decimals["persons"] == (0, 1, 2)
    pd.testing.assert_frame_equal(FRAME, before)


def test_each_look_is_a_copy() -> None:
    released = release([table()], "public", (PUBLISHED,))
    look = released["homes"]
    look.loc[0, "home"] = "changed"
    assert released["homes"]["home"].tolist() == ["a", "b", "c"]


def test_a_profile_sees_all_tables_at_once_and_its_mask_hides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[str]] = []

    def suppress(tables: object) -> dict[str, pd.DataFrame]:
        assert isinstance(tables, list)
        seen.append([entry.name for entry in tables])
        mask = pd.DataFrame({"home": [False] * 3, "persons": [False, False, True]})
        return {"homes": mask}

    monkeypatch.setattr(
        "umea_eval.disclosure.profiles.PROFILES",
        {**PROFILES, "test": Profile("test", only_published=False, suppress=suppress)},
    )
    other = Table("other", FRAME, COLUMNS[:1])
    released = release([table(), other], "test", ())
    assert seen == [["homes", "other"]]
    assert released["homes"]["persons"].isna().all()
    assert released.suppressed("homes")["persons"].tolist() == [True, False, True]
    assert released["other"]["home"].tolist() == ["a", "b", "c"]


def test_faults_in_a_declaration() -> None:
    with pytest.raises(KeyError, match="nothing"):
        Table("t", FRAME, (Field("nothing"),))
    with pytest.raises(KeyError, match="n"):
        Table("t", FRAME, (Field("persons", numerator="n"),))
    with pytest.raises(ValueError, match="twice"):
        Table("t", FRAME, (Field("home"), Field("home")))
