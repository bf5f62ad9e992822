"""The ways through the app: data, quarantine, evaluations, reports; in both languages."""

from __future__ import annotations

import html
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.app.conftest import DATASET, HOME, PORT, TOKEN
from umea_eval.app.form import in_words
from umea_eval.app.progress import NO_DECISIONS, NOT_CLEANED
from umea_eval.app.server import create_app
from umea_eval.app.site import Site
from umea_eval.app.work import Job, Work, _hear
from umea_eval.disclosure.profiles import Withheld
from umea_eval.errors import UserError
from umea_eval.intake.correcting import quarantined_rows
from umea_eval.language import text
from umea_eval.processed.clean import clean
from umea_eval.runs.manifest import Failure, remember_failure
from umea_eval.runs.parameters import read_parameters
from umea_eval.settings import read_settings

EXAMPLE = f"data/example/{DATASET}"


def wait(site: Site, address: str) -> str:
    """Wait for the work of that address, and return its state."""
    job = site.work.find(address.rpartition("/")[2])
    assert job is not None
    until = time.monotonic() + 120
    while not job.ended and time.monotonic() < until:
        time.sleep(0.05)
    return job.state


def test_the_first_page_says_what_is_here_and_what_to_do(user: TestClient) -> None:
    page = user.get("/").text
    assert page.count("Lägg in uttag, eller prova med exempeldata") == 5
    assert "Klar att använda i en rapport" in page
    assert "i karantän" in page
    user.post("/language", data={"language": "en", "back": "/"})
    page = user.get("/").text
    assert page.count("Add exports, or try with example data") == 5
    assert "Ready to be used in a report" in page


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_is_there_in_both_languages(
    user: TestClient, project: Path, language: str
) -> None:
    user.post("/language", data={"language": language, "back": "/"})
    row = quarantined_rows(project / EXAMPLE)[0].key
    for path in (
        *("/", "/evaluations", "/evaluations/form", "/reports", "/project"),
        *(f"/datasets/{DATASET}{rest}" for rest in ("", "/account", "/quarantine")),
        f"/datasets/{DATASET}/quarantine/{row}",
        "/datasets/survey",
    ):
        page = user.get(path)
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text
        assert page.text.count("<h1>") == 1
        assert "style=" not in page.text or path.endswith("/account")


def test_the_account_is_that_of_the_stored_page(user: TestClient, project: Path) -> None:
    stored = (project / f"data/processed/example/{DATASET}/account.html").read_text("utf-8")
    page = user.get(f"/datasets/{DATASET}/account").text
    table = re.compile(r"<tbody>.*?</tbody>", re.DOTALL)
    assert table.findall(page) == table.findall(stored)
    assert len(table.findall(page)) > 3
    picture = re.compile(r"<svg.*?</svg>", re.DOTALL)
    assert picture.findall(page) == picture.findall(stored) != []


def test_a_row_is_corrected_where_the_command_line_finds_it(
    user: TestClient, project: Path
) -> None:
    home = project / EXAMPLE
    rows = quarantined_rows(home)
    address = f"/datasets/{DATASET}/quarantine/{rows[0].key}"
    assert rows[0].place[0] not in address
    sent = {f"cell-{place}": cell for place, cell in enumerate(rows[0].cells.values())}
    unchanged = user.post(address, data=sent)
    assert unchanged.status_code == 422
    assert "Inget är ändrat" in unchanged.text
    formula = "=19900102-2384"
    saved = user.post(address, data={**sent, "cell-0": formula})
    assert saved.headers["location"] == f"/datasets/{DATASET}/quarantine?said=corrected"
    again = quarantined_rows(home)
    assert [row.corrected for row in again] == [True, *[False] * (len(rows) - 1)]
    assert next(iter(again[0].cells.values())) == formula
    files = [path for path in (home / ".quarantine").iterdir() if "corrected" in path.name]
    assert len(files) == 1
    assert os.name == "nt" or files[0].stat().st_mode & 0o777 == 0o600
    assert f"'{formula}" in files[0].read_text("utf-8-sig")  # no formula for a spreadsheet
    # Corrected again it is still one row of one file; another row comes below it.
    user.post(address, data={**sent, "cell-0": "annat"})
    other = f"/datasets/{DATASET}/quarantine/{again[1].key}"
    user.post(other, data={"cell-0": "tredje"})
    assert sum(row.corrected for row in quarantined_rows(home)) == 2
    page = user.get(f"/datasets/{DATASET}/quarantine").text
    assert page.count("Rättad, inte rensad") == 2
    assert "Filer eller rättningar har ändrats" in user.get(f"/datasets/{DATASET}").text
    cleaned = clean(DATASET, settings=read_settings(project))
    assert cleaned.result.corrections["corrected_by_hand"] == 2


