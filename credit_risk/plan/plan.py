"""The plan: one frozen composition of the specifications that each room owns."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PrivateAttr, model_validator
from pydantic.types import Strict
from pydantic_core import PydanticCustomError

from credit_risk._core import canonical_json
from credit_risk._core.export_kinds import ExportKind
from credit_risk._core.spec import Spec
from credit_risk._core.yaml_document import path_text
from credit_risk.binning.spec import ClassingSpec
from credit_risk.calibration.long_run_spec import LongRunSpec
from credit_risk.calibration.margin_spec import MarginSpec
from credit_risk.calibration.rating_spec import RatingScaleSpec
from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.evaluation.spec import EvaluationSpec
from credit_risk.explanation.spec import ReasonCodesSpec
from credit_risk.models.rule_spec import RuleSpec
from credit_risk.models.spec import (
    AnyModel,
    GlmSpec,
    ModelSpec,
    SegmentedScorecardSpec,
    default_models,
    usual_models,
)
from credit_risk.monitoring.spec import MonitoringSpec, usual_rules
from credit_risk.plan.checks import cross_faults
from credit_risk.plan.html import plan_html
from credit_risk.plan.outcome_checks import MEASURES
from credit_risk.plan.spec import IdentitySpec, OverlaySpec
from credit_risk.plan.two_stage_checks import offset_columns
from credit_risk.reject_inference.spec import RejectInferenceSpec
from credit_risk.sampling.derived_spec import DerivedSpec, derived_specs
from credit_risk.sampling.expressions import parse_expression
from credit_risk.sampling.source import Source, read_source
from credit_risk.sampling.source_spec import SqlSource, source_texts
from credit_risk.sampling.spec import OBSERVATION_POINT, ColumnName, DataSpec, OutcomeSpec, SamplesSpec
from credit_risk.sampling.table_source import source_of_database, source_of_frame
from credit_risk.scaling.spec import ScalingSpec
from credit_risk.scoring.expressions import references
from credit_risk.selection.spec import SelectionSpec
from credit_risk.strategy.fairness_spec import FairnessSpec
from credit_risk.strategy.spec import StrategySpec

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
Document = Literal[
    "executive_summary",
    "model_card",
    "development_dossier",
    "validation_report",
    "implementation_guide",
    "adverse_action",
    "monitoring_plan",
    "change_log",
    "sign_off_sheet",
]
CROSS_FAULT = "plan_cross_fault"


class Plan(Spec):
    """A plan with every default filled in. `read_plan` reads one from YAML; the parts are the rooms' own specs."""

    model: IdentitySpec = Field(description="The model: identifier, name, purpose, owner, limitations.")
    data: DataSpec = Field(description="The source and the contract of its columns.")
    outcome: OutcomeSpec = Field(description="What is bad and what is good.")
    samples: SamplesSpec = Field(default=SamplesSpec(), description="Development and out-of-sample.")
    reject_inference: RejectInferenceSpec = Field(
        default=RejectInferenceSpec(), description="Applicants whose outcome is not known, since they were rejected."
    )
    derive: dict[ColumnName, str | DerivedSpec] = Field(
        default_factory=dict,
        description="Derived characteristics, in order: each an expression, or an expression with its texts.",
    )
    rules: Annotated[tuple[RuleSpec, ...], Strict(False)] = Field(
        default=(), description="Policy rules, which every model of a binary outcome carries beside its score."
    )
    classing: ClassingSpec = Field(default=ClassingSpec(), description="Bins and weights of evidence.")
    selection: SelectionSpec = Field(default=SelectionSpec(), description="Which characteristics enter.")
    models: Annotated[tuple[ModelSpec, ...], Strict(False)] = Field(
        default_factory=default_models, min_length=1, description="Candidate models; exactly one is the champion."
    )
    long_run: LongRunSpec = Field(
        default=LongRunSpec(), description="Yearly cohorts, their long-run average, and the cycle."
    )
    margin_of_conservatism: Annotated[tuple[MarginSpec, ...], Strict(False)] = Field(
        default=(), description="Margins for what is deficient, in the order in which they are applied."
    )
    overlays: Annotated[tuple[OverlaySpec, ...], Strict(False)] | None = Field(
        default=None,
        description="Register of adjustments after the model; empty: none is in use; null: the plan does not say.",
    )
    calibration: CalibrationSpec = Field(
        default=CalibrationSpec(), description="From the linear score to the published probability."
    )
    scaling: ScalingSpec = Field(default=ScalingSpec(), description="Points.")
    rating_scale: RatingScaleSpec | None = Field(
        default=None, description="Grades of the published probability; null: none. {} designs a scale on the data."
    )
    reason_codes: ReasonCodesSpec = Field(default=ReasonCodesSpec(), description="Reason codes.")
    evaluation: EvaluationSpec = Field(default=EvaluationSpec(), description="Evaluation tables.")
    fairness: FairnessSpec = Field(default=FairnessSpec(), description="Protected groups, and how they are compared.")
    strategy: StrategySpec = Field(
        default=StrategySpec(), description="Cut-off, curves of cut-offs, profit, and what is aimed at."
    )
    monitoring: MonitoringSpec | None = Field(
        default=None, description="What is watched of the model in use; null: nothing by rule. {} watches the usual."
    )
    exports: Annotated[tuple[ExportKind, ...], Strict(False)] = Field(
        default=("pmml",),
        description="Formats to export the champion to.",
    )
    documents: Annotated[tuple[Document, ...], Strict(False)] = Field(
        default=get_args(Document), description="Documents to render."
    )

    _path: Path | None = PrivateAttr(default=None)
    _source_bytes: bytes | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_outcome(cls, value: Any) -> Any:
        """The usual model and the usual metrics of an amount or a fraction, where the plan names none."""
        outcome = value.get("outcome") if isinstance(value, dict) else None
        kind = outcome.get("type") if isinstance(outcome, dict) else getattr(outcome, "type", None)
        if kind not in MEASURES:
            return value
        monitoring = value.get("monitoring")
        if isinstance(monitoring, dict) and "metrics" not in monitoring:
            value = {**value, "monitoring": {**monitoring, "metrics": usual_rules(binary=False)}}
        return value if "models" in value else {**value, "models": usual_models(kind)}

    @model_validator(mode="after")
    def _parts_agree(self) -> Plan:
        faults = cross_faults(self.model_dump(mode="json"))
        if faults:
            told = "; ".join(f"{path_text(path)}: {fault.message}" for path, fault in faults)
            raise PydanticCustomError(CROSS_FAULT, "{told}", {"told": told})
        return self

    @property
    def path(self) -> Path | None:
        """The file that the plan was read from, or None for a plan made in Python."""
        return self._path

    @property
    def source_bytes(self) -> bytes:
        """The plan as written, byte for byte; for a plan made in Python, its canonical JSON (which is YAML too)."""
        return self._source_bytes if self._source_bytes is not None else canonical_json.to_bytes(self.as_dict())

    @property
    def champion(self) -> AnyModel:
        """The candidate that becomes the model of the package."""
        return next(candidate for candidate in self.models if candidate.champion)

    @property
    def challengers(self) -> tuple[AnyModel, ...]:
        """The other candidates, in the order of the plan."""
        return tuple(candidate for candidate in self.models if not candidate.champion)

    @property
    def derived(self) -> dict[str, DerivedSpec]:
        """Derived characteristics in their long form, in the order of the plan."""
        return derived_specs(self.derive)

    @property
    def time_column(self) -> str | None:
        """The column that places rows in time: their observation point, else `data.date`; None where there is none."""
        windows = self.outcome.windows
        if windows.rolling is not None:
            return OBSERVATION_POINT
        return windows.observed_at or self.data.date

    def as_dict(self) -> dict[str, Any]:
        """Every key with its value, defaults included, ready for JSON. `${VAR}` stays as written."""
        return self.model_dump(mode="json")

    def data_path(self) -> Path:
        """The source file: `${VAR}` expanded, relative paths taken from the folder of the plan.

        Raises KeyError where a variable is not set; `read_plan` refuses such a plan beforehand.
        """
        return Path(self.data_location())

    def data_location(self) -> str:
        """The source file, database file or database URL as text, `${VAR}` expanded, paths from the folder of the plan.

        Raises KeyError where a variable is not set; `read_plan` refuses such a plan beforehand.
        """
        text = VARIABLE.sub(lambda match: os.environ[match.group(1)], source_texts(self.data.source)[0])
        folder = self._path.parent if self._path is not None else Path()
        return text if isinstance(self.data.source, SqlSource) else str(folder / text)

    def history_path(self) -> Path | None:
        """The file of the performance history, as `data_path`; None where the outcome is a ready column."""
        if self.outcome.history is None:
            return None
        text = VARIABLE.sub(lambda match: os.environ[match.group(1)], self.outcome.history.source)
        return (self._path.parent if self._path is not None else Path()) / text

    def open_source(self, data: Any = None) -> Source:
        """Read the source that the plan names, or `data`, a frame in memory that stands for it. Raises IntakeError."""
        if data is not None:
            return source_of_frame(data)
        if isinstance(self.data.source, str):
            return read_source(self.data_path())
        return source_of_database(self.data.source, self.data_location(), self.data.key)

    def named_columns(self) -> dict[str, str]:
        """Columns of the source that the plan names outside `data` and `outcome`, each with its key path.

        Derived characteristics are not columns of the source and are left out.
        """
        named: dict[str, str] = {}
        for name in self.classing.monotonic:
            named.setdefault(name, f"classing.monotonic.{name}")
        for name in self.classing.characteristics:
            named.setdefault(name, f"classing.characteristics.{name}")
        for name in self.reason_codes.baseline:
            named.setdefault(name, f"reason_codes.baseline.{name}")
        for key in ("group", "weight"):
            if (column := getattr(self.samples, key)) is not None and column != "duplicates":
                named.setdefault(column, f"samples.{key}")
        for index, model in enumerate(self.models):
            if isinstance(model, GlmSpec):
                if model.offset is not None:
                    named.setdefault(model.offset, f"models[{index}].offset")
                for name in model.raw:
                    named.setdefault(name, f"models[{index}].raw.{name}")
            if isinstance(model, SegmentedScorecardSpec) and model.segments.column is not None:
                named.setdefault(model.segments.column, f"models[{index}].segments.column")
        for name, path in self.reject_inference.columns().items():
            named.setdefault(name, path)
        if self.calibration.by is not None:
            named.setdefault(self.calibration.by.column, "calibration.by.column")
        if self.calibration.external is not None:
            named.setdefault(self.calibration.external.column, "calibration.external.column")
        for name, path in offset_columns(self.as_dict()).items():
            named.setdefault(name, path)
        lists: dict[str, tuple[str, ...]] = {
            "classing.overrides": tuple(o.characteristic for o in self.classing.overrides),
            "selection.include": tuple(self.selection.included),
            "evaluation.subpopulations": self.evaluation.subpopulations,
            "selection.exclude": tuple(self.selection.excluded),
            "reason_codes.inquiries": self.reason_codes.inquiries,
            **{f"reason_codes.groups.{name}": members for name, members in self.reason_codes.groups.items()},
        }
        for index, model in enumerate(self.models):
            named_by_model = getattr(model, "characteristics", None) or ()
            if isinstance(named_by_model, dict):
                for name in named_by_model:
                    named.setdefault(name, f"models[{index}].characteristics.{name}")
            else:
                lists[f"models[{index}].characteristics"] = named_by_model
            search = model.segments.search if isinstance(model, SegmentedScorecardSpec) else None
            lists[f"models[{index}].segments.search.variables"] = (search and search.variables) or ()
        for path, names in lists.items():
            for index, name in enumerate(names):
                named.setdefault(name, f"{path}[{index}]")
        watched = {} if self.monitoring is None else self.monitoring.columns()
        for name, path in (*self._interacting(), *self._ruling(), *self.strategy.columns().items(), *watched.items()):
            named.setdefault(name, path)
        return {name: path for name, path in named.items() if name not in self.derive}

    def _interacting(self) -> Iterator[tuple[str, str]]:
        """Characteristics that interaction groups of the models name, with their key paths."""
        for index, model in enumerate(self.models):
            for place, group in enumerate(getattr(model, "interactions", None) or ()):
                for position, name in enumerate(group):
                    yield name, f"models[{index}].interactions[{place}][{position}]"

    def _ruling(self) -> Iterator[tuple[str, str]]:
        """Columns that conditions of policy rules read, with their key paths."""
        for index, rule in enumerate(self.rules):
            parsed, _ = parse_expression(rule.when)
            for name in references(parsed) if parsed is not None else ():
                yield name, f"rules[{index}].when"

    def __repr__(self) -> str:
        return f"Plan({self.model.id!r}, version {self.model.version!r}, {len(self.models)} models)"

    def _repr_html_(self) -> str:
        return plan_html(self.as_dict())


def plan_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of plan.json, and of plan.yaml once read; for editors and for readers."""
    schema = Plan.model_json_schema(mode="validation")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "plan.schema.json"}
    return {**head, **schema}
