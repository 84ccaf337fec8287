"""An association configuration file opened: its bytes read as DCMTK reads them, with the digest by which a plan knows the file.

What the bytes mean is in `dcmtk/asconfig.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from dicomjobs.config.documents import small_file
from dicomjobs.dcmtk.asconfig import read_asconfig
from dicomjobs.dcmtk.asconfig_file import Asconfig
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class AsconfigSource:
    """A file and what it says, None when DCMTK refuses it; `sha256` of its bytes in hexadecimal digits, "" when it cannot be read."""

    path: str
    sha256: str
    asconfig: Asconfig | None
    diagnostics: Diagnostics


def read_asconfig_file(path: str) -> AsconfigSource:
    """Read a file; raises nothing."""
    try:
        content = small_file(path)
    except (OSError, ValueError) as problem:
        words = problem.strerror or problem if isinstance(problem, OSError) else "its name holds a NUL character"
        summary = f"cannot read the association configuration {path}: {words}"
        found = Diagnostic(code="DJ525", severity=Severity.ERROR, summary=summary)
        return AsconfigSource(path=path, sha256="", asconfig=None, diagnostics=(found,))
    asconfig, diagnostics = read_asconfig(content, path)
    return AsconfigSource(
        path=path, sha256=hashlib.sha256(content).hexdigest(), asconfig=asconfig, diagnostics=diagnostics
    )
