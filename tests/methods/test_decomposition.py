from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.reading import plain
from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.decomposition import das_gupta, volume_mix_price


@reference_case("K01", function="decomposition.das_gupta")
def test_K01() -> Mapping[str, float]:
    data = pd.DataFrame(
        {"pop": [1, 2], "price": [10930.0, 16591.0], "volume": [0.717892, 0.825974]}
    )
    result = das_gupta(data, ["price", "volume"], population="pop", reference=1, comparison=2)
    price, volume = result.table["value"]
    return {"r1": result.before, "r2": result.after, "effect_price": price, "effect_volume": volume}


@reference_case("K03", function="decomposition.das_gupta")
def test_K03() -> Mapping[str, float]:
    data = pd.DataFrame(
        {
            "year": [1970] * 7 + [1960] * 7,
            "age": [*range(7), *range(7)],
            "b": [488, 452, 338, 156, 63, 22, 3, 393, 407, 369, 274, 184, 90, 16],
            "m": [
                *(0.082, 0.527, 0.866, 0.941, 0.942, 0.923, 0.876),
                *(0.122, 0.622, 0.903, 0.930, 0.916, 0.873, 0.800),
            ],
            "w": [
                *(0.058, 0.038, 0.032, 0.030, 0.026, 0.023, 0.019),
                *(0.043, 0.041, 0.036, 0.032, 0.026, 0.020, 0.018),
            ],
        }
    )
    # The expected values are births per 1 000: the sum itself, without the division by 1 000 that
    # the case's inputs mention.
    result = das_gupta(
        data,
        ["b", "m", "w"],
        population="year",
        reference=1960,
        comparison=1970,
        category="age",
    )
    bm, mw, wp = result.table["value"]
    return {"bm": bm, "mw": mw, "wp": wp, "total": result.change}


def _by_orders(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> dict[str, float]:
    """The definition itself: a factor's change averaged over every order of changing them."""
    effects = dict.fromkeys(one, 0.0)
    orders = list(permutations(one))
    for order in orders:
        now = dict(one)
        for name in order:
            before = np.prod(list(now.values()), axis=0).sum()
            now[name] = two[name]
            effects[name] += (np.prod(list(now.values()), axis=0).sum() - before) / len(orders)
    return effects


@pytest.mark.parametrize(("factors", "categories"), [(2, 3), (4, 5), (5, 1)])
def test_equals_the_average_over_all_orders(factors: int, categories: int) -> None:
    rng = np.random.default_rng(factors)
    names = [f"f{i}" for i in range(factors)]
    values = [{n: rng.uniform(0.1, 3, categories) for n in names} for _ in range(2)]
    data = pd.concat(
        [pd.DataFrame(v).assign(pop=i, cat=range(categories)) for i, v in enumerate(values)]
    )
    result = das_gupta(data, names, population="pop", reference=0, comparison=1, category="cat")
    expected = _by_orders(*values)
    assert result.table["value"].to_numpy() == pytest.approx(
        [expected[n] for n in names], rel=1e-10
    )
    assert result.table["value"].sum() == pytest.approx(result.change, rel=1e-12)
    assert result.categories[names].sum().to_numpy() == pytest.approx(
        result.table["value"].to_numpy()
    )
    assert result.table["share"].sum() == pytest.approx(1.0)


def test_any_formula_as_one_number() -> None:
    # Das Gupta's factors may enter in any way: here a share of a sum.
    data = pd.DataFrame({"pop": [0, 1], "a": [2.0, 3.0], "b": [4.0, 2.0]})
    result = das_gupta(
        data,
        ["a", "b"],
        population="pop",
        reference=0,
        comparison=1,
        rate=lambda f: float((f["a"] / (f["a"] + f["b"])).sum()),
    )
    assert result.change == pytest.approx(3 / 5 - 2 / 6)
    a = ((3 / 7 - 2 / 6) + (3 / 5 - 2 / 4)) / 2
    assert result.table["value"].to_numpy() == pytest.approx([a, result.change - a])


def _days() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": [2022] * 3 + [2023] * 3,
            "type": ["familjehem", "HVB", "SiS", "familjehem", "HVB", "stödboende"],
            "days": [1000, 200, 50, 900, 400, 100],
            "cost": [1.0e6, 1.2e6, 0.5e6, 1.1e6, 2.6e6, 0.15e6],
        }
    )


def _split(data: pd.DataFrame, category: str | list[str] = "type") -> pd.Series:
    result = volume_mix_price(
        data, "days", "cost", category=category, period="year", reference=2022, comparison=2023
    )
    assert result.table["value"].sum() == pytest.approx(result.change, rel=1e-12)
    return result.table.set_index("factor")["value"]


