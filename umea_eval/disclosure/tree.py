"""May these files be committed or sent? The scan of files that are no report."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from umea_eval.disclosure.scan import Hit, is_clean, known_of, scan
from umea_eval.disclosure.scanning.marks import Kind, Known
from umea_eval.errors import UserError
from umea_eval.settings import NAMES, Settings

# Source code names folders and cites addresses; a report does neither.
_OF_REPORTS: tuple[Kind, ...] = ("path", "address")
TEST_NUMBERS = "test_*nummer.csv"
EXCEPTIONS = "scan_exceptions.txt"
"""In the project's folder: ``FILE KIND # why`` a line, for source code that only looks alike."""


def scan_files(paths: Sequence[Path], settings: Settings, *, source: bool) -> tuple[int, list[Hit]]:
    """How many files there are at ``paths`` (folders with all below them), and the hits in them.

    ``source``: as source code, where addresses, places and the official test numbers may stand.
    Raises UserError for a file that does not exist or cannot be read.
    """
    known = _known(settings, source=source)
    count, hits = 0, []
    for path in _below(paths):
        try:
            content = path.read_bytes()
        except (OSError, ValueError):
            raise UserError("disclosure.errors.scan_no_file", file=path.name) from None
        count += 1
        name = _shown(path, settings)
        if source and _is_private(path.resolve(), settings):
            hits.append(_private(name, known))
        hits += _relevant(scan({name: content}, known), settings, source=source)
    return count, hits


def scan_git(settings: Settings) -> tuple[int, list[Hit]]:
    """The same for what is staged in git, as it is staged; if nothing is, for all tracked files.

    Raises UserError where the project is not in git.
    """
    root, known = settings.root, _known(settings, source=True)
    staged = _git(
        root, "diff", "--cached", "--name-only", "-z", "--diff-filter=ACMRT", "--relative"
    )
    names = [name for name in staged.decode("utf-8", "surrogateescape").split("\0") if name]
    if names:
        contents = ((name, _git(root, "show", f":./{name}")) for name in names)
    else:
        tracked = _git(root, "ls-files", "-z").decode("utf-8", "surrogateescape").split("\0")
        names = [name for name in tracked if name and (root / name).is_file()]
        contents = ((name, (root / name).read_bytes()) for name in names)
    hits = [
        hit
        for name, content in contents
        for hit in _relevant(scan({name: content}, known), settings, source=True)
    ]
    private = [_private(name, known) for name in names if _is_private(root / name, settings)]
    return len(names), private + hits


def _is_private(path: Path, settings: Settings) -> bool:
    """Whether a file lies where persons' data, reports or the key do: it never enters git.

    What is in it need not look like anything: initials and a home are enough to know a person. The
    folders are those of the settings, which a `.gitignore` does not know.
    """
    if path in (settings.key, settings.root / NAMES) or ".quarantine" in path.parts:
        return True
    homes = (settings.raw, settings.processed, settings.reports)
    return any(map(path.is_relative_to, homes)) and not path.is_relative_to(settings.public)


def _private(name: str, known: Known) -> Hit:
    shown = name if is_clean(name, known) else f"….{name.rpartition('.')[2]}"
    return Hit(shown, 1, "private")


def _known(settings: Settings, *, source: bool) -> Known:
    known = known_of(settings)
    if not source:
        return known
    numbers = {
        word.strip()[-10:]
        for path in settings.public.glob(TEST_NUMBERS)
        for word in path.read_text(encoding="utf-8-sig").replace(";", "\n").split()
        if word.strip().isdigit()
    }
    return replace(known, test_numbers=frozenset(numbers))


def _relevant(hits: Iterable[Hit], settings: Settings, *, source: bool) -> list[Hit]:
    if not source:
        return list(hits)
    spared = _exceptions(settings.root / EXCEPTIONS)
    return [
        hit for hit in hits if hit.kind not in _OF_REPORTS and (hit.file, hit.kind) not in spared
    ]


@cache
def _exceptions(path: Path) -> frozenset[tuple[str, str]]:
    """What somebody has looked at and found harmless, with a reason; without one it counts not."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except (OSError, UnicodeDecodeError):
        raise UserError("disclosure.errors.exceptions_unreadable", file=path.name) from None
    parted = [line.partition("#") for line in lines]
    pairs = [before.split() for before, _, why in parted if why.strip()]
    return frozenset((pair[0], pair[1]) for pair in pairs if len(pair) == 2)


def _below(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            is_folder = path.is_dir()
        except (OSError, ValueError):  # a name that nothing can have
            is_folder = False
        if is_folder:
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        else:
            yield path


def _shown(path: Path, settings: Settings) -> str:
    found = path.resolve()
    return (
        found.relative_to(settings.root).as_posix()
        if found.is_relative_to(settings.root)
        else path.name
    )


def _git(root: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise UserError("disclosure.errors.scan_no_git")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [git, "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise UserError("disclosure.errors.scan_no_git") from None
    return done.stdout
