"""Models of amounts and fractions judged: level, ranking and its loss, stability, terms and their number."""

from __future__ import annotations

import numpy as np
from scipy import special

from validation.battery.cuts import Place, judge
from validation.battery.performance import beyond_chance
from validation.battery.stability import check_score
from validation.findings import Finding, Outcome
from validation.measures import metrics
from validation.measures.fit import GlmFit
from validation.measures.performance import SEED, sample_rows
from validation.measures.structure import Glm, design, outcome_of
from validation.rebuild.logistic import variance_inflation
from validation.rebuild.workspace import DEVELOPMENT, Workspace


def check_outcomes(space: Workspace) -> None:
    """The outcomes of every sample differ."""
    for sample, rows in space.rows.items():
        test = f"battery: outcomes of the sample differ ({sample})"
        finding = None
        if len(np.unique(space.outcome[rows])) < 2:
            finding = _finding(
                space, test, "sample_one_class", "outcomes", f"The outcomes of {sample} are all one value."
            )
        space.ledger.check(Outcome(test, "fail" if finding else "pass", len(rows), "two or more", None, finding))


def check_performance(space: Workspace) -> None:
    """Judge the champion's level and ranking on every sample, its loss of ranking and its stability on test samples."""
    model_id, draws = space.package.champion_id, int(space.policy.cuts["resamples"].value)
    ranks: dict[str, tuple[float, float]] = {}
    for sample in space.rows:
        rows = sample_rows(space, model_id, sample)
        _check_level(space, sample, rows)
        mine, most = metrics.gini_pair(rows)
        error = metrics.resampled_bounds(rows, draws, 0.95, SEED)[2]
        ranks[sample] = (mine / most if most > 0 else float("nan"), error)
        judge(
            space,
            f"battery: ranking ({sample})",
            "Gini index over the greatest",
            ranks[sample][0],
            place=Place("auc_initial", "ranking", sample),
            fail="gini_minimum",
            below=True,
            statement=f"The Gini index on {sample} is {ranks[sample][0]:.4f} of the greatest possible one.",
            remedy="Do not use the model; find characteristics that rank.",
            evidence=("performance.ranking",),
        )
    for sample in space.rows:
        if sample != DEVELOPMENT and DEVELOPMENT in ranks:
            _check_drop(space, sample, ranks[DEVELOPMENT], ranks[sample])
            check_score(space, model_id, sample)


def _check_level(space: Workspace, sample: str, rows: metrics.Rows) -> None:
    value, error = metrics.ratio(rows.weight * rows.y, rows.weight * rows.expected, rows.cluster)
    z = abs(value - 1.0) / error if error > 0 else float("nan")
    judge(
        space,
        f"battery: level ({sample})",
        "z",
        z,
        place=Place("loss_level", "level", sample, p_value=2.0 * float(special.ndtr(-z))),
        fail="calibration_z_fail",
        review="calibration_z_review",
        statement=f"On {sample} the observed are {value:.4f} of the expected (standard error {error:.4f}).",
        remedy="Recalibrate the model, or choose a family whose mean is not biased on these data.",
        evidence=("performance.level",),
    )


def _check_drop(space: Workspace, sample: str, first: tuple[float, float], second: tuple[float, float]) -> None:
    """The fall from development to test; within the policy's number of standard errors it is chance."""
    drop, error = first[0] - second[0], float(np.hypot(first[1], second[1]))
    judge(
        space,
        f"battery: loss of ranking from development ({sample})",
        "Gini index over the greatest",
        beyond_chance(space.policy, drop, error, "gini_drop_fail"),
        place=Place("auc_difference", "loss of ranking from development", sample, value=drop),
        fail="gini_drop_fail",
        review="gini_drop_review",
        statement=f"The Gini index falls by {drop:.4f} (standard error {error:.4f}) from development to {sample}.",
        remedy="Explain the loss; simplify the model if it is overfitted.",
        evidence=("performance.ranking",),
    )


def check_terms(space: Workspace, glm: Glm, fit: GlmFit) -> None:
    """Judge signs of classed terms, collinearity, significance, and rows above zero for each coefficient."""
    x, _ = design(space, glm)
    table = space.package.rows_of(f"glm.coefficients.{glm.name}") or []
    evidence = (f"glm.coefficients.{glm.name}",)
    names = [row["term"] for row in table][1:] if len(table) == len(fit.coefficient) else list(glm.terms)
    classed = [row["kind"] == "classed" for row in table][1:] if len(table) == len(fit.coefficient) else []
    wrong = [n for n, is_classed, b in zip(names, classed, fit.coefficient[1:], strict=False) if is_classed and b <= 0]
    test = f"battery: coefficient signs of {glm.name}"
    finding = None
    if wrong:
        statement = f"The values of bins rise with the outcome, but coefficients are not positive: {', '.join(wrong)}."
        finding = _finding(space, test, "coefficient_sign", ", ".join(wrong), statement, evidence)
    space.ledger.check(Outcome(test, "fail" if wrong else "pass", len(names), "above 0", None, finding))
    weight = space.weight[space.known(DEVELOPMENT)]
    inflation = variance_inflation(x[:, 1:], weight) if names else np.empty(0)
    for name, factor, p in zip(names, inflation, fit.p_value[1:], strict=True):
        judge(
            space,
            f"battery: collinearity of {name} in {glm.name}",
            "VIF",
            float(factor),
            fail="variance_inflation_maximum",
            statement=f"The variance inflation of {name} is {factor:.2f}.",
            remedy="Drop one of the terms that explain each other.",
            evidence=evidence,
        )
        judge(
            space,
            f"battery: significance of {name} in {glm.name}",
            "p-value",
            float(p),
            fail="significance_maximum_p",
            statement=f"The coefficient of {name} has a p-value of {p:.3g}.",
            remedy="Justify the term or drop it.",
            evidence=evidence,
        )
    above = int(np.count_nonzero(outcome_of(space, glm) > 0)) / max(len(names), 1)
    judge(
        space,
        f"battery: rows above zero for each coefficient of {glm.name}",
        "rows per coefficient",
        above,
        fail="events_per_coefficient_fail",
        review="events_per_coefficient_review",
        below=True,
        statement=f"There are {above:.1f} rows above zero for each coefficient.",
        remedy="Use fewer terms or more data.",
        evidence=("samples.measures", *evidence),
    )


def _finding(
    space: Workspace,
    test: str,
    check: str,
    quantity: str,
    statement: str,
    evidence: tuple[str, ...] = ("samples.measures",),
) -> Finding:
    return Finding(
        test=test,
        severity=space.policy.checks[check],
        quantity=quantity,
        developer_value=None,
        validator_value=None,
        tolerance=0.0,
        statement=statement,
        remedy="Explain it or develop the model again.",
        evidence=evidence,
    )
