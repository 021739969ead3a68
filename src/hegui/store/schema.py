"""The tables, as migrations in order. A released migration is never edited; a new one is added."""

from dataclasses import dataclass

APPLICATION_ID = 0x68677569
"""``hgui``: written into the file's header, so that no other program's file is taken for ours."""

_FIRST = """
CREATE TABLE log (
  tenant     TEXT PRIMARY KEY,
  origin     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  frontier   BLOB NOT NULL,
  checkpoint TEXT NOT NULL,
  last_t     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  tenant TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  leaf   BLOB NOT NULL,
  PRIMARY KEY (tenant, idx)
) STRICT, WITHOUT ROWID;

-- where the clock stepped back; what lies between two steps is in the order of its times
CREATE TABLE clock_step (
  tenant TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  PRIMARY KEY (tenant, idx)
) STRICT, WITHOUT ROWID;

-- two processes may meet the same person at the same moment: then a row has two pseudonyms,
-- the older one is used from then on, and both are found by row
CREATE TABLE subject (
  seq       INTEGER PRIMARY KEY,
  row       BLOB NOT NULL,
  tenant    TEXT NOT NULL,
  pseudonym TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX subject_by_row ON subject (row);

CREATE TABLE subject_key (
  seq         INTEGER PRIMARY KEY,
  key_id      BLOB NOT NULL UNIQUE,
  subject_row BLOB,
  tenant      TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  wrapped     BLOB NOT NULL
) STRICT;
CREATE INDEX subject_key_by_row ON subject_key (subject_row) WHERE subject_row IS NOT NULL;
CREATE INDEX subject_key_by_epoch ON subject_key (epoch);

-- deferred: within one transaction a key may follow the content that it seals
CREATE TABLE content (
  seq      INTEGER PRIMARY KEY,
  id       BLOB NOT NULL UNIQUE,
  tenant   TEXT NOT NULL,
  exchange TEXT NOT NULL,
  part     TEXT NOT NULL,
  key_id   BLOB NOT NULL REFERENCES subject_key (key_id)
           ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  class    TEXT NOT NULL,
  expires  INTEGER NOT NULL,
  sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX content_by_expires ON content (expires);
CREATE INDEX content_by_exchange ON content (exchange);
CREATE INDEX content_by_key ON content (key_id);

CREATE TABLE caller_key (
  id           TEXT PRIMARY KEY,
  tenant       TEXT NOT NULL,
  audience     TEXT NOT NULL,
  hash         BLOB NOT NULL,
  label_mode   TEXT NOT NULL,
  refusal_mode TEXT NOT NULL,
  created      INTEGER NOT NULL,
  expires      INTEGER,
  revoked      INTEGER,
  note         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE standing (
  subject_row BLOB PRIMARY KEY,
  level       TEXT NOT NULL,
  until       INTEGER
) STRICT, WITHOUT ROWID;
"""

_NODES = """
-- the root of the complete subtree of 256^level leaves, level 1 and up: with entry.hash, the tiles
-- of C2SP tlog-tiles. They exist below the signed size only.
CREATE TABLE node (
  tenant TEXT NOT NULL,
  level  INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  PRIMARY KEY (tenant, level, idx)
) STRICT, WITHOUT ROWID;
"""

_ATTESTED = """
-- the newest head of a log that witnesses have signed, with their signature lines
CREATE TABLE cosigned (
  tenant     TEXT PRIMARY KEY,
  size       INTEGER NOT NULL,
  checkpoint TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- what is known of each witness of a log: times are UTC ms, trouble is a short word or empty
CREATE TABLE witness (
  tenant    TEXT NOT NULL,
  name      TEXT NOT NULL,
  size      INTEGER NOT NULL,
  signed    INTEGER NOT NULL,
  asked     INTEGER NOT NULL,
  failures  INTEGER NOT NULL,
  trouble   TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- RFC 3161: the answer of a time-stamping authority, over the bytes of the checkpoint beside it
CREATE TABLE stamped (
  tenant     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  checkpoint TEXT NOT NULL,
  answer     BLOB NOT NULL,
  PRIMARY KEY (tenant, size, at)
) STRICT, WITHOUT ROWID;
"""

