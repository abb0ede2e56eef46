"""Attributions of trees: the cell of each part of a tree as a number, and what it adds to each characteristic.

What a part of a tree adds depends only on the intervals in which the features of its splits lie
(`credit_risk.export.program.attribution_cells`), so the cell is found once, with one comparison a split, and what it
adds is read from constants: by place in a list where the dialect has lists, else by halving.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from credit_risk.export.program import Attribution, Let, Program, Rank, Statement, Tree, produced, read
from credit_risk.export.program.attribution_cells import Axis, Unit, most_constants
from credit_risk.export.program.terms import (
    FALSE,
    FLAG,
    NUMBER,
    TEXT,
    ZERO,
    Constant,
    Failed,
    Term,
    names_read,
    negated,
    parts,
)
from credit_risk.export.sql.terms import Printer

MOST_CONSTANTS = 100_000
"""How many constants of attributions a statement holds; a model that needs more is written without reasons."""
UNITS_TOGETHER = 50
"""Parts of trees whose cells stand in one step."""


def constants(one: Attribution, trees: Mapping[str, Tree]) -> int:
    """How many constants the attributions of a model take at most."""
    return most_constants(one, trees, MOST_CONSTANTS)


def cell(one: Attribution, unit: Unit, p: Printer) -> str:
    """The number of the cell of a unit, from the dialect's first place of a list on."""
    first = [str(p.dialect.first_place)] if p.dialect.listed is not None and p.dialect.first_place else []
    return " + ".join([*first, *(_level(p.column(one.features[axis.feature]), axis, p) for axis in unit.axes)])


def _level(x: str, axis: Axis, p: Printer) -> str:
    """What an axis adds to the number of the cell; a comparison with NULL goes on to the next case."""
    last = len(axis.thresholds)
    if axis.missing == 0:
        cases = [(f"{x} >= {p.number(axis.thresholds[k - 1])}", k) for k in range(last, 0, -1)]
    else:
        cases = [(f"{x} < {p.number(threshold)}", k) for k, threshold in enumerate(axis.thresholds)]
        if axis.missing != last:
            cases.insert(0, (f"{x} IS NULL", axis.missing))
    written = " ".join(f"WHEN {condition} THEN {level * axis.step}" for condition, level in cases)
    return f"CASE {written} ELSE {0 if axis.missing == 0 else last * axis.step} END"


def added(values: Sequence[float], place: str, p: Printer) -> str:
    """The value of a cell by its number, which the column `place` holds."""
    if len(set(values)) == 1:
        return p.number(values[0])
    if p.dialect.listed is not None:
        return p.dialect.listed(values, place)
    starts = [k for k, value in enumerate(values) if k == 0 or value != values[k - 1]]
    most = 2 ** (p.dialect.case_depth - 1)
    runs = [starts[k : k + most] for k in range(0, len(starts), most)]
    texts = [_halved(values, part, place, p) for part in runs]
    if len(texts) == 1:
        return texts[0]
    cases = " ".join(f"WHEN {place} < {part[0]} THEN {text}" for part, text in zip(runs[1:], texts, strict=False))
    return f"CASE {cases} ELSE {texts[-1]} END"


def _halved(values: Sequence[float], starts: Sequence[int], place: str, p: Printer) -> str:
    """The value of the run in which a number lies; `starts` are the first numbers of the runs."""
    if len(starts) == 1:
        return p.number(values[starts[0]])
    middle = (len(starts) + 1) // 2
    low, high = (_halved(values, part, place, p) for part in (starts[:middle], starts[middle:]))
    return f"CASE WHEN {place} < {starts[middle]} THEN {low} ELSE {high} END"


def without_reasons(program: Program, dropped: set[str]) -> Program:
    """A program without these attributions: reasons that need them are missing, and are not published."""
    gone = set(dropped)
    statements: list[Statement] = []
    for one in program.statements:
        if isinstance(one, Attribution) and set(one.outputs) & dropped:
            continue
        if gone.isdisjoint(_values_read(one)):
            statements.append(one)
            continue
        gone.update(produced(one))
        failed = one.failed if isinstance(one, Let | Rank) else FALSE
        for name in produced(one):
            kind = one.kind if isinstance(one, Let) else TEXT if isinstance(one, Rank) else NUMBER
            nothing = {NUMBER: ZERO, TEXT: Constant(""), FLAG: FALSE}[kind]
            statements.append(Let(name, kind, nothing, negated(failed), failed))
    published = tuple(one for one in program.published if one.name not in gone)
    return replace(program, statements=tuple(statements), published=published)


def _values_read(one: Statement) -> set[str]:
    """Names whose values a statement reads: not those of which it reads only that they are in error."""
    if not isinstance(one, Let):
        return set(read(one))
    found = {name for term in (one.value, one.absent, one.failed) for name in names_read(term)}
    return found - {name for term in (one.value, one.absent, one.failed) for name in _errors_read(term)}


def _errors_read(term: Term) -> Iterator[str]:
    if isinstance(term, Failed):
        yield term.name
    for part in parts(term):
        yield from _errors_read(part)
