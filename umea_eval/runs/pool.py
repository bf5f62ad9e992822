"""Several reports at a time, each in processes of its own.

Warm, each is forked from a server that has imported everything; where no fork is safe, each is a
new process of the stock kind. Either way a failure, a crash, a time limit or a memory limit of one
never touches another.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from umea_eval.runs.interrupts import interrupt_later
from umea_eval.runs.warm.channel import Channel
from umea_eval.runs.warm.server import Forked, Server, Stale, Unfit

# A maker that is this much over its time is not waiting for a cell: it is stuck.
GRACE_SECONDS = 120.0
STOP_SECONDS = 5.0
ATTEMPTS = 3
_STOPPED = -9

Kind = Literal["done", "made", "failed", "died", "stuck"]


@dataclass(frozen=True)
class Result:
    """How a job ended. ``status`` is the exit status of a maker that died."""

    kind: Kind
    seconds: float
    folder: Path | None = None
    message: str = ""
    own: str = ""
    exit_code: int = 1
    status: int = 0


@dataclass
class Job:
    """A report to make: ``order`` is what its maker is told, ``name`` what people are."""

    name: str
    order: Mapping[str, Any]
    attempts: int = 0


Begun = Callable[[Job], None]
Ended = Callable[[Job, Result], None]


@dataclass(eq=False)
class _Running:
    job: Job
    channel: Channel
    forked: Forked
    begun: float
    outcome: Mapping[str, Any] | None = None
    open: bool = True
    stuck: bool = False


@dataclass
class WarmPool:
    """Makers forked from a server."""

    modules: Sequence[str]
    notebooks: Sequence[Path]
    folder: Path
    workers: int
    log: Path
    _server: Server | None = None
    _running: list[_Running] = field(default_factory=list)

    def start(self) -> None:
        """Start the server: it imports while the batch does other things."""
        with interrupt_later():
            self._server = Server(
                self.modules, folder=self.folder, makers_of=self.notebooks, log=self.log
            )

    def run(self, jobs: Sequence[Job], begun: Begun, ended: Ended) -> None:
        """Make every report. Raises Unfit where no fork is safe.

        On Ctrl-C all that run are stopped, and nothing half done remains. The server stays for the
        next jobs, until ``close``.
        """
        waiting = deque(jobs)
        try:
            if self._server is None:
                self.start()
            assert self._server is not None  # noqa: S101 - started
            self._server.wait_until_ready()
            while waiting or self._running:
                while waiting and len(self._running) < self.workers:
                    self._begin(waiting.popleft(), begun)
                self._wait()
                self._end_finished(waiting, ended)
        except Unfit:
            self._end_finished(waiting, ended)
            self.close()
            raise
        except BaseException:
            self.close()
            raise

    def _end_finished(self, waiting: deque[Job], ended: Ended) -> None:
        for running in self._finished():
            result = _result(running)
            if result.kind == "died" and self._again(running.job, result):
                waiting.append(running.job)
            else:
                ended(running.job, result)

    def _again(self, job: Job, result: Result) -> bool:
        """Whether a maker's death was none of its own doing: its server's, or the system's."""
        if not self._fit() or result.status == _STOPPED:
            return job.attempts < ATTEMPTS
        return False

    def _fit(self) -> bool:
        return self._server is not None and self._server.alive()

    def _begin(self, job: Job, begun: Begun) -> None:
        job.attempts += 1
        for _ in range(ATTEMPTS):
            if not self._fit():
                self._drain()
                self._restart()
            assert self._server is not None  # noqa: S101 - started
            try:
                channel, forked = self._server.fork_maker(job.order)
                break
            except Stale:
                # Those that run go on with the old code to their end; then a new server starts.
                self._drain()
                self._restart()
            except Unfit:
                if self._fit():
                    self._drain()
                    raise
        else:
            raise Unfit("the server has ended again and again")
        self._running.append(_Running(job, channel, forked, time.monotonic()))
        if job.attempts == 1:
            begun(job)

    def _restart(self) -> None:
        if self._server is not None:
            self._server.close()
        self.start()
        assert self._server is not None  # noqa: S101 - started
        self._server.wait_until_ready()

    def _drain(self) -> None:
        while any(running.open or running.forked.status is None for running in self._running):
            self._wait()

    def _wait(self) -> None:
        """Wait for news of any maker."""
        assert self._server is not None  # noqa: S101 - started
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            for running in self._running:
                if running.open:
                    selector.register(running.channel, selectors.EVENT_READ, running)
            for key, _ in selector.select(self._patience()):
                if key.data is None:
                    self._server.listen(0)
                else:
                    _hear(key.data)
        for running in self._running:
            end = _end_of(running)
            if end is not None and time.monotonic() > end and not running.stuck:
                running.stuck = True
                running.forked.signal(signal.SIGKILL)

    def _patience(self) -> float | None:
        ends = [end for running in self._running if (end := _end_of(running)) is not None]
        return max(0.05, min(ends) - time.monotonic()) if ends else None

    def _finished(self) -> list[_Running]:
        finished = [
            running
            for running in self._running
            if running.forked.status is not None and not running.open
        ]
        for running in finished:
            self._running.remove(running)
            running.channel.close()
        return finished

    def close(self) -> None:
        """Stop what runs, and the server."""
        for running in self._running:
            running.forked.signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and any(
            running.forked.poll() is None for running in self._running
        ):
            time.sleep(0.02)
        self._running.clear()
        if self._server is not None:
            self._server.close()
            self._server = None


