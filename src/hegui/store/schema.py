"""The tables, as migrations in order. A released migration is never edited; a new one is added."""

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

_SECOND = (_NODES, _PRUNED)

MIGRATIONS: tuple[str, ...] = (_FIRST, "".join(_SECOND))
"""``MIGRATIONS[n]`` takes a database from version ``n`` to ``n + 1``."""
