"""What made a report: the hash of its inputs, of our own code, and the versions in use."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from umea_eval import __version__

PACKAGE = Path(__file__).resolve().parent.parent
CODE = (".py", ".toml", ".j2", ".css", ".js", ".typ")
# What a report's figures can depend on; the manifest has every installed package.
MAIN_PACKAGES = (
    "pandas",
    "numpy",
    "pyarrow",
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "papermill",
    "nbclient",
    "nbconvert",
)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def input_sha256(path: Path) -> tuple[str, int]:
    """SHA-256 and size in bytes of a file; of a folder: of the sorted list of its files.

    A folder's hidden files and folders (such as ``.quarantine``) are no part of the input.
    """
    if path.is_file():
        return file_sha256(path), path.stat().st_size
    digest, size = hashlib.sha256(), 0
    for file in _visible_files(path):
        digest.update(f"{file_sha256(file)}  {file.relative_to(path).as_posix()}\n".encode())
        size += file.stat().st_size
    return digest.hexdigest(), size


@cache
def code_sha256() -> str:
    """SHA-256 of all our own code, words and templates; the same with any line endings."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*"), key=lambda path: path.relative_to(PACKAGE).as_posix()):
        if file.suffix in CODE and file.is_file():
            content = file.read_bytes().replace(b"\r\n", b"\n")
            name = file.relative_to(PACKAGE).as_posix()
            digest.update(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()


def code_version() -> str:
    """The version of the product."""
    return __version__


def python_version() -> str:
    """The version of Python that is running."""
    return platform.python_version()


@cache
def main_packages() -> dict[str, str]:
    """Versions of the packages that a report's figures can depend on."""
    return {name: metadata.version(name) for name in MAIN_PACKAGES}


@cache
def all_packages() -> dict[str, str]:
    """Versions of every installed package, by name."""
    found = {
        str(package.metadata["Name"]).lower(): package.version
        for package in metadata.distributions()
    }
    return dict(sorted(found.items()))


def _visible_files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden:
            yield file
