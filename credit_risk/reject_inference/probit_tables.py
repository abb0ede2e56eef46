"""Evidence of the bivariate probit: its parameters, its tests, and the profile of the correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import chi2

from credit_risk.reject_inference.bivariate_probit import ASSUMPTIONS, WARNINGS, BivariateProbitFit

PROBIT_COLUMNS = ("equation", "term", "estimate", "standard_error", "z", "p_value", "lower", "upper")
TEST_COLUMNS = ("test", "statistic", "degrees_of_freedom", "p_value", "strength")
PROFILE_COLUMNS = ("rho", "log_likelihood", "relative", "inside", "maximum")


def probit_table(fit: BivariateProbitFit) -> pd.DataFrame:
    """PROBIT_COLUMNS, evidence `reject_inference.probit`: `decision`, then `outcome`, then `correlation`.

    Intervals are Wald's; those of `rho` are of the profile likelihood, its error by the delta method, its z and p of
    atanh ρ. Missing where ρ is at its border.
    """
    estimate = np.concatenate([fit.gamma, fit.beta])
    error = fit.standard_error
    half = -float(ndtri((1.0 - fit.confidence) / 2.0)) * error[:-1]
    z = np.append(estimate, np.arctanh(fit.rho)) / error
    frame = pd.DataFrame(
        {
            "equation": [
                *("decision" for _ in fit.decision_terms),
                *("outcome" for _ in fit.outcome_terms),
                "correlation",
            ],
            "term": [*fit.decision_terms, *fit.outcome_terms, "rho"],
            "estimate": np.append(estimate, fit.rho),
            "standard_error": np.append(error[:-1], fit.rho_standard_error),
            "z": z,
            "p_value": 2.0 * ndtr(-np.abs(z)),
            "lower": np.append(estimate - half, fit.rho_lower),
            "upper": np.append(estimate + half, fit.rho_upper),
        },
        columns=list(PROBIT_COLUMNS),
    )
    frame.attrs["notes"] = [
        *ASSUMPTIONS,
        f"{fit.applicants:,} applicants, {fit.accepted:,} accepted, {fit.known:,} outcomes known; "
        f"log likelihood {fit.log_likelihood:.6g}",
        f"covariance {fit.dependence.kind}; intervals at {fit.confidence:g}, that of rho by profile likelihood",
        *(WARNINGS[name] for name in fit.warnings),
    ]
    return frame


def probit_test_table(fit: BivariateProbitFit) -> pd.DataFrame:
    """TEST_COLUMNS: `instrument` (Wald), `instrument_likelihood_ratio`, `independence` (ρ = 0), `form`.

    strength: chi-square over degrees of freedom, of the instrument's test by Wald. The instrument's rows are missing
    where there is none. p-values of likelihood ratios hold for rows that are independent and not weighted.
    """
    rows: list[tuple[str, float, int, float, float]] = []
    if fit.instrument is not None:
        one = fit.instrument
        rows.append(("instrument", one.wald, one.df, one.p_value, one.strength))
        rows.append(_row("instrument_likelihood_ratio", one.likelihood_ratio, one.df))
    rows.append(_row("independence", fit.independence_lr, 1))
    rows.append(_row("form", fit.form_wald, 2))
    return pd.DataFrame(rows, columns=list(TEST_COLUMNS))


def correlation_profile_table(fit: BivariateProbitFit) -> pd.DataFrame:
    """PROFILE_COLUMNS, evidence `reject_inference.correlation_profile`, one row a correlation, ascending.

    relative: log likelihood less its maximum; inside: within the interval's threshold; maximum: the estimate.
    """
    profile = fit.profile
    frame = pd.DataFrame(
        {
            "rho": profile.rho,
            "log_likelihood": profile.log_likelihood,
            "relative": profile.relative,
            "inside": profile.inside,
            "maximum": profile.rho == fit.rho,
        },
        columns=list(PROFILE_COLUMNS),
    )
    second = "" if profile.second_mode is None else f"; another maximum near {profile.second_mode:.2f}"
    frame.attrs["notes"] = [
        f"interval at {fit.confidence:g}: {fit.rho_lower:.4f} to {fit.rho_upper:.4f}, where the log likelihood is "
        f"{profile.threshold / 2:.4f} below its maximum{second}",
        *(WARNINGS[name] for name in profile.warnings),
    ]
    return frame


def _row(test: str, statistic: float, df: int) -> tuple[str, float, int, float, float]:
    return test, statistic, df, float(chi2.sf(statistic, df)), float("nan")
