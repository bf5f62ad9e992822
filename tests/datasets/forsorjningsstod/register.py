"""A register of a dozen households over two years, from which every measure is worked out by hand.

Data cover January 2022 to December 2023. One mark is one month; 8 000 kronor of försörjningsstöd
unless something else is said.

            2022         2023
            JFMAMJJASOND JFMAMJJASOND
    A       ************ ************   every month
    B       ..******.... ............   March to August
    C       .***..****** ............   a pause of two months
    D       ....*.***... ........**..   a pause of one month; back 12 months after September
    E       ............ **********..   ten months of 2023
    F       ...........* *********...   ten months, nine of them in 2023
    G       **.......... ............   running at the start of data
    H       .*****...*** ............   a pause of three months
    I       ............ ...........*   the last month only
    J       .......*.... ............   June nets 0 and July -500: only August is a benefit month
    K       ............ ............   förmedlingsmedel, återkrav and förskott only
    L       ............ ....*.......   livsföring i övrigt only, 1 500 kronor

Benefit months of 2022: A 12, B 6, C 9, D 4, F 1, G 2, H 8, J 1 = 43, of eight households.
Benefit months of 2023: A 12, D 2, E 10, F 9, I 1, L 1 = 35, of six households.
"""

from __future__ import annotations

import pandas as pd

FIRST, LAST = "2022-01", "2023-12"
PATTERNS = {
    "A": "************ ************",
    "B": "..******.... ............",
    "C": ".***..****** ............",
    "D": "....*.***... ........**..",
    "E": "............ **********..",
    "F": "...........* *********...",
    "G": "**.......... ............",
    "H": ".*****...*** ............",
    "I": "............ ...........*",
}
Row = tuple[str, str, float, str, str | None]


def when(pattern: str) -> list[str]:
    """The marked months of a pattern, as 2022-01 and so on."""
    months = pd.date_range("2022-01-01", periods=len(pattern.replace(" ", "")), freq="MS")
    marks = pattern.replace(" ", "")
    return [f"{month:%Y-%m}" for month, mark in zip(months, marks, strict=True) if mark == "*"]


def obstacle(household: str, month: str) -> str | None:
    """A unemployed, from 2023 without obstacle; B not recorded; C blank; D sick; E unemployed;
    F parental leave; G and I social reasons; H a code that ended with 2016."""
    if household == "A":
        return "111" if month < "2023" else "090"
    codes = {"B": "999", "D": "021", "E": "112", "F": "051", "G": "040", "H": "011", "I": "040"}
    return codes.get(household)


def payments() -> pd.DataFrame:
    """The payments, in the form that cleaning gives them."""
    rows: list[Row] = [
        (household, month, 8_000.0, "livelihood", obstacle(household, month))
        for household, pattern in PATTERNS.items()
        for month in when(pattern)
    ]
    rows += [
        # Two codes in one month: that of the larger amount counts.
        ("E", "2023-01", 1_000.0, "other_living", "040"),
        ("J", "2022-06", 5_000.0, "livelihood", "111"),
        ("J", "2022-06", -5_000.0, "livelihood", "111"),
        ("J", "2022-07", 3_000.0, "livelihood", "111"),
        ("J", "2022-07", -3_500.0, "livelihood", "111"),
        ("J", "2022-08", 4_000.0, "livelihood", "111"),
        ("J", "2022-08", 1_000.0, "other_living", "111"),
        ("J", "2022-08", 6_000.0, "mediated", None),
        ("K", "2022-08", 7_000.0, "mediated", None),
        ("K", "2022-08", -2_000.0, "recovery", None),
        ("K", "2022-08", 3_000.0, "advance", None),
        ("L", "2023-05", 1_500.0, "other_living", "040"),
    ]
    frame = pd.DataFrame(rows, columns=["household", "month", "amount", "support_kind", "obstacle"])
    return frame.assign(
        month=pd.to_datetime(frame["month"]).astype("datetime64[us]"),
        person="p" + frame["household"],
        person_birth_year=pd.Series(1980, index=frame.index, dtype="int64[pyarrow]"),
        household=frame["household"].astype("category"),
        support_kind=frame["support_kind"].astype("category"),
        obstacle=frame["obstacle"].astype("category"),
    )


