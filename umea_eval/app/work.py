"""What the app has in hand: one piece of work at a time, each in a process of its own.

A crash or a lack of memory there takes no page with it. The process is told to stop by the end of
its input, and so stops too if the app itself dies.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from umea_eval.language import Language, text

Kind = Literal["clean", "example", "report"]
State = Literal["waiting", "running", "done", "failed", "withheld", "cancelled"]

ENDED: tuple[State, ...] = ("done", "failed", "withheld", "cancelled")
STOP_SECONDS = 10
WITHHELD = 3


@dataclass
class Job:
    """One piece of work. ``about`` is what the process needs to know, ``result`` what it gave.

    ``name`` is the dataset or the notebook; ``number`` of ``total`` steps have begun, and
    ``section`` says in words what is being done. ``message`` is what was wrong, and ``code`` that
    of the page which says how it is mended.
    """

    id: str
    kind: Kind
    name: str
    about: Mapping[str, Any]
    language: Language
    state: State = "waiting"
    number: int = 0
    total: int = 0
    section: str = ""
    message: str = ""
    code: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


class Work:
    """The jobs of one app, in the order in which they were asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._jobs: dict[str, Job] = {}
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="umea_eval work", daemon=True)
        self._thread.start()

    def add(
        self, kind: Kind, name: str, language: Language, about: Mapping[str, Any] | None = None
    ) -> Job:
        """Take on a piece of work."""
        job = Job(secrets.token_hex(8), kind, name, about or {}, language)
        self._jobs[job.id] = job
        self._waiting.put(job)
        return job

    def find(self, number: str) -> Job | None:
        """The job with that number."""
        return self._jobs.get(number)

    def in_hand(self) -> list[Job]:
        """What is waiting or running."""
        return [job for job in self._jobs.values() if not job.ended]

    def cancel(self, job: Job) -> None:
        """Stop a job, or let it never begin; one that has ended stays as it is."""
        with self._lock:
            if job.ended:
                return
            running = job.state == "running"
            job.state = "cancelled"
            process = self._process if running else None
        if process is not None:
            _stop(process)

    def close(self) -> None:
        """Stop everything."""
        for job in self.in_hand():
            self.cancel(job)
        self._waiting.put(None)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            with self._lock:
                if job.ended:
                    continue
                job.state = "running"
                try:
                    process = self._process = _start(self._root)
                except OSError:
                    job.state, job.message = "failed", text("app.work.no_process", job.language)
                    continue
            self._follow(job, process)

    def _follow(self, job: Job, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - pipes
        asked = {
            "kind": job.kind,
            "name": job.name,
            "language": job.language,
            "root": str(self._root),
            **job.about,
        }
        with suppress(OSError):  # it has died already, which its output will show
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            with suppress(ValueError):
                _hear(job, json.loads(line))
        process.wait()
        with self._lock:
            self._process = None
            if not job.ended:
                job.state, job.message = "failed", text("app.work.died", job.language)
        with suppress(OSError):
            process.stdin.close()
        process.stdout.close()


def _hear(job: Job, news: Mapping[str, Any]) -> None:
    outcome = news.get("outcome")
    if outcome is None:
        job.number, job.total = int(news["number"]), int(news["total"])
        job.section = str(news["section"])
    elif job.ended:
        return
    elif outcome == "done":
        job.result, job.state = news, "done"
    else:
        job.message, job.code = str(news["message"]), str(news["code"])
        job.state = "withheld" if news["exit_code"] == WITHHELD else "failed"


def _start(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "umea_eval.app.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What a library writes there may quote data.
        stderr=subprocess.DEVNULL,
        cwd=root,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        encoding="utf-8",
        # Ctrl-C in the terminal is the app's alone; it then stops what it has begun.
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _stop(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with suppress(OSError, ValueError):
            process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
