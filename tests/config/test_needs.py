"""Jobs in the order in which their needs let them run."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.config.needs import circle_of, in_running_order
from dicomjobs.model.job import EchoJob, Job, Need
from dicomjobs.model.peer import AddressFamily, MaximumPdu, Peer, Timeouts

NAMES = "abcdef"

PEER = Peer(
    name="archive",
    host="pacs",
    port=104,
    called_ae_title="ANY-SCP",
    calling_ae_title="DICOMJOBS",
    address_family=AddressFamily.AUTO,
    timeouts=Timeouts(connect=1.0, acse=1.0, dimse=1.0, network=1.0),
    max_pdu=MaximumPdu(receive=131072, send=131072),
    max_associations=1,
    character_set="ISO_IR 192",
    tls=None,
    user_identity=None,
    allow=frozenset(),
    embedded_directory=None,
    reports_at=None,
    queries_at=None,
)


def jobs(needs: dict[str, list[str]]) -> dict[str, Job]:
    """Jobs with these needs."""
    return {
        name: EchoJob(name=name, needs=tuple(Need(job=need, even_if_failed=False) for need in needed), peer=PEER)
        for name, needed in needs.items()
    }


def test_a_circle_is_shown_as_a_way() -> None:
    """From the job back to itself."""
    found = jobs({"a": ["b", "d"], "b": [], "c": ["a"], "d": ["c"]})

    assert circle_of("a", found) == ("a", "d", "c", "a")
    assert circle_of("b", found) == ()


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)),
    st.sets(st.sampled_from(NAMES)),
)
def test_every_job_comes_after_its_needs_and_none_is_lost(needs: dict[str, list[str]], wanted: set[str]) -> None:
    """Whatever the needs are, as long as they lead to an end; a need that is not there is passed over."""
    earlier = {name: [need for need in needed if need < name] for name, needed in needs.items()}
    ordered = [job.name for job in in_running_order(sorted(wanted), jobs(earlier))]

    assert wanted & set(needs) <= set(ordered)
    assert len(ordered) == len(set(ordered))
    assert all(
        ordered.index(need) < place for place, name in enumerate(ordered) for need in earlier[name] if need in needs
    )
