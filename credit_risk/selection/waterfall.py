"""From all classed characteristics to the final list: information value, correlation, sign, p-value, inflation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.logistic import LogisticFit, fit_logistic, variance_inflation
from credit_risk.selection.spec import SelectionSpec

Floats = NDArray[np.float64]


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

    def frame(self, selected: Sequence[str], include: Sequence[str]) -> pd.DataFrame:
        for name in selected:
            reason = "in the plan's list of characteristics to include" if name in include else "passed every step"
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


def select_characteristics(
    information_value: Mapping[str, float],
    fine_gini: Mapping[str, float],
    woe: Mapping[str, Floats],
    y: Floats,
    limits: SelectionSpec,
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
) -> Selection:
    """Run the waterfall on development.

    information_value, fine_gini (of the fine classes) and woe ((n,) each) by characteristic; y (n,) 0/1. Steps:
    suspicion that a characteristic knows the outcome; information value; correlation (of
    a pair the less informative leaves); then backward elimination, one at a time: wrong sign (largest coefficient
    first), p-value (largest first), variance inflation (largest first). Raises ModelError where nothing is left.
    """
    log = _Log(dict(information_value))
    names = sorted(information_value, key=lambda n: (-information_value[n], n))
    names = _screen(names, fine_gini, woe, limits, log)
    while names:
        x = np.column_stack([woe[n] for n in names])
        fit = fit_logistic(x, y, names, weights=weights, confidence=confidence)
        loser = _loser(names, fit, x, limits)
        if loser is None:
            return Selection(tuple(names), fit, log.frame(names, limits.include))
        name, step, value, threshold, reason = loser
        log.drop(name, step, value, threshold, reason)
        names.remove(name)
    raise ModelError(_nothing_left(log, limits))


def _screen(
    names: list[str], fine_gini: Mapping[str, float], woe: Mapping[str, Floats], limits: SelectionSpec, log: _Log
) -> list[str]:
    """Steps before any fit: exclusion by the plan, constant WoE, information value, correlation."""
    kept: list[str] = []
    for name in names:
        forced, iv = name in limits.include, log.information_value[name]
        if name in limits.exclude:
            log.drop(name, "plan", None, None, "in the plan's list of characteristics to exclude")
        elif fine_gini[name] > limits.max_gini and not forced:
            reason = "separates goods from bads almost perfectly: suspected to know the outcome"
            log.drop(name, "leakage", fine_gini[name], limits.max_gini, reason)
        elif np.ptp(woe[name]) == 0:
            log.drop(name, "classing", None, None, "classing leaves one weight of evidence only")
        elif iv < limits.min_information_value and not forced:
            log.drop(
                name,
                "information value",
                iv,
                limits.min_information_value,
                "information value below the threshold",
            )
        else:
            rival, r = _closest(name, kept, woe)
            if abs(r) > limits.max_correlation and not forced:
                log.drop(
                    name,
                    "correlation",
                    r,
                    limits.max_correlation,
                    f"correlated with {rival}, which is more informative",
                )
            else:
                kept.append(name)
    return kept


def _closest(name: str, kept: Sequence[str], woe: Mapping[str, Floats]) -> tuple[str, float]:
    pairs = [(other, float(np.corrcoef(woe[name], woe[other])[0, 1])) for other in kept]
    return max(pairs, key=lambda pair: abs(pair[1]), default=("", 0.0))


def _loser(
    names: Sequence[str], fit: LogisticFit, x: Floats, limits: SelectionSpec
) -> tuple[str, str, float, float, str] | None:
    """The next characteristic to leave, or None when every remaining one passes."""
    free = [i for i, n in enumerate(names) if n not in limits.include]
    coefficient, p_value = fit.coef[1:], fit.p_value[1:]
    wrong = [i for i in free if coefficient[i] >= 0]
    if limits.sign_check and wrong:
        i = max(wrong, key=lambda j: coefficient[j])
        return (
            names[i],
            "sign",
            float(coefficient[i]),
            0.0,
            "coefficient on weight of evidence is not negative",
        )
    weak = [i for i in free if p_value[i] > limits.max_p_value]
    if weak:
        i = max(weak, key=lambda j: p_value[j])
        return names[i], "p-value", float(p_value[i]), limits.max_p_value, "p-value above the threshold"
    inflation = variance_inflation(x)
    inflated = [i for i in free if inflation[i] > limits.max_variance_inflation]
    if inflated:
        i = max(inflated, key=lambda j: inflation[j])
        value = float(inflation[i])
        return (
            names[i],
            "variance inflation",
            value,
            limits.max_variance_inflation,
            "variance inflation above the threshold",
        )
    return None


def _nothing_left(log: _Log, limits: SelectionSpec) -> Fault:
    reasons = pd.Series([row["step"] for row in log.rows.values()]).value_counts().to_dict()
    return Fault(
        "no characteristic passes the selection",
        code="nothing_selected",
        path="selection",
        found=", ".join(f"{count} left out by {step}" for step, count in reasons.items()) or "no predictors",
        allowed=f"information value of at least {limits.min_information_value!r} (selection.min_information_value)",
        remedy="add predictors, or relax the thresholds under `selection`",
    )
