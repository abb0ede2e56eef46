"""The selection of each scorecard made again from plan and rows, held against `selection.waterfall`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from validation.comparisons.classing import fixed_bins, of_another_bin
from validation.comparisons.derived import planned_value
from validation.comparisons.fine_classing import fine_gini_of
from validation.comparisons.held import Held
from validation.comparisons.inference import covariance_of, setting_of
from validation.findings import Finding, Outcome
from validation.rebuild.binning import BinCounts
from validation.rebuild.selection_path import NEEDED, SCREENS, Measured, Path, selection_path
from validation.rebuild.selection_search import Fits, Leaving
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, is_expert

AREA = "selection.waterfall"
Row = Mapping[str, Any]
RULES: Mapping[str, str] = {
    "missing share": "share",
    "information value": "information_value",
    "Gini": "gini",
    "correlation": "difference",
    "variance inflation": "variance_inflation",
    "p-value": "p_value",
    "sign": "coefficient",
    "AIC": "log_likelihood",
    "BIC": "log_likelihood",
}
"""How the value at which a characteristic left is compared, by step."""
ENTRY, FINAL = "entry", Leaving("final")


def compare_paths(
    space: Workspace, cards: Mapping[str, Scorecard | None], table: Sequence[Row], held: Mapping[str, Held]
) -> None:
    """Compare where every characteristic left with our own run through the plan's selection, for each scorecard."""
    paths: dict[tuple[Any, ...], Path] = {}
    measured: dict[str, Measured] = {}
    for model_id, card in cards.items():
        name = space.package.candidate_ids[model_id]
        test, rows = f"{AREA}: path of {name}", {row["characteristic"]: row for row in table if row["model"] == name}
        reason = _not_to_be_made(space, model_id, card)
        if reason is not None:
            space.ledger.not_evaluable(test, reason)
            continue
        for one, row in rows.items():
            if one not in measured:
                measured[one] = _measured(space, one, row, held.get(one))
        asked = _asked(space, model_id, card, tuple(rows))
        if asked not in paths:
            paths[asked] = _path(space, model_id, card, {one: measured[one] for one in rows})
        _compare(space, test, rows, paths[asked])
    for model_id, model in space.package.models.items():
        if model["model"]["type"] == "segmented":
            name = space.package.candidate_ids[model_id]
            reason = "the selections within its segments stand in no table of the package"
            space.ledger.not_evaluable(f"{AREA}: path of {name}", reason)


def _not_to_be_made(space: Workspace, model_id: str, card: Scorecard | None) -> str | None:
    spec = space.package.plan.get("selection") or {}
    missing = [key for key in NEEDED if key not in spec]
    if missing:
        return f"the plan does not say {', '.join(missing)} of its selection"
    if card is None and setting_of(space, model_id, "offset") is not None:
        return "the log-odds that its regression starts from cannot be told from its rounded points"
    return None


def _asked(space: Workspace, model_id: str, card: Scorecard | None, names: tuple[str, ...]) -> tuple[Any, ...]:
    """What sets one selection apart from another on the same rows."""
    offset = None if card is None or card.offset is None else (model_id, card.offset)
    named = setting_of(space, model_id, "characteristics")
    allowed = None if named is None else tuple(sorted(named))
    bounded = setting_of(space, model_id, "coefficients") == "negative"
    return names, covariance_of(space, model_id), allowed, bounded, offset


def _path(space: Workspace, model_id: str, card: Scorecard | None, measured: Mapping[str, Measured]) -> Path:
    rows = space.known(DEVELOPMENT)
    offset = None if card is None or card.offset is None else space.scored[model_id][card.offset].data[rows]
    fits = Fits(
        woe={name: item.woe for name, item in measured.items() if item.woe is not None},
        y=space.outcome[rows],
        weight=space.weight[rows],
        kind=covariance_of(space, model_id),
        clusters=space.cluster[rows],
        offset=offset,
        bounded=setting_of(space, model_id, "coefficients") == "negative",
    )
    named = setting_of(space, model_id, "characteristics")
    return selection_path(measured, space.package.plan["selection"], fits, None if named is None else frozenset(named))


