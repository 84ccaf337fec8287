"""What the real findscu makes of answers that a script gives it: the files that it extracts, by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.support.peers import run_program
from tests.support.scripted_scp import RELEASE_RP, Conversation, accept, match, read_message, respond, scripted_scp


def answers_of_findscu(
    folder: Path, answers: Iterable[bytes], *options: str, syntax: str = "1.2.840.10008.1.2.1"
) -> dict[str, bytes]:
    """Ask a script with findscu, which extracts answers encoded in a transfer syntax into a new folder."""
    folder.mkdir()

    def release(conversation: Conversation) -> None:
        conversation.read_pdu()
        conversation.socket.sendall(RELEASE_RP)

    script = accept(transfer_syntax=syntax), read_message(), match(*answers), respond(), release
    with scripted_scp(*script) as port:
        keys = ("-k", "0008,0052=STUDY", "-k", "PatientName")
        run_program("findscu", "-S", *options, "-od", folder, *keys, "127.0.0.1", str(port))
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
