"""From an asconfig file to YAML and back: what the document and the exported file propose is what the first file did.

What storescu proposes with the first file is compared with our reading of it in tests/dcmtk/test_asconfig_examples.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicomjobs.config.address import peer_at
from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.workspace import load_workspace
from dicomjobs.dcmtk.asconfig import find_profile, read_asconfig
from dicomjobs.model.association import AssociationProfile
from dicomjobs.plan.contexts import proposal_of_profile
from dicomjobs.wire.negotiation import association_request
from tests.support.asconfig_judge import Judge, Negotiated, asconfig_judge, negotiated
from tests.support.command import dicomjobs
from tests.support.instances import make_instance
from tests.support.peers import free_port, run_program, storescp

EXAMPLES = Path(__file__).parents[1] / "examples" / "asconfig" / "good"
DEBIAN = Path("/etc/dcmtk")
UNSAYABLE = {
    "class-for-a-transfer-syntax": "CTImageStorage` is no transfer syntax",
    "name-of-older-releases": "XMLEncoding is a transfer syntax",
    "transfer-syntax-for-a-class": "JPEGBaseline8Bit is a transfer syntax",
    "uid-of-65-characters": "is no valid UID",
    "uids-that-are-none": "is no valid UID",
}
"""Files that DCMTK takes and that no native document can repeat, with what is said of them."""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The real storescu, proposing to one recording SCP."""
    with asconfig_judge(tmp_path_factory.mktemp("judge")) as judge:
        yield judge


def _profiles(document: Path) -> dict[str, Negotiated]:
    """Return what each profile of a document would put on the wire."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    workspace, warnings = load_workspace(
        str(document), settings={}, now=now, at=None, missing_parameters=MissingParameters.REFUSE
    )
    assert [each.code for each in warnings if each.code != "DJ538"] == []
    return {
        profile.name: _negotiated(profile) for profile in workspace.profiles if isinstance(profile, AssociationProfile)
    }


def _negotiated(profile: AssociationProfile) -> Negotiated:
    """Return what a profile would put on the wire."""
    peer = peer_at(called_ae_title="ANY-SCP", host="127.0.0.1", port=104)
    return negotiated(association_request(peer, proposal_of_profile(profile), lambda _: b""))


def _there_and_back(source: Path, folder: Path, judge: Judge) -> int:
    """Import a file, export each of its profiles, and compare what each step proposes; returns how many profiles there were."""
    first, _ = read_asconfig(source.read_bytes(), source.name)
    assert first is not None
    document = folder / "site.yaml"
    imported = dicomjobs("import", "-o", document, "asconfig", source)
    assert imported.code == 0, imported.err

    ours = _profiles(document)
    for name, proposed in ours.items():
        exported = dicomjobs("export", "asconfig", document, name, "-o", folder / f"{name}.cfg")
        assert exported.code == 0, exported.err
        found = find_profile(first, name)
        assert found is not None

        assert proposed == _negotiated(first.association_profile(found, name=name))
        assert proposed == judge(folder / f"{name}.cfg", name).proposed
    assert len(ours) == len(first.profiles)
    return len(ours)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.cfg")), ids=lambda path: path.stem)
def test_the_request_is_the_same_before_and_after(path: Path, tmp_path: Path, judge: Judge) -> None:
    """Whatever DCMTK takes, but for what no valid document can say, which is refused by name."""
    if path.stem in UNSAYABLE:
        refused = dicomjobs("import", "asconfig", path)

        assert refused.code == 2
        assert f"DJ614 {path}: " in refused.err
        assert UNSAYABLE[path.stem] in refused.err
        assert refused.out == ""
    else:
        assert _there_and_back(path, tmp_path, judge) >= 1


@pytest.mark.parametrize("name", ["storescu.cfg", "storescp.cfg"])
def test_the_files_that_come_with_dcmtk_go_there_and_back(name: str, tmp_path: Path, judge: Judge) -> None:
    """128 contexts, several for one class, or many transfer syntaxes in each."""
    assert _there_and_back(DEBIAN / name, tmp_path, judge) == {"storescu.cfg": 1, "storescp.cfg": 2}[name]


def test_what_is_dropped_stands_in_comments_of_the_document() -> None:
    """With its line, and lists that nobody uses."""
    ended = dicomjobs("import", "asconfig", EXAMPLES / "list-without-entries.cfg")
    unused = dicomjobs("import", "asconfig", EXAMPLES / "dashes-before-a-header.cfg")

    assert "# line 11: DCMTK does not know `Context1` in this section: the entry is ignored\n" in ended.out
    assert ended.err.count("warning") == 3
    assert "# The list of presentation contexts [LINES] is left out: no profile uses it.\n" in unused.out


NATIVE = """\
dicomjobs: 1
transfer_syntaxes: {any: [JPEG2000Lossless, ExplicitVRLittleEndian, ImplicitVRLittleEndian]}
association_profiles:
  both.ways:
    presentation_contexts:
      - {abstract_syntax: CTImageStorage, transfer_syntaxes: any}
      - {abstract_syntax: 1.2.276.0.99.1, transfer_syntaxes: [HTJ2KLossless, 1.2.276.0.99.2]}
      - {abstract_syntax: Verification, transfer_syntaxes: [ImplicitVRLittleEndian]}
    roles: {CTImageStorage: both, 1.2.276.0.99.1: scp}
    extended_negotiation: {CTImageStorage: '0200030000FF'}
  listed: {propose: {sop_classes: [CTImageStorage, MRImageStorage], preferred: [JPEGLosslessSV1]}}
  sixty_four: {propose: {sop_classes: dcmtk_64}}
  from_files: {propose: {sop_classes: from_files}}
  long:
    presentation_contexts: [{abstract_syntax: CTImageStorage, transfer_syntaxes: any}]
    extended_negotiation: {CTImageStorage: 'LONG'}
