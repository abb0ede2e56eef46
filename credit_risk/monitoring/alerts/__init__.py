"""Alerts: rules of the plan over values of metrics, their state in a log that only grows, and their delivery."""

from credit_risk.monitoring.alerts.delivery import deliver
from credit_risk.monitoring.alerts.document import alerts_document
from credit_risk.monitoring.alerts.log import AlertError, AlertLog, acknowledge, close, read_alerts, record_run
from credit_risk.monitoring.alerts.rules import evaluate
from credit_risk.monitoring.alerts.run import judge
from credit_risk.monitoring.alerts.watches import watches_of

__all__ = [
    "AlertError",
    "AlertLog",
    "acknowledge",
    "alerts_document",
    "close",
    "deliver",
    "evaluate",
    "judge",
    "read_alerts",
    "record_run",
    "watches_of",
]
