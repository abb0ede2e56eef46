"""Selection: the waterfall held against the package, its rules against the final model, stability counted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from validation.comparisons.classing import fixed_bins
from validation.comparisons.held import UNREAD, Held, held_classings
from validation.comparisons.inference import setting_of
from validation.comparisons.regression import design
from validation.comparisons.selection_path import compare_paths, missing_share
from validation.rebuild import metrics
from validation.rebuild.logistic import LogisticFit, correlation, variance_inflation
from validation.rebuild.recount import effective_counts
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, scorecard_of, steps_of

AREA, STABILITY = "selection.waterfall", "selection.stability"
BELOW = ("information value", "Gini", "declared trend")
SETTINGS: Mapping[str, str] = {
    "leakage": "max_gini",
    "missing share": "max_missing_share",
    "Gini": "min_gini",
    "stability": "max_psi",
    "stability over time": "max_psi_over_time",
    "correlation": "max_correlation",
    "variance inflation": "max_variance_inflation",
    "p-value": "max_p_value",
}


def compare_selection(space: Workspace, fits: Mapping[str, LogisticFit]) -> None:
    """Compare who was screened, selected and suspected, and what the thresholds did; then the rules.

    fits: our own fit by model id.
    """
    held = held_classings(space)
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    cards = _selecting(space)
    _compare_names(space, cards, table)
    _compare_suspicions(space, table)
    _compare_values(space, table, held)
    compare_decisions(space, table)
    compare_paths(space, cards, table, held)
    rules: dict[str, tuple[list[bool], list[str]]] = {}
    for model_id, card in cards.items():
        if card is not None and model_id in fits:
            for quantity, kept, labels in _kept_rules(space, model_id, card, fits[model_id]):
                both = rules.setdefault(quantity, ([], []))
                both[0].extend(kept)
                both[1].extend(labels)
    for quantity, (kept, labels) in rules.items():
        space.ledger.words(AREA, quantity, [True] * len(kept), kept, labels)


def compare_stability(space: Workspace) -> None:
    """Compare the worst sample and period of every characteristic, over the rows whose outcome is known."""
    held = held_classings(space)
    compare_group_stability(space, {name: (one.ids, len(one.step["bins"])) for name, one in held.items()})


def _selecting(space: Workspace) -> dict[str, Scorecard | None]:
    """By id the models whose characteristics were selected: those of the plan's type `scorecard`, and
    of segments that were refused, which are one scorecard.

    None where the published score goes back to rounded points, and not to the regression itself.
    """
    found = {}
    for model_id, model in space.package.models.items():
        card, told = scorecard_of(model), setting_of(space, model_id, "type")
        refused = told == "segmented_scorecard" and model["model"]["type"] == "scorecard"
        if told == "scorecard" or refused or (told is None and card is not None):
            found[model_id] = card
    return found


def _compare_names(space: Workspace, cards: Mapping[str, Scorecard | None], table: list[dict[str, Any]]) -> None:
    """Every scorecard tells every predictor once, and those that it uses are the selected ones."""
    names = {model_id: space.package.candidate_ids[model_id] for model_id in cards}
    space.ledger.words(AREA, "models", sorted({row["model"] for row in table}), sorted(names.values()), "model")
    contract = space.package.rows_of("data.contract")
    if contract is not None:
        predictors = [row["column"] for row in contract if row["role"] in ("predictor", "derived")]
        wanted = sorted(f"{model} {column}" for model in names.values() for column in predictors)
        space.ledger.words(AREA, "characteristics", sorted(_labels(table)), wanted, wanted)
    used = sorted(f"{names[model_id]} {used}" for model_id in cards for used in _used(space, model_id))
    chosen = sorted(_labels([row for row in table if row["decision"] == "selected"]))
    space.ledger.words(AREA, "selected", chosen, used, used)


def _used(space: Workspace, model_id: str) -> list[str]:
    """What a scorecard itself uses: not what a first stage under it does."""
    model = space.package.models[model_id]
    card = scorecard_of(model)
    if card is not None:
        return [term.characteristic for term in card.terms]
    return [str(step["input"]) for step in steps_of(model, "classing")]


def _compare_suspicions(space: Workspace, table: list[dict[str, Any]]) -> None:
    leakage = space.package.rows_of("data.leakage")
    if leakage is None:
        return
    failed: dict[str, list[str]] = {}
    for row in leakage:
        if row["flagged"] and row["role"] == "predictor":
            failed.setdefault(row["characteristic"], []).append(row["check"])
    own = [", ".join(failed[row["characteristic"]]) if row["characteristic"] in failed else None for row in table]
    space.ledger.words(AREA, "suspicion of leakage", [row["suspicion"] for row in table], own, _labels(table))


def _labels(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['model']} {row['characteristic']}" for row in rows]


def _compare_values(space: Workspace, table: list[dict[str, Any]], held: Mapping[str, Held]) -> None:
    """Information value of every characteristic whose bins we can count, missing share of every column."""
    rows = [row for row in table if row["characteristic"] in held and not fixed_bins(space, row["characteristic"])]
    total = {name: held[name].counts(space).total for name in {row["characteristic"] for row in rows}}
    own = [total[row["characteristic"]] for row in rows]
    developer = [row["information_value"] for row in rows]
    space.ledger.numbers(AREA, "information value", "information_value", developer, own, _labels(rows))
    told = [row for row in table if row["step"] == "missing share"]
    counted = [(row, missing_share(space, row["characteristic"])) for row in told]
    left, shares = [row for row, own in counted if own is not None], [own for _, own in counted if own is not None]
    space.ledger.numbers(AREA, "missing share", "share", [row["value"] for row in left], shares, _labels(left))


def compare_decisions(space: Workspace, table: list[dict[str, Any]]) -> None:
    """Say of each row that left on a number whether the number breaks its threshold, and the plan's threshold it is."""
    plan = space.package.plan.get("selection") or {}
    rows = [row for row in table if row["value"] is not None and row["threshold"] is not None]
    rows = [row for row in rows if row["step"] in SETTINGS or row["step"] in BELOW]
    labels = _labels(rows)
    broken = []
    for row in rows:
        high = plan.get("max_information_value") if row["step"] == "information value" else None
        below = row["step"] in BELOW and row["threshold"] != high
        broken.append(row["value"] < row["threshold"] if below else row["value"] > row["threshold"])
    space.ledger.words(AREA, "thresholds broken", [True] * len(rows), broken, labels)
    told = [row for row in rows if row["step"] in SETTINGS and SETTINGS[row["step"]] in plan]
    thresholds = [plan[SETTINGS[row["step"]]] for row in told]
    space.ledger.words(AREA, "thresholds of the plan", [row["threshold"] for row in told], thresholds, _labels(told))


