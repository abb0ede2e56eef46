"""What candidates are fitted on, what a fitter is given, and what it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence
from credit_risk.binning.table import BinningTable
from credit_risk.explanation.reasons import ReasonCodes
from credit_risk.explanation.texts import ReasonWords
from credit_risk.models.assemble import Identity, InputColumn
from credit_risk.models.boosting import BoostingFit
from credit_risk.models.boosting_folds import silent
from credit_risk.models.glm import GlmFit
from credit_risk.models.logistic import LogisticFit
from credit_risk.models.rules import Rule
from credit_risk.models.spec import ModelSpec
from credit_risk.plan import Plan
from credit_risk.scaling.points import PointsTable, Scaling, points_name
from credit_risk.scoring import CompiledModel
from credit_risk.selection.waterfall import Selection

Floats = NDArray[np.float64]
SNAPSHOT = ("data/snapshot.parquet",)


class Classed(Protocol):
    """A classing of a characteristic, whatever the outcome."""

    def assign(self, values: Any) -> NDArray[np.int64]:
        """Bin ids (n,) of raw values (n,)."""


@dataclass(frozen=True, slots=True)
class Screens:
    """What is known of characteristics besides their classing, by name where it is known.

    suspicions: checks of the leakage screen that failed; expectation: upper bound of the AUC in the declared direction;
    psi, psi_over_time: greatest of any other sample, and of one period of development against the rest of it.
    """

    suspicions: Mapping[str, str] = field(default_factory=dict)
    expectation: Mapping[str, float] = field(default_factory=dict)
    psi: Mapping[str, float] = field(default_factory=dict)
    psi_over_time: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Training:
    """What candidates are fitted on. frame: (n, columns) of inputs, y and weights (n,), tables: classing of predictors.

    inputs: every column that a model may read; derive_steps: steps that make derived characteristics from them;
    overrides: rows of the manual changes of the classing; words: what applicants are told of each predictor;
    clusters (n,): whole numbers, equal where rows share an obligor, account or group, or None where no row names one;
    screens: what selection is told besides; rules: policy rules, which every candidate carries.
    """

    frame: pd.DataFrame
    y: Floats
    weights: Floats
    tables: Mapping[str, BinningTable]
    inputs: Mapping[str, InputColumn]
    derive_steps: Mapping[str, dict[str, Any]]
    scaling: Scaling
    words: Mapping[str, ReasonWords]
    overrides: tuple[dict[str, Any], ...] = ()
    clusters: NDArray[np.int64] | None = None
    screens: Screens = Screens()
    rules: tuple[Rule, ...] = ()

    def given_weights(self, column: str | None) -> Floats | None:
        """Weights (n,), or None where neither the plan (`column`) nor reject inference gives any."""
        return None if column is None and bool(np.all(self.weights == 1.0)) else self.weights


def own_training(training: Training, tables: Mapping[str, BinningTable] | None) -> Training:
    """`training` with the classing that a candidate has of its own, if any, in place of the plan's."""
    return training if tables is None else replace(training, tables={**training.tables, **tables})


@dataclass(frozen=True, slots=True)
class Grown:
    """A candidate of trees before its reasons: model.json, ready to score, and what its features are made of.

    features: by characteristic, the features that it decides; preparation: the steps that make them from
    characteristics; taken: names that no new value may bear.
    """

    model: Mapping[str, Any]
    compiled: CompiledModel
    unrounded: str
    features: Mapping[str, tuple[str, ...]]
    preparation: Sequence[dict[str, Any]]
    taken: set[str]

    @property
    def trees(self) -> dict[str, Any]:
        """The trees that give the linear score."""
        found = (s for s in self.model["steps"] if s["type"] == "trees" and s["output"] == self.unrounded)
        return dict(next(found))

    def matrix(self, values: Mapping[str, NDArray[Any]]) -> Floats:
        """Features of the trees (n, features), NaN missing, of named values."""
        return np.column_stack([np.asarray(values[name], dtype=np.float64) for name in self.trees["features"]])


