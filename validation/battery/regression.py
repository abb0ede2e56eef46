"""The regression judged: signs, significance, collinearity, events per coefficient."""

from __future__ import annotations

import numpy as np

from validation.battery.cuts import judge
from validation.comparisons.inference import covariance_of, setting_of
from validation.comparisons.regression import design
from validation.findings import Finding, Outcome
from validation.rebuild.clusters import repeat
from validation.rebuild.fitted_rows import fitted_of
from validation.rebuild.logistic import LogisticFit, variance_inflation
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import scorecard_of


def check_regression(space: Workspace, fit: LogisticFit | None) -> None:
    """Judge the refit; not evaluable where the champion is no scorecard."""
    card = scorecard_of(space.package.model)
    if card is None or fit is None:
        for name in ("coefficient signs", "significance", "collinearity", "events per coefficient"):
            space.ledger.not_evaluable(f"battery: {name}", "the champion's regression was not refitted")
        return
    coefficients, correlations = (evidence_of(space, kind) for kind in ("coefficients", "correlation"))
    names = [term.characteristic for term in card.terms]
    _check_dependence(space)
    bounded = setting_of(space, space.package.champion_id, "coefficients") == "negative"
    _check_signs(space, dict(zip(names, [term.coefficient for term in card.terms], strict=True)), bounded)
    fitted = fitted_of(space)
    x, weight = design(fitted, space.package.champion_id, card)[:, 1:], fitted.weight[fitted.known(DEVELOPMENT)]
    inflation = dict(zip(names, variance_inflation(x, weight), strict=True))
    p_values = dict(zip(names, fit.p_value[1:], strict=True))
    for name in names:
        judge(
            space,
            f"battery: collinearity of {name}",
            "VIF",
            float(inflation[name]),
            fail="variance_inflation_maximum",
            statement=f"The variance inflation of {name} is {inflation[name]:.2f}.",
            remedy="Drop one of the characteristics that explain each other.",
            evidence=(coefficients, correlations),
        )
        if np.isnan(p_values[name]):
            space.ledger.not_evaluable(f"battery: significance of {name}", "its coefficient is held at zero by a bound")
            continue
        judge(
            space,
            f"battery: significance of {name}",
            "p-value",
            float(p_values[name]),
            fail="significance_maximum_p",
            statement=f"The coefficient of {name} has a p-value of {p_values[name]:.3g}.",
            remedy="Justify the characteristic or drop it.",
            evidence=(coefficients,),
        )
    rows = space.known(DEVELOPMENT)
    bad = float(space.outcome[rows].sum())
    events = min(bad, len(rows) - bad) / len(names)
    judge(
        space,
        "battery: events per coefficient",
        "events per coefficient",
        events,
        fail="events_per_coefficient_fail",
        review="events_per_coefficient_review",
        below=True,
        statement=f"There are {events:.1f} events for each coefficient.",
        remedy="Use fewer characteristics or more data.",
        evidence=("samples.summary", coefficients),
    )


def evidence_of(space: Workspace, kind: str) -> str:
    """Return the id of the champion's evidence on its regression."""
    return f"scorecard.{kind}.{space.package.candidate_ids[space.package.champion_id]}"


def _check_dependence(space: Workspace) -> None:
    """Standard errors that take rows as independent are too small where rows of one obligor repeat."""
    test = "battery: standard errors allow for rows of one obligor"
    clusters, kind = space.cluster[space.known(DEVELOPMENT)], covariance_of(space, space.package.champion_id)
    if not repeat(clusters):
        space.ledger.not_evaluable(test, "no two rows of development share a cluster")
        return
    finding = None
    if kind != "cluster":
        statement = f"Rows of one cluster repeat in development, and standard errors are {kind}: they are too small."
        finding = Finding(
            test=test,
            severity=space.policy.checks["independent_rows"],
            quantity="covariance",
            developer_value=kind,
            validator_value="cluster",
            tolerance=None,
            statement=statement,
            remedy="Write covariance: cluster (or auto) and select the characteristics again.",
            evidence=(evidence_of(space, "coefficients"), "samples.clusters"),
        )
    outcome = "fail" if finding else "pass"
    space.ledger.check(Outcome(test, outcome, len(clusters), "clustered where rows repeat", None, finding))


def _check_signs(space: Workspace, coefficients: dict[str, float], bounded: bool) -> None:
    """WoE is ln(share of goods / share of bads), so the coefficients of a model of bads are negative.

    bounded: the plan holds them at 0 or below, and one that stands at its bound has no sign.
    """
    test, cut = "battery: coefficient signs", "0 or below" if bounded else "below 0"
    wrong = {name: value for name, value in coefficients.items() if value > 0 or (value == 0 and not bounded)}
    for name, value in wrong.items():
        finding = Finding(
            test=test,
            severity=space.policy.checks["coefficient_sign"],
            quantity=name,
            developer_value=value,
            validator_value=None,
            tolerance=0.0,
            statement=f"The coefficient of the WoE of {name} is {value:.4f}; it should be negative.",
            remedy="Drop the characteristic or explain the reversal.",
            evidence=(evidence_of(space, "coefficients"),),
        )
        space.ledger.check(Outcome(f"{test} ({name})", "fail", 1, cut, None, finding))
    if not wrong:
        space.ledger.check(Outcome(test, "pass", len(coefficients), cut, None))
