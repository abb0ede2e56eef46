"""Intake, outcome, samples and derived characteristics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._core.lazy import imported_when_used

__all__ = [
    "DataContractError",
    "History",
    "Intake",
    "Source",
    "bad_rate_maturity",
    "date_openings",
    "define_outcome",
    "parse_expression",
    "performance_outcome",
    "read_history",
    "read_source",
    "roll_rate_matrix",
    "rolling_points",
    "samples_summary",
    "snapshot_frame",
    "split_samples",
    "take_in",
    "typed_frame",
    "unpivot_months",
    "vintage_curves",
]

if TYPE_CHECKING:
    from credit_risk.sampling.contract import DataContractError
    from credit_risk.sampling.expressions import parse_expression
    from credit_risk.sampling.history import History, read_history
    from credit_risk.sampling.history_tables import roll_rate_matrix, vintage_curves
    from credit_risk.sampling.intake import Intake, take_in
    from credit_risk.sampling.maturity import bad_rate_maturity
    from credit_risk.sampling.openings import date_openings
    from credit_risk.sampling.outcome import define_outcome
    from credit_risk.sampling.performance import performance_outcome, rolling_points
    from credit_risk.sampling.production import typed_frame
    from credit_risk.sampling.samples import samples_summary, split_samples
    from credit_risk.sampling.snapshot import snapshot_frame
    from credit_risk.sampling.source import Source, read_source
    from credit_risk.sampling.unpivot import unpivot_months
else:
    __getattr__ = imported_when_used(
        __name__,
        {
            "contract": ("DataContractError",),
            "expressions": ("parse_expression",),
            "history": ("History", "read_history"),
            "history_tables": ("roll_rate_matrix", "vintage_curves"),
            "intake": ("Intake", "take_in"),
            "maturity": ("bad_rate_maturity",),
            "openings": ("date_openings",),
            "outcome": ("define_outcome",),
            "performance": ("performance_outcome", "rolling_points"),
            "production": ("typed_frame",),
            "samples": ("samples_summary", "split_samples"),
            "snapshot": ("snapshot_frame",),
            "source": ("Source", "read_source"),
            "unpivot": ("unpivot_months",),
        },
    )
