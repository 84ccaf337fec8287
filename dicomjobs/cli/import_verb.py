"""`dicomjobs import KIND …`: what DCMTK reads becomes YAML, on stdout or in a file that is whole or not there at all.

It knows nothing of the kinds themselves: each has a module whose `text_of(arguments)` returns the YAML.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.refusal import refusal

KINDS = {
    "asconfig": "dicomjobs.cli.import_asconfig",
    "findscu": "dicomjobs.cli.import_findscu",
    "storescu": "dicomjobs.cli.import_storescu",
}
"""Each kind and the module whose function `text_of(arguments) -> str` makes YAML of it; it raises InvalidInput, OSError."""


def main(arguments: Arguments) -> int:
    """Print the YAML or write it; an existing file is never replaced."""
    if arguments.output is not None:
        refuse_target(Path(arguments.output))
    text_of: Callable[[Arguments], str] = import_module(KINDS[arguments.kind]).text_of
    text = text_of(arguments)
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_text(Path(arguments.output), text)
    return 0


def refuse_target(path: Path) -> None:
    """Raise InvalidInput for a file that is there already: it may hold somebody's work."""
    if path.exists() or path.is_symlink():
        raise refusal("DJ613", f"{path} exists already", hint="move it away, or choose another name")
    if not path.parent.is_dir():
        raise refusal("DJ613", f"there is no folder {path.parent}", hint="make it first")


def write_text(path: Path, text: str) -> None:
    """Write the file whole or not at all; raises OSError."""
    from dicomjobs.disk.deposit import write_atomically

    write_atomically(path, [text.encode()], mode=0o666)
