"""`check --here` holds profiles and peers against the files of send sets."""

from __future__ import annotations

from pathlib import Path

from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, MRImageStorage

from tests.support.command import dicomjobs
from tests.support.instances import make_instance

SITE = """\
dicomjobs: 1
state: {directory: state}
peers:
  archive:
    host: pacs.example.org
    port: 104
    accepts:
      storage:
        - sop_classes: [CTImageStorage]
          transfer_syntaxes: [ImplicitVRLittleEndian, JPEG2000]
transfer_syntaxes: {native: [ExplicitVRLittleEndian, ImplicitVRLittleEndian]}
association_profiles:
  images:
    presentation_contexts:
      - {abstract_syntax: CTImageStorage, transfer_syntaxes: [JPEG2000Lossless]}
      - {abstract_syntax: CTImageStorage, transfer_syntaxes: native}
      - {abstract_syntax: CTImageStorage, transfer_syntaxes: [RLELossless]}
      - {abstract_syntax: UltrasoundImageStorage, transfer_syntaxes: native}
jobs:
  send: {store: {peer: archive, send_set: {paths: [files]}, association_profile: images}}
"""


def _checked(folder: Path, site: str = SITE) -> str:
    """Check a document with a folder of files, and return what is said on stderr; there are no errors."""
    (folder / "site.yaml").write_text(site)
    ended = dicomjobs("check", "--here", folder / "site.yaml")
    assert ended.code == 0, ended.err
    return ended.err


def _files(folder: Path) -> None:
    """Make two CT, one of them compressed, and an MR."""
    (folder / "files").mkdir()
    make_instance(folder / "files" / "a.dcm", number=1, transfer_syntax=ExplicitVRBigEndian)
    make_instance(folder / "files" / "b.dcm", number=2, transfer_syntax=JPEG2000Lossless)
    make_instance(folder / "files" / "c.dcm", number=3, sop_class_uid=MRImageStorage, modality="MR")
    (folder / "files" / "readme.txt").write_text("not DICOM")


def test_contexts_that_no_file_can_use_are_told(tmp_path: Path) -> None:
    """A native file can use any native context of its class; what is not DICOM counts for nothing."""
    _files(tmp_path)

    said = _checked(tmp_path)

    assert (
        "warning DJ617 job send: 2 of 4 presentation contexts of the profile `images` are of no use to any file of "
        "`send.send_set`: CTImageStorage, UltrasoundImageStorage\n"
    ) in said


def test_files_that_the_peer_does_not_accept_are_told(tmp_path: Path) -> None:
    """By class and transfer syntax; a native one can be converted to what is accepted."""
    _files(tmp_path)

    said = _checked(tmp_path)

    assert "does not accept CTImageStorage in JPEG2000Lossless, which 1 file of `send.send_set` is\n" in said
    assert "= it accepts this class in ImplicitVRLittleEndian, JPEG2000\n" in said
    assert "does not accept MRImageStorage in ExplicitVRLittleEndian" in said
    assert "= it does not accept this class at all\n" in said
    assert said.count("DJ618") == 2


def test_without_a_profile_or_a_probe_nothing_is_said(tmp_path: Path) -> None:
    """What the files need is proposed then."""
    _files(tmp_path)
    site = SITE.replace(", association_profile: images", "")
    site = site[: site.index("    accepts:")] + site[site.index("transfer_syntaxes: {native") :]
    site = site[: site.index("association_profiles:")] + site[site.index("\njobs:") + 1 :]

    assert _checked(tmp_path, site) == ""


def test_an_empty_folder_says_nothing_about_contexts(tmp_path: Path) -> None:
    """The files may come later."""
    (tmp_path / "files").mkdir()

    assert "DJ617" not in _checked(tmp_path)


def test_plain_check_opens_no_folder(tmp_path: Path) -> None:
    """It is fit for a commit hook, and says what it can without files."""
    _files(tmp_path)
    (tmp_path / "site.yaml").write_text(SITE)

    ended = dicomjobs("check", tmp_path / "site.yaml")

    assert ended.code == 0
    assert "DJ617" not in ended.err
    assert "warning DJ539" in ended.err
    assert "UltrasoundImageStorage" in ended.err
