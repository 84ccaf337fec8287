"""A plan as text for a person: jobs, associations with their contexts and files, and why a file stays behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import assert_never

from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.escape import one_line
from dicomjobs.dicom.tls_profiles import TlsProfile
from dicomjobs.dicom.uids import name_of
from dicomjobs.events import INSTANCE_REASONS
from dicomjobs.model.association import Proposal, ProposedContext
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import FILE_EACH, EmptyPolicy, IfExists, Output, Padding, Verify
from dicomjobs.model.peer import Peer, weaknesses_of
from dicomjobs.model.query import Element, in_words
from dicomjobs.model.resume import AlreadyDelivered
from dicomjobs.model.send_set import Order
from dicomjobs.model.sent_files import BAD, DONE, PutAway, SentFiles
from dicomjobs.plan.plan import (
    EchoStep,
    FindStep,
    Instances,
    JobPlan,
    Plan,
    PlannedAssociation,
    PlannedInstance,
    StoreStep,
)
from dicomjobs.plan.rewriting import Rewriting
from dicomjobs.plan.route import NativeRoute
from dicomjobs.report.units import duration_in_words, size_in_words

_ORDERS = {Order.AS_GIVEN: "in which the paths are given", Order.SORTED: "of the paths"}

SHOWN = 10
"""Contexts, files and reasons listed of each kind unless everything is asked for."""


def plan_lines(plan: Plan, instances: Instances, *, verbose: bool) -> Iterator[str]:
    """Yield the lines of a plan without newlines."""
    most = None if verbose else SHOWN
    yield f"{one_line(plan.job_file)}: {_number(len(plan.jobs), 'job')}, in this order"
    for job in plan.jobs:
        yield ""
        yield from _job(job, instances, most)


def _job(job: JobPlan, instances: Instances, most: int | None) -> Iterator[str]:
    """Yield one job."""
    needs = [f"{need.job} (even if failed)" if need.even_if_failed else need.job for need in job.needs]
    after = f"  after {', '.join(map(one_line, needs))}" if needs else ""
    step = job.step
    match step:
        case EchoStep():
            yield f"{one_line(job.name)}: echo {_peer(job.peer)}{after}"
            yield from _contexts(step.proposal.contexts, None, most)
        case FindStep():
            yield f"{one_line(job.name)}: find at {_peer(job.peer)}{after}"
            yield from _contexts(step.proposal.contexts, None, most)
            yield from _negotiation(step.proposal)
            yield from _queries(step, most)
            yield from _limits(step)
            yield from _outputs(step.outputs)
        case StoreStep():
            yield f"{one_line(job.name)}: store to {_peer(job.peer)}{after}"
            yield from _store(job, step, instances, most)
        case _:
            assert_never(step)


def _peer(peer: Peer) -> str:
    """Return a peer with its address as `AE@host:port`."""
    if peer.embedded_directory is not None:
        return f"{peer.called_ae_title} (embedded, in {one_line(peer.embedded_directory)}) as {peer.calling_ae_title}"
    return f"{peer.called_ae_title}@{one_line(peer.host)}:{peer.port}{_protection(peer)} as {peer.calling_ae_title}"


def _protection(peer: Peer) -> str:
    """Say that a peer is talked to over TLS, and what there is of it or weakens it that is not as usual."""
    unusual = [weakness.value for weakness in weaknesses_of(peer)]
    if peer.tls is None:
        return f" ({', '.join(unusual)})" if unusual else ""
    if not peer.tls.anonymous and peer.tls.profile is not TlsProfile.BCP195_RFC8996:
        unusual.insert(0, peer.tls.profile.value)
    return f" over TLS ({', '.join(unusual)})" if unusual else " over TLS"


def _store(job: JobPlan, step: StoreStep, instances: Instances, most: int | None) -> Iterator[str]:
    """Yield a store job: totals, its associations, and what stays behind."""
    parallel = f", up to {job.peer.max_associations} at once" if job.peer.max_associations > 1 else ""
    noun = "file" if step.repeat == 1 else "transfer"
    yield (
        f"  {_number(step.count, noun)}: {step.count - step.excluded} to send ({size_in_words(step.bytes)}) on "
        f"{_number(len(step.associations), 'association')}{parallel}, {step.excluded} not"
    )
    yield from _rewriting(step.rewriting)
    if step.repeat > 1:
        yield f"  each file {step.repeat} times"
    if step.order is not Order.BY_STUDY:
        yield f"  in the order {_ORDERS[step.order]}, one association at a time"
    if step.natives is NativeRoute.DEFLATED:
        yield "  native files go deflated where the peer accepts it"
    if step.already_delivered is AlreadyDelivered.SEND:
        yield "  what earlier runs have delivered is sent again"
    for association in step.associations:
        yield from _association(association, instances, most)
    yield from _excluded(instances.rows(step.first_excluded, step.excluded), most)
    yield from _verification(job.peer, step)
    yield from _put_away(step.sent_files)


def _put_away(sent_files: SentFiles) -> Iterator[str]:
    """Yield what becomes of the files of delivered instances, unless they stay."""
    match sent_files.put_away:
        case PutAway.KEEP:
            pass
        case PutAway.DELETE:
            yield "  then the file of each delivered instance is deleted"
        case PutAway.RENAME:
            yield f"  then each file gets the ending {DONE} when it was delivered, {BAD} when it failed for good"
        case PutAway.MOVE:
            yield f"  then the file of each delivered instance is moved to {one_line(sent_files.directory)}"
        case _:
            assert_never(sent_files.put_away)


def _verification(peer: Peer, step: StoreStep) -> Iterator[str]:
    """Yield what is done after the last instance was sent, if anything."""
    match step.verify:
        case Verify.STATUS:
            pass
        case Verify.QUERY:
            at = _peer(peer.queries_at or peer)
            within = duration_in_words(step.verify_within)
            yield f"  then each delivered instance is looked up at {at}, again for {within} while it is not there"
        case Verify.COMMITMENT:
            within = duration_in_words(step.verify_within)
            where = f" or at {peer.reports_at.address}:{peer.reports_at.port}" if peer.reports_at else ""
            yield f"  then storage commitment is asked for, the results taken for {within} on the same association{where}"
        case _:
            assert_never(step.verify)


def _rewriting(rewriting: Rewriting) -> Iterator[str]:
    """Yield what is done to data sets on their way."""
    if rewriting.inventor:
        counts = rewriting.inventor.invention
        yield (
            f"  every instance as another one: series of {_number(counts.instances_per_series, 'instance')}, "
            f"studies of {counts.series_per_study} series, patients with "
            f"{_number(counts.studies_per_patient, 'study', 'studies')}"
        )
    if rewriting.new_vrs is NewVrs.AS_OB:
        yield "  OB written for the VRs UN, UT and later"


def _association(association: PlannedAssociation, instances: Instances, most: int | None) -> Iterator[str]:
    """Yield one association with its contexts and files."""
    contexts = association.proposal.contexts
    rows = list(islice(instances.rows(association.first, association.count), most))
    counts = Counter(row.context_id for row in instances.rows(association.first, association.count))
    unused = len(contexts) - len(counts)
    yield (
        f"  association {association.number}: {_number(association.count, 'instance')} of "
        f"{_number(association.studies, 'study', 'studies')}, {_number(len(contexts), 'presentation context')}"
        f"{f', {unused} of them for no file' if unused else ''}"
    )
    yield from _contexts(contexts, counts, most)
    yield from _negotiation(association.proposal)
    yield "    files"
    for row in rows:
        yield f"      {row.context_id:>3}  {one_line(row.path)}"
    yield from _more(association.count - len(rows), "      ")


def _queries(step: FindStep, most: int | None) -> Iterator[str]:
    """Yield what is asked, and for which rows of a table."""
    if step.rows:
        different = _number(len(step.queries), "different query", "different queries")
        yield f"  {_number(len(step.rows), 'row')}, {different}, called by {one_line(step.row_id)}"
    shown = step.queries[:most]
    for query in shown:
        ids = dict.fromkeys(one_line(step.rows[row].id) for row in query.rows)
        rows = f" for {', '.join(ids)}" if ids else ""
        yield f"  identifier{' of ' + one_line(query.label) if query.label else ''}{rows}"
        yield from _elements(query.identifier, "    ")
    yield from _more(len(step.queries) - len(shown), "  ")


def _negotiation(proposal: Proposal) -> Iterator[str]:
    """Yield roles and extended negotiation, where there are any."""
    for role in proposal.roles:
        yield f"    role {role.role.value} for {name_of(role.sop_class_uid)}"
    for extended in proposal.extended_negotiation:
        words = in_words(extended)
        yield f"    extended negotiation {extended.information}{words} for {name_of(extended.sop_class_uid)}"


def _contexts(contexts: tuple[ProposedContext, ...], counts: Counter[int] | None, most: int | None) -> Iterator[str]:
    """Yield contexts with their IDs and transfer syntaxes, and how many instances go on each."""
    shown = contexts[:most]
    names = [name_of(context.abstract_syntax) for context in shown]
    used = ["" if counts is None else f"  {_number(counts[context.context_id], 'instance')}" for context in shown]
    widths = max(map(len, names), default=0), max(map(len, used), default=0)
    yield "    contexts" if counts is not None else "  contexts"
    for context, name, count in zip(shown, names, used, strict=True):
        syntaxes = ", ".join(map(name_of, context.transfer_syntaxes))
        yield f"      {context.context_id:>3}  {name:<{widths[0]}}{count:>{widths[1]}}  {syntaxes}"
    yield from _more(len(contexts) - len(shown), "      ")


def _excluded(rows: Iterable[PlannedInstance], most: int | None) -> Iterator[str]:
    """Yield the files that stay behind, with the reason of each."""
    counts: Counter[str] = Counter()
    examples: dict[str, list[PlannedInstance]] = {}
    for row in rows:
        counts[row.reason] += 1
        kept = examples.setdefault(row.reason, [])
        if most is None or len(kept) < most:
            kept.append(row)
    for reason, count in counts.items():
        excluded = examples[reason][0].excluded.value
        yield f"  {excluded}, {INSTANCE_REASONS.get(reason, reason)}: {_number(count, 'file')}"
        for row in examples[reason]:
            words = f"  ({one_line(row.words)})" if row.words else ""
            yield f"      {one_line(row.path)}{words}"
        yield from _more(count - len(examples[reason]), "      ")


def _limits(step: FindStep) -> Iterator[str]:
    """Yield how often a query is asked, when it ends before its last match, and whether it must have one."""
    if step.repeat > 1:
        yield f"  asked {step.repeat} times" + (" each" if len(step.queries) > 1 else "")
    if step.new_vrs is NewVrs.AS_OB:
        yield "  OB is written for VRs that a peer of the first years does not know"
    if step.cancel_after:
        yield f"  cancelled after {_number(step.cancel_after, 'match', 'matches')}"
    if step.split:
        yield f"  in windows of {step.split.by}, each with fewer than {_number(step.split.cap, 'match', 'matches')}"
    if step.write_at_most:
        yield f"  writes at most {_number(step.write_at_most, 'match', 'matches')}"
    if step.padding is Padding.TRIM:
        yield "  writes values without their padding"
    if step.max_matches:
        yield f"  failed with more than {_number(step.max_matches, 'match', 'matches')}"
    if step.if_no_match is EmptyPolicy.FAIL:
        yield "  failed without a match"


def _outputs(outputs: Iterable[Output]) -> Iterator[str]:
    """Yield where the matches go."""
    for output in outputs:
        where = one_line(output.place) if "/" in output.place else f"{one_line(output.place)} in the run's directory"
        columns = f": {', '.join(output.columns)}" if output.columns else ""
        each = ", a file a match" if output.format in FILE_EACH else ""
        kept = ", which must not be there yet" if output.if_exists is IfExists.FAIL else ""
        yield f"  {output.format.value} to {where}{each}{kept}{columns}"


def _elements(elements: Iterable[Element], indent: str) -> Iterator[str]:
    """Yield the elements of an identifier, sequences with their items."""
    for element in elements:
        attribute = by_tag(element.tag)
        keyword = attribute.keyword if attribute else ""
        value = one_line("\\".join(element.values)) if element.values else ""
        tag = f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"
        yield f"{indent}{tag} {element.vr} {keyword}{' = ' + value if value else ''}"
        for number, item in enumerate(element.items):
            yield f"{indent}  item {number}"
            yield from _elements(item, indent + "    ")


def _more(count: int, indent: str) -> Iterator[str]:
    """Yield how much was left out, if anything."""
    if count > 0:
        yield f"{indent}… and {count} more (-v lists them)"


def _number(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
