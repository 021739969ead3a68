"""The database: connections, the writer that groups commits, migrations."""

from hegui.store.chance import random_bytes
from hegui.store.database import open_database
from hegui.store.rows import insert_all, write_all
from hegui.store.schema import Schema
from hegui.store.writer import Chore, Metrics, Writer

__all__ = [
    "Chore",
    "Metrics",
    "Schema",
    "Writer",
    "insert_all",
    "open_database",
    "random_bytes",
    "write_all",
]