_PRUNED = """
-- which leaves were deleted by retention: record is the entry that carries the list's digest
CREATE TABLE pruned (
  tenant TEXT NOT NULL,
  start  INTEGER NOT NULL,
  count  INTEGER NOT NULL,
  record INTEGER NOT NULL,
  PRIMARY KEY (tenant, start)
) STRICT, WITHOUT ROWID;
"""

_INSPECTORS = """
-- keys that open records for an inspection: of one log, of one time, for a purpose and a term
CREATE TABLE inspector_key (
  id      TEXT PRIMARY KEY,
  tenant  TEXT NOT NULL,
  purpose TEXT NOT NULL,
  since   INTEGER NOT NULL,
  until   INTEGER NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER,
  hash    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""

_EPOCHS = """
-- an epoch's key lies outside the database. open: closing is NULL; closing: no key may be wrapped
-- under it any more; closed: its key was destroyed
CREATE TABLE epoch (
  number  INTEGER PRIMARY KEY,
  holder  TEXT NOT NULL,
  opened  INTEGER NOT NULL,
  closing INTEGER,
  closed  INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO epoch (number, holder, opened) VALUES (1, 'file', 0);

-- no key is ever wrapped under an epoch that is being closed: its opener would be destroyed
CREATE TRIGGER subject_key_in_open_epoch AFTER INSERT ON subject_key
WHEN NOT EXISTS (SELECT 1 FROM epoch WHERE number = NEW.epoch AND closing IS NULL)
BEGIN SELECT RAISE(ABORT, 'the epoch of this key is being closed'); END;
CREATE TRIGGER subject_key_to_open_epoch AFTER UPDATE OF epoch ON subject_key
WHEN NOT EXISTS (SELECT 1 FROM epoch WHERE number = NEW.epoch AND closing IS NULL)
BEGIN SELECT RAISE(ABORT, 'the epoch of this key is being closed'); END;
"""

_ERASURE = """
-- subject_row goes when the erasure is complete: from then on nothing leads to the person
CREATE TABLE erasure (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  tenant      TEXT NOT NULL,
  subject_row BLOB,
  state       TEXT NOT NULL,
  asked       INTEGER NOT NULL,
  kept_until  INTEGER,
  erased      INTEGER,
  epoch       INTEGER,
  completed   INTEGER
) STRICT;
CREATE INDEX erasure_by_row ON erasure (subject_row) WHERE subject_row IS NOT NULL;

CREATE TABLE erased_subject (
  pseudonym TEXT PRIMARY KEY,
  erasure   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_key (
  key_id  BLOB PRIMARY KEY,
  erasure TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_key_by_erasure ON erased_key (erasure);

CREATE TABLE erasure_sink (
  erasure TEXT NOT NULL,
  sink    TEXT NOT NULL,
  state   TEXT NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (erasure, sink)
) STRICT, WITHOUT ROWID;

-- content that two persons can open (format v2): its key, wrapped for each
CREATE TABLE content_key (
  content_id BLOB NOT NULL REFERENCES content (id)
             ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  key_id     BLOB NOT NULL REFERENCES subject_key (key_id)
             ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  wrapped    BLOB NOT NULL,
  PRIMARY KEY (content_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX content_key_by_key ON content_key (key_id);

-- what left the house and cannot be called back
CREATE TABLE handed_over (
  seq      INTEGER PRIMARY KEY,
  tenant   TEXT NOT NULL,
  key_id   BLOB NOT NULL,
  exchange TEXT NOT NULL,
  part     TEXT NOT NULL,
  receiver TEXT NOT NULL,
  at       INTEGER NOT NULL
) STRICT;
CREATE INDEX handed_over_by_key ON handed_over (key_id);

-- permissions to open restricted content: two persons, one exchange and part, an end
CREATE TABLE break_glass (
  id       TEXT PRIMARY KEY,
  tenant   TEXT NOT NULL,
  exchange TEXT NOT NULL,
  part     TEXT NOT NULL,
  one      TEXT NOT NULL,
  other    TEXT NOT NULL,
  until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- a process that has not heard of an erasure yet goes on writing its records, and what it would
-- keep of the person comes to nothing
CREATE TRIGGER erased_subject_stays_erased BEFORE INSERT ON subject
WHEN EXISTS (SELECT 1 FROM erased_subject WHERE pseudonym = NEW.pseudonym)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER erased_key_stays_erased BEFORE INSERT ON subject_key
WHEN EXISTS (SELECT 1 FROM erased_key WHERE key_id = NEW.key_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER erased_content_stays_erased BEFORE INSERT ON content
WHEN EXISTS (SELECT 1 FROM erased_key WHERE key_id = NEW.key_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER erased_share_stays_erased BEFORE INSERT ON content_key
WHEN EXISTS (SELECT 1 FROM erased_key WHERE key_id = NEW.key_id)
BEGIN SELECT RAISE(IGNORE); END;
"""

_SHELF = """
-- labelled media that callers fetch by an address of ours. ended: when it was withdrawn, erased or
-- expired; gone: when its bytes were deleted
CREATE TABLE medium (
  id       TEXT PRIMARY KEY,
  tenant   TEXT NOT NULL,
  exchange TEXT NOT NULL,
  subject  TEXT NOT NULL,
  mime     TEXT NOT NULL,
  file     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  stored   INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  ended    INTEGER,
  cause    TEXT NOT NULL,
  gone     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX medium_by_expires ON medium (expires) WHERE ended IS NULL;
CREATE INDEX medium_there ON medium (size) WHERE gone IS NULL;
CREATE INDEX medium_by_gone ON medium (gone) WHERE gone IS NOT NULL;
CREATE INDEX medium_by_exchange ON medium (exchange);
CREATE INDEX medium_by_subject ON medium (subject);

-- tasks that a model server works on: its id is theirs, callers know ours. answer is what the task
-- ended with, as callers get it, but for the addresses
CREATE TABLE media_task (
  id        TEXT PRIMARY KEY,
  tenant    TEXT NOT NULL,
  exchange  TEXT NOT NULL,
  subject   TEXT NOT NULL,
  upstream  TEXT NOT NULL,
  interface TEXT NOT NULL,
  theirs    TEXT NOT NULL,
  agreement TEXT NOT NULL,
  created   INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  state     TEXT NOT NULL,
  answer    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX media_task_by_expires ON media_task (expires);
CREATE INDEX media_task_by_subject ON media_task (subject);
"""

_ACCEPTED = """
-- which person accepted which version of a statement, by pseudonym; at is UTC ms
CREATE TABLE acceptance (
  tenant    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  statement TEXT NOT NULL,
  version   INTEGER NOT NULL,
  digest    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (tenant, subject, statement, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX acceptance_by_subject ON acceptance (subject);

CREATE TRIGGER erased_acceptance_stays_erased BEFORE INSERT ON acceptance
WHEN EXISTS (SELECT 1 FROM erased_subject WHERE pseudonym = NEW.subject)
BEGIN SELECT RAISE(IGNORE); END;
"""

_LEASES = """
-- work that of several gateways one does: whose it is, until when (UTC ms)
CREATE TABLE lease (
  work   TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

_SECOND = (_NODES, _PRUNED, _ATTESTED, _INSPECTORS, _EPOCHS, _ERASURE)

_THIRD = (_SHELF, _ACCEPTED)

MIGRATIONS: tuple[str, ...] = (_FIRST, "".join(_SECOND), "".join(_THIRD), _LEASES)
"""``MIGRATIONS[n]`` takes a database from version ``n`` to ``n + 1``."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one kind of file: the id in its header, and its migrations in order."""

    application_id: int
    migrations: tuple[str, ...]


SERVICE = Schema(APPLICATION_ID, MIGRATIONS)
"""The file of a service: ledger and vault."""
