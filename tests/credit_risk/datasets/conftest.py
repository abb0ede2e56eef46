"""Portfolios that several tests read, and measures of these tests' own."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from credit_risk.datasets import Portfolio, outcome_drivers, simulate_portfolio

PLAIN = {"history_months": 0, "repeat_share": 0.0, "cycle_amplitude": 0.0}


@cache
def _built(arguments: tuple[tuple[str, Any], ...]) -> Portfolio:
    return simulate_portfolio(**dict(arguments))


class Kit:
    """Simulation with a memory, and independent measures of what it made."""

    @staticmethod
    def plain(**arguments: Any) -> Portfolio:
        """100,000 applications without cycle, repeats or history: rows are independent."""
        return _built(tuple(sorted({"applicants": 100_000, **PLAIN, **arguments}.items())))

    @staticmethod
    def design(portfolio: Portfolio) -> pd.DataFrame:
        """Constant and drivers, from the record."""
        return sm.add_constant(outcome_drivers(portfolio.applications))

    @staticmethod
    def booked(portfolio: Portfolio) -> np.ndarray:
        """Whether each application was booked."""
        return portfolio.applications["application_id"].isin(portfolio.outcomes["application_id"]).to_numpy()

    @staticmethod
    def coefficients(portfolio: Portfolio, equation: str) -> pd.Series:
        """True coefficients of the drivers and the constant."""
        table = portfolio.parameters.query("equation == @equation").set_index("term")["coefficient"]
        return table.rename({"intercept": "const"})

    @classmethod
    def wald(cls, portfolio: Portfolio, rows: np.ndarray) -> float:
        """p-value of (β̂ − β)ᵀV⁻¹(β̂ − β) for a probit of the outcome on the drivers, fitted on `rows`; β the truth."""
        design = cls.design(portfolio)[rows]
        bad = portfolio.truth["bad"].to_numpy()[rows]
        fit = sm.GLM(bad, design, family=sm.families.Binomial(sm.families.links.Probit())).fit()
        gap = (fit.params - cls.coefficients(portfolio, "outcome")[fit.params.index]).to_numpy()
        return float(stats.chi2.sf(gap @ np.linalg.solve(fit.cov_params().to_numpy(), gap), len(gap)))

    @staticmethod
    def calibrated(probability: np.ndarray, event: np.ndarray, groups: int = 10) -> float:
        """Smallest p-value over groups of ascending probability p: z-test of events against Σp, variance Σp(1 − p)."""
        order = np.argsort(probability, kind="stable")
        p_values = []
        for part in np.array_split(order, groups):
            expected, variance = probability[part].sum(), (probability[part] * (1 - probability[part])).sum()
            p_values.append(2 * stats.norm.sf(abs(event[part].sum() - expected) / np.sqrt(variance)))
        return float(min(p_values))

    @staticmethod
    def psi(expected: pd.Series, actual: pd.Series) -> float:
        """PSI on deciles of `expected` (labels as they are), missing a bin of its own, half a case in each cell."""
        if pd.api.types.is_numeric_dtype(expected):
            edges = np.unique(np.nanquantile(expected, np.linspace(0, 1, 11)[1:-1]))
            bins = [
                np.where(s.isna(), -1, np.searchsorted(edges, s.fillna(0.0), side="right")) for s in (expected, actual)
            ]
        else:
            bins = [s.fillna("missing").to_numpy(dtype=object) for s in (expected, actual)]
        levels = sorted(set(bins[0]) | set(bins[1]))
        counts = np.array([[(part == level).sum() for level in levels] for part in bins]) + 0.5
        share = counts / counts.sum(axis=1, keepdims=True)
        return float(((share[1] - share[0]) * np.log(share[1] / share[0])).sum())


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit
