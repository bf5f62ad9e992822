"""Rows that come twice: exact duplicates, and rows that a newer extraction has replaced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rows = NDArray[np.bool_]
Dates = NDArray[np.datetime64]


def exact_duplicates(frame: pd.DataFrame, extracted: Dates, among: Rows) -> Rows:
    """Rows ``among`` (a mask) that are equal in every column to another of them that is kept.

    Kept is the row of the newest extraction (``extracted``: each row's own date), and of those the
    first: then what is left of an older extraction is what the newer one lacks or has changed.
    Missing equals missing. Found by a hash of each row (of distinct values, so categories cost
    little), and then confirmed on the values themselves.
    """
    result = np.zeros(len(frame), dtype=bool)
    if not len(frame.columns):
        return result
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    sound = np.flatnonzero(among)
    places = sound[pd.Series(hashes[sound]).duplicated(keep=False).to_numpy()]
    if len(places):
        newest_first = places[np.argsort(-extracted[places].astype(np.int64), kind="stable")]
        result[newest_first] = frame.iloc[newest_first].duplicated().to_numpy()
    return result


def superseded(frame: pd.DataFrame, key: Sequence[str], extracted: Dates, among: Rows) -> Rows:
    """Rows ``among`` (a mask) whose ``key`` comes back there in a newer extraction.

    Rows of the same extraction never replace each other. A row with a missing part of the key is
    never replaced. Without a key, or without one of its columns, no row is.
    """
    result = np.zeros(len(frame), dtype=bool)
    known = bool(key) and all(name in frame for name in key)
    if not known or not len(frame) or extracted.min() == extracted.max():
        return result
    whole = among & frame[list(key)].notna().all(axis=1).to_numpy(dtype=bool)
    keys = frame.loc[whole, list(key)]
    dates = pd.Series(extracted[whole], index=keys.index)
    latest = dates.groupby([keys[name] for name in key], observed=True).transform("max")
    result[whole] = (dates < latest).to_numpy()
    return result


def same_key(frame: pd.DataFrame, key: Sequence[str], among: Rows) -> Rows:
    """Rows ``among`` (a mask) that share their whole ``key`` with another of them.

    They are not equal and none replaces the other (one extraction has both): which is right is for
    people to say. Without a key, or without one of its columns, no row is.
    """
    result = np.zeros(len(frame), dtype=bool)
    if not key or not all(name in frame for name in key) or not among.any():
        return result
    keys = frame.loc[among, list(key)]
    whole = keys.notna().all(axis=1).to_numpy(dtype=bool)
    result[np.flatnonzero(among)] = whole & keys.duplicated(keep=False).to_numpy()
    return result
