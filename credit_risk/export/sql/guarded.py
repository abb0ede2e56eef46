"""Arithmetic where a dialect raises on overflow, and some on underflow: NULL beyond the range, 0 below it.

The conditions are exact: they scale by powers of two, so a result is left out only where IEEE arithmetic gives
infinity.
"""

from __future__ import annotations

import math

from credit_risk.export.sql.dialects import GREATEST_DOUBLE, Dialect
from credit_risk.export.sql.ranges import Range, added, divided, multiplied, underflows

NUMERIC = {"add", "subtract", "multiply", "divide", "minimum", "maximum", "negate", "absolute", "floor"}
NUMERIC |= {"exponential", "logarithm", "normal", "round_half_away_from_zero"}
MOST_EXPONENT = 709.782712893384
LEAST_EXPONENT = -745.1332191019411
NORMAL_EXPONENT = -708.0


def is_safe(operation: str, a: Range, b: Range) -> bool:
    """Whether an operation stays within the range of doubles, whatever the values."""
    if operation in ("add", "subtract"):
        return a.bounded and b.bounded and added(a, b).bounded
    if operation == "multiply":
        found = multiplied(a, b)
        return found.bounded and not underflows(found)
    found = divided(a, b)
    return found.bounded and not underflows(found)


def binary(d: Dialect, operation: str, a: str, b: str, values: tuple[float | None, ...]) -> str:
    """`a` and `b` are columns or constants; `values` those of constants."""
    if operation in ("add", "subtract"):
        sign = "+" if operation == "add" else "-"
        far, half, edge = d.literal(1e290), d.literal(0.5), d.literal(2.0**1023)
        return (
            f"CASE WHEN ABS({a}) <= {far} OR ABS({b}) <= {far} THEN {a} {sign} {b}"
            f" WHEN ABS({a} * {half} {sign} {b} * {half}) < {edge} THEN {a} {sign} {b} END"
        )
    if operation == "multiply":
        left, right = values
        if left is not None or right is not None:
            return _by_constant(d, a, b, values)
        return _product(d, a, b)
    return _quotient(d, a, b)


def _by_constant(d: Dialect, a: str, b: str, values: tuple[float | None, ...]) -> str:
    """A product with a constant: the ends of the range are known."""
    left, right = values
    if left is not None and right is not None:
        known = left * right
        return "NULL" if math.isinf(known) else d.literal(known)
    constant, x = (left, b) if left is not None else (right, a)
    assert constant is not None
    if constant == 0:
        return f"({x} - {x})"
    product = f"{a} * {b}"
    size = abs(constant)
    if size > 1:
        return f"CASE WHEN ABS({x}) <= {d.literal(_last(size))} THEN {product} END"
    if size < 1:
        return f"CASE WHEN ABS({x}) < {d.literal(_first(size))} THEN {d.literal(0.0)} ELSE {product} END"
    return f"({product})"


def _last(size: float) -> float:
    """The greatest x with x·size finite."""
    x = GREATEST_DOUBLE / size
    while math.isinf(x * size):
        x = math.nextafter(x, 0.0)
    while not math.isinf(math.nextafter(x, math.inf) * size):
        x = math.nextafter(x, math.inf)
    return x


def _first(size: float) -> float:
    """The smallest positive x with x·size other than zero, for a size below 1: found by halving."""
    low, high = 0.0, 2.0
    while high * size == 0.0:
        low, high = high, high * 2.0
    while (middle := low + (high - low) / 2) not in (low, high):
        low, high = (middle, high) if middle * size == 0.0 else (low, middle)
    return high


def _product(d: Dialect, a: str, b: str) -> str:
    low, high, one, zero = d.literal(1e-150), d.literal(1e150), d.literal(1.0), d.literal(0.0)
    down, up, half = d.literal(2.0**-512), d.literal(2.0**537), d.literal(0.5)
    return (
        f"CASE WHEN {a} = 0 OR {b} = 0 THEN {zero}"
        f" WHEN ABS({a}) BETWEEN {low} AND {high} AND ABS({b}) BETWEEN {low} AND {high} THEN {a} * {b}"
        f" WHEN ABS({a}) >= {one} AND ABS({b}) >= {one} THEN"
        f" CASE WHEN (ABS({a}) * {down}) * (ABS({b}) * {down}) < {one} THEN {a} * {b} END"
        f" WHEN ABS({a}) < {one} AND ABS({b}) < {one} THEN"
        f" CASE WHEN (ABS({a}) * {up}) * (ABS({b}) * {up}) > {half} THEN {a} * {b} ELSE {zero} END"
        f" ELSE {a} * {b} END"
    )


def _quotient(d: Dialect, a: str, b: str) -> str:
    low, high, one, zero = d.literal(1e-150), d.literal(1e150), d.literal(1.0), d.literal(0.0)
    wide, narrow = d.literal(2.0**512), d.literal(2.0**-512)
    up, down = d.literal(2.0**537), d.literal(2.0**-538)
    return (
        f"CASE WHEN {b} = 0 THEN NULL WHEN {a} = 0 THEN {zero}"
        f" WHEN ABS({a}) BETWEEN {low} AND {high} AND ABS({b}) BETWEEN {low} AND {high} THEN {a} / {b}"
        f" WHEN ABS({b}) < {one} AND ABS({a}) >= {d.literal(1e-20)} THEN"
        f" CASE WHEN ABS({a}) * {narrow} < ABS({b}) * {wide} THEN {a} / {b} END"
        f" WHEN ABS({b}) > {one} AND ABS({a}) < {one} THEN"
        f" CASE WHEN ABS({a}) * {up} > ABS({b}) * {down} THEN {a} / {b} ELSE {zero} END"
        f" ELSE {a} / {b} END"
    )


def exponential(d: Dialect, x: str, known: Range) -> str:
    """`exp(x)`; below the normal doubles in two factors, since some engines take those for errors."""
    if d.ieee or (known.high < 709 and known.low > NORMAL_EXPONENT):
        return f"EXP({x})"
    far = d.literal(100.0)
    return (
        f"CASE WHEN {x} > {d.literal(MOST_EXPONENT)} THEN NULL WHEN {x} >= {d.literal(NORMAL_EXPONENT)} THEN EXP({x})"
        f" WHEN {x} >= {d.literal(LEAST_EXPONENT)} THEN EXP({x} + {far}) * {d.literal(math.exp(-100.0))}"
        f" WHEN {x} IS NOT NULL THEN {d.literal(0.0)} END"
    )
