"""The linear models of a package (scorecards, those of segments, generalised linear models) estimated once more:
standard errors by numerical derivatives, everything by R."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from validation.comparisons import inference, second_technology
from validation.comparisons.regression import design
from validation.measures.compare import Refitted
from validation.measures.structure import covariance_kind, outcome_of
from validation.measures.structure import design as measures_design
from validation.rebuild.linear_models import LinearModel, stated
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.numerical import QUANTITY as NUMERICAL
from validation.rebuild.numerical import standard_errors
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import scorecard_of

Fits = Mapping[str, LogisticFit]


def compare_scorecards(
    space: Workspace, fits: Fits, segments: Sequence[tuple[Workspace, Fits]], second: bool, program: str | None = None
) -> None:
    """Estimate the scorecards of a package, and of its segments, once more. second: whether R is asked."""
    models = list(scorecards_of(space, fits))
    models += [model for part, own in segments for model in scorecards_of(part, own)]
    _compare(space, models, second, program)


def compare_glms(space: Workspace, refitted: Sequence[Refitted], second: bool, program: str | None = None) -> None:
    """Estimate the generalised linear models of a package once more. second: whether R is asked."""
    _compare(space, list(glms_of(space, refitted)), second, program)


def _compare(space: Workspace, models: Sequence[LinearModel], second: bool, program: str | None) -> None:
    for model in models:
        known = ~np.isnan(model.standard_error)
        try:
            own = standard_errors(model)
        except (np.linalg.LinAlgError, ValueError) as error:
            space.ledger.not_evaluable(f"{model.evidence}: {NUMERICAL}", f"they have no value: {error}")
            continue
        labels = [term for term, one in zip(model.terms, known, strict=True) if one]
        stated = model.standard_error[known]
        space.ledger.numbers(model.evidence, NUMERICAL, "numerical_standard_error", stated, own[known], labels)
    second_technology.compare_second_technology(space, models, second, program)


def scorecards_of(space: Workspace, fits: Mapping[str, LogisticFit]) -> Iterator[LinearModel]:
    """Scorecards that were refitted, over development rows of a known outcome; terms held at zero are left out."""
    rows = space.known(DEVELOPMENT)
    for model_id, fit in fits.items():
        card = scorecard_of(space.package.models[model_id])
        if card is None or not fit.converged or fit.separated:
            continue
        name, free = space.package.candidate_ids[model_id], np.flatnonzero(fit.free)
        area = f"scorecard.coefficients.{name}"
        terms = ["intercept", *(term.characteristic for term in card.terms)]
        kept = [terms[place] for place in free]
        model = np.array([card.intercept, *(term.coefficient for term in card.terms)])
        offset = np.zeros(len(rows)) if card.offset is None else space.scored[model_id][card.offset].data[rows]
        yield LinearModel(
            name=name,
            family="logistic",
            link="logit",
            power=np.nan,
            terms=tuple(kept),
            x=design(space, model_id, card)[:, free],
            y=space.outcome[rows],
            weight=space.weight[rows],
            offset=offset,
            clusters=space.cluster[rows],
            covariance=inference.covariance_of(space, model_id),
            coefficient=model[free],
            standard_error=stated(space.package.rows_of(area) or [], kept, "standard_error"),
            own_coefficient=fit.coefficient[free],
            own_error=fit.standard_error[free],
            evidence=area,
        )


def glms_of(space: Workspace, refitted: Sequence[Refitted]) -> Iterator[LinearModel]:
    """Generalised linear models that were refitted."""
    rows = space.known(DEVELOPMENT)
    for item in refitted:
        if item.fit is None or not item.fit.converged:
            continue
        glm, area = item.glm, f"glm.coefficients.{item.glm.name}"
        x, offset = measures_design(space, glm)
        table = space.package.rows_of(area) or []
        whole = len(table) == x.shape[1]
        terms = [str(row["term"]) for row in table] if whole else ["intercept", *glm.terms]
        yield LinearModel(
            name=glm.name,
            family=glm.family.name,
            link=glm.family.link,
            power=glm.family.power,
            terms=tuple(terms),
            x=x,
            y=outcome_of(space, glm),
            weight=space.weight[rows],
            offset=offset,
            clusters=space.cluster[rows],
            covariance=covariance_kind(space, glm),
            coefficient=np.asarray(glm.coefficients, dtype=np.float64),
            standard_error=stated(table, terms, "standard_error") if whole else np.full(len(terms), np.nan),
            own_coefficient=item.fit.coefficient,
            own_error=item.fit.standard_error,
            evidence=area,
        )
