"""Selection: the waterfall held against the package, its rules against the final model, stability counted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons.classing import fixed_bins, recount_step
from validation.comparisons.inference import setting_of
from validation.comparisons.regression import design
from validation.rebuild import metrics
from validation.rebuild.logistic import LogisticFit, correlation, variance_inflation
from validation.rebuild.recount import effective_counts
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, planned_classings, scorecard_of

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


def compare_selection(space: Workspace, fit: LogisticFit | None) -> None:
    """Compare who was screened, selected and suspected, what the thresholds did, and the stability; then the rules."""
    compare_group_stability(space, _steps(space))
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    _compare_names(space, table)
    _compare_values(space, table)
    compare_decisions(space, table)
    card = scorecard_of(space.package.model)
    if card is not None and fit is not None:
        _compare_rules(space, card, fit)


def _compare_names(space: Workspace, table: list[dict[str, Any]]) -> None:
    contract = space.package.rows_of("data.contract")
    if contract is not None:
        wanted = sorted(row["column"] for row in contract if row["role"] in ("predictor", "derived"))
        space.ledger.words(AREA, "characteristics", sorted(row["characteristic"] for row in table), wanted, "name")
    card = _told_of(space)
    if card is not None:
        names = sorted(term.characteristic for term in card.terms)
        chosen = sorted(row["characteristic"] for row in table if row["decision"] == "selected")
        space.ledger.words(AREA, "selected", chosen, names, "name")
    leakage = space.package.rows_of("data.leakage")
    if leakage is not None:
        failed: dict[str, list[str]] = {}
        for row in leakage:
            if row["flagged"] and row["role"] == "predictor":
                failed.setdefault(row["characteristic"], []).append(row["check"])
        own = [", ".join(failed[row["characteristic"]]) if row["characteristic"] in failed else None for row in table]
        labels = [row["characteristic"] for row in table]
        space.ledger.words(AREA, "suspicion of leakage", [row["suspicion"] for row in table], own, labels)


def _told_of(space: Workspace) -> Scorecard | None:
    """Return the scorecard whose selection is told: the champion, else the first of the plan."""
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items()}
    plan = [str(item.get("id")) for item in space.package.plan.get("models") or [] if isinstance(item, dict)]
    order = [space.package.champion_id, *(ids[name] for name in plan if name in ids), *space.package.models]
    cards = (scorecard_of(space.package.models[model_id]) for model_id in order)
    return next((card for card in cards if card is not None), None)


def _compare_values(space: Workspace, table: list[dict[str, Any]]) -> None:
    """Information value of every characteristic whose bins are in a model, missing share of every column."""
    steps = _steps(space)
    rows = [row for row in table if row["characteristic"] in steps and not fixed_bins(space, row["characteristic"])]
    names = [row["characteristic"] for row in rows]
    own = [recount_step(space, *steps[name]).total for name in names]
    developer = [row["information_value"] for row in rows]
    space.ledger.numbers(AREA, "information value", "information_value", developer, own, names)
    left = [row for row in table if row["step"] == "missing share" and row["characteristic"] in space.frame.columns]
    names = [row["characteristic"] for row in left]
    shares = [_missing_share(space, name) for name in names]
    space.ledger.numbers(AREA, "missing share", "share", [row["value"] for row in left], shares, names)


def _steps(space: Workspace) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return the model and classing step of every characteristic that some model classes, the champion's first."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for model_id, model in space.package.models.items():
        for step in planned_classings(model):
            found.setdefault(step["input"], (model_id, step))
    return found


def _missing_share(space: Workspace, name: str) -> float:
    rows = space.known(DEVELOPMENT)
    weight = space.weight[rows]
    return float(np.sum(weight[space.frame[name].iloc[rows].isna().to_numpy()]) / np.sum(weight))


def compare_decisions(space: Workspace, table: list[dict[str, Any]]) -> None:
    """Say of each row that left on a number whether the number breaks its threshold, and the plan's threshold it is."""
    plan = space.package.plan.get("selection") or {}
    rows = [row for row in table if row["value"] is not None and row["threshold"] is not None]
    rows = [row for row in rows if row["step"] in SETTINGS or row["step"] in BELOW]
    labels = [row["characteristic"] for row in rows]
    broken = []
    for row in rows:
        high = plan.get("max_information_value") if row["step"] == "information value" else None
        below = row["step"] in BELOW and row["threshold"] != high
        broken.append(row["value"] < row["threshold"] if below else row["value"] > row["threshold"])
    space.ledger.words(AREA, "thresholds broken", [True] * len(rows), broken, labels)
    told = [row for row in rows if row["step"] in SETTINGS and SETTINGS[row["step"]] in plan]
    thresholds = [plan[SETTINGS[row["step"]]] for row in told]
    names = [row["characteristic"] for row in told]
    space.ledger.words(AREA, "thresholds of the plan", [row["threshold"] for row in told], thresholds, names)


def _compare_rules(space: Workspace, card: Scorecard, fit: LogisticFit) -> None:
    """Say of each selected characteristic that is not forced whether it keeps the plan's rules, by our own numbers."""
    plan = space.package.plan.get("selection") or {}
    forced = {item if isinstance(item, str) else item.get("name") for item in plan.get("include") or []}
    names = [term.characteristic for term in card.terms]
    x, weight = design(space, space.package.champion_id, card)[:, 1:], space.weight[space.known(DEVELOPMENT)]
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
        if not isinstance(plan.get(setting), (int, float)):
            continue
        kept = [name in forced or value <= plan[setting] for name, value in zip(names, values, strict=True)]
        space.ledger.words(AREA, f"{quantity} within the plan's limit", [True] * len(names), kept, names)
    bounded = setting_of(space, space.package.champion_id, "coefficients") == "negative"
    if plan.get("sign_check"):
        kept = [
            name in forced or b < 0 or (bounded and b == 0) for name, b in zip(names, fit.coefficient[1:], strict=True)
        ]
        space.ledger.words(AREA, "negative coefficient", [True] * len(names), kept, names)


def compare_group_stability(space: Workspace, steps: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
    """Count again the worst sample and the worst period of every characteristic whose bins are in a model.

    steps: model and classing step by characteristic.
    """
    table = space.package.rows_of(STABILITY)
    if table is None:
        space.ledger.not_evaluable(STABILITY, "the package holds no such table")
        return
    rows = [row for row in table if row["characteristic"] in steps]
    own = [_stability(space, *steps[row["characteristic"]]) for row in rows]
    labels = [row["characteristic"] for row in rows]
    for column, rule in _COLUMNS.items():
        developer = [row[column] for row in rows]
        space.ledger.numbers(STABILITY, column, rule, developer, [found[column] for found in own], labels)
    for column in ("sample", "period"):
        space.ledger.words(STABILITY, column, [row[column] for row in rows], [found[column] for found in own], labels)
    left_out = [row["characteristic"] for row in table if row["characteristic"] not in steps]
    if left_out:
        space.ledger.not_evaluable(f"{STABILITY}: {', '.join(left_out)}", "no model of the package holds its bins")


_COLUMNS = {
    "sample_psi": "psi",
    "sample_chance_level": "psi",
    "period_psi": "psi",
    "period_rows": "rows",
    "period_chance_level": "psi",
    "periods_judged": "rows",
    "periods_not_judged": "rows",
}


def _stability(space: Workspace, model_id: str, step: Mapping[str, Any]) -> dict[str, Any]:
    ids, bins = space.scored[model_id][step["output_bin"]].data, len(step["bins"])
    inside = space.rows[DEVELOPMENT]
    samples = sorted(name for name in space.rows if name != DEVELOPMENT)
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
