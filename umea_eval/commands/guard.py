"""Commands that guard what leaves: project, release, log, scan, retention."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.settings import read_settings
from umea_eval.terminal import say, tell
from umea_eval.usage import Command, Group, everywhere, shown_path

DONE, WITHHELD, INCOMPLETE = 0, 3, 4


def guard_commands(language: Language) -> list[click.Command]:
    """All of them, in the order in which they are used."""
    return [
        _project(language),
        _release(language),
        _log(language),
        _scan(language),
        _retention(language),
    ]


def _project(language: Language) -> Group:
    from umea_eval.disclosure.project import FIELDS  # noqa: PLC0415 - not before it is needed

    def new(**given: Any) -> int:
        from umea_eval.disclosure import project  # noqa: PLC0415

        path = read_settings().root / project.FILE
        if path.exists():
            raise UserError("disclosure.errors.project_exists", file=path.name)
        answers = {name: str(given[name] or "").strip() for name in FIELDS}
        missing = [name for name in FIELDS if not answers[name]]
        if missing and not _asks():
            options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
            raise UserError("disclosure.errors.project_options", options=options)
        for name in missing:
            tell("\n" + text(f"disclosure.project.{name}_why", language))
            answers[name] = click.prompt(text(f"disclosure.project.{name}", language), err=True)
        project.write_project(path, project.complete(answers), language=language)
        tell(text("disclosure.project.written", language, file=path.name))
        return DONE

    def show(**_: object) -> int:
        from umea_eval.disclosure import project  # noqa: PLC0415
        from umea_eval.disclosure.scan import is_clean, known_of  # noqa: PLC0415

        settings = read_settings()
        answers = project.read_answers(settings.root / project.FILE)
        known = known_of(settings)
        for name, value in answers.items():
            label = text(f"disclosure.project.{name}", language)
            # A person's number or name may have been written there.
            shown = value if is_clean(value, known) else "…"
            shown = shown or text("disclosure.project.nothing", language)
            say(text("disclosure.project.line", language, label=label, value=shown))
            if not value:
                tell("  " + text(f"disclosure.project.{name}_why", language))
        project.complete(answers)
        return DONE

    group = _group("project", language, example="umea-eval project new")
    words = text("cli.metavar.text", language)
    options = [
        click.Option(
            [f"--{name.replace('_', '-')}"],
            metavar=words,
            help=text(f"disclosure.project.{name}_why", language),
        )
        for name in FIELDS
    ]
    group.add_command(_command("project_new", "new", new, language, options))
    group.add_command(_command("project_show", "show", show, language, []))
    return group


def _release(language: Language) -> Command:
    def call(report: str, *, by: str | None, **_: object) -> int:
        from umea_eval.disclosure.release_log import FILE  # noqa: PLC0415
        from umea_eval.runs.release import release_report  # noqa: PLC0415

        entry = release_report(report, read_settings(), by=by or "", language=language)
        tell(text("disclosure.log.released", language, report=entry.report, file=FILE))
        say(entry.hash)
        return DONE

    return _command(
        "release",
        "release",
        call,
        language,
        [
            click.Argument(["report"], metavar=text("disclosure.metavar.report", language)),
            click.Option(
                ["--by"],
                metavar=text("cli.metavar.text", language),
                help=text("disclosure.help.release_by", language),
            ),
        ],
        example='umea-eval release reports/key_figures/sv --by "FoU-ledare"',
    )


def _log(language: Language) -> Group:
    def call(**_: object) -> int:
        from umea_eval.disclosure import release_log  # noqa: PLC0415

        if click.get_current_context().invoked_subcommand:
            return DONE
        path = read_settings().root / release_log.FILE
        verdict = release_log.verify(path, language=language)
        for entry in verdict.entries:
            shown = {**vars(entry), "n": len(entry.files)}
            say(text("disclosure.log.line", language, **shown))
        if verdict.broken:
            tell(text("disclosure.log.broken", language, file=path.name, line=verdict.broken))
            return INCOMPLETE
        if not verdict.entries:
            tell(text("disclosure.log.empty", language))
        return DONE

    def verify(*, head: str | None, **_: object) -> int:
        from umea_eval.disclosure import release_log  # noqa: PLC0415

        path = read_settings().root / release_log.FILE
        verdict = release_log.verify(path, head=head, language=language)
        n = len(verdict.entries)
        if verdict.broken:
            tell(text("disclosure.log.broken", language, file=path.name, line=verdict.broken))
        elif verdict.head_missing:
            tell(text("disclosure.log.cut", language, file=path.name, n=n))
        else:
            tell(text("disclosure.log.holds", language, n=n))
            say(verdict.entries[-1].hash if verdict.entries else release_log.FIRST)
        return DONE if verdict.holds else INCOMPLETE

    group = _group("log", language, example="umea-eval log verify")
    group.invoke_without_command, group.no_args_is_help = True, False
    group.callback = call
    head = click.Option(
        ["--head"],
        metavar=text("disclosure.metavar.checksum", language),
        help=text("disclosure.help.log_head", language),
    )
    group.add_command(_command("log_verify", "verify", verify, language, [head]))
    return group


def _scan(language: Language) -> Command:
    def call(files: tuple[str, ...], *, source: bool, **_: object) -> int:
        from umea_eval.disclosure.tree import scan_files, scan_git  # noqa: PLC0415

        settings = read_settings()
        if files:
            count, hits = scan_files([Path(file) for file in files], settings, source=source)
        else:
            count, hits = scan_git(settings)
        for hit in hits:
            say(hit.text(language))
        key = "disclosure.tree.found" if hits else "disclosure.tree.clean"
        tell(text(key, language, n=len(hits) if hits else count))
        return WITHHELD if hits else DONE

    return _command(
        "scan",
        "scan",
        call,
        language,
        [
            click.Argument(
                ["files"], nargs=-1, metavar=f"[{text('cli.metavar.file', language)}]..."
            ),
            click.Option(
                ["--source"], is_flag=True, help=text("disclosure.help.scan_source", language)
            ),
        ],
    )


def _retention(language: Language) -> Command:
    def call(*, remove: bool, **_: object) -> int:
        from umea_eval.datasets import DATASETS  # noqa: PLC0415
        from umea_eval.disclosure.scan import is_clean, known_of  # noqa: PLC0415
        from umea_eval.processed import retention  # noqa: PLC0415

        settings = read_settings()
        today = datetime.now(tz=UTC).astimezone().date()
        found = retention.overdue(settings, today=today, datasets=tuple(DATASETS))
        if not found.files:
            tell(text("processed.retention.none", language, date=found.until))
            return DONE
        known = known_of(settings)
        for each in found.files:
            # A person's number or name in a file's name is not shown.
            path = each.path if is_clean(each.path.name, known) else each.path.parent / "…"
            say(shown_path(path))
        n = len(found.files)
        tell(text("processed.retention.past", language, n=n, date=found.until))
        if found.links:
            tell(text("processed.retention.links", language, n=found.links))
        undecided = n - len(found.removable) - found.links
        if undecided:
            tell(text("processed.retention.undecided", language, n=undecided))
        if found.reports:
            tell(text("processed.retention.reports", language))
            for report in found.reports:
                tell(f"  {report}")
        if remove:
            tell(text("processed.retention.removed", language, n=retention.remove(found, settings)))
        return DONE

    option = click.Option(
        ["--remove"], is_flag=True, help=text("disclosure.help.retention_remove", language)
    )
    return _command("retention", "retention", call, language, [option])


def _asks() -> bool:
    """Whether somebody sits there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def _group(name: str, language: Language, *, example: str) -> Group:
    return Group(
        name,
        language=language,
        help=text(f"disclosure.help.{name}", language),
        short_help=text(f"disclosure.help.{name}_short", language),
        example=example,
        subcommand_metavar=text("cli.metavar.command", language),
        params=everywhere(language),
        callback=lambda **_: None,
    )


def _command(
    key: str,
    name: str,
    call: Any,
    language: Language,
    params: Sequence[click.Parameter],
    *,
    example: str = "",
) -> Command:
    from umea_eval.language import has_text  # noqa: PLC0415

    short = f"disclosure.help.{key}_short"
    return Command(
        name,
        language=language,
        callback=call,
        help=text(f"disclosure.help.{key}", language),
        short_help=text(short if has_text(short) else f"disclosure.help.{key}", language),
        example=example or f"umea-eval {key.replace('_', ' ')}",
        params=[*params, *everywhere(language)],
    )
