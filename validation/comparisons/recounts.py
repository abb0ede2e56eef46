"""The classing of development on every sample and period: counts, rates, intervals and stability, from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.held import UNREAD, Held, held_classings
from validation.rebuild import metrics
from validation.rebuild.binning import ADJUSTMENT, weight_of_evidence
from validation.rebuild.periods import choose_unit, period_of, unit_of
from validation.rebuild.recount import Group, group_of, information_chance_level, rank_order
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace

SAMPLES, STABILITY = "classing.samples", "classing.stability"
PERIODS, PERIOD_STABILITY = "classing.periods", "classing.period_stability"
MINIMUM_ROWS, MINIMUM_BADS = 20, 30
BIN_COLUMNS = {
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
FIGURE_COLUMNS = ("count_share", "bad_rate", "bad_rate_lower", "bad_rate_upper")
STABILITY_COLUMNS = {
    "count": "count",
    "bad": "count",
    "bad_rate": "share",
    "bad_rate_lower": "interval",
    "bad_rate_upper": "interval",
    "information_value": "information_value",
    "information_value_chance_level": "psi",
    "gini": "gini",
    "gini_lower": "interval",
    "gini_upper": "interval",
    "psi": "psi",
    "psi_chance_level": "psi",
    "rank_order_kept": "rows",
    "reversals": "rows",
    "reversal_p_value": "p_value",
}
Rows = Mapping[str, NDArray[np.int64]]


def compare_recounts(space: Workspace, fitted: Workspace | None = None) -> None:
    """Compare the tables of the classing on samples and periods with our count of the snapshot.

    fitted: the workspace of the rows that were classed, which the stability is held against, where it is another one.
    """
    classings = held_classings(space)
    references = _references(space if fitted is None else fitted)
    samples = {name: space.known(name) for name in space.rows}
    periods = _periods(space, classings)
    for area, by, groups in ((SAMPLES, "sample", samples), (PERIODS, "period", periods)):
        if groups is not None:
            _compare_bins(space, area, by, groups, classings)
    _compare_figures(space)
    for area, by, groups in ((STABILITY, "sample", samples), (PERIOD_STABILITY, "period", periods)):
        if groups is not None:
            _compare_stability(space, area, by, groups, classings, references)


def _references(space: Workspace) -> dict[str, Group]:
    """By characteristic what its stability is held against: the rows that were classed."""
    rows = space.known(DEVELOPMENT)
    return {
        name: group_of(held.ids[rows], space.outcome[rows], space.weight[rows], len(held.step["bins"]))
        for name, held in held_classings(space).items()
    }


def _periods(space: Workspace, classings: Mapping[str, Held]) -> Rows | None:
    """The rows of each period that the package tells, by the plan's date; None where it tells of none."""
    table = space.package.rows_of(PERIOD_STABILITY)
    date = dated_column(space.package.plan, space.frame)
    if not table or date is None:
        space.ledger.not_evaluable(PERIOD_STABILITY, "the package tells of no period, or has no column of dates")
        return None
    every = np.sort(np.concatenate([space.known(name) for name in space.rows]))
    dates, outcome = space.frame[date].to_numpy()[every], space.outcome[every]
    stated = unit_of(table[0]["period"])
    chosen = (space.package.plan.get("evaluation") or {}).get("period", "auto")
    least = int(space.package.setting("evaluation", "min_bads", MINIMUM_BADS))
    wanted = choose_unit(dates, outcome, least) if chosen == "auto" else chosen
    space.ledger.words(PERIOD_STABILITY, "length of the periods", [stated], [wanted], ["period"])
    labels = period_of(dates, stated) if stated is not None else []
    groups: dict[str, list[int]] = {}
    for row, label in zip(every.tolist(), labels, strict=True):
        if label is not None:
            groups.setdefault(label, []).append(row)
    found = {label: np.array(groups[label], dtype=np.int64) for label in sorted(groups)}
    names = sorted({*found, *(row["period"] for row in table)})
    known = {row["period"] for row in table}
    developer, own = ([n if n in side else None for n in names] for side in (known, found))
    space.ledger.words(PERIOD_STABILITY, "periods", developer, own, names)
    return found


