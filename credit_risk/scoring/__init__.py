"""The one scoring authority: model.json in double arithmetic, in the stated order (SPECIFICATION section 3)."""

from __future__ import annotations

from credit_risk.scoring.check import check_model
from credit_risk.scoring.model import CompiledModel, compile_model
from credit_risk.scoring.thresholds import boundary_double

__all__ = ["CompiledModel", "boundary_double", "check_model", "compile_model"]
