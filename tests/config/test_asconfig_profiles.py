"""Association profiles that a document takes from DCMTK's files."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.workspace import Workspace, load_workspace
from dicomjobs.diagnostics import Diagnostics, InvalidInput, Location
from dicomjobs.model.association import AssociationProfile, ContextTemplate, Role, RoleSelection
from dicomjobs.model.job import StoreJob

CT, EXPLICIT, IMPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
ASCONFIG = r"""
[[TransferSyntaxes]]
[Uncompressed]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[[PresentationContexts]]
[CT]
PresentationContext1 = CTImageStorage\Uncompressed
[[SCPSCURoleSelection]]
[Roles]
Role1 = CTImageStorage\BOTH
[[Profiles]]
[Default]
PresentationContexts = CT
SCPSCURoleSelection = Roles
"""
JOB = """\
dicomjobs: 1
parameters: {name: storescu.cfg}
association_profiles:
  ct: {asconfig: {file: %s, profile: %s}}
jobs:
  send: {store: {peer: {host: h, port: 104}, send_set: {paths: [x]}, association_profile: ct}}
"""
PROFILE = AssociationProfile(
    name="ct",
    contexts=(ContextTemplate(abstract_syntax=CT, transfer_syntaxes=(EXPLICIT, IMPLICIT)),),
    roles=(RoleSelection(sop_class_uid=CT, role=Role.BOTH),),
    extended_negotiation=(),
)


def load(file: Path, missing: MissingParameters = MissingParameters.REFUSE) -> tuple[Workspace, Diagnostics]:
    """Load a job file."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return load_workspace(str(file), settings={}, now=now, at=None, missing_parameters=missing)


def profile_of(workspace: Workspace) -> object:
    """Return the profile of the only job."""
    [job] = workspace.jobs
    assert isinstance(job, StoreJob)
    return job.association_profile


def write(folder: Path, file: str = "storescu.cfg", profile: str = "Default") -> Path:
    """Write a job file and the asconfig file beside it."""
    (folder / "storescu.cfg").write_text(ASCONFIG)
    (folder / "job.yaml").write_text(JOB % (file, profile))
    return folder / "job.yaml"


@pytest.mark.parametrize("profile", ["Default", "' d EFAULT'"])
def test_a_profile_becomes_one_like_any_other(tmp_path: Path, profile: str) -> None:
    """Its name is the document's; the profile's own is looked for as DCMTK does."""
    workspace, warnings = load(write(tmp_path, profile=profile))

    assert profile_of(workspace) == PROFILE
    assert warnings == ()


def test_the_file_is_one_of_the_inputs(tmp_path: Path) -> None:
    """A plan is made from it as well, so that its digest belongs to the plan."""
    workspace, _ = load(write(tmp_path))

    digest = hashlib.sha256(ASCONFIG.encode()).hexdigest()
    assert [(Path(each.path).name, each.sha256) for each in workspace.inputs[1:]] == [("storescu.cfg", digest)]


def test_an_expression_may_name_the_file(tmp_path: Path) -> None:
    """As everywhere."""
    workspace, _ = load(write(tmp_path, file='"${name}"'))

    assert profile_of(workspace) == PROFILE


def test_a_file_is_relative_to_the_document_that_writes_it(tmp_path: Path) -> None:
    """Also when that is included from another folder."""
    (tmp_path / "site").mkdir()
    write(tmp_path / "site").rename(tmp_path / "site" / "site.yaml")
    (tmp_path / "job.yaml").write_text("dicomjobs: 1\ninclude: [site/site.yaml]\n")

    workspace, _ = load(tmp_path / "job.yaml")

    assert profile_of(workspace) == PROFILE


def test_a_profile_may_be_written_in_place(tmp_path: Path) -> None:
    """Its name is then that of the job."""
    file = write(tmp_path)
    in_place = JOB.replace(
        "association_profile: ct", "association_profile: {asconfig: {file: storescu.cfg, profile: default}}"
    )
    file.write_text(in_place % ("storescu.cfg", "Default"))

    workspace, _ = load(file)

    profile = profile_of(workspace)
    assert isinstance(profile, AssociationProfile)
    assert profile.name == "send.association_profile"
    assert profile.contexts == PROFILE.contexts
    assert len(workspace.inputs) == 2


def test_a_file_that_two_profiles_share_is_told_of_once(tmp_path: Path) -> None:
    """Whatever its name was written like."""
    file = write(tmp_path)
    file.write_text(
        "dicomjobs: 1\nassociation_profiles:\n"
        "  a: {asconfig: {file: storescu.cfg, profile: Default}}\n"
        "  b: {asconfig: {file: ./storescu.cfg, profile: Default}}\n"
    )
    (tmp_path / "storescu.cfg").write_text(ASCONFIG + "Unknown = 1\n")

    _, warnings = load(file)

    assert [each.code for each in warnings] == ["DJ533"]
    assert warnings[0].location == Location(file=str(tmp_path / "storescu.cfg"), line=16, column=1, width=7)
    assert warnings[0].source_line == "Unknown = 1"


def test_an_unknown_file_name_is_passed_over_where_parameters_may_be_missing(tmp_path: Path) -> None:
    """`check` says nothing of what only a run knows; a run has to know."""
    file = write(tmp_path, file='"${name}"')
    file.write_text(file.read_text().replace("name: storescu.cfg", "name: null"))

    workspace, found = load(file, MissingParameters.TOLERATE)
    with pytest.raises(InvalidInput):
        load(file)

    assert found == ()
    assert len(workspace.inputs) == 1


def _refused(file: Path) -> Diagnostics:
    """Return why a job file is refused."""
    with pytest.raises(InvalidInput) as refused:
        load(file)
    return refused.value.diagnostics


@pytest.mark.parametrize("kind", ["nothing", "folder", "fifo", "device", "huge", "looping link"])
def test_what_is_no_file_of_this_kind_is_refused_at_its_name(tmp_path: Path, kind: str) -> None:
    """Nothing of it is read, and nothing is waited for."""
    file = write(tmp_path)
    target = tmp_path / "storescu.cfg"
    target.unlink()
    match kind:
        case "folder":
            target.mkdir()
        case "fifo":
            os.mkfifo(target)
        case "device":
            target.symlink_to("/dev/zero")
        case "huge":
            target.write_bytes(b"#" * 300_000)
        case "looping link":
            target.symlink_to(target)

    [told] = _refused(file)

    assert told.code == "DJ525"
    assert told.hint
    assert told.location
    assert Path(told.location.file).name == ("storescu.cfg" if kind == "huge" else "job.yaml")


def test_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Those of the document beside those of the files it names."""
    file = write(tmp_path)
    file.write_text(file.read_text() + "  ask: {echo: {peer: nobody}}\n")
    (tmp_path / "storescu.cfg").write_text(ASCONFIG.replace("CTImageStorage\\U", "CTImage\\U"))

    assert {each.code for each in _refused(file)} == {"DJ304", "DJ528"}