class _Pairs:
    """Developer's and validator's values of the columns of a table, place by place."""

    def __init__(self, columns: Iterable[str]):
        self.values: dict[str, tuple[list[Any], list[Any], list[str]]] = {name: ([], [], []) for name in columns}

    def add(self, row: Mapping[str, Any], own: Mapping[str, Any], place: str) -> None:
        for name, (developer, validator, places) in self.values.items():
            if name in row:
                developer.append(row[name])
                validator.append(own.get(name))
                places.append(place)

    def record(self, space: Workspace, area: str, rules: Mapping[str, str]) -> None:
        for name, (developer, validator, places) in self.values.items():
            if places:
                space.ledger.numbers(area, name, rules[name], developer, validator, places)


def _compare_bins(space: Workspace, area: str, by: str, groups: Rows, classings: Mapping[str, Held]) -> None:
    counted, inner = _Pairs(BIN_COLUMNS), _Pairs(BIN_COLUMNS)
    absent, unread = [], []
    for evidence_id in space.package.evidence:
        name = evidence_id.removeprefix(f"{area}.")
        table = space.package.rows_of(evidence_id) if evidence_id.startswith(f"{area}.") else None
        if table is not None and name not in classings:
            unread.append(name)
            _collect_inner(space, inner, name, by, table)
    for name, classing in classings.items():
        table = space.package.rows_of(f"{area}.{name}")
        if table is None:
            absent.append(name)
            continue
        _collect_counted(space, counted, classing, by, groups, table)
    if absent and area == SAMPLES:
        space.ledger.not_evaluable(f"{area}: {', '.join(absent)}", "the package holds no table of the characteristic")
    if unread:
        space.ledger.not_evaluable(f"{area}: counts of {', '.join(unread)}", UNREAD)
    counted.record(space, area, BIN_COLUMNS)
    inner.record(space, f"{area} (in no model, from their own counts)", BIN_COLUMNS)


def _collect_counted(
    space: Workspace, pairs: _Pairs, classing: Held, by: str, groups: Rows, table: list[dict[str, Any]]
) -> None:
    """Every group and bin that we count, beside what the table says of it; bins empty in all groups may be left out."""
    stated = {(row[by], row["bin_id"]): row for row in table}
    bins = len(classing.step["bins"])
    own: dict[tuple[str, int], dict[str, Any]] = {}
    for name, rows in groups.items():
        group = group_of(classing.ids[rows], space.outcome[rows], space.weight[rows], bins)
        own |= {(name, number): cells for number, cells in enumerate(_bin_values(space, group))}
    held = {number for (_, number), cells in own.items() if cells["count"] > 0}
    for place in dict.fromkeys([*stated, *(key for key in own if key[1] in held)]):
        row = stated.get(place, dict.fromkeys(BIN_COLUMNS))
        pairs.add(row, own.get(place, {}), f"{classing.name} {place[0]} bin {place[1]}")


def _bin_values(space: Workspace, group: Group) -> list[dict[str, Any]]:
    """The columns of the table for each bin of a group; what is too small to be told is missing."""
    least = space.package.setting("evaluation", "min_rows", MINIMUM_ROWS)
    zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
    both = group.good.sum() > 0 and group.bad.sum() > 0
    woe, value, _ = weight_of_evidence(group.good, group.bad, zero_cell) if both else (None, None, None)
    total, found = group.good + group.bad, []
    for number, count in enumerate(total.tolist()):
        cells: dict[str, Any] = {"count": count, "good": group.good[number], "bad": group.bad[number]}
        cells["count_share"] = count / float(np.sum(total)) if np.sum(total) > 0 else None
        size = group.effective(number)
        if size >= least and count > 0:
            rate = cells["bad"] / count
            lower, upper = metrics.wilson(rate * size, size, space.confidence)
            cells |= {"bad_rate": rate, "bad_rate_lower": lower, "bad_rate_upper": upper}
            if woe is not None and value is not None:
                cells |= {"woe": woe[number], "information_value": value[number]}
        found.append(cells)
    return found


