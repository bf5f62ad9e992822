"""Surveys from the exports of tools and from typed forms: by hand, and back from messy files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.intake.office import xlsx
from umea_eval.datasets.survey import results
from umea_eval.datasets.survey.cleaning import clean
from umea_eval.datasets.survey.synthetic import EXTRACTION, WORDINGS, simulate
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.pseudonym import Key

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
SETTINGS = CleaningSettings(Identification(Key(bytes(range(32))), "survey"), EXTRACTION)

QUESTIONNAIRE = """\
Fråga;Frågetext;Svarskod;Svarsalternativ;Positivt svar;Räknas i basen;Målvärde
F1;Får du vara med och bestämma?;1;Helt;Ja;Ja;80
F1;Får du vara med och bestämma?;2;Till stor del;Ja;Ja;80
F1;Får du vara med och bestämma?;3;Inte alls;Nej;Ja;80
F1;Får du vara med och bestämma?;9;Vet inte;Nej;Nej;80
F10;Lyssnar personalen på dig?;1;Ja;Ja;Ja;
F10;Lyssnar personalen på dig?;2;Nej;Nej;Ja;
F2;Något mer?;;;;;
"""
# As a survey tool writes it: the questions in one row, what kind of answer in the next, texts.
TOOL = """\
Respondent ID;End Date;Är du;Får du vara med och bestämma?;F10. Lyssnar personalen på dig?;F2
;;Response;Response;Response;Open-Ended Response
11;2023-09-01;Kvinna;Helt;Ja;Ring mig
12;2023-09-02;Man;1 = Helt;Nej;
13;2023-09-03;Vill inte uppge;Till stor del;Ja;
14;2023-09-04;;Vet inte;;
"""
# Forms typed in by hand, as codes: blank, two boxes ticked, a number that is none of the answers.
FORMS = [
    ["Om dig", "", "", "Frågor", ""],
    ["Löpnr", "Kön", "Hjälp att svara", "F1", "F10"],
    ["P1", "K", "Själv", 1, 1],
    ["P2", "M", "Med hjälp", "1,2", 2],
    ["P3", "K", "Anhörig svarade", 7, ""],
    ["P4", "M", "Själv", "2 och 3", 1],
    ["P5", "K", "Själv", 3.0, "Kanske"],
    ["", "K", "Själv", 1, 1],
    ["P6", "Q", "Själv", 1, 1],
]


def read_clean(path: Path, settings: CleaningSettings = SETTINGS) -> CleanResult:
    return clean(read_export(path), settings)


@pytest.fixture
def found(tmp_path: Path) -> CleanResult:
    (tmp_path / "formulär 2024-02-01.csv").write_text(QUESTIONNAIRE, encoding="utf-8-sig")
    tool = TOOL.replace("\n", "\r\n").encode("cp1252")
    (tmp_path / "webb 2024-02-01.csv").write_bytes(tool)
    (tmp_path / "papper 2024-02-01.xlsx").write_bytes(xlsx({"Enkät 2022": FORMS}))
    return read_clean(tmp_path)


def test_a_tool_and_typed_forms_by_hand(found: CleanResult) -> None:
    rows = found.clean.sort_values(["year", "source_row"])
    assert rows["year"].tolist() == [2022] * 5 + [2023] * 4  # of the sheet's name, and of the date
    answers = rows["answer_f1"].astype("object")
    assert answers.where(answers.notna(), None).tolist() == [
        *("1", "double", "invalid", "double", "3"),
        *("1", "1", "2", "9"),
    ]
    listened = rows["answer_f10"].astype("object")
    assert listened.where(listened.notna(), None).tolist() == [
        *("1", "2", None, "1", "invalid"),
        *("1", "2", "1", None),
    ]
    assert rows["help"].astype("object").tolist()[:3] == ["self", "helped", "proxy"]
    assert rows["sex"].astype("object").tolist()[5:8] == ["women", "men", "not_stated"]


def test_a_bad_answer_keeps_its_row_and_a_bad_row_does_not(found: CleanResult) -> None:
    where = found.quarantine[["row", "column", "reason"]].to_numpy().tolist()
    assert where == [[8, "respondent", "missing_value"], [9, "sex", "unknown_code"]]
    assert found.provenance["double_marks"] == 2
    assert found.provenance["invalid_answers"] == 2
    # The tool's second row is a heading, too: 6 rows, 2 of them headings.
    account = found.ledger.table.set_index("file").loc["webb 2024-02-01.csv"]
    assert account[["rows", "clean", "headings_and_totals"]].tolist() == [6, 4, 2]


def test_comments_stay_behind(found: CleanResult) -> None:
    assert found.clean["answer_f2"].dtype == "bool[pyarrow]"
    assert found.clean["answer_f2"].sum() == 1
    assert "Ring" not in found.clean.to_csv()


def test_a_survey_without_its_questionnaire_says_so(tmp_path: Path) -> None:
    (tmp_path / "webb.csv").write_text(TOOL, encoding="utf-8")
    with pytest.raises(UserError, match="Frågeformuläret saknas"):
        read_clean(tmp_path)


def test_keys_that_differ_in_marks_only_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "formulär.csv"
    path.write_text(QUESTIONNAIRE.replace("F10", "F.1"), encoding="utf-8")
    with pytest.raises(UserError):
        # F1 and F.1 are two columns, F.1 and F-1 would be one.
        path.write_text(
            QUESTIONNAIRE.replace("F10", "F.1").replace("F1;", "F-1;"), encoding="utf-8"
        )
        read_clean(path)


def test_the_users_own_heading_for_a_question(tmp_path: Path) -> None:
    (tmp_path / "formulär.csv").write_text(QUESTIONNAIRE, encoding="utf-8")
    heads = "RespondentID;År;Bestämma\n1;2023;Helt\n2;2023;Inte alls\n"
    (tmp_path / "svar.csv").write_text(heads, encoding="utf-8")
    own = replace(SETTINGS, mappings={"responses": {"Bestämma": "answer_f1"}})
    assert read_clean(tmp_path, own).clean["answer_f1"].astype("object").tolist() == ["1", "3"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[CleanResult, dict[str, object]]:
    folder = tmp_path_factory.mktemp("survey")
    made = simulate(numbers=PUBLIC)
    write_example(made, made.schemas, folder, extraction=EXTRACTION, messy=True)
    return read_clean(folder), dict(made.truth)


@pytest.fixture(scope="module")
def survey(planted: tuple[CleanResult, dict[str, object]]) -> results.Survey:
    return results.survey(planted[0].tables, results.Choices(2023))


@pytest.fixture(scope="module")
def changed(survey: results.Survey) -> pd.DataFrame:
    return results.changes(survey)


def test_messy_files_give_back_what_was_simulated(
    planted: tuple[CleanResult, dict[str, object]],
) -> None:
    found, truth = planted
    made = simulate(numbers=PUBLIC).frames
    assert {name: len(frame) for name, frame in found.tables.items()} == {
        name: len(frame) for name, frame in made.items()
    }
    own = found.clean.groupby("year").size().to_dict()
    assert own == truth["answered"]
    marks = found.clean[[f"answer_f{number}" for number in range(1, 7)]].astype("object")
    assert int((marks == "double").to_numpy().sum()) == truth["double_marks"]
    assert int((marks == "invalid").to_numpy().sum()) == truth["invalid_answers"]


def test_the_planted_truth_is_found(
    planted: tuple[CleanResult, dict[str, object]], survey: results.Survey, changed: pd.DataFrame
) -> None:
    truth = planted[1]
    assert survey.before == 2022
    shares = results.shares(survey).set_index("question")
    # In F2 women were given ten points more: about half of the respondents are women.
    for question in WORDINGS:
        share = truth["positive"][question][2023]  # type: ignore[index]
        extra = 0.05 if question == "F2" else 0.0
        assert shares.loc[question, "lower"] <= share + extra <= shares.loc[question, "upper"]
    told = changed.loc[changed["differs"], "question"].tolist()
    assert told == ["F4"]  # 79 to 59 among more than 200
    rates = results.rates(survey, "sex").set_index("sex")
    assert list(rates.index) == ["women", "men", "third", "total"]
    assert rates.loc["total", "answered"] == truth["answered"][2023]  # type: ignore[index]
    assert rates.loc["women", "share"] > rates.loc["men", "share"]
    coding = results.coding(survey)
    assert coding["agreed"].tolist() == [truth["agreeing"]] * 2


def test_a_selection_by_unit_and_a_year_without_answers(
    planted: tuple[CleanResult, dict[str, object]],
) -> None:
    tables = planted[0].tables
    one = results.survey(tables, results.Choices(2023, unit="boendestöd"))
    assert set(one.responses["unit"]) == {"Boendestöd"}
    assert one.frame is not None
    assert set(one.frame["unit"]) == {"Boendestöd"}
    nobody = results.survey(tables, results.Choices(2030))
    assert nobody.empty
    assert nobody.answers.empty
    assert results.reached(nobody)["answered"].tolist() == [0]
    first = results.survey(tables, results.Choices(2022))
    assert first.before is None
    assert first.comparison is None


def test_the_tables_of_the_report_fit_together(
    survey: results.Survey, changed: pd.DataFrame
) -> None:
    sexes = results.by_sex(survey)
    counts = sexes.pivot_table(index="question", columns="sex", values="valid")
    assert (counts[["women", "men", "third"]].sum(axis=1) == counts["total"]).all()
    shares = results.shares(survey).set_index("question")
    assert (counts["total"] == shares["valid"]).all()
    items = results.item_nonresponse(survey)
    parts = items[["valid", "not_counted", "blank", "double", "invalid"]].sum(axis=1)
    assert (parts == len(survey.responses)).all()
    printed = results.printed(survey, sexes, changed)
    assert printed["share"].tolist() == shares["share"].tolist()
    rules = results.rules(survey, results.Choices(2023))
    assert rules.groupby("rule")["chosen"].sum().to_dict() == {
        **{"questionnaire": 6, "top": 0, "top_two": 0}
    }
    assert pd.Index(results.cities(survey)["question"]).equals(pd.Index(WORDINGS))
