"""Alerts as one JSON document, for people's tools: written by a run, posted to a webhook (alerts.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.alerts.log import AlertLog, told_of
from credit_risk.monitoring.alerts.rules import Evaluation
from credit_risk.monitoring.alerts.states import Alert
from credit_risk.package.schema import schema_faults

FORMAT, VERSION = "credit-risk-alerts", "0.1"
STATES = ("open", "reopened", "acknowledged", "closed")


def alerts_document(
    log: AlertLog, *, model: str, package_hash: str, created: str, evaluation: Evaluation | None = None,
    alerts: Iterable[Alert] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The alerts of a log, all or those given, with what a run found beside them.

    `past` are conditions that were met in earlier periods and are no longer; no alert is opened for them. `unevaluated`
    are rules that could not be judged at their latest period, each with why; both are empty without `evaluation`.
    created: UTC, ISO 8601. Raises CreditRiskError where the document does not follow its schema.
    """
    listed = list(log.alerts.values() if alerts is None else alerts)
    past = () if evaluation is None else evaluation.past
    untold = () if evaluation is None else evaluation.unevaluated
    document = {
        "format": FORMAT,
        "format_version": VERSION,
        "created": created,
        "model": model,
        "package_hash": package_hash,
        "period": None if evaluation is None else evaluation.period,
        "head": log.head,
        "counts": {state: sum(alert.state == state for alert in listed) for state in STATES},
        "alerts": [alert.as_dict() for alert in listed],
        "past": [{**told_of(one, package_hash), "recovered": one.recovered} for one in past],
        "unevaluated": [
            {
                "rule": one.watch,
                "segment": one.segment,
                "subject": one.subject,
                "period": one.period,
                "reason": one.reason,
            }
            for one in untold
        ],
    }
    faults = schema_faults("alerts", document, "alerts.json")
    if faults:
        raise CreditRiskError(faults)
    return document
