"""Cut-off curves and the best cut-off, counted again from our own scores, the snapshot and what the plan assumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild import strategy as own
from validation.rebuild.strategy import Group
from validation.rebuild.workspace import DEVELOPMENT, Workspace

CUT_OFFS, BEST, ASSUMED = "strategy.cut_offs", "strategy.best_cut_off", "strategy.assumptions"
FIGURES = {
    "strategy.acceptance_curve": (
        "bad_rate",
        ("sample", "acceptance_rate", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    ),
    "strategy.profit_curve": (
        "profit",
        ("sample", "acceptance_rate", "cut_off", "profit", "profit_lower", "profit_upper"),
    ),
}
ALL = "all"
RULES = {
    **dict.fromkeys(("rows", "accepted", "known", "bad"), "rows"),
    **dict.fromkeys(("acceptance_rate", "bad_rate", "bads_avoided", "goods_declined"), "share"),
    **dict.fromkeys(("profit", "profit_lower", "profit_upper", "own_value"), "profit"),
    **dict.fromkeys(("cut_off", "own_cut_off"), "score_unrounded"),
    **{
        f"{name}_{end}": "interval"
        for name in ("acceptance", "bad_rate", "bads_avoided", "goods_declined")
        for end in ("lower", "upper")
    },
}
Rows = list[dict[str, Any]]


def compare_strategy(space: Workspace) -> None:
    """Compare what strategy assumes, every cut-off on every sample, and the best one with our own."""
    groups = strategy_groups(space, space.package.champion_id)
    if DEVELOPMENT not in groups:
        space.ledger.not_evaluable(CUT_OFFS, "the champion has no score")
        return
    _compare_assumptions(space)
    curves = _compare_cut_offs(space, groups)
    for area, (needed, columns) in FIGURES.items():
        _compare_figure(space, area, needed, columns, curves)
    _compare_best(space, {name: group for name, group in groups.items() if name != ALL})


def strategy_of(space: Workspace) -> Mapping[str, Any]:
    """Return what the plan says of strategy."""
    found = space.package.plan.get("strategy")
    return found if isinstance(found, Mapping) else {}


def amounts(space: Workspace) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return what each row of the snapshot earns if good and loses if bad, (n,); None where the plan says nothing."""
    profit = strategy_of(space).get("profit")
    if profit is None:
        return None
    found = []
    for side in ("good", "bad"):
        given = profit[side]
        if isinstance(given, Mapping):
            columns = [space.frame[name].to_numpy(np.float64) for name in given["columns"]]
            found.append(np.prod(columns, axis=0) * float(given["rate"]))
        else:
            found.append(np.full(len(space.frame), float(given)))
    return found[0], found[1]


def strategy_groups(space: Workspace, model_id: str) -> dict[str, Group]:
    """Return the rows of every sample with their scores by a model, and all rows where some outcome is not known."""
    score = space.output(model_id, "score")
    if score is None:
        return {}
    money, profit = amounts(space), None
    if money is not None:
        profit = np.where(space.outcome == 1, -money[1], money[0])
    whole = Group(score.data, space.outcome, space.weight, space.cluster, profit)
    there = ~np.isnan(score.data) & (space.weight > 0)
    groups = {}
    for sample in space.rows:
        inside = np.zeros(len(there), dtype=bool)
        inside[space.known(sample)] = True
        groups[sample] = whole.part(inside)
    if np.isnan(space.outcome[there]).any():
        groups[ALL] = Group(score.data, space.outcome, space.weight, space.cluster, None).part(there)
    return groups


def compare_rows(
    space: Workspace,
    area: str,
    keys: Sequence[str],
    mine: Rows,
    rules: Mapping[str, str],
    numbers: Sequence[str] = (),
) -> bool:
    """Compare a table row by row: the words in `keys` and their order, then every number; return whether rows agree.

    numbers: of the keys, those that are compared as numbers.
    """
    table = space.package.rows_of(area)
    if table is None:
        if area not in space.package.evidence:
            space.ledger.not_evaluable(area, "the package holds no such table")
        elif mine:
            space.ledger.words(area, "rows", [None], ["a table"], ["table"])
        return False
    words = [key for key in keys if key not in numbers]
    stated, wanted = ([tuple(row[key] for key in words) for row in rows] for rows in (table, mine))
    comparison = space.ledger.words(area, "rows", stated, wanted, "row")
    if comparison is None or comparison.breaches:
        return False
    labels = [", ".join(str(row[key]) for key in keys) for row in mine]
    for column, rule in rules.items():
        if column in mine[0]:
            unit = amount_unit(space) if rule == "profit" else 1.0
            given, values = ([_scaled(row[column], unit) for row in rows] for rows in (table, mine))
            space.ledger.numbers(area, column, rule, given, values, labels)
    return True


