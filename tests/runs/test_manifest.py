"""The manifest: what it says of the project's repository, and that it only looks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from umea_eval.runs.manifest import git_state


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_asking_git_changes_nothing_in_the_repository(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    assert git_state(tmp_path) is None
    git("init", "--quiet")
    file = tmp_path / "a.txt"
    file.write_text("a", encoding="utf-8")
    git("add", "a.txt")
    git("commit", "--quiet", "--message", "first")
    # The index no longer knows the file's time: an ordinary status would write it anew.
    os.utime(file, (1, 1))
    before = (tmp_path / ".git/index").read_bytes()
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD"), "changed": False}
    assert (tmp_path / ".git/index").read_bytes() == before
    file.write_text("b", encoding="utf-8")
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD"), "changed": True}
