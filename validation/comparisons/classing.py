"""Classing: every bin recounted from the development rows, WoE and information value from the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from validation.comparisons.held import UNREAD, Held, held_classings
from validation.comparisons.regression import impact_of_classing
from validation.comparisons.restated import compare_labels, compare_summary
from validation.findings import Finding, Outcome
from validation.impact import Change
from validation.rebuild import metrics
from validation.rebuild.binning import ADJUSTMENT, BinCounts, recount, weight_of_evidence
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import is_expert, steps_of

AREA = "classing.table"
OF_ANOTHER = "of_another_bin"
"""Rule of a WoE that is that of another bin."""
_COLUMNS = {
    "count": "count",
    "count_share": "share",
    "good": "count",
    "bad": "count",
    "bad_rate": "share",
    "bad_rate_lower": "interval",
    "bad_rate_upper": "interval",
    "woe": "woe",
    "information_value": "information_value",
}


def compare_classing(space: Workspace) -> None:
    """Compare each classing table and the bins of each model with the recount.

    A characteristic that stands in no model is counted in the bins that its table states; where these cannot be read,
    its table is compared with itself alone, which is recorded.
    """
    counts = {
        (model_id, step["id"]): recount_step(space, model_id, step)
        for model_id, model in space.package.models.items()
        for step in steps_of(model, "classing")
    }
    held = held_classings(space)
    compare_models(space, counts)
    _compare_tables(space, held)
    _compare_summary(space, held)


def recount_step(space: Workspace, model_id: str, step: Mapping[str, Any]) -> BinCounts:
    """Recount the bins of one classing step over the development rows with a known outcome."""
    rows = space.known(DEVELOPMENT)
    ids = space.scored[model_id][step["output_bin"]].data[rows]
    zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
    counts = recount(ids, space.outcome[rows], space.weight[rows], len(step["bins"]), zero_cell)
    return of_another_bin(counts, step)


def of_another_bin(counts: BinCounts, step: Mapping[str, Any]) -> BinCounts:
    """The counts with the WoE of unseen categories that the step refers to another bin; they have no rows."""
    woe, rule = counts.woe.copy(), list(counts.rule)
    for item in step["bins"]:
        if "woe_of" in item:
            woe[item["id"]], rule[item["id"]] = woe[item["woe_of"]], OF_ANOTHER
    return replace(counts, woe=woe, rule=tuple(rule))


def fixed_bins(space: Workspace, characteristic: str) -> set[int]:
    """Return the bins whose WoE the developer declares fixed by hand."""
    table = space.package.rows_of(f"classing.table.{characteristic}") or []
    return {row["bin_id"] for row in table if row["woe_rule"] == "fixed"}


def compare_models(space: Workspace, counts: Mapping[tuple[str, str], BinCounts]) -> None:
    """Compare the WoE of every bin of every model with that of the counts, but for bins that are fixed by hand."""
    developer, validator, labels, changes = [], [], [], []
    fixed = []
    for model_id, model in space.package.models.items():
        for step in steps_of(model, "classing"):
            by_hand = set() if is_expert(model) else fixed_bins(space, step["input"])
            by_hand |= {item["id"] for item in step["bins"] if item.get("woe_of") in by_hand}
            for number, (item, woe) in enumerate(zip(step["bins"], counts[model_id, step["id"]].woe, strict=True)):
                place = f"{model_id} {step['input']} bin {item['id']}"
                if item["id"] in by_hand:
                    fixed.append(place)
                    continue
                developer.append(item["woe"])
                validator.append(woe)
                labels.append(place)
                changes.append(Change(model_id, step["id"], ("bins", number, "woe"), float(woe)))
    if labels:
        told = ("model.json", "WoE of the bins", "woe")
        impact = impact_of_classing(space, changes)
        space.ledger.numbers(*told, developer, validator, labels, [AREA], impact=impact)
    else:
        space.ledger.not_evaluable("model.json: WoE of the bins", "no model has classed characteristics")
    if fixed:
        _record_fixed(space, fixed)


def _record_fixed(space: Workspace, fixed: list[str]) -> None:
    test = "model.json: WoE fixed by hand"
    finding = Finding(
        test=test,
        severity=space.policy.checks["fixed_woe"],
        quantity="WoE",
        developer_value=len(fixed),
        validator_value=None,
        tolerance=None,
        statement=f"The WoE of {len(fixed)} bins is fixed by hand and was not recomputed: {', '.join(fixed[:10])}.",
        remedy="Justify each value in the plan.",
        evidence=(AREA,),
    )
    space.ledger.check(Outcome(test, "review", len(fixed), None, "declared fixed", finding))


def _compare_tables(space: Workspace, held: Mapping[str, Held]) -> None:
    pairs: dict[str, tuple[list[Any], list[Any], list[str]]] = {name: ([], [], []) for name in (*_COLUMNS, "rule")}
    inner: dict[str, tuple[list[Any], list[Any], list[str]]] = {
        name: ([], [], []) for name in ("woe", "information_value")
    }
    absent = []
    for characteristic, one in held.items():
        table = space.package.rows_of(f"{AREA}.{characteristic}")
        if table is None:
            absent.append(characteristic)
            continue
        _collect(pairs, characteristic, table, of_another_bin(one.counts(space), one.step))
    zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
    unread = []
    for evidence_id in space.package.evidence:
        name = evidence_id.removeprefix(f"{AREA}.")
        if evidence_id.startswith(f"{AREA}.") and name not in held:
            unread.append(name)
            _collect_inner(inner, name, space.package.rows_of(evidence_id) or [], zero_cell)
    if absent:
        names = ", ".join(absent)
        space.ledger.not_evaluable(f"{AREA}: {names}", "the package holds no table of the characteristic")
    if unread:
        space.ledger.not_evaluable(f"{AREA}: counts of {', '.join(unread)}", UNREAD)
    for column, rule in _COLUMNS.items():
        space.ledger.numbers(AREA, column, rule, *pairs[column], evidence=_tables(pairs[column][2]))
    space.ledger.words(AREA, "rule of the WoE", *pairs["rule"])
    for column in inner:
        area = f"{AREA} (not in the model, from their own counts)"
        space.ledger.numbers(area, column, _COLUMNS[column], *inner[column], evidence=_tables(inner[column][2]))


def _tables(labels: list[str]) -> list[str]:
    return list(dict.fromkeys(f"{AREA}.{label.rsplit(' bin ', 1)[0]}" for label in labels))[:5]


def _collect(pairs: dict[str, Any], name: str, table: list[dict[str, Any]], counts: BinCounts) -> None:
    by_id = {row["bin_id"]: row for row in table}
    total = counts.good + counts.bad
    rates = []
    for bad, both, squared in zip(counts.bad, total, counts.squared, strict=True):
        trials = metrics.effective_size(both, squared)
        rates.append(metrics.wilson(bad / both * trials if both > 0 else 0.0, trials))
    with np.errstate(invalid="ignore"):
        own: dict[str, Any] = {
            "count": total,
            "count_share": total / np.sum(total),
            "good": counts.good,
            "bad": counts.bad,
            "bad_rate": counts.bad / total,
            "bad_rate_lower": [rate[0] for rate in rates],
            "bad_rate_upper": [rate[1] for rate in rates],
            "woe": counts.woe,
            "information_value": counts.information_value,
        }
    for number in range(max(len(total), len(table))):
        row = by_id.get(number, {})
        place = f"{name} bin {number}"
        for column in _COLUMNS:
            value = own[column][number] if number < len(total) else None
            given = row.get(column)
            if row.get("woe_rule") == "fixed" and column in ("woe", "information_value"):
                continue
            if given is None and _COLUMNS[column] == "interval":
                continue
            _append(pairs[column], given, value, place)
        if row.get("woe_rule") != "fixed":
            rule = counts.rule[number] if number < len(total) else None
            _append(pairs["rule"], row.get("woe_rule"), rule, place)


def _collect_inner(inner: dict[str, Any], name: str, table: list[dict[str, Any]], zero_cell: float) -> None:
    """Recompute WoE and IV of a characteristic outside the model from the counts that its own table states."""
    good, bad = (np.array([row[key] or 0.0 for row in table], dtype=np.float64) for key in ("good", "bad"))
    if not len(table) or good.sum() <= 0 or bad.sum() <= 0:
        return
    woe, information, _ = weight_of_evidence(good, bad, zero_cell)
    stated = {row["woe"] for row in table if row["woe_rule"] != OF_ANOTHER}
    for row, own_woe, own_value in zip(table, woe, information, strict=True):
        if row["woe_rule"] == "fixed" or (row["woe_rule"] == OF_ANOTHER and row["woe"] in stated):
            continue
        place = f"{name} bin {row['bin_id']}"
        _append(inner["woe"], row["woe"], own_woe, place)
        _append(inner["information_value"], row["information_value"], own_value, place)


def _append(target: tuple[list[Any], list[Any], list[str]], developer: Any, validator: Any, place: str) -> None:
    target[0].append(developer)
    target[1].append(validator)
    target[2].append(place)


def _compare_summary(space: Workspace, held: Mapping[str, Held]) -> None:
    table = space.package.rows_of("classing.summary")
    if table is None:
        space.ledger.not_evaluable("classing.summary", "the package holds no such table")
        return
    own = {name: one.counts(space) for name, one in held.items() if not fixed_bins(space, name)}
    rows = [row for row in table if row["characteristic"] in own]
    labels = [row["characteristic"] for row in rows]
    for column, rule, value in (
        ("information_value", "information_value", lambda item: item.total),
        ("bins", "rows", lambda item: len(item.woe)),
    ):
        developer = [row[column] for row in rows]
        space.ledger.numbers("classing.summary", column, rule, developer, [value(own[name]) for name in labels], labels)
    compare_summary(space, table, held)
    compare_labels(space, held)
