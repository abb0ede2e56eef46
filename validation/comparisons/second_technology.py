"""The package's linear models and weights of evidence against R's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from validation.comparisons.classing import fixed_bins
from validation.rebuild.binning import ADJUSTMENT
from validation.rebuild.linear_models import LinearModel
from validation.rebuild.segments import is_segmented
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.second_technology import Answer, Classing, ask_r, relative
from validation.structure import planned_classings

TABLE = "validation.second_technology"
AREA = "second technology: R"
NOT_ASKED = "R was left out (credit-validate asks it unless --no-r is given; from Python, second_technology=True)"
NOTHING = "no linear model was refitted, so that there is nothing to estimate in R"


def compare_second_technology(
    space: Workspace, models: Sequence[LinearModel], asked: bool, program: str | None = None
) -> None:
    """Compare coefficients, standard errors and weights of evidence with R's; why they are not, where they are not."""
    held = classings_of(space) if asked else []
    classings = [classing for _, classing in held]
    answer = ask_r(models, classings, program) if asked and models else Answer(reason=NOTHING if asked else NOT_ASKED)
    if answer.reason is not None:
        space.ledger.not_evaluable(AREA, answer.reason)
        space.ledger.tables[TABLE] = answer.reason
        return
    area = f"{AREA} {answer.version}"
    rows: list[list[Any]] = []
    for model, found in zip(models, answer.models, strict=True):
        labels = [f"{model.name} {term}" for term in model.terms]
        if not found.converged or np.any(np.isnan(found.coefficient)):
            space.ledger.not_evaluable(f"{area}: {model.name}", "R did not converge")
            continue
        for quantity, rule, ours, theirs in (
            ("coefficients", "second_coefficient", model.coefficient, found.coefficient),
            ("standard errors", "second_standard_error", model.standard_error, found.standard_error),
        ):
            known = ~np.isnan(ours)
            names = [label for label, one in zip(labels, known, strict=True) if one]
            quantity = f"{quantity} of {model.name}"
            space.ledger.numbers(area, quantity, rule, ours[known], theirs[known], names, [model.evidence])
        rows += _rows(model, found.coefficient, found.standard_error)
    _compare_woe(space, area, [step for step, _ in held], answer.woe)
    space.ledger.tables[TABLE] = rows or "R converged on no model"


def _rows(model: LinearModel, coefficient: np.ndarray, error: np.ndarray) -> list[list[Any]]:
    gaps = np.abs(model.coefficient - coefficient), relative(model.standard_error, error)
    columns = (model.coefficient, coefficient, model.standard_error, error, *gaps)
    numbers = [[float(value) for value in row] for row in zip(*columns, strict=True)]
    return [[model.name, term, *row] for term, row in zip(model.terms, numbers, strict=True)]


def classings_of(space: Workspace) -> list[tuple[Mapping[str, Any], Classing]]:
    """The champion's classings of a binary outcome that were counted on all rows of development, with their steps."""
    model = space.package.model
    counted = space.package.outcome_type == "binary" and not is_segmented(model)
    return [(step, _classing(space, step)) for step in planned_classings(model)] if counted else []


def _classing(space: Workspace, step: Mapping[str, Any]) -> Classing:
    rows = space.known(DEVELOPMENT)
    return Classing(
        ids=space.scored[space.package.champion_id][step["output_bin"]].data[rows].astype(np.int64),
        bins=len(step["bins"]),
        outcome=space.outcome[rows],
        weight=space.weight[rows],
        zero_cell=space.package.setting("classing", "zero_cell", ADJUSTMENT),
    )


def _compare_woe(space: Workspace, area: str, steps: Sequence[Mapping[str, Any]], woe: Sequence[np.ndarray]) -> None:
    """Weights of evidence of the champion's bins; those set by hand are not counted ones."""
    stated, theirs, labels = [], [], []
    for step, counted in zip(steps, woe, strict=True):
        name = str(step["input"])
        by_hand = fixed_bins(space, name)
        for item in step["bins"]:
            place = item["id"]
            if place in by_hand or "woe_of" in item:
                continue
            stated.append(item["woe"])
            theirs.append(float(counted[place]))
            labels.append(f"{name} bin {place}")
    space.ledger.numbers(area, "weights of evidence", "woe", stated, theirs, labels, ["classing.summary"])