def _scaled(value: Any, unit: float) -> float | None:
    return None if value is None or np.isnan(value) else float(value) / unit


def amount_unit(space: Workspace) -> float:
    """Return the mean size of the amounts of the plan; 1 where it declares none."""
    money = amounts(space)
    if money is None:
        return 1.0
    sizes = np.concatenate([side[~np.isnan(side)] for side in money])
    mean = float(np.mean(sizes)) if len(sizes) else 0.0
    return mean if mean > 0 else 1.0


def _compare_assumptions(space: Workspace) -> None:
    strategy = strategy_of(space)
    profit, aim, nothing = strategy.get("profit") or {}, strategy.get("aim") or {}, "not declared"

    def amount(value: Any) -> str:
        if value is None:
            return nothing
        if isinstance(value, Mapping):
            rate = float(value["rate"])
            return " × ".join([*value["columns"], *([] if rate == 1 else [f"{rate:.15g}"])])
        return f"{float(value):.15g}"

    cut_off, limit = strategy.get("cut_off"), aim.get("limit")
    wanted = {
        "cut-off": nothing if cut_off is None else f"{float(cut_off):.15g}",
        "earned of a good": amount(profit.get("good")),
        "lost of a bad": amount(profit.get("bad")),
        "currency": profit.get("currency") or nothing,
        "source of the amounts": profit.get("source") or nothing,
        "author of the amounts": profit.get("author") or nothing,
        "aim": str(aim["type"]).replace("_", " ") if aim else nothing,
        "limit of the aim": "none" if limit is None else f"{float(limit):.15g}",
        "resamples": str(strategy.get("resamples", 200)),
        **_incumbent(strategy.get("incumbent")),
        **_redeployment(strategy.get("redeployment")),
    }
    if ASSUMED not in space.package.evidence:
        space.ledger.not_evaluable(ASSUMED, "the package holds no such table")
        return
    stated = {row["item"]: row["value"] for row in space.package.rows_of(ASSUMED) or []}
    given = [stated.get(item) for item in wanted]
    space.ledger.words(ASSUMED, "as the plan declares", given, list(wanted.values()), list(wanted))


def _incumbent(given: Mapping[str, Any] | None) -> dict[str, str]:
    if given is None:
        return {"incumbent": "not declared"}
    cut_off = given.get("cut_off")
    told = "as many as the champion" if cut_off is None else f"{float(cut_off):.15g}"
    direction = f"the bad rate is {given['direction']}"
    return {"incumbent": given["column"], "cut-off of the incumbent": told, "direction of the incumbent": direction}


def _redeployment(given: Mapping[str, Any] | None) -> dict[str, str]:
    if given is None:
        return {"rules of redeployment": "not declared"}
    items = {"rules of redeployment": f"on {given['sample'].replace('_', ' ')}"}
    for words, key in (("all to accept", "auto_accept"), ("one to reject", "reject")):
        named = [f"{name} {value:.15g}" for name, value in _ordered(key, given[key]) if value is not None]
        items[words] = ", ".join(named) or "none"
    return items | {"manual review": given["manual_review"], "on accepts only": given["accepts_only"]}


def _ordered(key: str, part: Mapping[str, Any]) -> list[tuple[str, Any]]:
    first = "min" if key == "auto_accept" else "max"
    other = "max" if key == "auto_accept" else "min"
    names = [f"{first}_auc_difference", *(f"{other}_{name}" for name in ("calibration_gap", "psi", "inversions"))]
    return [(name, part.get(name)) for name in names]


def _compare_cut_offs(space: Workspace, groups: Mapping[str, Group]) -> Rows:
    strategy = strategy_of(space)
    asked, declared, first = strategy.get("cut_offs", 20), strategy.get("cut_off"), groups[DEVELOPMENT]
    listed = own.points(first.score, first.weight, asked) if isinstance(asked, int) else [float(one) for one in asked]
    cuts = sorted({*listed, *([] if declared is None else [float(declared)])})
    mine = [
        {
            "sample": name,
            "cut_off": cut,
            "declared": declared is not None and cut == float(declared),
            **own.at_cut_off(group, cut, space.confidence),
        }
        for name, group in groups.items()
        for cut in cuts
    ]
    keys = ("sample", "cut_off", "declared")
    compare_rows(space, CUT_OFFS, keys, mine, RULES, numbers=("cut_off",))
    return mine


