"""What an option of DCMTK becomes here: the keys that say it, and in words what differs; it knows no line and no job.

The tables made from this are the options page (profiles/README.md) and the comments of imported job files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dicomjobs.dcmtk.command_line import Program


@dataclass(frozen=True, slots=True)
class Meaning:
    """The keys that say what an option says, each as `section.key`, none when it has no counterpart; `words` for people."""

    keys: tuple[str, ...]
    words: str

    @property
    def is_unused(self) -> bool:
        """Say whether the option has no key, so that an imported job file names it in a comment."""
        return not self.keys


def options_table(program: Program, meanings: Mapping[str, Meaning]) -> Iterator[str]:
    """Yield the lines of a Markdown table: a row for every parameter and every option of the program."""
    yield "| option | YAML | what it becomes, what differs and why |"
    yield "|---|---|---|"
    names = {parameter: f"`{parameter}`" for parameter in meanings if not parameter.startswith("-")}
    for option in program.options:
        since = f" ({option.since})" if option.since else ""
        short = f"`{option.short}` " if option.short else ""
        names[option.long] = f"{short}`{option.long}`{since}"
    for name, shown in names.items():
        meaning = meanings[name]
        keys = ", ".join(f"`{key}`" for key in meaning.keys) or "none"
        yield f"| {shown} | {keys} | {meaning.words.replace('|', chr(92) + '|')} |"
