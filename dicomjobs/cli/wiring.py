"""The ports of a run: real sockets, files, ledgers and embedded peers behind the protocols that execution sees."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from dicomjobs.cli.ledger_place import embedded_folder, ledger_place
from dicomjobs.cli.refusal import mistake
from dicomjobs.cli.stop import ProcessStop, say
from dicomjobs.config.secrets import open_secret
from dicomjobs.diagnostics import Diagnostic, Diagnostics, InvalidInput, Severity
from dicomjobs.disk.read import FileStore
from dicomjobs.disk.sent_files import Cabinet
from dicomjobs.errors import CannotListen
from dicomjobs.execute.ports import Answers, Association, Fate, Journal, Ports
from dicomjobs.ledger.ledger import Ledger, open_ledger
from dicomjobs.model.association import Proposal
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.dimse import OnReport
from dicomjobs.model.peer import Peer, secrets_of
from dicomjobs.model.query import Identifier
from dicomjobs.model.resume import Resend, Resumption
from dicomjobs.model.secret import SecretReference
from dicomjobs.model.sent_files import SentFiles
from dicomjobs.pixels.convert import convert
from dicomjobs.plan.plan import Instances, JobPlan, Plan, PlannedInstance
from dicomjobs.report.phrases import number_of
from dicomjobs.wire.connect import connect


@dataclass(slots=True)
class Wiring:
    """What a run has open; everything is closed with `resources`."""

    run_id: str
    state: Path
    stop: ProcessStop
    resources: ExitStack
    resend: Resend = Resend.NOTHING
    _ledgers: dict[Path, Ledger] = field(default_factory=dict)
    _ports_of_embedded: dict[str, int] = field(default_factory=dict)
    _secrets: dict[SecretReference, bytes] = field(default_factory=dict, repr=False)

    def open_secrets(self, plan: Plan) -> Diagnostics:
        """Fetch every secret of the plan's peers, once for the whole run, and load what TLS needs beside them.

        Returns warnings of what soon expires. Raises SecretUnavailable, and InvalidInput for a file of no use or what this OpenSSL
        cannot do.
        """
        references = {secret: None for peer in _peers_of(plan) for _, secret in secrets_of(peer)}  # in order, each once
        for secret in references:
            self._secrets[secret] = open_secret(secret)
        return self._check_tls(plan)

    def _check_tls(self, plan: Plan) -> Diagnostics:
        """Load what TLS needs with the secrets that are open; it is thrown away, since a certificate may be renewed during a run."""
        peers = dict.fromkeys(peer for peer in _peers_of(plan) if peer.tls)
        if not peers:
            return ()
        from dicomjobs.cli.tls_here import tls_findings

        found = tuple(finding for peer in peers for finding in tls_findings(peer, self._secrets.__getitem__))
        if any(finding.severity is Severity.ERROR for finding in found):
            raise InvalidInput(found)
        return found

    def start_embedded_peers(self, plan: Plan) -> None:
        """Start an SCP for each folder of the plan's embedded peers; raises OSError, InvalidInput for one with two AE titles."""
        embedded = {folder: peer for peer in _peers_of(plan) if (folder := embedded_folder(peer))}
        if not embedded:
            return
        if mixed := tuple(_mixed_titles(plan)):
            raise InvalidInput(mixed)
        from dicomjobs.wire.receive import start_receiver

        for directory, peer in embedded.items():
            receiver = start_receiver(directory, ae_title=peer.called_ae_title)
            self.resources.callback(receiver.stop)
            self._ports_of_embedded[directory] = receiver.port

    def connect(self, peer: Peer, proposal: Proposal) -> Association:
        """Establish an association; raises AssociationError."""
        if folder := embedded_folder(peer):
            peer = replace(peer, host="127.0.0.1", port=self._ports_of_embedded[folder])
        return connect(peer, proposal, open_secret=self._secrets.__getitem__, stop=self.stop)

    def journal(self, peer: Peer, resumption: Resumption) -> Journal:
        """Return the journal for a peer; an embedded one has its ledger beside its instances. Raises JournalUnavailable."""
        place = ledger_place(peer, self.state)
        return self._ledger(place.directory).journal(place.identity, resumption)

    @contextmanager
    def listen(self, peer: Peer, on_report: OnReport) -> Iterator[None]:
        """Listen for a peer's reports where it has been told to send them; raises CannotListen."""
        if peer.reports_at is None:
            yield
            return
        from dicomjobs.wire.receive_reports import listen_for_reports

        address, port = peer.reports_at.address, peer.reports_at.port
        try:
            server = listen_for_reports(on_report, ae_title=peer.calling_ae_title, host=address, port=port)
        except OSError as error:
            words = (
                f"{address}:{port}, where {peer.name} is to report, cannot be listened on: {error.strerror or error}"
            )
            raise CannotListen(words, hint="another run may be listening there; see `reports_at`") from error
        with server:
            yield

    def _ledger(self, directory: Path) -> Ledger:
        """Open a ledger once."""
        if directory not in self._ledgers:
            ledger = open_ledger(str(directory), run_id=self.run_id)
            self.resources.callback(ledger.close)
            self._ledgers[directory] = ledger
            for dead in ledger.recovered:
                if dead.unanswered:
                    sent = number_of(dead.unanswered, "instance")
                    say(f"run {dead.run_id} died with {sent} sent and not answered: whether they arrived is not known")
        return self._ledgers[directory]

    def ports(self, instances: Instances, answers: Callable[[JobPlan], Answers]) -> Ports:
        """Return everything `execute` may touch."""
        return Ports(
            instances=instances,
            connect=self.connect,
            listen=self.listen,
            new_uid=_new_uid,
            files=FileStore(convert),
            put_away=partial(_put_away, Cabinet()),
            journal=self.journal,
            resend=self.resend,
            stop=self.stop,
            encode_identifier=_encode_identifier,
            decode_identifier=_decode_identifier,
            answers=answers,
            chance=random.random,
            monotonic=time.monotonic,
            wall=time.time,
            pause=self.stop.pause,
        )


