"""Terms of a generalised linear model: classed characteristics, numbers, indicators; each with the steps that make it.

Numbers and indicators are made by `derive` steps of the package, so that production cannot differ from development.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import Code, number_text
from credit_risk.binning.mean_table import MeanTable
from credit_risk.binning.table import woe_name
from credit_risk.models.assemble import derive_step
from credit_risk.models.glm_spec import RawTerm
from credit_risk.scoring.step_names import free_name

Floats = NDArray[np.float64]
Step = dict[str, Any]
MOST_LEVELS = 50
CLASSED, NUMBER, INDICATOR = "classed", "number", "indicator"


@dataclass(frozen=True, slots=True)
class Term:
    """One coefficient: its name, kind and characteristic, and the value of model.json that it multiplies."""

    name: str
    kind: str
    characteristic: str
    input: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms in order, the steps that make their values, and what was settled on development, in words."""

    terms: tuple[Term, ...]
    steps: tuple[Step, ...]
    settled: Mapping[str, str]


def classed_terms(tables: Mapping[str, MeanTable]) -> Terms:
    """The value of each classed characteristic."""
    terms = tuple(Term(name, CLASSED, name, woe_name(name)) for name in tables)
    return Terms(terms, tuple(table.step() for table in tables.values()), {})


def raw_terms(
    frame: pd.DataFrame,
    specs: Mapping[str, RawTerm],
    specials: Mapping[str, Sequence[Code]],
    weights: Floats,
    taken: Collection[str],
) -> Terms:
    """Numbers and indicators of characteristics as they are. frame (n, …) of development, weights (n,).

    A number less its mean over its deviation where it is standardised; missing values and special codes count as the
    mean, with an indicator for each that development has, or are refused. A category has an indicator but for the most
    frequent, which unseen ones count as. Raises ModelError with every characteristic that cannot enter so.
    """
    made: list[Terms] = []
    faults: list[Fault] = []
    for name, spec in specs.items():
        make = _numeric if pd.api.types.is_numeric_dtype(frame[name]) else _categorical
        try:
            made.append(make(name, frame[name], spec, list(specials.get(name, ())), weights, taken))
        except ModelError as error:
            faults += error.faults
    if faults:
        raise ModelError(faults)
    return joined(*made)


def joined(*parts: Terms) -> Terms:
    """Terms of several parts, one after the other."""
    settled: dict[str, str] = {}
    for part in parts:
        settled |= part.settled
    return Terms(
        tuple(t for part in parts for t in part.terms), tuple(s for part in parts for s in part.steps), settled
    )


def _numeric(
    name: str, series: pd.Series, spec: RawTerm, codes: list[Code], weights: Floats, taken: Collection[str]
) -> Terms:
    values = series.to_numpy(np.float64, na_value=np.nan)
    special = np.isin(values, np.asarray(codes, float)) if codes else np.zeros(len(values), bool)
    absent, ordinary = np.isnan(values), np.isfinite(values) & ~special
    if spec.missing == "refuse":
        _refuse(name, absent | special)
    if not ordinary.any() or np.ptp(values[ordinary]) == 0:
        raise ModelError(Fault(f"{name!r} has one ordinary value or none", "constant_term", path=f"raw.{name}"))
    w = weights[ordinary]
    mean = float(np.sum(w * values[ordinary]) / np.sum(w))
    deviation = float(np.sqrt(np.sum(w * (values[ordinary] - mean) ** 2) / np.sum(w)))
    expression: Step = _filled(name, codes, mean) if spec.missing == "indicator" else _without(name, codes)
    settled = f"missing values{' and special codes' if codes else ''} count as the development mean {mean!r}"
    told = settled if spec.missing == "indicator" else "missing values and special codes are refused"
    if spec.standardise:
        centred = {"op": "subtract", "args": [expression, {"const": mean}]}
        expression = {"op": "divide", "args": [centred, {"const": deviation}]}
        told += f"; the number enters less {mean!r}, divided by {deviation!r}"
    output = free_name(f"number({name})", taken)
    terms, steps = [Term(name, NUMBER, name, output)], [derive_step(output, expression, f"{name} as a number")]
    if spec.missing == "indicator":
        for label, condition, hit in _absences(name, codes, absent, values):
            if hit.any():
                _indicator(terms, steps, name, label, condition, taken)
    return Terms(tuple(terms), tuple(steps), {name: told})