def test_the_decision_behind_corrections_is_recorded(user: TestClient, project: Path) -> None:
    row = quarantined_rows(project / EXAMPLE)[0]
    user.post(f"/datasets/{DATASET}/quarantine/{row.key}", data={"cell-0": "x"})
    address = f"/datasets/{DATASET}/decision"
    assert "Anteckna vem" in user.get(f"/datasets/{DATASET}/quarantine").text
    assert user.post(address, data={"by": "FoU-ledare"}).status_code == 422
    user.post(address, data={"by": "FoU-ledare", "why": "Kontrollerat"})
    assert "correction;" in (project / "decisions.csv").read_text("utf-8-sig")
    assert "Anteckna vem" not in user.get(f"/datasets/{DATASET}/quarantine").text


def test_a_correction_of_an_older_file_does_not_hold_for_a_newer(
    user: TestClient, project: Path
) -> None:
    home = project / EXAMPLE
    settings = read_settings(project)
    rows = quarantined_rows(home)
    first, other = rows
    user.post(f"/datasets/{DATASET}/quarantine/{first.key}", data={"cell-0": "x"})
    file = home / first.place[0]
    file.write_bytes(file.read_bytes() + b"\r\n")
    clean(DATASET, settings=settings)
    newer = next(row for row in quarantined_rows(home) if row.place == other.place)
    user.post(f"/datasets/{DATASET}/quarantine/{newer.key}", data={"cell-0": "y"})
    cleaned = clean(DATASET, settings=settings)
    assert cleaned.result.corrections["corrected_by_hand"] == 1
    assert [each.values for each in cleaned.notices if each.key.endswith("stale")] == [{"n": 1}]


def test_a_bad_file_is_one_clear_message(user: TestClient, site: Site, project: Path) -> None:
    files = {"file": ("uttag 2024-02-01.xlsx", b"PK\x03\x04 not a workbook")}
    user.post("/datasets/survey/files", files=files)
    work = user.post("/datasets/survey/clean").headers["location"]
    assert wait(site, work) == "failed"
    page = html.unescape(user.get(work).text)
    assert "uttag 2024-02-01.xlsx" in page
    assert "Traceback" not in page
    assert 'href="/datasets/survey"' in page
    assert "Så kan det lösas" in page
    assert json.loads(user.get(f"{work}/state").text)["ended"]


def test_work_is_cancelled_and_what_waits_never_begins(user: TestClient, site: Site) -> None:
    first, second = (
        user.post(f"/datasets/{name}/example").headers["location"] for name in ("survey", "vhu_lss")
    )
    assert "Pågår just nu" in user.get("/").text
    assert "Avbryt" in user.get(first).text
    for work in (second, first):
        user.post(f"{work}/cancel")
        assert wait(site, work) == "cancelled"
    assert "Inget halvfärdigt" in user.get(first).text
    assert site.work.in_hand() == []
    assert user.get("/jobs/0000").status_code == 422


def test_a_form_has_a_control_for_every_type(user: TestClient) -> None:
    page = user.get("/evaluations/form").text
    assert re.search(r'<input type="text" id="p-year" name="year" value="2023"', page)
    assert re.search(r'<input type="date" id="p-since" name="since" value="2022-01-01"', page)
    assert re.search(r'id="p-detailed" name="detailed" value="true" checked', page)
    assert re.search(r'id="p-levels" name="levels" value="1.05,1.1"', page)
    assert len(re.findall(r'type="checkbox" name="sexes" value="\w+" checked>', page)) == 2
    assert '<option value="2" selected>2</option>' in page
    assert '<option value="sv" selected>svenska</option>' in page
    assert '<option value="public" selected>public: bara publicerade uppgifter' in page


