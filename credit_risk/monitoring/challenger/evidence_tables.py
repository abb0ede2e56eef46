"""Frames of challengers in the columns of evidence `monitoring.challengers` and `monitoring.looks`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from credit_risk.monitoring.challenger.looks import LOOK_COLUMNS
from credit_risk.monitoring.challenger.recommendation import Recommendation
from credit_risk.monitoring.challenger.shadow import SHADOW_COLUMNS
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL

CHALLENGER_COLUMNS = [
    *("period", "challenger", "population", "rows", "bad", "auc_champion", "auc_challenger", "difference", "lower"),
    *("upper", "p_value", "warning"),
]
LOOK_EVIDENCE_COLUMNS = [
    *("challenger", "look", "period", "information", "z", "boundary", "always_valid_lower", "always_valid_upper"),
    *("recommendation", "reason"),
]


def challengers_evidence(comparisons: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`monitoring.challengers` from frames of `shadow_comparison` by challenger; population: of whom it holds."""
    parts = []
    for name, frame in comparisons.items():
        require_columns(frame, SHADOW_COLUMNS, name)
        own = frame[frame["segment"] == ALL].assign(challenger=name, population=frame["basis"])
        told = [w if w is not None and w == w else r for w, r in zip(own["warning"], own["reason"], strict=True)]
        parts.append(own.assign(warning=pd.Series(told, index=own.index, dtype=object))[CHALLENGER_COLUMNS])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CHALLENGER_COLUMNS)


def looks_evidence(planned: pd.DataFrame, open_: pd.DataFrame, recommended: Recommendation) -> pd.DataFrame:
    """`monitoring.looks` of one challenger: planned looks with bounds that hold at any time beside, of the same looks.

    The recommendation stands at the latest look. Raises CreditRiskError where columns are missing.
    """
    require_columns(planned, LOOK_COLUMNS, "planned")
    require_columns(open_, LOOK_COLUMNS, "open")
    latest = planned["look"] == planned["look"].max()
    found = planned.merge(open_[["look", "lower", "upper"]], on="look", suffixes=("", "_open"), validate="one_to_one")
    verdict = [recommended.verdict if last else None for last in latest]
    reason = ["; ".join(recommended.reasons) if last else None for last in latest]
    found = found.assign(
        challenger=recommended.challenger,
        period=found["at"],
        always_valid_lower=found["lower_open"],
        always_valid_upper=found["upper_open"],
        recommendation=pd.Series(verdict, dtype=object),
        reason=pd.Series(reason, dtype=object),
    )
    return found[LOOK_EVIDENCE_COLUMNS]
