"""What can be typed after `dicomjobs import` and `dicomjobs export`; it knows nothing of what becomes of it.

Each importer adds a sub-command of its own here and its module to the table in `import_verb.py`.
"""

from __future__ import annotations

import argparse
from typing import Any


def add_import(verbs: Any) -> None:
    """Add the verb `import` with a sub-command for each kind of thing that can become YAML."""
    importing = verbs.add_parser("import", help="turn what DCMTK reads into YAML")
    importing.add_argument("-o", "--output", metavar="FILE.yaml", help="write the YAML here instead of printing it")
    kinds = importing.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_asconfig(kinds)
    _add_line(kinds, "storescu", "ARG")
    _add_line(kinds, "findscu", "ARG")


def add_export(verbs: Any) -> Any:
    """Add the verb `export` with a sub-command for each kind of thing that YAML can become; returns the parser of the last."""
    exporting = verbs.add_parser("export", help="turn YAML into what DCMTK reads")
    kinds = exporting.add_subparsers(dest="kind", metavar="KIND", required=True)
    asconfig = kinds.add_parser("asconfig", help="an association profile, for storescu -xf and storescp -xf")
    asconfig.add_argument("source", metavar="FILE", help="the document that has the profile")
    asconfig.add_argument("profile", metavar="PROFILE", help="its name")
    asconfig.add_argument("-o", "--output", metavar="FILE.cfg", help="write the file here instead of printing it")
    return asconfig


def _add_asconfig(kinds: Any) -> None:
    """Add the import of association configuration files."""
    asconfig = kinds.add_parser("asconfig", help="an association configuration file, as storescu -xf reads it")
    asconfig.add_argument("source", metavar="FILE", help="the asconfig file")
    asconfig.add_argument(
        "-o",
        "--output",
        default=argparse.SUPPRESS,
        metavar="FILE.yaml",
        help="write the YAML here instead of printing it",
    )


def _add_line(kinds: Any, program: str, metavar: str) -> None:
    """Add the import of a program's command line: everything after its name belongs to it, whatever it looks like."""
    line = kinds.add_parser(
        program,
        help=f"a command line of DCMTK's {program}, as a script has it",
        prefix_chars="\0",  # no argument of the program's is an option of ours
        add_help=False,
    )
    line.add_argument("line", nargs=argparse.REMAINDER, metavar=metavar, help=f"what the script says after {program}")