def _measured(space: Workspace, name: str, row: Row, held: Held | None) -> Measured:
    """What the plan's rules read of a characteristic: counted again; stability and trend as their own tables state
    them, which are held against the rows elsewhere, as is the fine Gini of those whose values cannot be read."""
    fine = fine_gini_of(space, held)
    if fine is None:
        fine = _stated(space, "data.leakage", name, "value", {"check": "discrimination", "role": "predictor"})
    told = {
        "fine_gini": fine,
        "psi": _stated(space, "selection.stability", name, "sample_psi"),
        "psi_over_time": _stated(space, "selection.stability", name, "period_psi"),
        "expectation": _stated(space, "classing.expectations", name, "auc_upper"),
    }
    stated = row["information_value"]
    if held is None or (held.model_id is not None and is_expert(space.package.models[held.model_id])):
        return Measured(stated, None, stated=row["step"], same=stated, **told)
    counts = of_another_bin(held.counts(space), held.step)
    woe, fixed = counts.woe.copy(), fixed_bins(space, name)
    for item in held.step["bins"]:
        if item["id"] in fixed or item.get("woe_of") in fixed:
            woe[item["id"]] = item["woe"]
    return Measured(
        information_value=stated if fixed else counts.total,
        woe=woe[held.ids[space.known(DEVELOPMENT)]],
        gini=gini_of(woe, counts),
        missing_share=missing_share(space, name),
        same=stated,
        **told,
    )


def _stated(space: Workspace, table: str, name: str, column: str, where: Mapping[str, Any] | None = None) -> Any:
    for row in space.package.rows_of(table) or []:
        if row["characteristic"] == name and all(row[key] == value for key, value in (where or {}).items()):
            return row[column]
    return None


def gini_of(woe: np.ndarray, counts: BinCounts) -> float:
    """Return the Gini of weights of evidence (k,): goods and bads of every pair of bins, in order less out of order."""
    pairs = counts.good[:, None] * counts.bad[None, :] * np.sign(woe[:, None] - woe[None, :])
    return float(np.sum(pairs) / (np.sum(counts.good) * np.sum(counts.bad)))


def missing_share(space: Workspace, name: str) -> float | None:
    """Share of the weight of development without a value, None where the snapshot does not give the values."""
    if name in space.frame.columns:
        missing = space.frame[name].isna().to_numpy()
    else:
        value = planned_value(space, name)
        if value is None:
            return None
        missing = value.missing()
    rows = space.known(DEVELOPMENT)
    weight = space.weight[rows]
    return float(np.sum(weight[missing[rows]]) / np.sum(weight))


def _compare(space: Workspace, test: str, rows: Mapping[str, Row], path: Path) -> None:
    """Tell the first characteristic that left elsewhere, then compare the values at which the others left."""
    own = dict(path.left)
    if path.selected is not None:
        own |= dict.fromkeys(path.selected, FINAL)
    differ = [name for name, leaving in own.items() if rows[name]["step"] != leaving.step]
    if differ:
        order = list(own)
        first = min(differ, key=lambda one: (_phase_of(own[one], rows[one]), order.index(one)))
        finding = _finding(space, test, first, rows[first], own, len(differ))
        space.ledger.check(Outcome(test, "fail", len(own), "equal", None, finding))
    elif path.selected is not None:
        space.ledger.check(Outcome(test, "pass", len(own), "equal", None))
    if path.undecided is not None:
        reason = f"{len(own)} of {len(rows)} characteristics were followed; then: {path.undecided}"
        space.ledger.not_evaluable(test if not differ else f"{test}, the rest", reason)
    if not differ:
        _compare_values(space, test, rows, own)


def _phase_of(leaving: Leaving, row: Row) -> int:
    """The earlier of the two places at which a characteristic left."""
    return min(_phase(leaving.step), _phase(str(row["step"])))


