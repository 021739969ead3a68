"""The database: connections, the writer that groups commits, migrations."""
