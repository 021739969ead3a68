"""The database: connections, the writer that groups commits, migrations."""

from hegui.store.database import open_database
from hegui.store.writer import Metrics, Writer

__all__ = ["Metrics", "Writer", "open_database"]