def _kept_rules(
    space: Workspace, model_id: str, card: Scorecard, fit: LogisticFit
) -> Iterator[tuple[str, list[bool], list[str]]]:
    """For each rule of the plan, whether every selected characteristic that is not forced keeps it, by our numbers."""
    plan = space.package.plan.get("selection") or {}
    forced = {item if isinstance(item, str) else item.get("name") for item in plan.get("include") or []}
    names = [term.characteristic for term in card.terms]
    labels = [f"{space.package.candidate_ids[model_id]} {name}" for name in names]
    x, weight = design(space, model_id, card)[:, 1:], space.weight[space.known(DEVELOPMENT)]
    related = np.abs(correlation(x, weight)) - np.eye(len(names))
    related[[name in forced for name in names]] = 0.0  # a forced one stays beside whatever came before it
    inflation = variance_inflation(x, weight)
    by_p_value = plan.get("criterion") == "p_value" and plan.get("method") != "all"
    limits: list[tuple[str, str, list[float]]] = [
        ("correlation", "max_correlation", [float(value) for value in related.max(axis=0)]),
        ("variance inflation", "max_variance_inflation", [float(value) for value in inflation]),
        ("p-value", "max_p_value" if by_p_value else "", [float(value) for value in fit.p_value[1:]]),
    ]
    for quantity, setting, values in limits:
        if isinstance(plan.get(setting), (int, float)):
            kept = [name in forced or value <= plan[setting] for name, value in zip(names, values, strict=True)]
            yield f"{quantity} within the plan's limit", kept, labels
    bounded = setting_of(space, model_id, "coefficients") == "negative"
    if plan.get("sign_check"):
        pairs = zip(names, fit.coefficient[1:], strict=True)
        yield "negative coefficient", [n in forced or b < 0 or (bounded and b == 0) for n, b in pairs], labels


