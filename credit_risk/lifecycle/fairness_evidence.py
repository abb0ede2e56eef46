"""Evidence `fairness.*` of a binary outcome: protected groups by every measure, labelled by jurisdiction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, PlanError
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.fairness import adverse_impact_table, fairness_group_table
from credit_risk.evaluation.fairness_curves import fairness_curve_table, reference_by_score
from credit_risk.evaluation.fairness_gaps import age_table, calibration_gap_table, error_rate_table
from credit_risk.evaluation.fairness_intersections import intersection_table
from credit_risk.evaluation.jurisdictions import AGE_RULE, jurisdiction_table, jurisdictions_of
from credit_risk.evaluation.protected_groups import GroupedAttributes, group_attributes, intersect
from credit_risk.evaluation.samples import ScoredSample
from credit_risk.lifecycle.alternatives_evidence import ALTERNATIVES, alternatives_evidence
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.performance import Scored, by_sample, input_files
from credit_risk.lifecycle.proxy_evidence import PROXIES, proxy_evidence
from credit_risk.plan import Plan

FAIRNESS = (
    *("fairness.jurisdictions", "fairness.groups", "fairness.adverse_impact", "fairness.error_rates"),
    *("fairness.calibration", "fairness.curves", "fairness.intersections", "fairness.age"),
    *PROXIES,
    *ALTERNATIVES,
)
NO_CUT_OFF = "not evaluable: the plan declares no cut-off (strategy.cut_off), and none is assumed"


@dataclass(frozen=True)
class Compared:
    """The champion's samples with protected attributes grouped once, and the reference group of each attribute."""

    plan: Plan
    samples: Mapping[str, ScoredSample]
    columns: Mapping[str, Mapping[str, NDArray[np.object_]]]
    jurisdictions: Mapping[str, tuple[str, ...]]

    @cached_property
    def grouped(self) -> GroupedAttributes:
        """Labels and groupings of every attribute."""
        return group_attributes(self.columns, edges=self.plan.fairness.edges)

    @cached_property
    def impact(self) -> pd.DataFrame | None:
        """Evidence `fairness.adverse_impact`; None without a cut-off."""
        cut_off = self.plan.strategy.cut_off
        if cut_off is None:
            return None
        return adverse_impact_table(
            self.samples,
            self.grouped.labels,
            cut_off,
            groupings=self.grouped.groupings,
            references=self.plan.fairness.references,
            jurisdictions=self.jurisdictions,
            min_rows=self.plan.fairness.min_rows,
            confidence=self.plan.evaluation.confidence,
        )

    @cached_property
    def references(self) -> dict[str, str | None]:
        """Reference group of each attribute: given, else that of adverse impact, else the highest mean score."""
        told = self.impact
        if told is not None:
            first = told.drop_duplicates("attribute")
            return dict(zip(first["attribute"], first["reference_group"], strict=True))
        least = self.plan.fairness.min_rows
        found = reference_by_score(self.samples, self.grouped.labels, self.grouped.groupings, min_rows=least)
        return found | dict(self.plan.fairness.references)


def compared_groups(plan: Plan, scored: Scored) -> Compared:
    """Group the protected attributes. Raises PlanError where a reference group does not occur on development."""
    attributes = by_sample(scored, scored.attributes)
    found = Compared(plan, scored.scored_samples(plan.champion.id), attributes, jurisdictions_of(plan.data.protected))
    faults = []
    for name, group in plan.fairness.references.items():
        groups = found.grouped.groupings[name].groups
        if group not in groups:
            path, allowed = f"fairness.references.{name}", ", ".join(groups)
            message = "no such group on development"
            faults.append(Fault(message, code="absent", path=path, found=group, allowed=allowed))
    if faults:
        raise PlanError(faults)
    return found


def fairness_evidence(
    plan: Plan, champion: Candidate, scored: Scored, tables: Mapping[str, BinningTable]
) -> list[Evidence]:
    """All tables of protected groups; none of them changes the model."""
    if scored.attributes.shape[1] == 0:
        return [absent(i, "not_applicable", "the plan names no protected attributes") for i in FAIRNESS]
    compared = compared_groups(plan, scored)
    inputs = input_files(scored, [plan.champion.id], plan.champion.id)
    told = jurisdiction_table(compared.jurisdictions, plan.fairness.age)
    return [
        table("fairness.jurisdictions", told, inputs=("plan.json",)),
        *_groups(compared, inputs),
        *_errors(compared, inputs),
        _curves(compared, inputs),
        _intersections(compared, inputs),
        _age(compared, champion, scored, inputs),
        *proxy_evidence(
            plan,
            champion,
            scored,
            compared.grouped,
            compared.jurisdictions,
            judged_sample(compared.samples),
            inputs,
        ),
        *_alternatives(compared, champion, scored, tables, inputs),
    ]


