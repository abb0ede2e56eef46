"""One validation from package to findings: rebuild, compare, judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from validation.battery import run_battery, texts
from validation.battery.reject_inference import overlap_rows
from validation.battery.rows import BatteryRow, complete, place_of
from validation.compare import Comparison, Ledger
from validation.comparisons import (
    alternatives,
    baselines,
    boosting,
    calibration,
    calibration_choice,
    classing,
    curves,
    cut_offs,
    data,
    derived,
    edges,
    expectations,
    experiment,
    expert,
    explanation,
    exports,
    fairness,
    groups,
    leakage,
    limits,
    linear_models,
    long_run,
    margins,
    observation,
    optimality,
    overrides,
    performance,
    placing,
    points,
    proxies,
    ranking,
    rating,
    reasons,
    recounts,
    regression,
    reject_errors,
    rejects,
    reliability,
    restated,
    rules,
    scoring,
    segments,
    selection,
    source,
    stability,
    strategy,
    strategy_pairs,
    subpopulations,
    two_stage,
)
from validation.comparisons.complete import compare_complete, compare_points
from validation.comparisons.items import compare_items
from validation.comparisons.performance import Headline
from validation.comparisons.planned import compare_planned
from validation.comparisons.profile import compare_snapshot_profile
from validation.comparisons.whole import compare_grids, compare_repeated
from validation.findings import Finding, Outcome, findings_document
from validation.frames import comparisons_frame, findings_frame, outcomes_frame, tests_frame
from validation.guard import guarded
from validation.measures.compare import Refitted, compare_measures, judge_measures
from validation.package import Package
from validation.policy import Policy, read_policy
from validation.rebuild.fitted_rows import fitted_of
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.segments import whole_of
from validation.rebuild.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What the rebuild found: comparisons and outcomes in order, headline numbers, our refits of the regressions."""

    ledger: Ledger
    headlines: tuple[Headline, ...]
    fit: LogisticFit | None
    workspace: Workspace | None = field(repr=False)
    refitted: tuple[Refitted, ...] = ()

    def frame(self) -> pd.DataFrame:
        """One row for each quantity compared (`frames.COMPARISONS`)."""
        return comparisons_frame(self.ledger.comparisons)


@dataclass(frozen=True, slots=True)
class Battery:
    """What the battery found: the outcome of each test in order, and its rows by test and population."""

    outcomes: tuple[Outcome, ...]
    rows: tuple[BatteryRow, ...]

    def frame(self) -> pd.DataFrame:
        """One row for each test on each population (`frames.TESTS`)."""
        return tests_frame(self.rows)

    def outcomes_frame(self) -> pd.DataFrame:
        """One row for each test (`frames.OUTCOMES`)."""
        return outcomes_frame(self.outcomes)


@dataclass(frozen=True, slots=True)
class ValidationRun:
    """A finished validation; `findings` is the content of findings.json, `overlap` the rows of `validation.overlap`.

    `tables`: rows of the validator's own tables by evidence id, or the reason why there are none. `battery`: rows of
    `validation.battery`.
    """

    package: Package
    policy: Policy
    comparisons: tuple[Comparison, ...]
    outcomes: tuple[Outcome, ...]
    headlines: tuple[Headline, ...]
    fit: LogisticFit | None
    refitted: tuple[Refitted, ...]
    findings: Mapping[str, Any]
    overlap: tuple[list[Any], ...] = ()
    tables: Mapping[str, list[list[Any]] | str] = field(default_factory=dict, repr=False)
    battery: tuple[BatteryRow, ...] = ()

    @property
    def recommendation(self) -> str:
        """approve, approve_with_conditions or reject."""
        return str(self.findings["recommendation"])

    @property
    def has_findings(self) -> bool:
        """Whether there is a finding above observation."""
        return any(count for severity, count in self.findings["counts"].items() if severity != "observation")

    def comparisons_frame(self) -> pd.DataFrame:
        """One row for each quantity compared (`frames.COMPARISONS`)."""
        return comparisons_frame(self.comparisons)

    def outcomes_frame(self) -> pd.DataFrame:
        """One row for each test (`frames.OUTCOMES`)."""
        return outcomes_frame(self.outcomes)

    def findings_frame(self) -> pd.DataFrame:
        """One row for each finding, the most severe first (`frames.FINDINGS`)."""
        return findings_frame(self.findings["findings"])


