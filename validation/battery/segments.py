"""The regressions of a model of segments judged, each on its own rows, under the name of its segment."""

from __future__ import annotations

from dataclasses import replace

from validation.battery.regression import check_regression
from validation.compare import Ledger
from validation.comparisons.regression import compare_regressions
from validation.comparisons.segments import gains_of
from validation.findings import Finding, Outcome
from validation.rebuild.segments import Part, has_events, one_model, parts_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace


def check_segments(space: Workspace) -> None:
    """Judge the regression of every segment of the champion as that of a scorecard, and whether segments pay."""
    _check_gains(space)
    for part in parts_of(space, space.package.champion_id):
        if has_events(part):
            for outcome in _judged(part):
                space.ledger.check(outcome)


def _judged(part: Part) -> list[Outcome]:
    """Return the outcomes of one segment, each with its segment in test and statement."""
    aside = replace(part.space, ledger=Ledger(part.space.policy))
    fit = compare_regressions(aside).get(part.key)
    own = replace(part.space, ledger=Ledger(part.space.policy))
    check_regression(own, fit)
    return [_named(outcome, part) for outcome in own.ledger.outcomes]


def _named(outcome: Outcome, part: Part) -> Outcome:
    test, finding = f"{outcome.test} in {part.key}", outcome.finding
    if finding is not None:
        finding = replace(finding, test=test, statement=f"Segment {part.name}: {finding.statement}")
    return replace(outcome, test=test, finding=finding)


def _check_gains(space: Workspace) -> None:
    """On samples that taught neither model, segments that gain nothing in likelihood are more models for nothing."""
    model_id = space.package.champion_id
    against, name = one_model(space, model_id), space.package.candidate_ids[model_id]
    if against is None:
        space.ledger.not_evaluable("battery: segments pay", "the package has not the scorecard to hold them against")
        return
    for sample, gain in gains_of(space, model_id, against).items():
        if sample == DEVELOPMENT:
            continue
        test, lower, total = f"battery: segments pay ({sample})", gain["gain_lower"], gain["gain"]
        assert lower is not None
        finding = None
        if not lower > 0:
            finding = Finding(
                test=test,
                severity=space.policy.checks["segments_not_paying"],
                quantity="gain in log likelihood over one model",
                developer_value=None,
                validator_value=total,
                tolerance=0.0,
                statement=f"On {sample} the segments are not shown to gain over one scorecard: {total:.2f} in log "
                f"likelihood, with a lower bound of {lower:.2f} at {space.confidence:g}.",
                remedy="Weigh what the segments gain against the models that have to be kept for them.",
                evidence=(f"segmentation.gain.{name}",),
            )
        outcome = "review" if finding else "pass"
        space.ledger.check(Outcome(test, outcome, 1, "lower bound above 0", None, finding))
