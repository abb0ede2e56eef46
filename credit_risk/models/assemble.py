"""A fitted candidate as model.json: inputs, ordered steps, outputs (SPECIFICATION section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.binning.bins import Code
from credit_risk.binning.table import BinningTable, woe_name
from credit_risk.models.boosting import BoostingFit
from credit_risk.models.logistic import LogisticFit
from credit_risk.scaling.points import PointsTable, Scaling
from credit_risk.scoring.step_names import free_name

FORMAT_VERSION = "0.1"
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a model.json says of itself."""

    id: str
    name: str
    version: str
    probability_name: str
    event: str


@dataclass(frozen=True, slots=True)
class InputColumn:
    """One declared input: `number` or `string`, special codes with meaning, description."""

    name: str
    type: str
    specials: Mapping[Code, str]
    description: str

    def as_dict(self) -> Step:
        """As model.json holds it."""
        codes = [{"code": code, "meaning": meaning} for code, meaning in self.specials.items()]
        return {"name": self.name, "type": self.type, "specials": codes, "description": self.description}


@dataclass(frozen=True, slots=True)
class ValueNames:
    """Names in model.json of the values that a model publishes, and of the score turned back into log-odds."""

    linear_score: str
    linear_score_of_points: str
    probability: str
    score: str
    reasons: str
    expected_value: str


def value_names(taken: Iterable[str]) -> ValueNames:
    """The plain words, with `model_` before each that an input or derived characteristic (`taken`) bears already."""
    used = set(taken)
    return ValueNames(*(free_name(word, used) for word in ValueNames.__slots__))


PLAIN_NAMES = value_names(())


def document(
    identity: Identity, kind: str, inputs: Sequence[InputColumn], steps: Sequence[Step], outputs: Step
) -> Step:
    """The whole model.json."""
    model = {"id": identity.id, "name": identity.name, "version": identity.version, "type": kind}
    outcome = {"type": "binary", "probability_name": identity.probability_name, "event": identity.event}
    return {
        "format": "credit-risk-model",
        "format_version": FORMAT_VERSION,
        "model": model,
        "outcome": outcome,
        "inputs": [column.as_dict() for column in inputs],
        "steps": list(steps),
        "outputs": {"probability_name": identity.probability_name, "decision": [], **outputs},
    }


def derive_step(output: str, expression: Step, description: str) -> Step:
    """A number that an expression makes."""
    return {
        "id": output,
        "type": "derive",
        "output": output,
        "value_type": "number",
        "expression": expression,
        "description": description,
    }


def link_step(source: str, output: str) -> Step:
    """Probability of bad from log-odds."""
    return {"id": "probability", "type": "link", "function": "logit", "input": source, "output": output}


def linear_step(fit: LogisticFit, output: str, offset: str | None = None) -> Step:
    """The linear score, log-odds of bad, from weights of evidence, on top of the value named `offset`."""
    coefficients = zip(fit.terms[1:], fit.coef[1:], strict=True)
    terms = [{"input": woe_name(name), "coefficient": float(b)} for name, b in coefficients]
    return {
        "id": "linear_score",
        "type": "linear",
        "intercept": fit.intercept,
        "offset": offset,
        "terms": terms,
        "output": output,
    }


@dataclass(frozen=True, slots=True)
class Start:
    """Where a second stage starts: names of the values that hold the first stage's log-odds of bad and its score.

    stage_score: the name for the points of the second stage by itself.
    """

    linear: str
    score: str
    stage_score: str


def scorecard_steps(
    fit: LogisticFit,
    tables: Mapping[str, BinningTable],
    points: PointsTable,
    names: ValueNames = PLAIN_NAMES,
    *,
    probability_from: str,
    start: Start | None = None,
) -> list[Step]:
    """Classing of each characteristic, linear score, probability, points. Reasons are added by the caller.

    start: of a second stage, whose score is the sum of the first stage's and its own points.
    """
    classing = [tables[name].step() for name in fit.terms[1:]]
    linear = linear_step(fit, names.linear_score, None if start is None else start.linear)
    scale = [points.step(names.score)]
    if start is not None:
        own = {**points.step(start.stage_score), "id": "stage_score"}
        both = [start.score, start.stage_score]
        scale = [own, {"id": "score", "type": "sum", "inputs": both, "output": names.score}]
    if probability_from == "unrounded":
        return [*classing, linear, link_step(names.linear_score, names.probability), *scale]
    back = linear_score_of_points(points.scaling, names)
    return [*classing, linear, *scale, back, link_step(names.linear_score_of_points, names.probability)]


def linear_score_of_points(scaling: Scaling, names: ValueNames) -> Step:
    """The score turned back into log-odds, for a probability that follows the rounded points."""
    return {
        "id": "linear_score_of_points",
        "type": "linear",
        "intercept": scaling.offset / scaling.factor,
        "offset": None,
        "terms": [{"input": names.score, "coefficient": -1.0 / scaling.factor}],
        "output": names.linear_score_of_points,
    }


def score_step(scaling: Scaling, identifier: str, source: str, output: str) -> Step:
    """The score in points of a log-odds of bad, by the linear map."""
    return {
        "id": identifier,
        "type": "scale",
        "form": "linear",
        "input": source,
        "factor": scaling.factor,
        "offset": scaling.offset,
        "rounding": scaling.rounding,
        "scaling": scaling.as_dict(),
        "output": output,
    }


def boosting_steps(
    fit: BoostingFit,
    preparation: Sequence[Step],
    scaling: Scaling,
    names: ValueNames = PLAIN_NAMES,
    *,
    probability_from: str = "unrounded",
    offset: str | None = None,
) -> list[Step]:
    """Preparation of features, trees, probability, score by the linear map of the margin.

    offset: name of the log-odds that each row of a second stage starts from.
    """
    scale = score_step(scaling, "score", names.linear_score, names.score)
    trees = fit.step(names.linear_score, offset)
    if probability_from == "unrounded":
        return [*preparation, trees, link_step(names.linear_score, names.probability), scale]
    back = linear_score_of_points(scaling, names)
    return [*preparation, trees, scale, back, link_step(names.linear_score_of_points, names.probability)]
