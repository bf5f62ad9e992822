"""The rules of ``cleaning_rules`` in vectorised pandas on text columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.peers.cleaning_rules import EXTRACTION, KINDS, LIMIT, OBSTACLES, main, pseudonym

NAMES = ["identity", "household", "month", "paid_on", "amount", "kind", "obstacle"]


def clean(source: Path, folder: Path) -> tuple[int, dict[str, int], int]:
    """Clean column by column with the string and date functions of pandas."""
    frame = pd.read_csv(
        source,
        sep=";",
        encoding="latin-1",
        dtype="str",
        keep_default_na=False,
        names=NAMES,
        header=0,
    )
    frame["row"] = np.arange(2, len(frame) + 2, dtype=np.int32)
    number = frame["identity"].str.replace("-", "", regex=False)
    form = number.str.fullmatch(r"[0-9]{12}")
    birth = pd.to_datetime(number.str.slice(0, 8), format="%Y%m%d", errors="coerce")
    whole = number.where(form, "0").astype("int64").to_numpy()
    total = np.zeros(len(frame), dtype=np.int64)
    for place in range(2, 12):
        product = whole // 10 ** (11 - place) % 10 * (2 - place % 2)
        total += product // 10 + product % 10
    month = pd.to_datetime(frame["month"], format="%Y-%m", errors="coerce")
    paid = pd.to_datetime(frame["paid_on"], format="%Y-%m-%d", errors="coerce")
    text = frame["amount"].str.replace(" ", "", regex=False).str.replace(",", ".", regex=False)
    amount = pd.to_numeric(text, errors="coerce")
    kind = frame["kind"].map(KINDS)
    checks = [
        (~form, "not_an_identity"),
        (birth.isna(), "no_such_date"),
        (birth > pd.Timestamp(EXTRACTION), "future_date"),
        (pd.Series(total % 10 != 0), "check_digit"),
        (month.isna(), "not_a_month"),
        (paid.isna(), "not_a_date"),
        (frame["amount"] == "", "missing_value"),
        (amount.isna(), "not_a_number"),
        (amount.abs() > LIMIT, "out_of_range"),
        (kind.isna() | ~frame["obstacle"].isin(OBSTACLES), "unknown_code"),
    ]
    reason = np.select(
        [check.to_numpy(dtype=bool) for check, _ in checks], [name for _, name in checks], ""
    )
    bad = frame.loc[reason != "", ["row"]].assign(reason=reason[reason != ""])
    good = pd.DataFrame(
        {
            "number": number,
            "household": frame["household"],
            "month": month,
            "paid_on": paid,
            "amount": amount,
            "kind": kind,
            "obstacle": frame["obstacle"],
            "row": frame["row"],
        }
    )[reason == ""]
    unique = good.drop_duplicates(subset=good.columns[:-1])
    people = {each: pseudonym(each) for each in unique["number"].unique()}
    homes = {each: pseudonym(each) for each in unique["household"].unique()}
    out = pd.DataFrame(
        {
            "person": unique["number"].map(people),
            "birth_year": unique["number"].str.slice(0, 4).astype("int32"),
            "sex": np.where(
                unique["number"].str.slice(10, 11).astype("int32") % 2 == 1, "men", "women"
            ),
            "household": unique["household"].map(homes),
            **{name: unique[name] for name in ("month", "paid_on", "amount", "kind", "obstacle")},
            "row": unique["row"],
        }
    )
    out.to_parquet(folder / "payments.parquet", compression="zstd", index=False)
    bad.to_parquet(folder / "quarantine.parquet", index=False)
    return len(out), bad["reason"].value_counts().to_dict(), len(good) - len(unique)


if __name__ == "__main__":
    main(clean)
