"""The cache: what a report depends on, and that each change of it is seen and named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects import PARAMETERS, cell, make_project, notebook, small_notebook
from umea_eval.report.provenance import PACKAGE, input_sha256
from umea_eval.runs import cache
from umea_eval.runs.cache import Key, Sources, changes, kept_of, key_of, notebook_imports
from umea_eval.settings import read_settings, with_formats

INPUT = "data/raw/public/figures.csv"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    own = "import own\n" + 'x = "data/raw/public/figures.csv"'
    made = make_project(tmp_path / "p", {"small": small_notebook(own)})
    (made / "own.py").write_text("from helper import help\n", encoding="utf-8")
    (made / "helper.py").write_text("def help():\n    import deep.inner\n", encoding="utf-8")
    (made / "deep").mkdir()
    (made / "deep/__init__.py").write_text("", encoding="utf-8")
    (made / "deep/inner.py").write_text("from . import leaf\n", encoding="utf-8")
    (made / "deep/leaf.py").write_text("value = 1\n", encoding="utf-8")
    (made / "other.py").write_text("value = 1\n", encoding="utf-8")
    return made


def key(project: Path, **values: int) -> Key:
    settings = read_settings(project)
    return key_of(project / "notebooks/small.ipynb", values, settings, Sources(project))


def kept(project: Path) -> dict[str, object]:
    sha256, size = input_sha256(project / INPUT)
    inputs = [{"path": INPUT, "sha256": sha256, "size": size}]
    return kept_of(key(project, period=2022), inputs, [], Sources(project))


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda project: (project / name).write_text(text, encoding="utf-8") and None


def change_notebook(project: Path) -> None:
    (project / "notebooks/small.ipynb").write_text(small_notebook("import own, sys"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda project: None, []),
        (change_notebook, ["notebook"]),
        (write("deep/leaf.py", "value = 2\n"), ["code"]),
        (write("helper.py", "def help(): pass\n"), ["code"]),
        (write("other.py", "value = 2\n"), []),  # no cell uses it
        (write("umea_eval.toml", 'language = "en"\n'), ["settings"]),
        (write(INPUT, "name,value\nUmeå,1\n"), [INPUT]),
        (lambda project: (project / INPUT).unlink(), [INPUT, "data/raw/public/"]),
        # A notebook may look for a file that was not there.
        (write("data/raw/public/figures.csv.answers.csv", "a"), ["data/raw/public/"]),
        (write("data/raw/public/.hidden", "a"), []),
    ],
)
def test_each_change_is_seen_and_named(
    project: Path, change: Callable[[Path], None], named: list[str]
) -> None:
    before = kept(project)
    change(project)
    assert changes(before, key(project, period=2022), Sources(project)) == named


def test_parameters_environment_and_an_older_manifest(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(project)
    assert changes(before, key(project, period=2023), Sources(project)) == ["parameters"]
    monkeypatch.setattr(cache, "environment_sha256", lambda: "another")
    assert changes(before, key(project, period=2022), Sources(project)) == ["environment"]
    assert set(cache.PARTS) <= set(changes({}, key(project, period=2022), Sources(project)))


def test_opening_and_saving_a_notebook_changes_nothing(project: Path) -> None:
    before = key(project)
    path = project / "notebooks/small.ipynb"
    document = json.loads(path.read_text(encoding="utf-8"))
    for each in document["cells"]:
        each["source"] = each["source"].splitlines(keepends=True)
        if each["cell_type"] == "code":
            each |= {"execution_count": 7, "outputs": [{"output_type": "stream"}]}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert key(project) == before


def test_code_is_what_the_notebook_uses_and_no_more(tmp_path: Path) -> None:
    plain = make_project(tmp_path / "a", {"small": small_notebook()})
    sources = Sources(plain)
    used = sources.code(["umea_eval.report.report"])[1]
    assert "umea_eval.report.tables" in used
    assert "matplotlib.figure" in used  # imported within a function
    assert not [name for name in used if name.startswith("umea_eval.datasets")]
    # The words that a room speaks belong to its code.
    words = PACKAGE / "report/words.toml"
    before = sources.code(["umea_eval.report.report"])[0]
    fresh = Sources(plain)
    fresh.known[str(words)] = ((*_stamp(words),), "changed", None)
    assert fresh.code(["umea_eval.report.report"])[0] != before


def _stamp(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def test_what_is_remembered_of_a_file_is_used_only_while_it_is_unchanged(project: Path) -> None:
    path = project / "other.py"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    known: dict[str, cache.Known] = {}
    sha256 = Sources(project, known).sha256(path)
    known[str(path)] = (known[str(path)][0], "remembered", ())
    assert Sources(project, known).sha256(path) == "remembered"
    path.write_text("value = 3\n", encoding="utf-8")
    assert Sources(project, known).sha256(path) not in ("remembered", sha256)
    # It was changed a moment ago: the next change may have the same time.
    assert known[str(path)][0] == (0, 0, 0)


def test_a_folder_of_data_is_hashed_as_the_report_hashes_it(project: Path) -> None:
    (project / "data/raw/public/deep").mkdir()
    (project / "data/raw/public/deep/b.toml").write_bytes(b"a\r\nb")
    (project / "data/raw/public/.quarantine").mkdir()
    (project / "data/raw/public/.quarantine/c.csv").write_bytes(b"c")
    for name in ("data/raw/public", INPUT, "data/raw/public/deep/b.toml"):
        assert Sources(project).data(project / name) == input_sha256(project / name)[0]
    assert Sources(project).data(project / "data/none.csv") == ""


def test_files_read_past_the_report_object_are_data_too(project: Path) -> None:
    reads = [str(project / name) for name in (INPUT, "own.py", "umea_eval.toml", ".git/x")]
    facts = kept_of(key(project), [], reads, Sources(project))
    assert list(facts["data"]) == [INPUT]


def test_imports_of_cells() -> None:
    cells = [
        cell("import a.b as c, d\n%matplotlib inline\n!echo x\nfrom e.f import g, h"),
        cell("import not_this", kind="markdown"),
        cell("def f():\n    from i import *"),
        cell("1 +"),
        cell(PARAMETERS, "parameters"),
    ]
    names = {"a.b", "d", "e.f", "e.f.g", "e.f.h", "i", "typing", "typing.Literal"}
    assert set(notebook_imports(cells)) == names
    assert notebook_imports(json.loads(notebook(*cells))["cells"]) == notebook_imports(cells)


def test_a_server_imports_nothing_of_the_projects_own(project: Path) -> None:
    """What such a module reads when it is imported must be seen by the run's guard."""
    _, imported = Sources(project).code(["own", "umea_eval.report.report"])
    assert {"umea_eval.report.report", "pandas"} <= set(imported)
    assert not {name.split(".")[0] for name in imported} & {"own", "helper", "deep"}


def test_what_our_package_imports_when_asked_is_used_only_by_those_who_ask(project: Path) -> None:
    cells = [cell("import umea_eval as ue"), cell("1 +"), cell("report = ue.Report()")]
    names = notebook_imports(cells)
    assert set(names) == {"umea_eval", "umea_eval.Report"}
    _, asked = Sources(project).code(names)
    _, unasked = Sources(project).code(["umea_eval"])
    assert "umea_eval.report.report" in asked
    assert "umea_eval.report.report" not in unasked
    assert not [name for name in asked if name.startswith("umea_eval.datasets")]


def test_other_formats_are_other_settings(project: Path) -> None:
    made = with_formats(read_settings(project), "pdf")
    other = key_of(project / "notebooks/small.ipynb", {}, made, Sources(project))
    differing = [
        name for name in cache.PARTS if getattr(other, name) != getattr(key(project), name)
    ]
    assert differing == ["settings"]
