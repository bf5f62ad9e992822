"""The command line: parse, call, print.

Exit codes of the whole product: 0 done; 1 a bug; 2 the user's input or machine; 3 withheld by
disclosure control; 4 finished, but something failed or differs; 130 interrupted.

The commands are built in one language, which is found before they are. Nothing heavy is imported
until a command needs it. A new command is a function like ``_report`` and a line in ``build``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from umea_eval import __version__
from umea_eval.commands.app import app_command
from umea_eval.commands.batch import batch_commands
from umea_eval.commands.data import data_commands
from umea_eval.commands.disclosure import disclosure_commands
from umea_eval.commands.guard import guard_commands
from umea_eval.commands.lab import lab_command
from umea_eval.datasets.key_figures.codes import DISMISSED, SEVERITIES, STATUSES, Severity
from umea_eval.error_pages import pages, terminal_page
from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language, text
from umea_eval.runs.failures import message, own_text
from umea_eval.runs.notebooks import existing_notebooks, find_notebook, notebook_title
from umea_eval.runs.parameters import as_text, read_parameters
from umea_eval.settings import read_settings, with_formats
from umea_eval.terminal import close_quietly, prepare_streams, say, tell
from umea_eval.usage import (
    SHOW_ERROR_TEXT,
    Command,
    Group,
    everywhere,
    explain,
    formats_option,
    shown_path,
)

# Columns of the table of parameters: it fits a page of JupyterLab.
_WIDTHS = (20, 18, 28, 38)

DONE, BUG, USER, WITHHELD, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with one of the exit codes."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    language: Language = "sv"
    try:
        prepare_streams()
        language = find_language(arguments)
        code = build(language).main(list(arguments), prog_name="umea-eval", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        tell(text("cli.interrupted", language))
        return INTERRUPTED
    except SystemExit:
        # Click's only way out when a reader has gone (`| head`).
        close_quietly()
        return DONE
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.ctx.get_help())
        return _report_error(UserError("cli.errors.no_command"), arguments, language)
    except click.UsageError as error:
        return _report_error(explain(error, language), arguments, language)
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a message
        return _report_error(error, arguments, language)
    return code if isinstance(code, int) else DONE


def find_language(arguments: Sequence[str]) -> Language:
    """The language of messages: ``--language``, else the settings', else Swedish."""
    given = ""
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith("--language="):
            given = argument.partition("=")[2]
        elif argument == "--language":
            given = "".join(arguments[position + 1 : position + 2])
    for language in LANGUAGES:
        if given == language:
            return language
    try:
        return read_settings().language
    except UserError:
        return "sv"  # the command itself will say what is wrong with the settings


def build(language: Language) -> Group:
    """All commands, with help in ``language``."""
    group = Group(
        "umea-eval",
        language=language,
        help=text("cli.help.main", language),
        example="umea-eval reports",
        subcommand_metavar=text("cli.metavar.command", language),
        params=everywhere(language),
        callback=lambda **_: None,
    )
    own = [_report(language), _reports(language), _audit(language)]
    for command in (
        *data_commands(language),
        *own,
        *batch_commands(language),
        *disclosure_commands(language),
        *guard_commands(language),
        app_command(language),
        lab_command(language),
        _help(language),
        _version(language),
    ):
        group.add_command(command)
    return group


def _report(language: Language) -> Command:
    def call(
        name: str | None,
        assignments: tuple[str, ...],
        parameters: bool,
        formats: str | None,
        **_: object,
    ) -> int:
        if name is None:
            say(_evaluations(language))
            return DONE
        if parameters:
            path = find_notebook(name, read_settings(), language)
            say(_parameter_table(path, language))
            return DONE
        return _make_report(name, assignments, formats, language)

    return Command(
        "report",
        language=language,
        callback=call,
        help=text("cli.help.report", language),
        short_help=text("cli.help.report_short", language),
        example="umea-eval report key_figures -p period=2023",
        params=[
            click.Argument(["name"], required=False, metavar=text("cli.metavar.name", language)),
            click.Option(
                ["-p", "assignments"],
                multiple=True,
                metavar=text("cli.metavar.assignment", language),
                help=text("cli.help.assignment", language),
            ),
            click.Option(
                ["--parameters"], is_flag=True, help=text("cli.help.parameters", language)
            ),
            formats_option(language),
            *everywhere(language),
        ],
    )


