"""Pseudonyms: keyed, the same for a person within a project's dataset, and never turned back."""

from __future__ import annotations

import datetime as dt
import hmac
import os
import secrets
import stat
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.intake.exports import read_export
from umea_eval.intake.grid import TextCategorical, categorical
from umea_eval.intake.identity import classify
from umea_eval.intake.values import key as spelling

ENVIRONMENT = "UMEA_EVAL_KEY"
BLOCK = 64  # of SHA-256, in bytes
KEY_BYTES = 32  # as long as the digest (RFC 2104, section 3)
# 128 of the digest's 256 bits, as hexadecimal digits: among ten million persons two share one with
# a probability below 1e-24.
PSEUDONYM_LENGTH = 32
_OLD: tuple[str, ...] = (
    "tidigare nummer",
    "gammalt nummer",
    "tidigare personnummer",
    "gammalt personnummer",
)
_OLD += ("tidigare identitet", "samordningsnummer", "old", "från")
_NEW: tuple[str, ...] = (
    "nytt nummer",
    "nuvarande nummer",
    "nytt personnummer",
    "personnummer",
    "ny identitet",
)
_NEW += ("new", "till")


class Key:
    """A project's secret key. It has no text form, so that no log, error or notebook shows it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES:
            raise ValueError("a key has at least 32 bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "Key(secret)"

    def digests(self, messages: Iterable[str]) -> list[str]:
        """HMAC-SHA-256 of each message under this key, in hexadecimal.

        The key's two blocks are hashed once (RFC 2104, section 4), which is five times as quick as
        starting over for each of a hundred thousand numbers.
        """
        block = self._secret if len(self._secret) <= BLOCK else sha256(self._secret).digest()
        block = block.ljust(BLOCK, b"\0")
        inner = sha256(bytes(byte ^ 0x36 for byte in block))
        outer = sha256(bytes(byte ^ 0x5C for byte in block))
        found = []
        for message in messages:
            first, second = inner.copy(), outer.copy()
            first.update(message.encode("utf-8"))
            second.update(first.digest())
            found.append(second.hexdigest())
        return found

    def part(self, purpose: str) -> Key:
        """A key of its own for one purpose: pseudonyms of two purposes cannot be joined."""
        return Key(hmac.digest(self._secret, f"umea_eval:{purpose}".encode(), "sha256"))

    @property
    def fingerprint(self) -> str:
        """Eight digits that tell keys apart and say nothing about them."""
        return self.part("fingerprint").digests([""])[0][:8]


def new_key(path: Path) -> None:
    """Write a new random key to ``path``, readable by its owner only (mode 0600).

    The key is never shown. Raises UserError where the file exists already (losing a key breaks
    every pseudonym made with it) or cannot be written.
    """
    try:
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR
        )
    except FileExistsError:
        raise UserError("intake.key_exists", file=path.name) from None
    except OSError:
        raise UserError("intake.key_not_written", file=path.name) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path | None) -> Key:
    """The project's key, from the environment variable ``UMEA_EVAL_KEY`` or else from its file.

    Raises UserError for a missing file, one that others may read, and one that holds no key.
    """
    given = os.environ.get(ENVIRONMENT)
    if given is not None:
        return _key(given, source=ENVIRONMENT)
    if path is None or not path.is_file():
        raise UserError("intake.no_key", file=path.name if path else "umea_eval.key")
    try:
        others = os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        if others:
            raise UserError("intake.key_open", file=path.name)
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise UserError("intake.key_unreadable", file=path.name) from None
    return _key(text, source=path.name)


def _key(text: str, *, source: str) -> Key:
    try:
        return Key(bytes.fromhex(text.strip()))
    except ValueError:
        raise UserError("intake.bad_key", source=source, digits=2 * KEY_BYTES) from None


def pseudonyms(canonical: Sequence[str | None], key: Key, *, dataset: str) -> TextCategorical:
    """The pseudonym of each canonical identity; missing where it is None.

    HMAC-SHA-256 under a key of the project's own for ``dataset``, cut to 128 bits. Two datasets
    get different pseudonyms for the same person; to link them, both are given the same ``dataset``
    text, which names the recorded decision. Categories are in the order of the pseudonyms, so that
    the order of rows does not show in them.
    """
    own = key.part(f"pseudonym:{dataset}")
    codes, distinct = pd.factorize(np.array(canonical, dtype=object))
    made = np.array([each[:PSEUDONYM_LENGTH] for each in own.digests(distinct)], dtype=object)
    order = np.argsort(made)
    place = np.empty(len(made) + 1, dtype=np.int32)
    place[order] = np.arange(len(made))
    place[-1] = -1  # missing
    return categorical(place[codes], made[order].tolist())


def read_links(path: Path, *, reference: dt.date) -> dict[str, str]:
    """Changed identities: the canonical old number → the latest one, from a table of two columns.

    The table has the columns ``Tidigare nummer`` and ``Nytt nummer`` in any format that exports
    come in. Chains are followed to their end. Raises UserError, by row, for a number that is no
    identity, an old number with two new ones, and numbers that replace each other in a circle.
    """
    table = read_export(path).tables[0]
    columns: dict[str, str] = {}
    for name, texts in table.headings.items():
        words = {spelling(text) for text in texts}
        for role, known in (("old", _OLD), ("new", _NEW)):
            if not words.isdisjoint(map(spelling, known)):
                columns.setdefault(role, name)
    if len(columns) < 2:
        raise UserError("intake.link_columns", file=path.name)
    rows = table.frame["source_row"].tolist()
    old, new = (
        _identities(table.frame[columns[role]].astype("object").tolist(), rows, path, reference)
        for role in ("old", "new")
    )
    links: dict[str, str] = {}
    for before, after, row in zip(old, new, rows, strict=True):
        if before != after and links.setdefault(before, after) != after:
            raise UserError("intake.link_twice", file=path.name, row=row)
    row_of = dict(zip(old, rows, strict=True))
    return {each: _latest(each, links, path, row_of[each]) for each in links}


def apply_links(canonical: Sequence[str | None], links: Mapping[str, str]) -> list[str | None]:
    """Each identity, or the one that has replaced it."""
    return [each if each is None else links.get(each, each) for each in canonical]


def _identities(
    texts: Sequence[object], rows: Sequence[int], path: Path, reference: dt.date
) -> list[str]:
    found = classify([text if isinstance(text, str) else "" for text in texts], reference=reference)
    for identity, row in zip(found.canonical, rows, strict=True):
        if identity is None:
            raise UserError("intake.link_identity", file=path.name, row=row)
    return [str(identity) for identity in found.canonical]


def _latest(identity: str, links: Mapping[str, str], path: Path, row: int) -> str:
    seen = {identity}
    while identity in links:
        identity = links[identity]
        if identity in seen:
            raise UserError("intake.link_circle", file=path.name, row=row)
        seen.add(identity)
    return identity
