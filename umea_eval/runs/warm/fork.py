"""Forking: the new process keeps nothing of the old one that could disturb either."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from umea_eval.runs.warm.channel import Channel, from_descriptor, pair
from umea_eval.runs.warm.interpreter import Task, run

_PR_SET_PDEATHSIG = 1
_FILES = Path("/proc/self/fd")
_TASKS = Path("/proc/self/task")
# Loaded before any fork: afterwards nothing is imported that need not be.
_libc = ctypes.CDLL(None, use_errno=True)
_own: set[int] = set()
_filters: list[Any] = []


class Child:
    """A process that this one has forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """The exit status (negative: the signal), or None while it runs."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it has started."""
        if self.poll() is None:
            signal_group(self.pid, number)

    def kill(self) -> int:
        """End it at once, and return the exit status."""
        while self.poll() is None:
            self.signal(signal.SIGKILL)
            with suppress(ChildProcessError):
                self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status or 0


def signal_group(pid: int, number: int) -> None:
    """Signal a forked process with its group; it has one of its own unless it is brand new."""
    with suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def tasks() -> int:
    """How many threads this process has. Only with one is it safe to fork."""
    return sum(1 for _ in _TASKS.iterdir())


def remember_filters() -> None:
    """The warning filters as they are now are what new interpreters have."""
    _filters[:] = warnings.filters


def filters() -> list[Any]:
    """The warning filters that a fresh kernel would have."""
    return list(_filters)


def remember_descriptors(passing: Collection[int]) -> None:
    """What is open now belongs to the libraries, but for ``passing``: children keep it."""
    _own.clear()
    _own.update(int(entry.name) for entry in _FILES.iterdir())
    _own.difference_update(passing)
    _own.update((0, 1, 2))


def fork(work: Callable[[], None], *, keep: Collection[int] = ()) -> Child:
    """Do ``work`` in a new process, which ends with it, with this one, and with nothing else.

    Raises RuntimeError if this process has threads: the new one could wait for a lock for ever.
    """
    count = tasks()
    if count != 1:
        raise RuntimeError(f"{count} threads")
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return Child(pid)
    status = 1
    try:
        _die_with(parent)
        _let_go(keep)
        work()
        status = 0
    except BaseException:  # noqa: BLE001
        # Whatever happened, the rest of the parent's program must not run here.
        os.write(2, traceback.format_exc().encode("utf-8", errors="replace"))
    finally:
        os._exit(status)


def fork_interpreter(task: Task) -> tuple[Channel, Child]:
    """A new interpreter for one notebook."""
    ours, theirs = pair()
    descriptor = theirs.detach()

    def work() -> None:
        run(from_descriptor(descriptor), task, _filters)

    child = fork(work, keep=(descriptor,))
    os.close(descriptor)
    return ours, child


def _die_with(parent: int) -> None:
    if _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before we could say so
        os._exit(1)


def _let_go(keep: Collection[int]) -> None:
    """Give up the parent's locks and connections.

    A descriptor is pointed elsewhere, not closed: an object of the parent's that is collected here
    must not close somebody else's file of the same number.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for entry in list(_FILES.iterdir()):
        descriptor = int(entry.name)
        if descriptor not in _own and descriptor not in keep and descriptor != nowhere:
            with suppress(OSError):  # the folder's own descriptor, which is closed by now
                os.fstat(descriptor)
                os.dup2(nowhere, descriptor, inheritable=False)
    os.close(nowhere)
