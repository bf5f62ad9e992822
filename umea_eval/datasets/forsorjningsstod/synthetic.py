"""Made-up ekonomiskt bistånd with a planted truth, in the size of the published figures.

Nobody in these data exists: identity numbers are Skatteverket's official test numbers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.example import Simulated
from umea_eval.intake.official_numbers import draw_numbers, is_woman

# Umeå 2023: benefit months of recipients, and the mean number per case (published_key_figures.csv,
# k0200 to k0202). 9 601 / 7.0 cases.
PUBLISHED_WOMEN, PUBLISHED_MEN = 4_900, 4_701
PUBLISHED_CASES = 1_372
FIRST_MONTH = np.datetime64("2022-01", "M")
MONTHS = 24
YEAR = slice(12, 24)  # 2023, the year of the published figures
EXTRACTION = dt.date(2024, 2, 1)
UNEMPLOYED = ("111", "112", "113", "114", "115")

Presence = NDArray[np.bool_]  # households × months


@dataclass(frozen=True)
class Truth:
    """What ``simulate`` plants, where it is a choice.

    Monthly probabilities: ``leave`` of ending support, ``come_back`` of new support after an exit
    (three times as likely in the first three months), ``enter`` of a first spell. Shares of benefit
    months: ``second_payment`` (livsföring i övrigt beside försörjningsstöd), ``repaid`` (a
    repayment that leaves something) and, beside the benefit months, ``voided`` (paid and repaid in
    full: no benefit month). ``unemployed`` is the share of households. ``migration`` is the day on
    which every running decision ends and starts again in a new record system.
    """

    leave: float = 0.10
    come_back: float = 0.05
    enter: float = 0.05
    second_payment: float = 0.25
    repaid: float = 0.02
    voided: float = 0.005
    unemployed: float = 0.45
    protected: float = 0.005
    coordination: float = 0.01
    migration: dt.date | None = dt.date(2023, 10, 1)


def simulate(
    n: int = PUBLISHED_CASES, seed: int = 0, truth: Truth | None = None, *, numbers: Path
) -> Simulated:
    """Payments, households and decisions of ``n`` households over 2022 and 2023.

    Every household has support in 2023, on average in 7.0 months. Their benefit months of 2023 are
    exactly 4 900 with a woman as head and 4 701 with a man when ``n`` is the published number of
    cases, and in proportion otherwise. ``numbers`` is the folder of the official test numbers.

    The truth has, of 2023: ``benefit_months`` (and by sex), ``unemployed_months``, ``recipients``
    (households with any), ``long_term`` (10–12 months), ``voided_months`` and ``net`` (kronor,
    försörjningsstöd and livsföring i övrigt); of both years ``payments`` and ``decisions`` (rows);
    and ``migration``. Raises UserError for more households than there are test numbers.
    """
    plan = truth or Truth()
    random = np.random.default_rng(seed)
    people = _households(n, random, plan, numbers)
    on = _presence(n, random, plan)
    women = people["sex"].to_numpy() == "women"
    for rows, published in ((women, PUBLISHED_WOMEN), (~women, PUBLISHED_MEN)):
        on[rows] = _adjust(on[rows], round(published * n / PUBLISHED_CASES), random)
    payments, voided = _payments(people, on, random, plan)
    decisions = _decisions(people, on, plan)
    frames = {
        "payments": payments,
        "households": _household_months(people, on),
        "decisions": decisions,
    }
    year = on[:, YEAR].sum(axis=1)
    counted = payments["support_kind"].isin(("livelihood", "other_living"))
    in_2023 = payments["month"].dt.year == 2023
    return Simulated(
        frames,
        {
            "benefit_months": int(year.sum()),
            "benefit_months_women": int(year[women].sum()),
            "benefit_months_men": int(year[~women].sum()),
            "unemployed_months": int(year[people["obstacle"].isin(UNEMPLOYED).to_numpy()].sum()),
            "recipients": int((year > 0).sum()),
            "long_term": int((year >= 10).sum()),
            "voided_months": int(voided[:, YEAR].sum()),
            "net": round(float(payments.loc[counted & in_2023, "amount"].sum()), 2),
            "payments": len(payments),
            "decisions": len(decisions),
            "migration": plan.migration.isoformat() if plan.migration else None,
        },
    )


def _households(n: int, random: np.random.Generator, plan: Truth, numbers: Path) -> pd.DataFrame:
    """One row per household: its head, type, children, obstacle."""
    heads = draw_numbers(numbers, n, random, born=(1950, 2003), coordination=plan.coordination)
    woman = np.array([is_woman(number) for number in heads])
    alone, children = random.random(n) < 0.75, random.random(n) < 0.35
    kind = np.select(
        [alone & woman & children, alone & woman, alone & children, alone, children],
        ["6", "5", "4", "3", "8"],
        "7",
    )
    obstacle = np.where(
        random.random(n) < plan.unemployed,
        random.choice(UNEMPLOYED, n),
        random.choice(["021", "040", "051", "061", "090", "999"], n),
    )
    return pd.DataFrame(
        {
            "household": [f"H{number:05}" for number in random.permutation(n) + 10_000],
            "person": heads,
            "sex": np.where(woman, "women", "men"),
            "household_type": kind,
            "children": np.where(children, 1 + random.poisson(0.8, n), 0),
            "obstacle": obstacle,
            "protected": random.random(n) < plan.protected,
            "level": 1.0 + 0.25 * (kind >= "7") + 0.2 * children,
        }
    )


def _presence(n: int, random: np.random.Generator, plan: Truth) -> Presence:
    """Which months each household has support: spells, exits and early returns."""
    on = np.zeros((n, MONTHS), dtype=bool)
    on[:, 0] = random.random(n) < 0.45
    since_exit = np.full(n, 99)
    for month in range(1, MONTHS):
        # Fewer leave in July, when courses and many workplaces are closed.
        leave = plan.leave * (0.6 if month % 12 == 6 else 1.0)
        had = on[:, :month].any(axis=1)
        start = np.where(had, plan.come_back * np.where(since_exit <= 3, 3, 1), plan.enter)
        draw = random.random(n)
        on[:, month] = np.where(on[:, month - 1], draw >= leave, draw < start)
        since_exit = np.where(on[:, month], 0, since_exit + 1)
    never = ~on[:, YEAR].any(axis=1)
    on[never, random.integers(YEAR.start, YEAR.stop, np.count_nonzero(never))] = True
    return on


def _adjust(on: Presence, months: int, random: np.random.Generator) -> Presence:
    """Lengthen or shorten spells at their ends until 2023 has exactly so many benefit months."""
    on = on.copy()
    while (short := months - int(on[:, YEAR].sum())) != 0:
        before = np.zeros_like(on)
        before[:, 1:] = on[:, :-1]
        after = np.zeros_like(on)
        after[:, :-1] = on[:, 1:]
        # Nobody loses their only month.
        several = on[:, YEAR].sum(axis=1) > 1
        edge = ~on & before if short > 0 else on & ~after & several[:, None]
        edge[:, : YEAR.start] = False
        households, at = np.nonzero(edge)
        if not len(households):
            if short > 0:  # nobody's spell can be lengthened: somebody begins
                households, at = np.nonzero(~on[:, YEAR])
                at = at + YEAR.start
            if not len(households):
                return on
        mixed = random.permutation(len(households))
        # One month per household at a time.
        chosen = mixed[np.unique(households[mixed], return_index=True)[1]]
        chosen = random.permutation(chosen)[: abs(short)]
        on[households[chosen], at[chosen]] = short > 0
    return on


def _payments(
    people: pd.DataFrame, on: Presence, random: np.random.Generator, plan: Truth
) -> tuple[pd.DataFrame, Presence]:
    """One row per payment, repayments negative; and the months that were paid and repaid whole."""
    voided = ~on & (random.random(on.shape) < plan.voided * on.mean() / max((~on).mean(), 1e-9))
    parts = [
        _rows(people, on, random, "livelihood", 9_000),
        _rows(
            people,
            on & (random.random(on.shape) < plan.second_payment),
            random,
            "other_living",
            1_500,
        ),
        _rows(people, on & (random.random(on.shape) < 0.05), random, "mediated", 6_000),
    ]
    back = _rows(people, on & (random.random(on.shape) < plan.repaid), random, "livelihood", 700)
    # Less than the smallest livelihood payment, so that the month keeps a net above zero.
    parts.append(back.assign(amount=-back["amount"].clip(upper=2_000)))
    void = _rows(people, voided, random, "livelihood", 9_000)
    parts += [void, void.assign(amount=-void["amount"])]
    payments = pd.concat(parts, ignore_index=True).sort_values(
        ["month", "household", "support_kind", "amount"], ignore_index=True
    )
    payments["payment"] = [f"U{number:07}" for number in range(1, len(payments) + 1)]
    return payments, voided


def _rows(
    people: pd.DataFrame, when: Presence, random: np.random.Generator, kind: str, typical: float
) -> pd.DataFrame:
    households, at = np.nonzero(when)
    own = people.iloc[households].reset_index(drop=True)
    months = (FIRST_MONTH + at).astype("datetime64[us]")
    amount = own["level"].to_numpy() * typical * random.gamma(8, 1 / 8, len(own))
    # Paid late in the month before, as a rule; a tenth in the month itself.
    late = random.random(len(own)) < 0.1
    paid = months - np.timedelta64(4, "D") + np.where(late, 14, 0).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "person": own["person"],
            "household": own["household"],
            "month": months,
            "paid_on": paid,
            "amount": np.round(np.clip(amount, 0.25 * typical, None), 2),
            "support_kind": kind,
            "obstacle": own["obstacle"],
            "role": "head",
            "legal_basis": "sol_2001_4_2" if kind == "other_living" else "sol_2001_4_1",
            "sex": own["sex"],
            "protected": own["protected"],
        }
    )


def _household_months(people: pd.DataFrame, on: Presence) -> pd.DataFrame:
    households, at = np.nonzero(on)
    own = people.iloc[households].reset_index(drop=True)
    columns = ["household", "person", "household_type", "children", "sex", "protected"]
    return own[columns].assign(month=(FIRST_MONTH + at).astype("datetime64[us]"))


def _decisions(people: pd.DataFrame, on: Presence, plan: Truth) -> pd.DataFrame:
    """One decision per spell; a change of record system ends and starts every running one."""
    edges = np.diff(np.pad(on, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    households, first = np.nonzero(edges == 1)
    _, last = np.nonzero(edges == -1)
    own = people.iloc[households].reset_index(drop=True)
    starts = (FIRST_MONTH + first).astype("datetime64[D]")
    ends = (FIRST_MONTH + last).astype("datetime64[D]") - np.timedelta64(1, "D")
    running = last == MONTHS
    frame = pd.DataFrame(
        {
            "household": own["household"],
            "person": own["person"],
            "decided_on": starts.astype("datetime64[us]"),
            "decision": "granted",
            "starts": starts.astype("datetime64[us]"),
            "ends": np.where(running, np.datetime64("NaT"), ends).astype("datetime64[us]"),
            "exit_reason": pd.Series(np.resize(["work", "benefit", "other"], len(own))).mask(
                running
            ),
            "protected": own["protected"],
        }
    )
    if plan.migration is None:
        return frame
    day = pd.Timestamp(plan.migration)
    over = (frame["starts"] < day) & ~(frame["ends"] < day)
    moved = frame[over].assign(starts=day, decided_on=day)
    frame.loc[over, "ends"] = day - pd.Timedelta(days=1)
    frame.loc[over, "exit_reason"] = "migration"
    return pd.concat([frame, moved]).sort_values(["starts", "household"], ignore_index=True)
