"""What monitoring compares production with: each metric, its reference in the package, and what of it is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from docs_templates import formatting
from docs_templates.document import Span, Spans, Table, TableColumn
from docs_templates.evidence import Evidence
from docs_templates.language import say
from docs_templates.package import Package

DECLARED = ("cut", "population", "frequency", "owner", "response")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, the evidence that holds its reference, and how the reference is read from it."""

    key: str
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
            state = say("watched.not_applicable") if item.kind == "not_applicable" else say("watched.not_provided")
            reference = f"{state}: {item.reason}"
        else:
            reference = metric.reference(package, item)
        applies = item.kind != "not_applicable"
        said = _declared(package, metric.evidence) if applies else (formatting.MISSING,) * len(DECLARED)
        rows.append((say(f"watched.{metric.key}"), reference, metric.evidence, *said))
    titles = (
        say("watched.cut"),
        say("watched.population"),
        say("watched.frequency"),
        say("watched.owner"),
        say("watched.response"),
    )
    columns = (
        TableColumn(say("watched.metric")),
        TableColumn(say("watched.reference_this_package")),
        TableColumn(say("watched.evidence"), mono=True),
        *(TableColumn(title) for title in titles),
    )
    note = say("watched.plan_has_no_such_value", open=say("watched.open"))
    return Table(
        number, caption or (Span(say("watched.metrics_their_references")),), columns, tuple(rows), None, (note,)
    )


def _declared(package: Package, evidence: str) -> tuple[str, ...]:
    """What the plan's monitoring says of the metric, by the evidence that it refers to."""
    monitoring = package.plan.get("monitoring")
    metrics = monitoring.get("metrics") if isinstance(monitoring, dict) else None
    found = next((m for m in metrics or () if isinstance(m, dict) and m.get("evidence") == evidence), {})
    return tuple(say("watched.open") if found.get(key) is None else str(found[key]) for key in DECLARED)


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
        return say("watched.not_evaluable")
    row = max(rows, key=lambda one: float(one[place] or 0))
    write = formatting.formatter(item.columns[place], [row[place]])
    return say("watched.greatest", value=write(row[place]), name=row[name])


def _psi_score(_: Package, item: Evidence) -> str:
    samples, values = _cells(item, "sample", ("quantity", "score")), _cells(item, "psi", ("quantity", "score"))
    chance = _cells(item, "chance_level", ("quantity", "score"))
    parts = [say("watched.chance_alone", s=s, v=v, c=c) for s, v, c in zip(samples, values, chance, strict=True)]
    return "; ".join(parts) or say("watched.no_score_among_quantities")


def _gini(package: Package, item: Evidence) -> str:
    where = ("model", package.champion)
    parts = [_cells(item, name, where) for name in ("sample", "gini", "gini_lower", "gini_upper")]
    return "; ".join(
        say("watched.interval", s=s, v=v, low=low, high=high) for s, v, low, high in zip(*parts, strict=True)
    )


def _level(package: Package, item: Evidence) -> str:
    where = ("model", package.champion)
    parts = [_cells(item, name, where) for name in ("sample", "bad_rate", "mean_probability")]
    return "; ".join(say("watched.observed_predicted", s=s, o=o, p=p) for s, o, p in zip(*parts, strict=True))


def _ratio(package: Package, item: Evidence) -> str:
    where = ("model", package.champion)
    parts = [_cells(item, name, where) for name in ("sample", "ratio", "ratio_lower", "ratio_upper")]
    return "; ".join(
        say("watched.interval", s=s, v=v, low=low, high=high) for s, v, low, high in zip(*parts, strict=True)
    )


def _rows(key: str) -> Callable[[Package, Evidence], str]:
    return lambda _, item: say(f"watched.{key}", count=formatting.whole(len(item.rows)))


METRICS = (
    Metric("metric_psi", "stability.psi", _psi_score),
    Metric(
        "metric_bins",
        "stability.bins",
        lambda _, i: _largest(i, "contribution", "quantity"),
    ),
    Metric("metric_discrimination", "performance.discrimination", _gini),
    Metric("metric_calibration", "performance.calibration", _level),
    Metric("metric_level", "performance.level", _ratio),
    Metric("metric_profile", "data.profile", lambda _, i: _largest(i, "missing_share", "column")),
    Metric("metric_cut_offs", "strategy.cut_offs", _rows("count_cut_offs")),
    Metric("metric_overrides", "strategy.overrides", _rows("count_rows_of_overrides")),
    Metric("metric_hits", "rules.hits", _rows("count_rows_of_rules")),
    Metric("metric_migration_summary", "rating.migration_summary", _rows("count_rows")),
    Metric("metric_frequency", "reasons.frequency", lambda _, i: _largest(i, "any_share", "reason_code")),
    Metric("metric_subpopulations", "performance.subpopulations", _rows("count_groups_by_sample")),
    Metric("metric_adverse_impact", "fairness.adverse_impact", _rows("count_groups_by_sample")),
    Metric("metric_register", "limitations.register", _rows("count_limitations")),
)
