"""From a findscu line to the job file whose run is the same on the wire; it opens nothing and knows no file but by its path.

Everything that findscu does and we would not do of ourselves is said in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dicomjobs.dcmtk.findscu_files import extraction_entries
from dicomjobs.dcmtk.findscu_keys_text import keys_entry, level_of
from dicomjobs.dcmtk.findscu_line import FindscuLine
from dicomjobs.dcmtk.findscu_meanings import FINDSCU_MEANINGS
from dicomjobs.dcmtk.findscu_options import FINDSCU
from dicomjobs.dcmtk.job_text import Block, Entry, Flow, Items, literal, render
from dicomjobs.dcmtk.line_comments import origin_comments, unused_comments
from dicomjobs.dcmtk.peer_entries import PathOf, address_entries, lengths_entry, timeouts_entry
from dicomjobs.dcmtk.tls_entry import tls_entry, tls_permissions

_MODELS = {
    "--worklist": ("worklist", "ModalityWorklistInformationModelFind"),
    "--patient": ("patient", "PatientRootQueryRetrieveInformationModelFind"),
    "--study": ("study", "StudyRootQueryRetrieveInformationModelFind"),
    "--psonly": ("patient_study_only", "PatientStudyOnlyQueryRetrieveInformationModelFind"),
}
_LITTLE, _BIG, _IMPLICIT = "ExplicitVRLittleEndian", "ExplicitVRBigEndian", "ImplicitVRLittleEndian"
_SYNTAXES = {
    "--propose-uncompr": (_LITTLE, _BIG, _IMPLICIT),
    "--propose-little": (_LITTLE, _BIG, _IMPLICIT),
    "--propose-big": (_BIG, _LITTLE, _IMPLICIT),
    "--propose-deflated": ("DeflatedExplicitVRLittleEndian", _LITTLE, _BIG, _IMPLICIT),
    "--propose-implicit": (_IMPLICIT,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an import takes from outside: the line as typed, how paths are written, the dictionaries it was run with, and the day."""

    arguments: tuple[str, ...]
    path_of: PathOf
    dictionaries: tuple[str, ...]
    today: date


def findscu_job(said: FindscuLine, surroundings: Surroundings) -> str:
    """Return the job file for a line; raises NotWritable for a text that YAML cannot hold."""
    unused = {option: meaning.words for option, meaning in FINDSCU_MEANINGS.items() if meaning.is_unused}
    comments = (
        *origin_comments(FINDSCU, surroundings.arguments),
        *unused_comments(FINDSCU, [each.option for each in said.line.given], unused),
    )
    return render(comments, Block(tuple(_document(said, surroundings))))


def _document(said: FindscuLine, surroundings: Surroundings) -> Iterator[Entry]:
    """Yield the sections."""
    yield Entry(key="dicomjobs", value=1)
    if surroundings.dictionaries:
        note = "what DCMDICTPATH named"
        paths = tuple(literal(surroundings.path_of(path)) for path in surroundings.dictionaries)
        yield Entry(key="dictionaries", value=Items(paths), note=note)
    yield Entry(key="peers", value=Block((Entry(key="scp", value=Block(tuple(_peer(said, surroundings.path_of)))),)))
    yield Entry(key="jobs", value=Block((_job(said, surroundings),)))


def _peer(said: FindscuLine, path_of: PathOf) -> Iterator[Entry]:
    """Yield the peer."""
    yield from address_entries(
        FINDSCU.name,
        host=said.host,
        port=said.port,
        called=said.called_ae_title,
        calling=said.calling_ae_title,
        family=said.family,
    )
    yield timeouts_entry(FINDSCU.name, said.timeouts)
    yield lengths_entry(receive=said.max_pdu)
    if said.tls is not None:
        yield tls_entry(said.tls, path_of)
    if permissions := tuple(tls_permissions(said.tls)):
        yield Entry(key="allow", value=Items(permissions))


def _job(said: FindscuLine, surroundings: Surroundings) -> Entry:
    """Return the job."""
    find = (
        Entry(key="peer", value="scp"),
        Entry(key="query", value=Block(tuple(_query(said, surroundings)))),
        Entry(key="association_profile", value=Block((_proposal(said),))),
        *_manners(said, surroundings.path_of),
    )
    return Entry(key="findscu", value=Block((Entry(key="find", value=Block(find)),)))


def _query(said: FindscuLine, surroundings: Surroundings) -> Iterator[Entry]:
    """Yield what is asked for."""
    model, _ = _MODELS[said.model]
    yield Entry(key="model", value=model)
    level = level_of(said.keys, model)
    if level:
        yield Entry(key="level", value=level)
    yield Entry(key="strict", value=False, note="as findscu: values are sent as typed; true checks them first")
    if said.files:
        paths = tuple(literal(surroundings.path_of(path)) for path in said.files)
        yield Entry(key="files", value=Items(paths))
    keys = tuple(element for element in said.keys if not (level and element.tag == 0x00080052))
    if keys:
        yield keys_entry(keys, surroundings.today)


def _proposal(said: FindscuLine) -> Entry:
    """Return what is proposed."""
    context = (
        Entry(key="abstract_syntax", value=_MODELS[said.model][1]),
        Entry(key="transfer_syntaxes", value=Items(_SYNTAXES[said.proposal])),
    )
    return Entry(key="presentation_contexts", value=Items((Flow(context),)))


def _manners(said: FindscuLine, path_of: PathOf) -> Iterator[Entry]:
    """Yield how the job behaves."""
    if said.repeat > 1:
        yield Entry(key="repeat", value=said.repeat)
    if said.cancel_after > 0:
        yield Entry(key="cancel_after", value=said.cancel_after)
    if said.new_vrs_become_ob:
        yield Entry(key="new_vrs", value="as_ob")
    if said.extraction:
        yield from extraction_entries(said.extraction, path_of)
    if said.aborts:
        yield Entry(key="end_with", value="abort")
