"""One YAML file, read strictly, as a tree of texts with places; it knows no schema and follows no include.

Whatever the file holds, the answer is diagnostics and never an exception, within half a second and 100 MB.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dicomjobs.config.codes import MOST_DIAGNOSTICS, error
from dicomjobs.config.nodes import Mapping
from dicomjobs.config.yaml_tree import read_tree
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Location

LARGEST_FILE = 1024 * 1024
"""Bytes."""

MOST_UNSEEN_CHARACTERS = 10
"""How many of them are told one by one."""

LINE_END = re.compile(r"\r\n|\r|\n")

_UNSEEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # C0, DEL and C1 controls, noncharacters
    "|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"  # direction marks, other line ends, zero width
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as read: its bytes' SHA-256 in hexadecimal digits, its lines for quoting, and its root mapping."""

    path: str
    sha256: str
    text_lines: tuple[str, ...]
    root: Mapping


def read_document(path: str) -> tuple[Document | None, Diagnostics]:
    """Read a YAML file of at most 1 MiB; None when it cannot be read or is not YAML; raises nothing."""
    try:
        content = small_file(path)
    except OSError as problem:
        hint = "" if Path(path).is_absolute() else f"it was looked for at {Path(path).absolute()}"
        return None, (error("DJ101", f"cannot read {path}: {problem.strerror or problem}", at=None, hint=hint),)
    except ValueError:
        return None, (error("DJ101", "cannot read a file whose name holds a NUL character", at=None),)
    return parse_document(content, path)


def parse_document(text: bytes, path: str) -> tuple[Document | None, Diagnostics]:
    """Read YAML from bytes; the document is returned beside errors when the tree could be made (say, a key given twice)."""
    if len(text) > LARGEST_FILE:
        hint = "long lists of files are better said by a folder or a pattern"
        return None, (error("DJ102", f"{path} is larger than 1 MiB", at=None, hint=hint),)
    try:
        decoded = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as problem:
        return None, (_not_utf8(text, problem, path),)
    lines = tuple(LINE_END.split(decoded))
    if unseen := tuple(_unseen_characters(decoded, path)):
        return None, _quoted(unseen, {path: lines})
    root, found = read_tree(decoded, path=path, lines=lines)
    found = _quoted(found[:MOST_DIAGNOSTICS], {path: lines})
    if root is None:
        return None, found
    return Document(path=path, sha256=hashlib.sha256(text).hexdigest(), text_lines=lines, root=root), found


def with_source_lines(diagnostics: Diagnostics, documents: Iterable[Document]) -> Diagnostics:
    """Add the source line to each diagnostic that has a place in one of the documents, secrets blotted out."""
    return _quoted(diagnostics, {document.path: document.text_lines for document in documents})


def small_file(path: str) -> bytes:
    """Return a regular file's bytes, one more than allowed at most; a pipe is refused because it could block for ever.

    Raises OSError, and ValueError for a name with a NUL character.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a regular file")
        return file.read(LARGEST_FILE + 1)


def _quoted(diagnostics: Iterable[Diagnostic], lines: dict[str, tuple[str, ...]]) -> Diagnostics:
    """Return the diagnostics with their source lines, in which a secret that should not have been written is blotted out."""
    found = tuple(diagnostics)
    secrets = [diagnostic.location for diagnostic in found if diagnostic.code == "DJ208" and diagnostic.location]
    return tuple(
        replace(diagnostic, source_line=_without(secrets, _source_line(diagnostic, lines), diagnostic.location))
        if diagnostic.location is not None
        else diagnostic
        for diagnostic in found
    )


def _source_line(diagnostic: Diagnostic, lines: dict[str, tuple[str, ...]]) -> str:
    """Return the line that a diagnostic is about, "" when it is not among these."""
    place = diagnostic.location
    of_file = lines.get(place.file, ()) if place else ()
    return of_file[place.line - 1] if place and 0 < place.line <= len(of_file) else diagnostic.source_line


def _without(secrets: Iterable[Location], line: str, place: Location) -> str:
    """Return the line of a place without the secrets in it."""
    for secret in secrets:
        if (secret.file, secret.line) == (place.file, place.line):
            start = secret.column - 1
            end = start + secret.width if secret.width > 1 else len(line)  # one that goes on below has no width
            line = line[:start] + "*" * (end - start) + line[end:]
    return line


def _not_utf8(content: bytes, problem: UnicodeDecodeError, path: str) -> Diagnostic:
    """Name the encoding that the file probably has instead of UTF-8."""
    utf16 = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    kind = (
        "it looks like UTF-16"
        if utf16
        else f"the byte 0x{content[problem.start]:02x} is not part of any UTF-8 character"
    )
    before = content[: problem.start].decode("utf-8", errors="replace")
    line = before.count("\n") + 1
    place = Location(file=path, line=line, column=len(before) - before.rfind("\n"))
    return error("DJ103", f"the file is not UTF-8 text: {kind}", at=place, hint="save it as UTF-8")


def _unseen_characters(text: str, path: str) -> Iterator[Diagnostic]:
    """Refuse characters that cannot be seen, and so could make a line mean something else than what it looks like."""
    for count, match in enumerate(_UNSEEN.finditer(text)):
        if count == MOST_UNSEEN_CHARACTERS:
            return
        lines_before = LINE_END.split(text[: match.start()])
        place = Location(file=path, line=len(lines_before), column=len(lines_before[-1]) + 1)
        yield error("DJ104", f"the character U+{ord(match[0]):04X} cannot be seen here", at=place, hint="remove it")
