"""Poisoned data through the whole chain: numbers and names everywhere, and nothing leaves.

Every text column, file name, sheet name, heading, parameter and exception text holds an identity
number and a name. What may hold them is the raw folder and its quarantine; everything else that a
command writes or says must not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from tests.conftest import Run
from tests.projects import PARAMETERS, ROOT, make_project, small_notebook
from umea_eval import cli
from umea_eval.intake.store import read_manifest
from umea_eval.processed.load import stale
from umea_eval.settings import read_settings
from umea_eval.terminal import tell

# Official test numbers (Skatteverket), and a name that nobody has.
NUMBERS = ("189001019802", "189001029819", "191401682396")
NAME = "Xantippa Kvistberg"
POISON = f"{NAME} {NUMBERS[0][:8]}-{NUMBERS[0][8:]}"
# A name that no list has, and that nobody has either.
STRANGER = "Qvintilla Snårhake"


def leaked(text: str) -> list[str]:
    """What of the poison stands in a text, in any of its usual forms."""
    digits = re.sub(r"[-+ ]", "", text)
    found = [number for number in NUMBERS if number[2:] in digits]
    return found + [word for word in NAME.split() if word.casefold() in text.casefold()]


def everything(folder: Path) -> dict[str, str]:
    """All files below a folder as text, with their names; Parquet as its values and metadata."""
    texts = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            texts[name] = name
        elif path.suffix == ".parquet":
            import pyarrow.parquet as pq

            frame = pd.read_parquet(path)
            values = frame.astype(object).to_csv()
            texts[name] = f"{name} {values} {pq.read_schema(path).metadata}"
        else:
            texts[name] = name + path.read_bytes().decode("utf-8", "replace")
    return texts


def nothing_left(project: Path, *done: subprocess.CompletedProcess[str]) -> None:
    for each in done:
        assert leaked(each.stdout) == [], each.stdout
        assert leaked(each.stderr) == [], each.stderr
    for folder in ("reports", "data/processed"):
        for name, text in everything(project / folder).items():
            assert leaked(text) == [], (folder, name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path / "project", {})
    for name in ("test_personnummer.csv", "test_samordningsnummer.csv"):
        shutil.copy(ROOT / "data/raw/public" / name, folder / "data/raw/public")
    (folder / "names.txt").write_text(f"{NAME}\nXantippa\nKvistberg\n", encoding="utf-8")
    return folder


HEADINGS = ("Personnummer", "Ärendenummer", "Avser månad", "Belopp", "Biståndstyp", "Handläggare")
ROWS = [
    (NUMBERS[0], "100", "2023-01", "8 450,00", "Försörjningsstöd", POISON),
    (NUMBERS[1], "200", "2023-01", "9 100,00", "Försörjningsstöd", POISON),
    (NUMBERS[2], "300", "2023-02", POISON, "Försörjningsstöd", POISON),
    (NUMBERS[0], "100", POISON, "8 450,00", "Försörjningsstöd", POISON),
    (NUMBERS[1], POISON, "2023-03", "9 100,00", POISON, POISON),
    (POISON, "400", "2023-03", "9 100,00", "Försörjningsstöd", POISON),
]


def test_clean_lets_nothing_out_of_any_column_or_name(project: Path, umea_eval: Run) -> None:
    settings = read_settings(project)
    home = project / "data/raw/forsorjningsstod"
    (home / STRANGER).mkdir(parents=True)
    file = home / STRANGER / f"utbetalningar {NAME} {NUMBERS[1]} 2024-02-01.csv"
    extra = "Anteckning"
    lines = [(*HEADINGS, extra), *((*row, POISON) for row in ROWS)]
    file.write_text("\n".join(";".join(line) for line in lines) + "\n", encoding="utf-8")
    book = xlsxwriter.Workbook(home / f"fler {STRANGER} 2024-03-01.xlsx")
    sheet = book.add_worksheet(f"{NUMBERS[2][:8]}-{NUMBERS[2][8:]}")
    for number, line in enumerate([HEADINGS, *ROWS]):
        sheet.write_row(number, 0, line)
    other = book.add_worksheet(f"Blad {STRANGER}")
    for number, line in enumerate([HEADINGS, *ROWS[:1]]):
        other.write_row(number, 0, line)
    book.close()
    done = umea_eval(project, "clean", "forsorjningsstod")
    assert done.returncode == 0, done.stderr
    as_json = umea_eval(project, "clean", "--json")
    assert as_json.returncode == 0, as_json.stderr
    nothing_left(project, done, as_json)
    for name, text in everything(project / "data/processed").items():
        for word in STRANGER.split():
            assert word.casefold() not in text.casefold(), name
    # The person at the terminal, and the quarantine beside the files, have the names as they are.
    assert STRANGER in "".join(everything(home / ".quarantine").values())
    stored = read_manifest(project / "data/processed/forsorjningsstod")["provenance"]
    assert sorted(re.sub(r"[0-9a-f]{6}\)", ")", name) for name in stored["files"]) == [
        "fler … 2024-03-01 ().xlsx",
        "…/utbetalningar … 2024-02-01 ().csv",
    ]
    assert stale("forsorjningsstod", project / "data/processed/forsorjningsstod", settings) == []
    file.write_text("Personnummer\n", encoding="utf-8")
    assert "source" in stale(
        "forsorjningsstod", project / "data/processed/forsorjningsstod", settings
    )


BUGS = {
    "an exception": (f"raise ValueError('{POISON}')", 1),
    "a print": (f"print('{POISON}')", 2),
    "a comment in the code": (f"a = 1  # {POISON}", 3),
}


def test_a_report_lets_nothing_out_of_a_cell(project: Path, umea_eval: Run) -> None:
    for number, (source, code) in enumerate(BUGS.values()):
        text = small_notebook(source)
        (project / f"notebooks/n{number}.ipynb").write_text(text, encoding="utf-8")
        done = umea_eval(project, "report", f"n{number}")
        assert done.returncode == code, done.stderr
        nothing_left(project, done)


def test_poisoned_parameters_leave_no_trace(project: Path, umea_eval: Run) -> None:
    parameters = PARAMETERS + '\nplace: str = "alla"  # Plats | Place'
    text = small_notebook(
        'report.text({"sv": "Plats: {p}", "en": "Place: {p}"}, {"p": place})', parameters=parameters
    )
    (project / "notebooks/small.ipynb").write_text(text, encoding="utf-8")
    for assignment, code in ((f"place={POISON}", 3), (f"period={NUMBERS[1]} a", 2)):
        done = umea_eval(project, "report", "small", "-p", assignment)
        assert done.returncode == code, done.stderr
        nothing_left(project, done)


def test_a_poisoned_table_is_withheld_and_the_index_says_why_without_the_value(
    project: Path, umea_eval: Run
) -> None:
    (project / "data/raw/public/figures.csv").write_text(
        f"name,value\nUmeå,1\n{POISON},2\n", encoding="utf-8"
    )
    (project / "notebooks/small.ipynb").write_text(small_notebook(), encoding="utf-8")
    done = umea_eval(project, "report", "small")
    assert done.returncode == 3, done.stderr
    nothing_left(project, done)
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert "identitetsnummer" in index


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_what_is_mistyped_is_not_repeated_with_a_number_or_a_name(
    project: Path,
    language: str,
    named: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project)
    number = f"{NUMBERS[0]} {NAME}" if named else NUMBERS[0]
    for arguments in (
        ("report", number),
        ("report", "small", number),
        ("clean", number),
        ("clean", "forsorjningsstod", f"{number}.csv"),
        ("audit", f"{number}.csv"),
        (number,),
        (f"--{number}",),
        ("scan", f"{number}.csv"),
        ("release", number, "--by", number),
        ("link", number, number),
    ):
        assert cli.run(["--language", language, *arguments]) == 2, arguments
        said = capsys.readouterr()
        assert said.err
        assert leaked(said.out + said.err) == [], arguments


BATCH = f"""notebook;period;place
small;2023;{POISON}
small;2022;{NAME}
small;{POISON};
{POISON};2023;
broken;2023;
"""


def test_a_poisoned_batch_leaves_no_trace(project: Path, umea_eval: Run) -> None:
    parameters = PARAMETERS + '\nplace: str = "alla"  # Plats | Place'
    for name, source in (("small", "a = 1"), ("broken", f"raise KeyError('{POISON}')")):
        text = small_notebook(source, parameters=parameters)
        (project / f"notebooks/{name}.ipynb").write_text(text, encoding="utf-8")
    (project / "batch.csv").write_text(BATCH, encoding="utf-8")
    planned = umea_eval(project, "batch", "plan", "batch.csv")
    assert planned.returncode == 4, planned.stderr
    done = umea_eval(project, "batch", "run", "batch.csv")
    assert done.returncode == 4, done.stderr
    nothing_left(project, planned, done)


def test_names_are_masked_as_whole_words_and_in_the_genitive(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    tell("Filen Xantippa Kvistbergs.csv, XANTIPPA och Kvistbergstorp")
    assert capsys.readouterr().err == "Filen ….csv, … och Kvistbergstorp\n"
