"""Whole evaluations: no suppressed cell of any of their public editions is opened.

The tables are made in this process, by the notebooks' own cells. The attacker of the quick test is
independent of the product; that of the slow ones has learnt what the tables do not declare.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.disclosure.conftest import Population
from tests.disclosure.learned import Cells, Relation, always_zero, learn, opened, registered
from umea_eval.datasets.fallprevention.results import STATES
from umea_eval.disclosure.areas import Shown, opened_by_parts
from umea_eval.disclosure.linked import LinkedKind, floats, link
from umea_eval.disclosure.profiles import Withheld, release
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.stored import Published, from_json, to_json
from umea_eval.disclosure.tables import Field, ReleasedTable, Table
from umea_eval.runs.executed import record

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


class Outsider:
    """One who has the report's tables, knows which counts are sums of which, that they are whole,
    and that none that is suppressed is zero where zeros are shown."""

    def __init__(self, published: Published) -> None:
        self.linked, self.known = published.counts, shown_values(published)
        self.sums = sparse.lil_array((len(self.linked.sums), len(self.linked)))
        for row, equation in enumerate(self.linked.sums):
            self.sums[row, equation.whole] -= 1
            for part in equation.parts:
                self.sums[row, part] += 1

    def world(self, cell: int, push: int) -> np.ndarray:
        """Whole numbers that fit, with ``cell`` as high (-1) or low (1) as it can be."""
        linked, hidden = self.linked, np.isnan(self.known)
        cost = np.zeros(len(linked))
        cost[cell] = push
        least = np.where(linked.shown & ~linked.zero, 1.0, 0.0)
        most = 10 * float(np.nanmax(self.known))
        found = milp(
            cost,
            integrality=hidden,
            bounds=Bounds(np.where(hidden, least, self.known), np.where(hidden, most, self.known)),
            constraints=LinearConstraint(self.sums.tocsr(), 0, 0),
        )
        assert found.x is not None, "the released numbers contradict each other"
        return np.asarray(np.round(found.x))

    def too_narrow(self, width: int) -> list[str]:
        """The suppressed counts with fewer than ``width`` values left."""
        narrow = []
        size = len(self.linked)
        lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
        for cell in np.flatnonzero(np.isnan(self.known) & self.linked.shown).tolist():
            for push in (1, -1):  # a world says something of every cell
                if highest[cell] - lowest[cell] + 1 < width:
                    each = self.world(cell, push)
                    lowest, highest = np.minimum(lowest, each), np.maximum(highest, each)
            if highest[cell] - lowest[cell] + 1 < width:
                narrow.append(str(self.linked.names[cell]))
        return narrow


def released_of(reports: Path, name: str, language: str = "sv") -> dict[str, Any]:
    """What the record of an evaluation's public report says of it, as it lies in its folder."""
    (folder,) = reports.glob(f"{name}/*{language}/")
    notebook = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))
    released: dict[str, Any] = record(notebook)["released"]
    return released


def finished(reports: Path, name: str) -> Published:
    """The Swedish public report of an evaluation."""
    return from_json(released_of(reports, name))


@pytest.mark.parametrize("name", EVALUATIONS)
def test_no_suppressed_count_of_an_evaluation_is_opened(name: str, product_reports: Path) -> None:
    published = finished(product_reports, name)
    assert published.hidden() > 0
    assert Outsider(published).too_narrow(RULES["default"].width) == []


def test_the_attacker_opens_what_is_open(product_reports: Path) -> None:
    """Of two suppressed parts of a shown sum he is told one."""
    outsider = Outsider(finished(product_reports, "fallprevention"))
    linked, hidden = outsider.linked, np.isnan(outsider.known)
    first, second = next(
        parts
        for equation in linked.sums
        if not hidden[equation.whole]
        and len(parts := [part for part in equation.parts if hidden[part]]) == 2
        and linked.shown[parts].all()
    )
    outsider.known[second] = outsider.world(first, 1)[second]
    assert str(linked.names[first]) in outsider.too_narrow(RULES["default"].width)


@pytest.mark.parametrize("name", EVALUATIONS)
def test_both_languages_suppress_the_same_cells(name: str, product_reports: Path) -> None:
    """Of two complements of one size one language chose the first, the other one the second: each
    told what the other hid."""
    swedish, english = (released_of(product_reports, name, each) for each in ("sv", "en"))
    assert swedish["counts"] == english["counts"]
    assert swedish["amounts"] == english["amounts"]

    def hidden(released: dict[str, Any]) -> dict[tuple[str, str], list[int]]:
        return {
            (table["name"], column["name"]): column["hidden"]
            for table in released["tables"]
            for column in table["columns"]
        }

    assert hidden(swedish) == hidden(english)


