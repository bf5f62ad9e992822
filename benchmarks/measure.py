"""How a benchmark measures: commands in turn, medians, memory in a run of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"
RUNS = 5
_POLL_SECONDS = 0.02

Job = Callable[[], Sequence[Sequence[str]]]
"""Prepares a run (not measured) and gives the commands that are measured together."""


@dataclass(frozen=True)
class Result:
    """The contract of all benchmarks: seconds are medians, a ratio above 1 means we are faster."""

    name: str
    ours_s: float
    peers: dict[str, float]
    ratios: dict[str, float]
    runs: int
    memory_mb: dict[str, float]

    def write(self) -> Path:
        """Write ``benchmarks/results/NAME.json``."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return path


def compare(
    name: str,
    ours: Job,
    peers: Mapping[str, Job],
    *,
    folder: Path,
    runs: int = RUNS,
    memory: bool = True,
) -> Result:
    """Measure every job ``runs`` times in turn, after one warm-up each that also tells its memory.

    ``memory=False``: neither, for jobs of many minutes.

    In turn, so that what else the machine does meets all of them alike. Memory is the most that
    the commands and their children had to themselves (PSS where the system tells it, else RSS).
    """
    jobs = {"ours": ours, **peers}
    used = {job: _memory(prepare(), folder) for job, prepare in jobs.items()} if memory else {}
    seconds: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(runs):
        for job, prepare in jobs.items():
            commands = prepare()
            start = time.perf_counter()
            for command in commands:
                subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603
            seconds[job].append(time.perf_counter() - start)
    medians = {job: round(statistics.median(times), 3) for job, times in seconds.items()}
    own = medians.pop("ours")
    return Result(
        name=name,
        ours_s=own,
        peers=medians,
        ratios={job: round(median / own, 2) for job, median in medians.items()},
        runs=runs,
        memory_mb=used,
    )


def compare_calls(
    name: str, commands: Mapping[str, Sequence[str]], *, folder: Path, runs: int
) -> Result:
    """Run every side's command ``runs`` times in turn; ``commands["ours"]`` is ours.

    Each times its own call, without imports and without making the data, and writes
    ``{"seconds": ..., "memory_mb": ...}``.
    """
    seconds: dict[str, list[float]] = {side: [] for side in commands}
    memory = dict.fromkeys(commands, 0.0)
    for _ in range(runs):
        for side, command in commands.items():
            done = subprocess.run(  # noqa: S603
                command, cwd=folder, check=True, capture_output=True, text=True
            )
            told = json.loads(done.stdout)
            seconds[side].append(told["seconds"])
            memory[side] = max(memory[side], told["memory_mb"])
    medians = {side: statistics.median(taken) for side, taken in seconds.items()}
    own = medians.pop("ours")
    return Result(
        name=name,
        ours_s=round(own, 4),
        peers={side: round(taken, 4) for side, taken in medians.items()},
        ratios={side: round(taken / own, 2) for side, taken in medians.items()},
        runs=runs,
        memory_mb=memory,
    )


def memory_mb() -> float:
    """The most memory that this process has had."""
    import resource  # noqa: PLC0415 - Linux and macOS only, as the benchmarks that ask

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1e6 if sys.platform == "darwin" else 1e3), 1)


def _memory(commands: Sequence[Sequence[str]], folder: Path) -> float:
    """The highest memory, in megabytes, of the commands with their children."""
    highest = 0
    for command in commands:
        with subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            root = psutil.Process(process.pid)
            while process.poll() is None:
                highest = max(highest, _family_memory(root))
                time.sleep(_POLL_SECONDS)
        if process.returncode:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return round(highest / 1e6, 1)


def _family_memory(root: psutil.Process) -> int:
    total = 0
    try:
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in family:
        try:
            facts = process.memory_full_info()
        except psutil.Error:
            continue  # it has just ended
        total += getattr(facts, "pss", facts.rss)
    return total
