"""The command line itself: help, languages, encodings, pipes, and what it does not import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, command

HEAVY = ("pandas", "numpy", "matplotlib", "papermill", "nbconvert", "nbformat", "IPython", "zmq")
COMMANDS = ("report", "reports", "version")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["version"], *([name, "--help"] for name in COMMANDS)]
)
def test_help_and_version_import_nothing_heavy(small_project: Path, arguments: list[str]) -> None:
    code = (
        "import sys\nfrom umea_eval.cli import run\n"
        f"code = run({arguments!r})\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=small_project,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_the_public_api_is_light_until_it_is_used() -> None:
    code = (
        "import sys, umea_eval as ue\nassert 'pandas' not in sys.modules\n"
        "assert set(ue.__all__) <= set(dir(ue))\n"
        "[getattr(ue, name) for name in ue.__all__]\n"
        "try:\n    ue.nothing\nexcept AttributeError:\n    print('none')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "none\n"


@pytest.mark.parametrize("name", [None, *COMMANDS])
@pytest.mark.parametrize(
    ("language", "headings", "foreign"),
    [
        ("sv", ("Användning:", "Alternativ:", "Exempel:"), ("Usage", "Options", "Show this")),
        ("en", ("Usage:", "Options:", "Example:"), ("Användning", "Alternativ", "Visa")),
    ],
)
def test_help_is_whole_in_one_language_and_has_an_example(
    small_project: Path,
    umea_eval: Run,
    name: str | None,
    language: str,
    headings: tuple[str, ...],
    foreign: tuple[str, ...],
) -> None:
    arguments = ["--language", language, *([name] if name else []), "--help"]
    done = umea_eval(small_project, *arguments)
    assert done.returncode == 0
    for heading in headings:
        assert heading in done.stdout
    for word in foreign:
        assert word not in done.stdout
    assert f"umea-eval {name or 'reports'}" in done.stdout.split("Ex")[-1]


def test_language_of_messages_comes_from_the_settings(small_project: Path, umea_eval: Run) -> None:
    (small_project / "umea_eval.toml").write_text('language = "en"', encoding="utf-8")
    assert "There is no command" in umea_eval(small_project, "nothing").stderr
    assert "finns inte" in umea_eval(small_project, "--language=sv", "nothing").stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_no_encoding_of_the_terminal_stops_it(
    small_project: Path, umea_eval: Run, encoding: str
) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
    done = subprocess.run(
        command("report", "små"),
        cwd=small_project,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    said = done.stderr.decode(encoding)
    expected = '"sm?"' if encoding == "ascii" else "”små”"
    assert expected in said


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_reader_that_goes_away_hears_nothing(small_project: Path) -> None:
    line = " ".join(command("report", "small", "--parameters"))
    script = f'{line} | true; echo "${{PIPESTATUS[0]}}"'
    for _ in range(3):
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=small_project,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="a device of Linux")
@pytest.mark.parametrize("where", [">/dev/full", ">&-", ">/dev/full 2>/dev/full", ">&- 2>&-"])
@pytest.mark.parametrize(
    "arguments", [["version"], ["--help"], ["report", "small", "--parameters"]]
)
def test_a_result_that_nobody_gets_is_no_success(
    small_project: Path, where: str, arguments: list[str]
) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$@" {where}', "-", *command(*arguments)],
        cwd=small_project,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "" if "2>" in where else "gick inte att skriva ut" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_bug_of_ours_is_told_without_its_text(small_project: Path) -> None:
    code = (
        "import sys, umea_eval.cli as cli\n"
        "def broken(*_):\n    raise RuntimeError('Anna')\n"
        "cli.find_notebook = broken\n"
        "sys.exit(cli.run(sys.argv[1:]))"
    )

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, "report", "small", "--parameters", *more],
            cwd=small_project,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    done = run()
    assert done.returncode == 1
    assert "RuntimeError" in done.stderr
    assert "umea_eval/cli.py, rad" in done.stderr
    assert "umea-eval version" in done.stderr
    assert "Anna" not in done.stderr
    assert str(small_project) not in done.stderr
    done = run("--show-error-text")
    assert done.returncode == 1
    assert "RuntimeError: Anna" in done.stderr


def test_a_port_that_there_is_not_is_told_with_those_there_are(
    tmp_path: Path, umea_eval: Run
) -> None:
    done = umea_eval(tmp_path, "app", "--port", "99999")
    assert (done.returncode, "0–65535" in done.stderr) == (2, True)
