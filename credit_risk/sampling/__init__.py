"""Intake, outcome, samples and derived characteristics."""

from credit_risk.sampling.contract import DataContractError
from credit_risk.sampling.expressions import parse_expression
from credit_risk.sampling.intake import Intake, take_in
from credit_risk.sampling.outcome import define_outcome
from credit_risk.sampling.production import typed_frame
from credit_risk.sampling.samples import samples_summary, split_samples
from credit_risk.sampling.snapshot import snapshot_frame
from credit_risk.sampling.source import Source, read_source

__all__ = [
    "DataContractError",
    "Intake",
    "Source",
    "define_outcome",
    "parse_expression",
    "read_source",
    "samples_summary",
    "snapshot_frame",
    "split_samples",
    "take_in",
    "typed_frame",
]
