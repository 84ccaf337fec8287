"""The rules that jobs have to keep which send files; they know what is written, and not what is on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dicomjobs.config.build import Site
from dicomjobs.config.findings import Finding
from dicomjobs.config.needs import with_needs
from dicomjobs.config.places import Pointer
from dicomjobs.diagnostics import Severity
from dicomjobs.model.job import Job, StoreJob
from dicomjobs.model.send_set import Order, SendSet, SendSetPath
from dicomjobs.model.sent_files import PutAway


def only_studies_travel_side_by_side(site: Site) -> Iterator[Finding]:
    """An order over all studies cannot be kept on several associations, so there is only one at a time."""
    for at, job in site.jobs.items():
        if isinstance(job, StoreJob) and job.send_set.order is not Order.BY_STUDY and job.peer.max_associations > 1:
            order = job.send_set.order.value
            summary = f"`order: {order}` is sent on one association at a time, whatever the peer's max_associations"
            hint = "leave `order` out: studies then go side by side"
            given = _given(site, job)
            pointer = (*at, "store", "send_set")
            yield Finding(at=pointer, code="DJ542", summary=summary, hint=hint, given=given, severity=Severity.WARNING)


def files_are_sent_everywhere_before_they_are_put_away(site: Site) -> Iterator[Finding]:
    """Of the jobs that send the same files one deletes or moves them, and needs all others: a file that is gone reaches nobody."""
    by_name = {job.name: job for job in site.jobs.values()}
    for group in _senders_of_the_same(site):
        last = _last_of(group.values(), by_name)
        for at, job in group.items():
            others = _not_before(job, group.values(), by_name)
            if last and others and job.sent_files.put_away is not PutAway.KEEP:
                jobs = ", ".join(f"`{each}`" for each in others)
                send = f"the jobs {jobs} send" if others[1:] else f"the job {jobs} sends"
                summary, hint = (
                    f"{send} these files, too, and may find them gone",
                    _in_order(last, group.values(), by_name),
                )
                pointer = (*at, "store", "sent_files")
                yield Finding(at=pointer, code="DJ543", summary=summary, hint=hint, given=_given(site, job))
                break


def _in_order(last: StoreJob, group: Iterable[StoreJob], by_name: Mapping[str, Job]) -> str:
    """Say how the files of a group are put away last of all."""
    needs = ", ".join(other.name for other in group if other is not last)
    after = f", after the rest: `needs: [{needs}]`" if _not_before(last, group, by_name) else ""
    return f"let `{last.name}` alone put them away{after}"


def _senders_of_the_same(site: Site) -> Iterable[Mapping[Pointer, StoreJob]]:
    """Return the jobs that send files, those of the same paths together."""
    groups: dict[tuple[SendSetPath, ...], dict[Pointer, StoreJob]] = {}
    for at, job in site.jobs.items():
        if isinstance(job, StoreJob):
            groups.setdefault(job.send_set.paths, {})[at] = job
    return groups.values()


def _last_of(group: Iterable[StoreJob], by_name: Mapping[str, Job]) -> StoreJob | None:
    """Return a job that can need all others of a group, since none of them needs it; rather one that puts files away already."""
    jobs = list(group)
    needed = {name for job in jobs for name in with_needs([job.name], by_name) - {job.name}}
    able = [job for job in reversed(jobs) if job.name not in needed]
    return max(able, key=lambda job: job.sent_files.put_away is not PutAway.KEEP, default=None)


def _not_before(job: StoreJob, group: Iterable[StoreJob], by_name: Mapping[str, Job]) -> list[str]:
    """Return the names of the others of a group that need not have succeeded before a job runs."""
    before = _needed_by(job, by_name)
    return [other.name for other in group if other is not job and other.name not in before]


def sent_files_are_not_found_again(site: Site) -> Iterator[Finding]:
    """A folder inside the one that is sent from would be sent from as well."""
    for at, job in _putting_away(site):
        folder = job.sent_files.directory
        if job.sent_files.put_away is PutAway.MOVE and _is_sent_from(folder, job.send_set):
            summary = "the files would be moved to where the next run finds them again"
            hint = "name a folder outside of the send set's paths"
            pointer = (*at, "store", "sent_files", "move")
            yield Finding(at=pointer, code="DJ544", summary=summary, hint=hint, given=_given(site, job))


def _putting_away(site: Site) -> Iterator[tuple[Pointer, StoreJob]]:
    """Yield the jobs after which files are no longer where they were."""
    for at, job in site.jobs.items():
        if isinstance(job, StoreJob) and job.sent_files.put_away is not PutAway.KEEP:
            yield at, job


def _needed_by(job: Job, by_name: Mapping[str, Job]) -> set[str]:
    """Return the jobs that must have succeeded before a job runs."""
    found: set[str] = set()
    waiting = [job]
    while waiting:
        for need in waiting.pop().needs:
            if not need.even_if_failed and need.job in by_name and need.job not in found:
                found.add(need.job)
                waiting.append(by_name[need.job])
    return found


def _is_sent_from(folder: str, send_set: SendSet) -> bool:
    """Say whether a folder is one of a send set's paths, or in one that is gone through with all that is in it."""
    return any(
        folder == entry.path or (send_set.recursive and folder.startswith(entry.path.rstrip("/") + "/"))
        for entry in send_set.paths
    )


def waits_grow(site: Site) -> Iterator[Finding]:
    """The wait before the second attempt is the shortest of all."""
    for at, job in site.jobs.items():
        if isinstance(job, StoreJob) and job.retry.first_wait > job.retry.longest_wait:
            summary = (
                f"the first wait, {job.retry.first_wait:g} s, is longer than the longest, {job.retry.longest_wait:g} s"
            )
            hint = "raise longest_wait, or lower first_wait"
            yield Finding(at=(*at, "store", "retry", "first_wait"), code="DJ580", summary=summary, hint=hint)


def budgets_pay_for_a_wait(site: Site) -> Iterator[Finding]:
    """A budget below the first wait allows none at all, which is what a budget of 0 says openly."""
    for at, job in site.jobs.items():
        if isinstance(job, StoreJob) and job.retry.attempts > 1 and 0 < job.retry.budget < job.retry.first_wait:
            first, budget = job.retry.first_wait, job.retry.budget
            summary = f"the first wait, {first:g} s, is longer than all waits together may be, {budget:g} s: no run ever waits"
            hint = "raise budget, or lower first_wait; budget: 0 says that nothing is to be waited for"
            pointer = (*at, "store", "retry", "first_wait")
            yield Finding(at=pointer, code="DJ587", summary=summary, hint=hint, severity=Severity.WARNING)


def _given(site: Site, job: StoreJob) -> tuple[Pointer, ...]:
    """Return where the peer and the send set of a job stand."""
    things = [*site.peers.items(), *site.send_sets.items()]
    return tuple(place for place, thing in things if thing is job.peer or thing is job.send_set)
