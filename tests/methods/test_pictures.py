"""Every figure names its axes, in the language of the reader, and what its marks stand for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.methods.series import falls
from tests.methods.test_clustered import FALLS, RATE, residents
from tests.methods.test_difference_in_differences import ADOPTION, PANEL, areas
from tests.methods.test_survival import re_entries
from umea_eval.methods import clustered, control_charts, interrupted_series, survival, weighting
from umea_eval.methods import difference_in_differences as did


def _results() -> dict[str, Any]:
    series, panel, homes = falls(), areas([7, 7, 13, 13, 0, 0], seed=2), residents(20, seed=1)
    spells, _ = re_entries(3)
    spells = spells.assign(woman=spells["person"] % 2, long=spells["person"] % 3)
    time, event = spells["months"], spells["event"] == 1
    fitted = interrupted_series.interrupted_series(
        series, outcome="falls", exposure="days", interruption="2023-01"
    )
    weights = weighting.propensity_weights(spells, "woman ~ long + months")
    return {
        "kaplan_meier": survival.kaplan_meier(time, event, groups=spells["woman"]),
        "incidence": survival.cumulative_incidence(time, spells["event"]),
        "log_rank": survival.log_rank(time, event, spells["woman"]),
        "mean": survival.restricted_mean(time, event, horizon=12, groups=spells["woman"]),
        "cox": survival.cox(time, event, spells[["woman", "long"]]),
        "series": fitted,
        "placebo": interrupted_series.placebo_dates(
            series, fitted, outcome="falls", exposure="days"
        ),
        "chart": control_charts.u_chart(
            series["falls"],
            series["days"],
            times=series["month"],
            breaks=["2022-01"],
            target=12,
            improvement="decrease",
        ),
        "two_way": did.two_way_fixed_effects(panel, **ADOPTION),
        "event_study": did.staggered_adoption(panel, **PANEL),
        "permutation": did.placebo_permutation(panel, **PANEL),
        "gee": clustered.gee(homes, cluster="home", **FALLS),
        "bootstrap": clustered.bootstrap_ratio(homes, cluster="home", group="arm", **RATE),
        "design_effect": clustered.design_effect(homes["falls"], homes["home"]),
        "weights": weights,
        "weighted": weighting.weighted_difference(
            spells, outcome="months", treatment="woman", weights=weights.weights
        ),
        "balance": weighting.balance_table(
            spells, treatment="woman", covariates=["long"], weights=weights.weights
        ),
    }


RESULTS = _results()


@pytest.mark.parametrize("name", RESULTS)
def test_axes_are_named_in_both_languages(name: str) -> None:
    said = {}
    for language in ("sv", "en"):
        axes = RESULTS[name].plot(language=language)
        legend = axes.get_legend()
        words = [] if legend is None else [text.get_text() for text in legend.get_texts()]
        said[language] = [axes.get_xlabel(), axes.get_ylabel(), *words]
        assert axes.get_xlabel() or axes.get_ylabel()
        assert len(words) == len(set(words)), "a mark is named twice"
        axes.figure.canvas.draw()
    assert said["sv"] != said["en"]
    assert len(said["sv"]) == len(said["en"])
