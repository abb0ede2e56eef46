"""Methods side by side, made again: each method's model fitted on its rows and judged on applicants held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons.reject_inference import AREA, given_of, learned_of, settings_of
from validation.comparisons.reject_tables import compare_table
from validation.rebuild import prudence
from validation.rebuild import reject_methods as rebuilt
from validation.rebuild.applicants import Applicants, Scored, applicants_of, scored_models
from validation.rebuild.reject_inference import Inferred, prudent, rebuilt_rows
from validation.rebuild.reject_methods import Tried
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Scorecard, scorecard_of

COMPARISON, KICKOUT = f"{AREA}.comparison", f"{AREA}.kickout"
EVALUATION = f"{AREA}.applicant_evaluation"
HELD_OUT, NONE = "out_of_sample", "none"
DRAWS = 100
KNOWN_RULES = {
    **dict.fromkeys(("rows", "bad"), "rows"),
    **dict.fromkeys(
        (
            *("auc", "auc_lower", "auc_upper", "gini", "brier", "reweighted_auc", "reweighted_auc_lower"),
            *("reweighted_auc_upper", "reweighted_gini", "reweighted_brier", "mean_probability", "known_bad_rate"),
            *("approved_bad_rate", "rank_correlation", "changed_decisions", "largest_shift"),
        ),
        "method",
    ),
}
KICKOUT_RULES = dict.fromkeys(
    (
        *("approved", "selected_good", "selected_bad", "kicked_out_good", "kicked_out_bad", "kickout", "swapped"),
        *("swapped_in_bad_rate", "swapped_out_bad_rate"),
    ),
    "method",
)
LEARNED = f"{AREA}.self_learning"
LEARNED_RULES = {
    **dict.fromkeys(("sampled", "labelled_bad", "labelled_good", "left"), "rows"),
    **dict.fromkeys(("bad_from", "good_to", "bayesian_auc", "lower", "upper"), "method"),
}
MEANS = {"auc": 1.0, "gini": 2.0}


def compare_methods(space: Workspace) -> None:
    """Compare the tables of methods with our own fits; methods whose rows cannot be repeated are told."""
    held, every, scored = space.package.reject_inference, applicants_of(space), scored_models(space)
    card = None if held is None else scorecard_of(held.known_outcomes)
    if held is None or every is None or scored is None or card is None:
        return
    people = every.of(HELD_OUT)
    if space.package.rows_of(COMPARISON) is None or not len(people):
        space.ledger.not_evaluable(COMPARISON, "the package holds no such table, or no applicants are held out")
        return
    models, left = _models(space, every.of(DEVELOPMENT), people, scored, card)
    if left:
        space.ledger.not_evaluable(f"{COMPARISON}: {', '.join(left)}", "rows that are not in the package")
    _compare_comparison(space, people, models, card, left)
    _compare_kickout(space, people, models)
    _compare_evaluation(space, people, models)


def _models(
    space: Workspace, first: Applicants, people: Applicants, scored: Scored, card: Scorecard
) -> tuple[dict[str, Tried], list[str]]:
    """The model of each method by name, accepted-only first; and the methods that could not be fitted."""
    spec, held = settings_of(space), space.package.reject_inference
    assert held is not None
    method = str(spec.get("method", NONE))
    values = [scored.known_outcomes[term.classing["output_woe"]].data for term in card.terms]
    woe = np.column_stack(values)
    given = given_of(space, first, scored)
    row, outcome, weight = (held.rows[name].to_numpy() for name in ("row", "_outcome", "_weight"))
    own = Inferred(row, outcome, weight, held.rows["_inferred"].to_numpy() == 1)
    models, left = {}, []
    for name in dict.fromkeys([NONE, method, *(spec.get("compare") or ())]):
        rows = own if name == method else rebuilt_rows(name, first, given)
        if rows is None:
            left.append(name)
            continue
        models[name] = rebuilt.tried(rows, woe, woe[people.row])
    return models, left


def _compare_comparison(
    space: Workspace, people: Applicants, models: Mapping[str, Tried], card: Scorecard, left: list[str]
) -> None:
    floor, known = given_floor(space), people.known
    terms = ["intercept", *(term.characteristic for term in card.terms)]
    base = models[NONE]
    named = {name: dict(zip(terms, one.coefficient.tolist(), strict=True)) for name, one in models.items()}
    table = space.package.rows_of(COMPARISON) or []
    own = []
    for name, one in models.items():
        row: dict[str, Any] = {"method": name, "rows": int(np.sum(known)), "bad": int(np.sum(people.outcome[known]))}
        row |= rebuilt.known_measures(people, one.probability, floor, space.confidence)
        row |= rebuilt.decisions(people, one.probability, base.probability)
        own.append(row | {"largest_shift": rebuilt.largest_shift(named[name], named[NONE])})
    told = {row["method"] for row in table}
    own = [row for row in own if row["method"] in told or row["method"] == NONE]
    missing = [row for row in table if row["method"] in left]
    blank = [{**dict.fromkeys(KNOWN_RULES), **{key: row[key] for key in ("method", *KNOWN_RULES)}} for row in missing]
    compare_table(space, COMPARISON, ("method",), [*own, *blank], KNOWN_RULES)
    risks = {name: models[name].probability for name in models if name in told}
    _compare_drawn(space, people, risks, {row["method"]: row for row in table})


def compare_self_learning(space: Workspace) -> None:
    """Compare the rounds of self-learning with our own, where the plan tries it."""
    every, scored = applicants_of(space), scored_models(space)
    table = space.package.rows_of(LEARNED)
    if every is None or scored is None or table is None:
        return
    learned = learned_of(space, every.of(DEVELOPMENT), scored)
    if learned is None:
        space.ledger.not_evaluable(LEARNED, "the labels could not be learned again")
        return
    ends = {"bad_from": learned.bad_from, "good_to": learned.good_to}
    own = [
        {
            "round": number,
            "sampled": one.taken,
            "labelled_bad": one.bad,
            "labelled_good": one.good,
            "left": one.left,
            "bayesian_auc": float(np.mean(one.areas)),
            "lower": float(np.quantile(one.areas, 0.025)),
            "upper": float(np.quantile(one.areas, 0.975)),
            **ends,
        }
        for number, one in enumerate(learned.rounds)
    ]
    compare_table(space, LEARNED, ("round",), own, LEARNED_RULES)


def given_floor(space: Workspace) -> float:
    """Least probability of acceptance that is inverted, as the plan says."""
    return float((settings_of(space).get("acceptance") or {}).get("floor", 0.02))


def _compare_drawn(
    space: Workspace, people: Applicants, risks: Mapping[str, np.ndarray], stated: Mapping[str, Mapping[str, Any]]
) -> None:
    """Bayesian AUC: its mean within Monte-Carlo error of ours, its interval as wide as that of our own draws."""
    drawn = rebuilt.drawn_areas(people, risks, people.probability, DRAWS)
    names = list(risks)
    spread = [float(np.std(drawn[name], ddof=1)) for name in names]
    means = [stated[name]["bayesian_auc"] for name in names]
    _within(space, COMPARISON, "bayesian_auc", means, [float(np.mean(drawn[name])) for name in names], spread, names)
    for column, share in (("bayesian_auc_lower", 0.5 - space.confidence / 2), ("bayesian_auc_upper", None)):
        q = 0.5 + space.confidence / 2 if share is None else share
        mine = [float(np.quantile(drawn[name], q)) for name in names]
        told = [stated[name][column] for name in names]
        _within(space, COMPARISON, column, told, mine, [4.0 * one for one in spread], names)


def _within(
    space: Workspace,
    area: str,
    quantity: str,
    developer: list[Any],
    validator: list[float],
    spread: list[float],
    labels: list[str],
) -> None:
    """Compare means of draws in their Monte-Carlo errors, both sides drawn DRAWS times."""
    scale = [max(one, 1e-9) * np.sqrt(2.0 / DRAWS) for one in spread]
    told = [None if d is None else (d - v) / s for d, v, s in zip(developer, validator, scale, strict=True)]
    space.ledger.numbers(area, quantity, "draws", told, [0.0] * len(told), labels, [area])


def _compare_kickout(space: Workspace, people: Applicants, models: Mapping[str, Tried]) -> None:
    table = space.package.rows_of(KICKOUT)
    if table is None:
        space.ledger.not_evaluable(KICKOUT, "the package holds no such table")
        return
    base = models[NONE].probability
    told = {row["candidate"] for row in table}
    own = [
        {"base": NONE, "candidate": name, **rebuilt.kickout(people, base, one.probability)}
        for name, one in models.items()
        if name in told
    ]
    rest = [row for row in table if row["candidate"] not in models]
    compare_table(space, KICKOUT, ("base", "candidate"), [*own, *rest], KICKOUT_RULES)


def _compare_evaluation(space: Workspace, people: Applicants, models: Mapping[str, Tried]) -> None:
    """AUC and Gini under each factor: means over draws within Monte-Carlo error of the expectation."""
    table = space.package.rows_of(EVALUATION)
    if table is None:
        space.ledger.not_evaluable(EVALUATION, "the package holds no such table")
        return
    rows = [row for row in table if row["model"] in models and row["measure"] in MEANS]
    for factor in dict.fromkeys(row["prudence"] for row in rows):
        prior = np.where(people.rejected, prudent(people.probability, float(factor)), people.probability)
        risks = {name: one.probability for name, one in models.items()}
        drawn = rebuilt.drawn_areas(people, risks, prior, DRAWS)
        some = [row for row in rows if row["prudence"] == factor]
        scales = [MEANS[row["measure"]] for row in some]
        own = [scale * drawn[row["model"]] - (scale - 1.0) for row, scale in zip(some, scales, strict=True)]
        spread = [float(np.std(values, ddof=1)) for values in own]
        labels = [f"{row['model']} {row['measure']} {factor:g}" for row in some]
        told, mine = [row["estimate"] for row in some], [float(np.mean(values)) for values in own]
        _within(space, EVALUATION, "estimate", told, mine, spread, labels)
        ratio = [row["standard_deviation"] / one for row, one in zip(some, spread, strict=True)]
        space.ledger.numbers(EVALUATION, "standard_deviation", "drawn_spread", ratio, [1.0] * len(ratio), labels)
    others = sorted({str(row["measure"]) for row in table} - {*MEANS, "bad_rate_approved"})
    if others:
        space.ledger.not_evaluable(f"{EVALUATION}: {', '.join(others)}", "means over draws of which we repeat the AUC")
    _compare_approved(space, people, models, table)


def _compare_approved(
    space: Workspace, people: Applicants, models: Mapping[str, Tried], table: list[dict[str, Any]]
) -> None:
    """Bad rate of the approved, whose expectation is exact."""
    rows = [row for row in table if row["measure"] == "bad_rate_approved" and row["model"] in models]
    developer, own, spread, labels = [], [], [], []
    for row in rows:
        factor, share = float(row["prudence"]), float(row["approved"])
        parts = people.weight * prudence.least_risky(models[row["model"]].probability, people.weight, share)
        own.append(prudence.rate(parts, prudence.at_factor(people, factor)))
        developer.append(row["estimate"])
        spread.append(float(row["standard_deviation"]))
        labels.append(f"{row['model']} {factor:g}")
    _within(space, EVALUATION, "bad_rate_approved", developer, own, spread, labels)