def _make_report(
    name: str, assignments: Sequence[str], formats: str | None, language: Language
) -> int:
    # Late: --help must not wait for what makes reports.
    from umea_eval.runs.ahead import make_report  # noqa: PLC0415
    from umea_eval.runs.produce import order  # noqa: PLC0415

    settings, clock = with_formats(read_settings(), formats), time.monotonic()
    wanted = order(name, assignments, settings, language=language, report_language=_chosen())
    spoken = text(f"runs.index.language_{wanted.language}", language)
    tell(text("runs.starting", language, notebook=wanted.name, language_name=spoken))

    def progress(number: int, total: int, section: str) -> None:
        key = "runs.cell" if section else "runs.cell_plain"
        tell(text(key, language, number=number, total=total, section=section))

    folder = make_report(wanted, settings, language=language, progress=progress)
    tell(text("runs.done", language, seconds=time.monotonic() - clock))
    say(shown_path(folder / "report.html"))
    return DONE


def _reports(language: Language) -> Command:
    def call(names: tuple[str, ...], formats: str | None, **_: object) -> int:
        from umea_eval.runs.batch import produce_all  # noqa: PLC0415 - not for --help
        from umea_eval.runs.index import write_index  # noqa: PLC0415

        def begun(name: str, report_language: Language) -> None:
            spoken = text(f"runs.index.language_{report_language}", language)
            tell(text("runs.starting", language, notebook=name, language_name=spoken))

        def ended_badly(name: str, said: str, own: str) -> None:
            tell(text("runs.batch_failed", language, name=name))
            tell(said.strip())
            if own:
                tell(own)

        settings = with_formats(read_settings(), formats)
        summary = produce_all(
            names,
            settings,
            language=language,
            begun=begun,
            failed=ended_badly,
            show_error_text=_wants_error_text(),
        )
        index = write_index(settings)
        failed = summary.failed + summary.faults
        tell(text("runs.batch_done", language, done=summary.done, failed=failed))
        say(shown_path(index))
        if summary.withheld:
            return WITHHELD
        return INCOMPLETE if failed else DONE

    return Command(
        "reports",
        language=language,
        callback=call,
        help=text("cli.help.reports", language),
        short_help=text("cli.help.reports_short", language),
        example="umea-eval reports key_figures official_statistics",
        params=[
            click.Argument(
                ["names"], nargs=-1, metavar=f"[{text('cli.metavar.name', language)}]..."
            ),
            formats_option(language),
            *everywhere(language),
        ],
    )


def _audit(language: Language) -> Command:
    def call(file: str, *, json: bool, fail_on: tuple[Severity, ...], **given: str | None) -> int:
        # Late: --help must not wait for pandas.
        from umea_eval.datasets.key_figures import answers, output  # noqa: PLC0415
        from umea_eval.datasets.key_figures.audit import audit  # noqa: PLC0415
        from umea_eval.datasets.key_figures.schema import read_key_figures  # noqa: PLC0415

        path = Path(file)
        audited = audit(read_key_figures(path))
        if given["answer"] is not None or given["status"] is not None:
            if given["answer"] is None or given["status"] is None:
                raise UserError("cli.errors.answer_and_status", language=language)
            written = answers.answer(
                path,
                audited.findings,
                given["answer"],
                STATUSES[STATUSES.index(given["status"])],
                comment=given["comment"],
                answered_by=given["by"],
                answered_on=datetime.now(tz=UTC).astimezone().date(),
            )
            tell(text("cli.answered", language, file=written.name))
        elif given["comment"] is not None or given["by"] is not None:
            raise UserError("cli.errors.comment_without_answer", language=language)
        known = answers.read_answers(path)
        lines = output.json_lines if json else output.text_lines
        for line in lines(audited, known, language):
            say(line)
        failing = [
            finding
            for finding in audited.findings
            if finding.severity in fail_on
            and known.get(finding.finding_id, answers.Answer()).status != DISMISSED
        ]
        return INCOMPLETE if failing else DONE

    def option(name: str, *more: str, **settings: Any) -> click.Option:
        return click.Option(
            [f"--{name}", *more],
            help=text(f"cli.help.audit_{name.replace('-', '_')}", language),
            **settings,
        )

    return Command(
        "audit",
        language=language,
        callback=call,
        help=text("cli.help.audit", language),
        short_help=text("cli.help.audit_short", language),
        example="umea-eval audit data/raw/public/published_key_figures.csv",
        params=[
            click.Argument(["file"], metavar=text("cli.metavar.file", language)),
            option("json", is_flag=True),
            option("fail-on", multiple=True, type=click.Choice(SEVERITIES)),
            option("answer", metavar="ID"),
            option("status", type=click.Choice(STATUSES)),
            option("comment", metavar=text("cli.metavar.text", language)),
            option("by", metavar=text("cli.metavar.name", language)),
            *everywhere(language),
        ],
    )