# --- what an outsider knows without learning it ---------------------------------------------------


def test_those_who_fell_once_have_as_many_falls_as_they_are(population: Population) -> None:
    """Falls without those of repeat fallers are fallers without repeat fallers."""
    population("fallprevention", 903, 60)
    sums = link(registered("fallprevention"))
    both = [{sums.names[part].measure for part in each.parts} for each in sums.sums]
    assert {"fallers", "falls of repeat fallers"} in both
    assert {"reports", "repeat fallers"} in both


def test_months_of_support_bound_those_who_have_it_for_long(population: Population) -> None:
    """Six households with 16 months together: at most one of them had ten."""
    population("forsorjningsstod", 903, 60)
    sums = link(registered("forsorjningsstod"))
    often = {
        [sums.names[part].measure for part in each.parts].count("long-term households")
        for each in sums.sums
        if sums.names[each.whole].measure == "benefit months"
    }
    assert 9 in often


def test_what_few_households_paid_back_is_protected(population: Population) -> None:
    """Two of 25 did: the sum was shown as that of 25."""
    population("forsorjningsstod", 11, 25)
    tables = registered("forsorjningsstod")
    of = {table.name: table for table in tables}["amounts"].frame.set_index("year")
    assert of["repaying"][2023] == 2
    released = release(tables, "default", ())
    hidden = released.suppressed("amounts")[["repaying", "repaid"]]
    assert hidden[(released["amounts"]["year"].astype(str) == "2023").to_numpy()].all(axis=None)


def test_a_shorter_time_is_a_part_of_a_longer_one(population: Population) -> None:
    """Those placed again within twelve months are among those within twenty-four."""
    population("placement_days", 903, 60)
    sums = link(registered("placement_days"))
    found = {
        (whole.measure, dict(whole.key)[name], dict(part.key)[name])
        for each in sums.sums
        for whole in (sums.names[each.whole],)
        for part in (sums.names[index] for index in each.parts)
        for name in ("within", "months")
        if name in dict(whole.key) and name in dict(part.key)
    }
    assert ("placed again", "24", "12") in found
    assert {("unplanned ends", "12", "6"), ("unplanned ends", "24", "12")} <= found


def measures_added(tables: Sequence[Table], kind: LinkedKind) -> set[tuple[str, ...]]:
    """The measures of each sum: of the whole, and of its parts (each once, in order)."""
    sums = link(tables, kind)
    return {
        (sums.names[each.whole].measure, *sorted({sums.names[p].measure for p in each.parts}))
        for each in sums.sums
    }


def test_the_numbers_of_placements_hang_together(population: Population) -> None:
    """Days by two rules, double days, a longer gap, the state's homes, who left once."""
    population("placement_days", 903, 60)
    tables = registered("placement_days")
    found = {sums for kind in ("count", "amount") for sums in measures_added(tables, kind)}
    calendar, double = "calendar days by rule both", "double days by rule both"
    assert {
        ("days", "days by the other rule", "placements ended"),
        ("days", calendar, double),
        ("placements ended", "ends with a reason", "ends without a reason by year"),
        ("placed again", "back within a week", "placed again, gap 7"),
        ("returns home", "back within a week", "returns, gap 7, 12"),
        ("placements followed", "clean rows"),
        ("unplanned ends by year", "unplanned"),
        ("moves by kind", "moved", "moves"),
        ("days", "days"),
        ("cost", "cost"),
        ("at risk", "at risk later", "curve", "episodes ended by sex"),
    } <= found
    sums = link(tables)
    same = {
        (dict(sums.names[each.whole].key).get("provider"), dict(sums.names[part].key).get("kind"))
        for each in sums.sums
        if len(each.parts) == 1
        for part in each.parts
    }
    assert ("state", "sis") in same


def test_the_numbers_of_income_support_hang_together(population: Population) -> None:
    """Spells that ran before or are too new, and those with support in the month, year and kind."""
    population("forsorjningsstod", 903, 60)
    flow = {"new spells", "spells that run on from before"}
    found = measures_added(registered("forsorjningsstod"), "count")
    assert ("spells", *sorted({"followed spells", *flow})) in found
    assert ("spells", *sorted(flow)) in found
    assert ("households by kind of payment", "households with any payment") in found
    assert ("households with support by year", "households") in found
    found = measures_added(registered("forsorjningsstod", gap=1), "count")
    assert ("running spells", "households in the last month") in found


