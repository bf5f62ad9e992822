"""The command that opens the pages for those who work without notebooks."""

from __future__ import annotations

from umea_eval.language import Language, text
from umea_eval.settings import read_settings
from umea_eval.usage import Command, browser_options, everywhere


def app_command(language: Language) -> Command:
    """``umea-eval app``"""

    def call(*, port: int, no_browser: bool, **_: object) -> int:
        from dataclasses import replace  # noqa: PLC0415 - not for --help

        from umea_eval.app.server import serve  # noqa: PLC0415

        serve(replace(read_settings(), language=language), port=port, browser=not no_browser)
        return 0

    return Command(
        "app",
        language=language,
        callback=call,
        help=text("app.help.app", language),
        short_help=text("app.help.app_short", language),
        example="umea-eval app",
        params=[
            *browser_options(language, port="app.help.port"),
            *everywhere(language),
        ],
    )
