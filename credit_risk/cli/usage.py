"""Options that have an effect only beside others: named where they stand alone, never passed over in silence."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from credit_risk._core.errors import CreditRiskError, Fault


def named(names: Iterable[str]) -> str:
    """Options as they are written: `--a, --b and --c`."""
    told = [f"--{name.replace('_', '-')}" for name in names]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def given(options: argparse.Namespace, names: Iterable[str]) -> list[str]:
    """Those of the options that were given; their default is None, False or an empty list."""
    return [name for name in names if getattr(options, name) not in (None, False, [], "")]


def goes_with(options: argparse.Namespace, needed: str, *names: str) -> list[Fault]:
    """A fault where options were given that have no effect without another: `needed`, as it is written."""
    return _fault(given(options, names), ("goes", "go"), f"with {needed}", f"give {needed}")


def no_effect(options: argparse.Namespace, beside: str, *names: str) -> list[Fault]:
    """A fault where options were given that have no effect beside another: `beside`, as it is written."""
    return _fault(given(options, names), ("has", "have"), f"no effect with {beside}", beside)


def _fault(found: list[str], verbs: tuple[str, str], told: str, instead: str) -> list[Fault]:
    if not found:
        return []
    verb = verbs[0] if len(found) == 1 else verbs[1]
    return [Fault(f"{named(found)} {verb} {told}", code="usage", remedy=f"leave out {named(found)}, or {instead}")]


def refuse(*faults: list[Fault]) -> None:
    """Raises CreditRiskError where there are any."""
    found = [one for several in faults for one in several]
    if found:
        raise CreditRiskError(found)
