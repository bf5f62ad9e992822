"""Whole commands: a report from start to end, and everything that can go wrong on the way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import Run, command
from tests.projects import (
    PARAMETERS,
    make_demo,
    make_project,
    small_notebook,
    tree,
)

REPORTS = "reports"


def left_behind(project: Path) -> list[str]:
    """What a run has left that is neither a report nor the index nor the memory of failures."""
    return [
        name
        for name in tree(project / REPORTS)
        if name.startswith(".building") or ("/" not in name and name != "index.html")
    ]


def test_a_report_from_start_to_end(small_project: Path, umea_eval: Run) -> None:
    every = ("--formats", "pdf,docx,xlsx")
    done = umea_eval(small_project, "report", "small", "-p", "period=2022", *every)
    assert (done.returncode, done.stdout) == (0, "reports/small/sv-period-2022/report.html\n")
    assert done.stderr.splitlines()[:2] == [
        "Startar small (svenska) …",
        "  cell 1 av 4: Liten rapport",
    ]
    folder = small_project / "reports/small/sv-period-2022"
    assert set(tree(folder)) == {
        *("report.html", "notebook.ipynb", "manifest.json", "tables/figures.csv"),
        *("ro-crate-metadata.json", "tables.xlsx", "report.pdf", "report.docx"),
    }
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="sv">' in page
    assert "Tabell 1. Värden 2022" in page
    assert "1\u202f234\u202f567,5" in page
    assert "umea-eval report small -p language=sv -p profile=public -p period=2022" in page
    for file, words in (("report.pdf", "PDF"), ("report.docx", "Word")):
        assert f'<a href="{file}">{words}</a>' in page
    assert left_behind(small_project) == []
    # Only the formats that are wanted; a format that there is none of is refused at once.
    assert umea_eval(small_project, "report", "small", "--formats", "xlsx").returncode == 0
    folder = small_project / "reports/small/sv"
    documents = {name for name in tree(folder) if name.endswith((".pdf", ".docx", ".xlsx"))}
    assert documents == {"tables.xlsx"}
    assert "report.pdf" not in (folder / "report.html").read_text(encoding="utf-8")
    done = umea_eval(small_project, "report", "small", "--formats", "odt")
    assert (done.returncode, done.stdout) == (2, "")
    assert "html, pdf, docx, xlsx" in done.stderr


def test_the_manifest_tells_what_was_run_from_what_with_what(
    small_project: Path, umea_eval: Run
) -> None:
    umea_eval(small_project, "report", "small")
    folder = small_project / "reports/small/sv"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    source = small_project / "data/raw/public/figures.csv"
    assert manifest["title"] == "Liten rapport"
    assert manifest["parameters"] == {"language": "sv", "profile": "public", "period": "2023"}
    assert manifest["inputs"][0]["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    notebook = small_project / "notebooks/small.ipynb"
    assert manifest["notebook_sha256"] == hashlib.sha256(notebook.read_bytes()).hexdigest()
    assert manifest["packages"]["pandas"].startswith("3.")
    assert manifest["example"] is False
    assert manifest["profile"] == "public"
    assert manifest["duration_s"] > 0
    assert manifest["tables"]["figures"]["columns"][1]["name"] == "value"
    for name, facts in manifest["files"].items():
        assert facts["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    described = {"manifest.json", "ro-crate-metadata.json"}  # by the other files, not by itself
    assert set(manifest["files"]) == set(tree(folder)) - described


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, umea_eval: Run) -> None:
    trees = []
    for number, (hash_seed, zone) in enumerate(
        [("0", "UTC"), ("1", "Asia/Tokyo"), ("random", "America/New_York")]
    ):
        project = make_demo(tmp_path / f"place{number}/project")
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": "C"}
        done = umea_eval(project, "report", "demo", env=environment)
        assert done.returncode == 0, done.stderr
        files = tree(project / "reports/demo")
        for name in ("manifest", "ro-crate-metadata"):  # only there do date and duration stand
            del files[f"sv/{name}.json"]
        trees.append(files)
    assert trees[0] == trees[1] == trees[2]
    everything = b"".join(trees[0].values())
    assert str(tmp_path).encode() not in everything
    assert sys.prefix.encode() not in everything
    assert b"http:" not in everything
    assert b"https:" not in everything


def test_language_of_the_report_follows_the_command_unless_the_parameter_says_otherwise(
    small_project: Path, umea_eval: Run
) -> None:
    done = umea_eval(small_project, "--language", "en", "report", "small")
    assert done.stdout == "reports/small/en/report.html\n"
    assert done.stderr.startswith("Starting small (English) …")
    page = (small_project / "reports/small/en/report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "1,234,567.5" in page
    done = umea_eval(small_project, "report", "small", "--language", "en", "-p", "language=sv")
    assert done.stdout == "reports/small/sv/report.html\n"


def test_both_languages_and_the_index_with_what_failed_first(
    tmp_path: Path, umea_eval: Run
) -> None:
    failing = small_notebook("raise ValueError('a person lives here')")
    project = make_project(tmp_path / "p", {"bad": failing, "good": small_notebook()})
    done = umea_eval(project, "reports")
    assert done.returncode == 4
    assert done.stdout == "reports/index.html\n"
    assert "2 rapporter klara, 2 misslyckades" in done.stderr
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert index.index("Misslyckades") < index.index("Klar<")
    assert index.count("Liten rapport") >= 2
    assert "ValueError" in index
    assert "a person lives here" not in index + done.stderr
    assert 'href="good/en/report.html" hreflang="en" lang="en"' in index

    (project / "notebooks/bad.ipynb").write_text(small_notebook(), encoding="utf-8")
    assert umea_eval(project, "reports", "bad").returncode == 0
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert "Misslyckades" not in index
    assert tree(project / "reports/.failed") == {}


@pytest.mark.slow
def test_a_value_that_could_not_be_used_is_remembered_only_for_a_report_that_exists(
    tmp_path: Path, umea_eval: Run
) -> None:
    fault = "if period == 2001:\n    report.input('x.csv')\nif period == 2002:\n    1 / 0"
    project = make_project(tmp_path / "p", {"small": small_notebook(fault)})

    def remembered(*arguments: str, code: int) -> list[str]:
        assert umea_eval(project, "report", "small", *arguments).returncode == code
        return sorted(tree(project / "reports/.failed"))

    assert remembered("-p", "period=2001", code=2) == []
    assert remembered("-p", "period=2002", code=1) == ["small--sv-period-2002.json"]
    assert remembered("-p", "period=2003", code=0) == ["small--sv-period-2002.json"]
    both = ["small--sv-period-2002.json", "small--sv-period-2003.json"]
    (project / "data/raw/public/figures.csv").unlink()
    assert remembered("-p", "period=2003", code=2) == both
    assert remembered("-p", "period=2001", code=2) == both
    assert remembered(code=2) == [*both, "small--sv.json"]


def test_the_failure_of_a_notebook_that_is_gone_is_forgotten(
    tmp_path: Path, umea_eval: Run
) -> None:
    project = make_project(tmp_path / "p", {"bad": "{}", "good": small_notebook()})
    assert umea_eval(project, "reports", "bad").returncode == 4
    assert "Misslyckades" in (project / "reports/index.html").read_text(encoding="utf-8")
    (project / "notebooks/bad.ipynb").unlink()
    assert umea_eval(project, "report", "good").returncode == 0
    assert "Misslyckades" not in (project / "reports/index.html").read_text(encoding="utf-8")


def test_a_damaged_manifest_is_shown_and_stops_nothing(small_project: Path, umea_eval: Run) -> None:
    umea_eval(small_project, "report", "small")
    (small_project / "reports/small/sv/manifest.json").write_text("{", encoding="utf-8")
    assert umea_eval(small_project, "report", "small", "-p", "period=2001").returncode == 0
    assert "Skadad" in (small_project / "reports/index.html").read_text(encoding="utf-8")


def test_example_data_can_be_mistaken_for_nothing_else(example_report: Path) -> None:
    folder = example_report / "demo/exempeldata-sv"
    page = (folder / "report.html").read_text(encoding="utf-8")
    banner = "Exempeldata – inga riktiga personer eller händelser"
    assert f"<title>{banner} | Placeringar" in page
    assert f'<meta name="umea_eval:example" content="{banner}">' in page
    assert page.count(banner) >= 4  # title, metadata, screen, every printed page
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["example"] is True
    assert banner in (example_report / "index.html").read_text(encoding="utf-8")


# --- what the user may get wrong ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "smal"], ["smal", "Menade du ”small”?"]),
        (["report", "../small"], ["notebooks"]),
        (["report", "small", "-p", "perod=1"], ["perod", "Menade du ”period”?"]),
        (["report", "small", "-p", "period=x", "-p", "z=1"], ["period", "årtal", "”z”"]),
        (["report", "small", "-p", "profile=none"], ["none", "public"]),
        (["report", "small", "period=1"], ["period=1", "-p namn=värde"]),
        (["report", "small", "--languge", "en"], ["Menade du ”--language”?"]),
        (["report", "small", "-p"], ["-p"]),
        (["report", "small", "--language", "fi"], ["sv, en"]),
        (["raport"], ["Menade du ”report” eller ”reports”?"]),
        (["reports", "smal"], ["Menade du ”small”?"]),
        ([], ["Ange ett kommando"]),
    ],
)
def test_wrong_words_are_one_clear_message_and_start_nothing(
    small_project: Path, umea_eval: Run, arguments: list[str], words: list[str]
) -> None:
    done = umea_eval(small_project, *arguments)
    assert done.returncode == 2
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not (small_project / REPORTS).exists()


def test_lists_evaluations_and_parameters(small_project: Path, umea_eval: Run) -> None:
    for name, broken in (("a", "{}"), ("z", small_notebook(parameters="x = 1"))):
        (small_project / f"notebooks/{name}.ipynb").write_text(broken, encoding="utf-8")
    done = umea_eval(small_project, "report")
    assert (done.returncode, done.stderr) == (0, "")
    assert "a\n  Filen a.ipynb är ingen läsbar notebook" in done.stdout
    assert "z\n  Parametercellen i z.ipynb" in done.stdout
    assert "small: Liten rapport" in done.stdout
    assert "Året som rapporten gäller" in done.stdout
    done = umea_eval(small_project, "--language", "en", "report", "small", "--parameters")
    assert done.returncode == 0
    assert "one of: sv, en" in done.stdout
    assert "The year that the report covers" in done.stdout


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        (["print('Anna')"], 2, ["cell 4", "Resultat", "print"]),
        (["frame"], 2, ["cell 4", "värde"]),
        (["import warnings; warnings.warn('Anna')"], 2, ["cell 4", "varning"]),
        (["import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()"], 2, ["cell 4", "figur"]),
        pytest.param(
            ["import sys; print('Anna', file=sys.stderr)"], 2, ["varning"], marks=pytest.mark.slow
        ),
        (["from IPython.display import HTML, display\ndisplay(HTML('Anna'))"], 2, ["värde"]),
        pytest.param(["print(frame)"], 2, ["cell 4", "print"], marks=pytest.mark.slow),
        (["report.input('data/raw/Anna.csv')"], 2, ["report.input(...)", "release"]),
        pytest.param(["import sys; sys.exit(0)"], 2, [], marks=pytest.mark.slow),
        (["1 +"], 1, ["SyntaxError", "cell 4"]),
        pytest.param(
            ["frame['Anna']"],
            1,
            ["KeyError", "cell 4", "Resultat", "[4], rad 1"],
            marks=pytest.mark.slow,
        ),
        (["int('Anna')"], 1, ["ValueError"]),
        pytest.param(["raise Exception('Anna')"], 1, ["--show-error-text"], marks=pytest.mark.slow),
        (["import os, errno\nraise OSError(errno.ENOSPC, 'Anna')"], 2, ["Disken blev full"]),
        (["import os; os._exit(3)"], 1, ["exit status 3"]),
        (["import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], 2, ["minne"]),
        pytest.param(
            ["report = ue.Report('x', language='sv', profile='public', title={'sv': 'a'})"],
            2,
            [],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_notebook_that_fails_half_way(
    tmp_path: Path, umea_eval: Run, cells: list[str], code: int, words: list[str]
) -> None:
    project = make_project(tmp_path / "p", {"small": small_notebook(*cells)})
    done = umea_eval(project, "report", "small")
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Anna" not in done.stderr.replace("data/raw/Anna.csv", "")
    assert "Traceback" not in done.stderr
    assert left_behind(project) == []
    assert not (project / "reports/small").exists()
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert "Misslyckades" in index
    assert "Anna" not in index


def test_the_errors_own_text_is_shown_on_demand(tmp_path: Path, umea_eval: Run) -> None:
    project = make_project(tmp_path / "p", {"small": small_notebook("int('Anna')")})
    done = umea_eval(project, "report", "small", "--show-error-text")
    assert done.returncode == 1
    assert "invalid literal for int() with base 10: 'Anna'" in done.stderr
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert "Anna" not in index


def test_a_report_without_its_end_is_no_report(tmp_path: Path, umea_eval: Run) -> None:
    project = make_project(tmp_path / "p", {"small": small_notebook(finish="None")})
    done = umea_eval(project, "report", "small")
    assert done.returncode == 2
    assert "report.finish()" in done.stderr


def test_an_earlier_report_survives_a_later_failure(small_project: Path, umea_eval: Run) -> None:
    umea_eval(small_project, "report", "small")
    before = tree(small_project / "reports/small")
    path = small_project / "notebooks/small.ipynb"
    path.write_text(small_notebook("1/0"), encoding="utf-8")
    assert umea_eval(small_project, "report", "small").returncode == 1
    assert tree(small_project / "reports/small") == before


def test_withheld_is_code_three(tmp_path: Path, umea_eval: Run) -> None:
    project = make_project(tmp_path / "p", {})
    shutil.move(project / "data/raw/public/figures.csv", project / "data/raw/figures.csv")
    text = small_notebook().replace("data/raw/public/figures.csv", "data/raw/figures.csv")
    (project / "notebooks/small.ipynb").write_text(text, encoding="utf-8")
    done = umea_eval(project, "report", "small")
    assert done.returncode == 3
    assert "data/raw/figures.csv" in done.stderr
    assert not (project / "reports/small").exists()


@pytest.mark.parametrize(
    ("settings", "word"),
    [("language =", "TOML"), ('langage = "sv"', "langage"), ('language = "fi"', "language")],
)
def test_settings_that_are_wrong(tmp_path: Path, umea_eval: Run, settings: str, word: str) -> None:
    project = make_project(tmp_path / "p", {"small": small_notebook()}, settings=settings)
    done = umea_eval(project, "report", "small")
    assert done.returncode == 2
    assert word in done.stderr


def test_outside_a_project(tmp_path: Path, umea_eval: Run) -> None:
    done = umea_eval(tmp_path, "reports")
    assert done.returncode == 2
    assert "umea_eval.toml" in done.stderr


@pytest.mark.parametrize("text", ["", "no notebook", "[]"])
def test_files_that_are_no_notebook(tmp_path: Path, umea_eval: Run, text: str) -> None:
    project = make_project(tmp_path / "p", {"small": text})
    assert umea_eval(project, "report", "small").returncode == 2
    assert umea_eval(project, "reports").returncode == 4


def test_a_project_without_notebooks(tmp_path: Path, umea_eval: Run) -> None:
    project = make_project(tmp_path / "p", {})
    for arguments in (["reports"], ["report", "small"], ["report"]):
        done = umea_eval(project, *arguments)
        assert done.returncode == 2
        assert "notebooks" in done.stderr


# --- what the machine may do -------------------------------------------------------------------


def test_a_file_in_place_of_the_reports_folder(small_project: Path, umea_eval: Run) -> None:
    (small_project / REPORTS).write_text("mine", encoding="utf-8")
    done = umea_eval(small_project, "report", "small")
    assert done.returncode == 2
    assert "reports" in done.stderr
    assert (small_project / REPORTS).read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows says only that access is denied")
def test_a_folder_in_place_of_the_index(small_project: Path, umea_eval: Run) -> None:
    (small_project / "reports/index.html").mkdir(parents=True)
    done = umea_eval(small_project, "report", "small")
    assert done.returncode == 2
    assert "I mappen reports finns en mapp som heter index.html" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_full_disk(small_project: Path, umea_eval: Run) -> None:
    umea_eval(small_project, "report", "small")
    before = tree(small_project / REPORTS)
    # No file may grow past 4 kB: the page is larger. Python sees EFBIG, as with a full quota.
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 4; trap "" XFSZ; exec "$@"', "-", *command("report", "small")],
        cwd=small_project,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=180,
    )
    assert limited.returncode == 2, limited.stderr
    assert "Disken är full" in limited.stderr
    assert "Traceback" not in limited.stderr
    after = tree(small_project / REPORTS)
    assert {name: after[name] for name in before if name != "index.html"} == {
        name: content for name, content in before.items() if name != "index.html"
    }
    assert left_behind(small_project) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("moment", ["kernel", "cell"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, moment: str) -> None:
    marker = tmp_path / "started"
    slow = f"open({str(marker)!r}, 'w').close()\nimport time; time.sleep(120)"
    project = make_project(tmp_path / "p", {"small": small_notebook(slow)})
    with subprocess.Popen(
        command("report", "small"), cwd=project, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        end = time.monotonic() + 60
        kernels: list[psutil.Process] = []
        while time.monotonic() < end:
            kernels = psutil.Process(process.pid).children(recursive=True)
            if kernels and (moment == "kernel" or marker.exists()):
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Avbrutet" in said
    assert "Traceback" not in said
    assert "Task" not in said
    assert kernels
    assert not [kernel for kernel in kernels if kernel.is_running()]
    assert tree(project / REPORTS) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_no_kernel_outlives_a_killed_command(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    slow = f"open({str(marker)!r}, 'w').close()\nimport time; time.sleep(120)"
    project = make_project(tmp_path / "p", {"small": small_notebook(slow)})
    with subprocess.Popen(
        command("report", "small"), cwd=project, stderr=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + 60
        while not marker.exists() and time.monotonic() < end:
            time.sleep(0.02)
        kernels = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert kernels
    _, alive = psutil.wait_procs(kernels, timeout=15)
    assert not alive
    assert len(list((project / REPORTS).glob(".building-*.lock"))) == 1


def test_another_python3_kernel_on_the_machine_is_not_used(
    tmp_path: Path, small_project: Path, umea_eval: Run
) -> None:
    spec = tmp_path / "jupyter/kernels/python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["false"], "display_name": "wrong", "language": "python"})
    )
    environment = {**os.environ, "JUPYTER_PATH": str(tmp_path / "jupyter")}
    done = umea_eval(small_project, "report", "small", env=environment)
    assert done.returncode == 0, done.stderr


def test_the_users_own_ipython_start_up_is_no_part_of_a_report(
    tmp_path: Path, small_project: Path, umea_eval: Run
) -> None:
    startup = tmp_path / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit(1)")
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    assert umea_eval(small_project, "report", "small", env=environment).returncode == 0


def test_names_and_folders_with_spaces_braces_and_other_letters(
    tmp_path: Path, umea_eval: Run
) -> None:
    project = make_project(tmp_path / "Ärenden {2023} & annat", {"mått 1": small_notebook()})
    done = umea_eval(project, "report", "mått 1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "reports/mått 1/sv/report.html\n"
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert 'href="m%C3%A5tt%201/sv/report.html"' in index


def test_a_value_cannot_become_code(tmp_path: Path, umea_eval: Run) -> None:
    parameters = PARAMETERS + '\narea: str = "all"  # Område | Area'
    check = "assert area == '\\'; raise SystemExit(1) #\\n{period}', area"
    project = make_project(tmp_path / "p", {"small": small_notebook(check, parameters=parameters)})
    done = umea_eval(project, "report", "small", "-p", "area='; raise SystemExit(1) #\n{period}")
    assert done.returncode == 0, done.stderr
