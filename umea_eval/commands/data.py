"""Commands about the data: example, clean, codebook, key, decision, link."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from umea_eval.commands.cluster import cluster_of, cluster_options
from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.settings import read_settings
from umea_eval.terminal import say, tell
from umea_eval.usage import Command, Group, everywhere, shown_path

if TYPE_CHECKING:
    from umea_eval.processed.clean import Cleaned

DONE, INCOMPLETE = 0, 4


def data_commands(language: Language) -> list[click.Command]:
    """All of them, in the order in which they are used."""
    return [
        _example(language),
        _clean(language),
        _codebook(language),
        _key(language),
        _decision(language),
        _link(language),
    ]


def _example(language: Language) -> Command:
    def call(
        names: tuple[str, ...],
        *,
        messy: bool,
        missing: bool,
        seed: int,
        n: int | None,
        **_: object,
    ) -> int:
        from umea_eval.datasets import DATASETS  # noqa: PLC0415 - not for --help
        from umea_eval.processed.example import make_example  # noqa: PLC0415
        from umea_eval.processed.sources import has_files  # noqa: PLC0415

        settings = read_settings()
        for name in names or DATASETS:
            if missing and any(
                has_files(folder / name) for folder in (settings.raw, settings.example)
            ):
                continue
            folder, marks = make_example(name, settings, messy=messy, seed=seed, n=n)
            counts = marks["fate"].value_counts()
            tell(
                text(
                    "processed.example_made" if messy else "processed.example_made_tidy",
                    language,
                    name=text(f"{name}.dataset", language),
                    quarantined=int(counts.get("quarantined", 0)),
                    duplicates=int(counts.get("duplicates", 0)),
                    superseded=int(counts.get("superseded", 0)),
                )
            )
            say(shown_path(folder))
        return DONE

    return Command(
        "example",
        language=language,
        callback=call,
        help=text("processed.help.example", language),
        short_help=text("processed.help.example_short", language),
        example="umea-eval example --messy",
        params=[
            _names(language),
            click.Option(["--messy"], is_flag=True, help=text("processed.help.messy", language)),
            click.Option(
                ["--missing"], is_flag=True, help=text("processed.help.missing", language)
            ),
            click.Option(
                ["--seed"], type=int, default=0, help=text("processed.help.seed", language)
            ),
            click.Option(["--n"], type=int, help=text("processed.help.n", language)),
            *everywhere(language),
        ],
    )


def _clean(language: Language) -> Command:
    def call(
        name: str | None,
        paths: tuple[str, ...],
        *,
        json: bool,
        extracted: str | None,
        **given: object,
    ) -> int:
        from umea_eval.datasets import DATASETS  # noqa: PLC0415 - not for --help
        from umea_eval.processed.clean import clean  # noqa: PLC0415
        from umea_eval.processed.sources import datasets_with_exports  # noqa: PLC0415

        settings = read_settings()
        day = _day(extracted) if extracted else None
        names = [name] if name else datasets_with_exports(settings)
        if given["all"] and not name:
            names = list(DATASETS)
        own = [Path(path) for path in paths]
        done: list[Cleaned] = []
        failed = 0
        with cluster_of(given, settings.root) as cluster:
            way = map if cluster is None else cluster.map
            for each in names:
                tell(text("processed.cleaning", language, name=_called(each, language)))
                try:
                    cleaned = clean(each, own, settings=settings, extracted=day, each=way)
                except UserError as error:
                    if len(names) == 1:
                        raise
                    failed += 1
                    tell(error.message(language))
                    continue
                done.append(cleaned)
                for notice in cleaned.notices:
                    tell(notice.text(language))
                if not json:
                    for line in _summary(cleaned, language):
                        say(line)
        if not done:
            return 2
        if json:
            say(_json(done))
        return INCOMPLETE if failed else DONE

    return Command(
        "clean",
        language=language,
        callback=call,
        help=text("processed.help.clean", language),
        short_help=text("processed.help.clean_short", language),
        example="umea-eval clean forsorjningsstod",
        params=[
            click.Argument(
                ["name"], required=False, metavar=f"[{text('processed.metavar.name', language)}]"
            ),
            click.Argument(
                ["paths"], nargs=-1, metavar=f"[{text('processed.metavar.path', language)}]..."
            ),
            click.Option(["--all"], is_flag=True, help=text("processed.help.all", language)),
            click.Option(["--json"], is_flag=True, help=text("processed.help.json", language)),
            click.Option(
                ["--extracted"],
                metavar=text("processed.metavar.date", language),
                help=text("processed.help.extracted", language),
            ),
            *cluster_options(language),
            *everywhere(language),
        ],
    )


def _codebook(language: Language) -> Command:
    def call(name: str, **_: object) -> int:
        from umea_eval.processed.codebook import write_codebook  # noqa: PLC0415

        for path in write_codebook(name, read_settings(), language):
            say(shown_path(path))
        return DONE

    return Command(
        "codebook",
        language=language,
        callback=call,
        help=text("processed.help.codebook", language),
        short_help=text("processed.help.codebook_short", language),
        example="umea-eval codebook forsorjningsstod",
        params=[
            click.Argument(["name"], metavar=text("processed.metavar.name", language)),
            *everywhere(language),
        ],
    )


def _key(language: Language) -> Group:
    def new(**_: object) -> int:
        from umea_eval.intake.pseudonym import ENVIRONMENT, new_key  # noqa: PLC0415

        settings = read_settings()
        new_key(settings.key)
        tell(text("processed.key_made", language, file=settings.key.name))
        if ENVIRONMENT in os.environ:
            tell(text("processed.key_shadowed", language, name=ENVIRONMENT))
        return DONE

    group = Group(
        "key",
        language=language,
        help=text("processed.help.key", language),
        short_help=text("processed.help.key", language),
        example="umea-eval key new",
        subcommand_metavar=text("cli.metavar.command", language),
        params=everywhere(language),
        callback=lambda **_: None,
    )
    group.add_command(
        Command(
            "new",
            language=language,
            callback=new,
            help=text("processed.help.key_new", language),
            short_help=text("processed.help.key_new", language),
            example="umea-eval key new",
            params=everywhere(language),
        )
    )
    return group


def _decision(language: Language) -> Command:
    def call(
        *,
        datasets: str | None,
        kind: str | None,
        on: str | None,
        **given: str | None,
    ) -> int:
        from umea_eval.datasets import find_dataset  # noqa: PLC0415
        from umea_eval.intake import decisions  # noqa: PLC0415

        path = read_settings().root / decisions.FILE
        if datasets is None and kind is None and not any(given[name] for name in ("choice", "why")):
            known = decisions.read_decisions(path)
            for each in known:
                said = text(f"processed.decision.{each.kind}", language)
                who = f"{each.by} ({each.reference})" if each.reference else each.by
                say(f"{each.date} {each.datasets}: {said}. {each.choice} {each.why} – {who}")
            if not known:
                tell(text("processed.no_decisions", language))
            return DONE
        for name in (datasets or "").split(","):
            find_dataset(name.strip())
        chosen = next((each for each in decisions.KINDS if each == kind), None)
        if chosen is None or not all(given[name] for name in ("choice", "why", "by")):
            raise UserError("processed.errors.decision_options", kinds=", ".join(decisions.KINDS))
        decision = decisions.Decision(
            _day(on) if on else _today(),
            given["by"] or "",
            datasets or "",
            chosen,
            given["choice"] or "",
            given["why"] or "",
            given["reference"] or "",
        )
        decisions.add_decision(path, decision)
        tell(text("processed.decision_saved", language, file=path.name))
        return DONE

    def option(name: str, **more: Any) -> click.Option:
        return click.Option(
            [f"--{name}"], help=text(f"processed.help.decision_{name}", language), **more
        )

    words = text("cli.metavar.text", language)
    return Command(
        "decision",
        language=language,
        callback=call,
        help=text("processed.help.decision", language),
        short_help=text("processed.help.decision_short", language),
        example='umea-eval decision --datasets forsorjningsstod --kind mapping --choice "…" '
        '--why "…" --by "…"',
        params=[
            option("datasets", metavar=text("processed.metavar.name", language)),
            option("kind", metavar=words),
            option("choice", metavar=words),
            option("why", metavar=words),
            option("by", metavar=words),
            option("reference", metavar=words),
            option("on", metavar=text("processed.metavar.date", language)),
            *everywhere(language),
        ],
    )


def _link(language: Language) -> Command:
    def call(first: str, second: str, *, decision: str | None, **_: object) -> int:
        from umea_eval.datasets import find_dataset  # noqa: PLC0415
        from umea_eval.processed.link import link  # noqa: PLC0415

        find_dataset(first), find_dataset(second)
        if not decision:
            raise UserError("processed.errors.link_reference")
        linked = link(first, second, reference=decision, settings=read_settings())
        say(linked.text(language))
        for row in linked.rates.to_dict("records"):
            if row["group"] != "all":
                say(
                    text(
                        "processed.link.group",
                        language,
                        name=_called(str(row["dataset"]), language),
                        group=row["group"],
                        persons=row["persons"],
                        unmatched=row["persons"] - row["matched"],
                    )
                )
        tell(text("processed.link.internal", language))
        say(shown_path(linked.folder))
        return DONE

    name = text("processed.metavar.name", language)
    return Command(
        "link",
        language=language,
        callback=call,
        help=text("processed.help.link", language),
        short_help=text("processed.help.link_short", language),
        example="umea-eval link forsorjningsstod placement_days --decision 2024-00123",
        params=[
            click.Argument(["first"], metavar=name),
            click.Argument(["second"], metavar=name),
            click.Option(
                ["--decision"],
                metavar=text("processed.metavar.reference", language),
                help=text("processed.help.link_decision", language),
            ),
            *everywhere(language),
        ],
    )


def _summary(cleaned: Cleaned, language: Language) -> Iterator[str]:
    from umea_eval.intake.quarantine import reason_text  # noqa: PLC0415
    from umea_eval.processed.account import correction_text, findings  # noqa: PLC0415

    result = cleaned.result
    yield f"{_called(cleaned.dataset, language)}: {result.ledger.text(language)}"
    reasons = sorted(result.ledger.reasons.items(), key=lambda item: (-item[1], item[0]))
    for reason, count in reasons:
        words = reason_text(reason, language, dataset=cleaned.dataset)
        yield text("processed.line.quarantined", language, n=count, reason=words)
    for rule, count in result.corrections.items():
        words = correction_text(rule, language)
        yield text("processed.line.corrected", language, n=count, rule=words)
    for reason, count in result.remarks.items():
        if count:
            words = reason_text(reason, language, dataset=cleaned.dataset)
            yield text("processed.line.remark", language, n=count, reason=words)
    for sentence in findings(result, language):
        yield f"  {sentence}"
    if len(result.dropped):
        headings = sorted(set(result.dropped["heading"]))
        yield text("processed.line.dropped", language, n=len(headings))
    if cleaned.quarantine:
        yield text(
            "processed.line.correct", language, folder=shown_path(cleaned.quarantine[0].parent)
        )
    yield shown_path(cleaned.page)


def _json(done: Sequence[Cleaned]) -> str:
    """One object: the account of all, and of each dataset where there are several."""
    own = {cleaned.dataset: _about(cleaned) for cleaned in done}
    total = _added([cleaned.account for cleaned in done])
    whole = {**total, "datasets": own} if len(done) > 1 else own[done[0].dataset]
    return json.dumps(whole, ensure_ascii=False, sort_keys=False)


def _about(cleaned: Cleaned) -> dict[str, Any]:
    return {
        **cleaned.account,
        "dataset": cleaned.dataset,
        "example": cleaned.result.provenance["example"],
        "remarks": dict(cleaned.result.remarks),
        "dropped": sorted(set(cleaned.result.dropped["heading"])),
        "findings": cleaned.result.provenance.get("findings", []),
    }


def _added(accounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for name, first in accounts[0].items():
        if isinstance(first, dict):
            counted: Counter[str] = Counter()
            for account in accounts:
                counted.update(account[name])
            total[name] = dict(sorted(counted.items()))
        else:
            total[name] = sum(account[name] for account in accounts)
    return total


def _names(language: Language) -> click.Argument:
    return click.Argument(
        ["names"], nargs=-1, metavar=f"[{text('processed.metavar.name', language)}]..."
    )


def _called(name: str, language: Language) -> str:
    from umea_eval.datasets import find_dataset  # noqa: PLC0415 - an unknown name is an error

    return text(f"{find_dataset(name).name}.dataset", language)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise UserError("processed.errors.date") from None


def _today() -> date:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.now(tz=UTC).astimezone().date()