def _collect_inner(space: Workspace, pairs: _Pairs, name: str, by: str, table: list[dict[str, Any]]) -> None:
    """What follows from the table's own goods and bads; intervals only where every row has the weight 1."""
    plain = bool(np.all(space.weight == 1.0))
    zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
    for label in dict.fromkeys(row[by] for row in table):
        rows = [row for row in table if row[by] == label]
        good, bad = (np.array([row[key] or 0.0 for row in rows], dtype=np.float64) for key in ("good", "bad"))
        both = good.sum() > 0 and bad.sum() > 0
        woe, value, _ = weight_of_evidence(good, bad, zero_cell) if both else (good * np.nan, good * np.nan, None)
        total = float(np.sum(good) + np.sum(bad))
        for number, row in enumerate(rows):
            count = good[number] + bad[number]
            own: dict[str, Any] = {"count": count, "count_share": count / total if total > 0 else None}
            own |= {"good": row["good"], "bad": row["bad"]}
            if row["bad_rate"] is not None and count > 0:
                lower, upper = metrics.wilson(bad[number], count, space.confidence)
                own |= {"bad_rate": bad[number] / count, "woe": woe[number], "information_value": value[number]}
                bounds = {"bad_rate_lower": lower, "bad_rate_upper": upper}
                own |= bounds if plain else {key: row[key] for key in bounds}
                own = {key: None if isinstance(v, float) and np.isnan(v) else v for key, v in own.items()}
            pairs.add(row, own, f"{name} {label} bin {row['bin_id']}")


def _compare_figures(space: Workspace) -> None:
    """What the figures of the samples draw is what the tables say."""
    pairs = _Pairs(FIGURE_COLUMNS)
    for evidence_id in space.package.evidence:
        name = evidence_id.removeprefix("classing.figure.")
        table = space.package.rows_of(f"{SAMPLES}.{name}")
        drawn = space.package.rows_of(evidence_id) if evidence_id != name else None
        if table is None or drawn is None:
            continue
        told = {(row["sample"], row["label"]): row for row in table}
        for row in drawn:
            place = (row["sample"], row["label"])
            pairs.add(row, told.get(place, {}), f"{name} {place[0]} {place[1]}")
    pairs.record(space, "classing.figure (against classing.samples)", BIN_COLUMNS)


def _compare_stability(
    space: Workspace,
    area: str,
    by: str,
    groups: Rows,
    classings: Mapping[str, Held],
    references: Mapping[str, Group],
) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    stated = {(row["characteristic"], row[by]): row for row in table}
    pairs = _Pairs(STABILITY_COLUMNS)
    for name, classing in classings.items():
        reference = references[name]
        for label, rows in groups.items():
            row = stated.get((name, label), dict.fromkeys(STABILITY_COLUMNS))
            pairs.add(row, _stability_values(space, classing, reference, rows), f"{name} {label}")
    pairs.record(space, area, STABILITY_COLUMNS)


def _stability_values(space: Workspace, classing: Held, reference: Group, rows: NDArray[np.int64]) -> dict[str, Any]:
    """The columns of the table for one characteristic and group; what is too small to be told is missing."""
    least_rows = space.package.setting("evaluation", "min_rows", MINIMUM_ROWS)
    least_bads = space.package.setting("evaluation", "min_bads", MINIMUM_BADS)
    y, w, ids = space.outcome[rows], space.weight[rows], classing.ids[rows]
    group = group_of(ids, y, w, len(classing.step["bins"]))
    own: dict[str, Any] = {"count": float(np.sum(w)), "bad": float(np.sum(w[y == 1]))}
    size = metrics.effective_size(float(np.sum(w)), float(np.sum(w**2)))
    if size >= least_rows:
        rate = own["bad"] / own["count"]
        lower, upper = metrics.wilson(rate * size, size, space.confidence)
        change = metrics.population_stability(reference.scaled, group.scaled)
        own |= {"bad_rate": rate, "bad_rate_lower": lower, "bad_rate_upper": upper}
        own |= {"psi": change.psi, "psi_chance_level": change.chance_level}
    if min(np.count_nonzero(y == 1), np.count_nonzero(y == 0)) < least_bads:
        return own
    zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
    own["information_value"] = float(np.sum(weight_of_evidence(group.good, group.bad, zero_cell)[1]))
    own["information_value_chance_level"] = information_chance_level(group)
    woe = np.array([item["woe"] for item in classing.step["bins"]], dtype=np.float64)
    area = metrics.auc(y, -woe[ids], w, space.confidence)
    flat = area.standard_error == 0 and area.auc == 0.5
    bounds = (area.auc, area.auc) if flat else (area.lower, area.upper)
    own |= {"gini": 2.0 * area.auc - 1.0, "gini_lower": 2.0 * bounds[0] - 1.0, "gini_upper": 2.0 * bounds[1] - 1.0}
    kept, reversals, p_value = rank_order(reference, group, classing.ordinary, least_rows)
    return own | {"rank_order_kept": kept, "reversals": reversals, "reversal_p_value": p_value}
