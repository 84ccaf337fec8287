"""The ledger's tables and every statement that changes them; no rule about when they are used.

Rows enter many a statement (`{rows}` stands for their placeholders) and not by `executemany`: SQLite then works through all of
them without the interpreter lock, which the sending lanes need. `executemany` takes and drops it for every row; that cost a lane
a fifth of its rate.
"""

from __future__ import annotations

APPLICATION_ID = 0x444A4F42
"""Spells "DJOB"; what tells a ledger from any other SQLite file."""

USER_VERSION = 3

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
        inode INTEGER NOT NULL DEFAULT 0,
        data_set_bytes INTEGER NOT NULL DEFAULT 0,
        claimed_at REAL NOT NULL,
        PRIMARY KEY (run, serial)
    ) WITHOUT ROWID""",
    # What the last attempt left of an instance at a peer. `failed_runs` counts the runs that failed with it for good since
    # it was last delivered or its file changed; `sha256` and `data_set_bytes` are of the data set in the file, without File Meta.
    # `older_copy` says that other content under this UID may have reached the peer before: that the UID is there proves nothing then.
    """
    CREATE TABLE instance (
        peer INTEGER NOT NULL REFERENCES peer (id),
        sop_instance_uid TEXT NOT NULL,
        study_instance_uid TEXT NOT NULL,
        series_instance_uid TEXT NOT NULL,
        sop_class_uid TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL DEFAULT 0,
        data_set_bytes INTEGER NOT NULL DEFAULT 0,
        outcome TEXT NOT NULL
            CHECK (outcome IN ('delivered', 'delivered_with_warning', 'failed', 'unknown', 'missing')),
        reason TEXT NOT NULL,
        status INTEGER,
        sha256 TEXT NOT NULL,
        proof TEXT NOT NULL DEFAULT '',
        older_copy INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL,
        failed_runs INTEGER NOT NULL,
        run INTEGER NOT NULL REFERENCES run (id),
        claimed_at REAL NOT NULL,
        settled_at REAL NOT NULL,
        PRIMARY KEY (peer, sop_instance_uid)
    ) WITHOUT ROWID""",
)

COLUMNS = """
    SELECT tables.name, columns.name, columns.type, columns."notnull", columns.pk
    FROM sqlite_master AS tables
    JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
    ORDER BY tables.name, columns.name"""

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

# Rows: serial, SOP instance UID. Then: peer, run. Open claims are few, and an index over them cost every run more than this scan.
CLAIMS_OF_OTHER_RUNS = """
    WITH wanted (serial, sop_instance_uid) AS (VALUES {rows})
    SELECT wanted.serial, run.id, run.run_id, run.boot_id
    FROM claim
    CROSS JOIN wanted ON wanted.sop_instance_uid = claim.sop_instance_uid
    JOIN run ON run.id = claim.run
    WHERE claim.peer = ? AND claim.run <> ?"""

# Rows: a ClaimRow. Then: run, peer.
ADD_CLAIMS = """
    WITH claimed AS (VALUES {rows})
    INSERT INTO claim (run, peer, serial, sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, size,
                       mtime_ns, inode, data_set_bytes, claimed_at)
    SELECT ?, ?, * FROM claimed"""

# A RevisedRow.
REVISE = """
    UPDATE instance SET outcome = ?, reason = ?, proof = ''
    WHERE peer = (SELECT id FROM peer WHERE called_ae_title = ? AND host = ? AND port = ?) AND sop_instance_uid = ?"""

# A ProvenRow.
PROVE = """
    UPDATE instance SET proof = ?
    WHERE peer = (SELECT id FROM peer WHERE called_ae_title = ? AND host = ? AND port = ?) AND sop_instance_uid = ?
          AND outcome IN ('delivered', 'delivered_with_warning')"""

# Run, first serial, last serial.
DROP_CLAIMS = "DELETE FROM claim WHERE run = ? AND serial BETWEEN ? AND ?"

# Run, first serial, last serial, all of one claim. What an EarlierRow has, after the serial.
EARLIER = """
    SELECT claim.serial, instance.run, run.run_id, instance.outcome, instance.reason, instance.status, instance.settled_at,
           instance.size, instance.mtime_ns, instance.inode, instance.data_set_bytes, instance.sha256, instance.failed_runs,
           instance.proof, instance.older_copy
    FROM claim
    CROSS JOIN instance ON instance.peer = claim.peer AND instance.sop_instance_uid = claim.sop_instance_uid
    JOIN run ON run.id = instance.run
    WHERE claim.run = ? AND claim.serial BETWEEN ? AND ?"""

# Rows: a SettledRow. Then: run. `WHERE true` keeps ON CONFLICT from being read as the ON of a join.
SETTLE_CLAIMS = """
    WITH settled (serial, outcome, reason, status, sha256, for_good, proof, settled_at) AS (VALUES {rows})
    INSERT INTO instance (peer, sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, size, mtime_ns,
                          inode, data_set_bytes, outcome, reason, status, sha256, proof, attempts, failed_runs, run, claimed_at,
                          settled_at)
    SELECT claim.peer, claim.sop_instance_uid, claim.study_instance_uid, claim.series_instance_uid, claim.sop_class_uid,
           claim.size, claim.mtime_ns, claim.inode, claim.data_set_bytes, settled.outcome, settled.reason, settled.status,
           settled.sha256, settled.proof, 1, settled.for_good, claim.run, claim.claimed_at, settled.settled_at
    FROM settled
    CROSS JOIN claim ON claim.run = ? AND claim.serial = settled.serial
    WHERE true
    ON CONFLICT (peer, sop_instance_uid) DO UPDATE SET
        study_instance_uid = excluded.study_instance_uid, series_instance_uid = excluded.series_instance_uid,
        sop_class_uid = excluded.sop_class_uid, size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,
        data_set_bytes = excluded.data_set_bytes, outcome = excluded.outcome, reason = excluded.reason,
        status = excluded.status, sha256 = excluded.sha256, proof = excluded.proof,
        older_copy = CASE
            WHEN excluded.outcome IN ('delivered', 'delivered_with_warning') THEN 0
            WHEN instance.size = excluded.size AND instance.mtime_ns = excluded.mtime_ns
                 AND (instance.inode = excluded.inode OR instance.inode = 0 OR excluded.inode = 0) THEN instance.older_copy
            WHEN instance.sha256 <> '' AND instance.sha256 = excluded.sha256 THEN instance.older_copy
            ELSE instance.older_copy OR instance.reason <> 'broken_off' END,
        attempts = instance.attempts + 1,
        failed_runs = CASE
            WHEN excluded.outcome IN ('delivered', 'delivered_with_warning') THEN 0
            WHEN instance.size <> excluded.size OR instance.mtime_ns <> excluded.mtime_ns THEN excluded.failed_runs
            ELSE instance.failed_runs
                 + (excluded.failed_runs AND (instance.run <> excluded.run OR instance.failed_runs = 0)) END,
        run = excluded.run, claimed_at = excluded.claimed_at, settled_at = excluded.settled_at"""