jobs:
  send:
    store:
      peer: {host: '${host}', port: 104}
      send_set: {paths: [x]}
      association_profile: {asconfig: {file: storescu.cfg, profile: Default}}
parameters: {host: null}
"""


def _native(folder: Path) -> Path:
    """Write a document with profiles of every kind."""
    (folder / "storescu.cfg").write_bytes((EXAMPLES / "minimal.cfg").read_bytes())
    document = folder / "site.yaml"
    document.write_text(NATIVE.replace("LONG", "00" * 1024))
    return document


def _exported(document: Path, profile: str) -> Path:
    """Export a profile and return the file."""
    target = document.with_name("exported.cfg")
    target.unlink(missing_ok=True)
    ended = dicomjobs("export", "asconfig", document, profile, "-o", target, "--set", "host=h")
    assert (ended.code, ended.out) == (0, ""), ended.err
    return target


def test_a_native_profile_is_what_storescu_proposes(tmp_path: Path, judge: Judge) -> None:
    """By names that every DCMTK has, by UID where it has none; its own name is without the dot, as DCMTK keeps it."""
    document = _native(tmp_path)

    target = _exported(document, "both.ways")

    now = datetime(2026, 11, 21, tzinfo=UTC)
    workspace, _ = load_workspace(
        str(document), settings={"host": "h"}, now=now, at=None, missing_parameters=MissingParameters.REFUSE
    )
    [profile] = [each for each in workspace.profiles if each.name == "both.ways"]
    assert isinstance(profile, AssociationProfile)
    assert judge(target, "bothways").proposed == _negotiated(profile)
    assert "TransferSyntax1 = 1.2.840.10008.1.2.4.201" in target.read_text()


@pytest.mark.parametrize(("profile", "contexts"), [("listed", 4), ("sixty_four", 128), ("send.association_profile", 2)])
def test_a_profile_that_needs_no_files_can_be_exported(
    profile: str, contexts: int, tmp_path: Path, judge: Judge
) -> None:
    """Proposals for listed classes, and profiles that a job takes from an asconfig file in place."""
    target = _exported(_native(tmp_path), profile)

    proposed = judge(target, re.sub(r"\.", "", profile)).proposed

    assert proposed
    assert len(proposed.contexts) == contexts


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("from_files", "depends on the files that are sent"),
        ("long", "longer than DCMTK reads"),
        ("lsited", "there is no association profile `lsited`"),
    ],
)
def test_what_dcmtk_cannot_say_is_refused(profile: str, words: str, tmp_path: Path) -> None:
    """Exit code 2, and no file."""
    ended = dicomjobs("export", "asconfig", _native(tmp_path), profile, "-o", tmp_path / "x.cfg", "--set", "host=h")

    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "x.cfg").exists()


def test_storescp_accepts_what_was_exported_and_what_it_was_made_from(tmp_path: Path) -> None:
    """The real SCP with an exported file takes what the profile sends, in the transfer syntax it prefers."""
    (tmp_path / "in").mkdir()
    make_instance(tmp_path / "in" / "ct.dcm")
    target = _exported(_native(tmp_path), "both.ways")
    with storescp(tmp_path, "-xf", str(target), "bothways") as peer:
        (tmp_path / "job.yaml").write_text(
            f"dicomjobs: 1\nstate: {{directory: state}}\njobs:\n  send:\n    store:\n"
            f"      peer: {{host: {peer.host}, port: {peer.port}}}\n      send_set: {{paths: [in]}}\n"
            "      association_profile:\n        presentation_contexts:\n"
            "          - {abstract_syntax: CTImageStorage, transfer_syntaxes: [ExplicitVRLittleEndian]}\n"
        )
        ran = dicomjobs("run", tmp_path / "job.yaml")

        assert ran.code == 0, ran.err
        assert len(peer.files()) == 1


def test_storescp_works_with_its_own_file_there_and_back(tmp_path: Path) -> None:
    """What storescu sends to the profile that came back is stored."""
    instance = make_instance(tmp_path / "ct.dcm")
    assert dicomjobs("import", "asconfig", DEBIAN / "storescp.cfg", "-o", tmp_path / "site.yaml").code == 0
    assert dicomjobs("export", "asconfig", tmp_path / "site.yaml", "Default", "-o", tmp_path / "back.cfg").code == 0

    with storescp(tmp_path, "-xf", str(tmp_path / "back.cfg"), "Default") as peer:
        sent = run_program("storescu", "-xf", DEBIAN / "storescu.cfg", "Default", peer.host, peer.port, instance.path)

        assert sent.returncode == 0, sent.stderr
        assert len(peer.files()) == 1


def test_storescp_refuses_a_profile_with_two_contexts_of_one_class(tmp_path: Path) -> None:
    """Which is said in the exported file, because it cannot be helped."""
    target = _exported(_native(tmp_path), "listed")

    refused = run_program("storescp", "-xf", target, "listed", free_port())

    assert refused.returncode != 0
    assert "duplicate abstract syntaxes" in refused.stderr
    assert "# storescp refuses it" in target.read_text()
