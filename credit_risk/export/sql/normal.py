"""The standard normal distribution function in SQL, which has none: rational approximations of the error function.

Coefficients are those of the Cephes library (S. L. Moshier), relative error below 1e-15 for |x| < 8·√2.
"""

from __future__ import annotations

from credit_risk.export.sql.dialects import Dialect

_ERF: tuple[float, ...] = (9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3)
_ERF = (*_ERF, 7.00332514112805075473e3, 5.55923013010394962768e4)
_ERF_BELOW: tuple[float, ...] = (1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3)
_ERF_BELOW = (*_ERF_BELOW, 2.26290000613890934246e4, 4.92673942608635921086e4)
_NEAR: tuple[float, ...] = (2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0)
_NEAR = (*_NEAR, 4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2, 9.34528527171957607540e2)
_NEAR = (*_NEAR, 1.02755188689515710272e3, 5.57535335369399327526e2)
_NEAR_BELOW: tuple[float, ...] = (1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2)
_NEAR_BELOW = (*_NEAR_BELOW, 9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3)
_NEAR_BELOW = (*_NEAR_BELOW, 1.65666309194161350182e3, 5.57535340817727675546e2)
_FAR: tuple[float, ...] = (5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0)
_FAR = (*_FAR, 6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0)
_FAR_BELOW: tuple[float, ...] = (1.0, 2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1)
_FAR_BELOW = (*_FAR_BELOW, 1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0)
ROOT = 0.70710678118654752440
LAST = 37.5
"""Beyond it the function is 0 or 1 to all digits."""


def distribution(d: Dialect, x: str, z: str, square: str) -> str:
    """`Φ(x)` of a column x; columns z = x/√2 (x cut at ±LAST) and square = z²."""
    half, one, size = d.literal(0.5), d.literal(1.0), f"ABS({z})"
    middle = f"{half} + {half} * {z} * {_horner(d, square, _ERF)} / {_horner(d, square, _ERF_BELOW)}"
    tail = f"EXP(-{square}) * CASE WHEN {size} < {d.literal(8.0)}"
    tail += f" THEN {_horner(d, size, _NEAR)} / {_horner(d, size, _NEAR_BELOW)}"
    tail += f" ELSE {_horner(d, size, _FAR)} / {_horner(d, size, _FAR_BELOW)} END"
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN {size} < {d.literal(1e-150)} THEN {half}"
        f" WHEN {size} < {one} THEN {middle}"
        f" WHEN {x} > 0 THEN {one} - {half} * {tail} ELSE {half} * {tail} END"
    )


def _horner(d: Dialect, x: str, coefficients: tuple[float, ...]) -> str:
    text = d.literal(coefficients[0])
    for one in coefficients[1:]:
        text = f"({text} * {x} + {d.literal(one)})"
    return text
