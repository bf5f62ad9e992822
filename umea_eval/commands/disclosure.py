"""Commands about disclosure control: attack."""

from __future__ import annotations

import click

from umea_eval.disclosure.profiles import Withheld, find_profile, places_text
from umea_eval.language import Language, text
from umea_eval.settings import read_settings
from umea_eval.terminal import say
from umea_eval.usage import Command, everywhere

DONE = 0


def disclosure_commands(language: Language) -> list[click.Command]:
    """All of them."""
    return [_attack(language)]


def _attack(language: Language) -> Command:
    def call(report: str, **_: object) -> int:
        from umea_eval.runs.finished import attack_report, read_finished  # noqa: PLC0415

        finished = read_finished(report, read_settings(), language=language)
        opened = attack_report(finished)
        if opened:
            raise Withheld(
                "disclosure.errors.attack_opened",
                language=language,
                report=finished.name,
                places=places_text(opened, language),
            )
        rules = find_profile(finished.record["profile"], language).rules
        hidden = finished.published.hidden() if finished.published else 0
        key = "held" if hidden else "nothing_hidden"
        width, reach = (rules.width, 100 * rules.amount) if rules else (0, 0.0)
        say(text(f"disclosure.attack.{key}", language, n=hidden, width=width, reach=reach))
        return DONE

    return Command(
        "attack",
        language=language,
        callback=call,
        help=text("disclosure.help.attack", language),
        short_help=text("disclosure.help.attack_short", language),
        example="umea-eval attack reports/forsorjningsstod/sv-profile-default",
        params=[
            click.Argument(["report"], metavar=text("disclosure.metavar.report", language)),
            *everywhere(language),
        ],
    )
