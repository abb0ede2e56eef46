"""One value against one or two cuts of the policy: pass, review or fail, with the finding that follows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from validation.battery.rows import NAN, BatteryRow, detail
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """Where a judgement stands in the battery's table, and the figures told beside it.

    statistic, value: told in place of what is judged (as where a p-value is judged, and z is told).
    """

    area: str
    test: str
    population: str
    statistic: str = ""
    value: float = NAN
    p_value: float = NAN
    lower: float = NAN
    upper: float = NAN


def judge(
    space: Workspace,
    test: str,
    quantity: str,
    value: float,
    *,
    fail: str,
    statement: str,
    remedy: str,
    evidence: Sequence[str],
    review: str | None = None,
    below: bool = False,
    place: Place | None = None,
) -> None:
    """Record the outcome of `value` against the cut `fail` and, milder, `review` (names of cuts of the policy).

    A value beyond a cut (above it; under it where `below`) gives a finding of the cut's severity. With `place` the
    test is a row of the battery's table too.
    """
    if math.isnan(value):
        space.ledger.not_evaluable(test, "the value is not defined")
        _tell(space, place, quantity, value, "not_evaluable", None, "the value is not defined")
        return
    cuts = space.policy.cuts
    word = "at least" if below else "at most"
    limit = cuts[review or fail]
    broken = next((name for name in (fail, review) if name and _beyond(value, cuts[name].value, below)), None)
    outcome = "pass" if broken is None else "fail" if broken == fail else "review"
    _tell(space, place, quantity, value, outcome, _words(space, word, fail, review), None)
    if broken is None:
        space.ledger.check(Outcome(test, "pass", 1, f"{word} {limit.value:g}", None))
        return
    cut = cuts[broken]
    finding = Finding(
        test=test,
        severity=cut.severity,
        quantity=quantity,
        developer_value=None,
        validator_value=value if math.isfinite(value) else None,
        tolerance=cut.value,
        statement=f"{statement} The policy's cut is {word} {cut.value:g}: {cut.reason}",
        remedy=remedy,
        evidence=tuple(evidence),
    )
    space.ledger.check(Outcome(test, outcome, 1, f"{word} {cut.value:g}", None, finding))


def _words(space: Workspace, word: str, fail: str, review: str | None) -> str:
    """Both cuts in words, the milder first."""
    told = f"fail unless {word} {space.policy.cuts[fail].value:g}"
    return f"review unless {word} {space.policy.cuts[review].value:g}, {told}" if review else told


def _tell(
    space: Workspace,
    place: Place | None,
    statistic: str,
    value: float,
    outcome: str,
    cut: str | None,
    reason: str | None,
) -> None:
    if place is None:
        return
    row = BatteryRow(
        area=place.area,
        test=place.test,
        population=place.population,
        statistic=place.statistic or statistic,
        outcome=outcome,
        value=value if math.isnan(place.value) else place.value,
        p_value=place.p_value,
        lower=place.lower,
        upper=place.upper,
        cut=cut,
        reason=reason,
    )
    detail(space.ledger, row)


def _beyond(value: float, cut: float, below: bool) -> bool:
    return value < cut if below else value > cut


def judge_each(
    space: Workspace,
    test: str,
    quantity: str,
    values: Mapping[str, float],
    *,
    fail: str,
    sentence: Callable[[str, float], str],
    remedy: str,
    evidence: Sequence[str],
    review: str | None = None,
    below: bool = False,
) -> None:
    """As `judge` for each named value; those within the cut pass together, as one outcome."""
    cuts = space.policy.cuts
    limit = cuts[review or fail].value
    within = {
        name: value for name, value in values.items() if not math.isnan(value) and not _beyond(value, limit, below)
    }
    for name, value in values.items():
        if name not in within:
            statement = sentence(name, value)
            judge(
                space,
                f"{test} ({name})",
                f"{quantity} of {name}",
                value,
                fail=fail,
                review=review,
                below=below,
                statement=statement,
                remedy=remedy,
                evidence=evidence,
            )
    if within:
        cut = f"{'at least' if below else 'at most'} {limit:g}"
        space.ledger.check(Outcome(test, "pass", len(within), cut, None))


def keep_rule(
    space: Workspace,
    test: str,
    check: str,
    broken: Sequence[str],
    *,
    compared: int,
    cut: str,
    quantity: str,
    remedy: str,
    evidence: Sequence[str],
) -> None:
    """Record whether a rule is kept: one finding for each statement in `broken`, of the severity of `check`."""
    for statement in broken:
        finding = Finding(
            test=test,
            severity=space.policy.checks[check],
            quantity=quantity,
            developer_value=None,
            validator_value=None,
            tolerance=None,
            statement=statement,
            remedy=remedy,
            evidence=tuple(evidence),
        )
        space.ledger.check(Outcome(test, "fail", compared, cut, None, finding))
    if not broken:
        space.ledger.check(Outcome(test, "pass", compared, cut, None))
