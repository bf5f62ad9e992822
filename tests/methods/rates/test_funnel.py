from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, poisson

from umea_eval.errors import UserError
from umea_eval.methods.rates import funnel


def _homes(units: int = 14, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = rng.integers(500, 9000, units)
    return pd.DataFrame(
        {"home": [f"h{i:02}" for i in range(units)], "x": rng.poisson(days * 0.01), "days": days}
    )


def test_exact_limits_have_their_tail_probabilities() -> None:
    # Interpolated between the counts on either side of the tail probability (Spiegelhalter 2005).
    table = funnel(_homes(), "x", "days", unit="home", target=10).table
    for _, row in table.iterrows():
        mean = row["denominator"] * 0.01
        low, high = (row[side] * row["denominator"] / 1000 for side in ("lower", "upper"))
        assert poisson.cdf(np.floor(high), mean) <= 0.999 <= poisson.cdf(np.ceil(high), mean)
        assert poisson.cdf(np.floor(low), mean) <= 0.001 or low == 0
        assert poisson.cdf(np.ceil(low), mean) >= 0.001


def test_shares_use_the_binomial_distribution() -> None:
    data = pd.DataFrame({"home": ["a", "b"], "x": [3, 30], "n": [20, 50]})
    table = funnel(data, "x", "n", unit="home", kind="share", target=0.3).table
    high = table["upper"].iloc[1] * 50
    assert binom.cdf(np.floor(high), 50, 0.3) <= 0.999 <= binom.cdf(np.ceil(high), 50, 0.3)
    assert table["outside"].tolist() == ["", "high"]
    assert (table["upper"] <= 1).all()


def test_even_units_show_no_overdispersion() -> None:
    result = funnel(_homes(300), "x", "days", unit="home")
    assert result.phi == pytest.approx(1.0, abs=0.15)
    outside_inner = (
        (result.table["value"] > result.table["upper_inner"])
        | (result.table["value"] < result.table["lower_inner"])
    ).mean()
    assert outside_inner == pytest.approx(0.05, abs=0.03)


def test_overdispersion_by_hand_and_its_wider_limits() -> None:
    data = _homes(20)
    data["x"] = (data["x"] * np.where(np.arange(20) % 2, 1.6, 0.4)).round().astype(int)
    plain, wide, added = (
        funnel(data, "x", "days", unit="home", overdispersion=kind)
        for kind in ("none", "multiplicative", "additive")
    )
    centre = data["x"].sum() / data["days"].sum()
    z = (data["x"] / data["days"] - centre) / np.sqrt(centre / data["days"])
    phi = (z.clip(*z.quantile([0.1, 0.9])) ** 2).mean()
    assert plain.phi == pytest.approx(phi)
    assert phi > 2
    half = 3.090232306167813 * np.sqrt(phi * centre / data["days"]) * 1000
    assert wide.table["upper"].to_numpy() == pytest.approx(centre * 1000 + half.to_numpy())
    weight = data["days"] / centre
    tau2 = (20 * phi - 19) / (weight.sum() - (weight**2).sum() / weight.sum())
    assert added.tau2 == pytest.approx(tau2)
    assert (wide.table["outside"] != "").sum() < (plain.table["outside"] != "").sum()


def test_overdispersion_needs_10_units() -> None:
    assert np.isnan(funnel(_homes(9), "x", "days", unit="home").phi)
    assert funnel(_homes(10), "x", "days", unit="home", overdispersion="additive").phi >= 1
    with pytest.raises(UserError, match="från 10 enheter, men här finns 9"):
        funnel(_homes(9), "x", "days", unit="home", overdispersion="multiplicative")


def test_order_input_unit_of_exposure_and_doubles() -> None:
    data = _homes()
    kept = data.copy()
    table = funnel(data, "x", "days", unit="home").table
    pd.testing.assert_frame_equal(
        table, funnel(data.iloc[::-1], "x", "days", unit="home").table, check_exact=True
    )
    pd.testing.assert_frame_equal(data, kept)
    weeks = funnel(data.assign(days=data["days"] / 7), "x", "days", unit="home", per=1000 / 7).table
    assert weeks["upper"].to_numpy() == pytest.approx(table["upper"].to_numpy(), rel=1e-9)
    with pytest.raises(UserError) as error:
        funnel(pd.concat([data, data.iloc[:1]]), "x", "days", unit="home")
    assert error.value.key == "methods.inputs.duplicates"


def test_text_and_plot() -> None:
    data = pd.DataFrame({"home": ["a", "b", "c"], "x": [3, 30, 0], "n": [20, 50, 60]})
    result = funnel(data, "x", "n", unit="home", kind="share", target=0.3)
    assert result.text("en").startswith("Of 3 units 1 lie above (b) and 1 below (c)")
    ax = result.plot(language="sv")
    assert ax.get_ylabel() == "Andel (%)"
    assert {text.get_text() for text in ax.texts} == {"b", "c"}
