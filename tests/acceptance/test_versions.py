"""A new version of a report is compared with the one that has left, before it gets its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_editions import SEXES, units_project
from tests.conftest import Run
from tests.disclosure.test_differencing import named
from tests.projects import make_project
from umea_eval.disclosure.profiles import Withheld, release
from umea_eval.disclosure.stored import to_json
from umea_eval.errors import UserError
from umea_eval.runs.executed import record
from umea_eval.runs.versions import (
    FOLDER,
    check_released,
    check_versions,
    clashes,
    remembered,
)
from umea_eval.settings import read_settings

REPORT = "units/exempeldata-sv-profile-default"


def test_a_re_run_with_one_person_more_is_withheld(tmp_path: Path, umea_eval: Run) -> None:
    project = units_project(tmp_path / "project")
    make = ("report", "units", "-p", "profile=default")
    assert umea_eval(project, *make).returncode == 0
    done = umea_eval(project, "release", REPORT, "--by", "FoU-ledare")
    assert done.returncode == 0, done.stderr
    kept = list((project / FOLDER).iterdir())
    assert len(kept) == 1
    page = (project / "reports" / REPORT / "report.html").read_bytes()
    # 18 women of unit A become 19, and its 40 residents 41.
    more = SEXES.replace("A,women,18", "A,women,19").replace("A,total,40", "A,total,41")
    (project / "data/example/sexes.csv").write_text(more, encoding="utf-8")
    done = umea_eval(project, *make)
    assert done.returncode == 3
    assert "tabellen sexes, rad 1 (A, women), kolumnen n" in done.stderr
    assert done.stderr.count(REPORT) == 2  # the new version and the one that has left
    assert "19" not in done.stderr.replace("2019", "")
    assert (project / "reports" / REPORT / "report.html").read_bytes() == page
    settings = read_settings(project)
    facts = record(json.loads((project / "reports" / REPORT / "notebook.ipynb").read_bytes()))
    parameters = {"language": "en", "profile": "default", "edition": "publik", "period": "2023"}

    # The same again, also in the other language, is no news.
    check_versions(facts, parameters, settings, report="x", language="sv")

    # Another period is another report.
    changed = json.loads(json.dumps(facts))
    counts = changed["released"]["tables"][0]["columns"][2]["values"]
    counts[0], counts[2] = 19, 41
    with pytest.raises(Withheld):
        check_versions(changed, parameters, settings, report="x", language="sv")
    check_versions(changed, {**parameters, "period": "2024"}, settings, report="x", language="sv")
    check_versions(
        {**changed, "edition": "intern"}, parameters, settings, report="x", language="sv"
    )

    written = kept[0].read_bytes()
    # Once the changed version has been released, it is the one to compare with.
    time = "2026-01-01T00:00:00+01:00"
    with (
        pytest.raises(KeyboardInterrupt),
        remembered(  # a release that came to nothing
            changed, parameters, settings, report="x", time=time
        ),
    ):
        raise KeyboardInterrupt
    assert kept[0].read_bytes() == written
    with remembered(changed, parameters, settings, report="x", time=time):
        pass
    check_versions(changed, parameters, settings, report="x", language="sv")
    assert list((project / FOLDER).iterdir()) == kept

    kept[0].write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="går inte att läsa"):
        check_versions(facts, parameters, settings, report="x", language="sv")

    # After a batch: a report beside itself opens nothing.
    assert clashes([REPORT, REPORT], settings, language="sv") == {}


def test_the_last_of_all_areas_is_withheld_where_all_has_been_released(tmp_path: Path) -> None:
    """33 women in all, 30 of them in A: the 3 of B follow."""
    settings = read_settings(make_project(tmp_path / "project", {}))
    sexes_of = {"": (33, 47), "A": (30, 20), "B": (3, 27)}

    def facts(area: str, *, example: bool = True) -> dict[str, Any]:
        women, men = sexes_of[area]
        table = named("sex", "sex", [("women", women), ("men", men), ("total", women + men)])
        shown = to_json(release([table], "default", ()))
        return {"name": "small", "profile": "default", "example": example, "released": shown}

    def check(area: str, *, example: bool = True) -> None:
        given = {"area": area, "language": "en"}
        record = facts(area, example=example)
        check_released(record, given, settings, report=f"new {area}", language="sv")

    time = "2026-01-01T00:00:00+01:00"
    for area in ("", "A"):
        check("B")  # one more may be missing yet
        given = {"area": area, "language": "sv"}
        with remembered(facts(area), given, settings, report=f"small {area}", time=time):
            pass
    with pytest.raises(Withheld, match="Rapporten new B släpps inte: tillsammans med small ,"):
        check("B")
    check("B", example=False)  # made-up data tell nothing of anybody
