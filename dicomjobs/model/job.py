"""What a job declares: one of the kinds echo, find and store, and what it needs to have happened before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicomjobs.model.association import AssociationProfile, Proposing
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.peer import Peer
from dicomjobs.model.query import Identifier, Query
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy, OnUnknown, Retry
from dicomjobs.model.send_set import SendSet
from dicomjobs.model.sent_files import SentFiles


class OnFailure(Enum):
    """Whether one failed instance stops the rest of its job."""

    CONTINUE = "continue"
    STOP = "stop"


class Duplicates(Enum):
    """What to do with the same SOP Instance UID found twice in one send set."""

    SKIP = "skip"
    SEND = "send"


class Verify(Enum):
    """What a delivery has to rest on: the response, the peer's answers to queries, or its storage commitment (PS3.4 J)."""

    STATUS = "status"
    QUERY = "query"
    COMMITMENT = "commitment"


class EmptyPolicy(Enum):
    """Whether having nothing to send, or matching nothing, is a failure."""

    OK = "ok"
    FAIL = "fail"


class EndWith(Enum):
    """How an association is ended after its work is done (PS3.8 7.2, 7.3)."""

    RELEASE = "release"
    ABORT = "abort"


class OutputFormat(Enum):
    """The forms in which the matches of a query can be written."""

    CSV = "csv"
    JSONL = "jsonl"
    DICOM_JSON = "dicom_json"
    DCMTK_XML = "dcmtk_xml"
    DICOM = "dicom"
    NATIVE_XML = "native_xml"
    DCMTK_XML_EACH = "dcmtk_xml_each"


TABLES = frozenset({OutputFormat.CSV, OutputFormat.JSONL})
"""Formats with columns."""

FILE_EACH = frozenset({OutputFormat.DICOM, OutputFormat.NATIVE_XML, OutputFormat.DCMTK_XML_EACH})
"""Formats with a file for each match, in a folder."""


class Padding(Enum):
    """Whether values are written as a peer padded them, or with no more padding than PS3.5 6.2 asks for."""

    KEEP = "keep"
    TRIM = "trim"


class IfExists(Enum):
    """What to do when an output file is already there."""

    REPLACE = "replace"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file of matches, or the folder of a format with a file a match: absolute, or a bare name that lands in the run directory.

    `columns` are keywords, or paths to attributes in sequences (empty: all keys).
    """

    format: OutputFormat
    file: str | None
    directory: str | None
    columns: tuple[str, ...]
    if_exists: IfExists

    @property
    def place(self) -> str:
        """The file or the folder, whichever the format needs."""
        return self.directory or self.file or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A query cut into windows of the attribute `by` (a keyword), each halved until it has fewer matches than `cap`."""

    by: str
    cap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row of a table that fills a query: its line in the file, what it is called in results, and the query's keys with its cells."""

    line: int
    id: str
    identifier: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """A query asked for each row of a CSV file; `id` is the column that rows are called by."""

    csv: str
    id: str
    delimiter: str
    encoding: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A job that must have run before: successfully, or `even_if_failed`."""

    job: str
    even_if_failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoJob:
    """Verification with C-ECHO (PS3.4 A)."""

    name: str
    needs: tuple[Need, ...]
    peer: Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class FindJob:
    """A query with C-FIND, asked `repeat` times; `cancel_after`, `max_matches` and `write_at_most` count matches, 0 means no limit."""

    name: str
    needs: tuple[Need, ...]
    peer: Peer
    query: Query
    association_profile: AssociationProfile | None
    outputs: tuple[Output, ...]
    cancel_after: int
    max_matches: int
    write_at_most: int
    padding: Padding
    split: Split | None
    for_each: ForEach | None
    repeat: int
    new_vrs: NewVrs
    if_no_match: EmptyPolicy
    end_with: EndWith


@dataclass(frozen=True, slots=True, kw_only=True)
class Invention:
    """How many of each kind are invented before the next of the kind above begins; all of them at least 1."""

    instances_per_series: int
    series_per_study: int
    studies_per_patient: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreJob:
    """Instances of a send set sent with C-STORE; `association_profile` None proposes what the files need.

    `verify_within` is in seconds. Each file is sent `repeat` times, one time right after the other.
    """

    name: str
    needs: tuple[Need, ...]
    peer: Peer
    send_set: SendSet
    association_profile: Proposing | None
    on_failure: OnFailure
    duplicates: Duplicates
    already_delivered: AlreadyDelivered
    on_unknown: OnUnknown
    retry: Retry
    digest: DigestPolicy
    repeat: int
    verify: Verify
    verify_within: float
    sent_files: SentFiles
    invent: Invention | None
    new_vrs: NewVrs
    compression_level: int
    if_empty: EmptyPolicy
    end_with: EndWith


Job = EchoJob | FindJob | StoreJob
