"""What would other definitions have said?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    long_term_share,
    months_by_year,
    of_age,
    re_entries,
    re_entry_share,
)
from umea_eval.datasets.forsorjningsstod.measures.unit_months import Unit
from umea_eval.datasets.forsorjningsstod.results.durations import found_spells
from umea_eval.datasets.forsorjningsstod.results.exits import away_of, followed_name
from umea_eval.datasets.forsorjningsstod.results.register import GAPS, SUPPORT, Choices, Register
from umea_eval.methods.nested import with_wider
from umea_eval.methods.proportions import with_share


def sensitivity(found: Register, choices: Choices) -> pd.DataFrame:
    """The main shares under every other definition: for a forest plot.

    ``measure`` (long_term, returned), ``definition`` (a code) and ``setting`` (its value),
    ``numerator``, ``denominator``, ``value`` with limits, ``chosen``, and what the two counts count
    (``numerator_of``, ``denominator_of``), as in ``by_sex`` and ``returns`` where they stand there,
    and the counts that hold them (`methods.nested`); ``away`` and ``away_of`` as in ``returns``.
    """
    rows: list[tuple[str, str, str, int, int, bool, str, str]] = []
    for support in SUPPORT:
        months = benefit_months(found.payments, support_kind=SUPPORT[support])
        for least in sorted({9, 10, 11, choices.least}):
            chosen = support == choices.support and least == choices.least
            counts = _long_term(months, "household", found, year=choices.year, least=least)
            own_base = "households" if support == choices.support else f"households, {support}"
            what = "long-term households" if chosen else f"households with {least}, {support}"
            name = f"household_{support}"
            rows.append(("long_term", name, str(least), *counts, chosen, what, own_base))
    everybody = benefit_months(
        found.payments, unit="person", households=found.households, support_kind=choices.kinds
    )
    if len(everybody) and everybody["birth_year"].notna().all():
        adults, least = of_age(everybody), choices.least
        counts = _long_term(adults, "person", found, year=choices.year, least=least)
        name = f"person_{choices.support}"
        of = ("long-term adults", "adults")
        rows.append(("long_term", name, str(least), *counts, False, *of))
    for gap in GAPS:
        for within in sorted({6, 12, choices.within}):
            made = found_spells(found, choices, gap=gap)
            own = re_entry_share(re_entries(made, last=found.last, within=within))
            rows.append(
                (
                    "returned",
                    f"gap_{gap}",
                    str(within),
                    int(own["numerator"].sum()),
                    int(own["denominator"].sum()),
                    gap == choices.gap and within == choices.within,
                    followed_name("returns", gap, within),
                    followed_name("exits", gap, within),
                )
            )
    names = ["measure", "definition", "setting", "numerator", "denominator", "chosen"]
    names += ["numerator_of", "denominator_of"]
    # The milder limit is fewer months of support, and a shorter time to be followed.
    table = with_wider(_named_alike(pd.DataFrame(rows, columns=names)), ("measure", "definition"))
    returned = table["measure"] == "returned"
    away = table["denominator"] - table["numerator"]
    gaps = table["definition"].str.removeprefix("gap_")
    table = table.assign(
        away=away.astype("Int64").where(returned), away_of=away_of(away, table["setting"], gaps)
    )
    return with_share(table, "numerator", "denominator", value="value")


def _named_alike(table: pd.DataFrame) -> pd.DataFrame:
    """Long-term shares that agree in both counts are of one group: the same counts.

    Where all support is of one kind, or each household is one person, everybody can see that.
    """
    order = table.sort_values("chosen", ascending=False, kind="stable")
    order = order[order["measure"] == "long_term"]
    made = table.copy()
    for _, rows in order.groupby(["setting", "numerator", "denominator"]):
        for name in ("numerator_of", "denominator_of"):
            made.loc[rows.index, name] = rows[name].iloc[0]
    return made


def _long_term(
    months: pd.DataFrame, unit: Unit, found: Register, *, year: int, least: int
) -> tuple[int, int]:
    years = months_by_year(months, unit=unit, least=least, first=found.first, last=found.last)
    own = long_term_share(years)
    own = own[own["year"] == year]
    return int(own["numerator"].sum()), int(own["denominator"].sum())
