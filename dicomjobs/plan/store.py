"""From a store job and a stream of surveyed files to a step and its rows; memory stays small however many files there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache

from dicomjobs.model.job import Duplicates, StoreJob
from dicomjobs.model.sent_files import BAD, DONE, PutAway
from dicomjobs.plan.draft import Draft, RowStore
from dicomjobs.plan.invention import Inventor
from dicomjobs.plan.inventory import Inventory, SurveyedFile
from dicomjobs.plan.plan import Excluded, PlannedAssociation, PlannedInstance, StoreStep
from dicomjobs.plan.proposing import Proposed, TooManyContexts, scheme_of
from dicomjobs.plan.rewriting import Rewriting
from dicomjobs.plan.writing import write_in_order, write_refused

SKIPPED_WHEN_FOUND = frozenset({"not_dicom", "media_storage_directory", "not_a_regular_file"})
"""Problems that are no failure in a file that a scan came across, but are one in a file that was named outright."""

SKIPPED_WHEN_PUT_AWAY = frozenset({"symlink_broken"})
"""Problems that an earlier run has made by putting away what it sent."""

SKIPPED_ALWAYS = frozenset({"filtered_out", "too_young", "symlink_outside", "symlink_skipped"})
"""Problems that mean the file was never asked for."""

_ENDINGS = {
    DONE: "an earlier run has delivered it and given it this ending; to send it again take that off and say --resend all",
    BAD: "it failed for good in an earlier run, which gave it this ending; to send it again take that off",
}
"""What the ending of a file says where files are renamed; whatever is to be sent again, it is left alone."""


def plan_store(
    job: StoreJob, inventory: Inventory, *, seed: str, rows: RowStore, scratch: Callable[[], RowStore]
) -> StoreStep:
    """Append the job's rows to `rows`, in sending order, and return the step that describes them; `seed` is for inventions."""
    inventor = Inventor(seed=seed, invention=job.invent) if job.invent else None
    with closing(scratch()) as drafted:
        return _plan_drafted(job, inventory, Draft(rows=drafted), rows, inventor)


def _plan_drafted(
    job: StoreJob, inventory: Inventory, draft: Draft, rows: RowStore, inventor: Inventor | None
) -> StoreStep:
    """Plan with a place for the rows before they are in order."""
    scheme = scheme_of(job.association_profile)
    _draft_rows(job, inventory, draft, cache(scheme.need))
    first = len(rows)
    associations: tuple[PlannedAssociation, ...] = ()
    match scheme.proposed(draft.needs_of_study):
        case Proposed() as proposed:
            associations = tuple(write_in_order(draft, rows, proposed, job.send_set.order, inventor))
        case TooManyContexts(words=words):
            write_refused(draft, rows, words)
    return StoreStep(
        associations=associations,
        first=first,
        count=len(rows) - first,
        bytes=sum(each.bytes for each in associations),
        natives=scheme.natives,
        order=job.send_set.order,
        repeat=job.repeat,
        sent_files=job.sent_files,
        rewriting=Rewriting(
            compression_level=job.compression_level,
            new_vrs=job.new_vrs,
            inventor=inventor,
        ),
        on_failure=job.on_failure,
        verify=job.verify,
        verify_within=job.verify_within,
        duplicates=job.duplicates,
        already_delivered=job.already_delivered,
        on_unknown=job.on_unknown,
        retry=job.retry,
        digest=job.digest,
        if_empty=job.if_empty,
        end_with=job.end_with,
    )


def _draft_rows(job: StoreJob, inventory: Inventory, draft: Draft, need_of: Callable[[str, str], int | str]) -> None:
    """Decide for each file whether it goes out, and on which context."""
    seen: dict[int, int] = {}
    renames = job.sent_files.put_away is PutAway.RENAME
    for file in inventory.survey(job.send_set, job.duplicates):
        first = _first_with_uid(file, draft, seen) if job.duplicates is Duplicates.SKIP else None
        if renames and (words := _put_away(file)):
            draft.add_left_out(file, Excluded.SKIPPED, "put_away", words)
        elif file.problem:
            draft.add_left_out(file, _excluded(file, job.sent_files.put_away), file.problem, file.words)
        elif first and inventory.same_content(first, file):
            words = f"the same SOP Instance UID and content as {first.path}"
            draft.add_left_out(file, Excluded.SKIPPED, "duplicate", words)
        elif first and (flaw := inventory.flaw(file)):
            draft.add_left_out(file, Excluded.FAILED, flaw.reason, flaw.words)
        elif first and not (flaw := inventory.flaw(first)):
            words = f"the SOP Instance UID of {first.path}, but other content"
            draft.add_left_out(file, Excluded.FAILED, "uid_conflict", words)
        else:
            if first and flaw:  # what cannot be sent leaves its UID to the file that can
                draft.withdraw(seen.pop(hash(file.sop_instance_uid)), job.repeat)
                draft.add_left_out(first, Excluded.FAILED, flaw.reason, flaw.words)
            match need_of(file.sop_class_uid, file.transfer_syntax):
                case int() as need:
                    seen.setdefault(hash(file.sop_instance_uid), len(draft.rows))
                    for _ in range(job.repeat):
                        draft.add(file, need)
                case words:
                    draft.add_left_out(file, Excluded.FAILED, "no_presentation_context", words)


def _put_away(file: SurveyedFile) -> str:
    """Say why a file is left alone that was come across with the ending of one put away; "" when it has none."""
    return "" if file.named else next((_ENDINGS[each] for each in _ENDINGS if file.path.endswith(each)), "")


def _excluded(file: SurveyedFile, put_away: PutAway) -> Excluded:
    """Say whether a file with a problem is a failure."""
    skipped = (
        file.problem in SKIPPED_ALWAYS
        or (file.problem in SKIPPED_WHEN_FOUND and not file.named)
        or (file.problem in SKIPPED_WHEN_PUT_AWAY and put_away is not PutAway.KEEP)
    )
    return Excluded.SKIPPED if skipped else Excluded.FAILED


def _first_with_uid(file: SurveyedFile, draft: Draft, seen: Mapping[int, int]) -> PlannedInstance | None:
    """Return the earlier row with the same SOP Instance UID that will be sent, None when there is none.

    Only hashes are kept; one that collides is told apart by reading that file's row.
    """
    number = seen.get(hash(file.sop_instance_uid))
    if number is None:
        return None
    first = draft.row(number)
    return first if first.sop_instance_uid == file.sop_instance_uid else None
