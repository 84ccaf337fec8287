"""The text of a command file (`@file` on a line) as arguments; it knows neither options nor where the file is.

White space separates; a quotation mark of either kind begins or ends a quoted part wherever it stands, and an argument ends with it
(`x"y z"w` is two arguments). A backslash is an ordinary character, there are no comments, and `@` in a command file means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

_SPACE = " \t\n\r"
_QUOTES = "\"'"


def split_command_file(text: str) -> tuple[str, ...]:
    """Return the arguments that a command file stands for; one that is never closed goes to the end of the file."""
    return tuple(_arguments(text))


def _arguments(text: str) -> Iterator[str]:
    """Yield one argument after the other."""
    argument, quote = "", ""
    for character in text:
        if character == quote:
            yield argument
            argument, quote = "", ""
        elif not quote and character in _QUOTES:
            quote = character
        elif not quote and character in _SPACE:
            if argument:
                yield argument
            argument = ""
        else:
            argument += character
    if argument:
        yield argument