def rebuild(
    package: Package,
    policy: Policy | None = None,
    *,
    second_technology: bool = False,
    without_source: str | None = None,
) -> Rebuild:
    """Recompute everything that the package's snapshot allows and compare it with what the package states.

    second_technology: whether R, where it is installed, estimates the linear models too (a process of its own);
    without_source: why the source rows were not given, which is told where they were not.
    """
    policy = policy or read_policy()
    space = open_workspace(package, policy)
    if space is None:
        return Rebuild(_without_rows(package, policy), (), None, None)
    guarded(space.ledger, None, source.compare_source, space, without_source)
    for compare in (derived.compare_derived, compare_snapshot_profile, compare_items, compare_repeated):
        guarded(space.ledger, None, compare, space)
    if package.outcome_type != "binary":
        return _rebuild_measures(space, second_technology)
    whole = whole_of(space)
    fitted = fitted_of(whole)
    _compare_rows(space, whole, fitted)
    _compare_classings(whole, fitted)
    no_fits: dict[str, LogisticFit] = {}
    no_parts: list[tuple[Workspace, dict[str, LogisticFit]]] = []
    fits = guarded(space.ledger, no_fits, regression.compare_regressions, fitted)
    _compare_models(whole, fitted, fits)
    _compare_decisions(space)
    parts = guarded(space.ledger, no_parts, segments.compare_segments, space, fitted_of(space))
    headlines = _compare_results(space, whole, fitted)
    guarded(space.ledger, None, boosting.compare_boosting, fitted_of(space))
    guarded(space.ledger, None, two_stage.compare_two_stage, space, fits)
    guarded(space.ledger, None, linear_models.compare_scorecards, fitted, fits, parts, second_technology)
    return Rebuild(space.ledger, tuple(headlines), fits.get(package.champion_id), space)


def _rebuild_measures(space: Workspace, second_technology: bool) -> Rebuild:
    """Amounts and fractions: registers, measures, models and exports."""
    guarded(space.ledger, None, margins.compare_registers, space)
    nothing: tuple[list[Headline], tuple[Refitted, ...]] = ([], ())
    found, refitted = guarded(space.ledger, nothing, compare_measures, space)
    guarded(space.ledger, None, linear_models.compare_glms, space, refitted, second_technology)
    guarded(space.ledger, None, exports.compare_exports, space)
    return Rebuild(space.ledger, tuple(found), None, space, refitted)


def _compare_rows(space: Workspace, whole: Workspace, fitted: Workspace) -> None:
    """Rows, samples, rejects and what leaks."""
    _in_order(
        (data.compare_data, whole),
        (rejects.compare_rejects, space),
        (leakage.compare_leakage, fitted),
        (observation.compare_points, whole),
    )


def _compare_models(whole: Workspace, fitted: Workspace, fits: dict[str, LogisticFit]) -> None:
    """Selection, points, reasons and attributions."""
    _in_order(
        (reject_errors.compare_procedure_errors, whole, fits),
        (selection.compare_selection, fitted, fits),
        (selection.compare_stability, whole),
        (points.compare_points, fitted),
        (expert.compare_experts, fitted),
        (reasons.compare_reasons, whole, fitted),
        (explanation.compare_explanations, whole),
    )


def _compare_decisions(space: Workspace) -> None:
    """Policy rules, strategy, experiment and overrides."""
    _in_order(
        (rules.compare_rules, space),
        (strategy.compare_strategy, space),
        (strategy_pairs.compare_pairs, space),
        (experiment.compare_experiment, space),
        (overrides.compare_overrides, space),
    )


def _compare_classings(whole: Workspace, fitted: Workspace) -> None:
    """Counts, places, limits and information value of the bins."""
    _in_order(
        (classing.compare_classing, fitted),
        (placing.compare_placing, fitted),
        (limits.compare_limits, fitted),
        (recounts.compare_recounts, whole, fitted),
        (edges.compare_edges, fitted),
        (optimality.compare_optimality, fitted),
    )


def _compare_results(space: Workspace, whole: Workspace, fitted: Workspace) -> list[Headline]:
    """Predictions, exports, and all that is told of them; headline numbers."""
    _in_order(
        (scoring.compare_predictions, space),
        (scoring.compare_verification, space),
        (restated.compare_restated, space),
        (exports.compare_exports, space),
    )
    none: list[Headline] = []
    headlines = guarded(space.ledger, none, performance.compare_performance, space)
    _in_order(
        (rating.compare_rating, space),
        (calibration.compare_calibration, space),
        (calibration_choice.compare_calibration_choice, space),
        (baselines.compare_baselines, space),
        (stability.compare_stability, whole),
        (curves.compare_curves, space),
        (reliability.compare_reliability, space),
        (expectations.compare_expectations, fitted),
        (groups.compare_groups, space),
        (long_run.compare_long_run, space),
        (fairness.compare_fairness, space),
        (margins.compare_margins, space),
        (margins.compare_registers, space),
        (ranking.compare_ranking, space),
        (cut_offs.compare_cut_offs, space),
        (subpopulations.compare_subpopulations, space),
        (proxies.compare_proxies, whole),
        (alternatives.compare_alternatives, whole),
        (compare_grids, space),
        (compare_complete, space),
        (compare_points, space),
        (compare_planned, space),
    )
    return headlines


