"""From surveyed files to associations and rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from dicomjobs.disk.row_file import RowFile, temporary_rows
from dicomjobs.model.association import AssociationProfile, ContextTemplate, Over128Contexts, ProposalPolicy
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import Duplicates, EmptyPolicy, EndWith, Invention, OnFailure, StoreJob, Verify
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy, OnUnknown
from dicomjobs.model.send_set import Order, SendSet
from dicomjobs.model.sent_files import PutAway, SentFiles
from dicomjobs.plan.invention import Inventor, seed_of
from dicomjobs.plan.inventory import Flaw, SurveyedFile
from dicomjobs.plan.plan import Excluded, PlannedInstance, StoreStep
from dicomjobs.plan.store import plan_store
from tests.support.runs import ONCE, make_peer
from tests.support.send_sets import send_set_of

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT, IMPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"

JOB = StoreJob(
    name="send",
    needs=(),
    peer=make_peer(),
    send_set=send_set_of(),
    association_profile=None,
    on_failure=OnFailure.CONTINUE,
    verify=Verify.STATUS,
    verify_within=60.0,
    duplicates=Duplicates.SKIP,
    already_delivered=AlreadyDelivered.SKIP,
    on_unknown=OnUnknown.STOP,
    retry=ONCE,
    digest=DigestPolicy.AUTO,
    repeat=1,
    sent_files=SentFiles(put_away=PutAway.KEEP, directory=""),
    invent=None,
    new_vrs=NewVrs.KEEP,
    compression_level=6,
    if_empty=EmptyPolicy.OK,
    end_with=EndWith.RELEASE,
)
SEED = seed_of("2026-11-21", "job.yaml", "send")


def _file(
    number: int, *, study: str = "1.1", sop_class: str = CT, syntax: str = EXPLICIT, uid: str = ""
) -> SurveyedFile:
    """Return a surveyed file of 1000 bytes, 100 of them File Meta."""
    return SurveyedFile(
        path=f"/in/{number}.dcm",
        named=False,
        size=1000,
        mtime_ns=number,
        offset=100,
        sop_class_uid=sop_class,
        sop_instance_uid=uid or f"1.9.{number}",
        study_instance_uid=study,
        series_instance_uid=f"{study}.1",
        transfer_syntax=syntax,
    )


@pytest.fixture
def rows() -> Iterator[RowFile]:
    """Give the rows of a plan that is being made."""
    with closing(temporary_rows()) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Surveyed:
    """An inventory of certain files, in which those of the same size have the same content, and those of an odd one are cut off."""

    files: tuple[SurveyedFile, ...]

    def survey(self, _: SendSet, __: Duplicates) -> Iterator[SurveyedFile]:
        """All of them."""
        return iter(self.files)

    def same_content(self, first: PlannedInstance, second: SurveyedFile) -> bool:
        """Whether the sizes are the same."""
        return first.size == second.size

    def flaw(self, file: PlannedInstance | SurveyedFile) -> Flaw | None:
        """What an odd size says."""
        return Flaw(reason="truncated_file", words="it ends early") if file.size % 2 else None


def _plan(files: Iterable[SurveyedFile], rows: RowFile, job: StoreJob = JOB) -> StoreStep:
    """Plan a job."""
    return plan_store(job, Surveyed(tuple(files)), seed=SEED, rows=rows, scratch=temporary_rows)


def test_rows_lie_study_by_study_in_the_order_studies_were_met(rows: RowFile) -> None:
    """However mixed they were on disk."""
    step = _plan([_file(1, study="1.2"), _file(2, study="1.1"), _file(3, study="1.2"), _file(4, study="1.1")], rows)

    assert [row.path for row in rows] == ["/in/1.dcm", "/in/3.dcm", "/in/2.dcm", "/in/4.dcm"]
    assert [(a.first, a.count, a.bytes, a.studies) for a in step.associations] == [(0, 4, 3600, 2)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [(Order.BY_STUDY, "2 3 1 5"), (Order.AS_GIVEN, "2 1 3 5"), (Order.SORTED, "1 2 3 5")],
)
def test_the_order_is_what_the_send_set_says(rows: RowFile, order: Order, expected: str) -> None:
    """Within an association; the rows that are not sent come last whatever it is."""
    job = replace(JOB, send_set=send_set_of(order=order))
    bad = SurveyedFile(path="/in/5.dcm", named=True, problem="not_dicom", words="because")
    files = [bad, _file(2, study="1.2"), _file(1, study="1.1"), _file(3, study="1.2")]

    step = _plan(files, rows, job)

    assert [row.path for row in rows] == [f"/in/{name}.dcm" for name in expected.split()]
    assert (step.order, step.associations[0].count, step.associations[0].studies) == (order, 3, 2)


def test_a_sorted_set_is_in_the_order_of_its_paths_whatever_is_in_them(rows: RowFile) -> None:
    """Quotes, backslashes, names that are no UTF-8."""
    job = replace(JOB, send_set=send_set_of(order=Order.SORTED))
    paths = ['/in/"b', "/in/\\a", "/in/\udcff", "/in/\n", "/in/ä", "/in/z"]

    _plan([replace(_file(n), path=path) for n, path in enumerate(paths)], rows, job)

    assert [row.path for row in rows] == sorted(paths)


def test_each_file_is_sent_as_often_as_the_job_says_one_time_after_the_other(rows: RowFile) -> None:
    """A row each; what is not sent has one row."""
    files = [_file(1), _file(2, uid="1.9.1"), _file(3)]

    step = _plan(files, rows, replace(JOB, repeat=2))

    assert [row.path for row in rows] == ["/in/1.dcm", "/in/1.dcm", "/in/3.dcm", "/in/3.dcm", "/in/2.dcm"]
    assert (step.repeat, step.associations[0].count, step.associations[0].bytes) == (2, 4, 3600)
    assert rows[4].reason == "duplicate"


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("sizes", [(701, 1000), (1000, 701), (701, 703, 1000), (701, 1000, 703), (701, 701, 1000)])
def test_of_files_with_one_uid_the_whole_one_is_sent(rows: RowFile, sizes: tuple[int, ...], order: Order) -> None:
    """Wherever it lies among those that are cut off, which have their own reason and one row, however often it is sent."""
    job = replace(JOB, repeat=2, send_set=send_set_of(order=order))
    cut = [number for number, size in enumerate(sizes) if size % 2]

    step = _plan([replace(_file(n, uid="1.9"), size=size) for n, size in enumerate(sizes)], rows, job)

    assert [(row.size, row.excluded) for row in rows][:2] == [(1000, Excluded.NO)] * 2
    assert sorted(row.path for row in rows.rows(2, len(cut))) == [f"/in/{number}.dcm" for number in cut]
    assert {row.reason for row in rows if row.size % 2} <= {"truncated_file", "duplicate"}
    assert [row.reason for row in rows].count("truncated_file") == len({sizes[number] for number in cut})
    assert [(each.count, each.bytes, each.studies) for each in step.associations] == [(2, 1800, 1)]
    assert step.count == len(rows) == 2 + len(cut)


def test_files_of_one_uid_of_which_none_is_whole_are_no_conflict(rows: RowFile) -> None:
    """The first one's reason is found when it is to be sent."""
    _plan([replace(_file(1, uid="1.9"), size=701), replace(_file(2, uid="1.9"), size=703)], rows)

    assert [row.reason for row in rows] == ["", "truncated_file"]


