"""exp and ln in single precision, as the C library of Linux takes them, without calling it.

Training compares sums that depend on the last bit of exp. NumPy's own float32 exp differs from the C library in about
one value of three, and the rounded float64 exp in one of 2,000; the routine below is the library's published one (ARM
optimized routines `expf` and `logf`, in glibc since 2.28), in float64 with one rounding at the end.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

import numpy as np

from validation.rebuild.boosting.settings import Single

_PARTS: Final = 32
_PER_LN2: Final = float.fromhex("0x1.71547652b82fep+0") * _PARTS
_SHIFT: Final = float.fromhex("0x1.8p+52")
_EXP: Final = (
    float.fromhex("0x1.c6af84b912394p-5") / _PARTS**3,
    float.fromhex("0x1.ebfce50fac4f3p-3") / _PARTS**2,
    float.fromhex("0x1.62e42ff0c52d6p-1") / _PARTS,
)
_LN2: Final = float.fromhex("0x1.62e42fefa39efp-1")
_LOG: Final = tuple(map(float.fromhex, ("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")))
_LOG_TABLE: Final = (
    ("0x1.661ec79f8f3bep+0", "-0x1.57bf7808caadep-2"),
    ("0x1.571ed4aaf883dp+0", "-0x1.2bef0a7c06ddbp-2"),
    ("0x1.49539f0f010bp+0", "-0x1.01eae7f513a67p-2"),
    ("0x1.3c995b0b80385p+0", "-0x1.b31d8a68224e9p-3"),
    ("0x1.30d190c8864a5p+0", "-0x1.6574f0ac07758p-3"),
    ("0x1.25e227b0b8eap+0", "-0x1.1aa2bc79c81p-3"),
    ("0x1.1bb4a4a1a343fp+0", "-0x1.a4e76ce8c0e5ep-4"),
    ("0x1.12358f08ae5bap+0", "-0x1.1973c5a611cccp-4"),
    ("0x1.0953f419900a7p+0", "-0x1.252f438e10c1ep-5"),
    ("0x1p+0", "0x0p+0"),
    ("0x1.e608cfd9a47acp-1", "0x1.aa5aa5df25984p-5"),
    ("0x1.ca4b31f026aap-1", "0x1.c5e53aa362eb4p-4"),
    ("0x1.b2036576afce6p-1", "0x1.526e57720db08p-3"),
    ("0x1.9c2d163a1aa2dp-1", "0x1.bc2860d22477p-3"),
    ("0x1.886e6037841edp-1", "0x1.1058bc8a07ee1p-2"),
    ("0x1.767dcf5534862p-1", "0x1.4043057b6ee09p-2"),
)
_LOG_FROM: Final = 0x3F330000


def _powers() -> np.ndarray:
    """Bits of 2^(i/32), each less i parts of the exponent, so that the bits of a whole power can be added to them."""
    with localcontext() as context:
        context.prec = 40
        values = [float(Decimal(2) ** (Decimal(i) / _PARTS)) for i in range(_PARTS)]
    return np.array(values).view(np.uint64) - (np.arange(_PARTS, dtype=np.uint64) << np.uint64(47))


_POWERS: Final = _powers()


def exp32(x: Single) -> Single:
    """Return exp(x) in single precision; x (n,) between −87 and 88.7, where neither end of the range is reached.

    exp(x) = 2^(k/32)·2^(r/32) with k the nearest whole number to 32·x/ln 2: the first factor from a table, the second
    by a polynomial of degree three.
    """
    scaled = _PER_LN2 * x.astype(np.float64)
    shifted = scaled + _SHIFT
    whole = shifted.view(np.uint64)
    r = scaled - (shifted - _SHIFT)
    power = (_POWERS[(whole & np.uint64(_PARTS - 1)).astype(np.intp)] + (whole << np.uint64(47))).view(np.float64)
    value = (_EXP[0] * r + _EXP[1]) * (r * r) + (_EXP[2] * r + 1.0)
    return (value * power).astype(np.float32)


def log32(x: np.float32) -> np.float32:
    """Return ln x in single precision; x positive and not smaller than the smallest normal float32.

    x = 2^k·z with z in [0.7, 1.4); ln z = ln c + ln(1 + (z/c − 1)), c from a table, the rest by a polynomial.
    """
    bits = int(np.float32(x).view(np.uint32))
    moved = bits - _LOG_FROM
    inverse, log_c = map(float.fromhex, _LOG_TABLE[(moved >> 19) % 16])
    k = moved >> 23
    z = float(np.uint32((bits - (k << 23)) & 0xFFFFFFFF).view(np.float32))
    r = z * inverse - 1.0
    start = log_c + k * _LN2
    squared = r * r
    value = (_LOG[0] * squared + (_LOG[1] * r + _LOG[2])) * squared + (start + r)
    return np.float32(value)