@dataclass(frozen=True, slots=True)
class SegmentCard:
    """The scorecard of one segment. key: of the scorecard in the evidence; rows: of development in the segment."""

    name: str
    key: str
    training: Training
    selection: Selection
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Divided:
    """What a candidate is made of where each segment has a scorecard of its own.

    against: id of the one model; value: name of the segment in model.json; cards: in order.
    """

    against: str
    value: str
    cards: tuple[SegmentCard, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage of a candidate adds to its score, under the names of the candidate's model.

    linear: the value that holds the log-odds up to and with this stage. A scorecard: its points, and `named`, by
    characteristic the value of its points. Trees: grown, whose model is the candidate's. A column that is the first
    stage: its name, and `named` for its score.
    """

    linear: str
    points: PointsTable | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    grown: Grown | None = None
    column: str | None = None

    @property
    def characteristics(self) -> tuple[str, ...]:
        """What the stage reads."""
        return tuple(self.named if self.grown is None else self.grown.features)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted candidate. model: its model.json; compiled: what scores it; evidence: what is told of it.

    unrounded: name of the value that holds the linear score before any rounding of points; remark: what the modeller
    must hear as soon as it is fitted, or nothing; grown: of trees, the model before its reasons; divided: of segments,
    their scorecards; tables: classing of its own by characteristic, where it is not that of the plan; selection: of a
    scorecard, how its characteristics were chosen; stages: of a two-stage model, the first stage first and its own
    last, else none; points and grown are then those of its own stage; offset: the value that its own stage starts from,
    or None; regression: of a scorecard.
    """

    id: str
    type: str
    model: dict[str, Any]
    compiled: CompiledModel
    evidence: tuple[Evidence, ...]
    characteristics: tuple[str, ...]
    unrounded: str
    points: PointsTable | None = None
    reasons: ReasonCodes | None = None
    boosting: BoostingFit | None = None
    remark: str = ""
    grown: Grown | None = None
    glm: GlmFit | None = None
    divided: Divided | None = None
    tables: Mapping[str, BinningTable] | None = None
    selection: Selection | None = None
    stages: tuple[Stage, ...] = ()
    offset: str | None = None
    regression: LogisticFit | None = None

    @property
    def parts(self) -> tuple[Stage, ...]:
        """Its stages; of a scorecard or trees by themselves, the one."""
        if self.stages or (self.points is None and self.grown is None):
            return self.stages
        named = {} if self.points is None else {name: points_name(name) for name in self.points.points}
        return (Stage(self.unrounded, self.points, named, self.grown),)

    def __repr__(self) -> str:
        return f"Candidate({self.id!r}, {self.type}, {len(self.characteristics)} characteristics)"

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """linear_score, probability, score and reasons of raw rows, through the scoring authority."""
        return self.compiled.score(frame)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scorecard asks of selection: level of intervals, covariance and bounds of the coefficients, as declared.

    characteristics: the only ones that may enter, None where all may; offset: the first stage in words, or None.
    """

    confidence: float
    covariance: str
    characteristics: tuple[str, ...] | None = None
    coefficients: str = "any"
    offset: str | None = None


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a fitter may use besides its own spec. fitted: the candidates before it in the plan, by id.

    selection: the selection of characteristics as `Asked` says, made once for all that ask for the same, with the
    offset (n,) that every fit starts from or None; report: takes
    words on how far a long fit is; journal: folder beside the output where a search writes its finished trials, to be
    taken up again after an interruption, or None.
    """

    plan: Plan
    training: Training
    fitted: Mapping[str, Candidate]
    selection: Callable[[Asked, Floats | None], Selection]
    report: Callable[[str], None] = silent
    journal: Path | None = None

    def model_file(self, spec: ModelSpec) -> str:
        """The file of the package that holds a candidate's model."""
        return "model.json" if spec.champion else f"challengers/{spec.id}/model.json"

    def identity(self, spec: ModelSpec) -> Identity:
        """What model.json says of a candidate: the champion bears the model's id, a challenger its own."""
        plan = self.plan
        return Identity(
            plan.model.id if spec.champion else spec.id,
            str(plan.model.name) if spec.champion else f"{plan.model.name}, challenger {spec.id}",
            plan.model.version,
            "PD" if plan.outcome.default_conformant else "probability of bad",
            plan.outcome.event,
        )
