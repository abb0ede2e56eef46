"""A run of monitoring: production and outcomes of one package, measured, judged by its plan, made evidence.

run = monitor(package, "log", prediction_log(package))
run.evidence                                  # every item `monitoring.*` of the catalogue
run.values                                    # VALUE_COLUMNS: what the rules of the plan were held against
run.evaluation.conditions                     # which cuts are broken, persistently
"""

from __future__ import annotations

from credit_risk.monitoring.run.evidence import evidence_of
from credit_risk.monitoring.run.monitor import MonitoringRun, Progress, monitor
from credit_risk.monitoring.run.outcomes import OutcomeTable
from credit_risk.monitoring.run.settings import Settings, settings_of
from credit_risk.monitoring.run.words import Words

__all__ = ["MonitoringRun", "OutcomeTable", "Progress", "Settings", "Words", "evidence_of", "monitor", "settings_of"]