def _phase(step: str) -> int:
    """The place of a step in the order of selection; the steps of the search are one."""
    order = (*SCREENS, "correlation", "collinearity")
    if step in order:
        return order.index(step)
    return len(order) + (1 if step == "final" else 0)


def _compare_values(space: Workspace, test: str, rows: Mapping[str, Row], own: Mapping[str, Leaving]) -> None:
    """Compare values and thresholds that decided, and of the correlated beside whom they left.

    A p-value is that of the model which a characteristic left, and the threshold of an information criterion is that of
    this model: so these tell the order in which they left.
    """
    path = test.removeprefix(f"{AREA}: ")
    for step, rule in RULES.items():
        names = [name for name, leaving in own.items() if leaving.step == step and leaving.value is not None]
        _compare_numbers(space, f"{path}, {step}", rule, names, rows, own)
    waiting = [name for name, leaving in own.items() if leaving.step == ENTRY and leaving.value is not None]
    tried = [name for name in waiting if (own[name].threshold or 0.0) > 1.0]  # the criterion of the model it would join
    _compare_numbers(space, f"{path}, criterion of entry", "log_likelihood", tried, rows, own)
    others = [name for name in waiting if name not in tried]
    _compare_numbers(space, f"{path}, p-value of entry", "p_value", others, rows, own)
    partners = {name: leaving.partner for name, leaving in own.items() if leaving.partner is not None}
    told = [_beside(str(rows[name]["reason"]), str(partner)) for name, partner in partners.items()]
    space.ledger.words(AREA, f"{path}, correlated with", told, list(partners.values()), list(partners))


def _compare_numbers(
    space: Workspace, what: str, rule: str, names: Sequence[str], rows: Mapping[str, Row], own: Mapping[str, Leaving]
) -> None:
    """Compare the value of each of the names, and the threshold that it was held against."""
    for column, mine in (("value", [own[n].value for n in names]), ("threshold", [own[n].threshold for n in names])):
        shown = what if column == "value" else f"{what}, threshold"
        space.ledger.numbers(AREA, shown, rule, [rows[name][column] for name in names], mine, names)


def _beside(reason: str, partner: str) -> str:
    """The partner where the reason names it, else the reason."""
    heads = ("correlated with", "in one cluster of correlated characteristics with")
    return partner if reason.startswith(tuple(f"{head} {partner}," for head in heads)) else reason


def _finding(space: Workspace, test: str, name: str, row: Row, own: Mapping[str, Leaving], differing: int) -> Finding:
    mine = own[name]
    chosen = [one for one, leaving in own.items() if leaving.step == "final"]
    forced = " by hand" if row["step"] == "final" and "passed every step" not in str(row["reason"]) else ""
    statement = (
        f"By the rules of the plan {name} {_words(mine)}; the waterfall says that it {_stated_words(row)}{forced}. "
        f"It is the first of {differing} of {len(own)} characteristics with another way through the selection"
    )
    rest = f"; the plan selects {', '.join(sorted(chosen))}." if chosen else "."
    remedy = "Select by the rules of the plan, or write the rule, or the characteristic with its reason, into the plan."
    severity = space.policy.checks["selection_departs"]
    evidence = (AREA, "plan.json", "model.json")
    return Finding(test, severity, name, str(row["step"]), mine.step, None, statement + rest, remedy, evidence)


def _words(leaving: Leaving) -> str:
    if leaving.step == "final":
        return "is selected"
    numbers = "" if leaving.value is None else f" ({leaving.value:.6g}"
    if numbers:
        numbers += ")" if leaving.threshold is None else f" against {leaving.threshold:.6g})"
    beside = "" if leaving.partner is None else f" beside {leaving.partner}"
    return f"leaves at {leaving.step}{numbers}{beside}"


def _stated_words(row: Row) -> str:
    return "is selected" if row["step"] == "final" else f"leaves at {row['step']}"
