"""Reject inference: weighted rows for any model, the evidence whether to use them, and what they cannot know."""

from __future__ import annotations

from credit_risk.reject_inference.rows import Decided, InferredRows, accepted_only, known_rows
from credit_risk.reject_inference.spec import RejectInferenceSpec

__all__ = ["Decided", "InferredRows", "RejectInferenceSpec", "accepted_only", "known_rows"]
