"""The regressions of a model of segments judged, each on its own rows, under the name of its segment."""

from __future__ import annotations

from dataclasses import replace

from validation.battery.regression import check_regression
from validation.compare import Ledger
from validation.comparisons.regression import compare_regressions
from validation.findings import Outcome
from validation.rebuild.segments import Part, has_events, parts_of
from validation.rebuild.workspace import Workspace


def check_segments(space: Workspace) -> None:
    """Judge the regression of every segment of the champion as that of a scorecard."""
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
