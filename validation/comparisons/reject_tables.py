"""The tables of reject inference counted again: decisions, the model of the decision, its power, and the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from validation.comparisons.reject_inference import AREA, given_of, settings_of
from validation.rebuild import clustered, metrics
from validation.rebuild.applicants import Applicants, applicants_of, decided, scored_models
from validation.rebuild.clusters import repeat
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.reject_inference import Inferred, rebuilt_rows
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import scorecard_of, steps_of
from validation.tables import SAMPLES

DECISIONS, MODEL = f"{AREA}.decisions", f"{AREA}.acceptance_model"
POWER, WEIGHTS = f"{AREA}.acceptance_power", f"{AREA}.weights"
OUTSIDE = "in no sample"
WORDS = {1: "accepted", 0: "rejected", -1: "none"}
QUANTILES: Mapping[str, float] = {"least": 0.0, "p05": 0.05, "median": 0.5, "p95": 0.95, "greatest": 1.0}
MODEL_RULES = {
    "coefficient": "coefficient",
    "standard_error": "standard_error",
    "z": "z",
    "p_value": "p_value",
    "lower": "coefficient",
    "upper": "coefficient",
}
POWER_RULES = {
    "applicants": "rows",
    "rejected": "rows",
    "accept_rate": "share",
    "mean_acceptance": "mean_probability",
    "auc": "auc",
    "lower": "interval",
    "upper": "interval",
}
WEIGHT_RULES = {
    **dict.fromkeys(("rows", "known_rows", "inferred_rows", "trimmed_rows"), "rows"),
    **dict.fromkeys(("known_weight", "inferred_weight", "inferred_bad_rate", "trimmed_share"), "inferred_weight"),
    **dict.fromkeys((*QUANTILES, "effective_rows", "effective_share"), "inferred_weight"),
}
DECISION_RULES = {"rows": "rows", "share": "share", "known": "rows", "bad": "rows", "bad_rate": "share"}
Rows = Sequence[Mapping[str, Any]]


def compare_reject_tables(space: Workspace, fit: LogisticFit | None) -> None:
    """Compare the tables with our own counts; fit: our model of the decision."""
    people = applicants_of(space)
    if people is None:
        return
    _compare_decisions(space, people)
    _compare_model(space, fit)
    _compare_power(space, people)
    _compare_weights(space, people.of(DEVELOPMENT))


def compare_table(
    space: Workspace, area: str, key: Sequence[str], own: Rows, rules: Mapping[str, str], words: Sequence[str] = ()
) -> None:
    """Compare a table, its rows told apart by the columns `key`, with our own rows; numbers by `rules`, texts equal."""
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    mine = {tuple(row[name] for name in key): row for row in own}
    stated = {tuple(row[name] for name in key): row for row in table}
    names = [list(place) for place in mine]
    space.ledger.words(area, "rows", sorted(map(list, stated), key=str), sorted(names, key=str), "row", [area])
    both = [place for place in mine if place in stated]
    labels = [" ".join(str(part) for part in place) for place in both]
    for column, rule in rules.items():
        told = [stated[place].get(column) for place in both]
        space.ledger.numbers(area, column, rule, told, [_plain(mine[place][column]) for place in both], labels, [area])
    for column in words:
        told = [stated[place].get(column) for place in both]
        space.ledger.words(area, column, told, [mine[place][column] for place in both], labels, [area])


def _plain(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _compare_decisions(space: Workspace, people: Applicants) -> None:
    status = space.frame["_status"].to_numpy(object)
    sample = np.full(len(status), OUTSIDE, dtype=object)
    sample[people.row] = people.sample
    known, own = ~np.isnan(space.outcome), []
    for name in (*SAMPLES, OUTSIDE):
        inside = np.equal(sample, name).astype(bool)
        for one in sorted({str(item) for item in status[inside].tolist()}):
            mine = inside & np.equal(status, one).astype(bool)
            seen = mine & known
            weight, bad = float(np.sum(space.weight[seen])), space.weight[seen] @ space.outcome[seen]
            own.append(
                {
                    "sample": name,
                    "status": one,
                    "decision": WORDS[int(decided(np.array([one], dtype=object))[0])],
                    "rows": int(np.count_nonzero(mine)),
                    "share": float(np.sum(space.weight[mine]) / np.sum(space.weight[inside])),
                    "known": int(np.count_nonzero(seen)),
                    "bad": int(np.sum(space.outcome[seen])),
                    "bad_rate": float(bad) / weight if weight > 0 else None,
                }
            )
    compare_table(space, DECISIONS, ("sample", "status"), own, DECISION_RULES, ("decision",))


def _compare_model(space: Workspace, fit: LogisticFit | None) -> None:
    held = space.package.reject_inference
    card = None if held is None else scorecard_of(held.acceptance)
    table = space.package.rows_of(MODEL)
    if held is None or card is None or fit is None or table is None:
        space.ledger.not_evaluable(MODEL, "the package holds no such table, or the model could not be refitted")
        return
    terms = ["intercept", *(term.characteristic for term in card.terms)]
    stated = {row["term"]: row for row in table if row["left_out"] is None}
    space.ledger.words(MODEL, "terms", sorted(stated), sorted(terms), "term", [MODEL])
    place = [k for k, term in enumerate(terms) if term in stated]
    labels = [terms[k] for k in place]
    for column, rule in MODEL_RULES.items():
        mine = [float(getattr(fit, column)[k]) for k in place]
        space.ledger.numbers(MODEL, column, rule, [stated[name][column] for name in labels], mine, labels, [MODEL])
    bins = {step["input"]: len(step["bins"]) for step in steps_of(held.acceptance, "classing")}
    classed = [name for name in labels if name in bins]
    told = [stated[name]["bins"] for name in classed]
    space.ledger.numbers(MODEL, "bins", "rows", told, [bins[name] for name in classed], classed, [MODEL])


def _compare_power(space: Workspace, people: Applicants) -> None:
    own = []
    for sample in dict.fromkeys(people.sample.tolist()):
        some = people.of(sample)
        rejected = some.rejected.astype(np.float64)
        row: dict[str, Any] = {"sample": sample, "applicants": len(some), "rejected": int(rejected.sum())}
        whole = float(np.sum(some.weight))
        row["accept_rate"] = float(some.weight @ some.accepted) / whole
        row["mean_acceptance"] = float(some.weight @ some.acceptance) / whole
        row |= dict.fromkeys(("auc", "lower", "upper"))
        if 0 < rejected.sum() < len(rejected):
            area = power(some, space.confidence)
            row |= {"auc": area.auc, "lower": area.lower, "upper": area.upper}
        own.append(row)
    compare_table(space, POWER, ("sample",), own, POWER_RULES)


def power(people: Applicants, confidence: float) -> metrics.Auc:
    """AUC of the model of the decision, of rejected against accepted applicants, allowing for clusters."""
    rejected, risk = people.rejected.astype(np.float64), 1.0 - people.acceptance
    if repeat(people.cluster):
        return clustered.auc(rejected, risk, people.cluster, people.weight, confidence)
    return metrics.auc(rejected, risk, people.weight, confidence)


def _compare_weights(space: Workspace, people: Applicants) -> None:
    """One row a method of the plan; those whose rows cannot be repeated are held against what the package holds."""
    spec, held = settings_of(space), space.package.reject_inference
    assert held is not None
    method = str(spec.get("method", "none"))
    tried = list(dict.fromkeys([method, *(spec.get("compare") or [])]))
    table = held.rows
    row, outcome, weight = (table[name].to_numpy() for name in ("row", "_outcome", "_weight"))
    fitted = Inferred(row, outcome, weight, table["_inferred"].to_numpy() == 1)
    scored = scored_models(space)
    assert scored is not None
    given, own, left_out = given_of(space, people, scored), [], []
    for name in tried:
        rows = fitted if name == method else rebuilt_rows(name, people, given)
        if rows is None:
            left_out.append(name.replace("_", " "))
            continue
        own.append({"method": name, **weights_of(people, rows, given.floor if name == "reweighting" else None)})
    stated = space.package.rows_of(WEIGHTS)
    if left_out:
        space.ledger.not_evaluable(f"{WEIGHTS}: {', '.join(left_out)}", "their rows are not in the package")
    if stated is None:
        space.ledger.not_evaluable(WEIGHTS, "the package holds no such table")
        return
    names = [row["method"] for row in stated]
    failed = [name.replace("_", " ") for name in tried if name not in names and name != method]
    if failed:
        space.ledger.not_evaluable(f"{WEIGHTS}: {', '.join(failed)}", "the package tells of no rows of it")
    expected = [name for name in tried if name == method or name in names]
    space.ledger.words(WEIGHTS, "methods", names, expected, "method", [WEIGHTS])
    known = {row["method"]: row for row in stated}
    mine = [row for row in own if row["method"] in known]
    labels = [row["method"] for row in mine]
    for column, rule in WEIGHT_RULES.items():
        told = [known[name][column] for name in labels]
        space.ledger.numbers(WEIGHTS, column, rule, told, [_plain(row[column]) for row in mine], labels, [WEIGHTS])


def weights_of(people: Applicants, rows: Inferred, floor: float | None) -> dict[str, Any]:
    """What the table of weights says of the rows of a method; floor: of acceptance, where weights are its inverse."""
    number = {int(row): k for k, row in enumerate(people.row.tolist())}
    known = ~rows.inferred
    place = np.array([number[int(row)] for row in rows.row[known].tolist()], dtype=np.int64)
    weight, sampling = rows.weight[known], people.weight[place]
    factor, supposed = weight / sampling, rows.weight[rows.inferred]
    effective = float(np.sum(weight)) ** 2 / float(np.sum(weight**2))
    found: dict[str, Any] = {
        "rows": len(rows),
        "known_rows": len(weight),
        "inferred_rows": len(supposed),
        "known_weight": float(np.sum(weight)),
        "inferred_weight": float(np.sum(supposed)),
        "inferred_bad_rate": None,
        "trimmed_rows": None,
        "trimmed_share": None,
        "effective_rows": effective,
        "effective_share": effective / len(weight),
    }
    if len(supposed):
        found["inferred_bad_rate"] = float(supposed @ rows.outcome[rows.inferred]) / float(np.sum(supposed))
    if floor is not None:
        low = people.acceptance[place] < floor
        found |= {"trimmed_rows": int(np.sum(low)), "trimmed_share": float(np.sum(sampling[low]) / np.sum(sampling))}
    return found | {name: float(np.quantile(factor, share)) for name, share in QUANTILES.items()}
