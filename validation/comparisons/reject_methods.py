"""Methods side by side, made again: each method's model fitted on its rows and judged on applicants held out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

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
OF_APPROVED = "bad_rate_approved"
RANKING, EXACT = ("auc", "gini", "ks"), ("brier", "log_loss", OF_APPROVED)
OURS, MOST = 400, 4_000_000
"""Our own draws, and the outcomes drawn in all that bound them; never fewer than the developer's."""


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
    draws = _draws(people)
    drawn = {name: one.area for name, one in rebuilt.drawn(people, risks, people.probability, draws).items()}
    names = list(risks)
    spread = [float(np.std(drawn[name], ddof=1)) for name in names]
    means = [stated[name]["bayesian_auc"] for name in names]
    own = [float(np.mean(drawn[name])) for name in names]
    _within(space, COMPARISON, "bayesian_auc", means, own, spread, names, draws)
    for column, share in (("bayesian_auc_lower", 0.5 - space.confidence / 2), ("bayesian_auc_upper", None)):
        q = 0.5 + space.confidence / 2 if share is None else share
        mine = [float(np.quantile(drawn[name], q)) for name in names]
        told = [stated[name][column] for name in names]
        _within(space, COMPARISON, column, told, mine, [4.0 * one for one in spread], names, draws)


def _draws(people: Applicants) -> int:
    return max(DRAWS, min(OURS, MOST // max(len(people), 1)))


def _within(
    space: Workspace,
    area: str,
    quantity: str,
    developer: list[Any],
    validator: list[float],
    spread: list[float],
    labels: list[str],
    draws: float,
) -> None:
    """Compare means of draws in their Monte-Carlo errors, drawn DRAWS times there and `draws` times here."""
    scale = [max(one, 1e-9) * np.sqrt(1.0 / DRAWS + 1.0 / draws) for one in spread]
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
    """Every measure under each factor within Monte-Carlo error: ranking of our own draws, losses of what is exact."""
    table = space.package.rows_of(EVALUATION)
    if table is None:
        space.ledger.not_evaluable(EVALUATION, "the package holds no such table")
        return
    _compare_measures(space, table, models)
    for factor in dict.fromkeys(row["prudence"] for row in table):
        some = [row for row in table if row["model"] in models and row["prudence"] == factor]
        prior = np.where(people.rejected, prudent(people.probability, float(factor)), people.probability)
        _compare_ranking(space, people, models, [row for row in some if row["measure"] in RANKING], prior)
        _compare_losses(space, people, models, [row for row in some if row["measure"] in EXACT], prior)


def _compare_measures(space: Workspace, table: list[dict[str, Any]], models: Mapping[str, Tried]) -> None:
    """Every model has every measure, under the factors of the plan, each over as many draws."""
    factors = [1.0, *(one for one in [float(settings_of(space).get("prudence", 1.0))] if one != 1.0)]
    mine = [(name, k, one) for k in factors for name in models for one in (*RANKING, *EXACT)]
    stated = [(row["model"], float(row["prudence"]), row["measure"]) for row in table if row["model"] in models]
    space.ledger.words(EVALUATION, "rows", sorted(map(list, stated)), sorted(map(list, mine)), "row", [EVALUATION])
    draws = [row["draws"] for row in table]
    space.ledger.numbers(EVALUATION, "draws", "rows", draws, [DRAWS] * len(draws), "row", [EVALUATION])


def _compare_ranking(
    space: Workspace, people: Applicants, models: Mapping[str, Tried], rows: list[dict[str, Any]], prior: np.ndarray
) -> None:
    draws = _draws(people)
    drawn = rebuilt.drawn(people, {name: one.probability for name, one in models.items()}, prior, draws)
    own = []
    for row in rows:
        one = drawn[row["model"]]
        own.append({"auc": one.area, "gini": 2.0 * one.area - 1.0, "ks": one.distance}[row["measure"]])
    spread = [float(np.std(values, ddof=1)) for values in own]
    means = [float(np.mean(values)) for values in own]
    ends = [[float(np.quantile(values, 0.5 + s * space.confidence / 2)) for values in own] for s in (-1.0, 1.0)]
    _compare_values(space, rows, means, spread, ends, draws)


def _compare_losses(
    space: Workspace, people: Applicants, models: Mapping[str, Tried], rows: list[dict[str, Any]], prior: np.ndarray
) -> None:
    """Means of sums of many independent outcomes, whose interval is normal; infinite ones are told as such."""
    share = float(np.sum(people.weight[people.accepted]) / np.sum(people.weight))
    exact = {}
    for name, one in models.items():
        parts = prudence.least_risky(one.probability, people.weight, share)
        exact[name] = rebuilt.expected_losses(people, one.probability, prior)
        exact[name][OF_APPROVED] = rebuilt.expected_rate(people, parts, prior)
    approved = [row["approved"] for row in rows if row["measure"] == OF_APPROVED]
    space.ledger.numbers(EVALUATION, "approved", "share", approved, [share] * len(approved), "row", [EVALUATION])
    finite = [row for row in rows if math.isfinite(exact[row["model"]][row["measure"]].mean)]
    if len(finite) < len(rows):
        space.ledger.not_evaluable(f"{EVALUATION}: log_loss", "a certain prediction is, or may be, wrong")
    own = [exact[row["model"]][row["measure"]] for row in finite]
    half = [float(special.ndtri(0.5 + space.confidence / 2)) * one.deviation for one in own]
    ends = [[one.mean + s * h for one, h in zip(own, half, strict=True)] for s in (-1.0, 1.0)]
    _compare_values(space, finite, [one.mean for one in own], [one.deviation for one in own], ends, math.inf)


def _compare_values(
    space: Workspace,
    rows: list[dict[str, Any]],
    means: list[float],
    spread: list[float],
    ends: list[list[float]],
    draws: float,
) -> None:
    """Estimates, deviations and bounds; a bound of a hundred draws is known to four times the error of their mean."""
    labels = [f"{row['model']} {row['measure']} {row['prudence']:g}" for row in rows]
    _within(space, EVALUATION, "estimate", [row["estimate"] for row in rows], means, spread, labels, draws)
    wide = [4.0 * one for one in spread]
    for column, values in zip(("lower", "upper"), ends, strict=True):
        _within(space, EVALUATION, column, [row[column] for row in rows], values, wide, labels, draws)
    told = [row["standard_deviation"] for row in rows]
    ratio = [None if d is None else d / one if one > 0 else 1.0 for d, one in zip(told, spread, strict=True)]
    space.ledger.numbers(EVALUATION, "standard_deviation", "drawn_spread", ratio, [1.0] * len(ratio), labels)