def test_every_fault_stands_at_its_field_in_the_words_of_the_command_line(
    user: TestClient, site: Site
) -> None:
    wrong = {
        **{"year": "i fjol", "since": "2022-02-30", "levels": "1.05,x", "count": "7"},
        **{"sexes": "women", "language": "sv", "profile": "public", "share": ""},
    }
    page = user.post("/evaluations/form", data=wrong)
    assert page.status_code == 422
    for name in ("year", "since", "levels", "count"):
        assert f'href="#p-{name}"' in page.text
        assert f'id="p-{name}-fault"' in page.text
    assert page.text.count("har fel värde") == 8
    assert "ett årtal från 1900 till 2100, till exempel 2023" in page.text
    assert 'value="i fjol"' in page.text
    assert site.work.in_hand() == []


def test_what_was_filled_in_is_there_again_after_a_failure(user: TestClient, site: Site) -> None:
    site.work.close()  # nothing is run
    chosen = {"year": "2019", "since": "2020-02-02", "sexes": "men", "count": "3", "language": "en"}
    rest = {"share": "0,5", "levels": "1.5", "profile": "default"}
    sent = user.post("/evaluations/form", data={**chosen, **rest})
    back = f"/evaluations/form?job={sent.headers['location'].rpartition('/')[2]}"
    job = site.work.find(back.rpartition("=")[2])
    assert job is not None
    job.state = "failed"
    assert f'href="{back}"' in user.get(sent.headers["location"]).text
    form = user.get(back).text
    for value in ("2019", "2020-02-02", "0,5", "1.5"):
        assert f'value="{value}"' in form
    for value in ("3", "en", "default"):
        assert f'<option value="{value}" selected>' in form
    assert 'value="men" checked' in form
    assert 'value="women" checked' not in form
    assert not re.search(r'name="detailed" value="true" checked', form)
    assert 'value="2019"' not in user.get("/evaluations/small?job=" + job.id).text


def test_what_a_report_was_made_with_is_said_as_the_form_asks_it(cleaned: Path) -> None:
    parameters = read_parameters(cleaned / "notebooks/form.ipynb")
    given = {
        "year": "2019",
        "share": "",
        "levels": "1.05,2.0",
        "sexes": "women,men",
        "language": "sv",
        "gone": "7",
    }
    given |= {"detailed": "true", "profile": "strict"}
    said = dict(in_words(parameters, given, "sv", "form"))
    assert said["Året"] == "2019"
    assert said["Utlämnandeprofil"] == text("app.choice.profile.strict", "sv") != "strict"
    assert said["gone"] == "7"  # the notebook no longer asks it
    assert said["Kön"] == "women, men"
    assert said["Gränser"] == "1,05; 2,0"
    assert not {"Andel", "Rapportens språk"} & set(said)


def test_a_failure_is_taken_off_the_list(user: TestClient, site: Site) -> None:
    reports = site.settings.reports
    failure = Failure("Prov", "small", "year=2019", "sv", {"year": "2019"}, "Gick fel.", "", 0.0)
    for slug in (failure.slug, "year=2018"):
        remember_failure(reports, replace(failure, slug=slug))
    outside = reports / ".failed/kept.json"
    outside.write_text("{}", encoding="utf-8")
    assert user.get("/reports").text.count("Gick fel.") == 2
    for slug in (failure.slug, "../.failed/kept", "..%2fkept"):
        sent = {"notebook": "small", "slug": slug}
        assert user.post("/reports/forget", data=sent, follow_redirects=False).is_redirect
    assert user.get("/reports").text.count("Gick fel.") == 1
    assert outside.is_file()


def test_a_report_is_opened_and_downloaded_and_nothing_else_is(demo_reports: Path) -> None:
    settings = read_settings(demo_reports.parent)
    work = Work(settings.root)
    client = TestClient(create_app(Site(settings, PORT, TOKEN, work)), base_url=HOME)
    client.get(f"/?token={TOKEN}")
    assert "Placeringar och delaktighet 2023" in client.get("/reports").text
    assert "/reports/files/demo/sv/tables/" in client.get("/reports/at/demo/sv").text
    report = client.get("/reports/files/demo/sv/report.html")
    assert report.content == (demo_reports / "demo/sv/report.html").read_bytes()
    assert report.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src" not in report.headers["content-security-policy"]
    manifest = client.get("/reports/files/demo/sv/manifest.json")
    assert "attachment" in manifest.headers["content-disposition"]
    for path in (
        *("../../../umea_eval.toml", "demo/sv/../../../umea_eval.toml", "demo/sv/nothing.csv"),
        *("demo/sv/%00", "demo/sv/tables/a%00.csv", "demo/%00/report.html"),
        *("demo/sv/%2e%2e/%2e%2e/index.html", "demo/sv/.hidden", ".failed/x/y", "demo", ""),
        *("demo/sv/tables%2f..%2fmanifest.json", "..%5c..%5cumea_eval.toml/en/report.html"),
    ):
        assert client.get(f"/reports/files/{path}").status_code == 404, path
    work.close()


