"""Whatever is in a file that is read, it ends as what it is or with a declared error, in bounded time and memory."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.workspace import load_workspace
from dicomjobs.dcmtk.asconfig import read_asconfig
from dicomjobs.dcmtk.command_file import split_command_file
from dicomjobs.dcmtk.dictionary_file import read_dictionary
from dicomjobs.dcmtk.dump_text import NotADump, parse_dump
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.disk.inventory import DiskInventory
from dicomjobs.disk.query_file import NotAQuery, read_query
from dicomjobs.disk.read import FileStore
from dicomjobs.errors import JournalUnavailable, NotSendable
from dicomjobs.events import INSTANCE_REASONS
from dicomjobs.execute.ports import FilePayload
from dicomjobs.ledger.ledger import open_ledger
from dicomjobs.model.data_set_form import DataSetForm
from dicomjobs.model.job import Duplicates
from dicomjobs.pixels.convert import convert
from dicomjobs.plan.codec import decode_plan, encode_plan
from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import PlannedInstance
from dicomjobs.plan.row_codec import StalePlan, decode_row, encode_row
from dicomjobs.report.event_json import decode, encode
from tests.faults.bad_files import instance, nested, with_tail
from tests.fuzz.mutations import fuzzed
from tests.support.ledgers import ARCHIVE, claim, opened, planned, send
from tests.support.runs import delivered, echo_events, find_events, make_plan, stamp, store_events, store_job
from tests.support.send_sets import send_set_of

SHIPPED = Path(__file__).parents[2]
FILES = [
    instance("fuzz", rows=2),
    instance("fuzz", rows=2, syntax=ImplicitVRLittleEndian),
    instance("fuzz", rows=2, syntax=ExplicitVRBigEndian),
    instance("fuzz", rows=2, syntax=DeflatedExplicitVRLittleEndian),
    instance("fuzz", rows=2, syntax=RLELossless),
    with_tail("fuzz", nested(5)),
]
DOCUMENTS = [path.read_bytes() for path in sorted([*SHIPPED.glob("jobs/*.yaml"), *SHIPPED.glob("profiles/*.yaml")])]
REASONS = {"", *INSTANCE_REASONS}
EVENTS = [*echo_events(), *find_events(), *store_events([delivered(0)])]
NOW = datetime(2026, 11, 21, 22, 30, 45, tzinfo=UTC)


@fuzzed(*FILES)
def test_a_file_to_send(data: bytes) -> None:
    """Surveyed as something that has a name, then sent as it is, in another form, or not at all with a reason that has words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dcm"
        path.write_bytes(data)
        (file,) = _survey(path)
        assert not file.problem or file.problem in INSTANCE_REASONS
        if file.problem:
            return
        row = PlannedInstance(
            path=file.path,
            size=file.size,
            mtime_ns=file.mtime_ns,
            offset=file.offset,
            sop_class_uid=file.sop_class_uid,
            sop_instance_uid=file.sop_instance_uid,
            study_instance_uid=file.study_instance_uid,
            series_instance_uid=file.series_instance_uid,
            transfer_syntax=file.transfer_syntax,
        )
        store = FileStore(convert)
        form = DataSetForm(transfer_syntax=ImplicitVRLittleEndian)
        assert _why_not(lambda: store.payload(row)) in REASONS
        assert _why_not(lambda: store.rewritten(row, form)) in REASONS


def _why_not(open_payload: Callable[[], FilePayload]) -> str:
    """Return why a file cannot be sent, "" when it can, to its last byte."""
    try:
        with closing(open_payload()) as payload:
            assert sum(map(len, payload.chunks())) == payload.length
    except NotSendable as refused:
        return refused.reason
    return ""


def _survey(path: Path) -> list[SurveyedFile]:
    """Return what a scan makes of a file."""
    return list(DiskInventory(now=0).survey(send_set_of(path), Duplicates.SKIP))


@fuzzed(*DOCUMENTS, share=0.4)
def test_a_job_file(data: bytes) -> None:
    """Loaded, or refused with diagnostics that have a place."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_bytes(data)
        with suppress(InvalidInput):
            load_workspace(str(path), settings={}, now=NOW, at=None, missing_parameters=MissingParameters.TOLERATE)


@fuzzed(*(encode(each).encode() for each in stamp(EVENTS)))
def test_a_line_of_an_event_log(data: bytes) -> None:
    """An event, or a ValueError that says so."""
    with suppress(ValueError):
        decode(data.decode("ascii"))


@fuzzed(encode_plan(make_plan(store_job())).encode())
def test_a_saved_plan(data: bytes) -> None:
    """A plan, or one that is stale."""
    with suppress(StalePlan):
        decode_plan(data)


@fuzzed(encode_row(planned(1)).encode())
def test_a_row_of_a_saved_plan(data: bytes) -> None:
    """A row, or one that is stale."""
    with suppress(StalePlan):
        decode_row(data)


@fuzzed(FILES[0], b"(0008,0052) CS [STUDY]\n(0010,0010) PN [Doe*]\n(0040,0100) SQ\n(fffe,e000) -\n(fffe,e0dd) -\n")
def test_a_query_file(data: bytes) -> None:
    """An identifier, or no query."""
    with suppress(NotAQuery):
        read_query(data, "ISO_IR 100")
    with suppress(NotADump):
        parse_dump(data.decode("latin-1"))


@fuzzed(
    b'(0019,"SIEMENS CT VA0  COAD",22)\tDS\tDetectorSpacing\t1\tPrivateTag\n(6000-60FF,0010)\tUS\tOverlayRows\t1\tDICOM\n',
    b"[[TransferSyntaxes]]\n[Uncompressed]\nTransferSyntax1 = LittleEndianExplicit\n[[Profiles]]\n[Default]\n",
    b"-aet ME -aec \"YOU THERE\" +sd host 104 '*.dcm'\n",
)
def test_the_files_of_dcmtk(data: bytes) -> None:
    """Dictionaries, association configurations and command files are read as far as they go."""
    read_dictionary(data.decode("latin-1"), "private.dic", code="DJ101")
    read_asconfig(data, "storescu.cfg")
    split_command_file(data.decode("latin-1"))


def _ledger() -> bytes:
    """Return the bytes of a ledger with something in it."""
    with tempfile.TemporaryDirectory() as folder:
        with opened(Path(folder)) as ledger:
            journal = ledger.journal(ARCHIVE)
            claim(journal, 1, 2)
            send(journal, 1)
            send(journal, 2)
            journal.barrier()
        with closing(sqlite3.connect(Path(folder) / "ledger.sqlite3")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return (Path(folder) / "ledger.sqlite3").read_bytes()


@fuzzed(_ledger(), share=0.2)
def test_a_ledger(data: bytes) -> None:
    """Opened, or refused in words; never begun anew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite3"
        path.write_bytes(data)
        path.chmod(0o600)
        with suppress(JournalUnavailable), closing(open_ledger(folder, run_id="run")) as ledger:
            journal = ledger.journal(ARCHIVE)
            claim(journal, 3)
            send(journal, 3)
            journal.barrier()
