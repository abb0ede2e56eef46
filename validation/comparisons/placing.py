"""Classing against the plan: the place of special codes, missing and unseen categories, the trend of the bad rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons.classing import fixed_bins, recount_step
from validation.findings import Finding, Outcome
from validation.rebuild.binning import ADJUSTMENT, BinCounts
from validation.rebuild.directions import declared_trends
from validation.rebuild.placing import (
    Apart,
    Part,
    Rules,
    equally_near,
    expected_places,
    keeps_trend,
    take_apart,
)
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps import values
from validation.steps.classing import place_of_missing
from validation.structure import planned_classings

AREA, JOINED = "classing", "classing.joined"
Step = Mapping[str, Any]
_NUMBERS = {
    "count": "count",
    "count_share": "share",
    "good": "count",
    "bad": "count",
    "woe": "woe",
    "woe_before": "woe",
    "woe_joined": "woe",
    "information_value_apart": "information_value",
    "information_value": "information_value",
}


def compare_placing(space: Workspace) -> None:
    """Compare the place of special codes, missing and unseen, and the trend of every classing with the plan."""
    places: tuple[list[Any], list[Any], list[str]] = ([], [], [])
    unseen: tuple[list[Any], list[Any], list[str]] = ([], [], [])
    champion: dict[str, Apart] = {}
    for model_id, model in space.package.models.items():
        for step in planned_classings(model):
            name = str(step["input"])
            settings = settings_of(space, name)
            apart = taken_apart(space, model_id, step, settings)
            _collect_places(space, places, f"{model_id} {name}", step, apart, settings)
            if step["kind"] == "categorical":
                counts = recount_step(space, model_id, step)
                _append(unseen, *_unseen(space, model_id, step, counts, settings), f"{model_id} {name}")
            if model_id == space.package.champion_id:
                champion[name] = apart
    space.ledger.words("model.json", "place of special codes and missing", *places, evidence=[JOINED])
    space.ledger.words("model.json", "weight of evidence of unseen categories", *unseen, evidence=["classing.policy"])
    _compare_joined(space, champion)
    _compare_trends(space)


def settings_of(space: Workspace, characteristic: str) -> dict[str, Any]:
    """Return what the plan's classing says, with the settings of the characteristic in place of the general ones."""
    general = dict(space.package.plan.get("classing") or {})
    own = (general.get("characteristics") or {}).get(characteristic) or {}
    return {**general, **{key: value for key, value in own.items() if value is not None}}


def ordered_by(space: Workspace, characteristic: str) -> tuple[str, ...]:
    """Return the order of categories that the plan declares, empty where it declares none."""
    plan = space.package.plan
    told = [(plan.get("data") or {}).get("columns") or {}, plan.get("derive") or {}]
    for item in (section.get(characteristic) for section in told):
        if isinstance(item, dict) and item.get("order"):
            return tuple(category(value) for value in item["order"])
    return ()


def category(value: Any) -> str:
    """Return a category as the plan may write it (a number, a truth value) as the text that a column holds."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else values.text_of_number(value)


def by_hand(space: Workspace, characteristic: str, operation: str) -> set[str]:
    """Return the labels of the bins that an operation of the plan's manual changes names."""
    changes = (space.package.plan.get("classing") or {}).get("overrides") or []
    return {
        str(item.get("bin"))
        for item in changes
        if item.get("characteristic") == characteristic and item.get("operation") == operation
    }


def stated_trend(space: Workspace, characteristic: str) -> str | None:
    """Return the trend that the summary states, None where it states none or the categories have no order."""
    rows = space.package.rows_of("classing.summary") or []
    row = next((row for row in rows if row["characteristic"] == characteristic), None)
    return None if row is None or row["kind"] == "categorical" else row["trend"]


def taken_apart(space: Workspace, model_id: str, step: Step, settings: Mapping[str, Any]) -> Apart:
    """Recount a classing step over the development rows with every special code and missing on its own."""
    rows = space.known(DEVELOPMENT)
    source = space.scored[model_id][step["input"]]
    known = type(source)(source.kind, source.data[rows], source.error[rows])
    zero_cell = float(settings.get("zero_cell", ADJUSTMENT))
    return take_apart(step, known, space.outcome[rows], space.weight[rows], zero_cell)


def _fixed(space: Workspace, step: Step, apart: Apart) -> tuple[dict[int, float], set[int]]:
    """Weights fixed by hand by place in the counts, and the parts that are fixed."""
    name = str(step["input"])
    bins, labels = fixed_bins(space, name), by_hand(space, name, "fix_woe")
    fixed = {place: step["bins"][bin_id]["woe"] for place, bin_id in enumerate(apart.ordinary) if bin_id in bins}
    kept = {part for part, held in enumerate(apart.parts) if _label(held) in labels}
    return fixed, kept


