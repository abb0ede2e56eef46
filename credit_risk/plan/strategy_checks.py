"""What must hold of strategy: columns that hold amounts, an aim that can be judged, an outcome that has a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.models.spec import default_models
from credit_risk.plan.outcome_checks import MEASURES

Found = Iterator[tuple[Path, Fault]]
OF_SCORES = ("cut_off", "profit", "aim", "incumbent", "redeployment", "experiment", "overrides")
ALLOWED = ("forbidden (data.forbidden)", "not disclosable")
"""Roles (or their beginnings) that keep a column out of a model, and not out of a strategy."""


def strategy_faults(plan: dict[str, Any], roles: dict[str, str]) -> Found:
    """All faults of `strategy`; parts of the wrong type are passed over. roles: columns with what else they are."""
    strategy = plan.get("strategy")
    if not isinstance(strategy, dict):
        return
    outcome = plan.get("outcome")
    kind = outcome.get("type", "binary") if isinstance(outcome, dict) else "binary"
    if kind in MEASURES:
        for key in OF_SCORES:
            if strategy.get(key) is not None:
                message = f"a cut-off is of a score, and a model of a {kind} has none"
                yield ("strategy", key), Fault(message, code="outcome", remedy=f"leave {key} out")
        return
    yield from _aim(strategy)
    yield from _cut_offs(strategy)
    yield from _redeployment(plan, strategy)
    yield from _experiment(plan, strategy)
    yield from _overrides(plan, strategy, roles)
    derived = plan.get("derive") if isinstance(plan.get("derive"), dict) else {}
    for path, name in _columns(strategy):
        yield from _column(path, name, roles, derived or {}, plan)


def _aim(strategy: dict[str, Any]) -> Found:
    aim = strategy.get("aim")
    if isinstance(aim, dict) and aim.get("type") == "maximum_profit" and strategy.get("profit") is None:
        message = "the greatest profit is aimed at, and nothing says what a good earns and a bad loses"
        yield ("strategy", "aim"), Fault(message, code="missing_key", remedy="write strategy.profit, or another aim")


def _cut_offs(strategy: dict[str, Any]) -> Found:
    given = strategy.get("cut_offs")
    if isinstance(given, list | tuple):
        for index, value in enumerate(given):
            if isinstance(value, int | float) and value in given[:index]:
                message = f"the cut-off {value:g} stands twice"
                yield ("strategy", "cut_offs", index), Fault(message, code="duplicate_name", remedy="name it once")


def _columns(strategy: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    profit = strategy.get("profit")
    for side in ("good", "bad"):
        amount = profit.get(side) if isinstance(profit, dict) else None
        names = amount.get("columns") if isinstance(amount, dict) else None
        for index, name in enumerate(names if isinstance(names, list | tuple) else ()):
            if isinstance(name, str):
                yield ("strategy", "profit", side, "columns", index), name
    incumbent = strategy.get("incumbent")
    if isinstance(incumbent, dict) and isinstance(incumbent.get("column"), str):
        yield ("strategy", "incumbent", "column"), incumbent["column"]


def _redeployment(plan: dict[str, Any], strategy: dict[str, Any]) -> Found:
    rules, path = strategy.get("redeployment"), ("strategy", "redeployment")
    if not isinstance(rules, dict):
        return
    samples = plan.get("samples")
    if rules.get("sample") == "out_of_time" and not (isinstance(samples, dict) and samples.get("out_of_time")):
        message = "redeployment is to be judged out of time, and the plan makes no such sample"
        yield (*path, "sample"), Fault(message, code="no_sample", remedy="write samples.out_of_time, or out_of_sample")
    for key, what in (("auto_accept", "accepted"), ("reject", "rejected")):
        part = rules.get(key)
        if isinstance(part, dict) and all(value is None for value in part.values()):
            message = f"no condition says when a challenger is {what}"
            yield (*path, key), Fault(message, code="missing_key", remedy="name one condition or more")


def _overrides(plan: dict[str, Any], strategy: dict[str, Any], roles: dict[str, str]) -> Found:
    given, outcome = strategy.get("overrides"), plan.get("outcome")
    if not isinstance(given, dict):
        return
    if not isinstance(outcome, dict) or outcome.get("status") is None:
        message = "overrides are to be analysed, and no status tells what became of applicants"
        yield ("strategy", "overrides"), Fault(message, code="missing_key", remedy="write outcome.status")
    name = given.get("reason")
    derived = plan.get("derive")
    if isinstance(name, str) and (name in roles or (isinstance(derived, dict) and name in derived)):
        message = f"{name!r} may not be used here: it is {roles.get(name, 'derived')}"
        if not roles.get(name, "").startswith(ALLOWED):
            path: Path = ("strategy", "overrides", "reason")
            yield path, Fault(message, code="role", remedy="name another column of the source")


def _experiment(plan: dict[str, Any], strategy: dict[str, Any]) -> Found:
    test, path = strategy.get("experiment"), ("strategy", "experiment")
    if not isinstance(test, dict):
        return
    measure, listed = test.get("measure"), plan.get("models", [model.model_dump() for model in default_models()])
    models = [model for model in listed if isinstance(model, dict)] if isinstance(listed, list | tuple) else None
    others = None if models is None else [model.get("id") for model in models if model.get("champion") is not True]
    if test.get("difference") in (0, 0.0):
        message = "no test finds a difference of 0"
        yield (*path, "difference"), Fault(message, code="range", found="0", allowed="above or below 0")
    if measure == "profit" and (strategy.get("profit") is None or strategy.get("cut_off") is None):
        message = "profit is to be tested, and the plan declares no amounts or no cut-off"
        remedy = "write strategy.profit and strategy.cut_off, or another measure"
        yield (*path, "measure"), Fault(message, code="missing_key", remedy=remedy)
    if measure == "acceptance_rate" and strategy.get("cut_off") is None:
        message = "the acceptance rate is to be tested, and the plan declares no cut-off"
        remedy = "write strategy.cut_off, or another measure"
        yield (*path, "measure"), Fault(message, code="missing_key", remedy=remedy)
    if measure in ("auc", "auc_unpaired") and others is not None and not others:
        message = "the AUC of a challenger is to be tested, and the plan has none"
        yield (*path, "measure"), Fault(message, code="no_challenger", remedy="add a model, or name another measure")
    name = test.get("challenger")
    if isinstance(name, str) and others and name not in others:
        message = f"{name!r} is no challenger of the plan"
        yield (*path, "challenger"), Fault(message, code="no_challenger", allowed=", ".join(map(str, others)))
    samples = plan.get("samples")
    if test.get("sample") == "out_of_time" and not (isinstance(samples, dict) and samples.get("out_of_time")):
        message = "the sample of the design is out of time, and the plan makes none"
        yield (*path, "sample"), Fault(message, code="no_sample", remedy="write samples.out_of_time, or out_of_sample")


def _column(path: Path, name: str, roles: dict[str, str], derived: dict[str, Any], plan: dict[str, Any]) -> Found:
    if name in derived:
        message = f"{name!r} is derived, and strategy reads columns of the source, which stand in the snapshot"
        yield path, Fault(message, code="role", remedy="name the columns that it is derived from; they are multiplied")
    elif name in roles and not roles[name].startswith(ALLOWED):
        message = f"{name!r} may not be used here: it is {roles[name]}"
        yield path, Fault(message, code="role", remedy="name another column")
    data = plan.get("data")
    columns = data.get("columns") if isinstance(data, dict) else None
    spec = columns.get(name) if isinstance(columns, dict) else None
    if isinstance(spec, dict) and (spec.get("type") in ("categorical", "date") or spec.get("order") is not None):
        message = f"{name!r} is not numeric, so it is neither an amount nor a score"
        yield path, Fault(message, code="type", found=str(spec.get("type")), allowed="a numeric column")
