"""Reject inference made again: who was decided on, both models scored and refitted, and every row fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons.classing import of_another_bin
from validation.findings import Finding, Outcome
from validation.rebuild.applicant_samples import drawn_samples, draws_of, late_sample, settled_samples
from validation.rebuild.applicants import Applicants, Scored, applicants_of, decided, scored_models
from validation.rebuild.binning import ADJUSTMENT, recount
from validation.rebuild.logistic import LogisticFit, fit_logistic
from validation.rebuild.probit_stated import stated_probit
from validation.rebuild.reject_inference import Given, Inferred, rebuilt_rows
from validation.rebuild.self_learning import Learned, self_learned
from validation.rebuild.times import time_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import Value
from validation.structure import scorecard_of, steps_of

AREA = "reject_inference"
PEOPLE, ROWS = f"{AREA}/applicants.parquet", f"{AREA}/rows.parquet"
ACCEPTANCE, KNOWN_OUTCOMES = f"{AREA}/acceptance.json", f"{AREA}/known_outcomes.json"
CHOICE, MODEL, WEIGHTS = f"{AREA}.choice", f"{AREA}.acceptance_model", f"{AREA}.weights"
NOT_REPEATED = {
    "self_learning": "the labels could not be learned again: the model of known outcomes is no regression on weights "
    "of evidence, or the weak learner has no maximum",
    "bivariate_probit": "the probability of bad given rejection is not in the package, or could not be fitted again",
    "external_outcomes": "the snapshot does not hold the outcomes observed elsewhere",
}


def settings_of(space: Workspace) -> Mapping[str, Any]:
    """Return the key `reject_inference` of the plan."""
    found = space.package.plan.get("reject_inference")
    return found if isinstance(found, Mapping) else {}


def compare_reject_inference(space: Workspace) -> LogisticFit | None:
    """Compare applicants, scores of both models, their refits and the rows; returns our model of the decision."""
    people, scored = applicants_of(space), scored_models(space)
    if people is None or scored is None:
        _tell_absent(space)
        return None
    _compare_applicants(space, people)
    _compare_scores(space, people, scored)
    first, known = people.of(DEVELOPMENT), people.of(DEVELOPMENT).known
    held = space.package.reject_inference
    assert held is not None
    rejected = first.rejected.astype(np.float64)
    fit = compare_model(
        space, ACCEPTANCE, held.acceptance, scored.acceptance, (first.row, rejected, first.weight), MODEL
    )
    rows = (first.row[known], first.outcome[known], first.weight[known])
    compare_model(space, KNOWN_OUTCOMES, held.known_outcomes, scored.known_outcomes, rows, CHOICE)
    compare_rows(space, first, scored)
    return fit


def _tell_absent(space: Workspace) -> None:
    spec = settings_of(space)
    if spec.get("method", "none") == "none" and not spec.get("compare"):
        return
    space.ledger.not_evaluable(f"{AREA}: rows and models", "the package does not hold the files of reject inference")


def _compare_applicants(space: Workspace, people: Applicants) -> None:
    """Everyone with a decision and an outcome in a sample stands there, once, with the decision of the status."""
    status = space.frame["_status"].to_numpy(object)[people.row]
    place = [f"row {row + 1}" for row in people.row.tolist()]
    own = decided(status)
    space.ledger.words(PEOPLE, "decision by status", people.accepted.astype(int).tolist(), own.tolist(), place)
    sample = space.frame["_sample"].to_numpy(object)
    stated = np.array([None if one is None or one != one else one for one in sample.tolist()], dtype=object)
    known = people.known
    told = people.sample[known].tolist()
    labels = [place[k] for k in np.flatnonzero(known)]
    space.ledger.words(PEOPLE, "samples of known outcomes", told, stated[people.row[known]].tolist(), labels)
    with_decision = decided(space.frame["_status"].to_numpy(object)) >= 0
    inside = np.array([one is not None for one in stated.tolist()], dtype=bool) & ~np.isnan(space.outcome)
    absent = np.setdiff1d(np.flatnonzero(inside & with_decision), people.row)
    space.ledger.numbers(PEOPLE, "known outcomes left out", "rows", [0.0], [float(len(absent))], ["applicants"])
    _compare_drawn(space, people, stated, place)
    _check_rejected_outcomes(space)


def _compare_drawn(space: Workspace, people: Applicants, stated: np.ndarray, place: list[str]) -> None:
    """Samples of applicants without an outcome: by date, by their cluster, else by the draws of the plan's seed."""
    spec = space.package.plan.get("samples") or {}
    if not isinstance(spec.get("seed"), int):
        space.ledger.not_evaluable(f"{PEOPLE}: samples of unknown outcomes", "the plan names no seed of the samples")
        return
    bounds, unknown = spec.get("out_of_time") or {}, ~people.known
    own: list[str | None] = [None] * len(people)
    column = time_column(space.package.plan)
    dates = space.frame[column].to_numpy(object)[people.row] if column in space.frame.columns else None
    settled = settled_samples(stated, space.cluster)
    rest = []
    for k in np.flatnonzero(unknown).tolist():
        own[k] = late_sample(dates[k], bounds) if bounds and dates is not None else None
        own[k] = own[k] or settled.get(int(people.cluster[k]))
        rest += [] if own[k] else [k]
    left = np.array(rest, dtype=np.int64)
    draws = draws_of(int(spec["seed"]), len(space.frame))
    shares = {name: float(spec.get(name) or 0.0) for name in ("out_of_sample", "calibration")}
    drawn = drawn_samples(people.row[left], people.cluster[left], people.accepted[left], draws, shares)
    for k, name in zip(rest, drawn.tolist(), strict=True):
        own[k] = name
    which = np.flatnonzero(unknown).tolist()
    told = people.sample[unknown].tolist()
    labels = [place[k] for k in which]
    space.ledger.words(PEOPLE, "samples of unknown outcomes", told, [own[k] for k in which], labels)


