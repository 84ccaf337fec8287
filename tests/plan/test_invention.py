"""Invented identities: counted as the job says, the same for the same seed, and in every value representation's bounds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dicomjobs.dicom.uids import is_uid
from dicomjobs.model.job import Invention
from dicomjobs.plan.invention import Identity, Inventor, seed_of

SEED = seed_of("2026-11-21T22:30:45+00:00", "job.yaml", "send")
COUNTS = st.integers(1, 7)
INVENTIONS = st.builds(Invention, instances_per_series=COUNTS, series_per_study=COUNTS, studies_per_patient=COUNTS)


def _identities(invention: Invention, count: int) -> list[Identity]:
    """Return the first identities of a job."""
    inventor = Inventor(seed=SEED, invention=invention)
    return [inventor.identity(number) for number in range(count)]


def test_series_studies_and_patients_begin_when_those_before_are_full() -> None:
    """Numbers begin at 0, as storescu's do, and series are numbered anew in each study."""
    invented = _identities(Invention(instances_per_series=2, series_per_study=2, studies_per_patient=2), 10)

    assert [(each.series_number, each.instance_number) for each in invented[:6]] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (0, 0),
        (0, 1),
    ]
    assert len({each.series_instance_uid for each in invented}) == 5
    assert [each.study_id[-2:] for each in invented] == ["_0"] * 4 + ["_1"] * 4 + ["_2"] * 2
    assert [each.patient_id[-2:] for each in invented] == ["_0"] * 8 + ["_1"] * 2


@given(INVENTIONS, st.integers(1, 200))
def test_no_level_is_fuller_than_asked_and_each_belongs_to_one_above(invention: Invention, count: int) -> None:
    """Whatever the counts."""
    invented = _identities(invention, count)

    assert len({each.sop_instance_uid for each in invented}) == count
    for above, below, most in (
        ("series_instance_uid", "sop_instance_uid", invention.instances_per_series),
        ("study_instance_uid", "series_instance_uid", invention.series_per_study),
        ("patient_id", "study_instance_uid", invention.studies_per_patient),
    ):
        inside: dict[str, dict[str, None]] = {}
        for each in invented:
            inside.setdefault(getattr(each, above), {})[getattr(each, below)] = None
        *full, last = map(len, inside.values())
        assert all(size == most for size in full)
        assert last <= most
        members = [one for found in inside.values() for one in found]
        assert len(members) == len(set(members))


@given(INVENTIONS, st.integers(0, 10**9))
def test_every_value_is_one_of_its_vr(invention: Invention, number: int) -> None:
    """UI of at most 64 characters, SH of 16, LO and PN of 64 (PS3.5 6.2)."""
    identity = Inventor(seed=SEED, invention=invention).identity(number)

    assert all(map(is_uid, (identity.sop_instance_uid, identity.series_instance_uid, identity.study_instance_uid)))
    assert len(identity.study_id) <= 16
    assert max(len(identity.patient_id), len(identity.patient_name)) <= 64
    assert [tag for tag, _ in identity.texts] == sorted(tag for tag, _ in identity.texts)


def test_another_moment_job_or_file_is_another_seed_and_other_uids() -> None:
    """And the same is the same."""
    parts = [("a", "b", "c"), ("a", "b", "d"), ("a", "x", "c"), ("y", "b", "c"), ("a\nb", "c", "")]
    seeds = [seed_of(*each) for each in parts]
    invention = Invention(instances_per_series=1, series_per_study=1, studies_per_patient=1)

    assert len(set(seeds)) == len(seeds)
    assert seed_of(*parts[0]) == seeds[0]
    uids = [Inventor(seed=seed, invention=invention).identity(0).sop_instance_uid for seed in seeds]
    assert all(one != other for one, other in pairwise(sorted(uids)))


@given(INVENTIONS, st.integers(0, 100), st.integers(1, 100))
def test_studies_are_counted_as_they_are_invented(invention: Invention, first: int, count: int) -> None:
    """For lanes, which share the studies of an association."""
    inventor = Inventor(seed=SEED, invention=invention)

    studies = {inventor.identity(number).study_instance_uid for number in range(first, first + count)}

    assert inventor.studies(first, count) == len(studies)
