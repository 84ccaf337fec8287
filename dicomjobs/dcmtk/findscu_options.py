"""The options of findscu, in the order of its manual page, from 3.6.4 to 3.7.0."""

from __future__ import annotations

from dicomjobs.dcmtk.command_line import Option, Program
from dicomjobs.dcmtk.connection_options import CONNECTION_OPTIONS
from dicomjobs.dcmtk.logging_options import GENERAL_OPTIONS
from dicomjobs.dcmtk.tls_options import TLS_OPTIONS

MODELS = ("--worklist", "--patient", "--study", "--psonly")
"""The options that choose an information model; the last one counts, and without one the first."""

PROPOSALS = ("--propose-uncompr", "--propose-little", "--propose-big", "--propose-deflated", "--propose-implicit")
"""The options that choose transfer syntaxes; the last one counts, and without one the first."""

EXTRACTIONS = ("--extract", "--extract-xml", "--extract-xml-single")
"""The options that write answers to files; the last one counts."""

FINDSCU = Program(
    name="findscu",
    options=(
        *GENERAL_OPTIONS,
        Option(long="--key", short="-k", values=1),
        Option(long="--worklist", short="-W"),
        Option(long="--patient", short="-P"),
        Option(long="--study", short="-S"),
        Option(long="--psonly", short="-O"),
        *CONNECTION_OPTIONS,
        Option(long="--enable-new-vr", short="+u"),
        Option(long="--disable-new-vr", short="-u"),
        Option(long="--propose-uncompr", short="-x="),
        Option(long="--propose-little", short="-xe"),
        Option(long="--propose-big", short="-xb"),
        Option(long="--propose-deflated", short="-xd"),
        Option(long="--propose-implicit", short="-xi"),
        Option(long="--compression-level", short="+cl", values=1),
        Option(long="--repeat", values=1),
        Option(long="--abort"),
        Option(long="--cancel", values=1),
        *TLS_OPTIONS,
        Option(long="--output-directory", short="-od", values=1),
        Option(long="--enable-correction", short="+dc"),
        Option(long="--disable-correction", short="-dc"),
        Option(long="--show-responses", short="+sr"),
        Option(long="--hide-responses", short="-sr"),
        Option(long="--extract", short="-X"),
        Option(long="--extract-xml", short="-Xx"),
        Option(long="--extract-xml-single", short="-Xs", values=1),
        Option(long="--limit-output", short="-Xlo", values=1, since="3.6.6"),
    ),
    parameters=("peer", "port"),
)
