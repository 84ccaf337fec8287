"""What a survey finds on a real disk: every file once, in order, each with its header or with the reason why it has none."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ImplicitVRLittleEndian

from dicomjobs.disk.survey import survey
from dicomjobs.events import INSTANCE_REASONS
from dicomjobs.model.job import Duplicates
from dicomjobs.model.send_set import Condition, ReadMode, SendSet, Symlinks
from dicomjobs.plan.inventory import SurveyedFile
from tests.support.instances import CANARY, make_instance, make_study
from tests.support.send_sets import send_set_of
from tests.support.unprivileged import folder_for_anybody, without_root

NOW = 1_800_000_000.0


def survey_of(send_set: SendSet) -> list[SurveyedFile]:
    """Return all that a survey finds."""
    return list(survey(send_set, duplicates=Duplicates.SKIP, now=NOW))


def names(files: list[SurveyedFile]) -> list[str]:
    """Return the bare names, in order."""
    return [Path(file.path).name for file in files]


def problems(files: list[SurveyedFile]) -> dict[str, str]:
    """Return the problem of each file by its bare name, and see that it is an instance reason and has words."""
    for file in files:
        assert not file.problem or (file.problem in INSTANCE_REASONS and file.words)
        assert CANARY not in file.words
    return {Path(file.path).name: file.problem for file in files}


def test_a_file_is_what_its_header_says(tmp_path: Path) -> None:
    """Everything that a plan needs, and nothing else, is in the value."""
    made = make_instance(tmp_path / "a.dcm")
    planned = made.planned()

    (found,) = survey_of(send_set_of(tmp_path))

    assert found == SurveyedFile(
        path=planned.path,
        named=False,
        size=planned.size,
        mtime_ns=planned.mtime_ns,
        offset=planned.offset,
        sop_class_uid=planned.sop_class_uid,
        sop_instance_uid=planned.sop_instance_uid,
        study_instance_uid=planned.study_instance_uid,
        series_instance_uid=planned.series_instance_uid,
        transfer_syntax=planned.transfer_syntax,
    )


@pytest.mark.parametrize(
    ("path", "pattern", "found"),
    [
        ("", "*", [".hidden/.1.dcm", ".hidden/2.dcm", "seen/.3.dcm", "seen/4.dcm"]),
        ("", "[!.]*", [".hidden/2.dcm", "seen/4.dcm"]),
        ("**/*.dcm", "*", ["seen/4.dcm"]),
    ],
    ids=["folder", "pattern", "stars"],
)
def test_a_folder_means_hidden_files_too_unless_they_are_left_out(
    tmp_path: Path, path: str, pattern: str, found: list[str]
) -> None:
    """As the README says: by a pattern the files, by a path with stars the folders as well."""
    for name in (".hidden/.1.dcm", ".hidden/2.dcm", "seen/.3.dcm", "seen/4.dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make_instance(tmp_path / name, number=int(name[-5]))

    files = survey_of(send_set_of(tmp_path / path, pattern=pattern))

    assert [str(Path(file.path).relative_to(tmp_path)) for file in files] == found


def test_folders_are_gone_through_in_the_places_of_their_names(tmp_path: Path) -> None:
    """Sorted by name in each folder, whatever order the file system has."""
    for name in ("c.dcm", "b/2.dcm", "b/1.dcm", "a.dcm", "b/1/x.dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        make_instance(tmp_path / name)

    found = [file.path.removeprefix(f"{tmp_path}/") for file in survey_of(send_set_of(tmp_path))]

    assert found == ["a.dcm", "b/1/x.dcm", "b/1.dcm", "b/2.dcm", "c.dcm"]


def test_paths_keep_the_order_in_which_they_were_given(tmp_path: Path) -> None:
    """A file, a folder and a pattern; files named outright are marked so."""
    make_study(tmp_path / "z", 2)
    make_study(tmp_path / "y", 1)
    single = make_instance(tmp_path / "single.dcm")

    found = survey_of(send_set_of(tmp_path / "z", single.path, f"{tmp_path}/y/*.dcm"))

    assert names(found) == ["000000.dcm", "000001.dcm", "single.dcm", "000000.dcm"]
    assert [file.named for file in found] == [False, False, True, False]


def test_recursion_and_pattern_bound_the_scan_of_a_folder(tmp_path: Path) -> None:
    """The pattern is about bare names, and about scanned files only."""
    make_study(tmp_path / "below", 1)
    make_instance(tmp_path / "a.dcm")
    other = make_instance(tmp_path / "b.ima")

    assert names(survey_of(send_set_of(tmp_path, recursive=False))) == ["a.dcm", "b.ima"]
    assert names(survey_of(send_set_of(tmp_path, pattern="*.dcm"))) == ["a.dcm", "000000.dcm"]
    assert names(survey_of(send_set_of(tmp_path, other.path, recursive=False, pattern="a*"))) == ["a.dcm", "b.ima"]


@pytest.mark.parametrize("order", [0, 1])
def test_overlapping_paths_yield_a_file_once(tmp_path: Path, order: int) -> None:
    """A folder in a folder, a file in both, a pattern over all of it, in either order."""
    (made, *_) = make_study(tmp_path / "in", 3)
    paths = [tmp_path, tmp_path / "in", made.path, f"{tmp_path}/in/*.dcm", made.path]

    found = survey_of(send_set_of(*(paths if order else reversed(paths))))

    assert sorted(names(found)) == ["000000.dcm", "000001.dcm", "000002.dcm"]


def test_a_pattern_that_matches_nothing_is_nothing(tmp_path: Path) -> None:
    """What an empty send set means is for the planner to say."""
    assert survey_of(send_set_of(f"{tmp_path}/*.dcm")) == []


def test_a_name_with_wildcards_in_it_is_taken_as_it_is(tmp_path: Path) -> None:
    """When there is a file of just that name."""
    make_instance(tmp_path / "a[1].dcm")
    make_instance(tmp_path / "a1.dcm")

    assert names(survey_of(send_set_of(tmp_path / "a[1].dcm"))) == ["a[1].dcm"]


def test_each_bad_file_is_a_value_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Neither of them stops the survey or is opened when opening it might wait."""
    make_instance(tmp_path / "good.dcm")
    whole = (tmp_path / "good.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:300])
    (tmp_path / "empty").touch()
    (tmp_path / "notes.txt").write_text("not an instance")
    (tmp_path / "archive.zip").write_bytes(b"PK\x03\x04" + b"\0" * 500)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "unmounted").symlink_to(tmp_path.parent / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        found = survey_of(send_set_of(tmp_path))

    assert problems(found) == {
        "archive.zip": "not_dicom",
        "cut.dcm": "incomplete_header",
        "empty": "not_dicom",
        "fifo": "not_a_regular_file",
        "good.dcm": "",
        "loop": "unreadable",
        "notes.txt": "not_dicom",
        "nowhere": "symlink_broken",
        "null": "symlink_outside",
        "socket": "not_a_regular_file",
        "unmounted": "no_such_file",
    }


def test_what_is_named_and_cannot_be_had_says_why(tmp_path: Path) -> None:
    """A missing file, one below a file, a name that is too long, a device."""
    made = make_instance(tmp_path / "a.dcm")
    missing, below, long = tmp_path / "missing.dcm", made.path / "x", tmp_path / ("n" * 300)

    found = survey_of(send_set_of(missing, below, long, "/dev/null"))

    assert [(file.problem, file.words) for file in found] == [
        ("no_such_file", "No such file or directory"),
        ("no_such_file", "Not a directory"),
        ("unreadable", "File name too long"),
        ("not_a_regular_file", "a character device, not a regular file"),
    ]
    assert all(file.named for file in found)


def test_links_that_stay_inside_yield_what_they_lead_to_once(tmp_path: Path) -> None:
    """A link to a file or folder that is found anyway adds nothing; one to a name the pattern leaves out does."""
    make_study(tmp_path / "real", 2)
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "link.dcm").symlink_to(tmp_path / "real" / "000000.dcm")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "real" / "000001.dcm").rename(tmp_path / "real" / "000001")
    (tmp_path / "named.dcm").symlink_to(tmp_path / "real" / "000001")

    found = survey_of(send_set_of(tmp_path, pattern="*.dcm"))

    assert names(found) == ["named.dcm", "000000.dcm"]
    assert not any(file.problem for file in found)


