"""The rhythm as frames of FLAC (RFC 9639): an encoder for this one sound.

It writes constant subframes where all is silent, else fixed predictors with one Rice parameter a
block: about a quarter of the plain samples. No sample is lost.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.labels.explicit.flac_frames import coded, crc8, crc16
from hegui.labels.explicit.rhythm import rhythm

_Numbers = NDArray[np.int64]
_Bits = NDArray[np.uint8]
_ORDERS: Final = range(5)
_LEFT_SIDE: Final = 8
_MOST_SIDE: Final = 24  # bits for which every decoder takes one more in the difference
_MOST_RESIDUAL: Final = 2**31 - 1
_MOST_SHORT: Final = 14  # the largest parameter of four bits


class Form(NamedTuple):
    """What the frames must be like: as those of the stream that they are put before.

    ``rate`` and ``depth`` are the codes of heads, ``tail`` what stands behind the number for a
    rate; ``varies``: heads count samples, not frames.
    """

    hertz: int
    channels: int
    bits: int
    block: int
    varies: bool
    rate: int
    depth: int
    tail: bytes


def encoded(form: Form) -> list[bytes]:
    """Return the rhythm as whole blocks: silence fills up the last."""
    one = np.rint(rhythm(form.hertz) * (2 ** (form.bits - 1) - 1)).astype(np.int64)
    count = -(-len(one) // form.block)
    one = np.concatenate([one, np.zeros(count * form.block - len(one), np.int64)])
    return [_frame(form, number, part) for number, part in enumerate(one.reshape(count, -1))]


def _frame(form: Form, number: int, samples: _Numbers) -> bytes:
    beside = form.channels == 2 and form.bits <= _MOST_SIDE  # noqa: PLR2004 - left, and the difference
    channels = _LEFT_SIDE if beside else form.channels - 1
    head = bytes([0xFF, 0xF8 | form.varies, 7 << 4 | form.rate, channels << 4 | form.depth << 1])
    head += coded(number * form.block if form.varies else number)
    head += (form.block - 1).to_bytes(2) + form.tail
    head += bytes([crc8(head)])
    one = _subframe(samples, form.bits)
    parts = [one, _constant(0, form.bits + 1)] if beside else [one] * form.channels
    whole = head + np.packbits(np.concatenate(parts)).tobytes()
    return whole + crc16(whole).to_bytes(2)


def _subframe(samples: _Numbers, bits: int) -> _Bits:
    if not np.any(samples != samples[0]):
        return _constant(int(samples[0]), bits)
    plain = np.concatenate([_wide(np.array([0b0000_0010]), 8), _wide(samples, bits)])
    tried = [_fixed(samples, bits, order) for order in _ORDERS if order < len(samples)]
    return min([plain, *(one for one in tried if one is not None)], key=len)


def _constant(value: int, bits: int) -> _Bits:
    return np.concatenate([_wide(np.array([0]), 8), _wide(np.array([value]), bits)])


def _fixed(samples: _Numbers, bits: int, order: int) -> _Bits | None:
    """Return a subframe of the fixed predictor of ``order``; None where it cannot be one."""
    left = np.diff(samples, order)
    if int(np.abs(left).max()) > _MOST_RESIDUAL:
        return None
    folded = left << 1 ^ left >> 63  # 0, -1, 1, -2, … as 0, 1, 2, 3, …
    costs = [int((folded >> one).sum()) + len(folded) * (one + 1) for one in range(31)]
    rice = int(np.argmin(costs))
    long = rice > _MOST_SHORT
    heads = np.array([(0b001000 | order) << 1])
    # two bits of method, four of partition order (none), and the parameter in four or five
    choice = _wide(np.array([1 << 9 | rice]), 11) if long else _wide(np.array([rice]), 10)
    start = [_wide(heads, 8), _wide(samples[:order], bits), choice]
    return np.concatenate([*start, _rice(folded, rice, costs[rice])])


def _rice(folded: _Numbers, rice: int, total: int) -> _Bits:
    """Return numbers as so many zeros, a one, and ``rice`` low bits."""
    high = folded >> rice
    ends = np.cumsum(high + rice + 1)
    ones = ends - rice - 1
    made = np.zeros(total, np.uint8)
    made[ones] = 1
    for bit in range(rice):
        made[ones + 1 + bit] = folded >> (rice - 1 - bit) & 1
    return made


def _wide(values: _Numbers, width: int) -> _Bits:
    """Return numbers as bits, each ``width`` wide, two's complement."""
    shifts = np.arange(width - 1, -1, -1)
    return (values[:, np.newaxis] >> shifts & 1).astype(np.uint8).ravel()