def _categorical(
    name: str, series: pd.Series, spec: RawTerm, codes: list[Code], weights: Floats, taken: Collection[str]
) -> Terms:
    values = series.to_numpy(object)
    absent = pd.isna(values)
    named = [str(code) for code in codes]
    texts = np.where(absent, "", values).astype(str)
    if spec.missing == "refuse":
        _refuse(name, absent | np.isin(texts, named))
    levels = sorted(set(texts[~absent]) - set(named))
    mass = {level: float(np.sum(weights[~absent & (texts == level)])) for level in levels}
    if not 2 <= len(levels) <= MOST_LEVELS:
        found, allowed = f"{len(levels)} categories", f"2 to {MOST_LEVELS}"
        remedy = "class it: leave it out of raw"
        message = f"{name!r} cannot enter as indicators"
        raise ModelError(Fault(message, "categories", path=f"raw.{name}", found=found, allowed=allowed, remedy=remedy))
    usual = max(levels, key=lambda level: (mass[level], level))
    terms: list[Term] = []
    steps: list[Step] = []
    for level in [*(level for level in levels if level != usual), *(code for code in named if (texts == code).any())]:
        equal = {"op": "equal", "args": [{"ref": name}, {"const": level}]}
        _indicator(terms, steps, name, f"{name} = {level}", _present(name, equal), taken)
    if absent.any():
        _indicator(terms, steps, name, f"{name} missing", _missing(name), taken)
    told = f"the reference is {usual}, the most frequent category; unseen ones count as it"
    return Terms(tuple(terms), tuple(steps), {name: told})


def _refuse(name: str, rows: NDArray[np.bool_]) -> None:
    if rows.any():
        found = f"{int(rows.sum()):,} rows of development, such as row {int(np.flatnonzero(rows)[0]) + 1}"
        message = f"{name!r} has missing values or special codes, and the plan refuses them"
        remedy = f"write raw: {{{name}: {{missing: indicator}}}}, or class it"
        raise ModelError(Fault(message, "missing_term", path=f"raw.{name}", found=found, remedy=remedy))


def _absences(
    name: str, codes: Sequence[Code], absent: NDArray[np.bool_], values: Floats
) -> list[tuple[str, Step, NDArray[np.bool_]]]:
    """Name, condition and development rows of being missing and of each special code."""
    found = [(f"{name} missing", _missing(name), absent)]
    for code in codes:
        equal = {"op": "equal", "args": [{"ref": name}, {"const": code}]}
        found.append((f"{name} special {number_text(code)}", _present(name, equal), values == float(code)))
    return found


def _missing(name: str) -> Step:
    return {"op": "is_missing", "args": [{"ref": name}]}


def _present(name: str, condition: Step) -> Step:
    """The condition where the value is there, false where it is missing."""
    here = {"op": "not", "args": [_missing(name)]}
    return {"op": "and", "args": [here, condition]}


def _coded(name: str, codes: Sequence[Code]) -> Step:
    return {"op": "in", "args": [{"ref": name}, *({"const": code} for code in codes)]}


def _filled(name: str, codes: Sequence[Code], mean: float) -> Step:
    """The value, or the mean where it is missing or a special code."""
    absent = _missing(name)
    if codes:
        absent = {"op": "or", "args": [absent, _coded(name, codes)]}
    return {"op": "if", "args": [absent, {"const": mean}, {"ref": name}]}


def _without(name: str, codes: Sequence[Code]) -> Step:
    """The value, missing where it is a special code: the model then ends in an error."""
    return {"op": "if", "args": [_coded(name, codes), {"const": None}, {"ref": name}]} if codes else {"ref": name}


def _indicator(
    terms: list[Term], steps: list[Step], name: str, label: str, condition: Step, taken: Collection[str]
) -> None:
    output = free_name(f"indicator({label})", taken)
    expression = {"op": "if", "args": [condition, {"const": 1.0}, {"const": 0.0}]}
    terms.append(Term(label, INDICATOR, name, output))
    steps.append(derive_step(output, expression, f"1 where {label}, else 0"))