@pytest.mark.parametrize("path", ["in", "in/*", "*/*"])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, path: str) -> None:
    """Neither to a file nor to a folder; with a pattern, outside is outside of what stands before its wildcards."""
    make_study(tmp_path / "outside", 1)
    folder = tmp_path / "in"
    folder.mkdir()
    base = tmp_path if path != "*/*" else folder
    (folder / "sub").mkdir()
    link_folder = folder if path != "*/*" else folder / "sub"
    (link_folder / "file").symlink_to(tmp_path / "outside" / "000000.dcm")
    (link_folder / "folder").symlink_to(tmp_path / "outside")

    found = survey_of(send_set_of(base / path))

    assert problems(found) == {"file": "symlink_outside", "folder": "symlink_outside"}


def test_links_are_followed_wherever_they_lead_when_the_set_says_so_and_a_circle_ends(tmp_path: Path) -> None:
    """A link to a folder is gone through in the place of its name, each folder and file once, whatever the pattern."""
    make_study(tmp_path / "outside" / "deep", 2)
    make_instance(tmp_path / "single.dcm")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").symlink_to(tmp_path / "outside")
    (folder / "again").symlink_to(tmp_path / "outside" / "deep")
    (folder / "b.dcm").symlink_to(tmp_path / "single.dcm")
    (folder / "c.dcm").symlink_to(folder / "b.dcm")
    (folder / "me").symlink_to(folder)
    (folder / "self.dcm").symlink_to(folder / "self.dcm")
    (tmp_path / "outside" / "up").symlink_to(tmp_path)
    send_set = send_set_of(folder, pattern="*.dcm", symlinks=Symlinks.FOLLOW)

    found = {file.path.removeprefix(f"{folder}/"): file.problem for file in survey_of(send_set)}

    assert found == {
        "a/deep/000000.dcm": "",
        "a/deep/000001.dcm": "",
        "a/up/single.dcm": "",
        "self.dcm": "unreadable",
    }


