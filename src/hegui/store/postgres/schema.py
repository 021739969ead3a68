"""The tables on a PostgreSQL server: those of the file, and what several gateways share."""

from typing import Final

from hegui.store.postgres.dialect import tables
from hegui.store.schema import MIGRATIONS as OF_A_FILE

SCHEMA: Final = "hegui"
"""The schema of the database in which our tables lie, and nothing else."""

_SHARED: Final = """
-- what is acknowledged and has no place in a log yet. A gateway writes in the order of seq.
CREATE TABLE outbox (
  seq    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id     UUID NOT NULL UNIQUE,
  tenant TEXT COLLATE "C" NOT NULL,
  leaf   BYTEA NOT NULL,
  after  BYTEA  -- rows that are written when it gets its place (msgpack)
);

-- the place that an acknowledged entry was given: each has one, and is never given another
CREATE TABLE placed (
  id     UUID PRIMARY KEY,
  tenant TEXT COLLATE "C" NOT NULL,
  idx    BIGINT NOT NULL
);

-- counts the changes of tables that gateways keep in memory
CREATE TABLE changed (
  name TEXT COLLATE "C" PRIMARY KEY,
  v    BIGINT NOT NULL
);
INSERT INTO changed VALUES ('caller_key', 0), ('standing', 0);

CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE hegui.changed SET v = v + 1 WHERE name = TG_TABLE_NAME;
  RETURN NULL;
END $$;
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caller_key
  FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON standing
  FOR EACH STATEMENT EXECUTE FUNCTION count_change();

-- SQLite's name for it, and as there it can stand for a condition
CREATE FUNCTION instr(BYTEA, BYTEA) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT position($2 in $1) > 0';
"""

_WITH: Final = {1: _SHARED}
"""What comes with a step beside the file's own tables, by the number of the step."""

MIGRATIONS: Final = tuple(
    tables(step) + _WITH.get(number, "") for number, step in enumerate(OF_A_FILE)
)
"""``MIGRATIONS[n]`` takes a database from version ``n`` to ``n + 1``: the numbers of the file."""
