"""PEER on the command line: a name in a document, or AET@host:port."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.cli.arguments import parse_arguments
from dicomjobs.cli.peer_argument import peer_of
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.model.peer import Peer

SITE = """\
dicomjobs: 1
parameters: {host: null}
peers:
  archive: {host: pacs.example.org, port: 104, called_ae_title: ARCHIVE, calling_ae_title: RESEARCH}
  other: {host: "${host}", port: 105}
"""


def _peer(*argv: str) -> Peer:
    """Return the peer of `dicomjobs echo …`."""
    return peer_of(parse_arguments(["echo", *argv]))


def _refusal(*argv: str) -> str:
    """Return the sentence by which a PEER is refused."""
    with pytest.raises(InvalidInput) as refused:
        _peer(*argv)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "title", "host", "port"),
    [
        ("ARCHIVE@pacs.example.org:104", "ARCHIVE", "pacs.example.org", 104),
        ("ANY-SCP@127.0.0.1:11112", "ANY-SCP", "127.0.0.1", 11112),
        ("AT@HOME@192.0.2.7:104", "AT@HOME", "192.0.2.7", 104),
        ("OF 2: ROOMS@h:1", "OF 2: ROOMS", "h", 1),
        ("ARCHIVE@[2001:db8::7]:65535", "ARCHIVE", "2001:db8::7", 65535),
    ],
)
def test_an_address_is_a_peer_of_its_own(text: str, title: str, host: str, port: int) -> None:
    """What stands before the last @ is the AE title."""
    peer = _peer(text)

    assert (peer.called_ae_title, peer.host, peer.port) == (title, host, port)
    assert peer.name == text


def test_an_address_has_the_defaults_of_a_document() -> None:
    """Everything but the address is what a peer in YAML has that says no more."""
    peer = _peer("ARCHIVE@pacs.example.org:104")

    assert peer.calling_ae_title == "DICOMJOBS"
    assert (peer.timeouts.connect, peer.timeouts.dimse) == (10, 120)
    assert peer.tls is None


def test_a_name_is_looked_up_in_the_document(tmp_path: Path) -> None:
    """It brings everything that the document says of it, whatever parameters it needs."""
    (tmp_path / "site.yaml").write_text(SITE)

    archive = _peer("archive", "-f", str(tmp_path / "site.yaml"), "--set", "host=a.example")
    other = _peer("other", "-f", str(tmp_path / "site.yaml"), "--set", "host=a.example")

    assert archive.calling_ae_title == "RESEARCH"
    assert other.host == "a.example"


def test_an_unknown_name_is_told_with_what_was_meant(tmp_path: Path) -> None:
    """As in a document."""
    (tmp_path / "site.yaml").write_text(SITE)

    with pytest.raises(InvalidInput) as refused:
        _peer("archiv", "-f", str(tmp_path / "site.yaml"), "--set", "host=h")

    assert "there is no peer `archiv`" in str(refused.value)
    assert refused.value.diagnostics[0].hint == "did you mean `archive`?"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("archive", "no document that knows it was given"),
        ("", "no document that knows it was given"),
        ("ARCHIVE@pacs.example.org", "is not AET@host:port"),
        ("pacs.example.org:104", "is not AET@host:port"),
        ("ARCHIVE@:104", "is not AET@host:port"),
        ("ARCHIVE@2001:db8::7:104", "is not AET@host:port"),
        ("ARCHIVE@host:ssh", "is not AET@host:port"),
        ("ARCHIVE@ho st:104", "is not AET@host:port"),
        ("ARCHIVE@host:0", "0 is no port"),
        ("ARCHIVE@host:65536", "65536 is no port"),
        ("@host:104", "the AE title is empty"),
        ("SEVENTEEN_LETTERS@host:104", "the AE title has 17 characters"),
        ("A\\B@host:104", "the AE title has a backslash"),
    ],
)
def test_what_is_no_peer_is_refused_in_words(text: str, words: str) -> None:
    """Each mistake has its own sentence."""
    assert words in _refusal(text)


def test_an_address_takes_nothing_from_a_document(tmp_path: Path) -> None:
    """Both at once could only mislead."""
    assert "is an address" in _refusal("ARCHIVE@host:104", "-f", str(tmp_path / "site.yaml"))