def _in_order(*calls: tuple[Any, ...]) -> None:
    """Each comparison and its arguments, the first of which is a workspace; none stops the others."""
    for compare, space, *rest in calls:
        guarded(space.ledger, None, compare, space, *rest)


def battery(package: Package, policy: Policy | None = None, result: Rebuild | None = None) -> Battery:
    """Judge the model of a package under a policy (the one that ships where none is given), by tests with cuts.

    Some tests rest on what the rebuild found: `result` is it, under the same policy; without it the package is rebuilt
    first. `result` stays as it is.
    """
    policy = policy or read_policy()
    result = result or rebuild(package, policy)
    ledger = result.ledger.copy()
    space = None if result.workspace is None else replace(result.workspace, ledger=ledger)
    before = len(ledger.outcomes)
    judge(package, replace(result, ledger=ledger, workspace=space), policy)
    return Battery(tuple(ledger.outcomes[before:]), tuple(sorted(ledger.battery, key=place_of)))


def judge(package: Package, result: Rebuild, policy: Policy | None = None) -> None:
    """Judge the model of a rebuild; the outcomes join those of the comparisons in `result.ledger`."""
    if result.workspace is None:
        texts.check_texts(package, policy or read_policy(), result.ledger)
    elif package.outcome_type != "binary":
        judge_measures(result.workspace, result.refitted)
    else:
        run_battery(result.workspace, result.fit)
    reason = _no_rows(package) if result.workspace is None else None
    complete(result.ledger, reason, binary=package.outcome_type == "binary")


def validate(
    package: Package,
    policy: Policy | None = None,
    *,
    second_technology: bool = False,
    without_source: str | None = None,
) -> ValidationRun:
    """Rebuild, compare and judge a package under a policy (the one that ships where none is given).

    second_technology: whether R, where it is installed, estimates the linear models too (a process of its own);
    without_source: why the source rows were not given, which is told where they were not.
    """
    policy = policy or read_policy()
    result = rebuild(package, policy, second_technology=second_technology, without_source=without_source)
    judge(package, result, policy)
    outcomes = result.ledger.outcomes
    return ValidationRun(
        package=package,
        policy=policy,
        comparisons=tuple(result.ledger.comparisons),
        outcomes=tuple(outcomes),
        headlines=result.headlines,
        fit=result.fit,
        refitted=result.refitted,
        findings=findings_document(package.manifest, package.hash, policy, outcomes, package.evidence),
        overlap=() if result.workspace is None else tuple(overlap_rows(result.workspace)),
        tables=dict(result.ledger.tables),
        battery=tuple(sorted(result.ledger.battery, key=place_of)),
    )


def _no_rows(package: Package) -> str:
    """Why there are no rows, in words."""
    made = package.made
    if made is None:
        return "the package came without its snapshot, and neither that (--data) nor its source (--source) was given"
    if made.differs:
        return f"the snapshot did not travel, and its rows cannot be made of the source by the plan: {made.failure}"
    return f"the package came without its snapshot, and {made.failure}"


def _without_rows(package: Package, policy: Policy) -> Ledger:
    ledger = Ledger(policy)
    test, reason, made = "rebuild from the snapshot", _no_rows(package), package.made
    finding = Finding(
        test=test,
        severity=policy.checks["not_rebuildable" if made is None or not made.differs else "source_differs"],
        quantity="snapshot",
        developer_value=package.manifest["snapshot"]["sha256"],
        validator_value=None,
        tolerance=None,
        statement=f"Nothing could be rebuilt: {reason}.",
        remedy="Give the snapshot with --data, or the source rows and the performance history with --source.",
        evidence=("data.source",),
    )
    ledger.check(Outcome(test, "not_evaluable", 0, None, reason, finding))
    ledger.tables[source.TABLE] = reason
    return ledger


__all__ = ["Battery", "Rebuild", "ValidationRun", "battery", "judge", "rebuild", "validate"]
