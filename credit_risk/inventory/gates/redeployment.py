"""A version against the live one, by the rules of redeployment that its plan states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import ScoringError
from credit_risk.package.reader import Package
from credit_risk.scoring import compile_model
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.comparison import compared_ranking
from credit_risk.strategy.redeployment import Rules, redeployment
from credit_risk.strategy.redeployment_measures import JudgedRows, redeployment_measures

Json = Any
DEVELOPMENT = "development"
NO_RULES = "the plan states no rules of redeployment (strategy.redeployment)"
NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True)
class Comparison:
    """outcome: auto_accept, manual_review, reject or not_evaluable; reason in words; rules: each condition with value
    and limit."""

    previous_hash: str
    sample: str | None
    outcome: str
    reason: str
    rules: tuple[Mapping[str, Json], ...] = ()

    def as_evidence(self) -> dict[str, Json]:
        """As the inventory keeps it with the version."""
        told = {"previous_hash": self.previous_hash, "sample": self.sample, "outcome": self.outcome}
        return {**told, "reason": self.reason, "rules": [dict(one) for one in self.rules]}


def compare_versions(package: Package, previous: Package) -> Comparison:
    """Hold a package against that of the live version, on the rows of its own sample that its plan names.

    Both models score the same rows of the new package's snapshot; the differences in AUC are paired, the rest is told
    of the new model. Not evaluable: no rules, no snapshot, inputs of the live model that the snapshot lacks, rows that
    it cannot score, a sample without both outcomes, an outcome that is not binary.
    """
    spec = (package.plan.get("strategy") or {}).get("redeployment")
    if spec is None:
        return _none(previous, None, NO_RULES)
    sample = str(spec["sample"])
    try:
        rows = _rows(package, previous, sample)
    except _NotEvaluableError as error:
        return _none(previous, sample, str(error))
    measures: dict[str, float | None] = {**rows.bounds()}
    measures |= redeployment_measures(rows.first, rows.here, int(package.plan["evaluation"]["bands"]))
    limits = [{k: v for k, v in spec[name].items() if v is not None} for name in ("auto_accept", "reject")]
    told = redeployment(measures, Rules(limits[0], limits[1], spec["accepts_only"]), on_accepts=rows.on_accepts)
    outcome, reason = str(told[-1]["condition"]).split(": ", 1)
    return Comparison(previous.package_hash, sample, outcome, reason, tuple(told[:-1]))


class _NotEvaluableError(Exception):
    """Why two versions cannot be compared."""


@dataclass(frozen=True, slots=True)
class _Rows:
    first: JudgedRows
    here: JudgedRows
    live: Applicants
    confidence: float
    on_accepts: bool

    def bounds(self) -> dict[str, float | None]:
        found = compared_ranking(self.live, self.here.score, self.confidence)
        return {f"auc_difference_{end}": float(str(found[f"auc_{end}"])) for end in ("lower", "upper")}


def _rows(package: Package, previous: Package, sample: str) -> _Rows:
    if package.model["outcome"]["type"] != "binary" or previous.model["outcome"]["type"] != "binary":
        raise _NotEvaluableError("the rules of redeployment are of binary outcomes")
    if not package.manifest["snapshot"]["included"]:
        raise _NotEvaluableError("the data do not travel with the package")
    frame = package.snapshot()
    names = [item["name"] for item in previous.model["inputs"]]
    lacking = [name for name in names if name not in frame]
    if lacking:
        raise _NotEvaluableError(f"the snapshot lacks inputs of the live version: {', '.join(lacking)}")
    inside = _known(frame, sample)
    if len(np.unique(frame.loc[inside, "_outcome"])) < 2:
        raise _NotEvaluableError(f"{sample.replace('_', ' ')} has no rows of both outcomes")
    scored = frame.loc[inside]
    try:
        live = compile_model(previous.model).score(scored[names].reset_index(drop=True))["score"].to_numpy(float)
    except ScoringError as error:
        raise _NotEvaluableError(f"the live version cannot score these rows: {error.faults[0].message}") from error
    weights = _weights(scored)
    if np.ptp(live) == 0:
        raise _NotEvaluableError("the live version gives these rows one and the same score")
    status = frame["_status"].to_numpy(object) if "_status" in frame else np.array([], object)
    return _Rows(
        _judged(package, frame, DEVELOPMENT, _known(frame, DEVELOPMENT)),
        _judged(package, frame, sample, inside),
        Applicants(live, scored["_outcome"].to_numpy(float), weights, clusters=_clusters(scored)),
        float(package.plan["evaluation"]["confidence"]),
        bool(np.any(status == "rejected")),
    )


def _judged(package: Package, frame: pd.DataFrame, sample: str, inside: np.ndarray) -> JudgedRows:
    """Outcomes of the snapshot beside the predictions of the package, by key."""
    held = frame.loc[inside]
    told = package.predictions(sample).set_index("_key").loc[held["_key"].to_numpy()]
    score, probability = (told[name].to_numpy(float) for name in ("score", "probability"))
    return JudgedRows(score, probability, held["_outcome"].to_numpy(float), _weights(held))


def _known(frame: pd.DataFrame, sample: str) -> np.ndarray:
    outcome = frame["_outcome"].to_numpy(float)
    return np.asarray((frame["_sample"].to_numpy(object) == sample) & np.isfinite(outcome), bool)


def _weights(frame: pd.DataFrame) -> np.ndarray | None:
    weights = frame["_weight"].to_numpy(float) if "_weight" in frame else None
    return None if weights is None or bool(np.all(weights == 1.0)) else weights


def _clusters(frame: pd.DataFrame) -> np.ndarray | None:
    """Clusters as whole numbers, a row without one by itself; None where there are none."""
    if "_cluster" not in frame or frame["_cluster"].isna().all():
        return None
    codes, names = pd.factorize(frame["_cluster"])
    alone = codes < 0
    codes[alone] = len(names) + np.arange(int(alone.sum()))
    return codes


def _none(previous: Package, sample: str | None, reason: str) -> Comparison:
    return Comparison(previous.package_hash, sample, NOT_EVALUABLE, reason)
