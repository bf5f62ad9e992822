"""The release log: chained, whole lines only, and every kind of tampering shows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Run
from umea_eval.disclosure.release_log import FILE, FIRST, Entry, alone, append, released, verify
from umea_eval.errors import UserError


def add(path: Path, n: int) -> Entry:
    with alone(path):
        return append(
            path,
            time=f"2026-01-{n + 1:02}T10:00:00+01:00",
            by="FoU-ledare å",
            report=f"small/sv-{n}",
            edition="publik",
            profile="strict",
            example=False,
            files={"report.html": f"{n:064x}", "a.csv": "0" * 64},
        )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / FILE
    for n in range(5):
        add(path, n)
    return path


def test_each_line_holds_the_hash_of_the_one_before(log: Path) -> None:
    verdict = verify(log)
    assert verdict.holds
    assert [entry.number for entry in verdict.entries] == [1, 2, 3, 4, 5]
    hashes = [FIRST, *(entry.hash for entry in verdict.entries)]
    assert [entry.previous for entry in verdict.entries] == hashes[:-1]
    assert len(set(hashes)) == 6
    found = released(verdict.entries, "small/sv-2")
    assert found is not None
    assert found.number == 3
    assert released(verdict.entries, "other") is None


def edited(lines: list[bytes]) -> dict[str, tuple[list[bytes], int]]:
    changed = lines[2].replace(b"strict", b"public")
    spaced = lines[3].replace(b'":', b'": ', 1)
    forged = json.loads(lines[1])
    forged["by"] = "annan"
    return {
        "changed": ([*lines[:2], changed, *lines[3:]], 3),
        "a space": ([*lines[:3], spaced, *lines[4:]], 4),
        "removed": ([*lines[:1], *lines[2:]], 2),
        "the first removed": (lines[1:], 1),
        "moved": ([lines[0], lines[2], lines[1], *lines[3:]], 2),
        "repeated": ([*lines, lines[-1]], 6),
        "no json": ([*lines[:4], b"{", lines[4]], 5),
        "forged": ([lines[0], json.dumps(forged).encode(), *lines[2:]], 2),
        "an empty line": ([*lines[:2], b"", *lines[2:]], 3),
        "a list": ([b"[1]", *lines], 1),
        "nested too deeply": ([*lines, b"[" * 200_000], 6),
        "half a character": ([*lines, lines[4].replace(b"\xc3\xa5", b"\\ud800")], 6),
    }


@pytest.mark.parametrize("way", list(edited([b'{"a":1}'] * 5)))
def test_tampering_shows_at_its_line_and_nothing_is_added(log: Path, way: str) -> None:
    lines, first = edited(log.read_bytes().splitlines())[way]
    log.write_bytes(b"\n".join(lines) + b"\n")
    verdict = verify(log)
    assert (verdict.holds, verdict.broken) == (False, first)
    before = log.read_bytes()
    with pytest.raises(UserError, match=f"rad {first}"):
        add(log, 9)
    assert log.read_bytes() == before


def test_a_cut_log_shows_only_against_a_hash_that_was_noted(log: Path) -> None:
    entries = verify(log).entries
    content = log.read_bytes()
    log.write_bytes(b"".join(content.splitlines(keepends=True)[:3]))
    assert verify(log).holds
    assert not verify(log, head=entries[4].hash).holds
    assert verify(log, head=entries[2].hash.upper()).holds
    log.write_bytes(content)
    # A hash that was noted before later releases still holds.
    assert verify(log, head=entries[1].hash).holds
    # Half a line, as when a disk was full while something else wrote.
    log.write_bytes(content[:-1])
    assert verify(log).broken == 5
    log.write_bytes(content[:-30])
    assert verify(log).broken == 5


def test_a_log_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(UserError, match="går inte att läsa"):
        verify(tmp_path / FILE)


def test_many_at_once_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / FILE
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: add(path, n), range(20)))
    verdict = verify(path)
    assert verdict.holds
    assert {entry.report for entry in verdict.entries} == {f"small/sv-{n}" for n in range(20)}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_killed_writer_leaves_whole_lines_and_no_lock(tmp_path: Path) -> None:
    path = tmp_path / FILE
    code = (
        "import sys; from pathlib import Path; from tests.disclosure.test_release_log import add\n"
        "for n in range(10000):\n    add(Path(sys.argv[1]), n % 28)\n    print(n, flush=True)"
    )
    for stop in ("3", "8"):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                if line.strip() == stop:
                    os.kill(writer.pid, signal.SIGKILL)
                    break
    verdict = verify(path)
    assert verdict.holds
    assert len(verdict.entries) >= 13
    add(path, 1)
    assert verify(path).holds


def test_release_and_log_as_commands(demo_reports: Path, tmp_path: Path, umea_eval: Run) -> None:
    project = tmp_path / "project"
    shutil.copytree(demo_reports.parent, project)
    folder = next((project / "reports/demo").glob("*"))
    report = folder.relative_to(project).as_posix()
    assert "än" in umea_eval(project, "log").stderr
    for by in ("", "  ", "18900101-9802", "FoU-ledare\n2. utgåva publik", "Chef \x1b[2J"):
        assert umea_eval(project, "release", report, "--by", by).returncode == 2
    assert not (project / FILE).exists()
    done = umea_eval(project, "release", report, "--by", "FoU-ledare")
    assert done.returncode == 0, done.stderr
    head = done.stdout.strip()
    again = umea_eval(
        project / "reports", "release", report.removeprefix("reports/"), "--by", "Chef"
    )
    assert again.returncode == 0, again.stderr
    verdict = verify(project / FILE)
    assert verdict.entries[0].hash == head
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(verdict.entries[0].files) == files
    listed = umea_eval(project, "log").stdout.splitlines()
    assert len(listed) == 2
    assert report.removeprefix("reports/") in listed[0]
    assert umea_eval(project, "log", "verify", "--head", head).returncode == 0
    assert umea_eval(project, "log", "verify", "--head", "ab" * 32).returncode == 4
    path = project / FILE
    path.write_bytes(path.read_bytes().replace(b"Chef", b"Vem"))
    broken = umea_eval(project, "--language", "en", "log", "verify")
    assert broken.returncode == 4
    assert "does not hold: 2" in broken.stderr
    path.unlink()
    # A report that is not as it was made, and an internal one, are not released.
    page = folder / "report.html"
    page.write_bytes(page.read_bytes() + b" ")
    done = umea_eval(project, "release", report, "--by", "Chef")
    assert done.returncode == 2
    assert "1 fil saknas" in done.stderr
    page.write_bytes(page.read_bytes()[:-1])
    manifest = folder / "manifest.json"
    whole = manifest.read_text(encoding="utf-8")
    manifest.write_text(whole.replace('"edition": "publik"', '"edition": "intern"', 1))
    assert "intern utgåva" in umea_eval(project, "release", report, "--by", "Chef").stderr
    assert umea_eval(project, "release", "reports", "--by", "Chef").returncode == 2
    assert umea_eval(project, "release", "notebooks", "--by", "Chef").returncode == 2
    assert umea_eval(project, "release", "a" * 5000, "--by", "Chef").returncode == 2
    assert not path.exists()
