"""Send sets and the jobs that send them as model values; it knows how they are written and not what is on disk."""

from __future__ import annotations

from dicomjobs.config.attribute_paths import NotAnAttribute, attribute_of, name_of
from dicomjobs.config.cursor import Cursor
from dicomjobs.config.value_forms import FORMS
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary
from dicomjobs.dicom.uids import uid_of
from dicomjobs.model.association import Proposing
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import Duplicates, EmptyPolicy, EndWith, Invention, Need, OnFailure, StoreJob, Verify
from dicomjobs.model.peer import Peer
from dicomjobs.model.resume import AlreadyDelivered, DigestPolicy, OnUnknown, Retry
from dicomjobs.model.send_set import Condition, Order, ReadMode, SendSet, SendSetPath, Symlinks
from dicomjobs.model.sent_files import PutAway, SentFiles


def build_send_set(at: Cursor, *, name: str, dictionary: DataDictionary = NOTHING_ELSE) -> SendSet:
    """Return the send set that a mapping means."""
    return SendSet(
        name=name,
        paths=tuple(SendSetPath(path=item.pattern(), written=item.text()) for item in at["paths"].items()),
        recursive=at["recursive"].flag(),
        pattern=at["pattern"].text(),
        symlinks=at["symlinks"].word(Symlinks),
        read=at["read"].word(ReadMode),
        order=at["order"].word(Order),
        where=tuple(c for key, value in at["where"].entries() if (c := _condition(key, value, dictionary))),
        minimum_age=at["minimum_age"].seconds(),
    )


def _condition(key: str, value: Cursor, dictionary: DataDictionary) -> Condition | None:
    """Return one condition of `where:`; names of UIDs become UIDs."""
    attribute = attribute_of(key.strip(), dictionary)
    if isinstance(attribute, NotAnAttribute):
        value.error("DJ501", attribute.summary, hint=attribute.hint, at_key=True)
        return None
    if attribute.vr not in FORMS:
        words = f"{name_of(attribute)} is a sequence, and files are not chosen by one"
        value.error("DJ503", words, at_key=True)
        return None
    values = tuple(item.text() for item in value.items())
    if attribute.vr == "UI":
        values = tuple(uid_of(text) or text for text in values)
    return Condition(
        keyword=attribute.keyword or key.strip(),
        tag=attribute.tag,
        vr=attribute.vr,
        creator=attribute.creator,
        values=values,
    )


def build_store_job(
    at: Cursor, *, name: str, needs: tuple[Need, ...], peer: Peer, send_set: SendSet, profile: Proposing | None
) -> StoreJob:
    """Return the job that sends."""
    return StoreJob(
        name=name,
        needs=needs,
        peer=peer,
        send_set=send_set,
        association_profile=profile,
        on_failure=at["on_failure"].word(OnFailure),
        verify=at["verify"].word(Verify),
        verify_within=at["verify_within"].seconds(),
        duplicates=at["duplicates"].word(Duplicates),
        already_delivered=at["already_delivered"].word(AlreadyDelivered),
        on_unknown=at["on_unknown"].word(OnUnknown),
        retry=_retry(at["retry"]),
        digest=at["digest"].word(DigestPolicy),
        repeat=at["repeat"].whole(),
        sent_files=_sent_files(at["sent_files"]),
        invent=_invention(at),
        new_vrs=at["new_vrs"].word(NewVrs),
        compression_level=at["compression_level"].whole(),
        if_empty=at["if_empty"].word(EmptyPolicy),
        end_with=at["end_with"].word(EndWith),
    )


def _sent_files(at: Cursor) -> SentFiles:
    """Return what becomes of sent files: a word, or a mapping with the folder they are moved to."""
    if isinstance(at.value, dict):
        return SentFiles(put_away=PutAway.MOVE, directory=at["move"].path())
    return SentFiles(put_away=at.word(PutAway), directory="")


def _invention(at: Cursor) -> Invention | None:
    """Return how identities are invented, when they are."""
    written = at.get("invent")
    if written is None:
        return None
    return Invention(
        instances_per_series=max(written["instances_per_series"].whole(), 1),
        series_per_study=max(written["series_per_study"].whole(), 1),
        studies_per_patient=max(written["studies_per_patient"].whole(), 1),
    )


def _retry(at: Cursor) -> Retry:
    """Return how often and with what waits an instance is tried."""
    return Retry(
        attempts=at["attempts"].whole(),
        runs=at["runs"].whole(),
        first_wait=at["first_wait"].seconds(),
        longest_wait=at["longest_wait"].seconds(),
        budget=at["budget"].seconds(),
        second_look=at["second_look"].seconds(),
    )
