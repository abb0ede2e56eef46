"""Coefficients with their naive errors and those of the whole procedure, fitted and drawn again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.reject_inference import AREA, given_of, settings_of
from validation.rebuild.applicants import Applicants, Scored, applicants_of, scored_models
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.reject_errors import DEAR, REPEATED, Designs, Repeated, repeated
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, scorecard_of

ERRORS = f"{AREA}.coefficients"
REPLICATES, FEWER = 400, 60
DEAREST, FEWEST_DEAR, DRAWN_DEAR = 60, 30, 200_000
DRAWN = 1_000_000
"""Applicants drawn in all, which bounds the replicates of a large portfolio; fewer of methods that are dear."""
FEWEST = 2
Rows = Sequence[Mapping[str, Any]]


def compare_procedure_errors(space: Workspace, fits: Mapping[str, LogisticFit]) -> None:
    """Compare the table by model; fits: our regressions on the rows of the method, by model id.

    The errors of the procedure are held against our own bootstrap, within the Monte-Carlo error of both.
    """
    spec, people, scored = settings_of(space), applicants_of(space), scored_models(space)
    method = str(spec.get("method", "none"))
    if people is None or scored is None or method == "none":
        return
    own = {space.package.candidate_ids[model_id]: model_id for model_id in space.package.models}
    own = {name: model_id for name, model_id in own.items() if _of_one_stage(space, model_id)}
    table = space.package.rows_of(ERRORS)
    if table is None:
        space.ledger.not_evaluable(ERRORS, _why_absent(spec, own))
        return
    stated = list(dict.fromkeys(str(row["model"]) for row in table))
    known = [name for name in stated if name in own]
    space.ledger.words(ERRORS, "models", stated, known, "model", [ERRORS])
    left = [name for name in own if name not in stated]
    if left:
        space.ledger.not_evaluable(f"{ERRORS}: {', '.join(left)}", "the package tells of no errors of it")
    first = people.of(DEVELOPMENT)
    for name in known:
        rows = [row for row in table if row["model"] == name]
        _compare_model(space, name, own[name], rows, (first, scored), fits.get(own[name]))


def _of_one_stage(space: Workspace, model_id: str) -> bool:
    model = space.package.models[model_id]
    card = scorecard_of(model)
    return model["model"]["type"] == "scorecard" and card is not None and card.offset is None


def _why_absent(spec: Mapping[str, Any], own: Mapping[str, str]) -> str:
    if int(spec.get("replicates", 0)) < FEWEST:
        return "the plan asks for no replicates of the procedure"
    return "the package holds no such table" if own else "no candidate is a scorecard of one stage"


def _compare_model(
    space: Workspace,
    name: str,
    model_id: str,
    rows: Rows,
    applicants: tuple[Applicants, Scored],
    fit: LogisticFit | None,
) -> None:
    card = scorecard_of(space.package.models[model_id])
    assert card is not None
    terms = ["intercept", *(term.characteristic for term in card.terms)]
    told = [str(row["term"]) for row in rows]
    space.ledger.words(ERRORS, "terms", sorted(told), sorted(terms), "term", [ERRORS])
    if sorted(told) != sorted(terms):
        return
    place = np.array([terms.index(term) for term in told], dtype=np.int64)
    labels = [f"{name} {term}" for term in told]
    asked = [float(settings_of(space).get("replicates", 0))] * len(rows)
    counted = [float(row["replicates"]) + float(row["left_out"]) for row in rows]
    space.ledger.numbers(ERRORS, "replicates", "rows", counted, asked, labels, [ERRORS])
    if fit is None:
        space.ledger.not_evaluable(f"{ERRORS}: {name}, naive errors", "the regression could not be fitted again")
    else:
        _compare_fit(space, rows, labels, fit.coefficient[place], fit.standard_error[place])
    _compare_drawn(space, name, rows, labels, _drawn(space, model_id, card, *applicants), place)


def _compare_fit(space: Workspace, rows: Rows, labels: list[str], coefficient: np.ndarray, naive: np.ndarray) -> None:
    """Coefficients and naive errors; what follows from these and the stated errors of the procedure."""
    stated = np.array([row["standard_error"] for row in rows], dtype=np.float64)
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * stated
    for column, rule, own in (
        ("coefficient", "coefficient", coefficient),
        ("naive_error", "standard_error", naive),
        ("error_ratio", "standard_error", stated / naive),
        ("lower", "coefficient", coefficient - half),
        ("upper", "coefficient", coefficient + half),
    ):
        mine = [None if math.isnan(value) else value for value in own.tolist()]
        space.ledger.numbers(ERRORS, column, rule, [row[column] for row in rows], mine, labels, [ERRORS])


def _drawn(space: Workspace, model_id: str, card: Scorecard, people: Applicants, scored: Scored) -> Repeated | str:
    """Our bootstrap of the procedure, or why there is none."""
    held, method = space.package.reject_inference, str(settings_of(space).get("method"))
    decision = None if held is None else scorecard_of(held.acceptance)
    if method not in (*REPEATED, *DEAR) or decision is None:
        return f"the whole procedure of {method.replace('_', ' ')} is not repeated"
    given = given_of(space, people, scored)
    if method == "external_outcomes" and given.elsewhere is None:
        return "the snapshot does not hold the outcomes observed elsewhere"
    ones = np.ones(len(people))
    values = space.scored[model_id]
    outcome = [values[term.classing["output_woe"]].data[people.row] for term in card.terms]
    accept = [scored.acceptance[term.classing["output_woe"]].data[people.row] for term in decision.terms]
    designs = Designs(np.column_stack([ones, *outcome]), np.column_stack([ones, *accept]))
    replicates = min(REPLICATES, max(FEWER, DRAWN // len(people)))
    if method in DEAR:
        replicates = min(DEAREST, max(FEWEST_DEAR, DRAWN_DEAR // len(people)))
    found = repeated(method, people, given, designs, replicates)
    return "a model fails in most of our draws" if found is None else found


def _compare_drawn(
    space: Workspace, name: str, rows: Rows, labels: list[str], own: Repeated | str, place: np.ndarray
) -> None:
    """The logarithm of each error over ours, in its Monte-Carlo error."""
    if isinstance(own, str):
        space.ledger.not_evaluable(f"{ERRORS}: {name}, standard errors", own)
        return
    told = [row["standard_error"] for row in rows]
    if any(value is None or not value > 0.0 for value in told):
        space.ledger.words(
            ERRORS,
            "standard_error",
            [value is not None and value > 0.0 for value in told],
            [True] * len(told),
            labels,
            [ERRORS],
        )
        return
    log_ratio = np.log(np.array(told, dtype=np.float64) / own.deviation[place])
    error = own.log_error(max(int(rows[0]["replicates"]), FEWEST))[place]
    space.ledger.numbers(
        ERRORS, "standard_error", "procedure_error", (log_ratio / error).tolist(), [0.0] * len(told), labels, [ERRORS]
    )
