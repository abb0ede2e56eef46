"""The outcome of a ready column: bad is 1.0, good is 0.0; a code that the plan does not name is refused with its count.

Missing and indeterminate ones leave the samples where the plan says so, and are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from credit_risk.sampling.column_types import TypedColumn
from credit_risk.sampling.contract import Examples, Failure, same_code
from credit_risk.sampling.spec import Code, OutcomeSpec
from credit_risk.scoring.steps import text_of_number

SHOWN = 10
OUT = -2  # code of a row that has left already
MISSING, INDETERMINATE = "excluded: outcome missing", "indeterminate: value of the outcome"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`values` (n,) are 1.0 bad, 0.0 good, NaN for rows that leave the samples, and `reasons` (n,) why, else None.

    Where `kind` is amount or fraction they are those, and `exposure` (n,) what they are of, if the plan names it.
    `definition`: items of `outcome.definition`. `status` (n,) of each applicant, `excluded` (n,) whether an exclusion
    of the plan takes the row out, whatever its status; `cluster` (n,) the obligor or account of each row, `observed`
    (n,) its observation month as text, where known. By catalogue id: `tables` evidence
    frames, `items` key-value pairs, `notes` (of what is neither: why it does not apply).
    """

    values: np.ndarray
    reasons: np.ndarray
    definition: dict[str, str | int | float]
    status: np.ndarray | None = None
    excluded: np.ndarray | None = None
    cluster: np.ndarray | None = None
    observed: np.ndarray | None = None
    exposure: np.ndarray | None = None
    kind: str = "binary"
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    items: dict[str, dict[str, str | int | float | None]] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def define_outcome(
    column: TypedColumn, spec: OutcomeSpec, examples: Examples, reasons: np.ndarray | None = None
) -> tuple[Outcome | None, list[Failure]]:
    """The outcome of each row, or None with all that is wrong: one class, missing values, codes that mean neither.

    `reasons` (n,): why a row has left already, else None; such rows have no outcome, whatever the column says.
    """
    reasons = np.full(len(column.codes), None, dtype=object) if reasons is None else reasons.copy()
    stays = pd.isna(reasons)
    texts = [level if isinstance(level, str) else text_of_number(level) for level in column.levels]
    counts = np.bincount(column.codes[stays & (column.codes >= 0)], minlength=len(column.levels))
    bad = _means(column, spec.bad_codes)
    neither = _means(column, spec.indeterminate)
    if spec.good_codes is not None:
        good = _means(column, spec.good_codes)
    else:
        others = ~bad & ~neither & (counts > 0)
        good = others if np.count_nonzero(others) == 1 else np.zeros(len(bad), bool)
    kept = TypedColumn(column.type, column.levels, np.where(stays, column.codes, OUT))
    failures = _failures(kept, counts, spec, texts, (bad, good, neither), examples)
    if failures:
        return None, failures
    values = np.where(stays, np.append(np.where(bad, 1.0, np.where(good, 0.0, np.nan)), np.nan)[column.codes], np.nan)
    reasons[stays & column.missing] = MISSING
    reasons[stays & np.append(neither, False)[column.codes]] = INDETERMINATE
    told = [", ".join(text for text, is_in in zip(texts, mask, strict=True) if is_in) for mask in (bad, good, neither)]
    rows = {"bad": int(counts[bad].sum()), "good": int(counts[good].sum())}
    definition: dict[str, str | int | float] = {"column": str(spec.column), "type": spec.type, "bad": told[0]}
    definition["good"] = told[1] + ("" if spec.good_codes is not None else " (the one other value)")
    if spec.indeterminate:
        definition["indeterminate"] = told[2]
        definition["rows indeterminate"] = int(counts[neither].sum())
    definition |= class_items(rows["bad"], rows["good"], spec)
    return Outcome(values, reasons, definition), []


def class_items(bad: int, good: int, spec: OutcomeSpec) -> dict[str, str | int | float]:
    """Items of `outcome.definition` that every outcome has."""
    return {
        "rows bad": bad,
        "rows good": good,
        "bad rate": bad / (bad + good),
        "default-conformant": "yes" if spec.default_conformant else "no",
        "probability is called": "PD" if spec.default_conformant else "probability of bad",
    }


def _means(column: TypedColumn, codes: tuple[Code, ...]) -> np.ndarray:
    return np.array([any(same_code(code, level) for code in codes) for level in column.levels], bool)


def _failures(
    column: TypedColumn,
    counts: np.ndarray,
    spec: OutcomeSpec,
    texts: list[str],
    masks: tuple[np.ndarray, np.ndarray, np.ndarray],
    examples: Examples,
) -> list[Failure]:
    name, (bad, good, neither) = str(spec.column), masks
    occurs = counts > 0
    bad, good = bad & occurs, good & occurs
    listed = ", ".join(f"{text}: {count:,}" for text, count in list(zip(texts, counts, strict=True))[:SHOWN])
    listed += ", …" if len(texts) > SHOWN else ""
    failures = []
    missing = column.codes == -1
    if missing.any() and spec.missing == "refuse":
        message = f"the outcome {name!r} is missing in some rows"
        remedy = "leave rows without an outcome out of the source, or write outcome.missing: exclude"
        where = examples.of(missing)
        failures.append(Failure(name, "outcome_missing", message, "outcome.column", remedy=remedy, **where))
    if not bad.any():
        message = f"no row of {name!r} is bad: the outcome has one class"
        allowed = ", ".join(map(str, spec.bad_codes))
        failures.append(Failure(name, "one_class", message, "outcome.bad", found=listed, allowed=allowed))
    others = ~bad & ~good & ~neither & occurs
    if spec.good_codes is None and np.count_nonzero(others) > 1 and bad.any():
        message = f"{name!r} has {np.count_nonzero(others)} values besides bad, so good must be named"
        remedy = "name the good values in outcome.good, and other values in outcome.indeterminate"
        failures.append(Failure(name, "other_codes", message, "outcome.good", found=listed, remedy=remedy))
    elif spec.good_codes is not None and others.any():
        rows = np.append(others, [False, False])[column.codes]
        found = ", ".join(text for text, other in list(zip(texts, others, strict=True)) if other)[:200]
        message = f"{name!r} has values that are neither bad nor good"
        remedy = "name them in outcome.bad, good or indeterminate, or leave these rows out of the source"
        failures.append(
            Failure(name, "other_codes", message, "outcome", found=found, remedy=remedy, **examples.of(rows))
        )
    if not good.any() and bad.any() and (spec.good_codes is not None or not others.any()):
        message = f"no row of {name!r} is good: the outcome has one class"
        failures.append(Failure(name, "one_class", message, "outcome.good", found=listed))
    return failures