def test_a_word_about_a_suppressed_month_is_suppressed(population: Population) -> None:
    """Whether a month is within its limits tells of its number."""
    population("fallprevention", 903, 60)
    months = release(registered("fallprevention"), "default", ()).table("months").suppressed
    assert months["events"].any()
    assert months.loc[months["events"], "signal"].all()


def test_each_step_is_a_part_of_the_one_before_also_by_sex(population: Population) -> None:
    """34 women said yes and 31 were examined: three were not, which the flow suppresses."""
    population("vhu_lss", 903, 60)
    released = release(registered("vhu_lss"), "default", ())
    shown = {name: released[name] for name in ("by_sex", "by_round", "places")}
    shown["places"] = shown["places"].rename(columns={"taking_part": "accepted"})
    # Who were examined stands by sex where the syndrome does.
    examined = released["syndrome_by_sex"].set_index("sex")["examined"]
    shown["by_sex"]["examined"] = shown["by_sex"]["sex"].map(examined)
    for name, table in shown.items():
        steps = table.reindex(columns=["invited", "accepted", "examined"])
        left = -steps.diff(axis="columns").drop(columns="invited").astype("float64")
        assert not left.isin([1, 2, 3, 4]).to_numpy().any(), name


def made_of(table: ReleasedTable, column: Field) -> set[str]:
    """The counts that a share, limit, effect or p-value is made of: those of its other numbers too,
    and the group of each part that it is ``of``."""
    fields = {each.name: each for each in table.columns}
    found: set[str] = set()
    todo = [column.name]
    while todo:
        own = fields[todo.pop()]
        leaders = [own.numerator, own.denominator, own.of, own.step]
        for name in leaders if own.kind != "count" else [own.of] if own.name == column.of else []:
            if name in fields and name not in found:
                found.add(name)
                todo.append(name)
    return {name for name in found if fields[name].kind == "count" and fields[name].personal}


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize(
    "name",
    ["fallprevention", *(pytest.param(n, marks=pytest.mark.slow) for n in EVALUATIONS[1:])],
)
def test_nothing_is_shown_of_a_suppressed_count(
    name: str, profile: str, population: Population
) -> None:
    """No limit, difference, ratio, p-value or mean whose counts are not all shown."""
    shown = 0
    for n in (60, 150):
        population(name, 903, n)
        released = release(registered(name), profile, ())
        for table in (released.table(each) for each in released):
            for column in table.columns:
                if column.kind in ("count", "text", "id") or not column.personal:
                    continue
                own = table.frame[column.name].notna()
                shown += int(own.sum())
                for count in sorted(made_of(table, column)):
                    assert not (own & table.suppressed[count]).any(), (n, table.name, column.name)
    assert shown > 100


def test_the_centre_of_a_chart_does_not_tell_a_rounded_sum(population: Population) -> None:
    """The centre times the resident-days is the number of falls: 116, where the page says 115."""
    population("fallprevention", 903, 150)
    tables = registered("fallprevention")
    months = release(tables, "default", ())["months"]
    told = (months["centre"].dropna() * months["days"].sum() / 1000).round(6).unique().tolist()
    (whole,) = (table.frame["events"].sum() for table in tables if table.name == "months")
    assert told == [whole]
    limits = release(tables, "strict", ())["months"][["centre", "lower", "upper"]]
    assert limits.isna().all(axis=None)


@pytest.mark.slow
def test_municipalities_and_all_of_them_open_each_other(population: Population) -> None:
    """What is then known of each suppressed count is so: its true value is among those left."""
    population("vhu_lss", 903, 60)
    everything = {"": registered("vhu_lss")}
    for place in ("Robertsfors", "Storuman", "Umeå", "Vännäs"):
        everything[place] = registered("vhu_lss", municipality=place)
    truth = {
        (place, at): float(linked.value[index])
        for place, tables in everything.items()
        for linked in [link(tables)]
        for at, index in linked.at.items()
    }
    reports = {
        place: Shown(place, from_json(to_json(release(tables, "default", ()))), RULES["default"])
        for place, tables in everything.items()
    }
    found = opened_by_parts(
        [reports[""]], {place: [each] for place, each in reports.items() if place}, "municipality"
    )
    assert found
    assert all(low <= truth[report, at] <= high for report, at, low, high in found)


