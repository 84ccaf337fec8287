"""The statements with which a ledger is looked at and changed by hand; those of the journal are in schema.py."""

from __future__ import annotations

_JOINED = """
    FROM instance
    JOIN peer ON peer.id = instance.peer
    JOIN run ON run.id = instance.run"""

COUNTS = """
    SELECT peer.called_ae_title, peer.host, peer.port, instance.outcome, instance.proof, count(*),
           max(instance.settled_at)
    FROM instance
    JOIN peer ON peer.id = instance.peer
    GROUP BY peer.id, instance.outcome, instance.proof
    ORDER BY peer.id, instance.outcome, instance.proof"""

RUNS = "SELECT count(*) FROM run"
LATEST_RUN = "SELECT run_id FROM run ORDER BY id DESC LIMIT 1"
OPEN_CLAIMS = "SELECT count(*) FROM claim"

COUNT = "SELECT count(*)" + _JOINED

INSTANCES = (
    """
    SELECT peer.called_ae_title, peer.host, peer.port, instance.sop_instance_uid, instance.study_instance_uid,
           instance.series_instance_uid, instance.sop_class_uid, instance.outcome, instance.reason, instance.status,
           instance.proof, instance.size, instance.sha256, instance.attempts, instance.failed_runs, run.run_id,
           instance.settled_at, instance.older_copy"""
    + _JOINED
)
IN_ORDER = " ORDER BY instance.peer, instance.sop_instance_uid"

CHOSEN = "SELECT instance.peer, instance.sop_instance_uid" + _JOINED
FORGET = "DELETE FROM instance WHERE (peer, sop_instance_uid) IN ({chosen})"

CLAIMED_AMONG = (
    "SELECT count(claim.serial)"
    + _JOINED
    + """
    JOIN claim ON claim.peer = instance.peer AND claim.sop_instance_uid = instance.sop_instance_uid"""
)

# Outcome, reason, proof, called AE title, host, port, SOP instance UID; outcome and time of settling as they were read.
REVISE_WITH_PROOF = """
    UPDATE instance SET outcome = ?, reason = ?, proof = ?
    WHERE peer = (SELECT id FROM peer WHERE called_ae_title = ? AND host = ? AND port = ?) AND sop_instance_uid = ?
          AND outcome = ? AND settled_at = ?"""

# Called AE title, host, port, run id; SOP instance, study, series, SOP class, size, mtime_ns, data set bytes, proof, claimed, settled.
ADOPT = """
    INSERT INTO instance (peer, run, sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, size, mtime_ns,
                          data_set_bytes, outcome, reason, status, sha256, proof, attempts, failed_runs, claimed_at, settled_at)
    SELECT (SELECT id FROM peer WHERE called_ae_title = ?1 AND host = ?2 AND port = ?3),
           (SELECT id FROM run WHERE run_id = ?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'delivered', '', NULL, '', ?12, 0, 0, ?13, ?14
    WHERE true
    ON CONFLICT (peer, sop_instance_uid) DO UPDATE SET
        run = excluded.run, size = excluded.size, mtime_ns = excluded.mtime_ns, inode = 0,
        data_set_bytes = excluded.data_set_bytes, outcome = excluded.outcome, reason = '', status = NULL, sha256 = '',
        proof = excluded.proof, older_copy = 0, failed_runs = 0, settled_at = excluded.settled_at
    WHERE instance.outcome NOT IN ('delivered', 'delivered_with_warning') AND (excluded.proof = '' OR NOT instance.older_copy)"""
