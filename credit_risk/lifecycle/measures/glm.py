"""The generalised linear model of a plan: selection, variance power, fit, model.json and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk._core.randomness import stage_generator
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Candidate
from credit_risk.lifecycle.measures.training import MeasureTraining
from credit_risk.models import glm_tables as tables
from credit_risk.models.assemble import Identity, InputColumn, value_names
from credit_risk.models.beta_regression import squeeze
from credit_risk.models.covariance import Rows, chosen_covariance
from credit_risk.models.families import Family, family_of
from credit_risk.models.glm import GlmFit, fit_glm, usual_dependence
from credit_risk.models.glm_model import Measure, glm_document, offset_steps
from credit_risk.models.glm_spec import GlmSpec
from credit_risk.models.glm_terms import Terms, classed_terms, joined, raw_terms
from credit_risk.models.residuals import residuals
from credit_risk.models.variance_power import PowerProfile, profile_variance_power
from credit_risk.plan import Plan
from credit_risk.scoring import compile_model
from credit_risk.selection.measures import MeasureSearch, screened_names, select_measures
from credit_risk.selection.screens import Screened, WaterfallLog

Floats = NDArray[np.float64]
POWER_GIVEN = "the plan gives the variance power"
NO_POWER = "the family has no variance power"
NO_DENSITY = "a quasi-likelihood has no distribution, so that quantile residuals are not defined"


@dataclass(frozen=True, slots=True)
class _Data:
    """What a fit reads: outcome as it is fitted (n,), rows of the squeeze or None, offset (n,) or None, dependence."""

    y: Floats
    squeezed: int | None
    offset: Floats | None
    dependence: Rows


def fit_glm_candidate(plan: Plan, spec: GlmSpec, training: MeasureTraining) -> tuple[Candidate, pd.DataFrame]:
    """The candidate and its waterfall. Raises ModelError with what keeps it from being fitted."""
    data = _data(plan, spec, training)
    unknown = [name for name in spec.raw if name not in training.tables]
    if unknown:
        path = f"models.{spec.id}.raw"
        faults = [Fault(f"{name!r} is no predictor", "raw", path=f"{path}.{name}") for name in unknown]
        raise ModelError(faults)
    taken = {*training.inputs, *training.derive_steps}
    raw = raw_terms(training.frame, spec.raw, training.specials, training.weights, taken)
    always = term_matrix(training, raw)
    chosen, waterfall = _selected(plan, spec, training, data, raw, always)
    terms = joined(classed_terms({name: training.tables[name] for name in chosen}), raw)
    x = term_matrix(training, terms)
    family, profile = _family(spec, x, terms, data, training)
    fit = fit_glm(
        x,
        data.y,
        [term.name for term in terms.terms],
        family,
        weights=training.weights,
        offset=data.offset,
        dependence=data.dependence,
        confidence=spec.confidence,
    )
    candidate = _candidate(plan, spec, training, fit, terms)
    linear = np.asarray(candidate.compiled.values(training.frame)[candidate.unrounded], float)
    evidence = (
        *_evidence(plan, spec, training, data, fit, terms, x, profile),
        *_residuals(plan, spec, training, data, fit, linear),
    )
    return replace(candidate, evidence=evidence), waterfall


def _data(plan: Plan, spec: GlmSpec, training: MeasureTraining) -> _Data:
    squeezed = len(training.y) if spec.squeeze == "smithson_verkuilen" else None
    y = training.y if squeezed is None else squeeze(training.y, squeezed)
    offset = None if training.exposure is None else np.log(training.exposure)
    if spec.offset is not None:
        given = _offset(spec, training.frame)
        offset = given if offset is None else offset + given
    dependence = chosen_covariance(spec.covariance, training.clusters)
    if spec.covariance == "auto" and dependence.kind == "nonrobust":
        dependence = replace(usual_dependence(_start_family(spec)), clusters=dependence.clusters)
    return _Data(y, squeezed, offset, dependence)


def _offset(spec: GlmSpec, frame: pd.DataFrame) -> Floats:
    """The offset of development. Raises ModelError where it is no number or missing."""
    path, name = f"models.{spec.id}.offset", str(spec.offset)
    if not pd.api.types.is_numeric_dtype(frame[name]):
        raise ModelError(Fault(f"the offset {name!r} is no number", "offset", path=path))
    values = frame[name].to_numpy(np.float64, na_value=np.nan)
    missing = ~np.isfinite(values)
    if missing.any():
        found = f"{int(missing.sum()):,} of {len(values):,} development rows"
        remedy = "leave these rows out with outcome.exclusions, or fill the column in the source"
        message = f"the offset {name!r} is missing in some rows"
        raise ModelError(Fault(message, "offset", path=path, found=found, remedy=remedy))
    return values


def term_matrix(training: MeasureTraining, terms: Terms) -> Floats:
    """Columns (n, k) of the terms on development, made by the steps that will make them in production."""
    if not terms.terms:
        return np.empty((len(training.y), 0))
    names = list(dict.fromkeys(term.characteristic for term in terms.terms))
    derived, inputs = derivations(names, training), read_inputs(names, training)
    values = compile_model(_unnamed(inputs, [*derived, *terms.steps])).values(training.frame)
    return np.column_stack([np.asarray(values[term.input], float) for term in terms.terms])


def _unnamed(inputs: list[InputColumn], steps: list[dict[str, object]]) -> dict[str, object]:
    """A model that publishes nothing, to evaluate steps."""
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "terms", "name": "terms", "version": "0", "type": "glm"},
        "outcome": {"type": "amount", "event": "terms", "value_name": "terms"},
        "inputs": [column.as_dict() for column in inputs],
        "steps": steps,
        "outputs": {},
    }


def _start_family(spec: GlmSpec) -> Family:
    power = spec.variance_power if isinstance(spec.variance_power, float) else None
    return family_of(spec.family, link=spec.link, variance_power=power)


def _family(
    spec: GlmSpec, x: Floats, terms: Terms, data: _Data, training: MeasureTraining
) -> tuple[Family, PowerProfile | None]:
    """The family, its variance power profiled on these terms where the plan asks for it."""
    if spec.variance_power != "profile":
        return _start_family(spec), None
    names = [term.name for term in terms.terms]
    options = {"weights": training.weights, "offset": data.offset}
    profile = profile_variance_power(x, data.y, names, confidence=spec.confidence, **options)
    return family_of(spec.family, link=spec.link, variance_power=profile.best), profile


def _selected(
    plan: Plan,
    spec: GlmSpec,
    training: MeasureTraining,
    data: _Data,
    raw: Terms,
    always: Floats,
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Classed characteristics of the model, and evidence `selection.waterfall`."""
    classed = {name: table for name, table in training.tables.items() if name not in spec.raw}
    log = WaterfallLog({name: _screened(name, training) for name in classed})
    values = {name: table.transform(training.frame[name].to_numpy()) for name, table in classed.items()}
    names = screened_names(log.candidates, values, plan.selection, training.weights, log)
    family = _start_family(spec)
    if spec.variance_power == "profile" and names:
        terms = joined(classed_terms({name: classed[name] for name in names}), raw)
        family, _ = _family(spec, np.column_stack([*(values[n] for n in names), always]), terms, data, training)
    search = MeasureSearch(
        values,
        data.y,
        training.weights,
        family,
        data.offset,
        always,
        tuple(term.name for term in raw.terms),
        data.dependence,
        likelihood=plan.selection.criterion != "p_value",
    )
    return select_measures(names, search, plan.selection, log)