def test_links_to_folders_are_not_entered_without_recursion(tmp_path: Path) -> None:
    """They are folders inside a folder like others."""
    make_study(tmp_path / "outside", 1)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")

    assert survey_of(send_set_of(tmp_path / "in", recursive=False, symlinks=Symlinks.FOLLOW)) == []


@pytest.mark.parametrize("pattern", ["in", "in/*"])
def test_no_link_is_followed_when_the_set_says_so_but_one_that_is_named(tmp_path: Path, pattern: str) -> None:
    """Each is a value that says why."""
    made = make_instance(tmp_path / "a.dcm")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.dcm").symlink_to(made.path)
    (tmp_path / "in" / "folder").symlink_to(tmp_path)
    (tmp_path / "named.dcm").symlink_to(made.path)
    send_set = send_set_of(tmp_path / pattern, tmp_path / "named.dcm", symlinks=Symlinks.SKIP)

    found = survey_of(send_set)

    assert problems(found) == {"folder": "symlink_skipped", "link.dcm": "symlink_skipped", "named.dcm": ""}


def test_bare_data_sets_are_found_beside_files_unless_the_set_wants_only_one_kind(tmp_path: Path) -> None:
    """Their offset is 0, and their transfer syntax what was guessed."""
    made = make_instance(tmp_path / "file.dcm", transfer_syntax=ImplicitVRLittleEndian)
    (tmp_path / "bare").write_bytes(made.path.read_bytes()[made.offset :])

    both = survey_of(send_set_of(tmp_path))

    assert [(Path(f.path).name, f.offset, f.transfer_syntax) for f in both] == [
        ("bare", 0, ImplicitVRLittleEndian),
        ("file.dcm", made.offset, ImplicitVRLittleEndian),
    ]
    for read, refused in ((ReadMode.FILE, "bare"), (ReadMode.DATA_SET, "file.dcm")):
        found = problems(survey_of(send_set_of(tmp_path, read=read)))
        assert found == {name: "not_dicom" if name == refused else "" for name in ("bare", "file.dcm")}


@pytest.mark.parametrize(("symlinks", "problem"), [(Symlinks.INSIDE, "symlink_outside"), (Symlinks.FOLLOW, "")])
def test_a_link_on_the_way_of_a_pattern_leads_out_as_well(tmp_path: Path, symlinks: Symlinks, problem: str) -> None:
    """The file itself is no link."""
    make_study(tmp_path / "outside", 1)
    make_study(tmp_path / "in" / "folder", 1)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "same").symlink_to(tmp_path / "in" / "folder")

    found = survey_of(send_set_of(f"{tmp_path}/in/*/*.dcm", symlinks=symlinks))

    assert [(file.path.removeprefix(f"{tmp_path}/in/"), file.problem) for file in found] == [
        ("folder/000000.dcm", ""),
        ("link/000000.dcm", problem),
    ]


