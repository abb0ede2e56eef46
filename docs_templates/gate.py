"""The approval gate: what must stand before anybody may approve the model, and what of it is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docs_templates.document import Span, Spans, Table, TableColumn
from docs_templates.evidence import Cell, Evidence
from docs_templates.formatting import MISSING
from docs_templates.package import Package

BLOCKING = ("critical", "high")
CLOSED = ("closed", "withdrawn")
AUTHORED = "authored."
REGISTER = "limitations.register"
DECLARED = {"significance": "significance", "mitigant": "compensating control", "owner": "owner", "expiry": "expiry"}


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
    rows = tuple((c.name, "met" if c.met else "NOT MET", c.found, c.rests_on) for c in shown)
    if not rows:
        rows = (("Every condition", "met", "nothing is open", MISSING),)
    titles = ("Condition", "Standing", "Found", "Rests on")
    columns = tuple(TableColumn(title) for title in titles)
    met = sum(c.met for c in every)
    state = "is not blocked by any of them" if met == len(every) else "is blocked until the others are met"
    note = f"{met} of {len(every)} conditions are met; approval {state}."
    return Table(number, caption or (Span("Conditions of approval"),), columns, rows, None, (note,))


def _texts(package: Package) -> Iterator[Condition]:
    for identifier, item in package.evidence.items():
        if not identifier.startswith(AUTHORED):
            continue
        provided = item.kind != "not_provided"
        found = "provided" if provided else f"missing: {item.reason}"
        if provided and item.raw.get("author"):
            found = f"provided by {item.raw['author']}, {item.raw.get('date') or 'not dated'}"
        yield Condition(f"Stated: {_lower(item.title)}", provided, found, identifier)


def _limitations(package: Package) -> Iterator[Condition]:
    item = package.evidence.get(REGISTER)
    if item is None or item.is_absent:
        found = item.reason if item is not None else "the package has no register of limitations"
        yield Condition("Limitations have a register", False, found, REGISTER)
        return
    numbers = _column(item, "limitation")
    lacking = [
        f"{word} of limitation {number}"
        for name, word in DECLARED.items()
        for number, cell in zip(numbers, _column(item, name), strict=True)
        if cell in (None, "")
    ]
    yield Condition(
        "Each limitation has significance, compensating control, owner and expiry",
        not lacking,
        f"not declared: {', '.join(lacking)}" if lacking else f"{len(numbers)} limitations, all declared",
        REGISTER,
    )
    expired = [str(n) for n, cell in zip(numbers, _column(item, "expired"), strict=True) if cell is True]
    unknown = [str(n) for n, cell in zip(numbers, _column(item, "expired"), strict=True) if cell is None]
    found = f"expired: {', '.join(expired)}" if expired else "none has expired on the plan's date"
    if not expired and unknown:
        found = f"cannot be told of {', '.join(unknown)}: no expiry, or the plan has no model.as_of"
    yield Condition("No limitation has passed its expiry", not (expired or unknown), found, REGISTER)


def _overlays(package: Package) -> Condition:
    declared = package.plan.get("overlays") is not None
    item = package.evidence.get("judgement.overlays")
    name = "The plan says which overlays are in use"
    if not declared or item is None:
        return Condition(name, False, "the plan does not say whether overlays are in use", "overlays")
    approved = item.position("approved_by")
    rows = item.rows
    open_ones = [r for r in rows if approved is not None and r[approved] in (None, "")]
    found = "none is in use" if not rows else f"{len(rows)} in use, {len(open_ones)} of them not approved"
    return Condition(name, not open_ones, found, "judgement.overlays")


def _monitoring(package: Package) -> Condition:
    declared = bool(package.plan.get("monitoring"))
    found = "declared" if declared else "missing: the plan declares no monitoring"
    return Condition("A monitoring plan with cuts, owners and responses is declared", declared, found, "monitoring")


def _validation(package: Package) -> Iterator[Condition]:
    made = package.validation is not None and package.findings is not None
    found = "the annex of this very package" if made else "missing: the package has no validation annex"
    yield Condition("The package was validated independently", made, found, "validation/manifest.json")
    findings = (package.findings or {}).get("findings", [])
    heavy = [f for f in findings if f.get("severity") in BLOCKING and f.get("status") not in CLOSED]
    counts = ", ".join(f"{sum(f['severity'] == s for f in heavy)} {s}" for s in BLOCKING)
    yield Condition(
        "No critical or high finding is open",
        made and not heavy,
        (f"open: {counts}" if heavy else "none is open") if made else "not evaluable without a validation",
        "validation.findings",
    )
    item = package.evidence.get("validation.conclusion")
    held = {} if item is None else {str(row[0]): row[1] for row in item.rows}
    words = str(held.get("recommendation") or "").replace("_", " ")
    yield Condition(
        "A named validator has concluded, and does not reject",
        bool(held) and not words.startswith("reject"),
        f"{words}, {held.get('validator')}, {held.get('date')}" if held else "missing: no conclusion is recorded",
        "validation.conclusion",
    )


def _column(item: Evidence, name: str) -> list[Cell]:
    place = item.position(name)
    return [row[place] for row in item.rows] if place is not None else [None] * len(item.rows)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