def _check_rejected_outcomes(space: Workspace) -> None:
    """A rejected applicant has no outcome of this lender: one in the snapshot is supposed, or wrongly joined."""
    rejected = decided(space.frame["_status"].to_numpy(object)) == 0
    count = int(np.count_nonzero(rejected & ~np.isnan(space.outcome)))
    told = f"{count} rejected applicants have an outcome in the snapshot"
    test = f"{AREA}: no outcome of a rejected applicant"
    finding = None
    if count:
        finding = Finding(
            test=test,
            severity=space.policy.checks["reject_outcome"],
            quantity="rejected applicants with an outcome",
            developer_value=count,
            validator_value=0,
            tolerance=0.0,
            statement=f"{told}, where none can have been observed.",
            remedy="Leave the outcome of rejected applicants empty; declare outcomes observed elsewhere as external.",
            evidence=(f"{AREA}.decisions",),
        )
    space.ledger.check(
        Outcome(test, "fail" if count else "pass", int(np.count_nonzero(rejected)), "none", None, finding)
    )


def _compare_scores(space: Workspace, people: Applicants, scored: Scored) -> None:
    """Both models scored again over the applicants."""
    held = space.package.reject_inference
    assert held is not None
    for model, values, name, stated in (
        (held.acceptance, scored.acceptance, "_acceptance", 1.0 - people.acceptance),
        (held.known_outcomes, scored.known_outcomes, "_probability", people.probability),
    ):
        own = values[model["outputs"]["probability"]].data[people.row]
        space.ledger.numbers(PEOPLE, name, "probability", stated, own, "applicant", [CHOICE])


def compare_model(
    space: Workspace,
    file: str,
    model: Mapping[str, Any],
    scored: Mapping[str, Value],
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    evidence: str,
) -> LogisticFit | None:
    """Recount the weights of evidence of a model of reject inference and fit its regression again.

    rows: places in the snapshot, event (1 or 0) and weight of what it was fitted on, each (n,).
    """
    place, event, weight = rows
    zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
    by_hand = _changed_by_hand(space) if file == KNOWN_OUTCOMES else set()
    developer, own, labels = [], [], []
    for step in steps_of(model, "classing"):
        if step["input"] in by_hand:
            continue
        counts = recount(scored[step["output_bin"]].data[place], event, weight, len(step["bins"]), zero_cell)
        counts = of_another_bin(counts, step)
        developer += [item["woe"] for item in step["bins"]]
        own += counts.woe.tolist()
        labels += [f"{step['input']} bin {item['id']}" for item in step["bins"]]
    space.ledger.numbers(file, "WoE of the bins", "woe", developer, own, labels, [evidence])
    card = scorecard_of(model)
    if card is None:
        space.ledger.not_evaluable(f"{file}: coefficients", "the model is no regression on weights of evidence")
        return None
    columns = [scored[term.classing["output_woe"]].data[place] for term in card.terms]
    try:
        fit = fit_logistic(np.column_stack([np.ones(len(place)), *columns]), event, weight)
    except np.linalg.LinAlgError:
        space.ledger.not_evaluable(f"{file}: coefficients", "its characteristics are linear combinations of each other")
        return None
    terms = ["intercept", *(term.characteristic for term in card.terms)]
    stated = [card.intercept, *(term.coefficient for term in card.terms)]
    space.ledger.numbers(file, "coefficients", "coefficient", stated, fit.coefficient, terms, [evidence])
    return fit


def _changed_by_hand(space: Workspace) -> set[str]:
    listed = (space.package.plan.get("classing") or {}).get("overrides") or []
    return {str(item.get("characteristic")) for item in listed if isinstance(item, Mapping)}


