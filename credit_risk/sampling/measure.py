"""The outcome of a ready column of amounts (0 or more) or fractions (from 0 to 1), with its exposure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from credit_risk.evaluation.measured import mean_interval, ratio_error
from credit_risk.sampling.column_types import NUMERIC, TypedColumn
from credit_risk.sampling.contract import Examples, Failure
from credit_risk.sampling.outcome import MISSING, Outcome
from credit_risk.sampling.spec import OutcomeSpec

STRATA = 5
SAMPLE_ORDER = ("development", "calibration", "out_of_sample", "out_of_time", "out_of_time_before")
SUMMARY_COLUMNS = [
    *("sample", "rows", "weight", "mean", "mean_lower", "mean_upper", "rate", "standard_deviation", "minimum"),
    *("median", "maximum", "zero_share", "one_share"),
]


def define_measure(
    columns: Mapping[str, TypedColumn], spec: OutcomeSpec, examples: Examples, reasons: np.ndarray
) -> tuple[Outcome | None, list[Failure]]:
    """The amount or fraction of each row (NaN for rows that have left), or None with all that is wrong.

    `reasons` (n,): why a row has left already, else None; such rows have no outcome, whatever the column says.
    """
    name, reasons = str(spec.column), reasons.copy()
    column = columns[name]
    if column.type != NUMERIC:
        message = f"the outcome {name!r} is {column.type}, and its type is {spec.type}"
        remedy = "name a column of numbers, or leave outcome.type out"
        return None, [Failure(name, "type", message, "outcome.column", remedy=remedy)]
    stays = pd.isna(reasons)
    values = np.where(stays, column.series().to_numpy(float), np.nan)
    failures = [*_missing(name, stays & column.missing, spec, examples), *_outside(name, values, spec, examples)]
    failures += _constant(name, values)
    exposure, wrong = _exposure(columns, spec, stays & ~column.missing, examples)
    failures += wrong
    if failures:
        return None, failures
    reasons[stays & column.missing] = MISSING
    known = np.isfinite(values)
    definition = _definition(values[known], None if exposure is None else exposure[known], spec)
    return Outcome(values, reasons, definition, exposure=exposure, kind=spec.type), []


def _missing(name: str, rows: np.ndarray, spec: OutcomeSpec, examples: Examples) -> Iterator[Failure]:
    if rows.any() and spec.missing == "refuse":
        message = f"the outcome {name!r} is missing in some rows"
        remedy = "leave rows without an outcome out of the source, or write outcome.missing: exclude"
        yield Failure(name, "outcome_missing", message, "outcome.column", remedy=remedy, **examples.of(rows))


def _outside(name: str, values: np.ndarray, spec: OutcomeSpec, examples: Examples) -> Iterator[Failure]:
    highest = 1.0 if spec.type == "fraction" else np.inf
    for rows, words in ((values < 0, "below 0"), (values > highest, "above 1")):
        if rows.any():
            message = f"{name!r} holds values {words}, which no {spec.type} is"
            found = f"lowest {float(values[rows].min())!r}" if words == "below 0" else f"{float(values[rows].max())!r}"
            allowed = "0 or more" if spec.type == "amount" else "from 0 to 1"
            remedy = "correct these rows, or leave them out with outcome.exclusions"
            where = examples.of(rows)
            yield Failure(
                name, "range", message, "outcome.column", found=found, allowed=allowed, remedy=remedy, **where
            )


def _constant(name: str, values: np.ndarray) -> Iterator[Failure]:
    known = values[np.isfinite(values)]
    if len(known) == 0 or np.ptp(known) == 0:
        what = (
            "no row has an outcome"
            if len(known) == 0
            else f"every outcome is {'zero' if known[0] == 0 else 'the same'}"
        )
        found = f"{len(known):,} rows with {float(known[0])!r}" if len(known) else None
        remedy = "there is nothing to explain: name another column"
        yield Failure(name, "constant_outcome", f"{name!r}: {what}", "outcome.column", found=found, remedy=remedy)


def _exposure(
    columns: Mapping[str, TypedColumn], spec: OutcomeSpec, rows: np.ndarray, examples: Examples
) -> tuple[np.ndarray | None, list[Failure]]:
    """The exposure (n,) of the rows with an outcome; NaN elsewhere. None where the plan names none."""
    name = spec.exposure
    if name is None or name not in columns:
        return None, []  # a name that the source lacks is told by the caller
    path = "outcome.exposure"
    if columns[name].type != NUMERIC:
        message = f"the exposure {name!r} is {columns[name].type}, not a number"
        return None, [Failure(name, "type", message, path)]
    exposure = np.where(rows, columns[name].series().to_numpy(float), np.nan)
    wrong = rows & ~(exposure > 0)
    if wrong.any():
        message = f"the exposure {name!r} is missing or not above 0 in some rows"
        remedy = "correct these rows, or leave them out with outcome.exclusions"
        return None, [Failure(name, "exposure", message, path, allowed="above 0", remedy=remedy, **examples.of(wrong))]
    return exposure, []


def _definition(values: np.ndarray, exposure: np.ndarray | None, spec: OutcomeSpec) -> dict[str, str | int | float]:
    """Items of `outcome.definition`."""
    items: dict[str, str | int | float] = {
        "column": str(spec.column),
        "type": spec.type,
        "is called": spec.called,
        "rows with an outcome": len(values),
        "mean": float(np.mean(values)),
        "lowest": float(values.min()),
        "highest": float(values.max()),
        "rows of zero": int(np.count_nonzero(values == 0)),
    }
    if spec.type == "fraction":
        items["rows of one"] = int(np.count_nonzero(values == 1))
    if exposure is not None:
        items["exposure"] = str(spec.exposure)
        items["sum of the exposure"] = float(np.sum(exposure))
    return items


def outcome_strata(outcome: np.ndarray, kind: str) -> np.ndarray:
    """Strata (n,) that a split keeps apart, NaN where the outcome is unknown: bad and good; else zero, and fifths.

    Amounts and fractions above 0 are cut into STRATA groups of like size by value; equal values stand in one.
    """
    if kind == "binary":
        return outcome
    strata = np.where(np.isnan(outcome), np.nan, 0.0)
    above = np.flatnonzero(outcome > 0)
    ordered = np.sort(outcome[above])
    edges = np.unique(ordered[(np.arange(1, STRATA) * len(ordered)) // STRATA]) if len(ordered) else np.empty(0)
    strata[above] = 1.0 + np.searchsorted(edges, outcome[above], side="right")
    return strata


def measures_summary(
    labels: np.ndarray,
    outcome: np.ndarray,
    weights: np.ndarray,
    kind: str,
    *,
    exposure: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `samples.measures`: a row a sample and one for all. Arrays (n,) over the snapshot.

    Mean, deviation and shares of zeros and ones are weighted; the interval of the mean is normal on the scale of ln
    (amounts) or log-odds (fractions), clusters summed; least, median and greatest are of rows. rate: per unit of
    exposure, of amounts that have one.
    """
    numbers = np.arange(len(outcome)) if clusters is None else clusters
    present = [sample for sample in SAMPLE_ORDER if (labels == sample).any()]
    rows = []
    for sample, mask in (*((s, labels == s) for s in present), ("all", pd.notna(labels))):
        y, w = outcome[mask], weights[mask]
        mean, error = ratio_error(w * y, w, numbers[mask])
        lower, upper = mean_interval(np.array([mean]), np.array([error]), kind, confidence)
        rated = exposure is not None and kind == "amount"
        rate = float(np.sum(w * y) / np.sum(w * exposure[mask])) if rated and exposure is not None else np.nan
        whole = float(np.sum(w))
        deviation = float(np.sqrt(np.sum(w * (y - mean) ** 2) / whole))
        spread = (deviation, float(y.min()), float(np.median(y)), float(y.max()))
        ones = float(np.sum(w[y == 1]) / whole) if kind == "fraction" else np.nan
        shares = (float(np.sum(w[y == 0]) / whole), ones)
        rows.append((sample, len(y), whole, mean, float(lower[0]), float(upper[0]), rate, *spread, *shares))
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