def _bin_of(step: Step, part: Part) -> Mapping[str, Any]:
    """The bin that holds a special code, or missing."""
    number = place_of_missing(step)
    own: Mapping[str, Any] = next(
        item for item in step["bins"] if (item["id"] == number if part is None else part in item.get("codes", []))
    )
    return own


def _label(part: Part) -> str:
    """How the plan names the bin of a special code or of missing."""
    if part is None:
        return "missing"
    if isinstance(part, str):
        return f"special {part}"
    number = float(part)
    return f"special {int(number) if number.is_integer() and abs(number) < 1e15 else number!r}"


def _collect_places(
    space: Workspace, places: Any, label: str, step: Step, apart: Apart, settings: Mapping[str, Any]
) -> None:
    name = str(step["input"])
    fixed, kept = _fixed(space, step, apart)
    rules = Rules(
        str(settings.get("missing", "apart")),
        str(settings.get("special", "apart")),
        settings.get("nearest_woe_below"),
        float(settings.get("zero_cell", ADJUSTMENT)),
        stated_trend(space, name),
    )
    joined = by_hand(space, name, "join")
    for part, own in enumerate(expected_places(apart, rules, fixed, kept)):
        given, what = apart.held[part], _label(apart.parts[part])
        if what in joined:
            _record_by_hand(space, f"{label}: {what}")
            continue
        if given is not None and own is not None and equally_near(apart, part, given, own, fixed):
            own = given
        _append(places, _word(given), _word(own), f"{label}: {what}")


def _word(bin_id: int | None) -> str:
    return "a bin of its own" if bin_id is None else f"bin {bin_id}"


def _unseen(
    space: Workspace, model_id: str, step: Step, counts: BinCounts, settings: Mapping[str, Any]
) -> tuple[str, str]:
    """What the model refers unseen categories to, and what the plan's policy refers them to."""
    unseen = next(item for item in step["bins"] if item["kind"] == "unseen")
    given = unseen.get("woe_of")
    if unseen["id"] in fixed_bins(space, str(step["input"])):
        return "fixed by hand", "fixed by hand"
    woe = np.array([item["woe"] for item in step["bins"]])
    held = [item["id"] for item in step["bins"] if counts.count[item["id"]] > 0]
    policy, own = settings.get("unseen", "neutral"), None
    if policy == "missing":
        own = place_of_missing(step)
    elif policy == "worst":
        own = min(held, key=lambda bin_id: (woe[bin_id], bin_id))
    elif policy == "rare":
        own = _rare(space, model_id, step, settings, woe)
    same = given is not None and own is not None and woe[given] == woe[own]
    return _word(given), _word(given if same else own)


def _rare(space: Workspace, model_id: str, step: Step, settings: Mapping[str, Any], woe: Any) -> int | None:
    """The bin with most of the categories that are rarer than the plan's share, counted over the development rows."""
    rows = space.known(DEVELOPMENT)
    weight, data = space.weight[rows], space.scored[model_id][step["input"]].data[rows]
    total = float(np.sum(weight))
    weights: dict[str, float] = {}
    for value, one in zip(data.tolist(), weight.tolist(), strict=True):
        if value is not None:
            weights[value] = weights.get(value, 0.0) + one
    codes = {code for item in step["bins"] for code in item.get("codes", [])}
    least = float(settings.get("rare_share", 0.0)) * total
    given = {category(v) for key in ("groups", "fixed_groups") for group in settings.get(key) or () for v in group}
    rare = {value for value, size in weights.items() if 0 < size < least and value not in codes | given}
    if not rare or ordered_by(space, str(step["input"])):
        return None
    return int(min(step["bins"], key=lambda b: (-len(rare.intersection(b.get("values", []))), woe[b["id"]]))["id"])


def _record_by_hand(space: Workspace, place: str) -> None:
    test = f"model.json: joined by hand ({place})"
    finding = Finding(
        test="model.json: joined by hand",
        severity=space.policy.checks["joined_by_hand"],
        quantity=place,
        developer_value=None,
        validator_value=None,
        tolerance=None,
        statement=f"{place} was put into a bin of ordinary values by hand; its place was not compared with a rule.",
        remedy="Justify the place in the plan.",
        evidence=(JOINED,),
    )
    space.ledger.check(Outcome(test, "review", 1, None, "declared by hand", finding))


