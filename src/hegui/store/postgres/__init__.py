"""The database on a PostgreSQL server: connections, the outbox and the spool."""
