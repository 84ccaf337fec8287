"""The plan: an immutable value that says everything which will go over the wire, apart from what the peers will answer.

A plan has a head (this module's `Plan`, small) and rows (`PlannedInstance`, up to millions), which stream and are never a tuple.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from dicomjobs.model.association import Proposal
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import Duplicates, EmptyPolicy, EndWith, Need, OnFailure, Output, Padding, Split, Verify
from dicomjobs.model.peer import Peer
from dicomjobs.model.phi import Phi
from dicomjobs.model.query import Identifier
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy, OnUnknown, Retry
from dicomjobs.model.send_set import Order
from dicomjobs.model.sent_files import SentFiles
from dicomjobs.plan.rewriting import Rewriting
from dicomjobs.plan.route import NativeRoute

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A YAML file the plan was made from: its path as given, and the SHA-256 of its bytes."""

    path: str
    sha256: str


class Excluded(Enum):
    """Whether a row goes out, and if not, whether that counts as a failure or is as it should be."""

    NO = ""
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInstance:
    """One row: a file and what will become of it.

    `context_id` is the presentation context it will go on if the peer accepts what is proposed, 0 when it is not sent.
    `reason` then names why (an instance reason of events.py) and `words` say it in a sentence.
    Sizes and offsets are in bytes; `offset` is where the data set begins in the file; `mtime_ns` in nanoseconds since the epoch.
    """

    path: str
    size: int
    mtime_ns: int
    offset: int
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax: str
    context_id: int = 0
    excluded: Excluded = Excluded.NO
    reason: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesDigest:
    """How many rows the plan has, and the SHA-256 of the JSON Lines that hold them."""

    count: int
    sha256: str


class Instances(Protocol):
    """The rows of a plan, by item number from 0; backed by a file or by memory."""

    @property
    def digest(self) -> InstancesDigest:
        """Count and SHA-256 of the rows as they are saved."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __iter__(self) -> Iterator[PlannedInstance]:
        """All rows in order."""

    def __getitem__(self, item: int) -> PlannedInstance:
        """The row of one item."""

    def rows(self, first: int, count: int) -> Iterator[PlannedInstance]:
        """`count` rows in order, from item `first` on, read sequentially."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAssociation:
    """A group of instances that share one proposal; rows `first` to `first + count - 1`, each study's rows next to each other.

    With `max_associations` above 1 several associations with this same proposal may be open at once, never two for one study.
    """

    number: int
    proposal: Proposal
    first: int
    count: int
    bytes: int
    studies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoStep:
    """One C-ECHO on an association of its own."""

    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedQuery:
    """One identifier, fully resolved; `label` is the query file it was made from, "" for one of keys alone.

    `rows` are the places, among the step's rows, of those that ask for just this.
    """

    label: str
    identifier: Identifier
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """One row of the table that a query is asked for: its line in the file, and what it is called in results."""

    line: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindStep:
    """C-FIND requests on one association: each query `repeat` times, then the next one.

    `row_id` is the column by which the `rows` of a table are called, "" without a table.
    """

    proposal: Proposal
    sop_class_uid: str
    queries: tuple[PlannedQuery, ...]
    repeat: int
    new_vrs: NewVrs
    outputs: tuple[Output, ...]
    cancel_after: int
    max_matches: int
    write_at_most: int
    padding: Padding
    split: Split | None
    row_id: str
    rows: tuple[PlannedRow, ...]
    if_no_match: EmptyPolicy
    end_with: EndWith

    @property
    def asked(self) -> Identifier:
        """What is asked for in all: an element for each attribute of any query, in order of tags."""
        found = {element.tag: element for query in reversed(self.queries) for element in query.identifier}
        return tuple(found[tag] for tag in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStep:
    """Instances by C-STORE: rows `first` to `first + count - 1`, those of the associations first, then the excluded ones."""

    associations: tuple[PlannedAssociation, ...]
    first: int
    count: int
    bytes: int
    natives: NativeRoute
    order: Order
    repeat: int
    rewriting: Rewriting
    sent_files: SentFiles
    on_failure: OnFailure
    duplicates: Duplicates
    already_delivered: AlreadyDelivered
    on_unknown: OnUnknown
    retry: Retry
    digest: DigestPolicy
    verify: Verify
    verify_within: float
    if_empty: EmptyPolicy
    end_with: EndWith

    @property
    def first_excluded(self) -> int:
        """The first row that is not sent."""
        return self.first + sum(association.count for association in self.associations)

    @property
    def excluded(self) -> int:
        """How many rows are not sent."""
        return self.first + self.count - self.first_excluded


Step = EchoStep | FindStep | StoreStep


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One job of the plan, its peer resolved (secrets stay pointers)."""

    name: str
    needs: tuple[Need, ...]
    peer: Peer
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The head: what it was made from, the rows' digest, and the jobs in running order; `None` for a folder means the default."""

    format_version: int
    job_file: str
    inputs: tuple[InputFile, ...]
    reports_directory: str | None
    phi: Phi
    state_directory: str | None
    instances: InstancesDigest
    jobs: tuple[JobPlan, ...]
