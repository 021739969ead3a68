"""Statements: what a provider tells the public (Art. 4(5), 9, 10, 15; labelling measures, Art. 8).

What each must hold is data (``sorts``); a file is read and checked (``reading``), begun as a draft
(``drafting``), and kept by its digest beside the record of it (``register``).
"""

from hegui.filing.statements.reading import Statement, read
from hegui.filing.statements.register import Register, Version
from hegui.filing.statements.sorts import SLOT, SORTS, Sort

__all__ = ["SLOT", "SORTS", "Register", "Sort", "Statement", "Version", "read"]
