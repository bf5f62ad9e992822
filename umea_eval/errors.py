"""The one exception of our own: something that the user can mend. A leaf: all may import it."""

from __future__ import annotations

from collections.abc import Sequence

from umea_eval.error_pages import code_of
from umea_eval.language import Language, text


class UserError(Exception):
    """The user's input or machine is at fault: one clear message, exit code 2, no traceback.

    ``key`` names an entry of the catalogue under ``errors.`` (or a dataset's own words), so that
    the message can be shown in either language. Its values say where (file, sheet, row, column) and
    what was expected. They never hold a value that could identify a person. ``code`` names the page
    that says how it is mended (``umea-eval help CODE``).
    """

    exit_code = 2

    def __init__(self, key: str, *, language: Language = "sv", **values: object) -> None:
        self.key = key
        self.values = values
        self.language: Language = language
        super().__init__(key)

    def message(self, language: Language | None = None) -> str:
        """The message in ``language``, or in the language that the error was raised with."""
        return text(self.key, language or self.language, **self.values)

    @property
    def code(self) -> str | None:
        """The error code, such as ``E103``; None for a message that has no page."""
        return code_of(self.key)

    def more(self, language: Language | None = None) -> str:
        """Where to read more; empty for a message that has no page."""
        if self.code is None:
            return ""
        return text("help.more", language or self.language, code=self.code)

    @property
    def __notes__(self) -> list[str]:
        # What Python prints below the message in a traceback: an analyst never sees the terminal's.
        return [more] if (more := self.more()) else []

    @__notes__.setter
    def __notes__(self, notes: list[str]) -> None:
        # A copy made in another process brings them along, and says the same by itself.
        del notes

    def __str__(self) -> str:
        return self.message()


class SeveralErrors(UserError):
    """Several things that the user can mend, told at once: ``faults``, in their order."""

    def __init__(self, faults: Sequence[UserError]) -> None:
        super().__init__("errors.several", language=faults[0].language, n=len(faults))
        self.faults = tuple(faults)

    def __reduce__(self) -> tuple[type[SeveralErrors], tuple[tuple[UserError, ...]]]:
        return SeveralErrors, (self.faults,)

    def message(self, language: Language | None = None) -> str:
        """All messages in ``language``, each on a line of its own below the number of them."""
        each = [f"- {fault.message(language)}" for fault in self.faults]
        return "\n".join([super().message(language), *each])

    @property
    def code(self) -> str | None:
        """The page of the first of them that has one."""
        return next((fault.code for fault in self.faults if fault.code), None)


def together(faults: Sequence[UserError]) -> UserError:
    """One error that tells all of ``faults`` (at least one)."""
    return faults[0] if len(faults) == 1 else SeveralErrors(faults)
