"""Click in two languages: headings of the help, and what is said of a mistyped command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language, text
from umea_eval.runs.parameters import suggestion
from umea_eval.settings import FORMATS
from umea_eval.terminal import say

SHOW_ERROR_TEXT = "--show-error-text"
_MAX_PORT = 65535


def everywhere(language: Language) -> list[click.Parameter]:
    """Options that may stand before or after any command."""
    return [
        click.Option(
            ["--language"],
            type=click.Choice(LANGUAGES),
            help=text("cli.help.language", language),
        ),
        click.Option(
            [SHOW_ERROR_TEXT], is_flag=True, help=text("cli.help.show_error_text", language)
        ),
    ]


def formats_option(language: Language) -> click.Option:
    """``--formats``, for the commands that make reports."""
    metavar = ",".join(FORMATS[1:])
    return click.Option(["--formats"], metavar=metavar, help=text("cli.help.formats", language))


def browser_options(language: Language, *, port: str) -> tuple[click.Option, click.Option]:
    """``--port`` (``port``: its help, a key of the catalogue) and ``--no-browser``."""
    return (
        click.Option(
            ["--port"], type=click.IntRange(0, _MAX_PORT), default=0, help=text(port, language)
        ),
        click.Option(["--no-browser"], is_flag=True, help=text("app.help.no_browser", language)),
    )


def shown_path(path: Path) -> str:
    """A path as short as it can be from where the user stands."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


class _Translated(click.Command):
    """What commands and groups have in common: help in one language, an example at the end."""

    def __init__(self, *arguments: Any, language: Language, example: str = "", **kwargs: Any):
        self.language: Language = language
        self.example = example
        kwargs.setdefault("options_metavar", text("cli.metavar.options", language))
        super().__init__(*arguments, **kwargs)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option ``--help``, described in the language."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
            option.help = text("cli.help.help", self.language)
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first line."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(
            ctx.command_path, pieces, prefix=text("cli.heading.usage", self.language) + ": "
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options; a group's commands come after them."""
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        records = [record for option in options if (record := option.get_help_record(ctx))]
        if records:
            with formatter.section(text("cli.heading.options", self.language)):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """An example of the command."""
        if self.example:
            with formatter.section(text("cli.heading.example", self.language)):
                for line in self.example.splitlines():
                    formatter.write_text(line)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, but refuse what is left over in our own words."""
        group = isinstance(self, click.Group)
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if ctx.args and not group and not ctx.resilient_parsing:
            raise UserError("cli.errors.extra", language=self.language, words=" ".join(ctx.args))
        return rest


def _show_help(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    del parameter
    if wanted and not ctx.resilient_parsing:
        say(ctx.get_help())
        ctx.exit()


class Command(_Translated):
    """A command with help in one language."""


class Group(_Translated, click.Group):
    """The product's commands with help in one language."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options, then commands."""
        super().format_options(ctx, formatter)
        commands = [
            (name, command.get_short_help_str(limit=90))
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) and not command.hidden
        ]
        with formatter.section(text("cli.heading.commands", self.language)):
            formatter.write_dl(commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they were added."""
        del ctx
        return list(self.commands)


def explain(error: click.UsageError, language: Language) -> UserError:
    """What click found wrong, in our words."""
    if isinstance(error, click.NoSuchOption):
        known = _options(error.ctx)
        near = suggestion(error.option_name, known, language)
        return _fault("option", error, language, name=error.option_name, suggestion=near)
    if isinstance(error, click.exceptions.NoSuchCommand):
        group = error.ctx.command if error.ctx else None
        known = list(group.commands) if isinstance(group, click.Group) else []
        near = suggestion(error.command_name, known, language)
        return _fault("command", error, language, name=error.command_name, suggestion=near)
    if isinstance(error, click.MissingParameter):
        return _fault("missing", error, language, name=_name(error.param))
    if isinstance(error, click.BadParameter):
        kind = error.param.type if error.param else None
        choices = "–"
        if isinstance(kind, click.Choice):
            choices = ", ".join(map(str, kind.choices))
        elif isinstance(kind, click.IntRange):
            choices = f"{kind.min}–{kind.max}"
        return _fault("value", error, language, name=_name(error.param), choices=choices)
    if isinstance(error, click.BadOptionUsage):
        takes = error.ctx is None or not _is_flag(error.ctx, error.option_name)
        key = "needs_value" if takes else "no_value"
        return _fault(key, error, language, name=error.option_name)
    return _fault("other", error, language)


def _fault(key: str, error: click.UsageError, language: Language, **values: object) -> UserError:
    command = error.ctx.command_path if error.ctx else "umea-eval"
    return UserError(f"cli.errors.{key}", language=language, help=f"{command} --help", **values)


def _name(parameter: click.Parameter | None) -> str:
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.make_metavar(_context(parameter)) if parameter else ""


def _context(parameter: click.Parameter) -> click.Context:
    return click.Context(click.Command(parameter.name))


def _options(ctx: click.Context | None) -> list[str]:
    if ctx is None:
        return []
    return [
        name
        for parameter in ctx.command.get_params(ctx)
        for name in parameter.opts
        if isinstance(parameter, click.Option)
    ]


def _is_flag(ctx: click.Context, name: str) -> bool:
    return any(
        isinstance(parameter, click.Option) and parameter.is_flag and name in parameter.opts
        for parameter in ctx.command.get_params(ctx)
    )
