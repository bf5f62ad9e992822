"""The command that opens JupyterLab."""

from __future__ import annotations

import click

from umea_eval.language import Language, text
from umea_eval.settings import read_settings
from umea_eval.usage import Command, everywhere

MAX_PORT = 65535


def lab_command(language: Language) -> Command:
    """``umea-eval lab``"""

    def call(*, port: int, no_browser: bool, **_: object) -> int:
        from umea_eval.lab.start import start  # noqa: PLC0415 - not for --help

        start(read_settings(), port=port, browser=not no_browser)
        return 0

    return Command(
        "lab",
        language=language,
        callback=call,
        help=text("lab.help.lab", language),
        short_help=text("lab.help.lab_short", language),
        example="umea-eval lab",
        params=[
            click.Option(
                ["--port"],
                type=click.IntRange(0, MAX_PORT),
                default=0,
                help=text("lab.help.port", language),
            ),
            click.Option(
                ["--no-browser"], is_flag=True, help=text("app.help.no_browser", language)
            ),
            *everywhere(language),
        ],
    )
