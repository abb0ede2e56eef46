"""The rows of the method that a plan names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference._inputs import probabilities_of
from credit_risk.reject_inference.augmentation import as_bad_and_good, extrapolation, fuzzy_augmentation
from credit_risk.reject_inference.bands import score_bands
from credit_risk.reject_inference.external import external_outcomes
from credit_risk.reject_inference.labelled import hard_cut_off, parcelling
from credit_risk.reject_inference.reweighting import reweighting
from credit_risk.reject_inference.rows import Decided, InferredRows, accepted_only
from credit_risk.reject_inference.self_learning import self_learning
from credit_risk.reject_inference.spec import Method, RejectInferenceSpec

JOINT_NORMAL = (
    "assumes that the unobserved parts of decision and outcome are jointly normal, and that the instrument bears on "
    "the decision alone",
    "each reject as bad with its probability of bad given rejection, and as good with the rest",
)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What one call gave; arrays (n,), features (n, k)."""

    acceptance: ArrayLike | None
    probability: ArrayLike | None
    seed: int
    keys: ArrayLike | None
    external: ArrayLike | None
    probability_if_rejected: ArrayLike | None
    features: ArrayLike | None


NEEDS: dict[Method, tuple[str, ...]] = {
    "none": (),
    "reweighting": ("acceptance",),
    "score_bands": ("probability",),
    "extrapolation": ("probability",),
    "fuzzy_augmentation": ("probability",),
    "parcelling": ("probability",),
    "hard_cut_off": ("probability",),
    "bivariate_probit": ("probability_if_rejected",),
    "self_learning": ("features",),
    "external_outcomes": ("probability", "external"),
}


def infer_rows(
    spec: RejectInferenceSpec,
    decided: Decided,
    *,
    acceptance: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    seed: int = 0,
    keys: ArrayLike | None = None,
    external: ArrayLike | None = None,
    probability_if_rejected: ArrayLike | None = None,
    features: ArrayLike | None = None,
    method: Method | None = None,
) -> InferredRows:
    """Weighted rows by `method`, or by spec.method where it is None, with the settings of `spec`.

    acceptance (n,): probability of acceptance by the model of the decision (reweighting). probability (n,): of bad by
    the model of known outcomes, for all applicants (score bands, extrapolation, fuzzy augmentation, parcelling, hard
    cut-off, external outcomes). probability_if_rejected (n,): of bad given rejection (bivariate probit). external (n,):
    `external_values`. features (n, k): what the weak learner of self-learning sees. keys (n,): distinct names of the
    applicants, in whose order labels are drawn. Raises CreditRiskError where the method lacks what it needs, and as the
    methods do.
    """
    chosen = spec.method if method is None else method
    inputs = _Inputs(acceptance, probability, seed, keys, external, probability_if_rejected, features)
    lacking = [name for name in NEEDS[chosen] if getattr(inputs, name) is None]
    if lacking:
        raise CreditRiskError(
            [
                Fault(f"{chosen} needs it", "needed", path=name, remedy="give it, or use another method")
                for name in lacking
            ]
        )
    return _METHODS[chosen](spec, decided, inputs)


def _reweighting(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    return reweighting(decided, _given(inputs.acceptance), floor=spec.acceptance.floor)


def _score_bands(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    return score_bands(decided, _given(inputs.probability), bands=spec.bands)


def _fuzzy(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    return fuzzy_augmentation(decided, _given(inputs.probability), prudence=spec.prudence)


def _parcelling(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    return parcelling(
        decided,
        _given(inputs.probability),
        bands=spec.bands,
        prudence=spec.prudence,
        seed=inputs.seed,
        keys=inputs.keys,
    )


def _probit(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    p = probabilities_of(decided, _given(inputs.probability_if_rejected), "probability_if_rejected")
    return as_bad_and_good(decided, p, "bivariate_probit", JOINT_NORMAL)


def _self_learning(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    features = np.asarray(inputs.features, dtype=np.float64)
    return self_learning(decided, features, spec.self_learning, seed=inputs.seed)


def _external(spec: RejectInferenceSpec, decided: Decided, inputs: _Inputs) -> InferredRows:
    told = spec.external
    source = "elsewhere" if told is None else f"by {told.source}, {told.date},"
    return external_outcomes(
        decided, _given(inputs.external), _given(inputs.probability), bands=spec.bands, source=source
    )


_METHODS: dict[Method, Callable[[RejectInferenceSpec, Decided, _Inputs], InferredRows]] = {
    "none": lambda spec, decided, inputs: accepted_only(decided),
    "reweighting": _reweighting,
    "score_bands": _score_bands,
    "extrapolation": lambda spec, decided, inputs: extrapolation(decided, _given(inputs.probability)),
    "fuzzy_augmentation": _fuzzy,
    "parcelling": _parcelling,
    "hard_cut_off": lambda spec, decided, inputs: hard_cut_off(
        decided, _given(inputs.probability), cut_off=spec.cut_off
    ),
    "bivariate_probit": _probit,
    "self_learning": _self_learning,
    "external_outcomes": _external,
}


def _given(values: ArrayLike | None) -> ArrayLike:
    assert values is not None
    return values
