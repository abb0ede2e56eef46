"""The rows that engines are compared on: verification rows, the neighbours of every threshold, rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from credit_risk.export.program import Band, Classify, Let, Line, Program, Tree, read

Thresholds = dict[str, np.ndarray]


def thresholds(program: Program) -> Thresholds:
    """Distinct numbers, ascending, that each value of a program is held against, by name: intervals, splits, bands."""
    found: dict[str, set[float]] = {}
    for name, numbers in _held_against(program):
        found.setdefault(name, set()).update(numbers)
    return {name: np.array(sorted(numbers)) for name, numbers in found.items() if numbers}


def _held_against(program: Program) -> Iterator[tuple[str, list[float]]]:
    for one in program.statements:
        match one:
            case Classify() if one.numeric:
                bounds = [edge for b in one.bins for edge in (b.lower, b.upper) if edge is not None]
                yield one.input, [*bounds, *(float(code) for b in one.bins for code in b.codes)]
            case Tree():
                for place, threshold in zip(one.feature, one.threshold, strict=True):
                    if threshold is not None:
                        yield one.features[place], [threshold]
            case Band():
                yield one.input, list(one.cuts)
            case Line():
                yield one.input, list(one.knots)


def neighbours(threshold: float) -> list[float]:
    """A threshold, the doubles beside it, its float32 and the float32 numbers beside that, each once, finite only."""
    with np.errstate(over="ignore"):
        single = np.float32(threshold)
        near = [
            threshold,
            np.nextafter(threshold, -np.inf),
            np.nextafter(threshold, np.inf),
            float(single),
            float(np.nextafter(single, np.float32(-np.inf))),
            float(np.nextafter(single, np.float32(np.inf))),
        ]
    return list(dict.fromkeys(float(x) for x in near if np.isfinite(x)))


def threshold_rows(program: Program, base: pd.DataFrame) -> pd.DataFrame:
    """Rows of `base`, in turn, each with one input at or beside a threshold that the program holds it against.

    `base` has the input columns and one row or more. Where a value is calculated from one input alone, as an input
    without its special codes is, its thresholds are the input's too. Thresholds of other derived values are not here:
    no input is one.
    """
    alone = _alone(program)
    held: dict[str, set[float]] = {}
    for name, numbers in thresholds(program).items():
        for column in alone.get(name, ()):
            held.setdefault(column, set()).update(numbers)
    edges = [(name, edge) for name, numbers in held.items() for edge in sorted(numbers)]
    cases = [(name, x) for name, edge in edges for x in neighbours(edge)]
    columns = [one.name for one in program.inputs]
    turn = np.arange(len(cases)) % max(len(base), 1)
    rows = base[columns].iloc[turn].reset_index(drop=True)
    for name in sorted({name for name, _ in cases}):
        places = [k for k, case in enumerate(cases) if case[0] == name]
        values = rows[name].to_numpy(dtype=np.float64, copy=True)
        values[places] = [cases[k][1] for k in places]
        rows[name] = values
    return rows


def _alone(program: Program) -> dict[str, frozenset[str]]:
    """The one number among the inputs that a value is, or is calculated from, by name; others are absent."""
    numbers = {one.name for one in program.inputs if one.kind == "number"}
    sources = {one.name: frozenset({one.name}) for one in program.inputs}
    for one in program.statements:
        if isinstance(one, Let):
            sources[one.name] = frozenset().union(*(sources.get(name, {name}) for name in read(one)))
    return {name: found for name, found in sources.items() if len(found) == 1 and found <= numbers}


def near_thresholds(program: Program, values: dict[str, np.ndarray], tolerance: float) -> np.ndarray:
    """Rows (bool, (n,)) where a value is beside a threshold, not on it, within `tolerance` of its size.

    Spreadsheets take such numbers for equal, so they cannot be held to the exact side. `values` are those of
    `CompiledModel.values` by name.
    """
    rows = len(next(iter(values.values())))
    found = np.zeros(rows, dtype=bool)
    for name, numbers in thresholds(program).items():
        if name not in values:
            continue
        x = np.asarray(values[name], dtype=np.float64)
        at = np.searchsorted(numbers, x)
        for place in (np.clip(at - 1, 0, None), np.clip(at, None, len(numbers) - 1)):
            near = numbers[place]
            found |= (x != near) & (np.abs(x - near) <= tolerance * np.maximum(np.abs(x), np.abs(near)))
    return found


def covering(trace: pd.DataFrame) -> np.ndarray:
    """Places of rows (int64, in the order of taking) that reach every value of every column of a trace (bins, leaves).

    The value that the fewest rows reach comes first: the first row that reaches it is taken, unless a row that was
    taken before does. Missing values (of rows in error) are none.
    """
    if trace.empty:
        return np.zeros(0, dtype=np.int64)
    sides = np.full(trace.shape, -1, dtype=np.int64)
    count = 0
    for place, name in enumerate(trace):
        codes, values = pd.factorize(trace[name])
        sides[:, place] = np.where(codes >= 0, codes + count, -1)
        count += len(values)
    known, first, often = np.unique(sides.reshape(-1), return_index=True, return_counts=True)
    reached = np.zeros(count + 1, dtype=bool)
    reached[-1] = True
    taken: list[int] = []
    for k in np.argsort(often, kind="stable").tolist():
        if not reached[known[k]]:
            taken.append(int(first[k]) // trace.shape[1])
            reached[sides[taken[-1]]] = True
    return np.array(taken, dtype=np.int64)
