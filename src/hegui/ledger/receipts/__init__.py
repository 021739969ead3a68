"""Receipts: records of one exchange or appeal, proven, in a file that stands by itself."""

from hegui.ledger.receipts.writing import MOST_RECORDS, Subject, file_name, write_receipt

__all__ = ["MOST_RECORDS", "Subject", "file_name", "write_receipt"]
