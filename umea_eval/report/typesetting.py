"""What typst needs on every machine alike: fonts, and pictures in a form that it reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Pixels per inch: sharp in print at the width of a page.
PPI = 200
_NAMESPACE = '<svg xmlns="http://www.w3.org/2000/svg"'
_PICTURES = """\
#set page(width: auto, height: auto, margin: 0pt)
#for (place, svg) in json(bytes(sys.inputs.pictures)).enumerate() {
  if place > 0 { pagebreak() }
  image(bytes(svg), format: "svg", width: 8in)
}
"""


@cache
def fonts() -> Any:
    """Typst's own fonts and matplotlib's (the figures' DejaVu Sans); none of the machine's."""
    import typst  # noqa: PLC0415 - only where a document is made

    return typst.Fonts(include_system_fonts=False, font_paths=[_shipped()])


@cache
def letters() -> frozenset[int]:
    """What DejaVu Sans has a letter for, of all that Unicode has, and line ends."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - matplotlib brings it; seldom needed

    with TTFont(_shipped() / "DejaVuSans.ttf") as font:
        return frozenset({*font.getBestCmap(), ord("\n")})


def _shipped() -> Path:
    found = find_spec("matplotlib")  # located, not imported
    if found is None or found.origin is None:
        raise ModuleNotFoundError("matplotlib")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def alone(svg: str) -> str:
    """A picture of the page as a document of its own."""
    return svg.replace("<svg", _NAMESPACE, 1)


def pictures(svgs: Sequence[str]) -> list[bytes]:
    """SVG pictures as PNG, the same bytes on every machine."""
    if not svgs:
        return []
    import typst  # noqa: PLC0415

    given = {"pictures": json.dumps([alone(svg) for svg in svgs])}
    compiler = typst.Compiler(_PICTURES.encode(), font_paths=fonts(), sys_inputs=given)
    made = compiler.compile(format="png", ppi=PPI)
    return list(made) if isinstance(made, list) else [made or b""]
