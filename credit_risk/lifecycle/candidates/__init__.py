"""Candidates of a plan: each a model.json, its predictions through the scoring authority, and its evidence."""

from credit_risk.lifecycle.candidates.fit import FITTERS, common_evidence, fit_candidates
from credit_risk.lifecycle.candidates.scorecard import rounding_frame
from credit_risk.lifecycle.candidates.training import Candidate, FitContext, Training

__all__ = ["FITTERS", "Candidate", "FitContext", "Training", "common_evidence", "fit_candidates", "rounding_frame"]
