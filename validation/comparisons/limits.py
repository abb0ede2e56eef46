"""Classing against the limits, splits, groups and orders that the plan gives, over ordinary values counted apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from validation.comparisons.held import Held, every_step, held_classings
from validation.comparisons.placing import category, ordered_by, settings_of
from validation.findings import Finding, Outcome
from validation.rebuild.binning import ADJUSTMENT
from validation.rebuild.placing import take_apart
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import Value

Floats = NDArray[np.float64]
Step = Mapping[str, Any]
TEST = "classing: limits of the plan"
SLACK = 1e-9
ONE_BIN = "one bin"
HOLDS = ("kind", "lower", "upper", "values", "codes", "takes_missing")


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Bins of ordinary values (k,), special codes and missing not counted; rows: weight of all development rows.

    scale: sum of the weights of ordinary values over that of their squares; weights times it are Kish's effective rows.
    """

    bins: tuple[Step, ...]
    good: Floats
    bad: Floats
    rows: float
    scale: float


def compare_limits(space: Workspace) -> None:
    """Hold every classing against the plan: those of all models, and those that their tables alone state.

    One that was changed by hand may break a limit; that is told with the change.
    """
    compared = broken = 0
    for held in _different(space):
        compared += 1
        faults = list(_broken(space, held, settings_of(space, held.name)))
        broken += bool(faults)
        if faults:
            _record(space, held, faults)
    if not compared:
        space.ledger.not_evaluable(TEST, "no classing stands in a model or can be read from its table")
    elif compared > broken:
        space.ledger.check(Outcome(TEST, "pass", compared - broken, "kept", None))


def _different(space: Workspace) -> Iterator[Held]:
    """Classings whose bins differ: two models that hold the same one are told once."""
    seen: dict[str, list[Any]] = {}
    for held in (*every_step(space), *held_classings(space).values()):
        bins = [{key: item.get(key) for key in HOLDS} for item in held.step["bins"]]
        if bins not in seen.setdefault(held.name, []):
            seen[held.name].append(bins)
            yield held


def _broken(space: Workspace, held: Held, settings: Mapping[str, Any]) -> Iterator[str]:
    step, rows = held.step, space.known(DEVELOPMENT)
    known = Value(held.source.kind, held.source.data[rows], held.source.error[rows])
    zero_cell = float(settings.get("zero_cell", ADJUSTMENT))
    apart = take_apart(step, known, space.outcome[rows], space.weight[rows], zero_cell)
    k = len(apart.ordinary)
    by_id = {item["id"]: item for item in step["bins"]}
    good, bad, squared = apart.counts.good[:k], apart.counts.bad[:k], apart.counts.squared[:k]
    scale = float(np.sum(good + bad) / np.sum(squared)) if np.sum(squared) > 0 else 1.0
    total = float(np.sum(apart.counts.good) + np.sum(apart.counts.bad))
    found = Ordinary(tuple(by_id[i] for i in apart.ordinary), good, bad, total, scale)
    if len(found.bins) == 1 and _told_as_one(space, held.name):
        return
    yield from _numbers(found, settings)
    yield from _neighbours(found, settings, step["kind"] == "numeric" or ordered_by(space, str(step["input"])) != ())
    if step["kind"] == "numeric":
        yield from _splits([item["lower"] for item in found.bins if item["lower"] is not None], settings)
    else:
        yield from _categories(found, settings, ordered_by(space, str(step["input"])))


def _numbers(found: Ordinary, settings: Mapping[str, Any]) -> Iterator[str]:
    """Number of bins, and limits on single bins; one bin of everything may be too thin."""
    count = len(found.bins)
    if count > _value(settings, "max_bins", math.inf):
        yield f"{count} bins, at most {settings['max_bins']}"
    if count < _value(settings, "min_bins", 1):
        yield f"{count} bins, at least {settings['min_bins']}"
    size = found.good + found.bad
    if np.any(size > _value(settings, "max_share", 1.0) * found.rows + SLACK):
        yield f"a bin holds {float(np.max(size)) / found.rows:.6g} of the rows, at most {settings['max_share']}"
    if count == 1:
        return
    for key, held, least in (
        ("min_share", size, _value(settings, "min_share", 0.0) * found.rows),
        ("min_goods", found.good, _value(settings, "min_goods", 0.0)),
        ("min_bads", found.bad, _value(settings, "min_bads", 0.0)),
    ):
        if np.any(held < least - SLACK * found.rows):
            yield f"{key} {settings[key]} is not kept"


