"""Where a function crosses zero, element by element: the limits found by inverting a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import elementwise

from umea_eval.methods.inputs import FloatArray, refuse


def crossing(
    function: Callable[..., FloatArray],
    start: FloatArray,
    end: FloatArray | float,
    *args: FloatArray,
) -> FloatArray:
    """The zero of ``function(x, *args)`` between ``start`` and ``end``, where its sign changes.

    Raises UserError if any element has no zero there or the search does not end.
    """
    # Untyped here only: the stubs of scipy 1.17 allow no further arguments.
    find_root: Any = elementwise.find_root
    root = find_root(function, (start, np.broadcast_to(end, start.shape)), args=args)
    refuse(~np.asarray(root.success), "methods.inputs.not_converged", "")
    return np.asarray(root.x, dtype=np.float64)
