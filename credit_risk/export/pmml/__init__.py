"""PMML 4.4 from a model package alone."""

from __future__ import annotations

from credit_risk.export.pmml.document import model_pmml, pmml_notes
from credit_risk.export.pmml.scorecard import scorecard_pmml

__all__ = ["model_pmml", "pmml_notes", "scorecard_pmml"]
