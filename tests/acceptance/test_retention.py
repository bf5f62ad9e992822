"""Files past their last day: listed with their reports, removed only under a recorded decision."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.projects import make_project, tree

PROJECT = """\
controller = "Provnamnden"
purpose = "Prov"
legal_basis = "artikel 6.1 e"
secrecy_decision = "P-1"
impact_assessment = "P-2"
ethical_approval = "Behövs inte"
deletion = "Chefen, P-3"
retain_until = {until}
"""
SUPPORT = "data/raw/forsorjningsstod/a.csv"
QUARANTINE = "data/raw/forsorjningsstod/.quarantine/001_a.csv"
CLEAN = "data/processed/forsorjningsstod/payments.parquet"
FALLS = "data/raw/fallprevention/18900101-9802.csv"
LOOSE = "data/raw/changed_numbers.csv"
FREE = ("data/raw/public/figures.csv", "data/example/a.csv", "data/processed/example/vhu_lss/a.csv")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path / "project", {})
    for name in (SUPPORT, QUARANTINE, CLEAN, FALLS, LOOSE, *FREE[1:]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a\n1\n", encoding="utf-8")
    (folder / "project.toml").write_text(PROJECT.format(until="2020-12-31"), encoding="utf-8")
    for name, path in (
        ("a", "data/processed/forsorjningsstod"),
        ("b", FREE[0]),
        ("c", SUPPORT),
        ("intern/a", SUPPORT),
    ):
        report = folder / f"reports/{name}/sv"
        report.mkdir(parents=True)
        facts = dict.fromkeys(
            ("title", "notebook", "language", "parameters", "started", "duration_s", "example"), ""
        )
        (report / "manifest.json").write_text(json.dumps({**facts, "inputs": [{"path": path}]}))
    return folder


def decide(project: Path, umea_eval: Run, datasets: str, *more: str) -> None:
    done = umea_eval(
        project,
        "decision",
        *("--datasets", datasets, "--kind", "deletion", "--choice", "Tas bort."),
        *("--why", "Tiden är ute.", "--by", "Chefen", *more),
    )
    assert done.returncode == 0, done.stderr


def test_before_the_last_day_nothing_is_listed(project: Path, umea_eval: Run) -> None:
    (project / "project.toml").write_text(PROJECT.format(until="2999-12-31"), encoding="utf-8")
    done = umea_eval(project, "retention", "--remove")
    assert (done.returncode, done.stdout) == (0, "")
    assert "2999-12-31" in done.stderr
    (project / "project.toml").unlink()
    assert umea_eval(project, "retention").returncode == 2


def test_only_a_recorded_decision_removes_and_only_what_it_is_about(
    project: Path, umea_eval: Run
) -> None:
    before = tree(project / "data")
    done = umea_eval(project, "retention")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        LOOSE,
        "data/raw/fallprevention/…",
        SUPPORT,
        QUARANTINE,
        CLEAN,
    ]
    assert "5 filer har passerat sista dagen (2020-12-31)" in done.stderr
    assert "  a/sv\n  c/sv\n  intern/a/sv\n" in done.stderr
    assert "b/sv" not in done.stderr
    refused = umea_eval(project, "retention", "--remove")
    assert refused.returncode == 2
    assert "--kind deletion" in refused.stderr
    # A decision that does not hold yet is none.
    decide(project, umea_eval, "fallprevention", "--on", "2999-01-01")
    assert umea_eval(project, "retention", "--remove").returncode == 2
    assert tree(project / "data") == before

    decide(project, umea_eval, "forsorjningsstod")
    done = umea_eval(project, "retention", "--remove")
    assert done.returncode == 0, done.stderr
    assert "3 filer borttagna" in done.stderr
    assert "2 filer saknar" in done.stderr
    assert set(before) - set(tree(project / "data")) == {
        name.removeprefix("data/") for name in (SUPPORT, QUARANTINE, CLEAN)
    }
    assert not (project / "data/raw/forsorjningsstod").exists()

    decide(project, umea_eval, "fallprevention")
    done = umea_eval(project, "--language", "en", "retention", "--remove")
    assert "2 files removed" in done.stderr
    assert set(tree(project / "data")) == {name.removeprefix("data/") for name in FREE}
    assert (project / "data/raw").is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="links ask for rights there")
def test_what_a_link_leads_to_is_told_of_and_never_removed(
    project: Path, umea_eval: Run, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "disk"
    (project / "data/raw/forsorjningsstod").rename(elsewhere)
    (project / "data/raw/forsorjningsstod").symlink_to(elsewhere)
    decide(project, umea_eval, "forsorjningsstod")
    done = umea_eval(project, "retention", "--remove")
    assert done.returncode == 0, done.stderr
    assert "data/raw/forsorjningsstod" in done.stdout.splitlines()
    assert "1 länk" in done.stderr
    assert "1 fil borttagen" in done.stderr  # the clean table
    assert "  c/sv\n" in done.stderr
    assert sorted(tree(elsewhere)) == [".quarantine/001_a.csv", "a.csv"]
    (project / FALLS).unlink()
    (project / LOOSE).unlink()
    done = umea_eval(project, "retention", "--remove")
    assert (done.returncode, done.stdout) == (0, "data/raw/forsorjningsstod\n")
