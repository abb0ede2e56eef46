"""Selection of classed characteristics for a generalised linear model: the same screens and search as a scorecard's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.covariance import NONROBUST, Rows, score_variance
from credit_risk.models.families import Family
from credit_risk.models.glm import GlmFit, fit_glm
from credit_risk.selection.redundancy import independent, uncorrelated
from credit_risk.selection.screens import Screened, WaterfallLog, passes
from credit_risk.selection.search import SearchRules, search
from credit_risk.selection.spec import SelectionSpec

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeasureSearch:
    """What a search fits on: `woe` holds values of bins (n,) by characteristic, `always` (n, m) terms that always stay.

    y, weights, offset (n,); dependence: how rows belong together, for every standard error and test.
    """

    woe: Mapping[str, Floats]
    y: Floats
    weights: Floats
    family: Family
    offset: Floats | None
    always: Floats
    always_names: tuple[str, ...]
    dependence: Rows
    likelihood: bool

    def fit(self, names: Sequence[str]) -> GlmFit:
        """The model of the named columns and the terms that always stay."""
        x = np.column_stack([*(self.woe[n] for n in names), self.always])
        terms = (*names, *self.always_names)
        return fit_glm(
            x,
            self.y,
            terms,
            self.family,
            weights=self.weights,
            offset=self.offset,
            dependence=self.dependence,
            likelihood=self.likelihood,
        )

    def score_tests(self, names: Sequence[str], candidates: Sequence[str]) -> dict[str, float]:
        """p-values of the score test for adding each candidate (one degree of freedom); of beta, Wald's of each fit.

        Statistic: (z'u)²/(φ(z'Wz − z'WX(X'WX)⁻¹X'Wz)) with u = w(y − mu)·slope/V(mu), W = w·slope²/V(mu) and Pearson's
        φ (McCullagh & Nelder 1989, section 12.4); with a robust or clustered covariance its sandwich.
        """
        if self.family.name == "beta":
            return {name: float(self.fit([*names, name]).p_value[len(names) + 1]) for name in candidates}
        found = self.fit(names) if names or self.always_names else self._constant()
        x = np.column_stack([*(self.woe[n] for n in names), self.always])
        design = np.column_stack([np.ones(len(self.y)), x])
        link, offset = self.family.link, np.zeros(len(self.y)) if self.offset is None else self.offset
        eta = design @ found.coef + offset
        mu, slope = link.inverse(eta), link.slope(eta)
        v = self.weights * slope**2 / self.family.variance(mu)
        u = self.weights * (self.y - mu) * slope / self.family.variance(mu)
        inverse = np.linalg.inv(design.T @ (design * v[:, None]))
        p_values = {}
        for name in candidates:
            z = self.woe[name]
            projection = inverse @ (design.T @ (v * z))
            rest = z - design @ projection
            variance = found.dispersion * float(rest @ (v * rest))
            if self.dependence.kind != NONROBUST:
                variance = score_variance(rest * u, design.shape[1] + 1, self.dependence)
            statistic = float(z @ u) ** 2 / variance if variance > 0 else 0.0
            p_values[name] = float(chi2.sf(statistic, 1))
        return p_values

    def _constant(self) -> GlmFit:
        nothing = np.empty((len(self.y), 0))
        return fit_glm(nothing, self.y, (), self.family, weights=self.weights, offset=self.offset, likelihood=False)


def search_rules(spec: SelectionSpec, family: Family) -> SearchRules:
    """Rules of the plan. Values of bins rise with the outcome: where signs are checked, coefficients are positive."""
    return SearchRules(
        method=spec.method,
        criterion=spec.criterion,
        max_p_value=spec.max_p_value,
        max_variance_inflation=spec.max_variance_inflation,
        expected_sign=1.0 if spec.sign_check else None,
        kept=frozenset(spec.included),
        coefficient="coefficient on the value of the bins",
        entry_test="Wald test" if family.name == "beta" else "score test",
    )


def screened_names(
    candidates: Mapping[str, Screened],
    values: Mapping[str, Floats],
    spec: SelectionSpec,
    weights: Floats,
    log: WaterfallLog,
) -> list[str]:
    """What passes the screen of each by itself, and then of correlation and collinearity; the rest goes to the log."""
    names = sorted(candidates, key=lambda n: (-candidates[n].information_value, n))
    names = [n for n in names if passes(n, values[n], spec, log)]
    kept = spec.included
    threshold, method = spec.max_correlation, spec.correlation
    names = uncorrelated(names, values, log.drop, threshold=threshold, method=method, kept=kept, weights=weights)
    return independent(names, values, log.drop, kept=kept)


def select_measures(
    names: Sequence[str], data: MeasureSearch, spec: SelectionSpec, log: WaterfallLog
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The characteristics that the search keeps, and evidence `selection.waterfall`.

    Raises ModelError where none is left and no term stays besides.
    """
    found, _ = search(names, data, search_rules(spec, data.family), log.drop)
    if not found and not data.always_names:
        steps = ", ".join(dict.fromkeys(str(row["step"]) for row in log.rows.values())) or "no predictors"
        remedy = "add predictors or rows, name a characteristic in selection.include, or relax the thresholds"
        message = "no characteristic passes the selection"
        raise ModelError(Fault(message, "nothing_selected", path="selection", found=f"left at: {steps}", remedy=remedy))
    return tuple(found), log.frame(found, spec.included)
