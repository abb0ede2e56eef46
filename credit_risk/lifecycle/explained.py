"""Evidence on what each candidate makes of its characteristics: Shapley values against approved applicants.

Of a generalised linear model they are on the scale of its link, against all development rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.binning.mean_table import MeanTable
from credit_risk.binning.table import BinningTable
from credit_risk.explanation import summary
from credit_risk.explanation.reference import systematic_rows
from credit_risk.explanation.shapley import Attribution, linear_shapley, tree_interactions, tree_shapley
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.candidates.training import Grown, Stage
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored, with_classing
from credit_risk.plan import Plan
from credit_risk.sampling.periods import period_labels
from credit_risk.scaling.points import points_name
from credit_risk.scoring.expressions import references

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Tables = Mapping[str, BinningTable | MeanTable]
INTERACTION_ROWS = 500
INTERACTIONS = "explanation.interaction.{model}"
IDS = (
    "explanation.importance.{model}",
    "explanation.importance_figure.{model}",
    "explanation.dependence.{model}",
    "explanation.dependence_figure.{model}",
    INTERACTIONS,
    "explanation.stability.{model}",
)
SNAPSHOT = "data/snapshot.parquet"
GIVEN = (
    "the offset and the logarithm of the exposure of a generalised linear model are given and not attributed: base and "
    "attributions add up to the linear score less these, and the mean linear score is told less these too"
)
LINKS = {"log": "natural logarithm", "logit": "log-odds", "probit": "probit"}
ADDITIVE = "the linear score is a sum over characteristics, so that none interacts with another"


@dataclass(frozen=True, slots=True)
class Explained:
    """A candidate's attributions over the rows of all samples, development first in nothing but name.

    inside: the rows (n,) that stand in a sample; values over those; background: development rows among them that they
    are held against, `applicants` in words; weights over those inside; scale: of the attributions, in words where it is
    not log-odds of bad.
    """

    attribution: Attribution
    inside: Mask
    development: Mask
    background: Mask
    applicants: str
    weights: Floats
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What is explained by itself: a candidate, or the scorecard of a segment, whose rows alone then have a sample.

    tables: classing of the plan with that of its own; segment: its name, or nothing.
    """

    candidate: Candidate
    tables: Tables
    scored: Scored
    segment: str = ""


def explanation_evidence(
    plan: Plan,
    tables: Tables,
    candidates: Sequence[Candidate],
    scored: Scored,
    frame: pd.DataFrame,
    weights: Floats,
) -> list[Evidence]:
    """Background, importance, dependence, interaction, stability of every candidate. tables: classing of the plan.

    frame, weights: all rows (n,).
    """
    found: list[Evidence] = []
    backgrounds: list[dict[str, object]] = []
    for candidate in candidates:
        file = "model.json" if candidate.id == plan.champion.id else f"challengers/{candidate.id}/model.json"
        parts = _parts(tables, candidate, scored, frame)
        if candidate.divided is not None or not parts:
            keys = ", ".join(part.candidate.id for part in parts)
            other = f"a {candidate.type} is neither a scorecard nor trees, which are explained exactly"
            reason = f"the scorecard of each segment is explained by itself: {keys}" if parts else other
            found += [absent(i, "not_applicable", reason, parameter=candidate.id) for i in IDS]
        for part in parts:
            explained = explain(plan, part.candidate, part.scored, frame, weights)
            if part.segment:
                explained = replace(explained, applicants=f"{explained.applicants} of the segment {part.segment}")
            groups = _groups(plan, part.scored, frame, explained)
            found += _evidence(part.tables, part.candidate, explained, part.scored, groups, file)
            found.append(_interactions(part.candidate, explained, frame, file))
            backgrounds += _backgrounds(part.candidate, explained)
    if not backgrounds:
        reason = "no candidate is a scorecard, trees or a generalised linear model"
        return [absent("explanation.background", "not_applicable", reason), *found]
    notes = (GIVEN,) if any(c.glm is not None and _score_step(c)["offset"] is not None for c in candidates) else ()
    return [table("explanation.background", pd.DataFrame(backgrounds), inputs=(SNAPSHOT,), notes=notes), *found]


def _parts(tables: Tables, candidate: Candidate, scored: Scored, frame: pd.DataFrame) -> list[Part]:
    """The candidate itself, or the scorecard of each of its segments with the rows of the segment; none of another."""
    if candidate.divided is None:
        if candidate.grown is None and candidate.points is None and candidate.glm is None:
            return []
        own = {**tables, **(candidate.tables or {})}
        return [Part(candidate, own, with_classing(scored, candidate.tables, frame))]
    segment = np.asarray(candidate.compiled.values(frame)[candidate.divided.value], dtype=object)
    parts = []
    for card in candidate.divided.cards:
        own = {name: card.training.tables[name] for name in card.candidate.characteristics}
        classed = with_classing(scored, own, frame)
        sample = scored.sample.copy()
        sample[segment != card.name] = None
        predictions = {card.key: scored.predictions[candidate.id]}
        mine = replace(classed, sample=sample, predictions=predictions)
        parts.append(Part(card.candidate, card.training.tables, mine, card.name))
    return parts


def explain(plan: Plan, candidate: Candidate, scored: Scored, frame: pd.DataFrame, weights: Floats) -> Explained:
    """Attributions of a scorecard or of trees in log-odds of bad, against approved development applicants.

    Approved are those at or above the plan's cut-off; where it declares none, or nobody reaches it, all are taken.
    Those of a generalised linear model are on the scale of its link, against all of development.
    """
    inside = pd.notna(scored.sample)
    development = (scored.sample == DEVELOPMENT)[inside]
    weights = np.asarray(weights, dtype=np.float64)[inside]
    values = candidate.compiled.values(frame.loc[inside])
    if candidate.glm is not None:
        attribution = _generalised(candidate, values, development, weights)
        rows, scale = "all development rows", _scale(plan, candidate)
        return Explained(attribution, inside, development, development, rows, weights, scale)
    score = scored.predictions[candidate.id]["score"].to_numpy(float)[inside]
    background, applicants = development, "all development applicants"
    cut_off = plan.strategy.cut_off
    if cut_off is not None and (development & (score >= cut_off)).any():
        background = development & (score >= cut_off)
        applicants = f"development applicants who score at or above {cut_off:g}"
    if candidate.tables is not None:
        attribution = _points(candidate, values, background, weights)
    else:
        parts = [_attribution(candidate, stage, values, background, weights) for stage in candidate.parts]
        attribution = _together(parts)
    return Explained(attribution, inside, development, background, applicants, weights)


def _together(parts: Sequence[Attribution]) -> Attribution:
    """The stages added up: a characteristic has what each of them gives it."""
    if len(parts) == 1:
        return parts[0]
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    place = {name: k for k, name in enumerate(names)}
    values = np.zeros((len(parts[0].values), len(names)))
    for part in parts:
        values[:, [place[name] for name in part.names]] += part.values
    return Attribution(names, values, sum(part.base for part in parts), parts[0].method)


def _attribution(
    candidate: Candidate, stage: Stage, values: Mapping[str, NDArray[np.float64]], background: Mask, weights: Floats
) -> Attribution:
    """What one stage adds to the log-odds."""
    if stage.grown is None:
        return _linear(candidate, stage, values, background, weights)
    matrix = stage.grown.matrix(values)
    return tree_shapley(stage.grown.trees, _players(stage.grown), matrix, matrix[background], weights[background])


def _players(grown: Grown) -> dict[str, list[int]]:
    place = {name: k for k, name in enumerate(grown.trees["features"])}
    return {name: [place[feature] for feature in own] for name, own in grown.features.items()}


def _points(
    candidate: Candidate, values: Mapping[str, NDArray[np.float64]], background: Mask, weights: Floats
) -> Attribution:
    """Of points given by hand: each characteristic adds −slope·points/factor to the log-odds of bad."""
    card, steps = candidate.points, candidate.model["steps"]
    assert card is not None
    names, factor = list(card.points), card.scaling.factor
    own = (s for s in steps if s["type"] == "calibrate" and s["output"] == candidate.unrounded)
    calibration = next(own, {"slope": 1.0, "intercept": 0.0})
    slope = float(calibration["slope"])
    points = np.column_stack([values[points_name(name)] for name in names])
    mean = weights[background] @ points[background] / weights[background].sum()
    intercept = slope * (card.scaling.offset - card.base_points) / factor + float(calibration["intercept"])
    return linear_shapley(names, intercept, np.full(len(names), -slope / factor), points, mean)


def _generalised(
    candidate: Candidate, values: Mapping[str, NDArray[np.float64]], background: Mask, weights: Floats
) -> Attribution:
    """Of a generalised linear model: what the terms of a characteristic add to the linear score less its offset."""
    steps, step = candidate.model["steps"], _score_step(candidate)
    inputs = [term["input"] for term in step["terms"]]
    owner = {s["output_woe"]: s["input"] for s in steps if s["type"] == "classing"}
    raw = [s for s in steps if s["type"] == "derive" and s["output"] in inputs]
    owner |= {s["output"]: references(s["expression"])[0] for s in raw}
    terms = np.column_stack([values[name] for name in inputs])
    mean = weights[background] @ terms[background] / weights[background].sum()
    coefficients = np.array([term["coefficient"] for term in step["terms"]])
    one = linear_shapley(inputs, float(step["intercept"]), coefficients, terms, mean)
    summed = {name: np.zeros(len(terms)) for name in candidate.characteristics}
    for name, column in zip(inputs, one.values.T, strict=True):
        summed[owner[name]] += column
    return Attribution(tuple(summed), np.column_stack(list(summed.values())), one.base, one.method)


def _score_step(candidate: Candidate) -> dict[str, Any]:
    """The linear step of a generalised linear model."""
    steps = candidate.model["steps"]
    return next(s for s in steps if s["type"] == "linear" and s["output"] == candidate.unrounded)


def _scale(plan: Plan, candidate: Candidate) -> str:
    """The scale of the attributions of a generalised linear model, in words."""
    assert candidate.glm is not None
    outcome = plan.outcome
    per = f" per unit of {outcome.exposure}" if outcome.type == "amount" and outcome.exposure is not None else ""
    return f"on the scale of the link: {LINKS[candidate.glm.family.link.name]} of the expected {outcome.type}{per}"


def _linear(
    candidate: Candidate, stage: Stage, values: Mapping[str, NDArray[np.float64]], background: Mask, weights: Floats
) -> Attribution:
    steps = candidate.model["steps"]
    step = next(s for s in steps if s["type"] == "linear" and s["output"] == stage.linear)
    classed = {s["output_woe"]: s["input"] for s in steps if s["type"] == "classing"}
    names = [classed.get(term["input"], term["input"]) for term in step["terms"]]
    terms = np.column_stack([values[term["input"]] for term in step["terms"]])
    mean = weights[background] @ terms[background] / weights[background].sum()
    coefficients = np.array([term["coefficient"] for term in step["terms"]])
    return linear_shapley(names, float(step["intercept"]), coefficients, terms, mean)


def _groups(plan: Plan, scored: Scored, frame: pd.DataFrame, explained: Explained) -> dict[tuple[str, str], Mask]:
    """Rows of every sample, development first, and of every year of their observation point or date, where dated."""
    sample = scored.sample[explained.inside]
    groups = {("sample", name): sample == name for name in scored.samples}
    point = plan.time_column
    date = point if point in frame.columns and not pd.api.types.is_numeric_dtype(frame[point]) else plan.data.date
    if date in frame.columns:
        years = period_labels(frame[date][explained.inside], "year")
        groups |= {("year", year): years == year for year in sorted({y for y in years if y is not None})}
    return groups


