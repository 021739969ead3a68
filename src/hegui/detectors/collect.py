"""A callback for the matching engine that costs half of one written in Python.

The binding calls ``callback(id, from, to, flags, context)`` for each hit. ``list.extend`` could
keep that at the speed of C, but it takes one argument and is handed five. For CPython a method of
one argument and one of any number have the same signature, ``method(self, argument)``; the latter
is given its arguments as a tuple. So ``list.extend`` is declared once more, as a method of any
number, with the functions of the stable ABI that are there for making methods (``PyMethodDef``,
``PyCFunction_NewEx``). It then takes a hit's five numbers into the list, and returns None.

Where that cannot be had (not CPython, another shape of ``list.extend``), a Python function does it.
"""

import ctypes
import struct
import sys
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 5  # numbers to a hit: target, 0, end, 0, 0
_VARARGS: Final = 0x0001  # METH_VARARGS
_ONE: Final = 0x0008  # METH_O

Numbers: TypeAlias = NDArray[np.int64]


def columns_of(hits: list[int]) -> tuple[Numbers, Numbers]:
    """Return where hits end, and their targets, as arrays.

    ``struct`` takes half the time that numpy takes to read integers out of a list.
    """
    pack = struct.Struct(f"{len(hits) // WIDTH}i").pack
    ends, targets = (np.frombuffer(pack(*hits[at::WIDTH]), np.int32) for at in (2, 0))
    return ends.astype(np.int64), targets.astype(np.int64)


class _MethodDef(ctypes.Structure):
    """``PyMethodDef`` of the stable ABI."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Collector:
    """The hits of one scan, in ``hits``: ``WIDTH`` numbers each. Belongs to one thread.

    ``take`` lives as long as the collector, which must outlive the scan.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self.hits: list[int] = []
        self._made = None if plain else _extending(self.hits)
        self.take: Callable[..., None] = self._made[0] if self._made else _python(self.hits)


def _python(hits: list[int]) -> Callable[..., None]:
    extend = hits.extend

    def take(*hit: int) -> None:
        extend(hit)

    return take


def _extending(hits: list[int]) -> tuple[Callable[..., None], Any] | None:
    """Return ``hits.extend`` as a function of any number of arguments, and what it rests on."""
    if sys.implementation.name != "cpython":
        return None
    api = ctypes.pythonapi
    flags = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)(("PyCFunction_GetFlags", api))
    method = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(("PyCFunction_GetFunction", api))
    make = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)(
        ("PyCFunction_NewEx", api)
    )
    extend: Any = hits.extend
    if flags(extend) != _ONE:
        return None
    definition = _MethodDef(b"extend", method(extend), _VARARGS, None)
    take = make(ctypes.addressof(definition), hits, None)
    took = take(7, 0, 1 << 40, 0, 0)
    sound = took is None and hits == [7, 0, 1 << 40, 0, 0]
    hits.clear()
    return (take, definition) if sound else None
