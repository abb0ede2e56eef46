"""A model.json made ready to score: evaluated step by step, vectorised over the rows of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, PackageError, ScoringError
from credit_risk.scoring import steps as s
from credit_risk.scoring.attribution import PackedAttribution, evaluate_attribution, pack_step
from credit_risk.scoring.check import check_model
from credit_risk.scoring.columns import (
    BIN,
    FLAG,
    NUMBER,
    REASONS,
    STRING,
    Column,
    Run,
    any_error,
    any_missing,
    make_number,
)
from credit_risk.scoring.expressions import evaluate
from credit_risk.scoring.inputs import as_pandas, open_inputs, read_inputs
from credit_risk.scoring.step_names import produced_names, read_names

Step = Mapping[str, Any]
PUBLISHED = (
    "linear_score",
    "probability",
    "probability_with_margin",
    "expected_value",
    "score",
    "grade",
    "reasons",
    "decision",
    "overall_decision",
)
BLOCK = 32_768
"""Rows that are run together: what they need at a time stays in the cache of the processor."""
Packed = list[s.PackedTree] | PackedAttribution


def compile_model(model: Mapping[str, Any]) -> CompiledModel:
    """Check the names, kinds, bins and trees of a model.json (already valid under model.schema.json) and make it ready.

    Raises PackageError with every fault.
    """
    kinds = check_model(model)
    trees = {step["id"]: step for step in model["steps"] if step["type"] == "trees"}
    packed: dict[str, Packed] = {name: s.pack_trees(step) for name, step in trees.items()}
    packed |= {
        step["id"]: pack_step(step, trees[step["trees"]]) for step in model["steps"] if step["type"] == "attribution"
    }
    faults = [fault for index, step in enumerate(model["steps"]) for fault in _base_faults(step, index, packed)]
    if faults:
        raise PackageError(faults)
    return CompiledModel(dict(model), kinds, packed)


def _base_faults(step: Step, index: int, packed: Mapping[str, Packed]) -> list[Fault]:
    """A stated base that is not the mean output over the background (to 1e-9; for the validator it is a finding)."""
    ready = packed.get(step["id"])
    if not isinstance(ready, PackedAttribution) or math.isclose(ready.base, step["base"], rel_tol=1e-9, abs_tol=1e-9):
        return []
    message = f"is not the mean of the trees over the background, {ready.base!r}"
    return [Fault(message, "schema", "model.json", f"/steps/{index}/base", found=repr(step["base"]))]


@dataclass(frozen=True)
class CompiledModel:
    """A checked model. `kinds` maps every name to number, string, bin, flag or reason list."""

    model: dict[str, Any]
    kinds: dict[str, str]
    packed: dict[str, Packed] = field(repr=False)

    def __repr__(self) -> str:
        head = self.model["model"]
        return f"CompiledModel({head['id']!r}, {head['type']}, {len(self.model['inputs'])} inputs)"

    @property
    def input_names(self) -> list[str]:
        """Columns that a table must have, in the order of the model."""
        return [item["name"] for item in self.model["inputs"]]

    def values(self, frame: Any) -> dict[str, np.ndarray]:
        """Every input and every produced value by name, one entry a row of `frame`.

        Numbers are float64 (NaN missing), strings objects (None missing), bins int64, flags bool (object with
        None where some are missing), reason lists objects (n, maximum). Values in error that no published
        result needs are missing.
        Raises ScoringError as `score` does.
        """
        run = self._run(frame)
        bad = self._in_error(run, self._keys(None))
        needed, _ = self._needed(self._names(self._keys(None)))
        causes = [(step, reason, np.flatnonzero(mask & bad)) for step, reason, mask in run.causes if step in needed]
        _refuse(causes if bad.any() else [], run.rows)
        return {name: column.array() for name, column in run.columns.items()}

    def score(self, frame: Any, *, outputs: Sequence[str] | None = None) -> pd.DataFrame:
        """The published results, one row a row of `frame` (its index is kept).

        Columns: `linear_score`, `probability` or `expected_value`, then `score`, `grade`, `reason_1` …,
        `decision:<guard>` and `overall_decision` as far as the model has them; outputs: of these only the named ones
        (`reasons` and `decision` are names too), and no step is run that they do not need. Rows are run in blocks; the
        result does not depend on them. Raises ScoringError with every fault where input columns are absent or hold what
        the model cannot take, or where a published result is not finite.
        """
        table, keys = as_pandas(frame), self._keys(outputs)
        inputs = open_inputs(self.model["inputs"], table)
        needed, wanted = self._needed(self._names(keys))
        steps = [step for step in self.model["steps"] if step["id"] in needed]
        plain = {name for step in steps if step["type"] != "classing" for name in read_names(step)} | set(
            self._names(keys)
        )
        parts: list[dict[str, np.ndarray]] = []
        causes: list[tuple[str, str, np.ndarray]] = []
        for start in range(0, max(len(table), 1), BLOCK):
            block = slice(start, start + BLOCK)
            run = Run(min(BLOCK, len(table) - start), {}, wanted=wanted)
            for name, one in inputs.items():
                run.columns[name] = one.rows(block, run.none, coded=name not in plain)
            self._run_steps(steps, run)
            bad = self._in_error(run, keys)
            causes += [(step, why, start + np.flatnonzero(mask & bad)) for step, why, mask in run.causes]
            parts.append(self._published(run, keys))
        _refuse(causes, len(table))
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        series = {name: pd.Series(value, index=table.index, dtype=value.dtype) for name, value in whole.items()}
        return pd.DataFrame(series, index=table.index)

    def rows_in_error(self, frame: Any) -> np.ndarray:
        """Rows (bool, (n,)) for which `score` would refuse a published result; input columns are read as strictly."""
        return self._in_error(self._run(frame), self._keys(None))

    def _keys(self, asked: Sequence[str] | None) -> list[str]:
        """Published results in their order, all of them or those asked for. Raises ScoringError for unknown ones."""
        known = [key for key in PUBLISHED if self.model["outputs"].get(key)]
        unknown = [name for name in asked or () if name not in known]
        if unknown:
            raise ScoringError(
                [
                    Fault(f"the model publishes no {name!r}", "output_unknown", allowed=", ".join(known))
                    for name in unknown
                ]
            )
        return known if asked is None else [key for key in known if key in asked]

    def _names(self, keys: Sequence[str]) -> list[str]:
        """Names of the values that published results stand for."""
        found = [self.model["outputs"][key] for key in keys]
        return [name for one in found for name in (one if isinstance(one, list) else [one])]

    def _published(self, run: Run, keys: Sequence[str]) -> dict[str, np.ndarray]:
        outputs, result = self.model["outputs"], {}
        for key in keys:
            if key == "reasons":
                codes = run.columns[outputs[key]].data
                result.update({f"reason_{k + 1}": codes[:, k] for k in range(codes.shape[1])})
            elif key == "decision":
                result.update({f"decision:{name}": run.columns[name].array() for name in outputs[key]})
            else:
                result[key] = run.columns[outputs[key]].array()
        return result

    def _run(self, frame: Any) -> Run:
        table = as_pandas(frame)
        return self._run_steps(self.model["steps"], Run(len(table), read_inputs(self.model["inputs"], table)))

    def _run_steps(self, steps: Sequence[Step], run: Run) -> Run:
        for step in steps:
            _STEPS[step["type"]](step, run, self.packed.get(step["id"]))
        return run

    def _in_error(self, run: Run, keys: Sequence[str]) -> np.ndarray:
        return any_error([run.columns[name] for name in self._names(keys)], run.rows)

    def _needed(self, names: Sequence[str]) -> tuple[set[str], frozenset[str]]:
        """Ids of the steps that values depend on, and the names of all values on the way."""
        wanted, needed = set(names), set()
        for step in reversed(self.model["steps"]):
            if wanted & set(produced_names(step)):
                needed.add(step["id"])
                wanted |= read_names(step)
        return needed, frozenset(wanted)


def _refuse(causes: Sequence[tuple[str, str, np.ndarray]], total: int) -> None:
    """Raise ScoringError where rows of published results are in error. causes: step, reason, rows; in blocks."""
    together: dict[tuple[str, str], list[np.ndarray]] = {}
    for step, reason, rows in causes:
        if len(rows):
            together.setdefault((step, reason), []).append(rows)
    alike: dict[tuple[str, bytes], tuple[list[str], np.ndarray]] = {}
    for (step, reason), parts in together.items():
        rows = np.concatenate(parts)
        alike.setdefault((reason, rows.tobytes()), ([], rows))[0].append(step)
    faults = []
    for (reason, _), (steps, rows) in alike.items():
        shown = ", ".join(str(i + 1) for i in rows[:5]) + (", …" if len(rows) > 5 else "")
        named = f"step {steps[0]!r}" if len(steps) == 1 else f"steps {', '.join(map(repr, steps))}"
        faults.append(
            Fault(
                f"{named}: {reason} in {len(rows)} of {total} rows",
                code="result_not_finite",
                path=steps[0],
                row=int(rows[0]) + 1,
                found=f"rows {shown}",
                remedy="correct the inputs of these rows or take them out",
            )
        )
    if faults:
        raise ScoringError(faults)


def _numbers(run: Run, names: list[str], step: Step, what: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Data of number columns, and the rows in error because one is in error or missing, told as `what` of its name."""
    columns = [run.columns[name] for name in names]
    error = any_error(columns, run.rows)
    missing = any_missing(columns, run.rows) & ~error
    if missing.any():
        for name, column in zip(names, columns, strict=True):
            run.blame(step["id"], what.format(repr(name)), column.missing & missing)
    return [c.data for c in columns], error | missing


