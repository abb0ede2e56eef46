"""All models in one view: a line each with what is open of it, and what is overdue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from credit_risk.inventory.contracts import (
    CLOSED,
    EXCEPTION,
    LIMITATION,
    LIVE,
    RESTRICTED,
    RESTRICTION,
    RETIRED,
    FindingFacts,
    ModelFacts,
    VersionFacts,
)
from credit_risk.inventory.store.facts import models_facts, open_findings
from credit_risk.inventory.store.outlines import version_outlines

if TYPE_CHECKING:
    from credit_risk.inventory.book import Inventory

OVERDUE, ATTENTION, IN_ORDER, ENDED = "overdue", "attention", "in order", "retired"
HEALTH = (OVERDUE, ATTENTION, IN_ORDER, ENDED)
"""The worst first: something is past its date; something grave is open or restricted; nothing is; no longer used."""
GRAVE = ("critical", "high")


@dataclass(frozen=True, slots=True)
class Line:
    """One model. `reasons` say what makes its health; counts are of findings that are not closed."""

    facts: ModelFacts
    health: str
    reasons: tuple[str, ...]
    open: Mapping[str, int]
    overdue: int
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """Something of a model that was due before the day of the view."""

    model: str
    what: str
    due: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All models in order of id as of a day, what is overdue (the longest first), and the open findings."""

    as_of: str
    lines: tuple[Line, ...]
    overdue: tuple[OverdueItem, ...]
    findings: tuple[FindingFacts, ...] = field(default=())


def overview(
    models: Sequence[ModelFacts], versions: Iterable[VersionFacts], findings: Iterable[FindingFacts], as_of: str
) -> Overview:
    """The view of a day.

    models, versions: all of them; findings: those that are not closed, of any model (closed ones are left out).
    """
    expires = {
        one.model: one.expires for one in versions if one.stage in (LIVE, RESTRICTED) and one.expires is not None
    }
    of_model: dict[str, list[FindingFacts]] = {}
    open_ones = [one for one in findings if one.status != CLOSED]
    for finding in open_ones:
        of_model.setdefault(finding.model, []).append(finding)
    lines, items = [], []
    for model in sorted(models, key=lambda one: one.id):
        mine = of_model.get(model.id, [])
        late = [] if model.stage == RETIRED else _late(model, mine, expires.get(model.id), as_of)
        lines.append(_line(model, mine, late, expires.get(model.id), as_of))
        items += late
    ordered = sorted(items, key=lambda one: (one.due, one.model, one.what))
    return Overview(as_of, tuple(lines), tuple(ordered), tuple(open_ones))


def _late(model: ModelFacts, findings: Sequence[FindingFacts], expires: str | None, as_of: str) -> list[OverdueItem]:
    dates = [(kind, due, model.owner) for kind, due in model.dates.items()]
    dates += [("approval", expires, model.owner)] if expires is not None else []
    dates += [
        (f"{one.kind} {one.id}", one.expires, model.owner)
        for one in model.provisions
        if one.ended is None and one.expires is not None and one.kind != LIMITATION
    ]
    dates += [(f"{one.severity} finding {one.id}", one.due, one.owner) for one in findings if one.due is not None]
    return [OverdueItem(model.id, what, due, owner) for what, due, owner in dates if due is not None and due < as_of]


def _line(
    model: ModelFacts, findings: Sequence[FindingFacts], late: Sequence[OverdueItem], expires: str | None, as_of: str
) -> Line:
    counts: dict[str, int] = {}
    for one in findings:
        counts[one.severity] = counts.get(one.severity, 0) + 1
    overdue = sum(one.due is not None and one.due < as_of for one in findings)
    grave = [f"{counts[severity]} {severity} open" for severity in GRAVE if counts.get(severity)]
    limits = [one for one in model.provisions if one.ended is None and one.kind in (RESTRICTION, EXCEPTION)]
    reasons = [f"{one.what} was due on {one.due}" for one in late] + grave
    reasons += ["use is restricted"] if model.stage == RESTRICTED else []
    reasons += [f"{one.kind}: {one.text}" for one in limits]
    reasons += ["no tier"] if model.tier is None else []
    reasons += ["actual use differs from the intended"] if _differs(model) else []
    if model.stage == RETIRED:
        return Line(model, ENDED, (), counts, overdue, expires)
    health = OVERDUE if late else ATTENTION if reasons else IN_ORDER
    return Line(model, health, tuple(reasons), counts, overdue, expires)


def _differs(model: ModelFacts) -> bool:
    if not model.actual_use or not model.intended_use:
        return False
    return " ".join(model.actual_use.split()).casefold() != " ".join(model.intended_use.split()).casefold()


def read_overview(
    inventory: Inventory, as_of: str, models: Sequence[str] | None = None
) -> tuple[Overview, tuple[VersionFacts, ...]]:
    """The view of an inventory on a day, and its versions in outline; `models` by their id, None: all."""
    with inventory.store.reading() as connection:
        versions = version_outlines(connection, models)
        facts = models_facts(connection, models)
        findings = open_findings(connection, models)
    return overview(facts, versions, findings, as_of), versions
