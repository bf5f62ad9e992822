"""``umea-eval batch plan``, ``batch run`` and ``verify``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from umea_eval.commands.cluster import cluster_of, cluster_options
from umea_eval.language import LANGUAGES, Language, text
from umea_eval.settings import Settings, read_settings, with_formats
from umea_eval.terminal import masked, say, tell
from umea_eval.usage import Command, Group, everywhere, formats_option, shown_path

if TYPE_CHECKING:
    from umea_eval.runs.cluster import Cluster
    from umea_eval.runs.compare import Difference
    from umea_eval.runs.plan import Plan, Planned
    from umea_eval.runs.pool import Result
    from umea_eval.runs.run_batch import Progress, Summary
    from umea_eval.runs.state import State
    from umea_eval.runs.verify import Verdict

DONE, WITHHELD, INCOMPLETE = 0, 3, 4
_DIFFERENCES = 20
_MINUTE, _HOUR = 60, 3600


def batch_commands(language: Language) -> list[Command | Group]:
    """``batch`` with ``plan`` and ``run``, and ``verify``."""
    group = Group(
        "batch",
        language=language,
        help=text("cli.help.batch", language),
        short_help=text("cli.help.batch_short", language),
        example="umea-eval batch plan batch.csv\numea-eval batch run batch.csv",
        subcommand_metavar=text("cli.metavar.command", language),
        params=everywhere(language),
        callback=lambda **_: None,
    )
    group.add_command(_plan(language))
    group.add_command(_run(language))
    return [group, _verify(language)]


def _plan(language: Language) -> Command:
    def call(file: str, formats: str | None, **_: object) -> int:
        # Late: --help must not wait for what plans.
        from umea_eval.runs import machine  # noqa: PLC0415
        from umea_eval.runs.state import State  # noqa: PLC0415

        settings = with_formats(read_settings(), formats)
        state = State(settings.root, settings.reports, create=settings.reports.is_dir())
        plan = _planned(file, settings, state, language, force=False)
        state.save()
        megabytes = plan.file.memory_mb
        memory = None if megabytes is None else megabytes * 1_000_000
        workers = machine.workers(plan.file.workers, len(plan.todo), memory)
        # Rows that cannot be used are quoted, and the reports are called as their parameters.
        say(masked("\n".join([*_shown(plan, language), _expected(plan, workers, language)])))
        return INCOMPLETE if plan.faults else DONE

    return Command(
        "plan",
        language=language,
        callback=call,
        help=text("cli.help.batch_plan", language),
        short_help=text("cli.help.batch_plan_short", language),
        example="umea-eval batch plan batch.csv",
        params=[
            click.Argument(["file"], metavar=text("cli.metavar.file", language)),
            formats_option(language),
            *everywhere(language),
        ],
    )


def _run(language: Language) -> Command:
    def call(file: str, *, force: bool, stock: bool, formats: str | None, **given: object) -> int:
        from umea_eval.runs.state import State  # noqa: PLC0415 - not for --help

        settings = with_formats(read_settings(), formats)
        state = State(settings.root, settings.reports, create=True)
        plan = _planned(file, settings, state, language, force=force)
        _tell_faults(plan, language)
        with cluster_of(given, settings.root) as cluster:
            summary = _make(
                *(plan, settings, state, language), force=force, warm=not stock, cluster=cluster
            )
        for name, error in summary.withheld.items():
            said = error.message(language).replace("\n", "\n    ")
            tell(text("runs.batch.withheld", language, name=name, message=said))
        index = settings.reports / "index.html"
        tell(
            text(
                "runs.batch.summary",
                language,
                done=summary.done,
                failed=summary.failed,
                up_to_date=summary.up_to_date,
                faults=summary.faults,
            )
        )
        say(shown_path(index))
        if summary.withheld:
            return WITHHELD
        return INCOMPLETE if summary.failed or summary.faults else DONE

    return Command(
        "run",
        language=language,
        callback=call,
        help=text("cli.help.batch_run", language),
        short_help=text("cli.help.batch_run_short", language),
        example="umea-eval batch run batch.csv",
        params=[
            click.Argument(["file"], metavar=text("cli.metavar.file", language)),
            click.Option(["--force"], is_flag=True, help=text("cli.help.batch_force", language)),
            formats_option(language),
            click.Option(["--stock"], is_flag=True, help=text("cli.help.batch_stock", language)),
            *cluster_options(language),
            *everywhere(language),
        ],
    )


def _verify(language: Language) -> Command:
    def call(report: str, **_: object) -> int:
        from umea_eval.runs.verify import verify  # noqa: PLC0415 - not for --help

        tell(text("runs.verify.starting", language, report=report))
        verdict = verify(Path(report), read_settings(), language=language)
        for line in _verdict(verdict, language):
            say(line)
        return DONE if verdict.holds else INCOMPLETE

    return Command(
        "verify",
        language=language,
        callback=call,
        help=text("cli.help.verify", language),
        short_help=text("cli.help.verify_short", language),
        example="umea-eval verify reports/key_figures/sv",
        params=[
            click.Argument(["report"], metavar=text("cli.metavar.report", language)),
            *everywhere(language),
        ],
    )


def _verdict(verdict: Verdict, language: Language) -> list[str]:
    def said(key: str, **values: object) -> str:
        return text(f"runs.verify.{key}", language, **values)

    lines = [said("damaged", file=name) for name in verdict.damaged]
    if verdict.differences:
        lines.append(said("differs", report=verdict.report, n=len(verdict.differences)))
        lines += [
            said(each.kind, place=_place(each, language), before=each.before, now=each.now)
            for each in verdict.differences[:_DIFFERENCES]
        ]
        if len(verdict.differences) > _DIFFERENCES:
            lines.append(said("more", n=len(verdict.differences) - _DIFFERENCES))
    elif verdict.bytes_only:
        files = ", ".join(verdict.bytes_only)
        lines.append(said("same_content", report=verdict.report, files=files))
    elif not verdict.damaged:
        lines.append(said("same", report=verdict.report))
    if verdict.changed:
        lines.append(said("explained" if verdict.differences else "changed_without"))
        lines += [said("change", what=what) for what in verdict.changed]
    elif verdict.differences:
        lines.append(said("unexplained"))
    return lines


def _place(difference: Difference, language: Language) -> str:
    words = [text(f"runs.verify.part_{difference.part}", language)]
    if difference.name:
        words.append(difference.name)
    place = " ".join(words)
    if difference.row:
        where = {"row": difference.row, "column": difference.column}
        place = text("runs.verify.in_table", language, place=place, **where)
    return place


def _planned(
    file: str, settings: Settings, state: State, language: Language, *, force: bool
) -> Plan:
    from umea_eval.runs.batch_file import read_batch  # noqa: PLC0415 - not for --help
    from umea_eval.runs.plan import make_plan  # noqa: PLC0415

    return make_plan(
        read_batch(Path(file)),
        settings,
        state,
        language=language,
        report_language=_chosen_language(),
        force=force,
    )


def _make(
    plan: Plan,
    settings: Settings,
    state: State,
    language: Language,
    *,
    force: bool,
    warm: bool,
    cluster: Cluster | None,
) -> Summary:
    """Make what the plan says and the index."""
    from umea_eval.runs.clashing import are_compared, finished_of  # noqa: PLC0415 - not for --help
    from umea_eval.runs.run_batch import Summary, run_plan  # noqa: PLC0415

    index = settings.reports / "index.html"
    if not plan.todo and not plan.faults and index.is_file():
        compared = are_compared(finished_of(plan, settings, state), state)
        state.save()
        if compared:
            return Summary(done=0, failed=0, up_to_date=len(plan.up_to_date), faults=0)
    from umea_eval.runs.index import write_index  # noqa: PLC0415 - only where there is news

    if plan.todo:
        tell(text("runs.batch.starting", language, todo=len(plan.todo)))

    def told(planned: Planned, result: Result, progress: Progress) -> None:
        tell(_progress(planned, result, progress, language))

    try:
        return run_plan(
            plan,
            settings,
            state,
            language=language,
            told=told,
            show_error_text=_flag("show_error_text"),
            force=force,
            warm=warm,
            cluster=cluster,
        )
    finally:
        write_index(settings)


def _shown(plan: Plan, language: Language) -> list[str]:
    lines = [
        text(
            "runs.batch.plan",
            language,
            file=plan.file.name,
            todo=len(plan.todo),
            up_to_date=len(plan.up_to_date),
            faults=len(plan.faults),
        )
    ]
    if plan.excluded or plan.repeated:
        lines.append(
            text("runs.batch.left_out", language, excluded=plan.excluded, repeated=plan.repeated)
        )
    lines += _faults(plan, language)
    for heading, reports in (("todo", plan.todo), ("up_to_date", plan.up_to_date)):
        if reports:
            width = max(len(planned.name) for planned in reports)
            lines.append(text(f"runs.batch.heading_{heading}", language))
            lines += [
                f"  {planned.name.ljust(width)}  {planned.why(language)}" for planned in reports
            ]
    return lines


def _faults(plan: Plan, language: Language) -> list[str]:
    if not plan.faults:
        return []
    lines = [text("runs.batch.heading_faults", language)]
    for fault in plan.faults:
        said = fault.error.message(language).strip().replace("\n", "\n    ")
        lines.append(
            text("runs.batch.fault", language, file=plan.file.name, row=fault.row, message=said)
        )
    return lines


def _tell_faults(plan: Plan, language: Language) -> None:
    for line in _faults(plan, language):
        tell(line)


def _expected(plan: Plan, workers: int, language: Language) -> str:
    from umea_eval.runs.plan import expected_seconds  # noqa: PLC0415 - loaded already

    if not plan.todo:
        return text("runs.batch.nothing", language)
    seconds = expected_seconds(plan.todo, workers)
    if seconds is None:
        return text("runs.batch.expected_unknown", language, workers=workers)
    return text("runs.batch.expected", language, time=_duration(seconds, language), workers=workers)


def _progress(planned: Planned, result: Result, progress: Progress, language: Language) -> str:
    key = "ended" if result.folder is not None else "ended_failed"
    if result.kind == "made":
        key = "ended_elsewhere"
    line = text(
        f"runs.batch.{key}",
        language,
        number=progress.ended,
        total=progress.total,
        name=planned.name,
        seconds=result.seconds,
    )
    if progress.ended < progress.total:
        left = _duration(progress.seconds_left(), language)
        line += " " + text("runs.batch.left", language, time=left)
    for more in (result.message, result.own):
        if more and result.folder is None:
            line += "\n    " + more.strip().replace("\n", "\n    ")
    return line


def _duration(seconds: float, language: Language) -> str:
    """A time as people say it, never more exact than it is."""
    if seconds < _MINUTE:
        return text("runs.batch.time_seconds", language, n=max(1, round(seconds)))
    if seconds < _HOUR:
        return text("runs.batch.time_minutes", language, n=round(seconds / _MINUTE))
    return text("runs.batch.time_hours", language, n=seconds / _HOUR)


def _chosen_language() -> Language | None:
    """What ``--language`` says, before or after the command."""
    given = _option("language")
    return next((language for language in LANGUAGES if given == language), None)


def _flag(name: str) -> bool:
    return bool(_option(name))


def _option(name: str) -> object:
    context: click.Context | None = click.get_current_context()
    while context is not None:
        if context.params.get(name):
            return context.params[name]
        context = context.parent
    return None