def households() -> pd.DataFrame:
    """Households by person and month.

    A: a woman with 2 children, 3 from January 2023, and from 2023 a son aged 13 in a row of his
    own. B without children. C a couple with children, their number not filled in. D of unknown
    type. E a man with one child; in December 2023 I's only person lives in A too. F is not here.
    """
    rows: list[tuple[str, str, str, str, int | None, int]] = []
    facts: dict[str, tuple[str, int | None]] = {
        "A": ("6", 2),
        "B": ("5", 0),
        "C": ("8", None),
        "D": ("1", None),
        "E": ("4", 1),
        "G": ("3", 0),
        "H": ("3", 0),
        "I": ("3", 0),
    }
    for household, (kind, children) in facts.items():
        for month in when(PATTERNS[household]):
            number = 3 if household == "A" and month >= "2023" else children
            rows.append((household, f"p{household}", month, kind, number, 1980))
            if number == 3:
                rows.append((household, "pA-son", month, kind, number, 2010))
    rows.append(("A", "pI", "2023-12", "6", 3, 1980))
    rows.append(("J", "pJ", "2022-08", "3", 0, 1980))
    rows.append(("L", "pL", "2023-05", "5", 0, 1980))
    columns = ["household", "person", "month", "household_type", "children", "person_birth_year"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        month=pd.to_datetime(frame["month"]).astype("datetime64[us]"),
        household=frame["household"].astype("category"),
        person=frame["person"].astype("category"),
        household_type=frame["household_type"].astype("category"),
        children=frame["children"].astype("int64[pyarrow]"),
        person_birth_year=frame["person_birth_year"].astype("int64[pyarrow]"),
    )


def decisions() -> pd.DataFrame:
    """The decisions that carry reasons for exit, and one that tells when A's support began."""
    rows = [
        ("A", "2021-07-01", "2021-07-01", "2021-12-31", None),
        ("A", "2022-01-01", "2022-01-01", None, None),
        # Two months after the last support.
        ("B", "2022-03-01", "2022-03-01", "2022-10-31", "work"),
        ("C", "2022-02-01", "2022-02-01", "2022-04-30", "studies"),
        # Five months after C's last support of December 2022: too late to be its reason.
        ("C", "2022-07-01", "2022-07-01", "2023-05-31", "work"),
        # After D's exit of May 2022, but in the month when support has begun again.
        ("D", "2022-05-01", "2022-05-01", "2022-07-15", "benefit"),
        # Two for one exit: the one decided last.
        ("D", "2022-07-02", "2022-07-01", "2022-09-30", "other"),
        ("D", "2022-08-01", "2022-07-01", "2022-09-30", "work"),
        ("E", "2023-01-01", "2023-01-01", "2023-10-31", "work"),
        ("F", "2022-12-01", "2022-12-01", "2023-09-30", "moved"),
        ("G", "2022-01-01", "2022-01-01", "2022-02-20", "deceased"),
        # A change of record system is no reason.
        ("H", "2022-10-01", "2022-10-01", "2022-12-31", "migration"),
    ]
    columns = ["household", "decided_on", "starts", "ends", "exit_reason"]
    frame = pd.DataFrame(rows, columns=columns)
    dates = {
        name: pd.to_datetime(frame[name]).astype("datetime64[us]")
        for name in ("decided_on", "starts", "ends")
    }
    return frame.assign(
        **dates,
        household=frame["household"].astype("category"),
        exit_reason=frame["exit_reason"].astype("category"),
        decision=pd.Series("granted", index=frame.index, dtype="category"),
    )
