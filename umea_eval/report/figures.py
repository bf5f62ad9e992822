"""How does a drawing become a picture that everyone can read, and that is the same every time?"""

from __future__ import annotations

import io
import re

# The parser reads nothing but what matplotlib has just written.
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from umea_eval import style
from umea_eval.disclosure.tables import Released

Draw = Callable[[Released, Any], object]
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DROPPED = ("metadata", "style")


def draw_svg(
    draw: Draw,
    released: Released,
    *,
    name: str,
    alt: str,
    size: tuple[float, float] = (8.0, 4.5),
    panels: tuple[int, int] = (1, 1),
) -> str:
    """Draw with the product's style and return inline SVG.

    ``draw`` gets the released tables and the axes: one, or an array of ``panels`` (rows, columns).
    ``alt`` says what the picture shows. ``name`` makes element ids unique within a page.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - late: drawing is the exception

    with style.look():
        figure = Figure(figsize=size)
        axes = figure.subplots(*panels)
        draw(released, axes)
        picture = io.BytesIO()
        # Without a date the same drawing gives the same bytes.
        figure.savefig(picture, format="svg", metadata={"Date": None})
    return inline_svg(picture.getvalue(), name=name, alt=alt)


def inline_svg(svg: bytes, *, name: str, alt: str) -> str:
    """Matplotlib's SVG as an element of an HTML page.

    Without namespaces, addresses, metadata and sizes of its own (it fills the width it is given),
    with ids that begin with ``name`` and only where something refers to them, and as one image
    with ``alt`` as its text.
    """
    root = ET.fromstring(svg)  # noqa: S314 - see above
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in _DROPPED]:
            parent.remove(child)
    _keep_needed_ids(root, name)
    box = root.attrib["viewBox"]
    width = float(box.split()[2])
    root.attrib = {
        "viewBox": box,
        "role": "img",
        "aria-label": alt,
        # What matplotlib writes in a style element, which would reach the whole page.
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
        "style": f"max-width:{width:g}pt",
    }
    return ET.tostring(root, encoding="unicode")


def _keep_needed_ids(root: ET.Element, name: str) -> None:
    referred = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            referred.update(_REFERENCE.findall(value))
            if key == "href" and value.startswith("#"):
                referred.add(value[1:])
    for element in root.iter():
        kept = {}
        for key, value in element.attrib.items():
            if key == "id":
                if value in referred:
                    kept[key] = f"{name}-{value}"
            elif key == "href" and value.startswith("#"):
                kept[key] = f"#{name}-{value[1:]}"
            else:
                kept[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
        element.attrib = kept
