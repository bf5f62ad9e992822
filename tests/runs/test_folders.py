"""Folders: whole or absent, locked while they are built, cleaned up after the dead."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from umea_eval.errors import UserError
from umea_eval.runs import folders
from umea_eval.runs.folders import building, remove_leftovers, writing


def build(reports: Path, content: bytes) -> Path:
    with building(reports) as site:
        site.write({"report.html": content, "tables/a.csv": content})
        return site.move_to("key_figures/sv")


def names(reports: Path) -> list[str]:
    return sorted(path.relative_to(reports).as_posix() for path in reports.rglob("*"))


WHOLE = [
    "key_figures",
    "key_figures/sv",
    "key_figures/sv/report.html",
    "key_figures/sv/tables",
    "key_figures/sv/tables/a.csv",
]


def test_new_folder_and_replaced_folder_leave_nothing_else(tmp_path: Path) -> None:
    reports = tmp_path / "deep/reports"
    for content in (b"first", b"second"):
        folder = build(reports, content)
        assert (folder / "report.html").read_bytes() == content
        assert names(reports) == WHOLE


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_earlier_version_survives_a_failed_run(
    tmp_path: Path, error: type[BaseException]
) -> None:
    build(tmp_path, b"first")
    with pytest.raises(error), building(tmp_path) as site:
        site.write({"report.html": b"half"})
        raise error
    assert names(tmp_path) == WHOLE
    assert (tmp_path / "key_figures/sv/report.html").read_bytes() == b"first"


def test_an_earlier_version_is_put_back_if_the_move_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path, b"first")

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(folders, "_rename", full)
    with pytest.raises(UserError) as caught:
        build(tmp_path, b"second")
    assert caught.value.key == "runs.errors.no_space_reports"
    assert names(tmp_path) == WHOLE
    assert (tmp_path / "key_figures/sv/report.html").read_bytes() == b"first"


def test_a_target_outside_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reports folder"), building(tmp_path / "reports") as site:
        site.move_to("../elsewhere")
    assert not (tmp_path / "elsewhere").exists()


STUCK = """
import sys, time
from pathlib import Path
from umea_eval.runs.folders import building
with building(Path(sys.argv[1])) as site:
    site.write({"report.html": b"half"})
    print("ready", flush=True)
    time.sleep(60)
"""


def test_leftovers_go_when_the_run_is_dead_and_stay_while_it_lives(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.glob(".building-*/new/report.html"))) == 1
        process.kill()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == []


def test_a_version_that_was_being_replaced_when_the_machine_stopped_is_put_back(
    tmp_path: Path,
) -> None:
    build(tmp_path, b"first")
    home = tmp_path / ".building-dead"
    home.mkdir()
    (tmp_path / ".building-dead.lock").touch()
    (home / "target.txt").write_text("key_figures/sv")
    (tmp_path / "key_figures/sv").rename(home / "previous")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == WHOLE


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (errno.ENOSPC, "no_space_reports"),
        (errno.EDQUOT, "no_space_reports"),
        (errno.EROFS, "read_only"),
        (errno.EACCES, "read_only"),
        (errno.ENOTDIR, "no_folder"),
    ],
)
def test_what_a_disk_refuses_is_one_message(tmp_path: Path, number: int, key: str) -> None:
    with pytest.raises(UserError) as caught, writing(tmp_path):
        raise OSError(number, os.strerror(number))
    assert caught.value.key == f"runs.errors.{key}"


def test_other_errors_are_bugs(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="input"), writing(tmp_path):
        raise OSError(errno.EIO, "input/output")


def test_runs_of_the_same_report_at_the_same_time(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from umea_eval.runs.folders import building
for turn in range(40):
    with building(Path(sys.argv[1])) as site:
        site.write({name: sys.argv[2].encode() for name in ("report.html", "tables/a.csv")})
        site.move_to("key_figures/sv")
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in ("a", "b")
    ]
    end = time.monotonic() + 60
    assert [run.wait(timeout=max(1, end - time.monotonic())) for run in runs] == [0, 0]
    assert names(tmp_path) == WHOLE
    assert len({path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}) == 1
