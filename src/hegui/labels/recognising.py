"""Which format a file is of: told by its first bytes; its name decides where several fit."""

from collections.abc import Sequence
from itertools import chain
from os.path import splitext
from typing import Final

from hegui.labels.container import Format
from hegui.labels.formats import FORMATS

HEAD: Final = 4_096
"""Bytes from a file's beginning that formats look at."""


def recognised(head: bytes, name: str, formats: Sequence[Format] = FORMATS) -> Format | None:
    """Return the format of a file called ``name`` that begins with ``head``; None for no known one.

    A name alone never makes a format: a PNG that is called ``.jpg`` is a PNG.
    """
    head, ending = head[:HEAD], splitext(name)[1].lower()  # noqa: PTH122 - no path is made of it
    named = (one for one in formats if ending in one.suffixes and one.matches(head))
    fitting = (one for one in formats if one.matches(head))
    return next(chain(named, fitting), None)
