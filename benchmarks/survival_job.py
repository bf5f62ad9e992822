"""One side of the survival benchmark: ``python survival_job.py SIDE CURVE TIMES PERSONS``.

Runs in either environment, so it imports nothing of ours but in the function that measures us.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def data(persons: int, times: str) -> pd.DataFrame:
    """Exponential times, uniform censoring, two causes; whole months are rounded up."""
    rng = np.random.default_rng(0)
    event, end = rng.exponential(20, persons), rng.uniform(0, 60, persons)
    observed = np.minimum(event, end)
    cause = np.where(event <= end, rng.integers(1, 3, persons), 0)
    if times == "months":
        observed = np.ceil(observed).astype(np.int64)
    return pd.DataFrame({"time": observed, "cause": cause, "event": (cause > 0).astype(np.int64)})


def ours(frame: pd.DataFrame, curve: str) -> Callable[[], Any]:
    """Our call."""
    from umea_eval.methods.survival import cumulative_incidence, kaplan_meier  # noqa: PLC0415

    if curve == "kaplan_meier":
        return lambda: kaplan_meier(frame["time"], frame["event"])
    return lambda: cumulative_incidence(frame["time"], frame["cause"])


def lifelines(frame: pd.DataFrame, curve: str) -> Callable[[], Any]:
    """The peer's call. Its warning that it jitters ties at random is left out of the time."""
    from lifelines import AalenJohansenFitter, KaplanMeierFitter  # noqa: PLC0415

    warnings.simplefilter("ignore")
    if curve == "kaplan_meier":
        return lambda: KaplanMeierFitter().fit(frame["time"], frame["event"])
    return lambda: AalenJohansenFitter(seed=1).fit(
        frame["time"], frame["cause"], event_of_interest=1
    )


def memory_mb() -> float:
    """The most memory that this process has had."""
    import resource  # noqa: PLC0415 - Linux and macOS only, as the benchmark

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1e6 if sys.platform == "darwin" else 1e3), 1)


def main(side: str, curve: str, times: str, persons: str) -> None:
    """Warm up on a small frame, then time the best of three."""
    prepare = {"ours": ours, "lifelines": lifelines}[side]
    prepare(data(1_000, times), curve)()
    call = prepare(data(int(persons), times), curve)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    sys.stdout.write(json.dumps({"seconds": min(seconds), "memory_mb": memory_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
