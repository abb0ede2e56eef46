"""Inputs judged: told in the data contract, not the outcome itself, in the expected direction, no proxy of a group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from validation.battery.cuts import judge_each, keep_rule
from validation.battery.inputs import named_columns
from validation.comparisons.expectations import against_trend
from validation.rebuild.characteristics import quantiles
from validation.rebuild.directions import SIGNS, declared_trends
from validation.rebuild.group_rates import step_down
from validation.rebuild.screen import FEWEST_ROWS, class_counts, fine_groups, grouped_auc
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import sources_of, steps_of

CONTRACT = "data.contract"
NOT_INPUTS = frozenset(["outcome", "key", "weight"])
FEW_LEVELS = 10


def check_contract(space: Workspace) -> None:
    """Every column that a model declares or reads stands in the data contract, and is not the key or a weight."""
    table = space.package.rows_of(CONTRACT)
    for model_id, model in space.package.models.items():
        test = f"battery: inputs of {model_id} are in the data contract"
        if table is None:
            space.ledger.not_evaluable(test, f"the package holds no {CONTRACT}")
            continue
        roles = {row["column"]: str(row["role"]) for row in table}
        names = {item["name"] for item in model["inputs"]} | sources_of(model)
        broken = [
            f"{model_id} reads {name}, of which the contract says nothing." for name in sorted(names - set(roles))
        ]
        broken += [
            f"{model_id} reads {name}, which is the {roles[name]} of the data."
            for name in sorted(names & set(roles))
            if NOT_INPUTS & set(roles[name].split())
        ]
        keep_rule(
            space,
            test,
            "input_not_contracted",
            broken,
            compared=len(names),
            cut="all",
            quantity="inputs",
            remedy="Describe the column in the plan (data.columns), or develop the model without it.",
            evidence=(CONTRACT,),
        )


def check_outcome_inputs(space: Workspace) -> None:
    """No model reads a column that the outcome is made of."""
    outcome = space.package.plan.get("outcome") or {}
    sources = {outcome.get("column"), (outcome.get("status") or {}).get("column")}
    sources.add(((space.package.plan.get("reject_inference") or {}).get("external") or {}).get("column"))
    sources -= {None}
    for model_id, model in space.package.models.items():
        test = f"battery: {model_id} does not read the outcome"
        if not sources:
            space.ledger.not_evaluable(test, "the outcome is made of a history that the snapshot does not hold")
            continue
        names = {item["name"] for item in model["inputs"]} | sources_of(model)
        keep_rule(
            space,
            test,
            "outcome_input",
            [f"{model_id} reads {name}, which the outcome is made of." for name in sorted(names & sources)],
            compared=len(names),
            cut="none",
            quantity="inputs",
            remedy="Develop the model again without the column.",
            evidence=(CONTRACT, "outcome.definition"),
        )


def check_expectations(space: Workspace) -> None:
    """What the champion uses against the trend that the plan states for it: p-value where the data say the contrary."""
    test = "battery: data against the expected direction"
    used = {step["input"] for step in steps_of(space.package.model, "classing")} | sources_of(space.package.model)
    trends = {name: SIGNS[t] for name, t in declared_trends(space.package.plan).items() if name in used and t in SIGNS}
    judged = {name: found for name, sign in trends.items() if (found := against_trend(space, name, sign)) is not None}
    if not judged:
        space.ledger.not_evaluable(test, "the plan states no direction of a characteristic that the champion uses")
        return
    names = list(judged)
    adjusted = step_down(np.array([judged[name][1] for name in names]))
    values = {name: float(p) if judged[name][0] < 0.5 else 1.0 for name, p in zip(names, adjusted, strict=True)}
    judge_each(
        space,
        test,
        "p-value",
        values,
        fail="expectation_level",
        below=True,
        sentence=lambda name, value: (
            f"The champion uses {name}, and the data run against the direction that the plan expects (AUC in that "
            f"direction {judged[name][0]:.4f}, Holm's p-value {value:.2g})."
        ),
        remedy="Explain why the characteristic works the other way, or drop it.",
        evidence=("classing.expectations",),
    )


def check_proxies(space: Workspace) -> None:
    """How well each input of a model tells protected groups: AUC of its fine groups, of each group against the rest.

    The mean over the groups of a column, by their rows: long histories tell the oldest from the youngest, and little
    of those between; a column that tells all groups is the protected one under another name.
    """
    test = "battery: inputs that stand for a protected group"
    protected = sorted(named_columns(space.package, "protected") & set(space.frame.columns))
    if not protected:
        space.ledger.not_evaluable(test, "the snapshot holds no protected column")
        return
    rows = space.rows.get(DEVELOPMENT, np.zeros(0, dtype=np.int64))
    read = {name for model in space.package.models.values() for name in sources_of(model)} - set(protected)
    weight = space.weight[rows]
    groups = {name: _members(space.frame[name].iloc[rows]) for name in protected}
    values = {}
    for name in sorted(read & set(space.frame.columns)):
        codes = fine_groups(space.frame[name].iloc[rows])
        for attribute, held in groups.items():
            areas = [grouped_auc(*class_counts(codes, inside, weight)) for inside in held]
            if areas:
                values[f"{name} of {attribute}"] = float(np.average(areas, weights=[one.sum() for one in held]))
    if not values:
        space.ledger.not_evaluable(test, f"no group of {FEWEST_ROWS} rows on either side, or no input")
        return
    judge_each(
        space,
        test,
        "AUC",
        values,
        fail="proxy_auc_fail",
        review="proxy_auc_review",
        sentence=lambda name, value: f"The input {name.replace(' of ', ' tells groups of ')} (mean AUC {value:.4f}).",
        remedy="Argue the need for the input, or develop the model without it.",
        evidence=("fairness.proxies",),
    )


def _members(values: pd.Series) -> list[np.ndarray]:
    """Return for each group of a protected column 1.0 inside and 0.0 outside, (n,): levels, or quarters of a number."""
    known = values.notna().to_numpy()
    if not known.any():
        return []
    if values.dtype.kind == "f" and values.nunique() > FEW_LEVELS:
        numbers = values.to_numpy(np.float64)
        places = np.searchsorted(quantiles(numbers[known], np.array([0.25, 0.5, 0.75])), numbers, side="left")
    else:
        places = pd.factorize(values)[0]
    found = [((places == code) & known).astype(np.float64) for code in range(int(places.max()) + 1)]
    return [one for one in found if min(one.sum(), len(one) - one.sum()) >= FEWEST_ROWS]
