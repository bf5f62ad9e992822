"""Example data, cleaning, codebook, key, decisions and links as whole commands."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import umea_eval as ue
from tests.conftest import Run, command
from tests.projects import ROOT, tree
from umea_eval.datasets import DATASETS
from umea_eval.settings import read_settings

SUMMED = ("duplicates", "superseded", "other_tables", "headings_and_totals")
# Official test numbers (Skatteverket).
ANNA, BO, CIM = "189001019802", "189001029819", "191401682396"
PAYMENTS = f"""\
Personnummer;Ärendenummer;Avser månad;Belopp;Biståndstyp;Handläggare
{ANNA};100;2023-01;8 450,00;Försörjningsstöd;Prova Provsson
{BO};200;2023-01;9 100,00;Försörjningsstöd;Prova Provsson
{BO};200;2023-02;nio tusen;Försörjningsstöd;Prova Provsson
{CIM[:-1]}7;300;2023-01;7 000,00;Försörjningsstöd;Prova Provsson
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the official test numbers and no data of its own."""
    folder = tmp_path / "project"
    (folder / "data/raw/public").mkdir(parents=True)
    (folder / "umea_eval.toml").write_text("", encoding="utf-8")
    for name in ("test_personnummer.csv", "test_samordningsnummer.csv"):
        shutil.copy(ROOT / "data/raw/public" / name, folder / "data/raw/public")
    return folder


@pytest.fixture
def real(project: Path) -> Path:
    """The project with a small register in its raw folder."""
    folder = project / "data/raw/forsorjningsstod"
    folder.mkdir()
    (folder / "utbetalningar 2024-02-01.csv").write_text(PAYMENTS, encoding="utf-8")
    return project


def account(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def adds_up(found: dict[str, object]) -> bool:
    quarantined = found["quarantined"]
    assert isinstance(quarantined, dict)
    rest = [found[name] for name in SUMMED]
    return found["rows_in"] == found["clean"] + sum(quarantined.values()) + sum(rest)  # type: ignore[operator, arg-type]


# ---------------------------------------------------------------------------------- example, clean


def test_example_and_clean_of_every_dataset(project: Path, umea_eval: Run) -> None:
    made = umea_eval(project, "example", "--messy")
    assert made.returncode == 0, made.stderr
    found = account(umea_eval(project, "clean", "--json"))
    assert adds_up(found)
    own = found["datasets"]
    assert isinstance(own, dict)
    assert list(own) == list(DATASETS)
    for name, each in own.items():
        marks = pd.read_csv(project / "data/example" / name / ".marks.csv")
        planted = marks["fate"].value_counts()
        assert sum(each["quarantined"].values()) == planted.get("quarantined", 0), name
        assert each["duplicates"] == planted.get("duplicates", 0), name
        assert each["superseded"] == planted.get("superseded", 0), name
        assert each["example"] is True
        assert adds_up(each)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    project: Path, umea_eval: Run
) -> None:
    def made(seed: int, hash_seed: str) -> dict[str, bytes]:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"}
        arguments = ("example", "forsorjningsstod", "--messy", "--n", "40", "--seed", str(seed))
        assert umea_eval(project, *arguments, env=environment).returncode == 0
        assert umea_eval(project, "clean", env=environment).returncode == 0
        return tree(project / "data")

    first = made(1, "0")
    assert made(1, "1") == first
    assert made(2, "1") != first


def test_without_anything_to_clean_it_says_what_to_do(project: Path, umea_eval: Run) -> None:
    done = umea_eval(project, "clean")
    assert done.returncode == 2
    assert "umea-eval example" in done.stderr
    assert "data/raw" in done.stderr
    assert "forsorjningsstod" in umea_eval(project, "clean", "nonsens").stderr
    done = umea_eval(project, "clean", "forsorjningsstod", "finns_inte.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert "finns_inte.csv" in done.stderr


def is_private(folder: Path) -> bool:
    """Whether nobody but its owner can open a folder, nor any file in it."""
    return all(
        stat.S_IMODE(path.stat().st_mode)
        == (stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)
        for path in (folder, *folder.rglob("*"))
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights than modes")
def test_only_their_owner_can_open_the_clean_tables_of_real_persons(
    real: Path, umea_eval: Run
) -> None:
    for _ in range(2):
        assert umea_eval(real, "clean").returncode == 0
        assert is_private(real / "data/processed/forsorjningsstod")


def test_example_data_are_cleaned_only_where_there_are_no_real_ones(
    real: Path, umea_eval: Run
) -> None:
    assert umea_eval(real, "example", "forsorjningsstod", "--n", "20").returncode == 0
    found = account(umea_eval(real, "clean", "--json"))
    assert (found["rows_in"], found["example"]) == (5, False)
    assert not (real / "data/processed/example").exists()


# -------------------------------------------------------------------------------------- real files


def test_a_small_register(real: Path, umea_eval: Run) -> None:
    done = umea_eval(real, "clean", "forsorjningsstod", "--json")
    found = account(done)
    assert found == {
        "rows_in": 5,
        "clean": 2,
        "quarantined": {"check_digit": 1, "not_a_number": 1},
        "duplicates": 0,
        "superseded": 0,
        "other_tables": 0,
        "headings_and_totals": 1,
        "corrections": {},
        "dataset": "forsorjningsstod",
        "example": False,
        "remarks": {},
        "dropped": ["Handläggare"],
        "findings": [],
    }
    assert "nyckel" in done.stderr  # a project without a key gets one, and is told
    assert stat.S_IMODE((real / "umea_eval.key").stat().st_mode) == 0o600


def test_what_is_kept_of_a_person(real: Path, umea_eval: Run) -> None:
    done = umea_eval(real, "clean")
    assert done.returncode == 0
    said = done.stdout + done.stderr
    kept = b"".join(
        content
        for name, content in tree(real).items()
        if not name.startswith("data/raw/") and name != "umea_eval.key"
    )
    for secret in (ANNA, ANNA[2:], BO, CIM[:-1] + "7", "Provsson", "nio tusen"):
        assert secret not in said
        assert secret.encode() not in kept
    quarantine = real / "data/raw/forsorjningsstod/.quarantine"
    assert stat.S_IMODE(quarantine.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in quarantine.iterdir())


def test_rows_that_no_newer_extraction_can_replace_are_named(real: Path, umea_eval: Run) -> None:
    later = PAYMENTS.replace("8 450,00", "8 500,00")
    path = real / "data/raw/forsorjningsstod/utbetalningar 2024-03-01.csv"
    path.write_text(later, encoding="utf-8")
    done = umea_eval(real, "clean")
    assert "3 rader saknar något av det som känner igen en rad (Utbetalningsnummer)" in done.stderr
    page = (real / "data/processed/forsorjningsstod/account.html").read_text(encoding="utf-8")
    assert "Att känna till" in page
    assert "(Utbetalningsnummer)" in page


def correct(real: Path, changes: dict[str, str]) -> Path:
    folder = real / "data/raw/forsorjningsstod/.quarantine"
    (source,) = folder.glob("*.csv")
    text = source.read_text(encoding="utf-8-sig")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = source.with_name(source.stem + ".corrected.csv")
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_a_corrected_row_is_counted_once_and_asks_for_a_decision(
    real: Path, umea_eval: Run
) -> None:
    umea_eval(real, "clean")
    correct(real, {"nio tusen": "9 000,00"})
    for _ in range(2):
        done = umea_eval(real, "clean", "--json")
        found = account(done)
        assert (found["clean"], found["quarantined"]) == (3, {"check_digit": 1})
        assert found["corrections"] == {"corrected_by_hand": 2}
        assert adds_up(found)
        assert "--kind correction" in done.stderr
    about = ("--datasets", "forsorjningsstod", "--kind", "correction", "--by", "FoU-ledare")
    words = ("--choice", "Rad 4: beloppet är 9 000 kr.", "--why", "Enligt beslutet i akten.")
    assert umea_eval(real, "decision", *about, *words).returncode == 0
    done = umea_eval(real, "clean")
    assert "--kind correction" not in done.stderr
    page = (real / "data/processed/forsorjningsstod/account.html").read_text(encoding="utf-8")
    assert "Enligt beslutet i akten." in page
    assert "FoU-ledare" in umea_eval(real, "decision").stdout


def test_a_heading_of_ones_own(real: Path, umea_eval: Run) -> None:
    path = real / "data/raw/forsorjningsstod/utbetalningar 2024-02-01.csv"
    path.write_text(PAYMENTS.replace("Belopp;", "Utbetlat kr;"), encoding="utf-8")
    done = umea_eval(real, "clean")
    assert done.returncode == 2
    assert "mapping.toml" in done.stderr
    assert "Belopp" in done.stderr
    (real / "mapping.toml").write_text(
        '[forsorjningsstod.payments]\n"Utbetlat kr" = "amount"\n', encoding="utf-8"
    )
    done = umea_eval(real, "clean", "--json")
    assert account(done)["clean"] == 2
    assert "--kind mapping" in done.stderr


def test_files_without_a_date_get_the_day_they_were_changed(real: Path, umea_eval: Run) -> None:
    old = real / "data/raw/forsorjningsstod/utbetalningar 2024-02-01.csv"
    path = old.rename(old.with_name("utbetalningar.csv"))
    moment = pd.Timestamp("2024-03-05 12:00", tz="UTC").timestamp()
    os.utime(path, (moment, moment))
    done = umea_eval(real, "clean")
    assert "2024-03-05" in done.stderr
    assert (
        ue.load("forsorjningsstod", settings=read_settings(real)).manifest["provenance"][
            "extraction_date"
        ]
        == "2024-03-05"
    )
    done = umea_eval(real, "clean", "--extracted", "2024-04-01")
    assert "2024-03-05" not in done.stderr
    assert umea_eval(real, "clean", "--extracted", "i går").returncode == 2


def test_paths_may_be_given(project: Path, umea_eval: Run, tmp_path: Path) -> None:
    outside = tmp_path / "leverans"
    outside.mkdir()
    (outside / "a 2024-02-01.csv").write_text(PAYMENTS, encoding="utf-8")
    (outside / "b.pdf").write_bytes(b"%PDF-1.4")
    done = umea_eval(project, "clean", "forsorjningsstod", str(outside), "--json")
    assert account(done)["rows_in"] == 5
    assert "b.pdf" in done.stderr
    assert (outside / ".quarantine").is_dir()
    # Given twice, a file is read once.
    both = (str(outside), str(outside / "a 2024-02-01.csv"))
    assert account(umea_eval(project, "clean", "forsorjningsstod", *both, "--json"))["rows_in"] == 5
    # The store knows nothing of folders outside the project, and so cannot miss them.
    assert len(ue.load("forsorjningsstod", settings=read_settings(project))["payments"]) == 2


def test_a_table_that_fits_nothing_is_told_of(real: Path, umea_eval: Run) -> None:
    other = real / "data/raw/forsorjningsstod/annat 2024-02-01.csv"
    other.write_text("Bil;Mil\nVolvo;12\nSaab;7\n", encoding="utf-8")
    done = umea_eval(real, "clean", "--json")
    found = account(done)
    assert (found["rows_in"], found["other_tables"]) == (8, 2)
    assert adds_up(found)
    assert "annat 2024-02-01.csv" in done.stderr


def test_changed_numbers_join_persons(real: Path, umea_eval: Run) -> None:
    umea_eval(real, "clean")
    settings = read_settings(real)
    assert ue.load("forsorjningsstod", settings=settings)["payments"]["person"].nunique() == 2
    (real / "data/raw/changed_numbers.csv").write_text(
        f"Tidigare nummer;Nytt nummer\n{ANNA};{BO}\n", encoding="utf-8"
    )
    with pytest.raises(ue.UserError, match="ändrade nummer"):
        ue.load("forsorjningsstod", settings=settings)
    assert "--kind cleaning" in umea_eval(real, "clean").stderr
    assert len(set(ue.load("forsorjningsstod", settings=settings)["payments"]["person"])) == 1


# --------------------------------------------------------------------------------------------- key


def test_key_new_never_overwrites_and_never_shows_the_key(project: Path, umea_eval: Run) -> None:
    done = umea_eval(project, "key", "new")
    assert done.returncode == 0
    key = (project / "umea_eval.key").read_text().strip()
    assert key not in done.stdout + done.stderr
    again = umea_eval(project, "key", "new")
    assert again.returncode == 2
    assert (project / "umea_eval.key").read_text().strip() == key
    assert stat.S_IMODE((project / "umea_eval.key").stat().st_mode) == 0o600


def test_a_lost_key_is_not_replaced_in_silence(real: Path, umea_eval: Run) -> None:
    umea_eval(real, "clean")
    (real / "umea_eval.key").unlink()
    done = umea_eval(real, "clean")
    assert done.returncode == 2
    assert "umea_eval.key" in done.stderr
    assert not (real / "umea_eval.key").exists()


def test_another_key_is_refused_while_data_of_the_old_one_are_there(
    real: Path, umea_eval: Run
) -> None:
    umea_eval(real, "clean")
    (real / "umea_eval.key").write_text("ab" * 32, encoding="ascii")
    done = umea_eval(real, "clean")
    assert done.returncode == 2
    assert "annan nyckel" in done.stderr


def test_a_seed_below_zero_is_no_seed(project: Path, umea_eval: Run) -> None:
    done = umea_eval(project, "example", "forsorjningsstod", "--n", "5", "--seed", "-1")
    assert done.returncode == 2
    assert "Slumpfröet" in done.stderr


def test_a_key_that_others_may_read_is_refused(real: Path, umea_eval: Run) -> None:
    umea_eval(real, "key", "new")
    (real / "umea_eval.key").chmod(0o644)
    done = umea_eval(real, "clean")
    assert done.returncode == 2
    assert "umea_eval.key" in done.stderr


# ------------------------------------------------------------------------------------------- store


def test_load_notices_what_has_changed(real: Path, umea_eval: Run) -> None:
    settings = read_settings(real)
    with pytest.raises(ue.UserError, match="umea-eval clean"):
        ue.load("forsorjningsstod", settings=settings)
    umea_eval(real, "clean")
    stored = ue.load("forsorjningsstod", settings=settings)
    assert list(stored) == ["payments"]
    assert stored["payments"]["amount"].sum() == 17550
    source = real / "data/raw/forsorjningsstod/utbetalningar 2024-02-01.csv"
    source.write_text(PAYMENTS + f"{ANNA};100;2023-02;1,00;Försörjningsstöd;\n", encoding="utf-8")
    with pytest.raises(ue.UserError, match="har ändrats"):
        ue.load("forsorjningsstod", settings=settings)
    assert len(ue.load("forsorjningsstod", settings=settings, check=False)["payments"]) == 2
    umea_eval(real, "clean")
    shutil.rmtree(real / "data/raw/forsorjningsstod")  # deleted, as the decision says
    assert len(ue.load("forsorjningsstod", settings=settings)["payments"]) == 3
    (real / "data/processed/forsorjningsstod/payments.parquet").write_bytes(b"PAR1")
    with pytest.raises(ue.UserError, match="inte hela"):
        ue.load("forsorjningsstod", settings=settings)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_killed_at_any_moment_the_store_is_whole(project: Path, umea_eval: Run) -> None:
    umea_eval(project, "example", "forsorjningsstod", "--messy", "--n", "150")
    umea_eval(project, "clean")
    home = project / "data/processed"
    whole = tree(home)
    for moment in range(8):
        running = subprocess.Popen(
            command("clean"), cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(0.4 + 0.2 * moment)
        running.send_signal(signal.SIGKILL)
        running.wait()
        kept = {name: content for name, content in tree(home).items() if ".building" not in name}
        assert kept in ({}, whole)  # {}: killed between two renames, put back by the next run
    assert umea_eval(project, "clean").returncode == 0
    assert tree(home) == whole


# ---------------------------------------------------------------------------------- codebook, link


def test_codebook_as_page_and_csv(project: Path, umea_eval: Run) -> None:
    for name in DATASETS:
        done = umea_eval(project, "codebook", name)
        assert done.returncode == 0, done.stderr
        page, table = (project / line for line in done.stdout.split())
        assert '<html lang="sv">' in page.read_text(encoding="utf-8")
        text = table.read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert {"table", "column", "headings", "source"} <= set(rows[0])
    english = umea_eval(project, "--language", "en", "codebook", DATASETS[0]).stdout.split()[0]
    assert "Known headings" in (project / english).read_text(encoding="utf-8")
    assert umea_eval(project, "codebook", "ingen").returncode == 2


def linked_project(project: Path, umea_eval: Run) -> tuple[str, str]:
    first, second = DATASETS[:2]
    for name in (first, second):
        assert umea_eval(project, "example", name, "--seed", "3").returncode == 0
    assert umea_eval(project, "clean").returncode == 0
    return first, second


def test_a_link_needs_a_decision_and_tells_its_match_rate(project: Path, umea_eval: Run) -> None:
    first, second = linked_project(project, umea_eval)
    assert umea_eval(project, "link", first, second).returncode == 2
    done = umea_eval(project, "link", first, second, "--decision", "2024-00123")
    assert done.returncode == 2
    assert "--kind link" in done.stderr
    about = ("--datasets", f"{first},{second}", "--kind", "link", "--reference", "2024-00123")
    words = ("--choice", "Koppla.", "--why", "Forskningsfråga 2.", "--by", "Nämnden")
    assert umea_eval(project, "decision", *about, *words).returncode == 0
    done = umea_eval(project, "link", first, second, "--decision", "2024-00123")
    assert done.returncode == 0, done.stderr
    folder = project / "data/processed/example/links" / f"{first}-{second}"
    pairs = pd.read_parquet(folder / "link.parquet")
    settings = read_settings(project)
    sides = [ue.load(name, settings=settings) for name in (first, second)]
    for name, stored in zip((first, second), sides, strict=True):
        known = set().union(
            *(
                frame[column].dropna()
                for frame in stored.values()
                for column in frame
                if f"{column}_birth_year" in frame
            )
        )
        assert set(pairs[f"person_{name}"]) <= known
    rates = pd.read_csv(folder / "rates.csv")
    every = rates[rates["group"] == "all"].set_index("dataset")
    assert (every["matched"] == len(pairs)).all()
    assert umea_eval(project, "link", first, first, "--decision", "2024-00123").returncode == 2


def test_a_link_joins_national_numbers_only_and_as_they_were_corrected(
    real: Path, umea_eval: Run
) -> None:
    # ANNA is in both; BO's number is wrong in the payments and corrected; a local number and CIM,
    # whose row stays in quarantine, are nobody's partner.
    payments = real / "data/raw/forsorjningsstod/utbetalningar 2024-02-01.csv"
    wrong = BO[:-1] + "8"
    payments.write_text(
        "Personnummer;Ärendenummer;Avser månad;Belopp;Biståndstyp\n"
        f"{ANNA};100;2023-01;8450;Försörjningsstöd\n"
        f"{wrong};200;2023-01;9100;Försörjningsstöd\n"
        "T1234;300;2023-01;7000;Försörjningsstöd\n",
        encoding="utf-8",
    )
    falls = real / "data/raw/fallprevention"
    falls.mkdir()
    (falls / "avvikelser 2024-02-01.csv").write_text(
        "Avvikelsenr;Händelsedatum;Enhet;Typ;Personnummer\n"
        f"1;2023-03-01;Ängen;Fall;{ANNA}\n2;2023-03-02;Ängen;Fall;{BO}\n"
        "3;2023-03-03;Ängen;Fall;T1234\n",
        encoding="utf-8",
    )
    assert umea_eval(real, "clean").returncode == 0
    correct(real, {wrong: BO})
    assert umea_eval(real, "clean").returncode == 0
    about = ("--datasets", "forsorjningsstod,fallprevention", "--kind", "link")
    words = ("--choice", "Koppla.", "--why", "Fråga 2.", "--by", "Nämnden", "--reference", "1")
    assert umea_eval(real, "decision", *about, *words).returncode == 0
    done = umea_eval(real, "link", "forsorjningsstod", "fallprevention", "--decision", "1")
    assert done.returncode == 0, done.stderr
    pairs = pd.read_parquet(
        real / "data/processed/links/forsorjningsstod-fallprevention/link.parquet"
    )
    if sys.platform != "win32":
        assert is_private(real / "data/processed/links")
    assert len(pairs) == 2
    assert len(set(pairs.iloc[:, 0])) == len(set(pairs.iloc[:, 1])) == 2
