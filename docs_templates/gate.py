"""The approval gate: what must stand before anybody may approve the model, and what of it is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docs_templates import formatting
from docs_templates.document import Span, Spans, Table, TableColumn
from docs_templates.evidence import Cell, Evidence
from docs_templates.formatting import MISSING
from docs_templates.house import current_house
from docs_templates.language import day, lowered, say
from docs_templates.package import Package

BLOCKING = ("critical", "high")
CLOSED = ("closed", "withdrawn")
AUTHORED = "authored."
REGISTER = "limitations.register"
DECLARED = ("significance", "mitigant", "owner", "expiry")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the gate: whether it is met, what was found, and the evidence or plan key that it rests on."""

    name: str
    met: bool
    found: str
    rests_on: str


def conditions(package: Package) -> tuple[Condition, ...]:
    """All conditions, in the order in which a committee asks them."""
    return (
        *_texts(package),
        *_limitations(package),
        _overlays(package),
        _monitoring(package),
        *_validation(package),
    )


def gate_table(package: Package, only: str | None, number: str, caption: Spans) -> Table:
    """The conditions as a table; `only` `open`: those that are not met, the number of the others in a note."""
    every = conditions(package)
    shown = [c for c in every if not c.met] if only == "open" else list(every)
    rows = tuple((c.name, say("gate.met") if c.met else say("gate.not_met"), c.found, c.rests_on) for c in shown)
    if not rows and not current_house().approvals:
        rows = ((say("gate.every_condition"), say("gate.met"), say("gate.nothing_open"), MISSING),)
    titles = (say("gate.condition"), say("gate.standing"), say("gate.found"), say("gate.rests_on"))
    columns = tuple(TableColumn(title) for title in titles)
    met = sum(c.met for c in every)
    state = say("gate.not_blocked_any_them") if met == len(every) else say("gate.blocked_until_others_met")
    notes = [say("gate.counted", met=met, every=len(every), state=state)]
    notes += [say("house.approvals_are_no_conditions")] if current_house().approvals else []
    rows += tuple(_approvals())
    return Table(number, caption or (Span(say("gate.conditions_approval")),), columns, rows, None, tuple(notes))


def _approvals() -> Iterator[tuple[str, str, str, str]]:
    """Approvals that the house style requires; a document is made before anybody can sign it."""
    house = current_house()
    for role in house.approvals:
        yield say("house.approval", role=role), say("house.to_be_signed"), say("house.signs_in_row"), house.name


def _texts(package: Package) -> Iterator[Condition]:
    for identifier, item in package.evidence.items():
        if not identifier.startswith(AUTHORED):
            continue
        provided = item.kind != "not_provided"
        found = say("gate.provided") if provided else say("gate.missing", reason=item.reason)
        if provided and item.raw.get("author"):
            found = say(
                "gate.provided_by", author=item.raw["author"], date=day(item.raw.get("date")) or say("gate.not_dated")
            )
        yield Condition(say("gate.stated", title=lowered(item.title)), provided, found, identifier)


def _limitations(package: Package) -> Iterator[Condition]:
    item = package.evidence.get(REGISTER)
    if item is None or item.is_absent:
        found = item.reason if item is not None else say("gate.package_has_no_register_limitations")
        yield Condition(say("gate.limitations_have_register"), False, found, REGISTER)
        return
    numbers = _column(item, "limitation")
    lacking = [
        say(f"gate.lacks_{name}", number=number)
        for name in DECLARED
        for number, cell in zip(numbers, _column(item, name), strict=True)
        if cell in (None, "")
    ]
    yield Condition(
        say("gate.each_limitation_has_significance_compensating"),
        not lacking,
        say("gate.not_declared", lacking=", ".join(lacking))
        if lacking
        else say("gate.limitations_all_declared", numbers=len(numbers)),
        REGISTER,
    )
    expired = [str(n) for n, cell in zip(numbers, _column(item, "expired"), strict=True) if cell is True]
    unknown = [str(n) for n, cell in zip(numbers, _column(item, "expired"), strict=True) if cell is None]
    found = say("gate.expired", expired=", ".join(expired)) if expired else say("gate.none_has_expired_on_plan")
    if not expired and unknown:
        found = say("gate.cannot_be_told_no_expiry", unknown=", ".join(unknown))
    yield Condition(say("gate.no_limitation_has_passed_its"), not (expired or unknown), found, REGISTER)


def _overlays(package: Package) -> Condition:
    declared = package.plan.get("overlays") is not None
    item = package.evidence.get("judgement.overlays")
    name = say("gate.plan_says_which_overlays_use")
    if not declared or item is None:
        return Condition(name, False, say("gate.plan_does_not_say_whether"), "overlays")
    approved = item.position("approved_by")
    rows = item.rows
    open_ones = [r for r in rows if approved is not None and r[approved] in (None, "")]
    found = (
        say("gate.none_use")
        if not rows
        else say("gate.use_them_not_approved", rows=len(rows), open_ones=len(open_ones))
    )
    return Condition(name, not open_ones, found, "judgement.overlays")


def _monitoring(package: Package) -> Condition:
    monitoring = package.plan.get("monitoring")
    rules = monitoring.get("metrics") or [] if isinstance(monitoring, dict) else []
    open_ones = [rule for rule in rules if any(rule.get(key) is None for key in ("cut", "owner", "response"))]
    if not rules:
        found = say("gate.missing_plan_declares_no_monitoring")
    elif open_ones:
        found = say("gate.metrics_without_owner", open_ones=len(open_ones), rules=len(rules))
    else:
        found = say("gate.declared")
    declared = bool(rules) and not open_ones
    return Condition(say("gate.monitoring_plan_with_cuts_owners"), declared, found, "monitoring")


def _validation(package: Package) -> Iterator[Condition]:
    made = package.validation is not None and package.findings is not None
    found = say("gate.annex_this_very_package") if made else say("gate.missing_package_has_no_validation")
    yield Condition(say("gate.package_was_validated_independently"), made, found, "validation/manifest.json")
    findings = (package.findings or {}).get("findings", [])
    heavy = [f for f in findings if f.get("severity") in BLOCKING and f.get("status") not in CLOSED]
    counts = ", ".join(
        say("gate.count", number=sum(f["severity"] == s for f in heavy), severity=formatting.word("severity", s))
        for s in BLOCKING
    )
    yield Condition(
        say("gate.no_critical_or_high_finding"),
        made and not heavy,
        (say("gate.open", counts=counts) if heavy else say("gate.none_open"))
        if made
        else say("gate.not_evaluable_without_validation"),
        "validation.findings",
    )
    item = package.evidence.get("validation.conclusion")
    held = {} if item is None else {str(row[0]): row[1] for row in item.rows}
    proposed = str(held.get("recommendation") or "")
    words = formatting.word("verdict", proposed).replace("_", " ")
    yield Condition(
        say("gate.named_validator_has_concluded_does"),
        bool(held) and not proposed.startswith("reject"),
        f"{words}, {held.get('validator')}, {_date(held.get('date'))}"
        if held
        else say("gate.missing_no_conclusion_recorded"),
        "validation.conclusion",
    )


def _column(item: Evidence, name: str) -> list[Cell]:
    place = item.position(name)
    return [row[place] for row in item.rows] if place is not None else [None] * len(item.rows)


def _date(value: Cell) -> str:
    return day(value) if isinstance(value, str) else str(value)
