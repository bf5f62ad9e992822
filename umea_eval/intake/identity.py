"""Swedish identity numbers: which kind, whether valid, and their canonical form.

All work is on distinct texts; nothing here is shown, logged or stored: what leaves the cleaning is
the pseudonym (``pseudonym``), birth year and sex.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.personnummer import Kind, check, latest_century
from umea_eval.intake.values import (
    REPLACEMENT,
    Codes8,
    Correction,
    Fault,
    Parsed,
    is_missing,
    parse_text,
    plain,
)

# Letters of interim numbers (TF-nummer) in place of the seventh of ten characters.
INTERIM_LETTERS = "TRSUWXJKLMN"

_NUMBER = re.compile(r"(?:[0-9]{2})?[0-9]{6}[-+ ]?[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}[- ]?[0-9]{4}")
_DECIMALS = re.compile(r"([0-9]{7,12})[.,]0+")
_STRIPPED = re.compile(r"[0-9]{7,9}")
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+?[0-9]+")
_MASKED = re.compile(
    r"(?:[0-9]{2})?[0-9]{6}[-+ ]?(?:[X*#?]{4}|0000)|[0-9]{4}(?:-[0-9]{2}){2}-[X*#?]{4}"
)
_BIRTH_DATE = re.compile(r"[0-9]{6}|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTERIM = re.compile(rf"((?:[0-9]{{2}})?[0-9]{{6}})([-+ ]?)([{INTERIM_LETTERS}][0-9]{{3}})")
# Regional reserve numbers: 99 and a year, or a letter among the last four characters.
_RESERVE = re.compile(
    r"99(?:18|19|20)[0-9]{2}[-+ ]?[0-9A-Z]{6}"
    r"|(?:18|19|20)[0-9]{6}[-+ ]?(?=[0-9]{0,3}[A-Z])[0-9A-Z]{4}"
    r"|[0-9]{6}[-+ ]?(?=[0-9]{0,3}[A-Z])[0-9A-Z]{4}"
)
_IN_NAME = re.compile(
    r"(?<![0-9])(?:(?:[0-9]{2})?[0-9]{6}[-+ _.]?[0-9]{4}"
    r"|[0-9]{4}([-_.])[0-9]{2}\1[0-9]{2}[-_. ][0-9]{4})(?![0-9])"
)
_LOCAL = re.compile(r"[TP][- ]?[0-9]{3,10}")
_SEPARATORS = str.maketrans("", "", "-+ ")


@dataclass(frozen=True)
class Identities:
    """What each distinct text is. A text without a kind is missing, or has a fault.

    ``canonical`` is twelve digits for personnummer and samordningsnummer, and the number without
    separators for the other kinds (None where there is none). ``birth_year`` is 0 and ``man`` is -1
    (else 0 or 1) where the number does not tell; ``birth_date`` is NaT also where a
    samordningsnummer leaves month or day open (00).
    """

    canonical: NDArray[np.object_]
    kind: Codes8
    faults: Codes8
    corrections: Codes8
    birth_date: NDArray[np.datetime64]
    birth_year: NDArray[np.int16]
    man: Codes8


def classify(texts: Sequence[str], *, reference: dt.date) -> Identities:
    """Classify identity numbers in any of the forms that exports have.

    Forms: YYYYMMDD-NNNN, YYMMDD-NNNN, YYMMDD+NNNN (from the year of 100), YYYY-MM-DD-NNNN, a space
    for the hyphen, no separator; samordningsnummer (day + 60; month or day 00 when unknown);
    interim numbers with a letter in the seventh place; regional reserve numbers; local T and P
    numbers. The century of ten digits is the latest that gives a birth on or before ``reference``
    (the extraction date). Leading zeros that a spreadsheet took are restored where date and check
    digit then agree; both that and a number written with decimals are counted as corrections.

    A text that is no identity has a fault that says why. Only ASCII digits are digits.
    """
    cleaned, usual, corrections = _cleaned(texts)
    checked = check([text for text, hit in zip(cleaned, usual, strict=True) if hit], reference)
    made = Identities(
        canonical=np.full(len(texts), None, dtype=object),
        kind=np.zeros(len(texts), dtype=np.int8),
        faults=np.zeros(len(texts), dtype=np.int8),
        corrections=corrections,
        birth_date=np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]"),
        birth_year=np.zeros(len(texts), dtype=np.int16),
        man=np.full(len(texts), -1, dtype=np.int8),
    )
    for name in ("canonical", "kind", "faults", "birth_date", "birth_year", "man"):
        getattr(made, name)[usual] = getattr(checked, name)
    for i in np.flatnonzero(~usual).tolist():
        made.kind[i], made.canonical[i], made.faults[i] = _other(cleaned[i], reference)
    # What a correction did not make valid was something else from the start.
    for i in np.flatnonzero((corrections > 0) & (made.faults > 0)).tolist():
        corrections[i] = 0
        _, _, made.faults[i] = _other(texts[i].strip(), reference)
    return made


def without_identities(name: str) -> str:
    """A file's or sheet's name with every identity number in it replaced by an ellipsis.

    Only valid numbers: nine of ten dates with a time of day (20240131 1201) stay as they are.
    """

    def hidden(found: re.Match[str]) -> str:
        plainly = found[0].replace("_", "-").replace(".", "-")
        kind = classify([plainly], reference=dt.date(2099, 12, 31)).kind[0]
        return "…" if kind in (Kind.PERSONNUMMER, Kind.SAMORDNINGSNUMMER) else found[0]

    return _IN_NAME.sub(hidden, name)


def parse_plain_text(texts: Sequence[str]) -> Parsed:
    """Text as ``parse_text`` reads it, save where a valid identity number stands in it.

    Such a text, a cell of another column as a rule, has no value (``IDENTITY_IN_TEXT``).
    """
    holds = np.array([without_identities(text) != text for text in texts], dtype=bool)
    parsed = parse_text(["" if held else text for text, held in zip(texts, holds, strict=True)])
    faults = np.where(holds, Fault.IDENTITY_IN_TEXT, parsed.faults).astype(np.int8)
    return Parsed(parsed.distinct, faults, parsed.corrections)


def parse_protected(texts: Sequence[str]) -> Parsed:
    """Whether a person's data are protected (skyddade personuppgifter); ``bool[pyarrow]``.

    No, 0 and the marks for missing mean no; everything else means yes, to be on the safe side.
    Never a fault. A blank cell means no: fill the values with False.
    """
    no = frozenset(("nej", "n", "0", "false", "falskt", "no", "inga", "ingen", "ej skyddad"))
    values = [not (is_missing(text) or plain(text).casefold() in no) for text in texts]
    none = np.zeros(len(texts), dtype=np.int8)
    return Parsed(pd.array(values, dtype="bool[pyarrow]"), none, none.copy())


def _cleaned(texts: Sequence[str]) -> tuple[list[str], NDArray[np.bool_], Codes8]:
    """Texts ready for matching, which have ten or twelve digits, and what was put right."""
    cleaned: list[str] = []
    corrections = np.zeros(len(texts), dtype=np.int8)
    usual = np.ones(len(texts), dtype=bool)
    for i, text in enumerate(texts):
        if _NUMBER.fullmatch(text):
            cleaned.append(text)
            continue
        tidy = plain(text).upper()
        if found := _DECIMALS.fullmatch(tidy):
            tidy = found[1]
            corrections[i] = Correction.DECIMALS_DROPPED
        if _STRIPPED.fullmatch(tidy):
            tidy = tidy.zfill(10)
            corrections[i] = Correction.ZEROS_RESTORED
        usual[i] = _NUMBER.fullmatch(tidy) is not None
        cleaned.append(tidy)
    return cleaned, usual, corrections


def _other(text: str, reference: dt.date) -> tuple[Kind, str | None, Fault]:
    """Kinds without a check digit, and why a text is no identity at all."""
    if is_missing(text):
        return Kind.NONE, None, Fault.NONE
    if _MASKED.fullmatch(text):
        return Kind.NONE, None, Fault.MASKED
    if interim := _INTERIM.fullmatch(text):
        return _interim(interim[1], interim[3], "+" in interim[2], reference)
    for kind, pattern in ((Kind.RESERVE, _RESERVE), (Kind.LOCAL, _LOCAL)):
        if pattern.fullmatch(text):
            return kind, text.translate(_SEPARATORS), Fault.NONE
    return Kind.NONE, None, _why(text, reference)


def _interim(
    date: str, last: str, plus: bool, reference: dt.date
) -> tuple[Kind, str | None, Fault]:
    birth = _birth(date, plus, reference)
    if birth is None:
        return Kind.NONE, None, Fault.NO_SUCH_DATE
    if birth > reference:
        return Kind.NONE, None, Fault.FUTURE_DATE
    return Kind.INTERIM, f"{birth.year:04}{date[-4:]}{last}", Fault.NONE


def _why(text: str, reference: dt.date) -> Fault:
    if _SCIENTIFIC.fullmatch(text):
        return Fault.DIGITS_LOST
    if _BIRTH_DATE.fullmatch(text) and _birth(text.replace("-", ""), False, reference):
        return Fault.BIRTH_DATE_ONLY
    if REPLACEMENT in text:
        return Fault.DAMAGED_TEXT
    digits = text.translate(_SEPARATORS)
    return Fault.WRONG_LENGTH if digits.isascii() and digits.isdigit() else Fault.NOT_AN_IDENTITY


def _birth(digits: str, plus: bool, reference: dt.date) -> dt.date | None:
    """A date of six or eight digits; with six, the latest century that is not in the future."""
    month, day = int(digits[-4:-2]), int(digits[-2:])
    if len(digits) == 8:
        year = int(digits[:4])
    else:
        year = int(
            latest_century(
                np.array([int(digits[:2])]),
                np.array([month]),
                np.array([day]),
                np.array([plus]),
                reference,
            )[0]
        )
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
