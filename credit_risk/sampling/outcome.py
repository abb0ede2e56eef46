"""The outcome: bad is 1.0, good is 0.0; every other code, and every missing one, is refused with its count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_risk.sampling.column_types import TypedColumn
from credit_risk.sampling.contract import Examples, Failure, same_code
from credit_risk.sampling.spec import OutcomeSpec
from credit_risk.scoring.steps import text_of_number

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """`values` (n,) are 1.0 bad and 0.0 good; `bad` and `good` the codes as they stand in the data."""

    values: np.ndarray
    bad: tuple[str, ...]
    good: tuple[str, ...]
    definition: dict[str, str | int | float]


def define_outcome(column: TypedColumn, spec: OutcomeSpec, examples: Examples) -> tuple[Outcome | None, list[Failure]]:
    """The outcome of each row, or None with all that is wrong: one class, missing values, codes that mean neither."""
    texts = [level if isinstance(level, str) else text_of_number(level) for level in column.levels]
    counts = column.counts
    bad = np.array([any(same_code(code, level) for code in spec.bad_codes) for level in column.levels], bool)
    if spec.good_codes is not None:
        good = np.array([any(same_code(code, level) for code in spec.good_codes) for level in column.levels], bool)
    else:
        good = ~bad if np.count_nonzero(~bad) == 1 else np.zeros(len(bad), bool)
    failures = _failures(column, spec, texts, bad, good, examples)
    if failures:
        return None, failures
    values = np.append(np.where(bad, 1.0, 0.0), np.nan)[column.codes]
    told = [tuple(text for text, is_in in zip(texts, mask, strict=True) if is_in) for mask in (bad, good)]
    rows = {"bad": int(counts[bad].sum()), "good": int(counts[good].sum())}
    definition: dict[str, str | int | float] = {
        "column": spec.column,
        "type": spec.type,
        "bad": ", ".join(told[0]),
        "good": ", ".join(told[1]) + ("" if spec.good_codes is not None else " (the one other value)"),
        "rows bad": rows["bad"],
        "rows good": rows["good"],
        "bad rate": rows["bad"] / (rows["bad"] + rows["good"]),
        "default-conformant": "yes" if spec.default_conformant else "no",
        "probability is called": "PD" if spec.default_conformant else "probability of bad",
    }
    return Outcome(values, told[0], told[1], definition), []


def _failures(
    column: TypedColumn, spec: OutcomeSpec, texts: list[str], bad: np.ndarray, good: np.ndarray, examples: Examples
) -> list[Failure]:
    name, counts = spec.column, column.counts
    listed = ", ".join(f"{text}: {count:,}" for text, count in list(zip(texts, counts, strict=True))[:SHOWN])
    listed += ", …" if len(texts) > SHOWN else ""
    failures = []
    if column.missing.any():
        message = f"the outcome {name!r} is missing in some rows"
        remedy = "leave rows without an outcome out of the source"
        where = examples.of(column.missing)
        failures.append(Failure(name, "outcome_missing", message, "outcome.column", remedy=remedy, **where))
    if not bad.any():
        message = f"no row of {name!r} is bad: the outcome has one class"
        allowed = ", ".join(map(str, spec.bad_codes))
        failures.append(Failure(name, "one_class", message, "outcome.bad", found=listed, allowed=allowed))
    others = ~bad & ~good
    if spec.good_codes is None and np.count_nonzero(others) > 1 and bad.any():
        message = f"{name!r} has {np.count_nonzero(others)} values besides bad, so good must be named"
        remedy = "name the good values in outcome.good, and leave rows with other values out of the source"
        failures.append(Failure(name, "other_codes", message, "outcome.good", found=listed, remedy=remedy))
    elif spec.good_codes is not None and others.any():
        rows = np.append(others, False)[column.codes]
        found = ", ".join(text for text, other in list(zip(texts, others, strict=True)) if other)[:200]
        message = f"{name!r} has values that are neither bad nor good"
        remedy = "name them in outcome.bad or outcome.good, or leave these rows out of the source"
        failures.append(
            Failure(name, "other_codes", message, "outcome", found=found, remedy=remedy, **examples.of(rows))
        )
    if not good.any() and bad.any() and (spec.good_codes is not None or not others.any()):
        message = f"no row of {name!r} is good: the outcome has one class"
        failures.append(Failure(name, "one_class", message, "outcome.good", found=listed))
    return failures
