"""Whole evaluations: no suppressed cell of any of their public editions is opened.

The tables are made in this process, by the notebooks' own cells. The attacker of the quick test is
independent of the product; that of the slow ones has learnt what the tables do not declare.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.disclosure.learned import Cells, Relation, always_zero, learn, opened, registered
from tests.projects import make_product
from umea_eval.disclosure.linked import floats
from umea_eval.disclosure.profiles import Withheld
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.stored import Published, from_json
from umea_eval.processed.clean import clean
from umea_eval.processed.example import make_example
from umea_eval.runs.executed import record
from umea_eval.settings import read_settings

EVALUATIONS = ("fallprevention", "forsorjningsstod", "placement_days", "vhu_lss")
# What restricts a report to some of its persons, or to another time.
RESTRICTED: Mapping[str, Sequence[Mapping[str, object]]] = {
    "fallprevention": ({}, {"years": 2}, {"municipality": "Umeå", "start": "reported_on"}),
    "forsorjningsstod": ({}, {"year": 2022}, {"gap": 1, "support": "forsorjningsstod"}),
    "placement_days": ({}, {"year": 2022}, {"ages": "children", "counting": "first_only"}),
    "vhu_lss": (
        {},
        {"municipality": "Umeå"},
        {"municipality": "Umeå", "area": "Väst"},
        {"first_year": 2024, "last_year": 2024},
    ),
}
LEARNT_FROM = [(seed, n) for seed, n in enumerate((45, 60, 75, 90, 120, 150, 200, 260) * 2, 100)]
ATTACKED = [(901, 14), (902, 25), (903, 60), (904, 60)]
# The made-up VHU deals its places out over the municipalities in fixed shares, so that numbers of
# different municipalities hang together there, and nowhere else.
DEALT_OUT = ("municipality", "unit")
MOST = 5000.0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mpl.use("agg")
    make_product(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")


def made(name: str, seed: int, n: int) -> None:
    """Put a made-up population into the current project."""
    make_example(name, read_settings(), messy=False, seed=seed, n=n)
    clean(name)


# --- the attacker who knows what is declared, by a programme that is not the product's -----------


def shown_values(published: Published) -> np.ndarray:
    """The value of each count that some table of a finished report shows."""
    known = np.full(len(published.counts), np.nan)
    numbers = {
        (table.name, column.name): floats(table.frame, column.name)
        for table in published.tables
        for column in table.columns
        if column.kind == "count"
    }
    for place, index in published.counts.at.items():
        value = numbers[place.table, place.column][place.row]
        if not np.isnan(value):
            known[index] = value
    return known


def too_narrow(published: Published, width: int) -> list[str]:
    """Suppressed counts with fewer than ``width`` values left for one who has the report's tables,
    knows which are sums of which, that counts are whole, and that none that is suppressed is zero
    where zeros are shown."""
    linked, known = published.counts, shown_values(published)
    sums = sparse.lil_array((len(linked.sums), len(linked)))
    for row, equation in enumerate(linked.sums):
        sums[row, equation.whole] -= 1
        for part in equation.parts:
            sums[row, part] += 1
    hidden = np.isnan(known)
    least = np.where(linked.shown & ~linked.zero, 1.0, 0.0)
    low, high = np.where(hidden, least, known), np.where(hidden, MOST, known)
    constraint = LinearConstraint(sums.tocsr(), 0, 0)

    def world(cell: int, push: int) -> np.ndarray:
        cost = np.zeros(len(linked))
        cost[cell] = push
        found = milp(cost, integrality=hidden, bounds=Bounds(low, high), constraints=constraint)
        assert found.x is not None, "the released numbers contradict each other"
        return np.asarray(np.round(found.x))

    narrow = []
    lowest, highest = np.full(len(linked), np.inf), np.full(len(linked), -np.inf)
    for cell in np.flatnonzero(hidden & linked.shown).tolist():
        for push in (1, -1):  # a world says something of every cell
            if highest[cell] - lowest[cell] + 1 < width:
                each = world(cell, push)
                lowest, highest = np.minimum(lowest, each), np.maximum(highest, each)
        if highest[cell] - lowest[cell] + 1 < width:
            narrow.append(str(linked.names[cell]))
    return narrow


def finished(reports: Path, name: str) -> Published:
    """The Swedish public report of an evaluation, as it lies in its folder."""
    (folder,) = reports.glob(f"{name}/*sv/")
    notebook = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))
    return from_json(record(notebook)["released"])


@pytest.mark.parametrize("name", EVALUATIONS)
def test_no_suppressed_count_of_an_evaluation_is_opened(name: str, product_reports: Path) -> None:
    published = finished(product_reports, name)
    assert published.hidden() > 10
    assert too_narrow(published, RULES["default"].width) == []


def test_the_attacker_opens_what_is_open(product_reports: Path) -> None:
    """A suppressed count is put back where a sum then tells another one."""
    published = finished(product_reports, "vhu_lss")
    linked, known = published.counts, shown_values(published)
    told = next(
        parts[1:]
        for equation in linked.sums
        if not np.isnan(known[equation.whole])
        and len(parts := [p for p in equation.parts if np.isnan(known[p])]) == 2
        and linked.shown[parts[0]]
        and linked.shown[parts[1]]
    )
    for place in (place for cell in told for place in linked.places[cell]):
        table = next(table for table in published.tables if table.name == place.table)
        table.frame.loc[place.row, place.column] = 1
    assert too_narrow(published, RULES["default"].width)


# --- the attacker who has learnt what is not ----------------------------------------------------


def of_the_tables(relation: Relation) -> bool:
    """Not a relation between single municipalities or homes (see `DEALT_OUT`)."""
    places = [dict(name.key).get(d) for name, _ in relation for d in DEALT_OUT]
    return len({place for place in places if place is not None}) < 2 or len(relation) > 4


@pytest.mark.slow
@pytest.mark.parametrize("name", EVALUATIONS)
def test_what_is_learnt_of_made_up_populations_opens_nothing(name: str, project: None) -> None:
    """For each way to restrict the report: what always holds in 16 populations, used against four
    others of 14, 25 and 60."""
    del project
    ways = RESTRICTED[name]
    learnt: list[list[Cells]] = [[] for _ in ways]
    for seed, n in LEARNT_FROM:
        made(name, seed, n)
        for own, way in zip(learnt, ways, strict=True):
            own.append(Cells.of(registered(name, **way)))
    relations = [[r for r in learn(own, four=False) if of_the_tables(r)] for own in learnt]
    zero = [always_zero(own) for own in learnt]
    findings = []
    for seed, n in ATTACKED:
        made(name, seed, n)
        for way, found, nobody in zip(ways, relations, zero, strict=True):
            tables = registered(name, **way)
            for profile in ("default", "strict"):
                try:
                    leaks = opened(tables, profile, found, nobody)
                except Withheld:  # it has no public edition: nothing to open
                    continue
                findings += [f"{way} {seed} {n} {profile}: {leak}" for leak in leaks]
    assert findings == []
