"""A generalised linear model of a package: its steps found by reference, its choices as the plan and evidence state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from validation.measures.families import Family, family
from validation.rebuild.clusters import repeat
from validation.rebuild.covariance import KINDS
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

PARAMETERS = "glm.parameters"
USUAL_LINKS = {"tweedie": "log", "gamma": "log", "fractional": "logit", "beta": "logit"}


@dataclass(frozen=True, slots=True)
class Glm:
    """name: the candidate's in the plan; linear: the step of the linear predictor; family as the plan states it.

    terms: names of the values that it multiplies; stated: items of its parameters; spec: what the plan says of it.
    """

    model_id: str
    name: str
    linear: Mapping[str, Any]
    terms: tuple[str, ...]
    family: Family
    spec: Mapping[str, Any]
    stated: Mapping[str, str]

    @property
    def coefficients(self) -> np.ndarray:
        """The constant and the coefficients of model.json (k,)."""
        return np.array([self.linear["intercept"], *(term["coefficient"] for term in self.linear["terms"])])

    @property
    def confidence(self) -> float:
        """Level of the developer's intervals."""
        value = self.spec.get("confidence")
        return float(value) if isinstance(value, float) else 0.95


def glm_of(space: Workspace, model_id: str) -> Glm | None:
    """Return the generalised linear model of a model; None, and it is told, where it cannot be read as one."""
    model, name = space.package.models[model_id], space.package.candidate_ids[model_id]
    steps = [s for s in steps_of(model, "linear") if s["output"] == model["outputs"].get("linear_score")]
    specs = [s for s in space.package.plan.get("models") or [] if isinstance(s, dict) and s.get("id") == name]
    area = f"{PARAMETERS}.{name}"
    table = space.package.rows_of(area)
    if len(steps) != 1 or len(specs) != 1 or specs[0].get("type") != "glm" or table is None:
        space.ledger.not_evaluable(
            area, f"{model_id} is no generalised linear model with its settings in plan and evidence"
        )
        return None
    stated, spec = {row["item"]: row["value"] for row in table}, specs[0]
    try:
        power = float(stated["variance power"]) if "variance power" in stated else None
        found = family(str(spec.get("family")), spec.get("link") or USUAL_LINKS.get(str(spec.get("family")), ""), power)
    except ValueError as error:
        space.ledger.not_evaluable(area, str(error))
        return None
    terms = tuple(term["input"] for term in steps[0]["terms"])
    return Glm(model_id, name, steps[0], terms, found, spec, stated)


def covariance_kind(space: Workspace, glm: Glm) -> str:
    """Return the covariance that the plan means: auto is cluster where rows repeat, else hc1 for fractional."""
    declared = glm.spec.get("covariance", "auto")
    if declared in KINDS:
        return str(declared)
    if repeat(space.cluster[space.known(DEVELOPMENT)]):
        return "cluster"
    return "hc1" if glm.family.name == "fractional" else "nonrobust"


def outcome_of(space: Workspace, glm: Glm) -> np.ndarray:
    """Return the development outcomes as they are fitted, squeezed where the plan asks for it."""
    y = space.outcome[space.known(DEVELOPMENT)]
    if glm.spec.get("squeeze") == "smithson_verkuilen":
        return (y * (len(y) - 1.0) + 0.5) / len(y)
    return y


def design(space: Workspace, glm: Glm) -> tuple[np.ndarray, np.ndarray]:
    """Return ones and the terms (n, k), and the offset (n,), over the development rows, by our own scoring."""
    rows, scored = space.known(DEVELOPMENT), space.scored[glm.model_id]
    x = np.column_stack([np.ones(len(rows)), *(scored[name].data[rows] for name in glm.terms)])
    offset = glm.linear["offset"]
    return x, np.zeros(len(rows)) if offset is None else scored[offset].data[rows]


def exposure_of(space: Workspace) -> np.ndarray | None:
    """Return the exposure (n,) over the snapshot that the plan names, or None."""
    name = (space.package.plan.get("outcome") or {}).get("exposure")
    return space.frame[name].to_numpy(np.float64) if isinstance(name, str) and name in space.frame.columns else None


def amount_base(space: Workspace) -> np.ndarray:
    """Return the exposure of amounts (n,) over the snapshot; ones where there is none, and for fractions."""
    exposure = exposure_of(space) if space.package.outcome_type == "amount" else None
    return np.ones(len(space.frame)) if exposure is None else exposure
