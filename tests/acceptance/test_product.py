"""The product's own reports and its audit, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.projects import make_product, tree

PUBLISHED = "data/raw/public/published_key_figures.csv"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_product(tmp_path_factory.mktemp("audit") / "project")


def test_both_evaluations_say_their_findings_in_both_languages(product_reports: Path) -> None:
    expected = {
        "key_figures/sv": "94,7 procent anges för 37 av 38, men 37/38 är 97,4 procent.",
        "key_figures/en": "94.7 per cent is printed for 37 of 38, but 37/38 is 97.4 per cent.",
        "official_statistics/sv": "I augusti 2017 fanns i Umeå 555 hushåll",
        "official_statistics/en": "In August 2017 Umeå had 555 households",
    }
    for folder, sentence in expected.items():
        page = (product_reports / folder / "report.html").read_text(encoding="utf-8")
        assert sentence in page
        assert f'<html lang="{folder[-2:]}"' in page


@pytest.mark.slow
def test_a_report_is_the_same_bytes_again(product: Path, umea_eval: Run) -> None:
    once = umea_eval(product, "report", "key_figures", "-p", "period=2023")
    assert once.returncode == 0, once.stderr
    folder = product / "reports" / "key_figures" / "sv"
    first = tree(folder)
    again = umea_eval(product, "report", "key_figures", "-p", "period=2023")
    assert again.returncode == 0
    second = tree(folder)
    # Only the manifest and the crate tell when the run was.
    for name in ("manifest.json", "ro-crate-metadata.json"):
        assert first.pop(name) != second.pop(name)
    assert first == second


def test_a_year_without_figures_is_one_clear_message(product: Path, umea_eval: Run) -> None:
    done = umea_eval(product, "report", "key_figures", "-p", "period=2019")
    assert done.returncode == 2
    assert "inga bedömda nyckeltal för 2019" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (product / "reports" / "key_figures" / "sv-period-2019").exists()


def test_data_that_is_not_published_is_withheld(product: Path, umea_eval: Run) -> None:
    (product / "data/raw/own.csv").write_bytes((product / PUBLISHED).read_bytes())
    done = umea_eval(product, "report", "key_figures", "-p", "source=data/raw/own.csv")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_the_audit_in_words(product: Path, umea_eval: Run) -> None:
    done = umea_eval(product, "audit", PUBLISHED)
    assert done.returncode == 0
    assert "GÅR INTE ATT FÅ IHOP (6)" in done.stdout
    assert "rad" not in done.stderr
    english = umea_eval(product, "audit", PUBLISHED, "--language", "en")
    assert "DOES NOT HOLD TOGETHER (6)" in english.stdout


def test_the_audit_for_programs(product: Path, umea_eval: Run) -> None:
    done = umea_eval(product, "audit", PUBLISHED, "--json", "--language", "en")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    *findings, account = lines
    assert set(account) == {"controls", "hold"}
    assert account["controls"] == account["hold"] + len(findings)
    for finding in findings:
        assert {"rule", "figures", "printed", "would_hold", "severity"} <= set(finding)
        assert finding["severity"] in (
            "fel",
            "avrundning",
            "annan innebörd",
            "kan inte kontrolleras",
        )
        assert len(finding["printed"]) == len(finding["figures"])
    wrong = next(f for f in findings if f["figures"] == ["k0136"])
    assert (wrong["printed"], wrong["would_hold"]) == (["94.7"], "97.4")


def test_findings_fail_only_when_asked_to(product: Path, umea_eval: Run) -> None:
    assert umea_eval(product, "audit", PUBLISHED, "--fail-on", "fel").returncode == 4
    holds = product / "holds.csv"
    text = (product / PUBLISHED).read_text(encoding="utf-8-sig").splitlines()
    holds.write_text("\n".join(text[:3]) + "\n", encoding="utf-8")
    assert umea_eval(product, "audit", "holds.csv", "--fail-on", "fel").returncode == 0


def test_a_dismissed_finding_is_counted_apart_everywhere(product: Path, umea_eval: Run) -> None:
    copy = product / "data/raw/public/copy.csv"
    copy.write_bytes((product / PUBLISHED).read_bytes())
    path = "data/raw/public/copy.csv"
    listed = umea_eval(product, "audit", path, "--json")
    first = json.loads(listed.stdout.splitlines()[0])
    done = umea_eval(
        product, "audit", path, "--answer", first["finding_id"], "--status", "avfärdad"
    )
    assert "GÅR INTE ATT FÅ IHOP (5, 1 till avfärdat av ägaren)" in done.stdout
    report = umea_eval(product, "report", "key_figures", "-p", f"source={path}")
    assert report.returncode == 0, report.stderr
    page = next((product / "reports/key_figures").glob("sv-source*")) / "report.html"
    text = page.read_text(encoding="utf-8")
    assert "5 fynd säger att siffror inte går att få ihop:" in text
    for name in ("copy.csv", "copy.answers.csv"):
        (product / "data/raw/public" / name).unlink()


def test_a_comment_belongs_to_an_answer(product: Path, umea_eval: Run) -> None:
    done = umea_eval(product, "audit", PUBLISHED, "--comment", "x")
    assert done.returncode == 2
    assert "--answer" in done.stderr


def test_the_owner_answers_and_the_report_says_so(product: Path, umea_eval: Run) -> None:
    listed = umea_eval(product, "audit", PUBLISHED, "--json")
    first = json.loads(listed.stdout.splitlines()[0])
    done = umea_eval(
        product,
        "audit",
        PUBLISHED,
        *("--answer", first["finding_id"], "--status", "bekräftad"),
        *("--comment", "Rätt siffra är 97,4.", "--by", "kvalitetschef"),
    )
    assert done.returncode == 0, done.stderr
    assert "Status: bekräftad. Rätt siffra är 97,4." in done.stdout
    report = umea_eval(product, "report", "key_figures")
    assert report.returncode == 0, report.stderr
    page = (product / "reports/key_figures/sv/report.html").read_text(encoding="utf-8")
    assert "Ägaren har bekräftat felet." in page
    assert "Rätt siffra är 97,4." in page
    manifest = json.loads((product / "reports/key_figures/sv/manifest.json").read_text("utf-8"))
    assert any("answers" in entry["path"] for entry in manifest["inputs"])


BAD = {
    "no file": None,
    "empty": b"",
    "no table": "Hej! Detta är ett brev.\n".encode(),
    "a picture": bytes(range(256)) * 4,
    "another table": b"namn;antal\nA;1\n",
    "a missing column": None,
    "text in place of a number": None,
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_message_and_exit_code_2(product: Path, umea_eval: Run, kind: str) -> None:
    path = product / "bad.csv"
    path.unlink(missing_ok=True)
    good = (product / PUBLISHED).read_text(encoding="utf-8-sig")
    content = BAD[kind]
    if kind == "a missing column":
        content = good.replace("attainment", "omdöme", 1).encode()
    elif kind == "text in place of a number":
        content = good.replace(",150000,", ",hemligt belopp,", 1).encode()
    if content is not None:
        path.write_bytes(content)
    for language in ("sv", "en"):
        done = umea_eval(product, "audit", "bad.csv", "--language", language)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "bad.csv" in done.stderr
        _, more = done.stderr.strip().splitlines()
        assert "umea-eval help E" in more
        assert "hemligt" not in done.stderr


def test_no_input_says_what_is_missing(product: Path, umea_eval: Run) -> None:
    done = umea_eval(product, "audit")
    assert done.returncode == 2
    assert "FIL saknas" in done.stderr


def test_help_of_the_audit_imports_nothing_heavy(product: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from umea_eval.cli import run; run(['audit', '--help']);"
        "print([m for m in ('pandas', 'numpy', 'matplotlib', 'papermill') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=product, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "umea-eval audit data/raw/public/published_key_figures.csv" in done.stdout