def test_volume_mix_and_price_are_told_apart() -> None:
    data = _days()
    more_of_all = pd.concat(
        [
            data[data["year"] == 2022],
            data[data["year"] == 2022].assign(year=2023).eval("days=days*2\ncost=cost*2"),
        ]
    )
    assert _split(more_of_all).to_numpy() == pytest.approx([2.7e6, 0.0, 0.0], abs=1e-6)
    dearer = pd.concat(
        [
            data[data["year"] == 2022],
            data[data["year"] == 2022].assign(year=2023).eval("cost=cost*1.5"),
        ]
    )
    assert _split(dearer).to_numpy() == pytest.approx([0.0, 0.0, 1.35e6], abs=1e-6)
    # The same days at the same day prices, but moved to a dearer type: all of it is mix.
    moved = pd.DataFrame(
        {
            "year": [2022, 2022, 2023, 2023],
            "type": ["a", "b"] * 2,
            "days": [100, 100, 50, 150],
            "cost": [1e5, 3e5, 0.5e5, 4.5e5],
        }
    )
    assert _split(moved).to_numpy() == pytest.approx([0.0, 1e5, 0.0], abs=1e-6)


def test_a_type_that_comes_or_goes_is_mix_and_not_price() -> None:
    split = volume_mix_price(
        _days(), "days", "cost", category="type", period="year", reference=2022, comparison=2023
    ).categories.set_index("type")
    assert split.loc["SiS", "price"] == 0.0
    assert split.loc["stödboende", "price"] == 0.0
    assert split.loc["SiS", "mix"] < 0 < split.loc["stödboende", "mix"]


def test_the_split_follows_the_fineness_but_the_sum_does_not() -> None:
    data = _days().assign(group=lambda d: np.where(d["type"] == "familjehem", "family", "other"))
    fine, coarse = _split(data), _split(data, "group")
    assert fine.sum() == pytest.approx(coarse.sum())
    assert abs(fine["mix"] - coarse["mix"]) > 1000


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 500), st.floats(1, 9999), st.floats(1, 9999)),
        min_size=1,
        max_size=6,
    ).filter(lambda rows: sum(r[0] for r in rows) > 0 and sum(r[1] for r in rows) > 0)
)
def test_always_additive_and_turns_over(rows: list[tuple[int, int, float, float]]) -> None:
    data = pd.DataFrame(
        [(y, i, r[y], r[y] * r[2 + y]) for i, r in enumerate(rows) for y in (0, 1)],
        columns=["year", "type", "days", "cost"],
    )
    there, back = (
        volume_mix_price(
            data, "days", "cost", category="type", period="year", reference=a, comparison=1 - a
        )
        for a in (0, 1)
    )
    size = max(abs(there.before), abs(there.after), 1.0)
    assert there.table["value"].sum() == pytest.approx(there.change, abs=1e-9 * size)
    assert there.table["value"].to_numpy() == pytest.approx(
        -back.table["value"].to_numpy(), abs=1e-9 * size
    )


def test_order_of_rows_and_input() -> None:
    data = _days()
    turned = _split(data.sample(frac=1, random_state=2))
    pd.testing.assert_series_equal(_split(data), turned, check_exact=True)
    pd.testing.assert_frame_equal(data, _days())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"days": [1000, 0, 50, 900, 400, 100]}, "decomposition.amount_without_quantity"),
        ({"days": [0] * 3 + [1] * 3, "cost": [0] * 3 + [1] * 3}, "decomposition.no_quantity"),
        ({"year": 2022}, "inputs.no_group"),
        ({"days": [-1, 1, 1, 1, 1, 1]}, "inputs.negative"),
    ],
)
def test_what_cannot_be_split_is_an_error(change: dict[str, object], key: str) -> None:
    with pytest.raises(UserError) as error:
        _split(_days().assign(**change))
    assert error.value.key == f"methods.{key}"
    assert all(error.value.message(language) for language in ("sv", "en"))


def test_das_gupta_needs_the_same_categories_in_both() -> None:
    with pytest.raises(UserError) as error:
        das_gupta(
            _days(), ["days"], population="year", reference=2022, comparison=2023, category="type"
        )
    assert error.value.key == "methods.decomposition.categories_differ"


def test_text_and_plot() -> None:
    result = volume_mix_price(
        _days(), "days", "cost", category="type", period="year", reference=2022, comparison=2023
    )
    sentence = plain(result.text("sv"))
    assert sentence.startswith(
        "Summan går från 2 700 000 till 3 850 000, en ändring med 1 150 000. Den består av volym "
    )
    heights = [patch.get_height() for patch in result.plot().patches]
    assert heights[0] == pytest.approx(2.7e6)
    assert heights[0] + sum(heights[1:-1]) == pytest.approx(heights[-1])