def _new_uid() -> str:
    """Return a UID made of a random UUID (PS3.5 B.2)."""
    return f"2.25.{uuid4().int}"


def no_answers(job: JobPlan) -> Answers:
    """Stand in for the answers of a run without queries."""
    raise AssertionError(f"{job.name} is no query")


def _encode_identifier(identifier: Identifier, transfer_syntax: str, character_set: str, new_vrs: NewVrs) -> bytes:
    """Encode the keys of a query; what can do it is imported for runs that ask something."""
    from dicomjobs.wire.identifier import encode_identifier

    return encode_identifier(identifier, transfer_syntax, character_set, new_vrs)


def _decode_identifier(data: bytes, transfer_syntax: str, character_set: str) -> dict[str, object]:
    """Decode a match; raises ProtocolError."""
    from dicomjobs.answers.json_model import decode_identifier

    return decode_identifier(data, transfer_syntax, character_set)


def _put_away(cabinet: Cabinet, sent_files: SentFiles, instance: PlannedInstance, fate: Fate) -> str:
    """Do with a file what the job asks."""
    if fate is Fate.FAILED:
        return cabinet.mark_failed(instance)
    return cabinet.put_away(sent_files, instance)


def _peers_of(plan: Plan) -> Iterator[Peer]:
    """Yield every peer that a plan may talk to: those of its jobs, and those that answer queries for them."""
    for job in plan.jobs:
        yield job.peer
        if job.peer.queries_at:
            yield job.peer.queries_at


def _mixed_titles(plan: Plan) -> Iterator[Diagnostic]:
    """Yield a mistake for each folder whose embedded peers do not share one AE title: it is kept by one application entity."""
    titles: dict[str, set[str]] = {}
    for peer in _peers_of(plan):
        if folder := embedded_folder(peer):
            titles.setdefault(folder, set()).add(peer.called_ae_title)
    for folder, found in titles.items():
        if len(found) > 1:
            summary = f"the embedded peers {' and '.join(sorted(found))} keep their instances in one folder, {folder}"
            yield mistake("DJ610", summary, hint="give each a folder of its own, or all of them one called_ae_title")
