"""Scanning what is committed or sent: files, folders, what is staged, all that is tracked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.projects import ROOT, make_project
from umea_eval.disclosure.tree import scan_git
from umea_eval.settings import read_settings

OFFICIAL = "189001019802"
PSEUDONYM = "3f2a9c04d1b57e66" + "80aa41c2b9d03e57"


def not_official() -> str:
    """A valid number that is in no official list."""
    from umea_eval.disclosure.scanning.numbers import is_identity

    official = (ROOT / "data/raw/public/test_personnummer.csv").read_text()
    made = (f"18900101{last:04}" for last in range(1, 10_000))
    return next(each for each in made if is_identity(each) and each not in official)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path / "project", {})
    for name in ("test_personnummer.csv", "test_samordningsnummer.csv"):
        shutil.copy(ROOT / "data/raw/public" / name, folder / "data/raw/public")
    return folder


def git(project: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        cwd=project,
        check=True,
        capture_output=True,
    )


def test_what_is_staged_is_scanned_as_it_is_staged(project: Path, umea_eval: Run) -> None:
    secret = not_official()
    assert umea_eval(project, "scan").returncode == 2  # not in git
    git(project, "init", "-q")
    (project / "a.py").write_text(f"person = '{secret}'\n", encoding="utf-8")
    git(project, "add", "a.py")
    (project / "a.py").write_text("person = None\n", encoding="utf-8")
    done = umea_eval(project, "scan")
    assert done.returncode == 3
    assert done.stdout.strip() == "a.py, rad 1: identitetsnummer"
    assert secret not in done.stdout + done.stderr
    # Source code may cite addresses and hold official test numbers.
    (project / "a.py").write_text(f"person = '{OFFICIAL}'  # https://example.se\n")
    git(project, "add", "a.py")
    assert umea_eval(project, "scan").returncode == 0
    git(project, "commit", "-qm", "a")
    (project / "b.txt").write_text(PSEUDONYM, encoding="utf-8")
    assert umea_eval(project, "scan").returncode == 0  # not tracked
    git(project, "add", "b.txt")
    git(project, "commit", "-qm", "b")
    exceptions = project / "scan_exceptions.txt"
    exceptions.write_text("b.txt pseudonym # \n", encoding="utf-8")  # no reason is no exception
    assert umea_eval(project, "scan").returncode == 3
    exceptions.write_text("b.txt pseudonym # en kontrollsumma\n", encoding="utf-8")
    assert umea_eval(project, "scan").returncode == 0
    exceptions.write_text("b.txt identity # annat slag\n", encoding="utf-8")
    done = umea_eval(project, "--language", "en", "scan")
    assert (done.returncode, done.stdout.strip()) == (3, "b.txt, line 1: pseudonym")


def test_a_link_that_becomes_a_file_is_scanned(project: Path, umea_eval: Run) -> None:
    git(project, "init", "-q")
    (project / "a.txt").symlink_to("umea_eval.toml")
    git(project, "add", ".")
    git(project, "commit", "-qm", "a")
    (project / "a.txt").unlink()
    (project / "a.txt").write_text(PSEUDONYM, encoding="utf-8")
    (project / "b.txt").write_text("b", encoding="utf-8")
    git(project, "add", ".")
    (project / "a.txt").write_text("", encoding="utf-8")
    assert umea_eval(project, "scan").stdout.strip() == "a.txt, rad 1: pseudonym"


def test_what_lies_where_persons_data_lie_never_enters_git(project: Path, umea_eval: Run) -> None:
    # Folders of its own, which no .gitignore knows, and nothing in them that looks like anything.
    settings = project / "umea_eval.toml"
    settings.write_text('raw = "uttag"\nprocessed = "rent"\nreports = "ut"\nkey = "nyckel"\n')
    private = (
        "nyckel",
        "names.txt",
        "rent/a.csv",
        "src/.quarantine/a.csv",
        "ut/a/sv/report.html",
        "uttag/vhu_lss/a.csv",
    )
    for name in (*private, "uttag/public/a.csv", "a.csv"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("initialer;bostad\nAB;Ängen\n", encoding="utf-8")
    git(project, "init", "-q")
    git(project, "add", "uttag", "rent", "ut", "src", "nyckel", "names.txt", "a.csv")
    for words in ((), ("--source", *private, "uttag/public/a.csv", "a.csv")):
        done = umea_eval(project, "--language", "en", "scan", *words)
        assert done.returncode == 3
        found = [line for line in done.stdout.splitlines() if "must never enter git" in line]
        assert sorted(line.partition(",")[0] for line in found) == sorted(private)
    for name in ("nyckel", "names.txt"):
        (project / name).unlink()
    assert umea_eval(project, "scan", "ut").returncode == 0  # a report before it is sent


def test_files_and_folders_to_send_are_scanned_as_a_report_is(
    project: Path, umea_eval: Run
) -> None:
    (project / "out/sub").mkdir(parents=True)
    (project / "out/sub/a.txt").write_text("Se https://example.se", encoding="utf-8")
    (project / "names.txt").write_text("Prova Provsson\n", encoding="utf-8")
    (project / "out/b.txt").write_text("prova  provssons", encoding="utf-8")
    done = umea_eval(project, "scan", "out")
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "out/b.txt, rad 1: namn ur names.txt",
        "out/sub/a.txt, rad 1: adress utanför rapporten",
    ]
    assert umea_eval(project, "scan", "--source", "out/sub/a.txt").returncode == 0
    (project / "out/c.txt").write_text(OFFICIAL, encoding="utf-8")
    assert umea_eval(project, "scan", "out/c.txt").returncode == 3
    assert umea_eval(project, "scan", "--source", "out/c.txt").returncode == 0
    assert umea_eval(project, "scan", "missing.txt").returncode == 2
    assert umea_eval(project, "scan", "a" * 5000).returncode == 2
    (project / "scan_exceptions.txt").write_bytes(b"a identity # fixad \xe5\n")
    done = umea_eval(project, "scan", "--source", "out/b.txt")
    assert (done.returncode, "scan_exceptions.txt" in done.stderr) == (2, True)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a copy without its history")
def test_this_repository_is_clean() -> None:
    count, hits = scan_git(read_settings(ROOT))
    assert count > 0
    assert [hit.text("en") for hit in hits] == []


def test_git_ignores_what_must_never_be_committed(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".gitignore", tmp_path)
    git(tmp_path, "init", "-q")
    ignored = (
        "data/raw/forsorjningsstod/a.csv",
        "data/raw/changed_numbers.csv",
        "data/raw/vhu_lss/.quarantine/001_a.csv",
        "data/raw/public/.quarantine/001_a.corrected.csv",
        "data/processed/vhu_lss/persons.parquet",
        "data/example/vhu_lss/a.csv",
        "reports/key_figures/sv/report.html",
        "umea_eval.key",
        "names.txt",
    )
    kept = ("data/raw/public/a.csv", "project.toml", "release_log.jsonl", "decisions.csv")
    for name in (*ignored, *kept):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a", encoding="utf-8")
    git(tmp_path, "add", "-A")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.split()
    assert sorted(listed) == sorted((".gitignore", *kept))