def test_a_file_that_was_withdrawn_is_in_a_refused_plan_once(rows: RowFile) -> None:
    """As what it is."""
    policy = ProposalPolicy(
        name="all",
        sop_classes=(),
        preferred=(EXPLICIT,),
        fallback=(IMPLICIT,),
        combine=False,
        roles=(),
        extended_negotiation=(),
        over_128_contexts=Over128Contexts.FAIL,
    )
    files = [_file(n, sop_class=f"1.2.3.{n}") for n in range(200)]
    cut = replace(files[0], path="/in/cut", size=701)

    _plan([cut, *files], rows, replace(JOB, association_profile=policy))

    assert len(rows) == 201
    assert [row.reason for row in rows].count("truncated_file") == 1


def test_rows_have_the_uids_that_are_invented_for_them_in_the_order_they_are_sent_in(rows: RowFile) -> None:
    """Over all associations; what is not sent keeps its own, and so does a level that an instance lacks."""
    invention = Invention(instances_per_series=2, series_per_study=1, studies_per_patient=1)
    job = replace(JOB, invent=invention, repeat=2, association_profile=_profile((CT, (EXPLICIT,))))
    palette = replace(_file(4), study_instance_uid="", series_instance_uid="")

    step = _plan([_file(1), _file(2, syntax=JPEG), _file(3), palette], rows, job)

    inventor = Inventor(seed=SEED, invention=invention)
    assert step.rewriting.inventor == Inventor(seed=SEED, invention=invention)
    expected = [inventor.identity(number) for number in range(6)]
    assert [row.sop_instance_uid for row in rows] == [each.sop_instance_uid for each in expected] + ["1.9.2"]
    assert [row.study_instance_uid for row in rows][:4] == [each.study_instance_uid for each in expected[:4]]
    assert [row.series_instance_uid for row in rows][4:] == ["", "", "1.1.1"]
    assert [row.path for row in rows] == [f"/in/{n}.dcm" for n in (1, 1, 3, 3, 4, 4, 2)]
    assert step.associations[0].studies == 3


