"""Portfolios whose truth is known: what reject inference, monitoring and fairness are tested against.

>>> from credit_risk.datasets import simulate_portfolio
>>> portfolio = simulate_portfolio(applicants=2_000, months=24, selection="mnar", instrument=True)
>>> portfolio.applications.shape[0], portfolio.truth.shape[0]
(2000, 2000)

The equations of the process are in the docstring of `credit_risk.datasets.simulator`.
"""

from __future__ import annotations

from credit_risk.datasets.drift import ConceptDrift, DataQualityBreak, PopulationShift
from credit_risk.datasets.drivers import outcome_drivers
from credit_risk.datasets.portfolio import Portfolio
from credit_risk.datasets.simulator import simulate_portfolio
from credit_risk.datasets.spec import PortfolioSpec

__all__ = [
    "ConceptDrift",
    "DataQualityBreak",
    "PopulationShift",
    "Portfolio",
    "PortfolioSpec",
    "outcome_drivers",
    "simulate_portfolio",
]
