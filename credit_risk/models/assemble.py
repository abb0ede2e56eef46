"""A fitted candidate as model.json: inputs, ordered steps, outputs (SPECIFICATION section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.binning.bins import Code, number_text
from credit_risk.binning.table import BinningTable, woe_name
from credit_risk.models.boosting import BoostingFit
from credit_risk.models.logistic import LogisticFit
from credit_risk.scaling.points import PointsTable, Scaling

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


def link_step(source: str) -> Step:
    """Probability of bad from log-odds."""
    return {"id": "probability", "type": "link", "function": "logit", "input": source, "output": "probability"}


def linear_step(fit: LogisticFit) -> Step:
    """The linear score, log-odds of bad, from weights of evidence."""
    coefficients = zip(fit.terms[1:], fit.coef[1:], strict=True)
    terms = [{"input": woe_name(name), "coefficient": float(b)} for name, b in coefficients]
    return {
        "id": "linear_score",
        "type": "linear",
        "intercept": fit.intercept,
        "offset": None,
        "terms": terms,
        "output": "linear_score",
    }


def scorecard_steps(
    fit: LogisticFit, tables: Mapping[str, BinningTable], points: PointsTable, *, probability_from: str
) -> list[Step]:
    """Classing of each characteristic, linear score, probability, points. Reasons are added by the caller."""
    classing = [tables[name].step() for name in fit.terms[1:]]
    if probability_from == "unrounded":
        return [*classing, linear_step(fit), link_step("linear_score"), points.step()]
    back = {
        "id": "linear_score_of_points",
        "type": "linear",
        "intercept": points.scaling.offset / points.scaling.factor,
        "offset": None,
        "terms": [{"input": "score", "coefficient": -1.0 / points.scaling.factor}],
        "output": "linear_score_of_points",
    }
    return [*classing, linear_step(fit), points.step(), back, link_step("linear_score_of_points")]


def boosting_steps(fit: BoostingFit, preparation: Sequence[Step], scaling: Scaling) -> list[Step]:
    """Preparation of features, trees, probability, score by the linear map of the margin."""
    scale = {
        "id": "score",
        "type": "scale",
        "form": "linear",
        "input": "linear_score",
        "factor": scaling.factor,
        "offset": scaling.offset,
        "rounding": scaling.rounding,
        "scaling": scaling.as_dict(),
        "output": "score",
    }
    return [*preparation, fit.step(), link_step("linear_score"), scale]


def value_name(characteristic: str) -> str:
    """Name of a numeric characteristic with its special codes taken out."""
    return f"value({characteristic})"


def special_name(characteristic: str, code: Code) -> str:
    """Name of the indicator of one special code."""
    return f"special({characteristic}, {number_text(code)})"


def boosting_features(tables: Mapping[str, BinningTable]) -> tuple[list[Step], list[str], list[int]]:
    """How each classed characteristic enters boosting: preparation steps, feature names, constraints on the bad rate.

    Numbers enter raw, constrained by the classing's trend; their special codes become missing, with an indicator for
    each code; categories enter as weights of evidence, constrained to lower the bad rate.
    """
    direction = {"ascending": 1, "descending": -1}
    steps: list[Step] = []
    features: list[str] = []
    constraints: list[int] = []
    for name, table in tables.items():
        if table.kind == "categorical":
            steps.append(table.step())
            features.append(woe_name(name))
            constraints.append(-1)
            continue
        codes = [code for b in table.bins for code in b.codes]
        features.append(value_name(name) if codes else name)
        constraints.append(direction.get(table.trend, 0))
        if codes:
            steps.append(_without_specials(name, codes))
            steps.extend(_indicator(name, code) for code in codes)
            features.extend(special_name(name, code) for code in codes)
            constraints.extend([0] * len(codes))
    return steps, features, constraints


def _without_specials(name: str, codes: Sequence[Code]) -> Step:
    is_code = {"op": "in", "args": [{"ref": name}, *({"const": code} for code in codes)]}
    expression = {"op": "if", "args": [is_code, {"const": None}, {"ref": name}]}
    return _derive(value_name(name), expression, f"{name}, missing where it holds a special code")


def _indicator(name: str, code: Code) -> Step:
    equal = {"op": "equal", "args": [{"ref": name}, {"const": code}]}
    expression = {"op": "if", "args": [equal, {"const": 1.0}, {"const": 0.0}]}
    return _derive(special_name(name, code), expression, f"1 where {name} holds the special code {number_text(code)}")


def _derive(output: str, expression: Step, description: str) -> Step:
    return {
        "id": output,
        "type": "derive",
        "output": output,
        "value_type": "number",
        "expression": expression,
        "description": description,
    }
