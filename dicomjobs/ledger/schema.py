"""The ledger's tables and every statement that changes them; no rule about when they are used.

Rows enter many a statement (`{rows}` stands for their placeholders) and not by `executemany`: SQLite then works through all of
them without the interpreter lock, which the sending lanes need. `executemany` takes and drops it for every row; that cost a lane
a fifth of its rate.
"""

from __future__ import annotations

APPLICATION_ID = 0x444A4F42
"""Spells "DJOB"; what tells a ledger from any other SQLite file."""

USER_VERSION = 1

PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    # In WAL mode NORMAL may lose the last commits with the power: claims of instances whose bytes have already left.
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA cache_size = -8000",
)

TABLES = (
    """
    CREATE TABLE peer (
        id INTEGER PRIMARY KEY,
        called_ae_title TEXT NOT NULL,
        host TEXT NOT NULL,
        port INTEGER NOT NULL,
        UNIQUE (called_ae_title, host, port)
    )""",
    # The boot tells whether the run's marks, which are never synced, outlived what ended it.
    """
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        boot_id TEXT NOT NULL,
        started_at REAL NOT NULL
    )""",
    # One row an open claim, gone once it is settled or given back. `serial` counts the claims of a run: an instance that is tried again,
    # or that a plan holds twice, has another. What is known already about the peer's copy stays in `instance` meanwhile.
    """
    CREATE TABLE claim (
        run INTEGER NOT NULL REFERENCES run (id),
        serial INTEGER NOT NULL,
        peer INTEGER NOT NULL REFERENCES peer (id),
        sop_instance_uid TEXT NOT NULL,
        study_instance_uid TEXT NOT NULL,
        series_instance_uid TEXT NOT NULL,
        sop_class_uid TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        claimed_at REAL NOT NULL,
        PRIMARY KEY (run, serial)
    ) WITHOUT ROWID""",
    "CREATE INDEX claim_of_instance ON claim (peer, sop_instance_uid)",
    # What the last attempt left of an instance at a peer. `failed_runs` counts the runs that failed with it since it was last delivered.
    """
    CREATE TABLE instance (
        peer INTEGER NOT NULL REFERENCES peer (id),
        sop_instance_uid TEXT NOT NULL,
        study_instance_uid TEXT NOT NULL,
        series_instance_uid TEXT NOT NULL,
        sop_class_uid TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        outcome TEXT NOT NULL
            CHECK (outcome IN ('delivered', 'delivered_with_warning', 'failed', 'unknown', 'missing')),
        reason TEXT NOT NULL,
        status INTEGER,
        sha256 TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        failed_runs INTEGER NOT NULL,
        run INTEGER NOT NULL REFERENCES run (id),
        claimed_at REAL NOT NULL,
        settled_at REAL NOT NULL,
        PRIMARY KEY (peer, sop_instance_uid)
    ) WITHOUT ROWID""",
)

ADD_PEER = "INSERT OR IGNORE INTO peer (called_ae_title, host, port) VALUES (?, ?, ?)"
FIND_PEER = "SELECT id FROM peer WHERE called_ae_title = ? AND host = ? AND port = ?"

ADD_RUN = """
    INSERT INTO run (run_id, boot_id, started_at) VALUES (?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE SET boot_id = excluded.boot_id"""
FIND_RUN = "SELECT id FROM run WHERE run_id = ?"

RUNS_WITH_CLAIMS = "SELECT DISTINCT run.id, run.run_id, run.boot_id FROM claim JOIN run ON run.id = claim.run"
SERIALS_OF_RUN = "SELECT serial FROM claim WHERE run = ? ORDER BY serial"

OTHER_RUNS_HAVE_CLAIMS = """
    SELECT EXISTS (SELECT 1 FROM claim WHERE run < ?1) OR EXISTS (SELECT 1 FROM claim WHERE run > ?1)"""

# Rows: serial, SOP instance UID. Then: peer, run.
CLAIMS_OF_OTHER_RUNS = """
    WITH wanted (serial, sop_instance_uid) AS (VALUES {rows})
    SELECT wanted.serial, run.id, run.run_id, run.boot_id
    FROM wanted
    CROSS JOIN claim ON claim.peer = ? AND claim.sop_instance_uid = wanted.sop_instance_uid
    JOIN run ON run.id = claim.run
    WHERE claim.run <> ?"""

# Rows: a ClaimRow. Then: run, peer.
ADD_CLAIMS = """
    WITH claimed AS (VALUES {rows})
    INSERT INTO claim (run, peer, serial, sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, size,
                       mtime_ns, claimed_at)
    SELECT ?, ?, * FROM claimed"""

# Rows: serial. Then: run.
DROP_CLAIMS = "DELETE FROM claim WHERE serial IN (VALUES {rows}) AND run = ?"

# Rows: a SettledRow. Then: run. `WHERE true` keeps ON CONFLICT from being read as the ON of a join.
SETTLE_CLAIMS = """
    WITH settled (serial, outcome, reason, status, sha256, settled_at) AS (VALUES {rows})
    INSERT INTO instance (peer, sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, size, mtime_ns,
                          outcome, reason, status, sha256, attempts, failed_runs, run, claimed_at, settled_at)
    SELECT claim.peer, claim.sop_instance_uid, claim.study_instance_uid, claim.series_instance_uid, claim.sop_class_uid,
           claim.size, claim.mtime_ns, settled.outcome, settled.reason, settled.status, settled.sha256, 1,
           settled.outcome = 'failed', claim.run, claim.claimed_at, settled.settled_at
    FROM settled
    CROSS JOIN claim ON claim.run = ? AND claim.serial = settled.serial
    WHERE true
    ON CONFLICT (peer, sop_instance_uid) DO UPDATE SET
        study_instance_uid = excluded.study_instance_uid, series_instance_uid = excluded.series_instance_uid,
        sop_class_uid = excluded.sop_class_uid, size = excluded.size, mtime_ns = excluded.mtime_ns,
        outcome = excluded.outcome, reason = excluded.reason, status = excluded.status, sha256 = excluded.sha256,
        attempts = instance.attempts + 1,
        failed_runs = CASE excluded.outcome
            WHEN 'failed' THEN instance.failed_runs + (instance.run <> excluded.run OR instance.outcome <> 'failed')
            WHEN 'delivered' THEN 0
            WHEN 'delivered_with_warning' THEN 0
            ELSE instance.failed_runs END,
        run = excluded.run, claimed_at = excluded.claimed_at, settled_at = excluded.settled_at"""