def test_a_set_that_needs_three_hundred_contexts_is_planned_as_three_associations(rows: RowFile) -> None:
    """None over 128, each row on a context of its own association that fits it."""
    files = [_file(n, study=f"1.{n}", sop_class=f"1.2.3.{n}") for n in range(300)]

    step = _plan(files, rows)

    assert [len(each.proposal.contexts) for each in step.associations] == [128, 128, 44]
    for association in step.associations:
        proposed = {context.context_id: context for context in association.proposal.contexts}
        for row in rows.rows(association.first, association.count):
            assert proposed[row.context_id].abstract_syntax == row.sop_class_uid
            assert row.transfer_syntax in proposed[row.context_id].transfer_syntaxes


def test_one_study_with_three_hundred_contexts_is_three_associations_as_well(rows: RowFile) -> None:
    """It has to be split then."""
    step = _plan([_file(n, sop_class=f"1.2.3.{n}") for n in range(300)], rows)

    assert [association.count for association in step.associations] == [128, 128, 44]
    assert sorted(row.sop_instance_uid for row in rows) == sorted(f"1.9.{n}" for n in range(300))


def test_a_second_instance_with_the_same_uid_is_skipped_and_says_whose_it_is(rows: RowFile) -> None:
    """Unless the job wants duplicates sent."""
    files = [_file(1, uid="1.9.7"), _file(2), _file(3, uid="1.9.7")]

    _plan(files, rows)
    last = rows[2]

    assert (last.path, last.excluded, last.reason) == ("/in/3.dcm", Excluded.SKIPPED, "duplicate")
    assert last.words == "the same SOP Instance UID and content as /in/1.dcm"


def test_another_instance_with_the_same_uid_is_a_conflict_and_no_duplicate(rows: RowFile) -> None:
    """It is other data, which would be lost if it were quietly skipped."""
    other = replace(_file(2, uid="1.9.7"), size=2000)

    _plan([_file(1, uid="1.9.7"), other], rows)

    assert (rows[1].excluded, rows[1].reason) == (Excluded.FAILED, "uid_conflict")
    assert rows[1].words == "the SOP Instance UID of /in/1.dcm, but other content"


def test_a_file_that_is_not_sent_makes_no_other_a_duplicate(rows: RowFile) -> None:
    """The copy that a context fits goes out."""
    job = replace(JOB, association_profile=_profile((CT, (EXPLICIT,))))

    step = _plan([_file(1, syntax=JPEG, uid="1.9.7"), _file(2, uid="1.9.7")], rows, job)

    assert step.associations[0].count == 1
    assert [(row.path, row.reason) for row in rows] == [("/in/2.dcm", ""), ("/in/1.dcm", "no_presentation_context")]


