"""Classings, points, grades and calibration maps as CASE expressions, a line each with its bin in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from credit_risk.export.program import Band, Bin, Classify, Line, Pick
from credit_risk.export.program.terms import Name
from credit_risk.export.sql.terms import Printer

CHUNK = 100
"""Where a CASE has more cases, it is cut into two layers, so that an engine looks at some 2·√n of them."""
Cases = list[tuple[str, str, str]]


def comment(text: str) -> str:
    """Words for the end of a line: one line, printable, of bounded length."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= 100 else plain[:97] + "..."


def lined(cases: Cases, last: tuple[str, str], head: str = "CASE") -> list[str]:
    """A CASE over lines: condition, value, words; `last` is value and words of ELSE."""
    found = [head]
    found += [_told(f"  WHEN {condition} THEN {value}", words) for condition, value, words in cases]
    return [*found, _told(f"  ELSE {last[0]}", last[1]), "END"]


def _told(line: str, words: str) -> str:
    return f"{line} -- {comment(words)}" if words else line


def stepped(
    cuts: Sequence[float], values: Sequence[str], words: Sequence[str], x: str, literal: Callable[[float], str]
) -> list[str]:
    """`values[i]` where x lies in `[cuts[i − 1], cuts[i])`: one value more than cuts, ends open."""
    size = CHUNK if len(cuts) > CHUNK else len(cuts) + 1
    groups = [range(start, min(start + size, len(values))) for start in range(0, len(values), size)]
    if len(groups) == 1:
        return _layer(groups[0], cuts, values, words, x, literal)
    found = ["CASE"]
    for group in groups[:-1]:
        inner = _layer(group, cuts, values, words, x, literal)
        found += [f"  WHEN {x} < {literal(cuts[group[-1]])} THEN", *("    " + line for line in inner)]
    return [*found, "  ELSE", *("    " + line for line in _layer(groups[-1], cuts, values, words, x, literal)), "END"]


def _layer(
    places: range,
    cuts: Sequence[float],
    values: Sequence[str],
    words: Sequence[str],
    x: str,
    literal: Callable[[float], str],
) -> list[str]:
    if len(places) == 1:
        return [_told(values[places[0]], words[places[0]])]
    cases = [(f"{x} < {literal(cuts[k])}", values[k], words[k]) for k in places[:-1]]
    return lined(cases, (values[places[-1]], words[places[-1]]))


def classified(one: Classify, p: Printer) -> list[str]:
    """The number of the bin: missing, special codes, intervals or categories, all else."""
    x = p.column(one.input)
    taker = next(b for b in one.bins if b.takes_missing)
    cases: Cases = [(f"{x} IS NULL", str(taker.id), _also("missing", taker))]
    for b in one.bins:
        if b.codes:
            if one.numeric:
                condition = p.among(x, [p.number(float(code)) for code in b.codes])
            else:
                condition = p.text_among(Name(one.input), [str(code) for code in b.codes])
            cases.append((condition, str(b.id), _also("special code", b)))
    if one.numeric:
        return _intervals(one, cases, x, p)
    for b in one.bins:
        if b.kind == "categories" and b.values:
            cases.append((p.text_among(Name(one.input), list(b.values)), str(b.id), b.label))
    unseen = next((b for b in one.bins if b.kind == "unseen"), None)
    return lined(cases, (str(unseen.id), unseen.label) if unseen else ("NULL", ""))


def _also(what: str, b: Bin) -> str:
    return f"{what}: {b.label}" if b.kind in ("interval", "categories") else b.label


def _intervals(one: Classify, cases: Cases, x: str, p: Printer) -> list[str]:
    bins = sorted((b for b in one.bins if b.kind == "interval"), key=_lower)
    if not bins:
        return lined(cases, ("NULL", "no interval"))
    cuts = [float(b.upper) for b in bins[:-1] if b.upper is not None]
    if len(bins) > CHUNK:
        inner = stepped(cuts, [str(b.id) for b in bins], [b.label for b in bins], x, p.number)
        outer = lined(cases, ("", ""))
        return [*outer[:-2], "  ELSE", *("    " + line for line in inner), "END"]
    cases = [*cases, *((f"{x} < {p.number(cut)}", str(b.id), b.label) for b, cut in zip(bins, cuts, strict=False))]
    return lined(cases, (str(bins[-1].id), bins[-1].label))


def _lower(b: Bin) -> float:
    return float("-inf") if b.lower is None else b.lower


def picked(one: Pick, p: Printer) -> list[str]:
    """Weight of evidence or points of a bin."""
    x = p.column(one.bin)
    values = [p.number(value) for value in one.values]
    if len(values) > CHUNK:
        cuts = [k + 1 for k in range(len(values) - 1)]
        return stepped(cuts, values, one.labels, x, lambda value: str(int(value)))
    cases = [(str(k), value, label) for k, (value, label) in enumerate(zip(values, one.labels, strict=True))]
    return lined(cases, ("NULL", ""), f"CASE {x}")


def banded(one: Band, p: Printer) -> list[str]:
    """Level of the interval in which a number lies: grades, step functions."""
    x = p.column(one.input)
    text = one.kind == "text"
    values = [p.dialect.string(str(level)) if text else p.number(float(level)) for level in one.levels]
    inner = stepped(one.cuts, values, [""] * len(values), x, p.number)
    if len(inner) == 1:
        return [f"CASE WHEN {x} IS NOT NULL THEN {inner[0]} END"]
    return _not_null(x, inner)


def _not_null(x: str, inner: list[str]) -> list[str]:
    return [inner[0], f"  WHEN {x} IS NULL THEN NULL", *inner[1:]]


def interpolated(one: Line, p: Printer) -> list[str]:
    """A straight line between knots, constant outside."""
    x = p.column(one.input)
    values = [p.number(one.levels[0])]
    for knot, level, slope in zip(one.knots, one.levels, one.slopes, strict=False):
        values.append(_straight(x, knot, level, slope, p))
    values.append(p.number(one.levels[-1]))
    inner = stepped(one.knots, values, [""] * len(values), x, p.number)
    return _not_null(x, inner)


def _straight(x: str, knot: float, level: float, slope: float, p: Printer) -> str:
    line = f"{p.number(level)} + ({x} - {p.number(knot)}) * {p.number(slope)}"
    if p.dialect.ieee or abs(slope) * 1e-300 > 0 or slope == 0:
        return line
    near = p.number(1e-290)
    return f"CASE WHEN {x} - {p.number(knot)} < {near} THEN {p.number(level)} ELSE {line} END"