def _finite(run: Run, step: Step, data: np.ndarray, missing: np.ndarray, error: np.ndarray) -> Column:
    broken = ~np.isfinite(data) & ~missing & ~error
    run.blame(step["id"], "the result is not finite", broken)
    return make_number(data, missing, error | broken)


def _none(run: Run) -> np.ndarray:
    return run.none


def _derive(step: Step, run: Run, _: Any) -> None:
    found = evaluate(step["expression"], run, step["id"])
    kind = step["value_type"]
    data = found.data
    if found.kind != kind:  # nothing but a null constant
        data = np.full(
            run.rows,
            {NUMBER: np.nan, STRING: None, FLAG: False}[kind],
            dtype=object if kind == STRING else None,
        )
    run.columns[step["output"]] = Column(kind, data, found.missing, found.error)


def _guard(step: Step, run: Run, _: Any) -> None:
    found = evaluate(step["condition"], run, step["id"])
    data = found.data.astype(bool) & ~found.missing & ~found.error
    run.columns[step["output"]] = Column(FLAG, data, _none(run), found.error)


def _classing(step: Step, run: Run, _: Any) -> None:
    column = run.columns[step["input"]]
    if column.codes is not None and column.levels is not None:
        bins = s.classify_levels(step, column.codes, column.levels)
    else:
        bins = s.classify_bins(step, column.array())
    run.columns[step["output_bin"]] = Column(BIN, bins, _none(run), column.error)
    if run.wants(step["output_woe"]):
        run.columns[step["output_woe"]] = make_number(s.bin_woe(step, bins), _none(run), column.error)