def _screened(name: str, training: MeasureTraining) -> Screened:
    classed, screens, weights = training.tables[name], training.screens, training.weights
    missing = training.frame[name].isna().to_numpy()
    return Screened(
        classed.information_value,
        classed.gini,
        classed.fine_gini,
        float(np.sum(weights[missing]) / np.sum(weights)),
        psi=screens.psi.get(name),
        psi_over_time=screens.psi_over_time.get(name),
        expectation=screens.expectation.get(name),
        suspicion=screens.suspicions.get(name),
    )


def _candidate(plan: Plan, spec: GlmSpec, training: MeasureTraining, fit: GlmFit, terms: Terms) -> Candidate:
    names = tuple(dict.fromkeys(term.characteristic for term in terms.terms))
    exposure = plan.outcome.exposure if training.exposure is not None else None
    read = [name for name in (exposure, spec.offset) if name is not None]
    derived, inputs = derivations(names, training), read_inputs([*names, *read], training)
    taken = {*taken_names(inputs, derived), *(step.get("output", "") for step in terms.steps)}
    steps, offset = offset_steps(exposure, spec.offset, taken)
    values = value_names({*taken, *(step["output"] for step in steps)})
    identity = Identity(
        plan.model.id if spec.champion else spec.id,
        str(plan.model.name) if spec.champion else f"{plan.model.name}, challenger {spec.id}",
        plan.model.version,
        "",
        plan.outcome.event,
    )
    measure = Measure(plan.outcome.type, plan.outcome.event, plan.outcome.called)
    model = glm_document(identity, measure, inputs, [*derived, *steps], fit, terms, offset, values)
    compiled = compile_model(model)
    return Candidate(spec.id, spec.type, model, compiled, (), names, values.linear_score, glm=fit)


