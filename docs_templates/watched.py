"""What monitoring compares production with: each metric, its reference in the package, and what of it is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from docs_templates import formatting
from docs_templates.document import Span, Spans, Table, TableColumn
from docs_templates.evidence import Evidence
from docs_templates.package import Package

DECLARED = ("cut", "population", "frequency", "owner", "response")
OPEN = "not declared"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, the evidence that holds its reference, and how the reference is read from it."""

    name: str
    evidence: str
    reference: Callable[[Package, Evidence], str]


def watched_table(package: Package, number: str, caption: Spans) -> Table:
    """Every metric with its reference; cut, population, frequency, owner and response as the plan declares them."""
    rows = []
    for metric in METRICS:
        item = package.evidence.get(metric.evidence)
        if item is None:
            continue
        if item.is_absent:
            state = "not applicable" if item.kind == "not_applicable" else "not provided"
            reference = f"{state}: {item.reason}"
        else:
            reference = metric.reference(package, item)
        applies = item.kind != "not_applicable"
        said = _declared(package, metric.evidence) if applies else (formatting.MISSING,) * len(DECLARED)
        rows.append((metric.name, reference, metric.evidence, *said))
    titles = ("Cut", "Population", "Frequency", "Owner", "Response")
    columns = (
        TableColumn("Metric"),
        TableColumn("Reference in this package"),
        TableColumn("Evidence", mono=True),
        *(TableColumn(title) for title in titles),
    )
    note = f"{OPEN}: the plan has no such value. A metric without cut, owner and response is no control."
    return Table(number, caption or (Span("Metrics and their references"),), columns, tuple(rows), None, (note,))


def _declared(package: Package, evidence: str) -> tuple[str, ...]:
    """What the plan's monitoring says of the metric, by the evidence that it refers to."""
    monitoring = package.plan.get("monitoring")
    metrics = monitoring.get("metrics") if isinstance(monitoring, dict) else None
    found = next((m for m in metrics or () if isinstance(m, dict) and m.get("evidence") == evidence), {})
    return tuple(OPEN if found.get(key) is None else str(found[key]) for key in DECLARED)


# ------------------------------------------------------------------------------------------------ references
def _cells(item: Evidence, column: str, *where: tuple[str, str]) -> list[str]:
    """Printed cells of a column, of the rows that the filters keep."""
    place = item.position(column)
    if place is None:
        return []
    rows = item.matching([(name, value, False) for name, value in where])
    write = formatting.formatter(item.columns[place], [row[place] for row in rows])
    return [write(row[place]) for row in rows]


def _largest(item: Evidence, column: str, by: str) -> str:
    """Greatest number of a column and what it is of."""
    place, name = item.position(column), item.position(by)
    rows = [row for row in item.rows if place is not None and isinstance(row[place], (int, float))]
    if place is None or name is None or not rows:
        return "not evaluable"
    row = max(rows, key=lambda one: float(one[place] or 0))
    write = formatting.formatter(item.columns[place], [row[place]])
    return f"greatest {write(row[place])}, of {row[name]}"


def _psi_score(_: Package, item: Evidence) -> str:
    samples, values = _cells(item, "sample", ("quantity", "score")), _cells(item, "psi", ("quantity", "score"))
    chance = _cells(item, "chance_level", ("quantity", "score"))
    parts = [f"{s}: {v} (by chance alone {c})" for s, v, c in zip(samples, values, chance, strict=True)]
    return "; ".join(parts) or "no score among the quantities"


def _gini(package: Package, item: Evidence) -> str:
    where = ("model", package.champion)
    parts = [_cells(item, name, where) for name in ("sample", "gini", "gini_lower", "gini_upper")]
    return "; ".join(f"{s}: {v} ({low} to {high})" for s, v, low, high in zip(*parts, strict=True))


def _level(package: Package, item: Evidence) -> str:
    where = ("model", package.champion)
    parts = [_cells(item, name, where) for name in ("sample", "bad_rate", "mean_probability")]
    return "; ".join(f"{s}: observed {o}, predicted {p}" for s, o, p in zip(*parts, strict=True))


def _ratio(package: Package, item: Evidence) -> str:
    where = ("model", package.champion)
    parts = [_cells(item, name, where) for name in ("sample", "ratio", "ratio_lower", "ratio_upper")]
    return "; ".join(f"{s}: {v} ({low} to {high})" for s, v, low, high in zip(*parts, strict=True))


def _rows(words: str) -> Callable[[Package, Evidence], str]:
    return lambda _, item: f"{len(item.rows):,} {words}"


METRICS = (
    Metric("Stability of the score: index on the bins of development", "stability.psi", _psi_score),
    Metric(
        "Shift of characteristics: shares of each bin",
        "stability.bins",
        lambda _, i: _largest(i, "contribution", "quantity"),
    ),
    Metric("Discrimination, once outcomes have matured", "performance.discrimination", _gini),
    Metric("Level: observed beside predicted bad rate", "performance.calibration", _level),
    Metric("Level: observed over expected", "performance.level", _ratio),
    Metric("Missing values by column", "data.profile", lambda _, i: _largest(i, "missing_share", "column")),
    Metric("Decisions at the cut-off: acceptance and bad rate", "strategy.cut_offs", _rows("cut-offs")),
    Metric("Overrides by direction and reason", "strategy.overrides", _rows("rows of overrides")),
    Metric("Policy rules: whom each hits", "rules.hits", _rows("rows of rules")),
    Metric("Migration between grades", "rating.migration_summary", _rows("rows")),
    Metric("Frequency of reasons", "reasons.frequency", lambda _, i: _largest(i, "any_share", "reason_code")),
    Metric("Groups: discrimination and level", "performance.subpopulations", _rows("groups by sample")),
    Metric("Adverse impact at the cut-off", "fairness.adverse_impact", _rows("groups by sample")),
    Metric("Known limitations and their expiry", "limitations.register", _rows("limitations")),
)