def test_a_folder_or_file_that_is_named_may_be_a_link(tmp_path: Path) -> None:
    """What the user names is meant; its links may lead anywhere below what it leads to."""
    made = make_study(tmp_path / "real", 1)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "link.dcm").symlink_to(made[0].path)

    assert [file.path for file in survey_of(send_set_of(tmp_path / "link"))] == [f"{tmp_path}/link/000000.dcm"]
    assert [file.path for file in survey_of(send_set_of(tmp_path / "link.dcm"))] == [f"{tmp_path}/link.dcm"]


def test_folders_deeper_than_a_path_can_say_are_a_problem_and_no_crash(tmp_path: Path) -> None:
    """The rest is found; the folder whose path is too long is reported."""
    make_instance(tmp_path / "z.dcm")
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=fd)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)

    found = survey_of(send_set_of(tmp_path))

    assert [file.problem for file in found] == ["unreadable", ""]
    assert found[0].words == "File name too long"


def test_what_may_not_be_read_is_a_problem() -> None:
    """A file and a folder without permissions; the rest is found."""
    with folder_for_anybody() as folder:
        make_study(folder / "closed", 1)
        (folder / "closed").chmod(0)
        make_instance(folder / "a.dcm").path.chmod(0)
        make_instance(folder / "b.dcm").path.chmod(0o644)

        with without_root():
            found = survey_of(send_set_of(folder))

    assert problems(found) == {"a.dcm": "unreadable", "b.dcm": "", "closed": "unreadable"}


@pytest.mark.parametrize(
    ("change", "problem"), [("gone", "no_such_file"), ("fifo", "not_a_regular_file"), ("link", "unreadable")]
)
def test_a_file_that_changes_between_listing_and_opening_is_a_problem(
    tmp_path: Path, change: str, problem: str
) -> None:
    """A FIFO in its place is not waited for, and a link in its place is not followed."""
    first, second, third = make_study(tmp_path, 3)
    found = survey(send_set_of(tmp_path), duplicates=Duplicates.SKIP, now=NOW)
    next(found)
    second.path.unlink()
    if change == "fifo":
        os.mkfifo(second.path)
    elif change == "link":
        second.path.symlink_to(first.path)

    assert [file.problem for file in found] == [problem, ""]
    assert third.path.exists()


def test_names_that_are_not_utf_8_survive(tmp_path: Path) -> None:
    """The path that comes out opens the file that went in."""
    raw = os.fsencode(tmp_path) + b"/\xff\xfe.dcm"
    made = make_instance(tmp_path / "a.dcm")
    made.path.rename(os.fsdecode(raw))

    (found,) = survey_of(send_set_of(tmp_path))

    assert os.fsencode(found.path) == raw
    assert found.sop_instance_uid == made.sop_instance_uid


def test_files_that_may_still_be_written_are_too_young(tmp_path: Path) -> None:
    """Exactly as old as minimum_age is old enough."""
    for name, age in (("old", 61), ("just", 60), ("young", 59)):
        made = make_instance(tmp_path / name)
        os.utime(made.path, (NOW - age, NOW - age))

    found = survey_of(send_set_of(tmp_path, minimum_age=60))

    assert problems(found) == {"just": "", "old": "", "young": "too_young"}


@pytest.mark.parametrize(("seconds", "problem"), [(59, "too_young"), (61, "")])
def test_a_time_in_the_future_says_nothing_of_a_files_age(tmp_path: Path, seconds: int, problem: str) -> None:
    """A modality's clock goes wrong by years; the last change of status is from our own clock and stands in."""
    made = make_instance(tmp_path / "file")
    os.utime(made.path, (2 * NOW, 2 * NOW))
    now = made.path.stat().st_ctime + seconds

    found = survey(send_set_of(tmp_path, minimum_age=60), duplicates=Duplicates.SKIP, now=now)

    assert problems(list(found)) == {"file": problem}


VRS = {"Modality": "CS", "ImageType": "CS", "Rows": "US", "BodyPartExamined": "CS", "InstitutionName": "LO"}


