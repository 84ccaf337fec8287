"""From a storescu line to the job file whose run is the same on the wire; it opens nothing and knows no file but by its path.

Everything that storescu does and we would not do of ourselves is said in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dicomjobs.dcmtk.command_line import LineRefused
from dicomjobs.dcmtk.identity_entry import identity_entry, identity_permissions
from dicomjobs.dcmtk.job_text import Block, Entry, Flow, Items, literal, render
from dicomjobs.dcmtk.line_comments import origin_comments, unused_comments
from dicomjobs.dcmtk.peer_entries import PathOf, address_entries, lengths_entry, timeouts_entry
from dicomjobs.dcmtk.storescu_line import ReadMode, StorescuLine
from dicomjobs.dcmtk.storescu_meanings import STORESCU_MEANINGS
from dicomjobs.dcmtk.storescu_options import STORESCU
from dicomjobs.dcmtk.storescu_proposals import has_fallback, preferred_of
from dicomjobs.dcmtk.tls_entry import tls_entry, tls_permissions

MANY_FILES = 10
"""More paths than this get the comment that a folder or a pattern says it better."""

_TOO_MANY = "a folder, or a pattern such as '/data/in/*.dcm', says it shorter and takes what comes tomorrow, too"
_ORDER = "storescu takes a folder as the file system lists it, here it is by name"
_READ_MODES = {ReadMode.AUTO: "auto", ReadMode.FILE: "file", ReadMode.DATA_SET: "data_set"}
_PATTERN_CHARACTERS = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an import takes from outside: the line as typed, how paths are written, which of them are folders, and the day."""

    arguments: tuple[str, ...]
    path_of: PathOf
    is_directory: Callable[[str], bool]
    today: date


def storescu_job(said: StorescuLine, surroundings: Surroundings) -> str:
    """Return the job file for a line; raises NotWritable for a text that YAML cannot hold."""
    passed_over = _passed_over(said, surroundings)
    said = replace(said, inputs=tuple(path for path in said.inputs if path and path not in passed_over))
    unused = {option: meaning.words for option, meaning in STORESCU_MEANINGS.items() if meaning.is_unused}
    given = [each.option for each in said.line.given]
    comments = (
        *origin_comments(STORESCU, surroundings.arguments),
        *unused_comments(STORESCU, given, unused),
        *(f"Left out, since +sd is not given: the folder {path}" for path in passed_over),
    )
    document = (
        Entry(key="dicomjobs", value=1),
        Entry(key="peers", value=Block((Entry(key="scp", value=Block(tuple(_peer(said, surroundings)))),))),
        Entry(key="jobs", value=Block((_job(said, surroundings),))),
    )
    return render(comments, Block(document))


def _passed_over(said: StorescuLine, surroundings: Surroundings) -> tuple[str, ...]:
    """Return the folders that storescu leaves out; raises LineRefused when it ends for what it finds instead of a file."""
    if not all(said.inputs) and (said.halts or not any(said.inputs)):
        raise LineRefused("cannot access file: ")
    folders = () if said.scans_directories else tuple(filter(surroundings.is_directory, said.inputs))
    if len(folders) == len(said.inputs):
        raise LineRefused("no input files to be sent")
    return folders


def _peer(said: StorescuLine, surroundings: Surroundings) -> Iterator[Entry]:
    """Yield the peer."""
    yield from address_entries(
        STORESCU.name,
        host=said.host,
        port=said.port,
        called=said.called_ae_title,
        calling=said.calling_ae_title,
        family=said.family,
    )
    yield timeouts_entry(STORESCU.name, said.timeouts)
    yield lengths_entry(receive=said.max_pdu, send=said.max_send_pdu)
    yield Entry(key="max_associations", value=1)
    if said.tls is not None:
        yield tls_entry(said.tls, surroundings.path_of)
    if said.identity is not None:
        yield identity_entry(said.identity, surroundings.path_of)
    permissions = (*tls_permissions(said.tls), *identity_permissions(said.identity, has_tls=said.tls is not None))
    if permissions:
        yield Entry(key="allow", value=Items(permissions))


