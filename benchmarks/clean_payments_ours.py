"""The rules of ``benchmarks.peers.cleaning_rules`` as ``umea_eval`` does them, account and all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from benchmarks.peers.cleaning_rules import EXTRACTION, KEY, main
from umea_eval.datasets.forsorjningsstod.cleaning import clean
from umea_eval.intake.cleaning import CleaningSettings
from umea_eval.intake.conform import Identification
from umea_eval.intake.exports import read_export
from umea_eval.intake.pseudonym import Key
from umea_eval.intake.store import save


def clean_and_save(source: Path, folder: Path) -> tuple[int, dict[str, int], int]:
    """Read, clean, account and store."""
    settings = CleaningSettings(
        Identification(Key(KEY), "forsorjningsstod"), dt.date.fromisoformat(EXTRACTION)
    )
    result = clean(read_export(source), settings)
    save(result, folder)
    ledger = result.ledger
    return ledger.total("clean"), dict(ledger.reasons), ledger.total("duplicates")


if __name__ == "__main__":
    main(clean_and_save)
