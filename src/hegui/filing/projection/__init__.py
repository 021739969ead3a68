"""An incremental summary of the ledger: disposable, and the same when it is built from zero.

It lies beside the data (``data_dir/projections.db``), never in the evidence itself. It says how
many records of which kind there are on which day, and where the first and the last of them stand.
"""

from hegui.filing.projection.facets import Facets, fits_whole
from hegui.filing.projection.file import FILE, Mark, Projections
from hegui.filing.projection.reading import Reading
from hegui.filing.projection.rows import (
    DAY_MS,
    Cited,
    Found,
    Head,
    Key,
    Noted,
    Row,
    Summary,
    day_of,
)

__all__ = [
    "DAY_MS",
    "FILE",
    "Cited",
    "Facets",
    "Found",
    "Head",
    "Key",
    "Mark",
    "Noted",
    "Projections",
    "Reading",
    "Row",
    "Summary",
    "day_of",
    "fits_whole",
]
