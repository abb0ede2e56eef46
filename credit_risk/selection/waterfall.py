"""From all classed characteristics to the final list: information value, correlation, sign, p-value, inflation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.covariance import INDEPENDENT, Rows
from credit_risk.models.logistic import LogisticFit
from credit_risk.selection.search import SearchData, search
from credit_risk.selection.spec import SelectionSpec

Floats = NDArray[np.float64]
NAMES_SHOWN = 10
COLLINEAR = 1e-8
ONE_BIN = (
    "classing leaves one weight of evidence only: every finer class has too few rows, breaks the trend, "
    "or holds goods alone or bads alone"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """selected: names in descending information value; fit on them; waterfall: evidence `selection.waterfall`."""

    selected: tuple[str, ...]
    fit: LogisticFit
    waterfall: pd.DataFrame


@dataclass
class _Log:
    """The waterfall as it is written: one row a characteristic, in order of descending information value."""

    information_value: dict[str, float]
    rows: dict[str, dict[str, object]] = field(default_factory=dict)

    def drop(self, name: str, step: str, value: float | None, threshold: float | None, reason: str) -> None:
        self.rows[name] = _row(name, self.information_value[name], step, "left out", value, threshold, reason)

    def frame(self, selected: Sequence[str], included: Mapping[str, str]) -> pd.DataFrame:
        for name in selected:
            reason = included.get(name, "passed every step")
            self.rows[name] = _row(name, self.information_value[name], "final", "selected", None, None, reason)
        order = sorted(self.rows, key=lambda n: (-self.information_value[n], n))
        return pd.DataFrame([self.rows[name] for name in order])


def _row(
    name: str, iv: float, step: str, decision: str, value: float | None, threshold: float | None, reason: str
) -> dict[str, object]:
    return {
        "characteristic": name,
        "information_value": iv,
        "step": step,
        "decision": decision,
        "value": value,
        "threshold": threshold,
        "reason": reason,
    }


@dataclass(frozen=True, slots=True)
class Screened:
    """What the screen knows of a characteristic on development; psi is its greatest against any other sample."""

    information_value: float
    gini: float
    fine_gini: float
    missing_share: float
    psi: float | None = None


def select_characteristics(
    candidates: Mapping[str, Screened],
    woe: Mapping[str, Floats],
    y: Floats,
    spec: SelectionSpec,
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    dependence: Rows = INDEPENDENT,
) -> Selection:
    """Run the waterfall on development.

    candidates and woe ((n,) each) by characteristic; y (n,) 0/1; dependence: how rows belong together, for the tests.
    Screen, each characteristic by itself: the plan's list, leakage, one bin, missing share, information value, Gini,
    stability; then correlation and collinearity; then the search for the model (sign, criterion, variance inflation).
    Raises ModelError where nothing is left.
    """
    log = _Log({name: item.information_value for name, item in candidates.items()})
    names = sorted(candidates, key=lambda n: (-candidates[n].information_value, n))
    names = [n for n in names if _passes(n, candidates[n], woe[n], spec, log)]
    names = _independent(_uncorrelated(names, woe, spec, log), woe, spec, log)
    names, fit = search(names, SearchData(woe, y, weights, confidence, dependence), spec, log.drop)
    if fit is None:
        raise ModelError(_nothing_left(log, spec))
    return Selection(tuple(names), fit, log.frame(names, spec.included))


def _passes(name: str, item: Screened, woe: Floats, spec: SelectionSpec, log: _Log) -> bool:
    """Screen one characteristic by itself; the first rule that it breaks is recorded."""
    if name in spec.excluded:
        log.drop(name, "plan", None, None, spec.excluded[name])
        return False
    forced = name in spec.included
    if item.fine_gini > spec.max_gini and not forced:
        leak = "separates goods from bads almost perfectly: suspected to know the outcome"
        log.drop(name, "leakage", item.fine_gini, spec.max_gini, leak)
        return False
    if np.ptp(woe) == 0:
        log.drop(name, "classing", None, None, ONE_BIN)
        return False
    if forced:
        return True
    rules: list[tuple[str, float | None, float | None, bool, str]] = [
        ("missing share", item.missing_share, spec.max_missing_share, True, "missing share above the threshold"),
        (
            "information value",
            item.information_value,
            spec.min_information_value,
            False,
            "information value below the threshold",
        ),
        ("Gini", item.gini, spec.min_gini, False, "Gini below the threshold"),
        ("stability", item.psi, spec.max_psi, True, "population stability index above the threshold"),
    ]
    for step, value, threshold, above, reason in rules:
        if value is None or threshold is None:
            continue
        if (value > threshold) if above else (value < threshold):
            log.drop(name, step, value, threshold, reason)
            return False
    return True


def _uncorrelated(names: Sequence[str], woe: Mapping[str, Floats], spec: SelectionSpec, log: _Log) -> list[str]:
    """Of correlated characteristics the most informative stays (names come in that order); included ones always do."""
    if len(names) < 2:
        return list(names)
    matrix = np.abs(np.corrcoef(np.column_stack([woe[n] for n in names]), rowvar=False))
    cluster = _clusters(matrix, spec.max_correlation) if spec.correlation == "clusters" else None
    kept: list[int] = []
    for i, name in enumerate(names):
        rivals = [
            j for j in kept if (matrix[i, j] > spec.max_correlation if cluster is None else cluster[i] == cluster[j])
        ]
        if rivals and name not in spec.included:
            j = max(rivals, key=lambda k: matrix[i, k])
            place = "correlated with" if cluster is None else "in one cluster of correlated characteristics with"
            reason = f"{place} {names[j]}, which is more informative"
            log.drop(name, "correlation", float(matrix[i, j]), spec.max_correlation, reason)
        else:
            kept.append(i)
    return [names[i] for i in kept]


def _independent(names: Sequence[str], woe: Mapping[str, Floats], spec: SelectionSpec, log: _Log) -> list[str]:
    """Leave out what is a linear combination of more informative ones, as the last of a set of indicator columns is."""
    kept: list[str] = []
    basis = np.empty((0, 0))
    for name in sorted(names, key=lambda n: n not in spec.included):
        centred = woe[name] - woe[name].mean()
        rest = centred if not kept else centred - basis @ (basis.T @ centred)
        rest = rest if not kept else rest - basis @ (basis.T @ rest)
        if np.linalg.norm(rest) < COLLINEAR * np.linalg.norm(centred) and name not in spec.included:
            reason = f"a linear combination of {_listed(kept)}"
            log.drop(name, "collinearity", None, None, reason)
            continue
        kept.append(name)
        direction = (rest / np.linalg.norm(rest))[:, None]
        basis = direction if basis.size == 0 else np.hstack([basis, direction])
    return [name for name in names if name in kept]


def _clusters(matrix: Floats, threshold: float) -> NDArray[np.int64]:
    """Single-linkage clusters: the connected components of the pairs whose correlation is above the threshold."""
    _, labels = connected_components(csr_array(matrix > threshold), directed=False)
    return labels.astype(np.int64)


def _nothing_left(log: _Log, spec: SelectionSpec) -> Fault:
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
        found="; ".join(f"{step}: {_listed(names)}" for step, names in left.items()) or "no predictors",
        allowed="; ".join(text for step, text in thresholds.items() if step in left) or None,
        remedy="add predictors or rows, name a characteristic in selection.include, or relax these thresholds",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMES_SHOWN]) + (
        f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    )
