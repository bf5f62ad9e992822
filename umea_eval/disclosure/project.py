"""Under which decisions are real data used? The project's own answer: ``project.toml``.

The product explains what must be decided and refuses to make a report on real data before it is
written down; it does not decide. Published and example data never need the file.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from umea_eval.disclosure.profiles import Input
from umea_eval.disclosure.scan import is_clean
from umea_eval.disclosure.scanning.marks import Known
from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.language import Language, listing, text

FILE = "project.toml"


@dataclass(frozen=True)
class Project:
    """What has been decided before real data are used.

    ``controller``         the authority that is responsible for the data (GDPR art. 4.7)
    ``purpose``            what is to be found out, and for whom (art. 5.1 b)
    ``legal_basis``        art. 6 and, for sensitive data, 9; for social services SoLPuL 2001:454
    ``secrecy_decision``   by which decision the data were handed out (OSL 8:1, 10 kap., 11:3, 26:1)
    ``impact_assessment``  where it lies, or why none was needed (art. 35)
    ``ethical_approval``   its diarienummer, or why the law (2003:460) does not ask for one
    ``deletion``           who has decided that the data are deleted, and which of them
    ``retain_until``       the last day on which they may be kept
    """

    controller: str
    purpose: str
    legal_basis: str
    secrecy_decision: str
    impact_assessment: str
    ethical_approval: str
    deletion: str
    retain_until: dt.date

    def summary(self) -> dict[str, str]:
        """What a report says of it."""
        return {
            "controller": self.controller,
            "purpose": self.purpose,
            "legal_basis": self.legal_basis,
        }


FIELDS = tuple(field.name for field in fields(Project))
DATE = "retain_until"
_WRITTEN_AS = {True: (str, dt.date), False: (str,)}


def is_real(entry: Input) -> bool:
    """Whether an input describes real persons, for all that the product knows."""
    return not (entry.published or entry.example)


def required(inputs: Sequence[Input], root: Path, *, language: Language = "sv") -> Project | None:
    """The project file that ``inputs`` ask for; None if all of them are published or example data.

    Raises UserError where there is none, or where it is not complete.
    """
    if not any(is_real(entry) for entry in inputs):
        return None
    if not (root / FILE).is_file():
        raise UserError("disclosure.errors.no_project_file", language=language, file=FILE)
    return read_project(root / FILE, language=language)


def read_project(path: Path, *, language: Language = "sv") -> Project:
    """Read a project file. Raises UserError, by field, for one that is missing or not complete."""
    answers = read_answers(path, language=language)
    return complete(answers, language=language)


def read_answers(path: Path, *, language: Language = "sv") -> dict[str, str]:
    """The answers of a project file as they are written, also where some are missing.

    Raises UserError for a file that is missing or no TOML, and for a name that is no field.
    """
    try:
        given = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise UserError(
            "disclosure.errors.no_project_file", language=language, file=path.name
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise UserError(
            "disclosure.errors.project_unreadable", language=language, file=path.name
        ) from None
    for name in given:
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            raise UserError(
                "disclosure.errors.project_field", language=language, file=path.name, known=known
            )
    # A false or a list is no answer, though it can be written as one.
    if not all(isinstance(given[name], _WRITTEN_AS[name == DATE]) for name in given):
        raise UserError("disclosure.errors.project_unreadable", language=language, file=path.name)
    return {name: str(given.get(name, "")).strip() for name in FIELDS}


def complete(answers: Mapping[str, str], *, language: Language = "sv") -> Project:
    """A project of all its answers.

    Raises UserError that names every field without an answer, for a date that is no YYYY-MM-DD,
    for an answer with characters that are no text, and for one with an identity number: a decision
    is named by role and diarienummer.
    """
    empty = [name for name in FIELDS if not any(map(str.isalnum, answers.get(name, "")))]
    if empty:
        labels = listing([text(f"disclosure.project.{name}", language) for name in empty], language)
        raise UserError(
            "disclosure.errors.project_incomplete", language=language, file=FILE, fields=labels
        )
    try:
        until = dt.date.fromisoformat(answers[DATE].strip())
    except ValueError:
        raise UserError("disclosure.errors.project_date", language=language, name=DATE) from None
    rest = {name: answers[name].strip() for name in FIELDS if name != DATE}
    for name, value in rest.items():
        label = text(f"disclosure.project.{name}", language)
        if not all(letter.isprintable() or letter in "\n\t" for letter in value):
            raise UserError("disclosure.errors.project_letters", language=language, field=label)
        if not is_clean(value, Known()):
            raise UserError("disclosure.errors.project_personal", language=language, field=label)
    return Project(**rest, retain_until=until)


def write_project(path: Path, project: Project, *, language: Language = "sv") -> None:
    """Write a new project file, whole or not at all, with an explanation above every answer.

    Raises UserError where one exists already: a decision is changed by hand, with thought.
    """
    if path.exists():
        raise UserError("disclosure.errors.project_exists", language=language, file=path.name)
    lines = [f"# {text('disclosure.project.about', language)}"]
    for name in FIELDS:
        value = getattr(project, name)
        # JSON's strings are TOML's; a date of TOML is written bare.
        written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
        explained = text(f"disclosure.project.{name}_why", language)
        lines += ["", f"# {explained}", f"{name} = {written}"]
    try:
        write_whole(path, ("\n".join(lines) + "\n").encode("utf-8"))
    except OSError:
        raise UserError(
            "disclosure.errors.project_not_written", language=language, file=path.name
        ) from None