@pytest.mark.parametrize(
    ("keyword", "tag", "values", "kept"),
    [
        ("Modality", 0x00080060, ("CT", "MR"), True),
        ("Modality", 0x00080060, ("MR",), False),
        ("Modality", 0x00080060, ("C", "ct"), False),
        ("ImageType", 0x00080008, ("PRIMARY",), True),
        ("Rows", 0x00280010, ("16",), True),
        ("Rows", 0x00280010, ("512",), False),
        ("BodyPartExamined", 0x00180015, ("HEAD",), False),
        ("InstitutionName", 0x00080080, ("Müller",), True),
    ],
)
@pytest.mark.parametrize("transfer_syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", ImplicitVRLittleEndian])
def test_where_keeps_what_has_one_of_the_values(
    tmp_path: Path, transfer_syntax: str, keyword: str, tag: int, values: tuple[str, ...], kept: bool
) -> None:
    """Text in the file's character set, any of several values, and numbers, in any encoding."""
    extra = [
        (0x00080005, "CS", "ISO_IR 100"),
        (0x00080008, "CS", "ORIGINAL\\PRIMARY"),
        (0x00080080, "LO", "Müller".encode("latin-1")),
    ]
    make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax, extra=extra)
    condition = Condition(keyword=keyword, tag=tag, vr=VRS[keyword], creator="", values=values)

    (found,) = survey_of(send_set_of(tmp_path, where=(condition,)))

    assert found.problem == ("" if kept else "filtered_out")
    assert found.sop_instance_uid


@pytest.mark.parametrize(
    ("creator", "tag", "vr", "value", "kept"),
    [
        ("ACME", 0x00190022, "DS", "1.5", True),
        ("ACME", 0x00190022, "DS", "2.5", False),
        ("ACME", 0x00190023, "US", "7", True),
        ("ACME", 0x00191122, "DS", "1.5", True),
        ("ACME", 0x00191022, "DS", "1.5", False),
        ("OTHER", 0x00190022, "DS", "9", True),
        ("NOBODY", 0x00190022, "DS", "1.5", False),
    ],
)
@pytest.mark.parametrize(
    "transfer_syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", ImplicitVRLittleEndian]
)
def test_where_finds_a_private_attribute_in_the_block_of_its_creator(
    tmp_path: Path, transfer_syntax: str, creator: str, tag: int, vr: str, value: str, kept: bool
) -> None:
    """Whichever block that is in a file, and only that one."""
    extra = [
        (0x00190010, "LO", "OTHER"),
        (0x00190011, "LO", "ACME"),
        (0x00191022, "DS", "9"),
        (0x00191122, "DS", "1.5"),
        (0x00191123, "US", 7),
    ]
    make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax, extra=extra)
    condition = Condition(keyword="Private", tag=tag, vr=vr, creator=creator, values=(value,))

    (found,) = survey_of(send_set_of(tmp_path, where=(condition,)))

    assert found.problem == ("" if kept else "filtered_out")


def test_two_surveys_of_the_same_disk_are_equal(tmp_path: Path) -> None:
    """The plan of the same inputs must be the same bytes."""
    for folder in "cab":
        make_study(tmp_path / folder, 5)

    assert survey_of(send_set_of(tmp_path)) == survey_of(send_set_of(tmp_path))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(st.binary(max_size=300).map(lambda tail: b"\0" * 128 + b"DICM" + tail), min_size=1, max_size=5)
)
def test_garbage_never_stops_a_survey(tmp_path: Path, contents: list[bytes]) -> None:
    """One value a file, each with a problem."""
    folder = tmp_path / "garbage"
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        (folder / f"{number}").write_bytes(content)

    found = survey_of(send_set_of(folder))

    assert all(file.problem == "incomplete_header" for file in found)


@pytest.mark.parametrize("name", ["a[1]*?.dcm", "[x].dcm"])
def test_a_name_whose_special_characters_stand_in_brackets_means_that_file_alone(tmp_path: Path, name: str) -> None:
    """It is named outright, so that it is missed when it is not there."""
    written = "".join(f"[{character}]" if character in "*?[" else character for character in name)
    for each in (name, "a1xy.dcm", "x.dcm"):
        make_instance(tmp_path / each)
    found = survey_of(send_set_of(tmp_path / written))
    (tmp_path / name).unlink()
    missed = survey_of(send_set_of(tmp_path / written))

    assert [(Path(each.path).name, each.named, each.problem) for each in found] == [(name, True, "")]
    assert [(Path(each.path).name, each.problem) for each in missed] == [(name, "no_such_file")]


def test_a_file_to_which_several_paths_lead_comes_once_or_once_a_path(tmp_path: Path) -> None:
    """The latter where duplicates are sent, each of them in its place."""
    make_study(tmp_path / "in", 2)
    send_set = send_set_of(tmp_path / "in" / "000001.dcm", tmp_path / "in", tmp_path / "in")

    assert names(survey_of(send_set)) == ["000001.dcm", "000000.dcm"]
    assert names(list(survey(send_set, duplicates=Duplicates.SEND, now=NOW))) == [
        "000001.dcm",
        *("000000.dcm", "000001.dcm"),
        *("000000.dcm", "000001.dcm"),
    ]
