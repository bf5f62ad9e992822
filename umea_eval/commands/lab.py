"""The command that opens JupyterLab."""

from __future__ import annotations

from umea_eval.language import Language, text
from umea_eval.settings import read_settings
from umea_eval.usage import Command, browser_options, everywhere


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
            *browser_options(language, port="lab.help.port"),
            *everywhere(language),
        ],
    )
