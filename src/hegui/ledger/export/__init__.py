"""Evidence to hand over: a folder that others check on a machine without hegui (Art. 19)."""

from hegui.ledger.export.clauses import digest_of_clauses
from hegui.ledger.export.folder import FolderSink, Sink
from hegui.ledger.export.scope import Content, Opened, Period, Scope
from hegui.ledger.export.sealed import SealedSink, check_recipient
from hegui.ledger.export.writing import Keys, Stamp, Summary, check_named, write_export

__all__ = [
    "Content",
    "FolderSink",
    "Keys",
    "Opened",
    "Period",
    "Scope",
    "SealedSink",
    "Sink",
    "Stamp",
    "Summary",
    "check_named",
    "check_recipient",
    "digest_of_clauses",
    "write_export",
]
