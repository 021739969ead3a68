"""The database: connections, the writer that groups commits, migrations."""

from hegui.store.chance import random_bytes
from hegui.store.database import open_database
from hegui.store.groups import Metrics
from hegui.store.opening import exists, open_connection, read_all, reading, watch
from hegui.store.port import Connection, Place
from hegui.store.rows import insert_all, write_all
from hegui.store.schema import Schema
from hegui.store.writer import Chore, Writer

__all__ = [
    "Chore",
    "Connection",
    "Metrics",
    "Place",
    "Schema",
    "Writer",
    "exists",
    "insert_all",
    "open_connection",
    "open_database",
    "random_bytes",
    "read_all",
    "reading",
    "watch",
    "write_all",
]
