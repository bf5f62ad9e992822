"""The Care Need Index from delivery to tables: by hand, and back from messy example files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.intake.office import xlsx
from umea_eval.datasets.care_need import results
from umea_eval.datasets.care_need.cleaning import clean
from umea_eval.datasets.care_need.measures import WEIGHTS, indexed, year_to_year
from umea_eval.datasets.care_need.published import decisions, published_figures
from umea_eval.datasets.care_need.schema import SCHEMAS
from umea_eval.datasets.care_need.synthetic import EXTRACTION, names_of, simulate
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.pseudonym import Key

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
SETTINGS = CleaningSettings(Identification(Key(bytes(range(32))), "care_need"), EXTRACTION)

# As SCB's table would come out of Excel: a title, groups above the headings, a sum and a note.
DELIVERY = """\
Care Need Index 2022;;;;;;;;;
;;Antal personer;;;;;;;
Vårdcentral;År;Antal listade;Ensamboende 65+;Utlandsfödda;Arbetslösa;Ensamstående med barn;\
Inflyttade;Lågutbildade;Barn under 5 år
A;2022;5 912;484;1 391;981;167;385;632;595
B;2022;4000;300;200;150;80;400;250;220
B;2022;4000;300;200;150;80;400;250;220
C;2022;100;300;10;5;2;4;3;1
D;2022;3000;;100;100;50;300;200;150
E;2022;;200;100;100;50;300;200;150
Summa;;13012;;;;;;;
Källa: exempel
"""


def read_clean(path: Path) -> CleanResult:
    return clean(read_export(path), SETTINGS)


def test_a_delivery_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "cni 2024-02-01.csv"
    path.write_bytes(DELIVERY.replace("\n", "\r\n").encode("cp1252"))
    found = read_clean(path)
    assert found.clean["centre"].tolist() == ["A", "B"]
    assert found.clean.loc[0, list(WEIGHTS)].tolist() == [484, 1391, 981, 167, 385, 632, 595]
    faults = found.quarantine[["row", "column", "reason"]].to_numpy().tolist()
    assert faults == [
        [7, "listed", "count_above_listed"],  # 300 of 100 live alone
        [8, "centre", "nothing_to_index"],  # one count of seven is missing
        [9, "listed", "missing_value"],
    ]
    assert found.ledger.as_dict(found.corrections)["duplicates"] == 1


def test_the_index_alone_and_the_wrong_scale(tmp_path: Path) -> None:
    path = tmp_path / "index 2024-02-01.csv"
    rows = ["A;2021;1000;1,2", "B;2021;1000;0,9", "C;2021;1000;1,0"]
    rows += ["A;2022;1000;2,9", "B;2022;1000;2,3", "C;2022;1000;2,5"]
    path.write_text("Hälsocentral;År;Listade;CNI\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = read_clean(path)
    table = found.clean.set_index(["centre", "year"])
    # Around 2.5 is the raw index, whatever the heading says.
    assert table.loc[("A", 2021), "cni"] == 1.2
    assert np.isnan(table.loc[("A", 2022), "cni"])
    assert table.loc[("A", 2022), "raw"] == 2.9
    assert found.provenance["index_was_raw"] == 3
    own = indexed(found.clean)
    assert own.loc[own["year"] == 2022, "cni"].tolist() == pytest.approx(
        [2.9 / (7.7 / 3), 2.3 / (7.7 / 3), 2.5 / (7.7 / 3)]
    )


def test_a_year_in_the_name_of_a_sheet(tmp_path: Path) -> None:
    heads = ["Enhet", "Befolkning", "Index"]
    path = tmp_path / "CNI leverans.xlsx"
    path.write_bytes(xlsx({"2021": [heads, ["A", 100, 250.5]], "2022": [heads, ["A", 110, 300.0]]}))
    found = read_clean(path)
    assert found.clean[["centre", "year", "listed", "weighted_sum"]].to_numpy().tolist() == [
        ["A", 2021, 100, 250.5],
        ["A", 2022, 110, 300.0],
    ]
    assert found.provenance["dated_by_name"] == 2


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[CleanResult, dict[str, object]]:
    folder = tmp_path_factory.mktemp("care_need")
    made = simulate(numbers=PUBLIC)
    write_example(made, SCHEMAS, folder, extraction=EXTRACTION, messy=True)
    return read_clean(folder), dict(made.truth)


def test_messy_files_give_back_what_was_simulated(
    planted: tuple[CleanResult, dict[str, object]],
) -> None:
    found, _ = planted
    made = simulate(numbers=PUBLIC).frames["centres"]
    columns = ["centre", "year", "listed", *WEIGHTS]
    back = found.clean[columns].astype({"centre": "str"}).sort_values(["year", "centre"])
    pd.testing.assert_frame_equal(
        back.reset_index(drop=True),
        made[columns].sort_values(["year", "centre"], ignore_index=True),
        check_dtype=False,
    )


def test_the_planted_truth_is_found(planted: tuple[CleanResult, dict[str, object]]) -> None:
    found, truth = planted
    data = results.found(found.tables, results.Choices(2022))
    planted_cni = truth["cni"][2022]  # type: ignore[index]
    own = data.year.set_index("centre")
    inside = [
        own.loc[name, "lower"] <= index <= own.loc[name, "upper"]
        for name, index in planted_cni.items()
    ]
    assert np.mean(inside) >= 0.85  # 95 per cent of 38, give and take chance
    assert results.special_centres(data) == truth["special"]
    assert data.budget == truth["paid"]
    rising = year_to_year(data.table)
    one = rising[rising["centre"] == truth["rising"]]
    assert one["value"].sum() > 0.2
    assert one["beyond_chance"].all()
    # Nothing but chance at the others: about one change in twenty looks like more.
    others = rising[rising["centre"] != truth["rising"]]
    assert others["beyond_chance"].mean() < 0.1


def test_the_tables_of_the_report_fit_together(
    planted: tuple[CleanResult, dict[str, object]],
) -> None:
    choices = results.Choices(2022)
    data = results.found(planted[0].tables, choices)
    money = results.allocation(data, choices).set_index("receiver")
    parts = money.drop(index="total")
    for name in ("listed", "amount", "by_need", "special"):
        assert parts[name].sum() == money.loc["total", name]
    assert money.loc["total", ["amount", "by_need"]].tolist() == [data.budget, data.budget]
    groups = results.groups(data, choices).pivot_table(
        index="variable", columns="group", values="count"
    )
    assert (groups["above"] + groups["below"] == groups["total"]).all()
    index = results.index_rows(data, choices)
    assert index["cni"].is_monotonic_decreasing
    assert index["chosen"].sum() == (data.year["cni"] > 1.1).sum()
    drawn = results.lines(results.course(data, choices))
    assert list(drawn.columns) == [*results.special_centres(data), "month"]
    asked = results.what_if_rows(data, choices)
    assert len(asked) == 9


def test_centres_have_no_real_names() -> None:
    assert names_of(28)[:3] == ["A", "B", "C"]
    assert names_of(28)[25:] == ["Z", "AA", "AB"]
    assert set(simulate(5, numbers=PUBLIC).frames["centres"]["centre"]) == set("ABCDE")


def test_the_published_figures_have_their_sources() -> None:
    found = published_figures(PUBLIC / "published_key_figures.csv")
    assert found["value"].tolist() == [150000, 2, 1.1, 2]
    assert found["source"].iloc[0] == "Ordförandebeslut, rad 19; Protokollsutdrag §8, rad 23"
    told = decisions("sv")
    assert told["when"].tolist() == ["2021", "2022-02-08", "2022", "2023"]
    assert len(decisions("en")) == len(told)
