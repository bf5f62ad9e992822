"""A large payment export for the benchmarks: semicolons, Latin-1, 2 % faults, some exact copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers import ROOT

NUMBERS = ROOT / "data" / "raw" / "public" / "test_personnummer.csv"
HEADING = "Personnummer;Hushåll;Avser månad;Utbetalningsdatum;Belopp;Typ av bistånd;Hinder"
KINDS = ("Försörjningsstöd", "Livsföring i övrigt", "Förmedlingsmedel", "Återkrav")
OBSTACLES = ("111", "112", "113", "021", "040", "051", "090", "999")
EXTRACTION = "2025-06-30"
FAULTS = 0.02
COPIES = 0.002
BLOCK = 100_000


def write_payments(path: Path, rows: int, seed: int = 1) -> None:
    """Write ``rows`` payments; every identity number is an official test number.

    Faults, in equal parts: a wrong check digit, a month 13, 30 February, an amount in words, an
    unknown kind of support, a missing amount.
    """
    random = np.random.default_rng(seed)
    numbers = NUMBERS.read_text(encoding="ascii").split()[1:]
    months = [f"{year}-{month:02}" for year in range(2019, 2025) for month in range(1, 13)]
    with path.open("w", encoding="latin-1", newline="") as file:
        file.write(HEADING + "\r\n")
        last = ""
        for start in range(0, rows, BLOCK):
            size = min(BLOCK, rows - start)
            person = random.integers(0, len(numbers), size).tolist()
            hyphen = (random.random(size) < 0.5).tolist()
            month = random.integers(0, len(months), size).tolist()
            day = random.integers(1, 29, size).tolist()
            kronor = np.round(random.gamma(6, 1_500, size)).astype(int).tolist()
            ore = (random.random(size) < 0.2).tolist()
            kind = random.choice(len(KINDS), size, p=(0.8, 0.15, 0.03, 0.02)).tolist()
            obstacle = random.integers(0, len(OBSTACLES), size).tolist()
            fault = np.where(random.random(size) < FAULTS, random.integers(1, 7, size), 0).tolist()
            copy = (random.random(size) < COPIES).tolist()
            for i in range(size):
                number = numbers[person[i]]
                cells = [
                    f"{number[:8]}-{number[8:]}" if hyphen[i] else number,
                    f"H{person[i] // 2:05}",
                    months[month[i]],
                    f"{months[month[i]]}-{day[i]:02}",
                    _amount(kronor[i], ore[i]),
                    KINDS[kind[i]],
                    OBSTACLES[obstacle[i]],
                ]
                _spoil(cells, fault[i])
                line = last if copy[i] and last else ";".join(cells)
                file.write(line + "\r\n")
                last = line


def _amount(kronor: int, ore: bool) -> str:
    grouped = f"{kronor:,}".replace(",", " ")
    return f"{grouped},50" if ore else grouped


def _spoil(cells: list[str], fault: int) -> None:
    match fault:
        case 1:
            cells[0] = cells[0][:-1] + str((int(cells[0][-1]) + 1) % 10)
        case 2:
            cells[2] = cells[2][:5] + "13"
        case 3:
            cells[3] = cells[3][:5] + "02-30"
        case 4:
            cells[4] = "se bilaga"
        case 5:
            cells[5] = "Okänt stöd"
        case 6:
            cells[4] = ""
