"""A comparison or a check that what a package states cannot be brought to: told as a finding, the others go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from validation.compare import Ledger
from validation.findings import Finding, Outcome

CHECK = "evidence_not_comparable"
UNREADABLE = (ArithmeticError, AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError)
Made = TypeVar("Made")


def guarded(ledger: Ledger, default: Made, compare: Callable[..., Made], *arguments: Any) -> Made:
    """What `compare` gives; `default` and a finding where the statements of the package lead it nowhere.

    A table that names a measure, a sample or a model that there is not, or leaves a cell empty that must hold a number,
    has the format of the package and still cannot be held against anything.
    """
    try:
        return compare(*arguments)
    except UNREADABLE as error:
        _record(ledger, compare, error)
        return default


def _record(ledger: Ledger, compare: Callable[..., Any], error: Exception) -> None:
    names = [compare.__module__.rsplit(".", 1)[-1], *compare.__name__.split("_")[1:]]
    what = " ".join(dict.fromkeys(part for name in names for part in name.split("_")))
    test, words = f"evidence: what is told of {what}", f"{type(error).__name__}: {error}"
    finding = Finding(
        test=test,
        severity=ledger.policy.checks[CHECK],
        quantity="statements that can be compared",
        developer_value=words[:200],
        validator_value=None,
        tolerance=None,
        statement=f"What the package states of {what} could not be held against the rebuild ({words[:200]}).",
        remedy="Let the tables name what the package holds, and fill their cells as the catalogue of evidence says.",
        evidence=(f"{compare.__module__.removeprefix('validation.')}.{compare.__name__}",),
    )
    ledger.check(Outcome(test, "fail", 1, None, words[:200], finding))