def test_all_years_of_vhu_are_those_of_the_report_where_it_covers_them(
    population: Population,
) -> None:
    """The persons of the introduction are the eligible: one cell, hidden or shown together."""
    population("vhu_lss", 903, 60)
    tables = registered("vhu_lss")
    cells = link(tables)
    eligible = {
        place.table
        for index, name in enumerate(cells.names)
        if name.measure == "eligible" and not name.key
        for place in cells.places.get(index, [])
    }
    assert {"flow", "introduction", "course", "introduction_variants"} <= eligible


def test_those_not_examined_are_as_many_as_their_reasons(population: Population) -> None:
    population("vhu_lss", 903, 60)
    cells = link(registered("vhu_lss"))
    wholes = {
        tuple(sorted(cells.names[part].measure for part in each.parts))
        for each in cells.sums
        if cells.names[each.whole].measure == "eligible"
    }
    assert ("examined", "not examined") in wholes
    reasons = [each for each in cells.sums if cells.names[each.whole].measure == "not examined"]
    assert {cells.names[part].measure for each in reasons for part in each.parts} == {
        "not examined"
    }


def test_the_states_of_assessed_residents_add_up(population: Population) -> None:
    """Each a measure of its own: of those with a risk nobody is taken to be none."""
    population("fallprevention", 904, 60)
    tables = registered("fallprevention")
    cells = link(tables)
    parts = {
        tuple(cells.names[part].measure for part in each.parts)
        for each in cells.sums
        if cells.names[each.whole].measure == "assessed residents"
    }
    assert tuple(sorted(STATES.values())) in {tuple(sorted(each)) for each in parts}
    # Nobody was lost or without a score: withheld once, since that followed from the rest.
    release(tables, "strict", ())


# --- what is left to read -------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("n", [60, 120])
def test_the_summary_of_vhu_has_its_numbers(population: Population, n: int, profile: str) -> None:
    """Whom it is about, who were examined, and each step that the loss of one does not tell."""
    population("vhu_lss", 1, n)
    tables = registered("vhu_lss")
    true = next(table for table in tables if table.name == "flow").frame.set_index("step")
    released = release(tables, profile, ())
    flow = released["flow"].set_index("step")["numerator"]
    assert flow[["eligible", "examined", "followed_up"]].notna().all()
    small = true["lost"].le(RULES[profile].largest)
    if not small[["invited", "accepted", "examined"]].any():
        assert flow.notna().all()


@pytest.mark.parametrize("n", [60, 120])
def test_the_summary_of_falls_has_its_numbers(population: Population, n: int) -> None:
    population("fallprevention", 1, n)
    released = release(registered("fallprevention"), "default", ())
    rates = released["rates"].query("year == '2023'")
    assert rates[["events", "value", "lower", "upper"]].notna().to_numpy().all()
    assert released["injuries"][["events", "value"]].iloc[-1].notna().all()
    bounds = ["known", "unknown", "base", "least", "most"]
    assert released["severity_bounds"][bounds].notna().to_numpy().all()
    assert released["closure"]["value"].notna().all()


# --- the attacker who has learnt what is not ----------------------------------------------------


def of_the_tables(relation: Relation) -> bool:
    """Not a relation between single municipalities or homes (see `DEALT_OUT`)."""
    places = [dict(name.key).get(d) for name, _ in relation for d in DEALT_OUT]
    return len({place for place in places if place is not None}) < 2 or len(relation) > 4


@pytest.mark.slow
@pytest.mark.parametrize("name", EVALUATIONS)
def test_what_is_learnt_of_made_up_populations_opens_nothing(
    name: str, population: Population
) -> None:
    """For each way to restrict the report: what always holds in 16 populations, used against four
    others of 14, 25 and 60."""
    ways = RESTRICTED[name]
    learnt: list[list[Cells]] = [[] for _ in ways]
    for seed, n in LEARNT_FROM:
        population(name, seed, n)
        for own, way in zip(learnt, ways, strict=True):
            own.append(Cells.of(registered(name, **way)))
    relations = [[r for r in learn(own, four=False) if of_the_tables(r)] for own in learnt]
    zero = [always_zero(own) for own in learnt]
    findings = []
    for seed, n in ATTACKED:
        population(name, seed, n)
        for way, found, nobody in zip(ways, relations, zero, strict=True):
            tables = registered(name, **way)
            for profile in ("default", "strict"):
                try:
                    leaks = opened(tables, profile, found, nobody)
                except Withheld:  # it has no public edition: nothing to open
                    continue
                findings += [f"{way} {seed} {n} {profile}: {leak}" for leak in leaks]
    assert findings == []