def _evidence(
    plan: Plan,
    spec: GlmSpec,
    training: MeasureTraining,
    data: _Data,
    fit: GlmFit,
    terms: Terms,
    x: Floats,
    profile: PowerProfile | None,
) -> tuple[Evidence, ...]:
    exposure = plan.outcome.exposure if training.exposure is not None else None
    items = tables.parameter_items(spec, fit, terms, exposure=exposure, squeezed=data.squeezed, profile=profile)
    estimated = fit.parameters + (profile is not None)
    note = (tables.inference_note(fit),)
    frame = tables.coefficient_frame(fit, terms, x, training.weights)
    return (
        key_values("glm.parameters.{model}", dict(items), parameter=spec.id, inputs=("plan.json", *SNAPSHOT)),
        table("glm.coefficients.{model}", frame, parameter=spec.id, inputs=SNAPSHOT, notes=note),
        table("glm.fit.{model}", tables.fit_frame(fit, estimated), parameter=spec.id, inputs=SNAPSHOT),
        _power(spec, profile),
    )


def _power(spec: GlmSpec, profile: PowerProfile | None) -> Evidence:
    identifier = "glm.variance_power.{model}"
    if profile is None:
        reason = POWER_GIVEN if spec.family == "tweedie" else NO_POWER
        return absent(identifier, "not_applicable", reason, parameter=spec.id)
    note = f"inside: not refused by the likelihood ratio at confidence {profile.confidence!r}"
    chart = dict(tables.POWER_CHART)
    return table(identifier, profile.frame(), parameter=spec.id, inputs=SNAPSHOT, notes=(note,), chart=chart)


def _residuals(
    plan: Plan, spec: GlmSpec, training: MeasureTraining, data: _Data, fit: GlmFit, linear: Floats
) -> list[Evidence]:
    """Figures of residuals by the linear score (n,) of the scoring authority, whose ties are exact."""
    uniform = stage_generator(plan.samples.seed, f"residuals/{spec.id}").random(len(data.y))
    mu = fit.family.link.inverse(linear)
    found = residuals(fit.family, data.y, mu, fit.dispersion, weights=training.weights, uniform=uniform)
    shown: Mapping[str, tuple[pd.DataFrame, dict[str, object]]] = {
        "glm.residuals.{model}": (tables.residual_frame(linear, found), tables.RESIDUAL_CHART),
        "glm.residual_means.{model}": (
            tables.residual_mean_frame(linear, found, spec.confidence),
            tables.MEAN_CHART,
        ),
    }
    told = [
        table(identifier, frame, parameter=spec.id, inputs=SNAPSHOT, chart=dict(chart))
        for identifier, (frame, chart) in shown.items()
    ]
    identifier = "glm.residual_quantiles.{model}"
    if found.quantile is None:
        return [*told, absent(identifier, "not_applicable", NO_DENSITY, parameter=spec.id)]
    notes = ("randomised at zeros with the plan's seed",) if fit.family.name == "tweedie" else ()
    frame = tables.quantile_frame(found.quantile)
    chart = dict(tables.QUANTILE_CHART)
    return [*told, table(identifier, frame, parameter=spec.id, inputs=SNAPSHOT, notes=notes, chart=chart)]