def _alternatives(
    compared: Compared,
    champion: Candidate,
    scored: Scored,
    tables: Mapping[str, BinningTable],
    inputs: tuple[str, ...],
) -> list[Evidence]:
    about = (compared.jurisdictions, compared.references, judged_sample(compared.samples))
    return alternatives_evidence(compared.plan, champion, scored, tables, compared.grouped, about, inputs)


def _groups(compared: Compared, inputs: tuple[str, ...]) -> list[Evidence]:
    spec, grouped = compared.plan.evaluation, compared.grouped
    options: dict[str, Any] = {"groupings": grouped.groupings, "jurisdictions": compared.jurisdictions}
    options["confidence"] = spec.confidence
    groups = fairness_group_table(compared.samples, grouped.labels, min_bads=spec.min_bads, **options)
    calibration = calibration_gap_table(compared.samples, grouped.labels, min_bads=spec.min_bads, **options)
    return [
        table("fairness.groups", groups, inputs=inputs),
        table("fairness.calibration", calibration, inputs=inputs),
    ]


def _errors(compared: Compared, inputs: tuple[str, ...]) -> list[Evidence]:
    cut_off, impact = compared.plan.strategy.cut_off, compared.impact
    if cut_off is None or impact is None:
        return [absent(i, "not_applicable", NO_CUT_OFF) for i in ("fairness.adverse_impact", "fairness.error_rates")]
    errors = error_rate_table(
        compared.samples,
        compared.grouped.labels,
        cut_off,
        groupings=compared.grouped.groupings,
        references=compared.references,
        jurisdictions=compared.jurisdictions,
        min_rows=compared.plan.fairness.min_rows,
        confidence=compared.plan.evaluation.confidence,
    )
    return [
        table("fairness.adverse_impact", impact, inputs=inputs),
        table("fairness.error_rates", errors, inputs=inputs),
    ]


def judged_sample(samples: Mapping[str, ScoredSample]) -> str:
    """Sample on which groups are drawn and the search is judged: out of sample where there is one, else the first."""
    return "out_of_sample" if "out_of_sample" in samples else next(iter(samples))


def _curves(compared: Compared, inputs: tuple[str, ...]) -> Evidence:
    name = judged_sample(compared.samples)
    frame = fairness_curve_table(
        {name: compared.samples[name]},
        compared.grouped.labels,
        groupings=compared.grouped.groupings,
        references=compared.references,
        jurisdictions=compared.jurisdictions,
        min_rows=compared.plan.fairness.min_rows,
        confidence=compared.plan.evaluation.confidence,
    )
    return table("fairness.curves", frame, inputs=inputs, chart=CHARTS["fairness.curves"])


def _intersections(compared: Compared, inputs: tuple[str, ...]) -> Evidence:
    identifier, plan = "fairness.intersections", compared.plan
    if len(compared.grouped.labels) < 2:
        return absent(identifier, "not_applicable", "the plan names one protected attribute")
    if not plan.fairness.intersections:
        return absent(identifier, "not_applicable", "the plan asks for none (fairness.intersections)")
    both = intersect(compared.grouped)
    frame = intersection_table(
        compared.samples,
        both,
        plan.strategy.cut_off,
        jurisdictions=compared.jurisdictions,
        min_rows=plan.fairness.min_rows,
        min_bads=plan.evaluation.min_bads,
        confidence=plan.evaluation.confidence,
    )
    return table(identifier, frame, inputs=inputs)


def _age(compared: Compared, champion: Candidate, scored: Scored, inputs: tuple[str, ...]) -> Evidence:
    identifier, plan = "fairness.age", compared.plan
    age = plan.fairness.age
    if age is None:
        return absent(identifier, "not_applicable", "the plan names no age in years (fairness.age)")
    labels = compared.jurisdictions[age]
    if not set(labels) & set(AGE_RULE):
        reason = (
            f"the rule of ages of 62 and over is that of Regulation B, and {age} is protected in {', '.join(labels)}"
        )
        return absent(identifier, "not_applicable", reason)
    if not pd.api.types.is_numeric_dtype(scored.attributes[age]):
        reason = f"not evaluable: {age} is no number, so that ages of 62 and over cannot be told"
        return absent(identifier, "not_applicable", reason)
    ages = {name: np.asarray(values, float) for name, values in compared.columns[age].items()}
    frame = age_table(
        compared.samples,
        age,
        ages,
        plan.strategy.cut_off,
        jurisdictions=compared.jurisdictions,
        age_is_input=age in champion.compiled.input_names,
        min_rows=plan.fairness.min_rows,
        confidence=plan.evaluation.confidence,
    )
    return table(identifier, frame, inputs=inputs)
