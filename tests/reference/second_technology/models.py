"""Models whose estimates in R are kept beside this file: simulated ones of every family, and those of packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from validation import read_package
from validation.comparisons.linear_models import glms_of, scorecards_of
from validation.comparisons.regression import compare_regressions
from validation.comparisons.second_technology import classings_of
from validation.measures.compare import compare_measures
from validation.measures.families import Family
from validation.measures.fit import fit_glm
from validation.policy import read_policy
from validation.rebuild.linear_models import LinearModel
from validation.rebuild.logistic import fit_logistic
from validation.rebuild.workspace import open_workspace
from validation.second_technology import Classing

FOLDER = Path(__file__).parent
CASES = [
    ("logistic", "logit", "nonrobust"),
    ("logistic", "logit", "hc1"),
    ("logistic", "logit", "cluster"),
    ("fractional", "logit", "hc1"),
    ("fractional", "probit", "hc0"),
    ("gamma", "log", "nonrobust"),
    ("gamma", "log", "cluster"),
    ("tweedie", "log", "nonrobust"),
    ("tweedie", "log", "hc1"),
    ("beta", "logit", "nonrobust"),
    ("beta", "logit", "cluster"),
    ("beta", "probit", "hc0"),
]


def simulated() -> list[LinearModel]:
    """One model of each case over 400 rows, with weights and an offset; the constant and three terms."""
    return [_simulated(number, *case) for number, case in enumerate(CASES)]


def _simulated(seed: int, family: str, link: str, kind: str) -> LinearModel:
    rng = np.random.Generator(np.random.PCG64(seed))
    n, power = 400, 1.5 if family == "tweedie" else 2.0 if family == "gamma" else float("nan")
    x = np.column_stack([np.ones(n), rng.normal(size=n), rng.uniform(-1, 2, n), rng.integers(0, 2, n)])
    offset, weight, clusters = rng.normal(0, 0.3, n), rng.uniform(0.3, 2.0, n), rng.integers(0, 60, n)
    one = Family("fractional" if family == "logistic" else family, link, power)
    mu = one.mean(x @ np.array([-0.4, 0.5, -0.3, 0.6]) + offset)
    if family == "logistic":
        y = (rng.random(n) < mu).astype(np.float64)
        fit = fit_logistic(x, y, weight, 0.95, kind, clusters, offset)
        found = fit.coefficient, fit.standard_error
    else:
        if family == "gamma":
            y = rng.gamma(2.0, mu / 2.0)
        elif family == "tweedie":
            y = np.array([rng.gamma(1.5, m, k).sum() for m, k in zip(mu, rng.poisson(0.8, n), strict=True)])
        else:
            y = rng.beta(5.0 * mu, 5.0 * (1.0 - mu))
        own = fit_glm(x, y, weight, offset, one, kind=kind, clusters=clusters, confidence=0.95, likelihood=False)
        found = own.coefficient, own.standard_error
    name, terms = f"{family} {link} {kind}", ("intercept", "x1", "x2", "x3")
    arrays = (x, y, weight, offset, clusters)
    return LinearModel(name, family, link, power, terms, *arrays, kind, *found, *found, "scorecard.coefficients.m")


def of_package(folder: Path) -> tuple[list[LinearModel], list[Classing]]:
    """The linear models of a package and the classings of its champion, as the validator rebuilds them."""
    space = open_workspace(read_package(folder), read_policy())
    assert space is not None
    if space.package.outcome_type != "binary":
        return list(glms_of(space, compare_measures(space)[1])), []
    return list(scorecards_of(space, compare_regressions(space))), [item for _, item in classings_of(space)]


def kept() -> Iterator[str]:
    """Names of the folders of R's answers."""
    yield from sorted(path.name for path in FOLDER.iterdir() if (path / "r.csv").exists())
