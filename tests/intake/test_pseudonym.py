"""Keys and pseudonyms: never shown, never overwritten, never joined by accident."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import pickle
from pathlib import Path

import pytest

from umea_eval.errors import UserError
from umea_eval.intake.pseudonym import (
    ENVIRONMENT,
    Key,
    apply_links,
    new_key,
    pseudonyms,
    read_key,
    read_links,
)

KEY = Key(bytes(range(32)))
# Official test numbers (Skatteverket).
A, B, C, D = "189001019802", "189001029819", "189001039800", "191401682396"
REFERENCE = dt.date(2024, 5, 1)


def test_new_key(tmp_path: Path) -> None:
    path = tmp_path / "umea_eval.key"
    assert new_key(path) is None
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_text()
    assert len(bytes.fromhex(first.strip())) == 32
    with pytest.raises(UserError, match="skrivs aldrig över"):
        new_key(path)
    assert path.read_text() == first
    other = tmp_path / "other.key"
    new_key(other)
    assert other.read_text() != first
    assert read_key(path).fingerprint != read_key(other).fingerprint


def test_new_key_without_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="går inte att skriva"):
        new_key(tmp_path / "saknas" / "umea_eval.key")


def test_read_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "umea_eval.key"
    with pytest.raises(UserError, match="saknas"):
        read_key(path)
    with pytest.raises(UserError, match="saknas"):
        read_key(None)
    new_key(path)
    path.chmod(0o640)
    with pytest.raises(UserError, match="andra än du"):
        read_key(path)
    path.chmod(0o600)
    for bad in ("", "inte hexadecimalt", "00" * 31):
        path.write_text(bad)
        with pytest.raises(UserError, match="ingen nyckel"):
            read_key(path)
    monkeypatch.setenv(ENVIRONMENT, "ab" * 32)
    assert read_key(path).fingerprint == Key(b"\xab" * 32).fingerprint
    monkeypatch.setenv(ENVIRONMENT, "hemlig")
    with pytest.raises(UserError) as caught:
        read_key(path)
    assert "hemlig" not in str(caught.value)


def test_a_key_shows_nothing() -> None:
    secret = bytes(range(32))
    for shown in (repr(KEY), str(KEY), f"{KEY}", KEY.fingerprint):
        assert secret.hex()[:8] not in shown
    assert pickle.loads(pickle.dumps(KEY)).fingerprint == KEY.fingerprint  # noqa: S301 - our own


def test_pseudonyms_are_hmac_sha_256_under_a_key_of_the_dataset() -> None:
    own = hmac.new(bytes(range(32)), b"umea_eval:pseudonym:placement_days", hashlib.sha256).digest()
    expected = hmac.new(own, A.encode(), hashlib.sha256).hexdigest()[:32]
    assert list(pseudonyms([A], KEY, dataset="placement_days")) == [expected]


def test_pseudonyms() -> None:
    found = pseudonyms([A, B, None, A], KEY, dataset="x")
    assert found[0] == found[3] != found[1]
    assert found.isna().tolist() == [False, False, True, False]
    assert list(found.categories) == sorted(found.categories)
    other = pseudonyms([A, B], KEY, dataset="y")
    assert set(other).isdisjoint(found.dropna())
    assert set(pseudonyms([A, B], Key(b"k" * 32), dataset="x")).isdisjoint(found.dropna())


def table(folder: Path, *rows: str) -> Path:
    path = folder / "byten.csv"
    path.write_text("\n".join(("Tidigare nummer;Nytt nummer;Datum", *rows)), encoding="utf-8")
    return path


def test_links_are_followed_to_their_end(tmp_path: Path) -> None:
    path = table(tmp_path, f"{D};{A};2020-01-01", f"{A[:8]}-{A[8:]};{B};2021-01-01")
    links = read_links(path, reference=REFERENCE)
    assert links == {D: B, A: B}
    assert apply_links([D, A, B, C, None], links) == [B, B, B, C, None]


@pytest.mark.parametrize(
    ("rows", "key", "row"),
    [
        ((f"{A};{B};2020-01-01", f"{A};{C};2020-01-01"), "intake.link_twice", 3),
        ((f"{A};{B};2020-01-01", f"{B};{A};2020-01-01"), "intake.link_circle", 2),
        ((f"{A};{B};2020-01-01", f"{B};1234;2020-01-01"), "intake.link_identity", 3),
        ((f"{A};;2020-01-01",), "intake.link_identity", 2),
    ],
)
def test_a_link_table_with_faults_names_the_row_and_no_number(
    tmp_path: Path, rows: tuple[str, ...], key: str, row: int
) -> None:
    with pytest.raises(UserError) as caught:
        read_links(table(tmp_path, *rows), reference=REFERENCE)
    assert caught.value.key == key
    assert caught.value.values["row"] == row
    for language in ("sv", "en"):
        message = caught.value.message(language)
        assert not any(number in message for number in (A, B, C))


def test_a_link_table_needs_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "byten.csv"
    path.write_text(f"Nummer;Datum\n{A};2020-01-01\n", encoding="utf-8")
    with pytest.raises(UserError, match="Tidigare nummer"):
        read_links(path, reference=REFERENCE)