def _linear(step: Step, run: Run, _: Any) -> None:
    names = [term["input"] for term in step["terms"]]
    offset = step["offset"]
    terms, error = _numbers(run, names, step, "{} is missing")
    shift = None
    if offset is not None:
        (shift,), missing = _numbers(run, [offset], step, "the offset {} is missing")
        error = error | missing
    with np.errstate(all="ignore"):
        data = s.linear_value(step, terms, shift, run.rows)
    run.columns[step["output"]] = _finite(run, step, data, _none(run), error)


def _trees(step: Step, run: Run, packed: list[s.PackedTree] | None) -> None:
    features = [run.columns[name] for name in step["features"]]
    error = any_error(features, run.rows)
    offset = None
    if step["offset"] is not None:
        (offset,), missing = _numbers(run, [step["offset"]], step, "the offset {} is missing")
        error = error | missing
    matrix = np.column_stack([f.array() for f in features])
    with np.errstate(all="ignore"):
        data = s.evaluate_trees(step, matrix, offset, packed)
    run.columns[step["output"]] = _finite(run, step, data, _none(run), error)


def _attribution(step: Step, run: Run, packed: PackedAttribution) -> None:
    features = [run.columns[name] for name in packed.features]
    error = any_error(features, run.rows)
    with np.errstate(all="ignore"):
        values = evaluate_attribution(packed, np.column_stack([f.array() for f in features]))
        values = float(step["multiplier"]) * values
    for k, part in enumerate(step["characteristics"]):
        run.columns[part["output"]] = _finite(run, step, values[:, k], _none(run), error)