def compare_group_stability(space: Workspace, bins: Mapping[str, tuple[np.ndarray, int]]) -> None:
    """Count again the worst sample and the worst period of every characteristic whose bins we know.

    bins: by characteristic the bin (n,) of every row of the snapshot, and how many bins there are.
    """
    table = space.package.rows_of(STABILITY)
    if table is None:
        space.ledger.not_evaluable(STABILITY, "the package holds no such table")
        return
    rows = [row for row in table if row["characteristic"] in bins]
    own = [_stability(space, *bins[row["characteristic"]]) for row in rows]
    labels = [row["characteristic"] for row in rows]
    for column, rule in _COLUMNS.items():
        developer = [row[column] for row in rows]
        space.ledger.numbers(STABILITY, column, rule, developer, [found[column] for found in own], labels)
    for column in ("sample", "period"):
        space.ledger.words(STABILITY, column, [row[column] for row in rows], [found[column] for found in own], labels)
    left_out = [row["characteristic"] for row in table if row["characteristic"] not in bins]
    if left_out:
        space.ledger.not_evaluable(f"{STABILITY}: {', '.join(left_out)}", UNREAD)


_COLUMNS = {
    "sample_psi": "psi",
    "sample_chance_level": "psi",
    "period_psi": "psi",
    "period_rows": "rows",
    "period_chance_level": "psi",
    "periods_judged": "rows",
    "periods_not_judged": "rows",
}


def _stability(space: Workspace, ids: np.ndarray, bins: int) -> dict[str, Any]:
    inside = space.rows[DEVELOPMENT]
    samples = sorted(name for name in space.rows if name not in (DEVELOPMENT, "calibration"))
    sample = _worst(space, ids, bins, [(name, inside, space.rows[name]) for name in samples])
    spec, periods = space.package.plan.get("selection") or {}, _periods(space)
    judged, few = [], 0
    dated = np.array([one is not None for one in periods], dtype=bool)
    for period in sorted(set(periods[dated])):
        here = np.equal(periods, period).astype(bool)
        there, rest = inside[here], inside[dated & ~here]
        if len(there) < spec.get("min_period_rows", 1) or not len(rest):
            few += 1
        else:
            judged.append((period, rest, there))
    worst = _worst(space, ids, bins, judged)
    return {
        "sample_psi": sample[1],
        "sample": sample[0],
        "sample_chance_level": sample[2],
        "period_psi": worst[1],
        "period": worst[0],
        "period_rows": worst[3],
        "period_chance_level": worst[2],
        "periods_judged": len(judged),
        "periods_not_judged": few,
    }


def _worst(
    space: Workspace, ids: np.ndarray, bins: int, groups: list[tuple[str, np.ndarray, np.ndarray]]
) -> tuple[Any, Any, Any, Any]:
    """Return name, PSI, chance level and rows of the group with the greatest PSI, the first of equals.

    groups: name, rows that it is held against, its own rows.
    """
    best: tuple[Any, Any, Any, Any] = (None, None, None, None)
    for name, base, own in groups:
        counts = [effective_counts(ids[rows], space.weight[rows], bins) for rows in (base, own)]
        found = metrics.population_stability(*counts)
        if best[1] is None or found.psi > best[1]:
            best = (name, found.psi, found.chance_level, len(own))
    return best


def _periods(space: Workspace) -> np.ndarray:
    """Return the period of each development row by its observation point or date, None where it has none."""
    plan = space.package.plan
    length = (plan.get("selection") or {}).get("stability_period", "month")
    date, inside = dated_column(plan, space.frame), space.rows[DEVELOPMENT]
    if date is None:
        return np.full(len(inside), None, dtype=object)
    texts = space.frame[date].iloc[inside]
    found = [None if absent else _period(text, length) for text, absent in zip(texts, texts.isna(), strict=True)]
    return np.array(found, dtype=object)


def _period(text: str, length: str) -> str:
    year, month = text[0:4], text[5:7]
    if length == "year":
        return year
    return f"{year}-{month}" if length == "month" else f"{year}-Q{1 + (int(month) - 1) // 3}"