def _evidence(
    tables: Tables,
    candidate: Candidate,
    explained: Explained,
    scored: Scored,
    groups: Mapping[tuple[str, str], Mask],
    file: str,
) -> list[Evidence]:
    names, rows = explained.attribution.names, explained.development
    values, weights = explained.attribution.values[rows], explained.weights[rows]
    importance = summary.importance_frame(names, values, weights)
    classed = [name for name in names if name in tables]  # not the column of a first stage
    bins = {name: scored.bin_ids[name][explained.inside][rows] for name in classed}
    labels = {name: [b.label for b in tables[name].bins] for name in classed}
    places = [names.index(name) for name in classed]
    dependence = summary.dependence_frame(classed, values[:, places], weights, bins, labels)
    intervals = {
        name: [k for k, b in enumerate(tables[name].bins) if b.kind == "interval"]
        for name in classed
        if tables[name].kind == "numeric"
    }
    lines = summary.dependence_lines(dependence, intervals, importance["characteristic"].tolist())
    shown = importance[["characteristic", "mean_absolute", "share"]].head(summary.SHOWN)
    stability = summary.stability_frame(names, explained.attribution.values, explained.weights, groups)
    note = f"{explained.attribution.method}, against {explained.applicants}"
    notes = (note, explained.scale) if explained.scale else (note,)

    def made(identifier: str, rows: pd.DataFrame, chart: dict[str, object] | None = None) -> Evidence:
        if chart is not None and explained.scale:
            chart = chart | {"y_title": str(chart["y_title"]).split(" (")[0] + " (linear score)"}
        return table(identifier, rows, parameter=candidate.id, inputs=(file, SNAPSHOT), notes=notes, chart=chart)

    figure = "explanation.dependence_figure.{model}"
    return [
        made("explanation.importance.{model}", importance),
        made("explanation.importance_figure.{model}", shown, summary.IMPORTANCE_CHART),
        made("explanation.dependence.{model}", dependence),
        made(figure, lines, summary.DEPENDENCE_CHART)
        if len(lines)
        else absent(figure, "not_applicable", "no number has two bins of values", parameter=candidate.id),
        made("explanation.stability.{model}", stability),
    ]


def _interactions(candidate: Candidate, explained: Explained, frame: pd.DataFrame, file: str) -> Evidence:
    """Interactions of evenly spaced development rows; a scorecard has none."""
    grown = [stage.grown for stage in candidate.parts if stage.grown is not None]
    if not grown:
        return absent(INTERACTIONS, "not_applicable", ADDITIVE, parameter=candidate.id)
    values = candidate.compiled.values(frame.loc[explained.inside])
    margin = np.asarray(values[candidate.unrounded], dtype=np.float64)
    rows, weights = np.flatnonzero(explained.development), explained.weights
    places, _ = systematic_rows(margin[rows], weights[rows], INTERACTION_ROWS)
    background, names = explained.background, explained.attribution.names
    found = np.zeros((len(places), len(names), len(names)))
    for one in grown:
        matrix, players = one.matrix(values), _players(one)
        where = [names.index(name) for name in players]
        found[np.ix_(range(len(places)), where, where)] += tree_interactions(
            one.trees, players, matrix[rows][places], matrix[background], weights[background]
        )
    size = summary.mean_absolute(explained.attribution.values[rows], weights[rows])
    pairs = summary.interaction_frame(explained.attribution.names, found, float(size.sum()))
    note = f"mean over {len(places)} development applicants, evenly spaced along the linear score"
    return table(INTERACTIONS, pairs, parameter=candidate.id, inputs=(file, SNAPSHOT), notes=(note,))


def _backgrounds(candidate: Candidate, explained: Explained) -> list[dict[str, object]]:
    """What the explanations, and the reasons, of a candidate are held against."""
    count = int(explained.background.sum())
    margin = explained.attribution.margin()[explained.background]
    weights = explained.weights[explained.background]
    rows: list[dict[str, object]] = [
        {
            "model": candidate.id,
            "used_for": "explanations",
            "applicants": explained.applicants,
            "population": count,
            "rows": count,
            "base": explained.attribution.base,
            "mean_linear_score": float(weights @ margin / weights.sum()),
        }
    ]
    if candidate.reasons is not None:
        compared = candidate.reasons.compared
        rows.append(
            {
                "model": candidate.id,
                "used_for": "reasons",
                "applicants": compared.applicants,
                "population": compared.population,
                "rows": compared.used,
                "base": compared.base,
                "mean_linear_score": None,
            }
        )
    return rows
