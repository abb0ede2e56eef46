"""What a gate may ask for: the closed list of checks and of documents, in words."""

from __future__ import annotations

from typing import Literal

Level = Literal["low", "medium", "high"]

CHECKS = {
    "described": "the model has a purpose, an intended use, operating boundaries, an owner, products and inputs",
    "objectives_declared": "objectives and KPIs are declared, each with measure, direction and target",
    "proposal_signed": "the sign-offs of the proposal stand",
    "developer_named": "at least one developer of the version is named",
    "package_registered": "a model package is registered, and its files are as they were sealed",
    "texts_authored": "every text that a person must write is in the package, with author and date",
    "limitations_declared": "each limitation has significance, mitigant, owner and an expiry that has not passed",
    "monitoring_planned": "monitoring is planned: each metric has a cut, an owner and a response",
    "exports_in_parity": "exports were scored in their engines and agree with the package",
    "validated_independently": "the package was validated independently",
    "validator_concluded": "a named validator has concluded, on the findings that stand, and does not reject",
    "no_blocking_findings": "no finding of a blocking severity is open",
    "no_overdue_findings": "no finding is open past its date",
    "redeployment_compared": "the version was compared with the live one by the plan's rules, which do not reject it",
    "upstream_known": "every upstream model is named with the inputs that come from it",
    "approval_in_force": "the sign-offs of validation and approval stand, and the approval has not expired",
    "conditions_in_date": "no condition of approval has passed its date",
    "exceptions_in_date": "no exception has passed its date",
}
"""By name of a check: what must hold."""

DOCUMENTS = (
    *("executive_summary", "model_card", "development_dossier", "validation_report", "implementation_guide"),
    *("adverse_action", "monitoring_plan", "change_log", "sign_off_sheet", "monitoring_report"),
)
"""Documents of the annex `documents/`, each `NAME.pdf` or, in another language, `NAME.LANGUAGE.pdf`."""

LEVELS: tuple[Level, ...] = ("low", "medium", "high")
FREQUENCIES = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
"""Months between two runs of monitoring."""

ACTIVITIES = ("monitoring", "finding_response", "finding_closure", "override", "review")
"""What the RACI tells beside the gates."""