def given_of(space: Workspace, people: Applicants, scored: Scored) -> Given:
    """What the methods need besides the applicants of development."""
    held = space.package.reject_inference
    stated = None if held is None else stated_probit(held, people, scored, space.package.rows_of(f"{AREA}.probit"))
    spec = settings_of(space)
    seed = (space.package.plan.get("samples") or {}).get("seed")
    learned = learned_of(space, people, scored)
    return Given(
        settings=spec,
        seed=int(seed) if isinstance(seed, int) else 0,
        elsewhere=_elsewhere(space, people, spec),
        if_rejected=None if stated is None else stated.if_rejected,
        label=None if learned is None else learned.labels,
    )


def learned_of(space: Workspace, people: Applicants, scored: Scored) -> Learned | None:
    """Labels of self-learning made again, or None where the plan does not try it or they cannot be."""
    spec, held = settings_of(space), space.package.reject_inference
    card = None if held is None else scorecard_of(held.known_outcomes)
    seed = (space.package.plan.get("samples") or {}).get("seed")
    tried = (spec.get("method"), *(spec.get("compare") or ()))
    if card is None or not isinstance(seed, int) or "self_learning" not in tried:
        return None
    woe = [scored.known_outcomes[term.classing["output_woe"]].data[people.row] for term in card.terms]
    try:
        x, told = np.column_stack(woe), spec.get("self_learning") or {}
        return self_learned(x, people.outcome, people.rejected, people.weight, told, seed)
    except (np.linalg.LinAlgError, ValueError):
        return None


def _elsewhere(space: Workspace, people: Applicants, spec: Mapping[str, Any]) -> np.ndarray | None:
    """Outcomes observed elsewhere (n,): 1 where the column has the value that means bad, 0 where another, NaN none."""
    external = spec.get("external")
    if not isinstance(external, Mapping) or external["column"] not in space.frame.columns:
        return None
    values, bad = space.frame[external["column"]].to_numpy(object)[people.row].tolist(), external["bad"]
    told = (str(bad).lower(), float(bad)) if isinstance(bad, bool) else (bad,)
    return np.array([np.nan if v is None or v != v else float(v in told) for v in values], dtype=np.float64)


def compare_rows(space: Workspace, people: Applicants, scored: Scored) -> None:
    """Hold rows.parquet, row by row, against the method applied again; people: the applicants of development."""
    held, method = space.package.reject_inference, str(settings_of(space).get("method", "none"))
    assert held is not None
    table = held.rows
    stated = Inferred(
        table["row"].to_numpy(np.int64),
        table["_outcome"].to_numpy(np.float64),
        table["_weight"].to_numpy(np.float64),
        table["_inferred"].to_numpy(np.int64) == 1,
    )
    check_rows(space, people, stated)
    own = rebuilt_rows(method, people, given_of(space, people, scored))
    if own is None:
        reason = NOT_REPEATED.get(method, "a method that we do not know")
        space.ledger.not_evaluable(f"{ROWS}: rows of {method.replace('_', ' ')}", reason)
        return
    labels = [f"row {row + 1}" for row in own.row.tolist()]
    space.ledger.words(ROWS, "applicants", stated.row.tolist(), own.row.tolist(), labels, [WEIGHTS])
    if len(stated) != len(own):
        return
    space.ledger.words(ROWS, "outcomes", stated.outcome.tolist(), own.outcome.tolist(), labels, [WEIGHTS])
    space.ledger.words(ROWS, "supposed", stated.inferred.tolist(), own.inferred.tolist(), labels, [WEIGHTS])
    space.ledger.numbers(ROWS, "weights", "inferred_weight", stated.weight, own.weight, labels, [WEIGHTS])


def check_rows(space: Workspace, people: Applicants, rows: Inferred) -> None:
    """What holds under every method: known outcomes are as observed and all there, supposed ones are of rejects."""
    known = ~rows.inferred
    place = {int(row): k for k, row in enumerate(people.row.tolist())}
    number = np.array([place.get(int(row), -1) for row in rows.row.tolist()], dtype=np.int64)
    outside = int(np.count_nonzero(number < 0))
    space.ledger.numbers(ROWS, "rows of no applicant of development", "rows", [0.0], [float(outside)], ["rows"])
    observed = np.where(number >= 0, people.outcome[number], np.nan)
    labels = [f"row {row + 1}" for row in rows.row[known].tolist()]
    space.ledger.numbers(ROWS, "known outcomes", "rows", rows.outcome[known], observed[known], labels, [WEIGHTS])
    every = sorted(people.row[people.known].tolist())
    ours = sorted(set(rows.row[known].tolist()))
    space.ledger.words(ROWS, "applicants with known outcomes", ours, every, "applicant", [WEIGHTS])
    accepted = number >= 0
    accepted[accepted] = people.accepted[number[accepted]]
    wrong = int(np.count_nonzero(rows.inferred & accepted))
    space.ledger.numbers(ROWS, "supposed outcomes of accepted applicants", "rows", [0.0], [float(wrong)], ["rows"])
