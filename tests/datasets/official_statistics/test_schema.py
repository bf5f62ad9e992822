from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.key_figures.tables import PUBLIC
from umea_eval.datasets.official_statistics import measures
from umea_eval.datasets.official_statistics.schema import (
    LOADERS,
    VASTERBOTTEN,
    load_households,
    load_kolada,
    load_municipalities,
    load_obstacles,
    load_test_numbers,
    load_vip_reference,
)
from umea_eval.errors import UserError

HOUSEHOLDS = PUBLIC / "socialstyrelsen_ekonomiskt_bistand_2017_jan-aug.csv"


def test_every_public_table_has_a_loader_and_a_source() -> None:
    tables = {path.name for path in PUBLIC.glob("*.csv")} - {"published_key_figures.csv"}
    assert tables == set(LOADERS)
    sources = (PUBLIC / "SOURCES.md").read_text(encoding="utf-8")
    for path in PUBLIC.glob("*.csv"):
        assert path.name in sources


def test_suppressed_and_missing_are_two_things_and_never_a_number() -> None:
    frame = load_households(HOUSEHOLDS)
    counts = frame["status"].value_counts()
    assert counts.to_dict() == {"published": 4274, "suppressed": 211, "missing": 171}
    assert frame.loc[frame["status"] != "published", "households"].isna().all()
    assert frame.loc[frame["status"] == "published", "households"].notna().all()


def test_thousands_and_codes_are_read() -> None:
    frame = load_households(HOUSEHOLDS)
    stockholm = frame[(frame["municipality_code"] == "0180") & (frame["month"] == "2017-01")]
    assert stockholm["households"].tolist() == [3067, 4311]
    umea = frame[(frame["municipality_code"] == "2480") & (frame["birth"] == "native")]
    assert umea["households"].tolist() == [395, 533, 529, 558, 580, 551, 538, 555]
    assert set(VASTERBOTTEN) < set(frame["municipality_code"])


def test_obstacle_codes_have_their_zeros_and_their_years() -> None:
    frame = load_obstacles(PUBLIC / "code_list_forsorjningshinder.csv").set_index("code")
    assert frame.loc["011", "name"] == "Arbetslös, otillräcklig ersättning"
    assert frame.loc["011", "valid_to"] == 2016
    assert frame.loc["111", "valid_from"] == 2017
    assert frame.loc["090", "name"] == "Utan försörjningshinder"
    assert frame.loc["999", "name"] == "hinder saknas"


def test_other_public_tables() -> None:
    municipalities = load_municipalities(PUBLIC / "municipalities_and_regions.csv")
    assert municipalities["kind"].value_counts().to_dict() == {
        "municipality": 290,
        "region": 21,
        "country": 1,
    }
    assert "0024" in set(municipalities["code"])
    assert load_kolada(PUBLIC / "kolada_key_figures.csv")["by_sex"].dtype == "bool[pyarrow]"
    vip = load_vip_reference(PUBLIC / "vip_reference_long2014.csv")
    bmi = vip[(vip["variable"] == "bmi_mean") & (vip["sex"] == "women")]
    assert bmi["value"].tolist() == [25.3, 25.6, 26.0, 26.0]
    assert len(load_test_numbers(PUBLIC / "test_personnummer.csv")) == 41493
    assert len(load_test_numbers(PUBLIC / "test_samordningsnummer.csv")) == 2264


@pytest.mark.parametrize("cell", ["1–4", "abc", "3.5", ""])
def test_an_unknown_mark_is_refused(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "h.csv"
    path.write_text(
        "kommunkod,Region,ar,manad_nr,hushallstyp_fodelse,antal_hushall_raw\n"
        f"2480,Umeå,2017,1,Inrikes födda,{cell}\n",
        encoding="utf-8",
    )
    with pytest.raises(UserError, match="rad 2, kolumnen antal_hushall_raw"):
        load_households(path)


def test_the_monthly_table_has_one_row_per_municipality_and_group_and_no_total() -> None:
    households = load_households(HOUSEHOLDS)
    table = measures.monthly_table(households, VASTERBOTTEN)
    assert len(table) == 30
    assert table["municipality_code"].is_monotonic_increasing
    storuman = table[(table["municipality"] == "Storuman") & (table["birth"] == "native")].iloc[0]
    assert storuman["2017-02"] == 29
    assert storuman["2017-01 suppressed"]
    vannas = table[(table["municipality"] == "Vännäs") & (table["birth"] == "native")].iloc[0]
    assert not vannas["2017-01 suppressed"]


def test_the_break_in_umea_is_marked_and_other_municipalities_have_none() -> None:
    households = load_households(HOUSEHOLDS)
    umea = measures.across_break(measures.course(households, "2480"), "sv")
    assert (umea["before"], umea["after"]) == ("januari 2017", "februari 2017")
    assert (umea["native_before"], umea["native_after"]) == (395, 533)
    assert measures.across_break(measures.course(households, "2482"), "sv") == {}


def test_the_account_of_cells_adds_up() -> None:
    available = measures.availability(load_households(HOUSEHOLDS), VASTERBOTTEN)
    counts = measures.cell_counts(available)
    assert counts == {"cells": 240, "published": 194, "suppressed": 40, "missing": 6}
    table = measures.cells_by_status(available)
    assert (table["cells"] == table["published"] + table["suppressed"] + table["missing"]).all()
