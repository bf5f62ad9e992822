"""One look for all figures. A leaf: all may import it.

Colours are Okabe & Ito's palette (2008), told apart by readers with any colour vision; the greys
and the blue have a contrast of at least 3:1 against white (WCAG 2.2, 1.4.11).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BLUE = "#0072B2"
VERMILION = "#B84A00"  # Okabe & Ito's vermilion, darkened to 4.5:1 on white for use in text
GREEN = "#007A5A"
PURPLE = "#A1487F"
GREY = "#6B6B6B"
LIGHT = "#D9D9D9"
INK = "#1A1A1A"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, GREY)

RC: dict[str, Any] = {
    "figure.figsize": (8.0, 4.5),
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same on every machine
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": LIGHT,
    # Text stays text in SVG, so that it can be searched, zoomed and read aloud.
    "svg.fonttype": "none",
    # Element names in SVG are hashed with a salt: a fixed one gives the same bytes every time.
    "svg.hashsalt": "umea_eval",
}


@contextmanager
def look() -> Iterator[None]:
    """Draw with the product's style; matplotlib is imported only when something is drawn."""
    import matplotlib as mpl  # noqa: PLC0415 - late, so that --help stays fast

    defaults: dict[Any, Any] = dict(mpl.rcParamsDefault)
    with mpl.rc_context(defaults | RC):
        yield
