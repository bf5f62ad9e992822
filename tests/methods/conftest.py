from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import settings

mpl.use("Agg")
# The same examples every time, however slow the machine is.
settings.register_profile("methods", deadline=None, derandomize=True)
settings.load_profile("methods")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")