def _sum(step: Step, run: Run, _: Any) -> None:
    terms, error = _numbers(run, step["inputs"], step, "{} is missing")
    data = terms[0]
    with np.errstate(all="ignore"):
        for term in terms[1:]:
            data = data + term
    run.columns[step["output"]] = _finite(run, step, data, _none(run), error)


def _switch(step: Step, run: Run, _: Any) -> None:
    key = run.columns[step["input"]]
    chosen = np.full(run.rows, -1)
    names = [case["value"] for case in step["cases"]] + ([step["default"]] if step["default"] is not None else [])
    if step["default"] is not None:
        chosen[:] = len(step["cases"])
    open_rows = ~key.missing & ~key.error
    for k, case in enumerate(step["cases"]):
        hit = open_rows & (key.data == case["equals"])
        chosen[hit] = k
        open_rows = open_rows & ~hit
    first = run.columns[names[0]]
    many = [s.widest_reasons([run.columns[name].data for name in names])] if first.kind == REASONS else []
    data = np.full((run.rows, *many), None) if many else first.data.copy()
    missing, error = _none(run), key.error | (chosen < 0)
    run.blame(step["id"], "no case applies and there is no default", (chosen < 0) & ~key.error)
    for k, name in enumerate(names):
        column, mask = run.columns[name], chosen == k
        if many:
            data[mask, : column.data.shape[1]] = column.data[mask]
        else:
            data[mask] = column.data[mask]
        missing = np.where(mask, column.missing, missing)
        error = error | (mask & column.error)
    run.columns[step["output"]] = Column(first.kind, data, missing & ~error, error)


def _link(step: Step, run: Run, _: Any) -> None:
    x = run.columns[step["input"]]
    run.columns[step["output"]] = _finite(run, step, s.inverse_link(step["function"], x.data), x.missing, x.error)


def _calibrate(step: Step, run: Run, _: Any) -> None:
    x = run.columns[step["input"]]
    with np.errstate(all="ignore"):
        data = s.calibrate(step, x.data)
    needs_probability = step["method"] == "beta" or step.get("scale") == "probability"
    outside = needs_probability & ~((x.data > 0.0) & (x.data < 1.0)) & ~x.missing & ~x.error
    run.blame(step["id"], "the input is not strictly between 0 and 1", outside)
    run.columns[step["output"]] = _finite(run, step, data, x.missing, x.error | outside)


def _scale(step: Step, run: Run, _: Any) -> None:
    if step["form"] == "linear":
        x = run.columns[step["input"]]
        with np.errstate(all="ignore"):
            data = s.scale_linear(step, x.data)
        run.columns[step["output"]] = _finite(run, step, data, x.missing, x.error)
        return
    points = []
    for item in step["characteristics"]:
        bins = run.columns[item["input"]]
        column = make_number(s.bin_points(item, bins.data), _none(run), bins.error)
        run.columns[item["output"]] = column
        points.append(column)
    error = any_error(points, run.rows)
    run.columns[step["output"]] = _finite(run, step, s.scale_points(step, [p.data for p in points]), _none(run), error)


def _grade(step: Step, run: Run, _: Any) -> None:
    x = run.columns[step["input"]]
    names = np.array([g["grade"] for g in step["grades"]], dtype=object)
    run.columns[step["output"]] = Column(STRING, names[s.grade_index(step, x.data)], x.missing, x.error)


def _reasons(step: Step, run: Run, _: Any) -> None:
    names = [item["input"] for item in step["characteristics"]]
    points, error = _numbers(run, names, step, "points are missing: {}")
    run.columns[step["output"]] = Column(REASONS, s.rank_reasons(step, np.stack(points).T), _none(run), error)


_STEPS: dict[str, Callable[[Step, Run, Any], None]] = {
    "derive": _derive,
    "guard": _guard,
    "classing": _classing,
    "linear": _linear,
    "trees": _trees,
    "sum": _sum,
    "switch": _switch,
    "link": _link,
    "calibrate": _calibrate,
    "scale": _scale,
    "grade": _grade,
    "reasons": _reasons,
    "attribution": _attribution,
}