def _compare_joined(space: Workspace, champion: Mapping[str, Apart]) -> None:
    """Compare the evidence on what joined a bin with the counts of the parts and of the bins, before and after."""
    table = [row for row in space.package.rows_of(JOINED) or [] if row["characteristic"] in champion]
    if not table:
        return
    pairs: dict[str, tuple[list[Any], list[Any], list[str]]] = {name: ([], [], []) for name in _NUMBERS}
    steps = {str(step["input"]): step for step in planned_classings(space.package.model)}
    bins: tuple[list[Any], list[Any], list[str]] = ([], [], [])
    for row in table:
        name = row["characteristic"]
        step, apart = steps[name], champion[name]
        part = next((k for k, held in enumerate(apart.parts) if _label(held) == row["part"]), None)
        own = {} if part is None else _own(space, step, apart, part)
        _append(bins, row["bin_id"], own.get("bin_id", "no such part"), f"{name} {row['part']}")
        for column in _NUMBERS:
            if column in ("information_value", "information_value_apart") and fixed_bins(space, name):
                continue
            _append(pairs[column], row[column], own.get(column), f"{name} {row['part']}")
    space.ledger.words(JOINED, "bin that takes it", *bins)
    for column, rule in _NUMBERS.items():
        space.ledger.numbers(JOINED, column, rule, *pairs[column])


def _own(space: Workspace, step: Step, apart: Apart, part: int) -> dict[str, Any]:
    counts, place, into = apart.counts, apart.place(part), apart.held[part]
    joined = recount_step(space, space.package.champion_id, step)
    fixed, kept = _fixed(space, step, apart)
    before = None if into is None else apart.ordinary.index(into)
    by_rule = part not in kept or into is not None
    return {
        "bin_id": into,
        "count": counts.good[place] + counts.bad[place],
        "count_share": (counts.good[place] + counts.bad[place]) / float(np.sum(counts.good) + np.sum(counts.bad)),
        "good": counts.good[place],
        "bad": counts.bad[place],
        "woe": counts.woe[place] if by_rule else _bin_of(step, apart.parts[part])["woe"],
        "woe_before": None if before is None else fixed.get(before, float(counts.woe[before])),
        "woe_joined": None if into is None or before is None else fixed.get(before, float(joined.woe[into])),
        "information_value_apart": counts.total,
        "information_value": joined.total,
    }


def _compare_trends(space: Workspace) -> None:
    """The trend that the plan declares is the one that the summary states, and the recounted bad rates keep it."""
    declared: tuple[list[Any], list[Any], list[str]] = ([], [], [])
    compared = broken = 0
    plan_trends = declared_trends(space.package.plan)
    for step in planned_classings(space.package.model):
        name = str(step["input"])
        trend = stated_trend(space, name)
        if trend is None:
            continue
        compared += 1
        counts = recount_step(space, space.package.champion_id, step)
        ordinary = [item["id"] for item in step["bins"] if item["kind"] in ("interval", "categories")]
        good, bad = counts.good[ordinary], counts.bad[ordinary]
        asked = plan_trends.get(name)
        if asked is not None and np.count_nonzero(good + bad) > 1:
            _append(declared, trend, asked, name)
        if not keeps_trend(good, bad, trend):
            broken += 1
            _record_trend(space, name, trend)
    space.ledger.words("classing.summary", "trend that the plan declares", *declared)
    test = "classing: bad rates keep the stated trend"
    if compared > broken:
        space.ledger.check(Outcome(test, "pass", compared - broken, "equal neighbours allowed", None))
    if not compared:
        space.ledger.not_evaluable(test, "no classing of the champion has an order")


def _record_trend(space: Workspace, name: str, trend: str) -> None:
    rows = space.package.rows_of("classing.overrides") or []
    told = any(row["characteristic"] == name and not row["keeps_trend"] for row in rows)
    test = "classing: trend of the bad rate"
    finding = Finding(
        test=test,
        severity=space.policy.checks["trend_by_hand" if told else "trend_broken"],
        quantity=name,
        developer_value=trend,
        validator_value=None,
        tolerance=None,
        statement=f"The bad rates of the bins of {name}, counted again, do not keep the stated trend {trend}"
        + (", as a change by hand tells." if told else "."),
        remedy="Explain the break or class the characteristic again.",
        evidence=(f"classing.table.{name}",),
    )
    space.ledger.check(Outcome(f"{test} ({name})", "review" if told else "fail", 1, "kept", None, finding))


def _append(target: tuple[list[Any], list[Any], list[str]], developer: Any, validator: Any, place: str) -> None:
    target[0].append(developer)
    target[1].append(validator)
    target[2].append(place)
