"""What the parts of a policy say of each other, and what no policy may leave out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.inventory.contracts import GATES, ROLES
from credit_risk.inventory.policy.catalogue import ACTIVITIES, CHECKS, DOCUMENTS, LEVELS, Level
from credit_risk.inventory.policy.spec import PolicySpec

Placed = tuple[Path, Fault]
FLOOR: dict[str, tuple[tuple[str, str], ...]] = {
    "developed": (("check", "package_registered"), ("approval", "developer")),
    "validated": (
        *(("check", "package_registered"), ("check", "validated_independently"), ("check", "validator_concluded")),
        *(("check", "no_blocking_findings"), ("approval", "validator")),
    ),
    "approved": (("check", "no_blocking_findings"), ("approval", "approver")),
    "live": (("check", "approval_in_force"), ("check", "no_blocking_findings")),
}
"""What every policy asks of every tier. A bank may ask for more, never for less."""


def cross_faults(policy: PolicySpec) -> list[Placed]:
    """Every contradiction and gap, each with its key path."""
    return [
        *_head(policy),
        *_exposure(policy),
        *_purposes(policy),
        *_matrix(policy),
        *_complexity(policy),
        *_tiers(policy),
        *_blocking(policy),
        *_gates(policy),
        *_floor(policy),
        *_raci(policy),
    ]


def _fault(path: Path, message: str, code: str = "policy", **told: Any) -> Placed:
    return path, Fault(message, code, **told)


def _head(policy: PolicySpec) -> Iterator[Placed]:
    try:
        date.fromisoformat(policy.policy.date)
    except ValueError:
        yield _fault(("policy", "date"), "is no day of the calendar", found=policy.policy.date)


def _levels(path: Path, held: Any) -> Iterator[Placed]:
    for level in LEVELS:
        if level not in held:
            yield _fault((*path, level), f"{level} is missing", "missing_key", allowed=", ".join(LEVELS))


def _exposure(policy: PolicySpec) -> Iterator[Placed]:
    held, path = policy.tiering.exposure.begins, ("tiering", "exposure", "begins")
    yield from _levels(path, held)
    if any(level not in held for level in LEVELS):
        return
    if held["low"] != 0:
        yield _fault((*path, "low"), "the lowest class begins at 0", found=str(held["low"]), allowed="0")
    for one, two in pairwise(LEVELS):
        if held[one] >= held[two]:
            yield _fault((*path, two), f"does not begin above {one}", found=str(held[two]), allowed=f"> {held[one]}")


def _purposes(policy: PolicySpec) -> Iterator[Placed]:
    path = ("tiering", "purpose")
    yield from _levels(path, policy.tiering.purpose)
    seen: dict[str, str] = {}
    for level, names in policy.tiering.purpose.items():
        if not names:
            yield _fault((*path, level), "names no purpose", remedy="name one, or the class is never reached")
        for place, name in enumerate(names):
            if name.casefold() in seen:
                message = f"{name!r} stands in two classes, first in {seen[name.casefold()]}"
                yield _fault((*path, level, place), message, remedy="leave it in one")
            seen.setdefault(name.casefold(), level)


def _matrix(policy: PolicySpec) -> Iterator[Placed]:
    matrix, path, order = policy.tiering.matrix, ("tiering", "matrix"), policy.tier_names()
    yield from _levels(path, matrix)
    for row, cells in matrix.items():
        yield from _levels((*path, row), cells)
        for column, tier in cells.items():
            if tier not in order:
                yield _fault((*path, row, column), "no such tier", "unknown", found=tier, allowed=", ".join(order))
    known = {(row, column): order.index(tier) for row, cells in matrix.items() for column, tier in cells.items()
             if tier in order}  # fmt: skip
    for (row, column), place in known.items():
        for other in (_next(row, column, 1, 0), _next(row, column, 0, 1)):
            if other is not None and other in known and known[other] > place:
                told = " and ".join(
                    f"{name} {level}" for name, level in zip(("exposure", "purpose"), other, strict=True)
                )
                message = f"{told} has a milder tier than less of it"
                yield _fault((*path, *other), message, found=order[known[other]], allowed=f"{order[place]} or stricter")


def _next(row: Level, column: Level, down: int, right: int) -> tuple[Level, Level] | None:
    places = LEVELS.index(row) + down, LEVELS.index(column) + right
    return None if max(places) >= len(LEVELS) else (LEVELS[places[0]], LEVELS[places[1]])


def _complexity(policy: PolicySpec) -> Iterator[Placed]:
    held, path = policy.tiering.complexity, ("tiering", "complexity")
    yield from _levels((*path, "points"), held.points)
    if any(level not in held.points for level in LEVELS):
        return
    for one, two in pairwise(LEVELS):
        if held.points[one] > held.points[two]:
            message = f"has fewer points than {one}"
            yield _fault((*path, "points", two), message, found=str(held.points[two]), allowed=f">= {held.points[one]}")
    most = len(held.aspects) * held.points["high"]
    if held.raise_from > most:
        found = str(held.raise_from)
        message = "more points than all aspects together can have, so that no tier is raised"
        yield _fault((*path, "raise_from"), message, found=found, allowed=f"<= {most}")


def _tiers(policy: PolicySpec) -> Iterator[Placed]:
    for name, tier in policy.tiers.items():
        for severity in policy.blocking:
            if severity not in tier.finding_days:
                path = ("tiers", name, "finding_days")
                yield _fault(
                    path, f"{severity} blocks and has no deadline", "missing_key", remedy=f"add {severity}: DAYS"
                )
    for (one, strict), (two, mild) in pairwise(policy.tiers.items()):
        for key in ("review_months", "approval_months"):
            if getattr(mild, key) < getattr(strict, key):
                message = f"tier {two} is stricter here than tier {one}, which stands before it"
                yield _fault(("tiers", two, key), message, remedy="write tiers with the strictest first")


def _blocking(policy: PolicySpec) -> Iterator[Placed]:
    for severity in ("critical", "high"):
        if severity not in policy.blocking:
            yield _fault(("blocking",), f"{severity} findings must block", "floor", remedy=f"add {severity}")


def _gates(policy: PolicySpec) -> Iterator[Placed]:
    tiers = policy.tier_names()
    for gate in GATES:
        seen: set[tuple[str, str, str]] = set()
        for place, one in enumerate(policy.gate(gate).requires):
            path: Path = ("gates", gate, "requires", place)
            if one.check is not None and one.check not in CHECKS:
                yield _fault((*path, "check"), "no such check", "unknown", found=one.check, allowed=", ".join(CHECKS))
            if one.document is not None and one.document not in DOCUMENTS:
                told = {"found": one.document, "allowed": ", ".join(DOCUMENTS)}
                yield _fault((*path, "document"), "no such document", "unknown", **told)
            for number, tier in enumerate(one.tiers or ()):
                if tier not in tiers:
                    where = (*path, "tiers", number)
                    yield _fault(where, "no such tier", "unknown", found=tier, allowed=", ".join(tiers))
            if one.tiers == ():
                yield _fault((*path, "tiers"), "is asked of no tier", remedy="name tiers, or leave the line out")
            kind, name = kind_and_name(one.check, one.document, one.approval)
            for tier in one.tiers or tiers:
                if (kind, name, tier) in seen:
                    yield _fault(path, f"{kind} {name} stands twice for tier {tier}", remedy="keep one of them")
                seen.add((kind, name, tier))


def kind_and_name(check: str | None, document: str | None, approval: str | None) -> tuple[str, str]:
    """Of which kind a requirement is, and what it names."""
    given = (("check", check), ("document", document), ("approval", approval))
    return next((kind, name) for kind, name in given if name is not None)


def _floor(policy: PolicySpec) -> Iterator[Placed]:
    for gate, floor in FLOOR.items():
        for kind, name in floor:
            for tier in policy.tier_names():
                held = policy.requirements(gate, tier)
                if not any(getattr(one, kind) == name for one in held):
                    message = f"asks of tier {tier} for no {kind} {name}, which no policy may leave out"
                    yield _fault(("gates", gate, "requires"), message, "floor", remedy=f"add {{{kind}: {name}}}")


def _raci(policy: PolicySpec) -> Iterator[Placed]:
    known = (*GATES, *ACTIVITIES)
    for name in known:
        if name not in policy.raci:
            yield _fault(("raci", name), f"{name} is missing", "missing_key", remedy="say who does it and who answers")
    for name, line in policy.raci.items():
        if name not in known:
            told = {"found": name, "allowed": ", ".join(known)}
            yield _fault(("raci", name), "no such gate or activity", "unknown", **told)
        groups = {"responsible": line.responsible, "accountable": (line.accountable,)}
        groups |= {"consulted": line.consulted, "informed": line.informed}
        for key, parties in groups.items():
            for party in parties:
                if party not in policy.parties:
                    told = {"found": party, "allowed": ", ".join(policy.parties)}
                    yield _fault(("raci", name, key), "no such party", "unknown", **told)
    for gate in GATES:
        if gate not in policy.raci:
            continue
        line, asked = policy.raci[gate], policy.gate(gate).requires
        doing = {*line.responsible, line.accountable}
        for role in dict.fromkeys(one.approval for one in asked if one.approval is not None):
            if role in ROLES and role not in doing:
                message = f"{role} approves here, and is neither responsible nor accountable"
                yield _fault(("raci", gate), message, remedy=f"add {role} to responsible")
