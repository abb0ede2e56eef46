"""From all classed characteristics to the final list: information value, correlation, sign, p-value, inflation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.covariance import INDEPENDENT, Rows
from credit_risk.models.logistic import LogisticFit
from credit_risk.models.separation import Labels
from credit_risk.selection.redundancy import independent, listed, uncorrelated
from credit_risk.selection.screens import Screened, WaterfallLog, passes
from credit_risk.selection.search import SearchData, rules_of, search
from credit_risk.selection.spec import SelectionSpec

__all__ = ["Screened", "Selection", "run_waterfall", "select_characteristics"]

Floats = NDArray[np.float64]
UNNAMED = "not among the characteristics that the plan gives the candidate (models.characteristics)"


@dataclass(frozen=True, slots=True)
class Selection:
    """selected: names in descending information value; fit on them; waterfall: evidence `selection.waterfall`."""

    selected: tuple[str, ...]
    fit: LogisticFit
    waterfall: pd.DataFrame


def select_characteristics(
    candidates: Mapping[str, Screened],
    woe: Mapping[str, Floats],
    y: Floats,
    spec: SelectionSpec,
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    dependence: Rows = INDEPENDENT,
    named: frozenset[str] | None = None,
    bounded: bool = False,
    labels: Labels | None = None,
    offset: Floats | None = None,
) -> Selection:
    """Run the waterfall on development.

    candidates and woe ((n,) each) by characteristic; y (n,) 0/1; dependence: how rows belong together, for the tests;
    named: the only ones that may enter, None where all may; bounded: fits in which no coefficient is above zero;
    labels: words for the values of woe, in which separation is told; offset (n,): log-odds that every fit and test
    starts from.
    Screen, each characteristic by itself: the plan's list, leakage, declared trend, one bin, missing share, information
    value, Gini, stability over samples and time; then correlation and collinearity; then the search for the model
    (sign, criterion, variance inflation). Raises ModelError where nothing is left.
    """
    names, fit, log = run_waterfall(
        candidates,
        woe,
        y,
        spec,
        weights=weights,
        confidence=confidence,
        dependence=dependence,
        named=named,
        bounded=bounded,
        labels=labels,
        offset=offset,
    )
    if fit is None:
        raise ModelError(_nothing_left(log, spec))
    return Selection(names, fit, log.frame(names, spec.included))


def run_waterfall(
    candidates: Mapping[str, Screened],
    woe: Mapping[str, Floats],
    y: Floats,
    spec: SelectionSpec,
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    dependence: Rows = INDEPENDENT,
    named: frozenset[str] | None = None,
    bounded: bool = False,
    labels: Labels | None = None,
    offset: Floats | None = None,
) -> tuple[tuple[str, ...], LogisticFit | None, WaterfallLog]:
    """The names that are left, in descending information value, their fit (None where none is), and the log."""
    log = WaterfallLog(candidates)
    names = sorted(candidates, key=lambda n: (-candidates[n].information_value, n))
    if named is not None:
        for name in (n for n in names if n not in named):
            log.drop(name, "plan", None, None, UNNAMED)
        names = [n for n in names if n in named]
    names = [n for n in names if passes(n, woe[n], spec, log)]
    names = uncorrelated(
        names,
        woe,
        log.drop,
        threshold=spec.max_correlation,
        method=spec.correlation,
        kept=spec.included,
        weights=weights,
    )
    names = independent(names, woe, log.drop, kept=spec.included)
    data = SearchData(woe, y, weights, confidence, dependence, bounded, labels, offset)
    names, fit = search(names, data, rules_of(spec, bounded=bounded), log.drop)
    return tuple(names), fit, log


def _nothing_left(log: WaterfallLog, spec: SelectionSpec) -> Fault:
    """What left, by step, and the thresholds of those steps."""
    rows = log.rows.values()
    steps = list(dict.fromkeys(str(row["step"]) for row in rows))
    left = {step: [str(row["characteristic"]) for row in rows if row["step"] == step] for step in steps}
    thresholds = {
        "leakage": f"Gini of the fine classes at most {spec.max_gini!r} (selection.max_gini)",
        "information value": f"information value at least {spec.min_information_value!r} "
        "(selection.min_information_value)",
        "sign": "a negative coefficient on weight of evidence (selection.sign_check)",
        "p-value": f"p-value at most {spec.max_p_value!r} (selection.max_p_value)",
    }
    return Fault(
        "no characteristic passes the selection",
        code="nothing_selected",
        path="selection",
        found="; ".join(f"{step}: {listed(names)}" for step, names in left.items()) or "no predictors",
        allowed="; ".join(text for step, text in thresholds.items() if step in left) or None,
        remedy="add predictors or rows, name a characteristic in selection.include, or relax these thresholds",
    )
