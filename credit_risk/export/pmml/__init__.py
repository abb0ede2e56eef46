"""PMML 4.4 from a model package alone."""

from __future__ import annotations

from credit_risk.export.pmml.scorecard import scorecard_pmml

__all__ = ["scorecard_pmml"]
