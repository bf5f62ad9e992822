"""Power of any design by simulating it: for designs that no formula fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.methods.estimates import Estimates, Unit, estimate_table, value_text
from umea_eval.methods.proportions.single import wilson


@dataclass(frozen=True, kw_only=True)
class SimulatedPower(Estimates):
    """Power (``value``) at each ``effect``, with Wilson limits for the simulation's own error."""

    power: float
    smallest: float

    words: ClassVar[str] = "power.simulated"
    unit: ClassVar[Unit] = "share"

    def text(self, language: Language) -> str:
        """The smallest of the simulated effects that reaches the wanted power."""
        row = self.table[self.table["effect"] == self.smallest]
        values: dict[str, object] = {
            "power": value_text(100 * self.power, language),
            "replicates": int(self.table["denominator"].iloc[0]),
        }
        if row.empty:
            return text(f"methods.{self.words}.none", language, **values)
        values |= self._shown(row.iloc[0], language)
        values["effect"] = value_text(self.smallest, language, beside=(self.smallest,))
        return text(f"methods.{self.words}.some", language, **values)


def simulated_power(
    found: Callable[[float, np.random.Generator], bool],
    effects: Sequence[float],
    *,
    seed: int,
    replicates: int = 1000,
    power: float = 0.8,
    confidence: float = 0.95,
) -> SimulatedPower:
    """How often a design finds each of ``effects``, and the smallest found often enough.

    ``found(effect, rng)`` simulates the design once and says whether its test found the effect.
    Replicate i draws the same random numbers for every effect, so that the power curve is smooth.
    ``smallest`` is the effect nearest to 0 (or first in order among equals) whose power is at
    least ``power``; missing if none is. The same ``seed`` gives the same answer.

    >>> import umea_eval as ue
    >>> curve = ue.methods.power.simulated_power(
    ...     lambda effect, rng: rng.normal(effect) > 1.96, [0, 2, 4], seed=1, replicates=200
    ... )
    >>> curve.smallest, curve.table["value"].round(1).tolist()
    (4.0, [0.0, 0.5, 1.0])
    """
    if len(effects) == 0 or replicates < 1:
        raise UserError("methods.power.simulation")
    streams = np.random.SeedSequence(seed).spawn(replicates)
    hits = [
        sum(bool(found(effect, np.random.default_rng(stream))) for stream in streams)
        for effect in effects
    ]
    lower, upper = wilson(hits, replicates, confidence=confidence)
    table = estimate_table(
        pd.DataFrame({"effect": np.asarray(effects, dtype=np.float64)}),
        numerator=hits,
        denominator=replicates,
        value=np.array(hits) / replicates,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="simulation, Wilson",
    )
    enough = table[table["value"] >= power]
    smallest = np.nan
    if len(enough):
        smallest = float(enough["effect"].iloc[int(np.argmin(enough["effect"].abs()))])
    return SimulatedPower(table, label=("effect",), power=power, smallest=smallest)