def _help(language: Language) -> Command:
    def call(code: str | None, **_: object) -> int:
        if code is None:
            say("\n".join(f"{page.code}  {page.title[language]}" for page in pages().values()))
            return DONE
        page = pages().get(code.strip().upper())
        if page is None:
            raise UserError("help.errors.code", language=language, code=code)
        say(terminal_page(page, language))
        return DONE

    return Command(
        "help",
        language=language,
        callback=call,
        help=text("cli.help.help_code", language),
        short_help=text("cli.help.help_code_short", language),
        example="umea-eval help E106",
        params=[
            click.Argument(["code"], required=False, metavar=text("cli.metavar.code", language)),
            *everywhere(language),
        ],
    )


def _version(language: Language) -> Command:
    def call(**_: object) -> int:
        from umea_eval.report.provenance import code_sha256, python_version  # noqa: PLC0415

        say(f"umea_eval {__version__}")
        say(text("cli.version_code", language, sha256=code_sha256()))
        say(f"Python {python_version()}, {sys.platform}")
        return DONE

    return Command(
        "version",
        language=language,
        callback=call,
        help=text("cli.help.version", language),
        short_help=text("cli.help.version", language),
        example="umea-eval version",
        params=everywhere(language),
    )


def _evaluations(language: Language) -> str:
    """Every notebook with its title and parameters; what is wrong with one stands in its place."""
    notebooks = existing_notebooks(read_settings(), language)
    return "\n\n".join(_evaluation(name, path, language) for name, path in notebooks.items())


def _evaluation(name: str, path: Path, language: Language) -> str:
    try:
        return f"{name}: {notebook_title(path, language)}\n{_parameter_table(path, language)}"
    except UserError as error:
        return f"{name}\n  {error.message(language)}"


def _parameter_table(path: Path, language: Language) -> str:
    """A notebook's parameters: name, default, what a value must be, help."""
    heads = ("name", "default", "value", "meaning")
    rows = [tuple(text(f"runs.parameters.{head}", language) for head in heads)]
    for parameter in read_parameters(path):
        usual = as_text(parameter.default) or text("runs.parameters.empty", language)
        rows.append((parameter.name, usual, parameter.expected(language), parameter.help(language)))
    broken = [
        tuple(
            wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]
            for cell, width in zip(row, _WIDTHS, strict=True)
        )
        for row in rows
    ]
    widths = [max(len(line) for row in broken for line in row[column]) for column in range(4)]
    lines = (line for row in broken for line in zip_longest(*row, fillvalue=""))
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _chosen() -> Language | None:
    """What ``--language`` says, before or after the command."""
    context: click.Context | None = click.get_current_context()
    while context is not None:
        for language in LANGUAGES:
            if context.params.get("language") == language:
                return language
        context = context.parent
    return None


def _wants_error_text() -> bool:
    context: click.Context | None = click.get_current_context()
    while context is not None:
        if context.params.get("show_error_text"):
            return True
        context = context.parent
    return False


def _report_error(error: Exception, arguments: Sequence[str], language: Language) -> int:
    """Print what happened and return the exit code."""
    _tell_error(error, language, own=SHOW_ERROR_TEXT in arguments)
    return error.exit_code if isinstance(error, UserError) else BUG


def _tell_error(error: Exception, language: Language, *, own: bool) -> None:
    tell(message(error, language).strip())
    if isinstance(error, UserError) and (more := error.more(language)):
        tell(more)
    if own and not isinstance(error, UserError):
        tell(own_text(error))


if __name__ == "__main__":
    main()
