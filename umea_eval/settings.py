"""The project's settings: ``umea_eval.toml`` in the project's folder.

Every setting has a default; the file is what marks the folder as a project.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language

FILE = "umea_eval.toml"
KEY = "umea_eval.key"
# Names that must not leave, one a line; never committed.
NAMES = "names.txt"
FOLDERS = {
    "notebooks": "notebooks",
    "raw": "data/raw",
    "example": "data/example",
    "processed": "data/processed",
    "reports": "reports",
}
# What a report is written as. The page is the report, and always made.
FORMATS = ("html", "pdf", "docx", "xlsx")


@dataclass(frozen=True)
class Settings:
    """Where things lie and how they are shown. All folders are absolute.

    ``profile`` is the disclosure profile of all reports; None leaves it to each notebook.

    ``formats`` are those of ``FORMATS`` that reports are written as.

    ``key`` is the file of the project's secret key, from which pseudonyms are made.
    """

    root: Path
    notebooks: Path
    raw: Path
    example: Path
    processed: Path
    reports: Path
    language: Language = "sv"
    profile: str | None = None
    key: Path = Path("umea_eval.key")
    formats: tuple[str, ...] = FORMATS

    @property
    def public(self) -> Path:
        """Published data: the only inputs that the profile ``public`` allows."""
        return self.raw / "public"

    @property
    def processed_example(self) -> Path:
        """Clean tables of generated data, apart from those of real ones."""
        return self.processed / "example"

    def is_example(self, path: Path) -> bool:
        """Whether a resolved path lies among generated data, as written or cleaned."""
        return any(
            path.is_relative_to(folder.resolve())
            for folder in (self.example, self.processed_example)
        )


def find_root(start: Path | None = None) -> Path:
    """The nearest folder with a settings file, from ``start`` (default: here) upwards."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    raise UserError("errors.no_project", folder=here.name or str(here))


def read_settings(start: Path | None = None) -> Settings:
    """Read the settings of the project that ``start`` (default: here) belongs to.

    Raises UserError for a file that is no UTF-8 (a byte order mark is accepted) or no TOML, an
    unknown name or a wrong value.
    """
    root = find_root(start)
    try:
        given = tomllib.loads((root / FILE).read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError("errors.settings_encoding", file=FILE) from None
    except OSError:
        raise UserError("errors.settings_closed", file=FILE) from None
    except tomllib.TOMLDecodeError as error:
        line = str(error).rpartition("line ")[2].split(",")[0]
        raise UserError("errors.settings_unreadable", file=FILE, line=line) from None
    known = (*FOLDERS, "language", "profile", "key", "formats")
    for name, value in given.items():
        if name not in known:
            raise UserError("errors.settings_unknown", name=name, file=FILE, known=", ".join(known))
        if not isinstance(value, str):
            raise UserError("errors.settings_value", name=name, file=FILE, expected="text")
    language = given.get("language", "sv")
    if language not in LANGUAGES:
        raise UserError(
            "errors.settings_value", name="language", file=FILE, expected=", ".join(LANGUAGES)
        )
    folders = {name: _folder(root, name, given.get(name, usual)) for name, usual in FOLDERS.items()}
    return Settings(
        root=root,
        language=language,
        profile=given.get("profile"),
        formats=_formats(given.get("formats", "")),
        # It may lie outside the project, on a disk that few can read.
        key=(root / Path(given.get("key", KEY)).expanduser()).absolute(),
        **folders,
    )


def with_formats(settings: Settings, formats: str | None) -> Settings:
    """The settings with ``formats`` (as ``pdf,xlsx``) instead of their own, if they are given.

    Raises UserError for a format that is none.
    """
    return replace(settings, formats=_formats(formats)) if formats else settings


def _formats(given: str) -> tuple[str, ...]:
    wanted = {each.strip().casefold() for each in given.split(",")} - {""}
    if wanted - set(FORMATS):
        expected = ", ".join(FORMATS)
        raise UserError("errors.formats", given=given, expected=expected)
    return tuple(each for each in FORMATS if not wanted or each in {"html", *wanted})


def _folder(root: Path, name: str, given: str) -> Path:
    folder = (root / given).resolve() if given.strip() and "\0" not in given else root
    if root.is_relative_to(folder):  # what is written or protected there would be everything
        raise UserError("errors.settings_folder", name=name, file=FILE, usual=FOLDERS[name])
    return folder
