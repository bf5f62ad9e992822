"""The options of commands that a cluster can carry out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from umea_eval.errors import UserError
from umea_eval.language import Language, text

if TYPE_CHECKING:
    from umea_eval.runs.cluster import Cluster

_FILES = ("ca", "cert", "key")


def cluster_options(language: Language) -> list[click.Option]:
    """``--cluster`` and its certificates."""
    names = ("cluster", *(f"cluster_{name}" for name in _FILES))
    return [
        click.Option(
            [f"--{name.replace('_', '-')}"],
            metavar=text("cli.metavar.file" if "_" in name else "cli.metavar.address", language),
            help=text(f"cli.help.{name}", language),
        )
        for name in names
    ]


@contextmanager
def cluster_of(given: Mapping[str, object], root: Path) -> Iterator[Cluster | None]:
    """The cluster that the options ask for; None without one."""
    files = {name: given[f"cluster_{name}"] for name in _FILES}
    if given["cluster"] is None:
        if any(files.values()):
            raise UserError("runs.cluster.errors.without")
        yield None
        return
    from umea_eval.runs.cluster import connected, where  # noqa: PLC0415 - not for --help

    named = {name: None if file is None else str(file) for name, file in files.items()}
    with connected(where(str(given["cluster"]), **named), root) as cluster:
        yield cluster
