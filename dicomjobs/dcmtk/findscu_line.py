"""What a findscu line says, as one value with DCMTK's defaults filled in; it knows no YAML and opens no file.

Checked as findscu checks it and in its order, so that a line with several mistakes is refused for the same one. What findscu
finds wrong with a key only when it is connected, and then leaves with exit code 0, is refused last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dicomjobs.dcmtk.command_line import (
    CommandLine,
    LineRefused,
    check_dependence,
    parse_line,
    port_parameter,
    signed_value,
    unsigned_value,
)
from dicomjobs.dcmtk.connection_options import (
    DEFAULT_PDU,
    DcmtkTimeouts,
    Family,
    read_family,
    read_pdu_length,
    read_timeouts,
    read_title,
)
from dicomjobs.dcmtk.findscu_keys import lay_keys
from dicomjobs.dcmtk.findscu_options import EXTRACTIONS, FINDSCU, MODELS, PROPOSALS
from dicomjobs.dcmtk.logging_options import check_logging
from dicomjobs.dcmtk.tls_options import TlsLine, read_tls
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary
from dicomjobs.model.query import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Where answers are written: the option that says how, the folder, the name of a single file, and at most how many (0: all)."""

    option: str
    directory: str
    file: str
    limit: int
    corrects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindscuLine:
    """A line that findscu accepts; paths as typed. `cancel_after` is -1 for never."""

    line: CommandLine
    host: str
    port: int
    files: tuple[str, ...]
    keys: Identifier
    model: str
    called_ae_title: str
    calling_ae_title: str
    family: Family
    timeouts: DcmtkTimeouts
    max_pdu: int
    tls: TlsLine | None
    proposal: str
    new_vrs_become_ob: bool
    repeat: int
    aborts: bool
    cancel_after: int
    extraction: Extraction | None


def read_findscu_line(
    arguments: Sequence[str], read_file: Callable[[str], str], dictionary: DataDictionary = NOTHING_ELSE
) -> FindscuLine:
    """Return what follows `findscu`, understood; `read_file` gives a command file's text. Raises LineRefused with DCMTK's reason."""
    line = parse_line(FINDSCU, arguments, read_file)
    port = port_parameter(line.parameters[1])
    check_logging(line)
    proposal = line.winner(*PROPOSALS) or PROPOSALS[0]
    if level := line.last("--compression-level"):
        check_dependence("--compression-level", "--propose-deflated", holds=proposal == "--propose-deflated")
        unsigned_value(level, low=0, high=9)
    timeouts = read_timeouts(line)
    max_pdu = read_pdu_length(line, "--max-pdu", default=DEFAULT_PDU)
    repeat = unsigned_value(given, low=1) if (given := line.last("--repeat")) else 1
    cancel_after = signed_value(given, low=0) if (given := line.last("--cancel")) else -1
    extraction = _read_extraction(line)
    tls = read_tls(line)
    files, keys = line.parameters[2:], tuple(given.value for given in line.every("--key"))
    if not files and not keys:
        raise LineRefused("either query file or override keys (or both) must be specified")
    identifier = lay_keys(keys, dictionary)
    if not files and not identifier:
        raise LineRefused("the keys are empty, so there is nothing to send")
    return FindscuLine(
        line=line,
        host=line.parameters[0],
        port=port,
        files=files,
        keys=identifier,
        model=line.winner(*MODELS) or MODELS[0],
        called_ae_title=read_title(line, "--call", default="ANY-SCP"),
        calling_ae_title=read_title(line, "--aetitle", default="FINDSCU"),
        family=read_family(line),
        timeouts=timeouts,
        max_pdu=max_pdu,
        tls=tls,
        proposal=proposal,
        new_vrs_become_ob=line.winner("--enable-new-vr", "--disable-new-vr") == "--disable-new-vr",
        repeat=repeat,
        aborts=line.has("--abort"),
        cancel_after=cancel_after,
        extraction=extraction,
    )


def _read_extraction(line: CommandLine) -> Extraction | None:
    """Return how answers are written to files, None when they are not; raises LineRefused for a limit on nothing."""
    option = line.winner(*EXTRACTIONS)
    limit = 0
    if given := line.last("--limit-output"):
        check_dependence("--limit-output", "--extract, --extract-xml or --extract-xml-single", holds=bool(option))
        limit = unsigned_value(given, low=1)
    if not option:
        return None
    directory, single = line.last("--output-directory"), line.last("--extract-xml-single")
    return Extraction(
        option=option,
        directory=directory.value if directory else ".",
        file=single.value if single and option == "--extract-xml-single" else "",
        limit=limit,
        corrects=line.winner("--enable-correction", "--disable-correction") == "--enable-correction",
    )
