"""What an engine gave against what the package gives: paths, numbers, grades, reasons, decisions, rows in error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import IN_ERROR, Classify, Program, Tree
from credit_risk.scoring import CompiledModel
from credit_risk.scoring.steps import pack_trees, tree_leaves

NUMBERS = ("linear_score", "probability", "probability_with_margin", "expected_value", "score")
SAME_PATH = 1e-9
"""A linear score that differs by more is of another path, where the engine does not tell its path."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the package gives for rows: published columns, the trace of its path, and rows it refuses (bool, (n,)).

    Rows that are refused have missing results. `values` are all values by name of the rows.
    """

    results: pd.DataFrame
    trace: pd.DataFrame
    refused: np.ndarray
    values: dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Parity:
    """Agreement of an engine with the package on some rows.

    `paths` is `told` where the engine tells bins and leaves, else `inferred` from the linear score; `exempt` are rows
    left out because a value is nearer to a threshold than the engine tells apart. `largest` holds the greatest
    difference by column, absolute for probabilities, otherwise relative to values above 1; columns that the engine does
    not give are absent. None where there was nothing to compare.
    """

    rows: int
    path_differs: int | None
    paths: str
    exempt: int
    largest: dict[str, float]
    grades_differ: int | None
    reasons_differ: int | None
    decisions_differ: int | None
    errors_differ: int | None

    def agrees(self, tolerance: float) -> bool:
        """Whether nothing differs but for rounding: no path, grade, reason, decision; no number by more."""
        counts = (self.path_differs, self.grades_differ, self.reasons_differ, self.decisions_differ, self.errors_differ)
        return not any(counts) and all(gap <= tolerance for gap in self.largest.values())


def expected_results(compiled: CompiledModel, program: Program, frame: pd.DataFrame) -> Expected:
    """Score rows with the package's own arithmetic; rows that it refuses have missing results."""
    refused = compiled.rows_in_error(frame)
    good = frame[~refused].reset_index(drop=True)
    scored = compiled.score(good) if len(good) else compiled.score(frame.iloc[:0])
    places = np.flatnonzero(~refused)
    results = scored.set_index(places).reindex(range(len(frame)))
    values = compiled.values(good)
    trace = _trace(compiled, program, values, len(good)).set_index(places).reindex(range(len(frame)))
    return Expected(results, trace, refused, values)


def _trace(compiled: CompiledModel, program: Program, values: dict[str, np.ndarray], rows: int) -> pd.DataFrame:
    """Bins as numbers and leaves by value, one column a name of the program."""
    columns: dict[str, np.ndarray] = {}
    steps = {step["id"]: step for step in compiled.model["steps"]}
    leaves: dict[str, np.ndarray] = {}
    for one in program.statements:
        if isinstance(one, Classify):
            columns[one.name] = values[one.name].astype(np.float64)
        elif isinstance(one, Tree):
            if one.step not in leaves:
                step = steps[one.step]
                matrix = np.column_stack([values[name] for name in step["features"]])
                found = tree_leaves(step, matrix)
                picked = [tree.value[found[:, k]] for k, tree in enumerate(pack_trees(step))]
                leaves[one.step] = np.column_stack(picked)
            columns[one.name] = leaves[one.step][:, one.number - 1]
    return pd.DataFrame(columns, index=range(rows))


def compare(expected: Expected, run: EngineRun, exempt: np.ndarray | None = None) -> Parity:
    """Compare what an engine gave with what the package gives, row by row.

    exempt: rows (bool, (n,)) to leave out. Raises PackageError where the engine gave another number of rows.
    """
    rows = len(expected.results)
    if len(run.results) != rows or (run.trace is not None and len(run.trace) != rows):
        raise PackageError(Fault(f"the engine gave {len(run.results)} rows for {rows}", "engine_rows"))
    kept = np.ones(rows, dtype=bool) if exempt is None else ~exempt
    good = kept & ~expected.refused
    ours, theirs = expected.results[good].reset_index(drop=True), run.results[good].reset_index(drop=True)
    shared = [name for name in ours if name in theirs]
    largest = {name: _gap(ours[name], theirs[name]) for name in shared if name in NUMBERS}
    differs, paths = _paths(expected.trace[good].reset_index(drop=True), run.trace, good, ours, theirs)
    decisions = [name for name in shared if name.startswith("decision:") or name == "overall_decision"]
    return Parity(
        rows=int(kept.sum()),
        path_differs=differs,
        paths=paths,
        exempt=int(rows - kept.sum()),
        largest=largest,
        grades_differ=_unlike(ours, theirs, [name for name in shared if name == "grade"]),
        reasons_differ=_unlike(ours, theirs, [name for name in shared if name.startswith("reason_")]),
        decisions_differ=_unlike(ours, theirs, decisions),
        errors_differ=_errors(expected.refused[kept], run.results[kept]),
    )


def _gap(ours: pd.Series, theirs: pd.Series) -> float:
    """Greatest difference over the greater of 1 and our value; infinite where only one side is missing."""
    a, b = ours.to_numpy(dtype=np.float64), theirs.to_numpy(dtype=np.float64)
    if (np.isnan(a) != np.isnan(b)).any():
        return float("inf")
    known = ~np.isnan(a)
    gaps = np.abs(a[known] - b[known]) / np.maximum(1.0, np.abs(a[known]))
    return float(gaps.max()) if known.any() else 0.0


def _paths(
    expected: pd.DataFrame, trace: pd.DataFrame | None, good: np.ndarray, ours: pd.DataFrame, theirs: pd.DataFrame
) -> tuple[int | None, str]:
    """Rows whose path differs, and how that is known."""
    if trace is not None and set(expected.columns) <= set(trace.columns):
        found = trace[good].reset_index(drop=True)[list(expected.columns)].to_numpy(dtype=np.float64)
        want = expected.to_numpy(dtype=np.float64)
        return int((~((found == want) | (np.isnan(found) & np.isnan(want)))).any(axis=1).sum()), "told"
    if "linear_score" not in theirs:
        return None, "not told"
    a, b = ours["linear_score"].to_numpy(dtype=np.float64), theirs["linear_score"].to_numpy(dtype=np.float64)
    near = np.abs(a - b) <= SAME_PATH * np.maximum(1.0, np.abs(a))
    return int((~(near | (np.isnan(a) & np.isnan(b)))).sum()), "inferred"


def _unlike(ours: pd.DataFrame, theirs: pd.DataFrame, names: list[str]) -> int | None:
    """Rows where any of the columns differs; missing is like missing. None where there is no column."""
    if not names:
        return None
    differs = np.zeros(len(ours), dtype=bool)
    for name in names:
        a, b = ours[name].astype(object), theirs[name].astype(object)
        same = (a == b).to_numpy(dtype=bool) | (a.isna() & b.isna()).to_numpy(dtype=bool)
        differs |= ~same
    return int(differs.sum())


def _errors(refused: np.ndarray, results: pd.DataFrame) -> int | None:
    """Rows that only one side refuses."""
    if IN_ERROR not in results:
        return None
    told = results[IN_ERROR].to_numpy(dtype=np.float64) != 0.0
    return int((told != refused).sum())
