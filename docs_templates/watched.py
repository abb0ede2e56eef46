"""What monitoring compares production with: each metric, its reference in the package, and what of it is declared.

A rule of the plan stands beside the reference that it names (`evidence`); several of one reference have a row each, and
rules whose reference is none of those listed here follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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
        title, applies = say(f"watched.{metric.key}"), item.kind != "not_applicable"
        rules = _rules(package, metric.evidence)
        if not applies or not rules:
            open_cell = say("watched.open") if applies else formatting.MISSING
            rows.append((title, reference, metric.evidence, *(open_cell for _ in DECLARED)))
            continue
        rows += [(_titled(title, rule), reference, metric.evidence, *_declared(package, rule)) for rule in rules]
    rows += list(_without_reference(package))
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


def _monitoring(package: Package) -> dict[str, Any]:
    monitoring = package.plan.get("monitoring")
    return monitoring if isinstance(monitoring, dict) else {}


def _rules(package: Package, evidence: str) -> list[dict[str, Any]]:
    """Rules of the plan that refer to the evidence, in their order."""
    rules = _monitoring(package).get("metrics") or ()
    return [rule for rule in rules if isinstance(rule, dict) and rule.get("evidence") == evidence]


def _without_reference(package: Package) -> Iterator[tuple[str, ...]]:
    """Rules of the plan whose reference is none of METRICS, or is not in this package."""
    listed = {metric.evidence for metric in METRICS if metric.evidence in package.evidence}
    for rule in _monitoring(package).get("metrics") or ():
        if isinstance(rule, dict) and rule.get("evidence") not in listed:
            evidence = rule.get("evidence")
            item = package.evidence.get(evidence) if isinstance(evidence, str) else None
            absent = item is None or item.is_absent
            reference = say("watched.no_reference") if absent else say("watched.see_evidence")
            yield str(rule.get("id")), reference, evidence or formatting.MISSING, *_declared(package, rule)


def _titled(title: str, rule: dict[str, Any]) -> str:
    """The title of a metric with the rule's identifier, by which alerts name it."""
    return title if rule.get("id") is None else f"{title} ({rule['id']})"


def _declared(package: Package, rule: dict[str, Any]) -> tuple[str, ...]:
    """Cut, population, frequency, owner and response of a rule, as the plan declares them."""
    monitoring = _monitoring(package)
    frequency = rule.get("frequency") or monitoring.get("frequency")
    told = {
        "cut": _cut(rule, rule.get("persistence") or monitoring.get("persistence")),
        "population": None if rule.get("population") is None else _population(str(rule["population"]), monitoring),
        "frequency": None if frequency is None else say(f"watched.{frequency}"),
        "owner": rule.get("owner"),
        "response": rule.get("response"),
    }
    return tuple(say("watched.open") if told[key] is None else str(told[key]) for key in DECLARED)


def _cut(rule: dict[str, Any], persistence: Any) -> str | None:
    """Yellow and red in words, and in how many periods they must be broken."""
    cut = rule.get("cut")
    if not isinstance(cut, dict):
        return None
    side, neutral = str(cut.get("side", "above")), formatting.general(float(cut.get("neutral") or 0))
    parts = [
        say(f"watched.cut_{side}", colour=say(f"watched.{colour}"), cut=formatting.general(float(at)), neutral=neutral)
        for colour in ("yellow", "red")
        if (at := cut.get(colour)) is not None
    ]
    if rule.get("beyond_chance"):
        parts.append(say("watched.beyond_chance"))
    if isinstance(persistence, dict):
        parts.append(say("watched.persistence", at_least=persistence["at_least"], of=persistence["of"]))
    return "; ".join(parts)


def _population(population: str, monitoring: dict[str, Any]) -> str:
    if population == "segments":
        return say("watched.each_segment", segments=", ".join(monitoring.get("segments") or ()))
    if population == "all":
        return say("watched.all")
    return population if "=" in population else say("watched.each_value", column=population)


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
