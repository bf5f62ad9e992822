"""How many reports can this machine make at a time, and how much memory may each have?"""

from __future__ import annotations

import os
from pathlib import Path

# What a report of ours needs at least: its own data come on top.
LEAST_BYTES = 1_000_000_000
# What is left for the rest of the machine.
SHARE = 0.8
_CGROUP = Path("/sys/fs/cgroup")


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_bytes() -> int | None:
    """The memory that can be used without taking it from others; None where that is not known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        free = int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:  # a container may have less than the machine
        most = int((_CGROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free
    return min(free, max(most - used, 0))


def workers(wanted: int | None, jobs: int, memory_bytes: int | None) -> int:
    """How many reports to make at a time: ``wanted``, else what cores and memory allow."""
    if wanted is not None:
        return max(1, min(wanted, jobs))
    free = free_bytes()
    fitting = jobs if free is None else int(free * SHARE / (memory_bytes or LEAST_BYTES))
    return max(1, min(cores(), fitting, jobs))


def memory_limit(wanted_bytes: int | None, workers: int) -> int | None:
    """The most memory that one report may have: ``wanted_bytes``, else its part of what is free."""
    if wanted_bytes is not None:
        return wanted_bytes
    free = free_bytes()
    return None if free is None else max(LEAST_BYTES, int(free * SHARE / workers))