def test_an_internal_report_is_marked_as_secret(user: TestClient, project: Path) -> None:
    folder = project / "reports/intern/small/sv"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<p>hemligt</p>", encoding="utf-8")
    facts = {
        **{"title": "Hemlig rapport", "notebook": "small", "language": "sv", "example": False},
        **{"parameters": {}, "started": "2024-02-01T10:00:00+01:00", "duration_s": 1.0},
        **{"edition": "intern", "tables": {}, "files": {"report.html": {"size": 9}}},
    }
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    for path in ("/reports", "/reports/at/intern/small/sv"):
        assert "Sekretess: får inte lämnas ut" in user.get(path).text
    assert "hemligt" in user.get("/reports/files/intern/small/sv/report.html").text


def test_a_withheld_report_says_so_in_words(user: TestClient, site: Site) -> None:
    job = Job("0123", "report", "small", {}, "sv", state="running")
    site.work._jobs[job.id] = job
    _hear(
        job,
        {
            "outcome": "failed",
            "message": "Tabell 1, rad 2",
            "exit_code": Withheld.exit_code,
            "code": "",
        },
    )
    page = user.get("/jobs/0123").text
    assert "Rapporten hålls inne" in page
    assert "utlämnandekontrollen släpper inte ut den" in page
    assert "Tabell 1, rad 2" in page
    assert "Tillbaka till formuläret" in page


def test_a_report_that_lacks_the_decisions_leads_to_their_page(
    user: TestClient, site: Site
) -> None:
    job = Job("0123", "report", "small", {}, "sv", state="running")
    site.work._jobs[job.id] = job
    error = UserError(NO_DECISIONS, file="project.toml")
    _hear(
        job,
        {
            "outcome": "failed",
            "message": error.message("sv"),
            "exit_code": error.exit_code,
            "code": error.code,
        },
    )
    page = user.get("/jobs/0123").text
    assert '<a class="action" href="/project">Fyll i projektets beslut</a>' in page
    assert "Så kan det lösas" not in page  # with commands, which nobody writes here


def test_a_report_that_lacks_its_data_leads_to_their_page(user: TestClient, site: Site) -> None:
    job = Job("0123", "report", "vhu_lss", {}, "sv", state="running")
    site.work._jobs[job.id] = job
    error = UserError(NOT_CLEANED, name="vhu_lss")
    news = {"message": error.message("sv"), "exit_code": error.exit_code, "code": error.code}
    _hear(job, {"outcome": "failed", **news})
    page = user.get("/jobs/0123").text
    assert '<a class="action" href="/datasets/vhu_lss">Lägg in uttag och rensa' in page
    assert "Så kan det lösas" not in page


def test_the_decisions_of_the_project_are_written_once(user: TestClient, project: Path) -> None:
    refused = user.post("/project", data={"controller": "Socialnämnden"})
    assert refused.status_code == 422
    assert 'value="Socialnämnden"' in refused.text
    names = re.findall(r'id="f-(\w+)" name', user.get("/project").text)
    answers = {name: "2030-12-31" if name == "retain_until" else "dnr 1" for name in names}
    number = user.post("/project", data={**answers, "purpose": "Om 19900102-2384"})
    assert number.status_code == 422
    assert user.post("/project", data=answers).status_code == 303
    assert (project / "project.toml").is_file()
    assert "2030-12-31" in user.get("/project").text
    assert "Spara besluten" not in user.get("/project").text


def test_what_is_not_there_is_told(user: TestClient) -> None:
    for path in ("/nothing", "/reports/at/small/en", "/reports/at/../x", "/datasets"):
        page = user.get(path)
        assert page.status_code == 404
        assert "Sidan finns inte" in page.text
    assert "Det finns ingen datamängd" in user.get("/datasets/nothing").text
    assert "Det här finns: form och small" in user.get("/evaluations/nothing").text
    assert user.get(f"/datasets/{DATASET}/quarantine/0123456789abcdef").status_code == 422
    assert user.get("/datasets/survey/account").status_code == 422