def _job(said: StorescuLine, surroundings: Surroundings) -> Entry:
    """Return the job."""
    store = (
        Entry(key="peer", value="scp"),
        Entry(key="send_set", value=Block(tuple(_send_set(said, surroundings)))),
        Entry(key="association_profile", value=Block((_proposal(said, surroundings),))),
        *_manners(said),
    )
    return Entry(key="storescu", value=Block((Entry(key="store", value=Block(store)),)))


def _send_set(said: StorescuLine, surroundings: Surroundings) -> Iterator[Entry]:
    """Yield what is sent."""
    paths = tuple(_literal_path(surroundings.path_of(path)) for path in said.inputs)
    yield Entry(key="paths", value=Items(paths), note=_advice(said.inputs, surroundings.today))
    if said.scans_directories:
        yield Entry(key="recursive", value=said.recurses)
        yield Entry(key="symlinks", value="follow")
    if said.pattern:
        yield Entry(key="pattern", value=literal(said.pattern))
    if said.read_mode is not ReadMode.AUTO:
        yield Entry(key="read", value=_READ_MODES[said.read_mode])
    yield Entry(key="order", value="as_given", note=_ORDER if said.scans_directories else "")


def _literal_path(path: str) -> str:
    """Return a path in which nothing is a pattern and nothing an expression."""
    return literal(path.translate(_PATTERN_CHARACTERS))


def _advice(inputs: Sequence[str], today: date) -> str:
    """Return what can be said better than on the line."""
    advice = [_TOO_MANY] if len(inputs) > MANY_FILES else []
    for day, word in ((today, "today"), (today - timedelta(days=1), "today-1d")):
        advice += [
            f"{day.strftime(form)} looks like the date: ${{{word}:{form}}} says it for every day"
            for form in ("%Y%m%d", "%Y-%m-%d")
            if any(day.strftime(form) in path for path in inputs)
        ]
    return "; ".join(advice)


def _proposal(said: StorescuLine, surroundings: Surroundings) -> Entry:
    """Return what is proposed."""
    if said.config is not None:
        file, profile = said.config
        path = literal(surroundings.path_of(file))
        named = (Entry(key="file", value=path), Entry(key="profile", value=literal(profile)))
        return Entry(key="asconfig", value=Block(named))
    propose = (
        Entry(key="sop_classes", value="from_files" if said.only_required else "dcmtk_64"),
        Entry(key="preferred", value=Items((preferred_of(said.proposal),))),
        Entry(key="fallback", value="uncompressed" if has_fallback(said.proposal) else "none"),
        Entry(key="combine", value=said.combines),
        Entry(key="over_128_contexts", value="fail", note="storescu sends nothing then; split uses more associations"),
    )
    return Entry(key="propose", value=Block(propose))


def _manners(said: StorescuLine) -> Iterator[Entry]:
    """Yield how the job behaves."""
    yield Entry(
        key="already_delivered", value="send", note="storescu has no memory; skip sends what is left, nothing twice"
    )
    yield Entry(key="duplicates", value="send", note="what the line names twice goes out twice; skip sends it once")
    yield Entry(key="on_unknown", value="send")
    yield Entry(key="retry", value=Flow((Entry(key="attempts", value=1),)))
    note = "" if said.halts else "the exit code still says what failed"
    yield Entry(key="on_failure", value="stop" if said.halts else "continue", note=note)
    if said.repeat > 1:
        yield Entry(key="repeat", value=said.repeat)
    if said.aborts:
        yield Entry(key="end_with", value="abort")
    if said.renames:
        yield Entry(
            key="sent_files", value="rename", note=".done or .bad is put to a file's name when its turn is over"
        )
    yield from _changes(said)


def _changes(said: StorescuLine) -> Iterator[Entry]:
    """Yield how data sets are changed on the way."""
    if said.invention is not None:
        counts = (
            Entry(key="instances_per_series", value=said.invention.images),
            Entry(key="series_per_study", value=said.invention.series),
            Entry(key="studies_per_patient", value=said.invention.studies),
        )
        yield Entry(key="invent", value=Block(counts))
    if said.new_vrs_become_ob:
        yield Entry(key="new_vrs", value="as_ob")
    if said.compression_level is not None:
        yield Entry(key="compression_level", value=said.compression_level)
