"""What else a plan declares of monitoring: its objectives, and the terms on which everything is watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs_templates import formatting
from docs_templates.document import Absent, Span, Spans, Table, TableColumn
from docs_templates.language import say
from docs_templates.package import Package


def objectives_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """Business and operational objectives of the plan, with measure, target, owner and response."""
    declared = _monitoring(package).get("objectives") or ()
    title = say("watched_terms.objectives")
    if not declared:
        return Absent("not_applicable", title, say("watched_terms.no_objectives"))
    names = ("objective", "area", "measure", "target", "owner", "response")
    columns = tuple(TableColumn(say(f"watched_terms.{name}")) for name in names)
    rows = tuple(_objective(one) for one in declared)
    return Table(number, caption or (Span(title),), columns, rows, None, ())


def terms_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """Segments, window, least numbers, levels, challengers, delivery and advice, as the plan declares them."""
    monitoring, title = _monitoring(package), say("watched_terms.terms")
    if not monitoring:
        return Absent("not_provided", title, say("watched_terms.no_monitoring"))
    columns = (TableColumn(say("watched_terms.term")), TableColumn(say("watched_terms.declared")))
    return Table(number, caption or (Span(title),), columns, tuple(_terms(package, monitoring)), None, ())


def _monitoring(package: Package) -> dict[str, Any]:
    monitoring = package.plan.get("monitoring")
    return monitoring if isinstance(monitoring, dict) else {}


def _objective(one: dict[str, Any]) -> tuple[str, ...]:
    measure = [str(one["measure"]), *(str(name) for name in one.get("columns") or ())]
    measure += [str(one[name]) for name in ("metric", "subject", "value", "level") if one.get(name) is not None]
    target = formatting.general(float(one["target"]))
    unit = f" {one['unit']}" if one.get("unit") else ""
    return (
        one.get("title") or str(one["id"]),
        say(f"watched_terms.{one['area']}"),
        ", ".join(measure),
        say(f"watched_terms.{one['direction']}", target=f"{target}{unit}"),
        one.get("owner") or say("watched.open"),
        one.get("response") or say("watched.open"),
    )


def _terms(package: Package, monitoring: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each term with its value; addresses of delivery are not printed."""
    windows = package.plan.get("outcome", {}).get("windows") or {}
    window = monitoring.get("window_months") or windows.get("performance_months")
    segments = monitoring.get("segments") or ()
    protected = package.plan.get("data", {}).get("protected") or ()
    lists = protected.values() if isinstance(protected, dict) else [protected]
    shielded = {name for names in lists for name in names}
    told = [say("watched_terms.fairness_only", column=one) if one in shielded else str(one) for one in segments]
    yield say("watched_terms.segments"), ", ".join(told) or say("watched_terms.none")
    yield (
        say("watched_terms.window"),
        say("watched.open") if window is None else say("watched_terms.months", count=window),
    )
    yield (
        say("watched_terms.least"),
        say("watched_terms.rows_bads", rows=monitoring["min_rows"], bads=monitoring["min_bads"]),
    )
    yield say("watched_terms.significance"), formatting.general(float(monitoring["significance"]))
    correlation = monitoring.get("asset_correlation")
    if correlation is None:
        correlation = package.plan.get("evaluation", {}).get("asset_correlation")
    yield (
        say("watched_terms.correlation"),
        say("watched.open") if correlation is None else formatting.general(float(correlation)),
    )
    yield say("watched_terms.persistence"), say("watched.persistence", **monitoring["persistence"])
    yield say("watched_terms.challengers"), _challengers(monitoring.get("challengers"))
    yield say("watched_terms.applicant"), monitoring.get("applicant") or say("watched_terms.none")
    yield say("watched_terms.profit"), _profit(monitoring.get("profit"))
    channels = [
        say("watched_terms.channel", channel=one["id"], severity=formatting.word("severity", one["at_least"]))
        for one in monitoring.get("delivery") or ()
    ]
    yield say("watched_terms.delivery"), "; ".join(channels) or say("watched_terms.log_only")
    advice = monitoring["retraining"]
    for name in ("ranking_fell", "calibration_moved", "population_moved", "characteristic_moved", "feed_broke"):
        yield say(f"watched_terms.{name}"), formatting.general(float(advice[name]))


def _profit(given: Any) -> str:
    if not isinstance(given, dict):
        return say("watched_terms.none")
    numbers = {name: formatting.general(float(given[name])) for name in ("margin", "loss_given_default", "review_cost")}
    unit = given.get("amount") or say("watched_terms.account")
    return say("watched_terms.amounts", amount=unit, currency=given.get("currency") or "", **numbers).strip()


def _looks(given: dict[str, Any]) -> str:
    """When it is looked, by which spending of the error, and at which error the information is complete."""
    error = formatting.general(float(given["planned_error"]))
    if given["spending"] == "always_valid":
        return say("watched_terms.any_time", error=error)
    if given.get("look_months"):
        when = ", ".join(given["look_months"])
    elif given.get("look_information"):
        shares = ", ".join(formatting.percent(float(one), 0) for one in given["look_information"])
        when = say("watched_terms.information", shares=shares)
    else:
        when = say("watched_terms.looks", looks=given["looks"], months=given["months_between_looks"])
    return say("watched_terms.spending", when=when, spending=given["spending"], error=error)


def _challengers(given: Any) -> str:
    if not isinstance(given, dict):
        return say("watched_terms.none")
    shadow = ", ".join(given["shadow"])
    looks = _looks(given)
    if given.get("share") is None:
        return say("watched_terms.shadow", shadow=shadow, looks=looks)
    share, error = formatting.percent(float(given["share"]), 0), formatting.general(float(given["planned_error"]))
    return say("watched_terms.split", shadow=shadow, share=share, error=error, looks=looks)
