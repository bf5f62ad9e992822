"""How did the latest batch go? The index shows it beside the reports."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from umea_eval.files import write_whole
from umea_eval.runs.state import FOLDER

FILE = "latest.json"


@dataclass(frozen=True)
class Latest:
    """A batch: its file, when it began, what came of it, and the rows that could not be used."""

    file: str
    time: str
    done: int
    failed: int
    up_to_date: int
    interrupted: bool
    faults: list[list[Any]] = field(default_factory=list)


def write_latest(reports: Path, latest: Latest) -> None:
    """Keep it for the index, if the disk lets us."""
    content = json.dumps(asdict(latest), ensure_ascii=False, indent=1) + "\n"
    with suppress(OSError):
        write_whole(reports / FOLDER / FILE, content.encode("utf-8"))


def read_latest(reports: Path) -> Latest | None:
    """The latest batch, if there has been one."""
    try:
        facts = json.loads((reports / FOLDER / FILE).read_text(encoding="utf-8"))
        return Latest(**{name: facts[name] for name in Latest.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None
