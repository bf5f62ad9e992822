"""Why did a total change? Exact additive shares of volume, mix and price, or of any factors.

Das Gupta's effects are what changing one factor does, averaged over every order in which the
factors can be changed. They add up to the change, whatever factor is named first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from umea_eval import style
from umea_eval.errors import UserError
from umea_eval.language import Language, has_text, listing, text
from umea_eval.methods.axes import axes, numbered
from umea_eval.methods.estimates import estimate_table, value_text
from umea_eval.methods.inputs import (
    FloatArray,
    column,
    group_keys,
    in_order,
    no_duplicates,
    numbers,
    refuse,
    sums,
)
from umea_eval.methods.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# From the factors' values (one array over categories each) to each category's part of the total.
Rate = Callable[[Mapping[str, FloatArray]], FloatArray | float]


@dataclass(frozen=True)
class Decomposition(Result):
    """A change split into effects: one row per factor, ``value`` in the unit of the total.

    ``share`` is the effect over the whole change (missing without a change). ``before`` and
    ``after`` are the totals; ``categories`` has each effect by category, where the rate is a sum
    over categories. There is no interval: the split is arithmetic, not an estimate.
    """

    before: float
    after: float
    categories: pd.DataFrame

    @property
    def change(self) -> float:
        """``after`` minus ``before``: the sum of the effects."""
        return self.after - self.before

    def text(self, language: Language) -> str:
        """The change and each factor's part of it."""
        beside = tuple(self.table["value"])
        parts = [
            text(
                "methods.decomposition.part",
                language,
                factor=_factor_name(factor, language),
                value=value_text(value, language, beside=beside),
            )
            for factor, value in zip(self.table["factor"], self.table["value"], strict=True)
        ]
        return text(
            "methods.decomposition.text",
            language,
            before=value_text(self.before, language, beside=(self.after,)),
            after=value_text(self.after, language, beside=(self.before,)),
            change=value_text(self.change, language, beside=(self.before, self.after)),
            parts=listing(parts, language),
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """A bar per factor, from the total before to the total after."""
        with style.look():
            ax = axes(ax)
            effects = self.table["value"].to_numpy()
            start = self.before + np.concatenate([[0.0], np.cumsum(effects)[:-1]])
            names = [_factor_name(str(name), language) for name in self.table["factor"]]
            ends = [text(f"methods.decomposition.{end}", language) for end in ("before", "after")]
            ax.bar([ends[0]], [self.before], color=style.GREY)
            colours = np.where(effects >= 0, style.VERMILION, style.BLUE).tolist()
            ax.bar(names, effects, bottom=start, color=colours)
            ax.bar([ends[1]], [self.after], color=style.GREY)
            ax.set_ylabel(text("methods.decomposition.axis", language))
        return numbered(ax, language)


def das_gupta(
    data: pd.DataFrame,
    factors: Sequence[str],
    *,
    population: str,
    reference: Any,
    comparison: Any,
    category: str | Sequence[str] | None = None,
    rate: Rate | None = None,
) -> Decomposition:
    """Split the change of a rate from ``reference`` to ``comparison`` into effects of ``factors``.

    ``data`` has one row per ``population`` (a period, an area) and ``category``, with the factors
    as columns; without ``category`` one row per population. The rate is the sum over categories
    of the product of the factors, unless ``rate`` computes it from their arrays (in order of
    category) - in parts per category or as one number.

    Raises UserError for a category that one of the two populations lacks or has twice.
    Source: Das Gupta 1993, Standardization and decomposition of rates, US Census Bureau P23-186.
    Equals R ``DasGuptR::dgnpop`` for two populations (K01, K03).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"year": [2022, 2023], "recipients": [0.04, 0.05], "months": [6.0, 7.0]}
    ... )
    >>> parts = ue.methods.decomposition.das_gupta(
    ...     frame, ["recipients", "months"], population="year", reference=2022, comparison=2023
    ... )
    >>> parts.table[["factor", "value"]].round(3)  # together 0.35 - 0.24
           factor  value
    0  recipients  0.065
    1      months  0.045
    """
    labels = [] if category is None else [category] if isinstance(category, str) else list(category)
    if not factors:
        raise UserError("methods.decomposition.no_factors")
    two = _two_populations(data, population, (reference, comparison))
    group_keys(two, [population, *labels])
    no_duplicates(two, [population, *labels])
    values: list[dict[str, FloatArray]] = []
    found: list[pd.DataFrame] = []
    for name in (reference, comparison):
        part = (
            two[two[population] == name].sort_values(labels)
            if labels
            else two[two[population] == name]
        )
        values.append({factor: numbers(column(part, factor), factor) for factor in factors})
        found.append(part[labels].reset_index(drop=True))
    if not found[0].equals(found[1]):
        raise UserError("methods.decomposition.categories_differ", column=", ".join(labels))
    parts = _effects(values[0], values[1], rate or _product)
    before, after = (_parts((rate or _product)(v)) for v in values)
    return _decomposition(parts, math.fsum(before), math.fsum(after), found[0])


def volume_mix_price(
    data: pd.DataFrame,
    quantity: str,
    amount: str,
    *,
    category: str | Sequence[str],
    period: str,
    reference: Any,
    comparison: Any,
) -> Decomposition:
    """Split the change of the total ``amount`` into volume, mix and price.

    Volume is the total ``quantity`` (days), mix each category's share of it, price amount over
    quantity within the category. Rows of the same category and period are summed. A category that
    occurs in one period only has no price in the other: its price is taken as unchanged, so that
    its coming or going is mix. The split depends on how fine the categories are: show two.

    Raises UserError for an amount without a quantity, or a period without any.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> days = pd.DataFrame(
    ...     {
    ...         "year": [2022, 2022, 2023, 2023],
    ...         "kind": ["home", "hvb"] * 2,
    ...         "days": [100, 50, 100, 80],
    ...         "cost": [100.0, 200.0, 110.0, 360.0],
    ...     }
    ... )
    >>> parts = ue.methods.decomposition.volume_mix_price(
    ...     days, "days", "cost", category="kind", period="year", reference=2022, comparison=2023
    ... )
    >>> parts.table[["factor", "value"]].round(2)  # together 470 - 300
       factor  value
    0  volume  68.94
    1     mix  58.78
    2   price  42.28
    """
    labels = [category] if isinstance(category, str) else list(category)
    two = _two_populations(data, period, (reference, comparison))
    columns = {name: numbers(column(two, name), name) for name in (quantity, amount)}
    refuse(columns[quantity] < 0, "methods.inputs.negative", quantity)
    total = sums(two, {"_q": columns[quantity], "_a": columns[amount]}, [period, *labels])
    refuse(
        ((total["_q"] == 0) & (total["_a"] != 0)).to_numpy(),
        "methods.decomposition.amount_without_quantity",
        amount,
        quantity,
    )
    days, cost, names = _side_by_side(total, labels, period, (reference, comparison))
    used = days.sum(axis=1) > 0
    days, cost = days[used], cost[used]
    volume = np.array([math.fsum(days[:, 0]), math.fsum(days[:, 1])])
    if not (volume > 0).all():
        raise UserError("methods.decomposition.no_quantity", column=quantity)
    price = np.where(days > 0, cost / np.where(days > 0, days, 1.0), np.nan)
    price = np.where(np.isnan(price), price[:, ::-1], price)
    values = [
        {
            "volume": np.full(len(days), volume[i]),
            "mix": days[:, i] / volume[i],
            "price": price[:, i],
        }
        for i in (0, 1)
    ]
    names = names[used].reset_index(drop=True)
    before, after = (math.fsum(cost[:, i]) for i in (0, 1))
    return _decomposition(_effects(values[0], values[1], _product), before, after, names)


def _side_by_side(
    total: pd.DataFrame, labels: list[str], period: str, two: tuple[Any, Any]
) -> tuple[FloatArray, FloatArray, pd.DataFrame]:
    """Quantity and amount, categories x the two periods, 0 where a category is absent."""
    halves = [total[total[period] == one].drop(columns=period) for one in two]
    both = halves[0].merge(halves[1], on=labels, how="outer", sort=True, suffixes=("_0", "_1"))
    cells = both.drop(columns=labels).fillna(0.0)
    days = cells[["_q_0", "_q_1"]].to_numpy(dtype=np.float64)
    return days, cells[["_a_0", "_a_1"]].to_numpy(dtype=np.float64), both[labels]


def _product(factors: Mapping[str, FloatArray]) -> FloatArray:
    return np.asarray(np.prod(np.stack(list(factors.values())), axis=0), dtype=np.float64)


def _parts(rate: FloatArray | float) -> FloatArray:
    parts = np.atleast_1d(np.asarray(rate, dtype=np.float64))
    if not np.isfinite(parts).all():
        raise UserError("methods.decomposition.not_finite")
    return parts


def _effects(
    before: Mapping[str, FloatArray], after: Mapping[str, FloatArray], rate: Rate
) -> dict[str, FloatArray]:
    """Each factor's effect by category: its change, averaged over what the others may be.

    With k of the p - 1 other factors already changed, a combination weighs k! (p-1-k)! / p!: Das
    Gupta's formula for p factors, and the average over all orders of changing them.
    """
    names = list(before)
    changed = {
        chosen: _parts(rate({n: (after if n in chosen else before)[n] for n in names}))
        for size in range(len(names) + 1)
        for chosen in (frozenset(c) for c in combinations(names, size))
    }
    effects = {}
    for name in names:
        others = [chosen for chosen in changed if name not in chosen]
        steps = [
            (changed[chosen | {name}] - changed[chosen])
            / (len(names) * math.comb(len(names) - 1, len(chosen)))
            for chosen in others
        ]
        effects[name] = np.array([math.fsum(step) for step in np.stack(steps, axis=1)])
    return effects


def _decomposition(
    effects: Mapping[str, FloatArray], before: float, after: float, categories: pd.DataFrame
) -> Decomposition:
    value = np.array([math.fsum(effect) for effect in effects.values()])
    change = after - before
    table = estimate_table(
        pd.DataFrame({"factor": list(effects)}, dtype="str"),
        value=value,
        lower=np.nan,
        upper=np.nan,
        confidence=None,
        method="Das Gupta",
        share=value / change if change != 0 else np.nan,
    )
    by_category = categories
    if all(len(effect) == len(categories) for effect in effects.values()):
        by_category = categories.assign(**effects)
    return Decomposition(table, before=before, after=after, categories=by_category)


def _two_populations(data: pd.DataFrame, population: str, two: tuple[Any, Any]) -> pd.DataFrame:
    names = group_keys(data, population)[population]
    if two[0] == two[1]:
        raise UserError("methods.inputs.one_group", column=population)
    for name in two:
        if not (names == name).any():
            known = ", ".join(str(one) for one in in_order(names.unique()))
            raise UserError("methods.inputs.no_group", column=population, known=known)
    return data[names.isin(two)]


def _factor_name(factor: str, language: Language) -> str:
    key = f"methods.decomposition.factor.{factor}"
    return text(key, language) if has_text(key) else factor
