"""Reject inference in a development: the two models behind it, the rows that candidates are fitted on, its evidence."""

from credit_risk.lifecycle.rejects.inference import Inference, infer

__all__ = ["Inference", "infer"]
