"""What must hold of monitoring: names that stand once, segments that may be compared, metrics that the outcome has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.models.spec import default_models
from credit_risk.monitoring.metrics import CATALOGUE, Metric
from credit_risk.plan.outcome_checks import MEASURES

Found = Iterator[tuple[Path, Fault]]
MAY_DIVIDE = ("forbidden (data.forbidden)", "not disclosable", "protected")
"""Roles (or their beginnings) that keep a column out of a model, and not from being a segment."""
SECRET = re.compile(r"^[a-z0-9+.-]+://[^/@\s]*:(?!\$\{)[^/@\s]+@", re.IGNORECASE)


def monitoring_faults(plan: dict[str, Any], roles: dict[str, str]) -> Found:
    """All faults of `monitoring`; parts of the wrong type are passed over. roles: columns with what else they are."""
    monitoring = plan.get("monitoring")
    if not isinstance(monitoring, dict):
        return
    for key in ("metrics", "objectives", "delivery"):
        yield from _once(monitoring, key)
    yield from _segments(plan, monitoring, roles)
    yield from _metrics(plan, monitoring, roles)
    yield from _objectives(plan, monitoring, roles)
    yield from _profit(plan, monitoring, roles)
    yield from _challengers(plan, monitoring)
    yield from _delivery(monitoring)


def _items(monitoring: dict[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    items = monitoring.get(key)
    for index, item in enumerate(items if isinstance(items, list | tuple) else ()):
        if isinstance(item, dict):
            yield index, item


def _names(monitoring: dict[str, Any]) -> list[str]:
    names = monitoring.get("segments")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list | tuple) else []


def _once(monitoring: dict[str, Any], key: str) -> Found:
    named = [(index, item.get("id", item.get("metric"))) for index, item in _items(monitoring, key)]
    count = Counter(str(name) for _, name in named)
    seen: set[str] = set()
    for index, name in named:
        if count[str(name)] > 1 and str(name) in seen:
            message = f"the id {name!r} stands {count[str(name)]} times; alerts are told apart by it"
            remedy = "give each an id of its own"
            yield ("monitoring", key, index), Fault(message, code="duplicate_name", remedy=remedy)
        seen.add(str(name))


def _segments(plan: dict[str, Any], monitoring: dict[str, Any], roles: dict[str, str]) -> Found:
    derived, data = plan.get("derive"), plan.get("data")
    columns = data.get("columns") if isinstance(data, dict) else None
    names = _names(monitoring)
    for index, name in enumerate(names):
        path: Path = ("monitoring", "segments", index)
        if name in names[:index]:
            yield path, Fault(f"{name!r} stands twice", code="duplicate_name", remedy="name it once")
        if isinstance(derived, dict) and name in derived:
            message = f"{name!r} is derived, and a segment is a column of the source, which the log holds"
            yield path, Fault(message, code="role", remedy="name a column of the source")
        elif name in roles and not roles[name].startswith(MAY_DIVIDE):
            message = f"{name!r} may not divide into segments: it is {roles[name]}"
            yield path, Fault(message, code="role", remedy="name another column")
        spec = columns.get(name) if isinstance(columns, dict) else None
        if isinstance(spec, dict) and spec.get("type") == "date":
            message = f"{name!r} is a date; periods are the months of the decision"
            yield path, Fault(message, code="type", found="date", allowed="a column of a few values")


def _population(path: Path, item: dict[str, Any], monitoring: dict[str, Any]) -> Found:
    """A population is `all`, `segments`, a segment column, or one value of one."""
    population = item.get("population", "all")
    if not isinstance(population, str):
        return
    names = _names(monitoring)
    column = population.partition("=")[0]
    if population == "segments" and not names:
        message = "the population is each segment, and the plan names no segment"
        yield (*path, "population"), Fault(message, code="no_segment", remedy="write monitoring.segments")
    elif population not in ("all", "segments") and column not in names:
        allowed = ", ".join(["all", "segments", *names, *(f"{name}=value" for name in names)])
        message = f"{column!r} is not among monitoring.segments"
        yield (*path, "population"), Fault(message, code="no_segment", found=population, allowed=allowed)


def _metrics(plan: dict[str, Any], monitoring: dict[str, Any], roles: dict[str, str]) -> Found:
    for index, item in _items(monitoring, "metrics"):
        path: Path = ("monitoring", "metrics", index)
        yield from _population(path, item, monitoring)
        metric = CATALOGUE.get(item["metric"]) if isinstance(item.get("metric"), str) else None
        if metric is None:
            continue
        yield from _measurable((*path, "metric"), metric, plan)
        population = item.get("population")
        column = population.partition("=")[0] if isinstance(population, str) else ""
        if roles.get(column, "").startswith("protected") and not metric.fairness:
            allowed = ", ".join(one.name for one in CATALOGUE.values() if one.fairness)
            message = f"{column!r} is protected and is compared for fairness only; {metric.name} is no such metric"
            yield (*path, "population"), Fault(message, code="protected", found=metric.name, allowed=allowed)


def _objectives(plan: dict[str, Any], monitoring: dict[str, Any], roles: dict[str, str]) -> Found:
    rules = {str(item.get("id", item.get("metric"))) for _, item in _items(monitoring, "metrics")}
    for index, item in _items(monitoring, "objectives"):
        path: Path = ("monitoring", "objectives", index)
        yield from _population(path, item, monitoring)
        if str(item.get("id")) in rules:
            message = f"{item['id']!r} is the id of a metric too; alerts are told apart by it"
            yield (*path, "id"), Fault(message, code="duplicate_name", remedy="give it another id")
        metric = CATALOGUE.get(item["metric"]) if isinstance(item.get("metric"), str) else None
        if metric is not None:
            yield from _measurable((*path, "metric"), metric, plan)
            yield from _subject(path, item, metric, plan)
        names = item.get("columns")
        for place, name in enumerate(names if isinstance(names, list | tuple) else ()):
            if isinstance(name, str) and roles.get(name, "").startswith(("protected", "personal")):
                message = f"{name!r} may not be an objective: it is {roles[name]}"
                yield (*path, "columns", place), Fault(message, code="role", remedy="name another column")


def _subject(path: Path, item: dict[str, Any], metric: Metric, plan: dict[str, Any]) -> Found:
    """An objective is on one value: it names the subject of a metric that has several, and of no other."""
    subject = item.get("subject")
    if metric.several and subject is None:
        message = f"{metric.name} has a value of each {metric.subject}, and an objective is on one of them"
        yield path, Fault(message, code="no_subject", allowed=f"subject: one of {_subjects(metric, plan)}")
    elif not metric.several and isinstance(subject, str):
        message = f"{metric.name} has one value, and no subject to name"
        yield (*path, "subject"), Fault(message, code="subject", found=subject, remedy="leave subject out")


def _subjects(metric: Metric, plan: dict[str, Any]) -> str:
    """The subjects of a metric, as far as a plan tells them before the model is made."""
    if metric.subject == "grade":
        return "the grades"
    if metric.subject == "output":
        return "the outputs of the model (probability, score, ...)"
    data, derived = plan.get("data"), plan.get("derive")
    columns = data.get("columns") if isinstance(data, dict) else None
    named = [*(columns if isinstance(columns, dict) else ()), *(derived if isinstance(derived, dict) else ())]
    what = f"the characteristics of the model ({', '.join(map(str, [*named, '...']))})"
    return (
        f"{what}, each with a rule, as 'AGE: range'" if metric.name in ("contract_breaches", "record_breaks") else what
    )


def _measurable(path: Path, metric: Metric, plan: dict[str, Any]) -> Found:
    """A metric fits the outcome, one of grades has a scale, and one of business the amounts that it is made of."""
    monitoring, kind = plan.get("monitoring"), _kind(plan)
    if kind in MEASURES and metric.binary:
        allowed = ", ".join(one.name for one in CATALOGUE.values() if not one.binary)
        message = f"{metric.name} is of a binary outcome, and this one is of type {kind}"
        yield path, Fault(message, code="outcome", found=metric.name, allowed=allowed)
    if metric.subject == "grade" and plan.get("rating_scale") is None:
        message = f"{metric.name} is of grades, and the plan has none"
        yield path, Fault(message, code="no_grades", remedy="write rating_scale, or leave it out")
    if metric.family == "business" and isinstance(monitoring, dict) and monitoring.get("profit") is None:
        message = f"{metric.name} is made of what accounts earn and cost, and the plan does not say it"
        yield path, Fault(message, code="no_profit", found=metric.name, remedy="write monitoring.profit")


def _kind(plan: dict[str, Any]) -> Any:
    outcome = plan.get("outcome")
    return outcome.get("type", "binary") if isinstance(outcome, dict) else "binary"


def _profit(plan: dict[str, Any], monitoring: dict[str, Any], roles: dict[str, str]) -> Found:
    given = monitoring.get("profit")
    if not isinstance(given, dict):
        return
    if _kind(plan) in MEASURES:
        message = f"profit is of a binary outcome, and this one is of type {_kind(plan)}"
        yield ("monitoring", "profit"), Fault(message, code="outcome", remedy="leave monitoring.profit out")
    for key in ("amount", "reviewed"):
        name = given.get(key)
        if isinstance(name, str) and roles.get(name, "").startswith("protected"):
            message = f"{name!r} may not tell of profit: it is {roles[name]}"
            yield ("monitoring", "profit", key), Fault(message, code="role", remedy="name another column")


def _challengers(plan: dict[str, Any], monitoring: dict[str, Any]) -> Found:
    given = monitoring.get("challengers")
    if not isinstance(given, dict):
        return
    listed = plan.get("models", [model.model_dump() for model in default_models()])
    if not isinstance(listed, list | tuple):
        return
    others = [m.get("id") for m in listed if isinstance(m, dict) and m.get("champion") is not True]
    strategy = plan.get("strategy")
    if (
        given.get("random_share") is not None
        and (strategy.get("cut_off") if isinstance(strategy, dict) else None) is None
    ):
        path: Path = ("monitoring", "challengers", "random_share")
        message = "is a share of the applicants below strategy.cut_off, and the plan has none"
        yield path, Fault(message, code="no_cut_off", remedy="declare strategy.cut_off, or name random_accepts alone")
    shadow = given.get("shadow")
    names = list(shadow) if isinstance(shadow, list | tuple) else []
    for index, name in enumerate(names):
        path = ("monitoring", "challengers", "shadow", index)
        if name in names[:index]:
            yield path, Fault(f"{name!r} stands twice", code="duplicate_name", remedy="name it once")
        elif isinstance(name, str) and name not in others:
            allowed = ", ".join(map(str, others)) or "none: the plan has one model"
            yield path, Fault(f"{name!r} is no challenger of the plan", code="no_challenger", allowed=allowed)


def _delivery(monitoring: dict[str, Any]) -> Found:
    for index, item in _items(monitoring, "delivery"):
        url, path = item.get("url"), ("monitoring", "delivery", index, "url")
        if not isinstance(url, str):
            continue
        if "://" not in url and not url.startswith("${"):
            message = "is no address of a channel"
            yield path, Fault(message, code="url", found=url, allowed="scheme://… or ${VAR}")
        elif SECRET.match(url):
            message = "a password stands in the plan, which travels in the package"
            yield path, Fault(message, code="secret", remedy="name an environment variable: ${VAR}")