def test_instances_whose_hashes_collide_are_no_duplicates(rows: RowFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The UID itself decides."""
    monkeypatch.setattr("dicomjobs.plan.store.hash", lambda _: 1, raising=False)

    step = _plan([_file(1), _file(2), _file(3, uid="1.9.1")], rows)

    assert (step.associations[0].count, rows[2].reason) == (2, "duplicate")


def test_duplicates_are_sent_when_the_job_says_so(rows: RowFile) -> None:
    """All of them."""
    step = _plan([_file(1, uid="1.9.7"), _file(2, uid="1.9.7")], rows, replace(JOB, duplicates=Duplicates.SEND))

    assert step.associations[0].count == 2


@pytest.mark.parametrize(
    ("problem", "named", "expected"),
    [
        ("not_dicom", False, Excluded.SKIPPED),
        ("not_dicom", True, Excluded.FAILED),
        ("media_storage_directory", False, Excluded.SKIPPED),
        ("filtered_out", True, Excluded.SKIPPED),
        ("too_young", True, Excluded.SKIPPED),
        ("symlink_outside", False, Excluded.SKIPPED),
        ("symlink_skipped", False, Excluded.SKIPPED),
        ("symlink_broken", False, Excluded.FAILED),
        ("no_such_file", True, Excluded.FAILED),
        ("incomplete_header", False, Excluded.FAILED),
        ("unreadable", False, Excluded.FAILED),
    ],
)
def test_a_file_with_a_problem_is_a_row_after_those_that_are_sent(
    problem: str, named: bool, expected: Excluded, rows: RowFile
) -> None:
    """Skipped when nobody asked for that very file, failed otherwise."""
    bad = SurveyedFile(path="/in/bad", named=named, problem=problem, words="because")

    step = _plan([bad, _file(1)], rows)

    assert [row.path for row in rows] == ["/in/1.dcm", "/in/bad"]
    assert (rows[1].excluded, rows[1].reason, rows[1].words, rows[1].context_id) == (expected, problem, "because", 0)
    assert (step.count, step.associations[0].count) == (2, 1)


@pytest.mark.parametrize(("ending", "told"), [(".done", "has delivered it"), (".bad", "failed for good")])
def test_a_file_that_was_renamed_is_left_alone_and_says_what_would_send_it_again(
    ending: str, told: str, rows: RowFile
) -> None:
    """Unless it is named outright, or the job renames nothing."""
    file = replace(_file(1), path=f"/in/1.dcm{ending}")
    renaming = replace(JOB, sent_files=SentFiles(put_away=PutAway.RENAME, directory=""))

    steps = [
        _plan([each], rows, job) for each, job in [(file, renaming), (replace(file, named=True), renaming), (file, JOB)]
    ]

    assert [step.excluded for step in steps] == [1, 0, 0]
    assert (rows[0].excluded, rows[0].reason) == (Excluded.SKIPPED, "put_away")
    assert told in rows[0].words
    assert "to send it again take that off" in rows[0].words


@pytest.mark.parametrize(("put_away", "expected"), [(PutAway.KEEP, Excluded.FAILED), (PutAway.MOVE, Excluded.SKIPPED)])
def test_a_link_whose_file_a_job_has_put_away_is_no_failure_of_that_job(
    put_away: PutAway, expected: Excluded, rows: RowFile
) -> None:
    """Where files stay the link should lead to one."""
    link = SurveyedFile(path="/in/link", named=False, problem="symlink_broken", words="because")

    _plan([link], rows, replace(JOB, sent_files=SentFiles(put_away=put_away, directory="/sent")))

    assert (rows[0].excluded, rows[0].reason) == (expected, "symlink_broken")


def _profile(*contexts: tuple[str, tuple[str, ...]]) -> AssociationProfile:
    """Return an association profile."""
    templates = tuple(ContextTemplate(abstract_syntax=each, transfer_syntaxes=syntaxes) for each, syntaxes in contexts)
    return AssociationProfile(name="ct", contexts=templates, roles=(), extended_negotiation=())


def test_a_profile_is_proposed_as_it_stands_and_what_it_cannot_carry_fails_with_the_reason(rows: RowFile) -> None:
    """The words name the profile, what the file needs and what the profile has."""
    job = replace(JOB, association_profile=_profile((MR, (EXPLICIT,)), (CT, (IMPLICIT,)), (CT, (EXPLICIT,))))

    step = _plan([_file(1, syntax=JPEG), _file(2), _file(3, sop_class=MR, syntax=IMPLICIT)], rows, job)

    assert [context.context_id for context in step.associations[0].proposal.contexts] == [1, 3, 5]
    assert [row.context_id for row in rows] == [5, 1, 0]
    assert rows[2].words == (
        "the association profile ct has no presentation context for CTImageStorage in JPEGLosslessSV1; "
        "it proposes only ImplicitVRLittleEndian, ExplicitVRLittleEndian for this SOP class"
    )


def test_a_second_job_appends_its_rows_after_those_of_the_first(rows: RowFile) -> None:
    """Row numbers run through the whole plan."""
    _plan([_file(1), _file(2)], rows)

    step = _plan([_file(3)], rows)

    assert (step.first, step.count, step.associations[0].first) == (2, 1, 2)


def test_an_empty_set_has_no_association(rows: RowFile) -> None:
    """And no rows."""
    step = _plan([], rows)

    assert (step.associations, step.count, len(rows)) == ((), 0, 0)