def _hear(running: _Running) -> None:
    messages, running.open = running.channel.arrived()
    for message in messages:
        if "outcome" in message:
            running.outcome = message


def _end_of(running: _Running) -> float | None:
    seconds = running.job.order["seconds"]
    return None if seconds is None else running.begun + seconds + GRACE_SECONDS


def _result(running: _Running) -> Result:
    seconds = time.monotonic() - running.begun
    if running.outcome is not None:
        return _told(running.outcome, seconds)
    if running.stuck:
        return Result("stuck", seconds)
    return Result("died", seconds, status=running.forked.status or 0)


def _told(outcome: Mapping[str, Any], seconds: float) -> Result:
    folder = outcome.get("folder")
    return Result(
        outcome["outcome"],
        seconds,
        folder=None if folder is None else Path(folder),
        message=outcome.get("message", ""),
        own=outcome.get("own", ""),
        exit_code=outcome.get("exit_code", 0),
    )


@dataclass
class ColdPool:
    """New processes with stock kernels: where there is no fork."""

    folder: Path
    workers: int

    def run(self, jobs: Sequence[Job], begun: Begun, ended: Ended) -> None:
        """Make every report. On Ctrl-C all that run are stopped."""
        processes: set[subprocess.Popen[str]] = set()
        waiting = deque(jobs)
        running: dict[Future[Result], Job] = {}
        with ThreadPoolExecutor(self.workers) as threads:
            try:
                while waiting or running:
                    while waiting and len(running) < self.workers:
                        job = waiting.popleft()
                        running[threads.submit(_make_cold, job, self.folder, processes)] = job
                        begun(job)
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        ended(running.pop(future), future.result())
            except BaseException:
                for process in list(processes):
                    process.send_signal(signal.SIGINT)
                raise


def _make_cold(job: Job, folder: Path, processes: set[subprocess.Popen[str]]) -> Result:
    start, seconds = time.monotonic(), job.order["seconds"]
    # A group of its own: Ctrl-C is for the batch, which passes it on.
    apart: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {}
    with subprocess.Popen(
        [sys.executable, "-m", "umea_eval.runs.maker"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        **apart,
    ) as process:
        processes.add(process)
        try:
            told, _ = process.communicate(
                json.dumps(job.order), timeout=None if seconds is None else seconds + GRACE_SECONDS
            )
        except subprocess.TimeoutExpired:
            process.kill()
            return Result("stuck", time.monotonic() - start)
        finally:
            processes.discard(process)
    for line in reversed(told.splitlines()):
        with suppress(ValueError):
            message = json.loads(line)
            if "outcome" in message:
                return _told(message, time.monotonic() - start)
    return Result("died", time.monotonic() - start, status=process.returncode)
