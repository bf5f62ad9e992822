"""Join two datasets by person: only under a recorded decision, and with the match rate told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd

from umea_eval.datasets import Dataset, find_dataset
from umea_eval.errors import UserError
from umea_eval.intake import decisions
from umea_eval.intake.cleaning import extraction_date
from umea_eval.intake.exports import read_exports
from umea_eval.intake.headings import assign, read_mapping
from umea_eval.intake.identity import classify
from umea_eval.intake.personnummer import Kind
from umea_eval.intake.pseudonym import Key, apply_links, pseudonyms
from umea_eval.intake.quarantine import apply_corrections, read_corrections
from umea_eval.intake.store import Stored, parquet_bytes
from umea_eval.intake.values import distinct_texts
from umea_eval.language import Language, text
from umea_eval.processed.load import load
from umea_eval.processed.sources import (
    MAPPING,
    Sources,
    changed_numbers,
    find_sources,
    project_key,
)
from umea_eval.runs.folders import building
from umea_eval.settings import Settings

FOLDER = "links"
FILE = "link.parquet"
NATIONAL = (Kind.PERSONNUMMER, Kind.SAMORDNINGSNUMMER)
AGES = (0, 18, 30, 45, 65, 200)


@dataclass(frozen=True)
class Linked:
    """A link between two datasets.

    ``pairs`` has a row per person in both: the two pseudonyms, ``person_<dataset>``. ``rates`` has
    a row per dataset and group (all, by sex, by age class at extraction): ``dataset``, ``group``,
    ``persons``, ``matched``, ``share``.
    """

    pairs: pd.DataFrame
    rates: pd.DataFrame
    folder: Path
    decision: decisions.Decision

    def text(self, language: Language) -> str:
        """The match rate of either dataset, in a sentence each."""
        every = self.rates[self.rates["group"] == "all"]
        return " ".join(
            text(
                "processed.link.rate",
                language,
                name=text(f"{row['dataset']}.dataset", language),
                persons=row["persons"],
                matched=row["matched"],
                share=100 * row["share"] if row["persons"] else float("nan"),
            )
            for row in every.to_dict("records")
        )


def link(first: str, second: str, *, reference: str, settings: Settings) -> Linked:
    """Link the persons of two cleaned datasets under the decision with diarienummer ``reference``.

    Their pseudonyms differ, so the link is made from the exports' own identity numbers (as
    corrected), in memory; what is stored (``data/processed/links``) are pairs of pseudonyms.
    Persons whose data are protected, and those without a personnummer or samordningsnummer, are in
    no pair. Raises UserError without a decision of the kind ``link`` that names both datasets and
    has the reference, for datasets that are not cleaned, are out of date or were made with another
    key, and where one is example data and the other not.
    """
    if first == second:
        raise UserError("processed.errors.link_same")
    decision = _decision(first, second, reference, settings)
    sides = {}
    for name in (first, second):
        stored = load(name, settings=settings)
        sides[name] = (stored, find_sources(name, settings))
    examples = {stored.example for stored, _ in sides.values()}
    if len(examples) > 1:
        raise UserError("processed.errors.mixed")
    key, _ = project_key(settings, example=examples.pop())
    for name, (stored, _) in sides.items():
        if stored.manifest["provenance"]["key"] != key.fingerprint:
            raise UserError("processed.errors.other_key", name=name, file=settings.key.name)
    people = {
        name: _people(find_dataset(name), stored, sources, key, settings)
        for name, (stored, sources) in sides.items()
    }
    one, two = people[first], people[second]
    # Whoever has no national number can be nobody else: missing never equals missing.
    known = [own[own["identity"].notna()] for own in (one, two)]
    joined = known[0].merge(known[1], on="identity", suffixes=(f"_{first}", f"_{second}"))
    open_ = ~(joined[f"protected_{first}"] | joined[f"protected_{second}"])
    names = [f"person_{first}", f"person_{second}"]
    pairs = joined.loc[open_, names].sort_values(names, ignore_index=True)
    rates = pd.concat(
        [_rates(name, own, set(pairs[f"person_{name}"])) for name, own in people.items()],
        ignore_index=True,
    )
    home = settings.processed_example if sides[first][0].example else settings.processed
    with building(settings.processed) as new:
        new.write(
            {
                FILE: parquet_bytes(pairs, about=f"{first}, {second}: {reference}"),
                "rates.csv": rates.to_csv(index=False).encode("utf-8"),
            }
        )
        target = (home / FOLDER / f"{first}-{second}").relative_to(settings.processed)
        folder = new.move_to(target.as_posix(), private=not sides[first][0].example)
    return Linked(pairs, rates, folder, decision)


def _decision(first: str, second: str, reference: str, settings: Settings) -> decisions.Decision:
    for each in decisions.read_decisions(settings.root / decisions.FILE):
        if each.kind == "link" and each.reference == reference and {first, second} <= each.about:
            return each
    raise UserError(
        "processed.errors.link_decision", first=first, second=second, reference=reference
    )


def _people(
    dataset: Dataset, stored: Stored, sources: Sources, key: Key, settings: Settings
) -> pd.DataFrame:
    """Each person of the clean tables: identity, pseudonym, sex, age class, protected or not."""
    date = dt.date.fromisoformat(stored.manifest["provenance"]["extraction_date"])
    links = {} if sources.example else changed_numbers(settings, reference=date)
    mappings = read_mapping(settings.root / MAPPING).get(dataset.name, {})
    # What was corrected by hand is what the clean tables hold.
    raw, _ = apply_corrections(read_exports(sources.paths), read_corrections(sources.home))
    matches, _ = assign(raw.tables, dataset.schemas, mappings)
    identity: dict[str, str] = {}
    for match in matches:
        reference = extraction_date(match.table.file, date)
        for column in match.schema.columns:
            if column.dtype == "identity" and column.name in match.columns:
                texts = distinct_texts(match.table.frame[match.columns[column.name]])
                found = classify(texts, reference=reference).canonical.tolist()
                canonical = apply_links(found, links)
                own = pseudonyms(canonical, key, dataset=dataset.name)
                kinds = classify([each or "" for each in canonical], reference=reference).kind
                rows = zip(own.astype(object), canonical, kinds, strict=True)
                # A reserve or local number is another person's in another system.
                identity |= {name: str(number) for name, number, kind in rows if kind in NATIONAL}
    people = pd.concat(list(_persons(dataset, stored, date.year)), ignore_index=True)
    people = people.sort_values("person", kind="stable")
    # Protected in any row is protected; sex and age are those of the number, the same in all.
    protected = people.groupby("person")["protected"].transform("any")
    people = people.assign(protected=protected).drop_duplicates("person", ignore_index=True)
    return people.assign(identity=people["person"].map(identity))


def _persons(dataset: Dataset, stored: Stored, year: int) -> Iterator[pd.DataFrame]:
    for schema in dataset.schemas:
        if schema.name not in stored:
            continue
        frame = stored[schema.name]
        for column in schema.columns:
            if column.dtype != "identity" or column.name not in frame:
                continue
            own = frame[frame[column.name].notna()]
            age = year - own[f"{column.name}_birth_year"].astype("Float64")
            protected = own["protected"] if "protected" in own else pd.Series(False, own.index)
            yield pd.DataFrame(
                {
                    "person": own[column.name].astype(object),
                    "sex": own[f"{column.name}_sex"].astype(object),
                    "age": pd.cut(age.astype(float), AGES, right=False, labels=_ages()).astype(
                        object
                    ),
                    "protected": protected.astype(bool),
                }
            )


def _ages() -> list[str]:
    return [f"{low}–{high - 1}" for low, high in pairwise(AGES[:-1])] + [f"{AGES[-2]}–"]


def _rates(name: str, people: pd.DataFrame, matched: set[object]) -> pd.DataFrame:
    hit = people["person"].isin(matched)
    rows = [("all", len(people), int(hit.sum()))]
    for by in ("sex", "age"):
        for group, own in hit.groupby(people[by].fillna("unknown"), sort=True):
            rows.append((f"{by}: {group}", len(own), int(own.sum())))
    rates = pd.DataFrame(rows, columns=["group", "persons", "matched"])
    rates.insert(0, "dataset", name)
    return rates.assign(share=rates["matched"] / rates["persons"].where(rates["persons"] > 0))