def _compare_figure(space: Workspace, area: str, needed: str, columns: Sequence[str], curves: Rows) -> None:
    mine = [{name: row[name] for name in columns} for row in curves if not np.isnan(row[needed])]
    compare_rows(space, area, ("sample",), mine, RULES)


def _compare_best(space: Workspace, groups: Mapping[str, Group]) -> None:
    strategy = strategy_of(space)
    declared, aim, confidence = strategy.get("cut_off"), strategy.get("aim"), space.confidence
    mine: Rows = []
    if declared is not None:
        for name, group in groups.items():
            head = {"basis": "declared", "sample": name, "cut_off": float(declared)}
            mine.append({**_blank(), **head, **own.at_cut_off(group, float(declared), confidence)})
    if aim is not None:
        mine += _best_rows(space, groups, aim)
    if not mine:
        space.ledger.not_evaluable(BEST, "the plan declares neither a cut-off nor an aim")
        return
    for row in mine:
        row["reached"] = _reached(aim, row)
    kept = {name: rule for name, rule in RULES.items() if name not in ("bads_avoided", "goods_declined")}
    kept = {name: rule for name, rule in kept.items() if not name.startswith(("bads_", "goods_"))}
    if compare_rows(space, BEST, ("basis", "sample", "reached"), mine, kept):
        _compare_resamples(space, mine)


def _best_rows(space: Workspace, groups: Mapping[str, Group], aim: Mapping[str, Any]) -> Rows:
    draws = int(strategy_of(space).get("resamples", 200))
    generator = own.stream(int(space.package.setting("samples", "seed", 0)), "strategy")
    kind, limit, found = aim["type"], aim.get("limit"), {}
    for name, group in groups.items():
        bounds = own.resampled(group, kind, limit, draws, generator, space.confidence)
        found[name] = (*own.best(group, kind, limit), *bounds)
    cut, _, lower, upper = found[DEVELOPMENT]
    mine: Rows = []
    for name, group in groups.items():
        chosen, value, least, most = found[name]
        row = {**_blank(), "basis": "best on development", "sample": name, "cut_off": cut, "rows": len(group.score)}
        row |= {"cut_off_lower": lower, "cut_off_upper": upper, "own_cut_off": chosen, "own_value": value}
        row |= {"own_lower": least, "own_upper": most}
        mine.append(row if np.isnan(cut) else {**row, **own.at_cut_off(group, cut, space.confidence)})
    return mine


def _blank() -> dict[str, Any]:
    names = [*RULES, "cut_off_lower", "cut_off_upper", "own_lower", "own_upper"]
    return dict.fromkeys(names, np.nan)


def _reached(aim: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool | None:
    if aim is None or np.isnan(row["cut_off"]):
        return None
    if aim["type"] == "maximum_profit":
        return None if np.isnan(row["profit"]) else bool(row["profit"] > 0)
    limit = float(aim["limit"])
    if aim["type"] == "bad_rate_at_most":
        return None if np.isnan(row["bad_rate"]) else bool(row["bad_rate"] <= limit * (1.0 + own.NEARLY))
    return bool(row["acceptance_rate"] >= limit * (1.0 - own.NEARLY))


def _compare_resamples(space: Workspace, mine: Rows) -> None:
    """Compare bounds of best cut-offs, in widths: the draws are the same, ties may fall otherwise."""
    stated, values, labels = [], [], []
    for row, given in zip(mine, space.package.rows_of(BEST) or [], strict=True):
        for quantity in ("cut_off", "own"):
            width = row[f"{quantity}_upper"] - row[f"{quantity}_lower"]
            unit = width if width > 0 else 1.0
            for end in ("lower", "upper"):
                there, ours = given[f"{quantity}_{end}"], row[f"{quantity}_{end}"]
                stated.append(None if there is None else there / unit)
                values.append(None if np.isnan(ours) else ours / unit)
                labels.append(f"{row['basis']}, {row['sample']}: {quantity} {end}")
    space.ledger.numbers(BEST, "bounds of best cut-offs, in widths", "resampled_bound", stated, values, labels)
