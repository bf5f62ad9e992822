"""What all ways of cleaning must do, and how they say how long it took.

Rules for each row of ``benchmarks.payments``, in this order; the first that fails is the reason:
identity number (form, date, check digit, not after the extraction), month, date, amount (a number,
at most 500 000 in size; missing is a reason of its own), kind of support, obstacle. A row equal to
one above it is a duplicate. Out comes Parquet with pseudonym, birth year, sex, household (a
pseudonym too), month, date, amount, codes and the row number, and the quarantine with row and
reason.
"""

from __future__ import annotations

import hmac
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

KEY = bytes(range(32))
KINDS = {
    "Försörjningsstöd": "livelihood",
    "Livsföring i övrigt": "other_living",
    "Förmedlingsmedel": "mediated",
    "Återkrav": "recovery",
}
OBSTACLES = ("111", "112", "113", "021", "040", "051", "090", "999")
LIMIT = 500_000.0
EXTRACTION = "2025-06-30"

Clean = Callable[[Path, Path], tuple[int, dict[str, int], int]]
"""From export and folder to: clean rows, quarantined by reason, duplicates."""


def pseudonym(text: str) -> str:
    """HMAC-SHA-256, cut to 128 bits."""
    return hmac.digest(KEY, text.encode(), "sha256").hex()[:32]


def main(clean: Clean) -> None:
    """Run one cleaning on the command line's export and folder; print what it did and took.

    ``memory_mb`` is the peak of resident memory above that after the imports.
    """
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, used = time.perf_counter(), time.process_time()
    rows, reasons, duplicates = clean(source, folder)
    seconds = time.perf_counter() - start
    processor = time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    facts = {
        "seconds": seconds,
        "processor_seconds": processor,
        "memory_mb": (peak - before) / 1024,
        "clean": rows,
        "quarantined": dict(sorted(reasons.items())),
        "duplicates": duplicates,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