def _neighbours(found: Ordinary, settings: Mapping[str, Any], in_order: bool) -> Iterator[str]:
    """Least difference of bad rates, and the test of neighbours (pooled two-proportion z-test).

    Bins of categories without an order are neighbours by their bad rates.
    """
    bad, size = found.bad, found.good + found.bad
    if np.any(size == 0):
        return
    if not in_order:
        order = np.argsort(bad / size, kind="stable")
        bad, size = bad[order], size[order]
    rate = bad / size
    least = _value(settings, "min_rate_difference", 0.0)
    if np.any(np.abs(np.diff(rate)) < least - SLACK):
        yield f"neighbours differ by less than min_rate_difference {least}"
    most = settings.get("max_p_value")
    if most is None:
        return
    for one in range(len(size) - 1):
        pooled = float(np.sum(bad[one : one + 2]) / np.sum(size[one : one + 2]))
        spread = math.sqrt(pooled * (1 - pooled) * (1 / size[one] + 1 / size[one + 1]) / found.scale)
        p_value = 2 * float(stats.norm.sf(abs(rate[one] - rate[one + 1]) / spread)) if spread > 0 else 1.0
        if p_value > float(most) * (1 + 1e-6):
            yield f"neighbours have a p-value of {p_value:.4g}, at most {most}"


def _splits(edges: list[float], settings: Mapping[str, Any]) -> Iterator[str]:
    fixed = [float(value) for value in settings.get("fixed_splits") or ()]
    absent = [value for value in fixed if value not in edges]
    if absent:
        yield f"fixed splits are no edges: {absent}"
    if settings.get("candidate_splits") is not None:
        allowed = {*fixed, *(float(value) for value in settings["candidate_splits"])}
        other = [edge for edge in edges if edge not in allowed]
        if other:
            yield f"edges are no candidate splits: {other}"


def _categories(found: Ordinary, settings: Mapping[str, Any], order: tuple[str, ...]) -> Iterator[str]:
    bins = [[str(value) for value in item["values"]] for item in found.bins]
    if order:
        if [value for values in bins for value in values] != list(order):
            yield "the bins do not hold the categories in their declared order"
        opens = [values[0] for values in bins[1:]]
        fixed = [category(value) for value in settings.get("fixed_splits") or ()]
        absent = [value for value in fixed if value not in opens]
        if absent:
            yield f"fixed splits open no bin: {absent}"
        if settings.get("candidate_splits") is not None:
            allowed = {*fixed, *(category(value) for value in settings["candidate_splits"])}
            other = [value for value in opens if value not in allowed]
            if other:
                yield f"bins open at no candidate split: {other}"
        return
    for group in settings.get("groups") or ():
        named = {category(value) for value in group}
        if sum(bool(named & set(values)) for values in bins) > 1:
            yield f"a group of categories stands in several bins: {sorted(named)}"
    for group in settings.get("fixed_groups") or ():
        named = {category(value) for value in group}
        if named not in [set(values) for values in bins]:
            yield f"a fixed group of categories is no bin: {sorted(named)}"


def _value(settings: Mapping[str, Any], key: str, default: float) -> float:
    value = settings.get(key)
    return default if value is None else float(value)


def _told_as_one(space: Workspace, characteristic: str) -> bool:
    """Whether the developer tells that no classing keeps the limits, so that all values are one bin."""
    rows = space.package.rows_of("classing.summary") or []
    return any(r["characteristic"] == characteristic and str(r["solver_status"]).startswith(ONE_BIN) for r in rows)


def _record(space: Workspace, held: Held, faults: list[str]) -> None:
    changes = [
        f"{item.get('operation')}, {item.get('author')}: {item.get('reason')}"
        for item in (space.package.plan.get("classing") or {}).get("overrides") or []
        if item.get("characteristic") == held.name
    ]
    where = held.name if held.model_id in (None, space.package.champion_id) else f"{held.name} in {held.model_id}"
    told = f"The classing of {where}, counted again, does not keep what the plan asks: {'; '.join(faults)}."
    remedy = "Class the characteristic again, or say in the plan what is wanted."
    if changes:
        told += f" It was changed by hand ({'; '.join(changes)})."
        remedy = "Say whether the change by hand is worth the limit that it breaks."
    finding = Finding(
        test=TEST,
        severity=space.policy.checks["limits_by_hand" if changes else "limits_broken"],
        quantity=where,
        developer_value=None,
        validator_value=len(faults),
        tolerance=None,
        statement=told,
        remedy=remedy,
        evidence=(f"classing.table.{held.name}", "classing.overrides" if changes else "classing.policy"),
    )
    verdict = "review" if changes else "fail"
    space.ledger.check(Outcome(f"{TEST} ({where})", verdict, 1, "kept", None, finding))
