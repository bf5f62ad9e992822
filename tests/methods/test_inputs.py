from __future__ import annotations

import importlib
import pkgutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tests.methods.series import falls
from umea_eval import methods
from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, catalogue, has_text
from umea_eval.methods.bounds import Bounds
from umea_eval.methods.difference_in_differences import staggered_adoption
from umea_eval.methods.estimates import Estimates
from umea_eval.methods.inputs import binomial, column, counts, numbers, sums
from umea_eval.methods.interrupted_series import interrupted_series
from umea_eval.methods.proportions import proportion, wilson
from umea_eval.methods.roots import crossing
from umea_eval.methods.weighting import risk_set_matching


@pytest.mark.parametrize(
    "dtype", ["int64", "Int64", "int64[pyarrow]", "double[pyarrow]", "float32"]
)
def test_every_numeric_type_is_read_alike(dtype: str) -> None:
    assert counts(pd.Series([1, 2, 3], dtype=dtype), "x").tolist() == [1.0, 2.0, 3.0]


def test_missing_rows_are_named_but_not_their_values() -> None:
    values = pd.Series([1, None, 3, None], dtype="int64[pyarrow]")
    with pytest.raises(UserError) as error:
        numbers(values, "days")
    assert error.value.message("sv") == (
        "Värden saknas i ”days”: 2 rader (rad 2, 4). Väntade ett värde i varje rad. "
        "Ta bort raderna eller redovisa bortfallet för sig."
    )
    with pytest.raises(UserError, match="rad 1, 2, 3, 4, 5, …"):
        counts(pd.Series([0.5] * 7), "x")


def test_text_is_no_number() -> None:
    with pytest.raises(UserError) as error:
        numbers(pd.Series(["1", "2"]), "x")
    assert error.value.key == "methods.inputs.not_number"


def test_numbers_kept_as_objects_are_numbers_and_a_column_of_nothing_is_all_missing() -> None:
    amounts = pd.Series([Decimal("10.5"), 2, 3.0], dtype=object)
    assert numbers(amounts, "amount").tolist() == [10.5, 2.0, 3.0]
    for values, key in [
        (pd.Series([1, pd.NA], dtype=object), "missing"),
        (pd.Series([None, None], dtype=object), "all_missing"),
        (pd.Series([None, None], dtype="str"), "all_missing"),
        (pd.Series([1, "2"], dtype=object), "not_number"),
        (pd.Series([pd.Timestamp("2023-01-01")], dtype=object), "not_number"),
    ]:
        with pytest.raises(UserError) as error:
            numbers(values, "x")
        assert error.value.key == f"methods.inputs.{key}"


PANEL_TYPES = {
    "Int64": {"t": "Int64", "s": "Int64"},
    "Arrow": {"t": "int64[pyarrow]", "s": "int64[pyarrow]", "u": "string[pyarrow]"},
    "float": {"t": "float64"},
    "category": {"u": "category", "t": "category"},
}


@pytest.mark.parametrize("name", PANEL_TYPES)
def test_panels_of_every_type_are_read_alike(name: str) -> None:
    starts = {"a": 4, "b": 4, "c": 6, "d": None, "e": None}
    panel = pd.DataFrame(
        [(u, t, s, float((7 * t + ord(u)) % 5)) for u, s in starts.items() for t in range(1, 9)],
        columns=["u", "t", "s", "y"],
    )
    other = panel.astype({"s": "Int64"}).astype(PANEL_TYPES[name]).set_axis([0] * len(panel))
    panels = (panel, other)
    names = {"unit": "u", "time": "t", "start": "s"}
    effects = [staggered_adoption(one, outcome="y", **names).group_time for one in panels]
    pd.testing.assert_frame_equal(*effects, check_exact=True)
    matches = [risk_set_matching(one, history=["y"], **names).pairs for one in panels]
    pd.testing.assert_frame_equal(*matches, check_exact=True, check_column_type=False)


def test_a_series_at_fault_is_named_as_the_user_named_it() -> None:
    frame = falls().drop(index=3).rename(columns={"month": "period"})
    with pytest.raises(UserError, match="kolumnen ”period” har en lucka"):
        interrupted_series(frame, outcome="falls", time="period", interruption="2023-01")
    missing = falls().assign(fall_count=[None] * 36)
    with pytest.raises(UserError, match="Alla värden i ”fall_count” saknas"):
        interrupted_series(missing, outcome="fall_count", interruption="2023-01")


def test_an_unknown_column_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="Kolumnerna är: alpha, beta"):
        column(pd.DataFrame({"alpha": [1], "beta": [2]}), "zzz")


def test_a_name_that_two_columns_share_is_told() -> None:
    with pytest.raises(UserError, match="2 kolumner heter ”x”"):
        proportion(pd.DataFrame([[1, 2, 9]], columns=["x", "x", "n"]), "x", "n")


def test_scalars_and_arrays_broadcast() -> None:
    x, n = binomial([1, 2], 10)
    assert n.tolist() == [10.0, 10.0]
    assert wilson([1, 2], 10).lower[1] == wilson(2, 10).lower
    # What comes out can be put into a frame and changed there.
    frame = pd.DataFrame({"x": x, "n": n})
    frame.loc[0, "n"] = 5.0
    assert n.tolist() == [10.0, 10.0]


def test_sums_do_not_see_the_order_of_rows() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": rng.integers(0, 3, 300), "v": rng.uniform(0, 1e6, 300) ** 3})
    one = sums(data, {"v": data["v"].to_numpy()}, "g")
    turned = data.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(
        one, sums(turned, {"v": turned["v"].to_numpy()}, "g"), check_exact=True
    )
    with pytest.raises(UserError):
        sums(data.assign(g=[None, *[1] * 299]), {"v": data["v"].to_numpy()}, "g")


def test_a_search_without_an_answer_is_an_error() -> None:
    assert crossing(lambda x, a: x - a, np.zeros(2), 3.0, np.array([1.0, 2.0])) == pytest.approx(
        [1, 2]
    )
    with pytest.raises(UserError) as error:
        crossing(lambda x, a: x + a, np.zeros(2), 3.0, np.array([-1.0, 2.0]))
    assert error.value.key == "methods.inputs.not_converged"
    assert "rad 2" in error.value.message("sv")


def test_every_word_of_the_methods_is_there_in_both_languages() -> None:
    for key, entry in catalogue("methods").items():
        assert set(entry) == set(LANGUAGES), key
        assert all(words.strip() for words in entry.values()), key


def test_every_result_has_its_words() -> None:
    for module in pkgutil.walk_packages(methods.__path__, "umea_eval.methods."):
        importlib.import_module(module.name)
    kinds = [kind for kind in _below(Estimates) if kind.__module__.startswith("umea_eval.methods")]
    assert len(kinds) >= 15
    for kind in kinds:
        assert has_text(f"methods.{kind.words}.axis"), kind
        # What has its own way of telling a result does not use "one" and "many".
        if "text" not in vars(kind) and not issubclass(kind, Bounds):
            assert has_text(f"methods.{kind.words}.one"), kind
            assert has_text(f"methods.{kind.words}.many"), kind


def _below(kind: type[Estimates]) -> list[type[Estimates]]:
    found = kind.__subclasses__()
    return found + [lower for one in found for lower in _below(one)]
