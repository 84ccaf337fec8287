"""`dicomjobs import`: YAML on stdout or in a new file, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import dicomjobs

ASCONFIG = r"""
[[TransferSyntaxes]]
[Uncompressed]
TransferSyntax1 = LittleEndianExplicit
[[PresentationContexts]]
[CT]
PresentationContext1 = CTImageStorage\Uncompressed
[[Profiles]]
[Default]
PresentationContexts = CT
"""


def test_the_yaml_is_printed_and_is_a_document(tmp_path: Path) -> None:
    """Without -o nothing is written, and what is printed loads."""
    source = tmp_path / "storescu.cfg"
    source.write_text(ASCONFIG)

    ended = dicomjobs("import", "asconfig", source)
    (tmp_path / "site.yaml").write_text(ended.out)

    assert ended.code == 0
    assert ended.err == ""
    assert dicomjobs("check", tmp_path / "site.yaml").code == 0


@pytest.mark.parametrize("before", [True, False])
def test_the_output_may_be_named_on_either_side_of_the_kind(tmp_path: Path, before: bool) -> None:
    """-o belongs to import, and people type it last."""
    source, target = tmp_path / "storescu.cfg", tmp_path / "site.yaml"
    source.write_text(ASCONFIG)
    output = ["-o", str(target)]

    ended = dicomjobs("import", *(output if before else []), "asconfig", source, *([] if before else output))

    assert (ended.code, ended.out) == (0, "")
    assert "association_profiles:" in target.read_text()


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    """It may hold somebody's work."""
    source, target = tmp_path / "storescu.cfg", tmp_path / "site.yaml"
    source.write_text(ASCONFIG)
    target.write_text("mine")

    ended = dicomjobs("import", "-o", target, "asconfig", source)

    assert ended.code == 2
    assert "DJ613" in ended.err
    assert target.read_text() == "mine"


def test_nothing_is_written_when_the_source_is_wrong(tmp_path: Path) -> None:
    """The file that DCMTK would refuse is refused with its place."""
    source, target = tmp_path / "storescu.cfg", tmp_path / "site.yaml"
    source.write_text(ASCONFIG.replace("CTImageStorage\\", "CTImageStorage "))

    ended = dicomjobs("import", "-o", target, "asconfig", source)

    assert ended.code == 2
    assert f"{source}:7:24 error DJ527" in ended.err
    assert not target.exists()


def test_a_folder_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    """As for every output."""
    ended = dicomjobs("import", "-o", tmp_path / "none" / "site.yaml", "asconfig", tmp_path / "none.cfg")

    assert ended.code == 2
    assert "DJ613" in ended.err


def test_a_kind_has_to_be_named() -> None:
    """A usage error otherwise."""
    assert dicomjobs("import").code == 2
