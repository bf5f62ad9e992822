"""The rules of ``cleaning_rules`` written by hand in Polars, on one thread."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from benchmarks.peers.cleaning_rules import EXTRACTION, KINDS, LIMIT, OBSTACLES, main, pseudonym

NAMES = ["identity", "household", "month", "paid_on", "amount", "kind", "obstacle"]


def clean(source: Path, folder: Path) -> tuple[int, dict[str, int], int]:
    """Clean with expressions; pseudonyms by a table of the distinct texts."""
    utf8 = source.read_bytes().decode("latin-1").encode()
    frame = pl.read_csv(utf8, separator=";", infer_schema=False, new_columns=NAMES)
    frame = frame.with_row_index("row", offset=2).with_columns(
        number=pl.col("identity").str.replace("-", "", literal=True)
    )
    number = pl.col("number")
    whole = number.cast(pl.Int64, strict=False)
    digits = [whole // 10 ** (11 - place) % 10 for place in range(2, 12)]
    products = [digit * (2 - place % 2) for place, digit in enumerate(digits)]
    check = pl.sum_horizontal([product // 10 + product % 10 for product in products]) % 10 == 0
    birth = number.str.slice(0, 8).str.to_date("%Y%m%d", strict=False)
    amount = (
        pl.col("amount")
        .str.replace_all(" ", "", literal=True)
        .str.replace(",", ".", literal=True)
        .cast(pl.Float64, strict=False)
    )
    frame = frame.with_columns(
        form=number.str.contains(r"^\d{12}$"),
        check=check,
        birth=birth,
        month_=(pl.col("month") + "-01").str.to_date("%Y-%m-%d", strict=False),
        paid_=pl.col("paid_on").str.to_date("%Y-%m-%d", strict=False),
        amount_=amount,
        kind_=pl.col("kind").replace_strict(KINDS, default=None, return_dtype=pl.String),
    )
    reason = (
        pl.when(~pl.col("form"))
        .then(pl.lit("not_an_identity"))
        .when(pl.col("birth").is_null())
        .then(pl.lit("no_such_date"))
        .when(pl.col("birth") > dt.date.fromisoformat(EXTRACTION))
        .then(pl.lit("future_date"))
        .when(~pl.col("check"))
        .then(pl.lit("check_digit"))
        .when(pl.col("month_").is_null())
        .then(pl.lit("not_a_month"))
        .when(pl.col("paid_").is_null())
        .then(pl.lit("not_a_date"))
        .when(pl.col("amount").is_null() | (pl.col("amount") == ""))
        .then(pl.lit("missing_value"))
        .when(pl.col("amount_").is_null())
        .then(pl.lit("not_a_number"))
        .when(pl.col("amount_").abs() > LIMIT)
        .then(pl.lit("out_of_range"))
        .when(pl.col("kind_").is_null() | ~pl.col("obstacle").is_in(OBSTACLES))
        .then(pl.lit("unknown_code"))
    )
    frame = frame.with_columns(reason=reason)
    bad = frame.filter(pl.col("reason").is_not_null())
    good = frame.filter(pl.col("reason").is_null())
    values = ["number", "household", "month_", "paid_", "amount_", "kind_", "obstacle"]
    unique = good.unique(subset=values, keep="first", maintain_order=True)
    people = unique.select("number").unique()
    people = people.with_columns(
        person=pl.Series([pseudonym(each) for each in people["number"].to_list()])
    )
    homes = unique.select("household").unique()
    homes = homes.with_columns(
        home=pl.Series([pseudonym(each) for each in homes["household"].to_list()])
    )
    out = (
        unique.join(people, on="number", how="left", maintain_order="left")
        .join(homes, on="household", how="left", maintain_order="left")
        .select(
            "person",
            pl.col("number").str.slice(0, 4).cast(pl.Int32).alias("birth_year"),
            pl.when(pl.col("number").str.slice(10, 1).cast(pl.Int32) % 2 == 1)
            .then(pl.lit("men"))
            .otherwise(pl.lit("women"))
            .alias("sex"),
            pl.col("home").alias("household"),
            pl.col("month_").alias("month"),
            pl.col("paid_").alias("paid_on"),
            pl.col("amount_").alias("amount"),
            pl.col("kind_").alias("kind"),
            "obstacle",
            "row",
        )
    )
    out.write_parquet(folder / "payments.parquet", compression="zstd", compression_level=1)
    bad.select("row", "reason").write_parquet(folder / "quarantine.parquet")
    counts = dict(bad["reason"].value_counts().iter_rows())
    return out.height, counts, good.height - unique.height


if __name__ == "__main__":
    main(clean)
