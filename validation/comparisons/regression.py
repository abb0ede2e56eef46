"""The regression of a scorecard fitted again on the WoE of the development rows, with the validator's optimiser."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.compare import Impact
from validation.comparisons import inference
from validation.comparisons.whole import compare_whole
from validation.findings import Finding, Outcome
from validation.impact import Change, changed, coefficient_changes, effects_of, impact_of
from validation.materiality import Effects
from validation.rebuild.logistic import LogisticFit, correlation, fit_logistic, variance_inflation
from validation.rebuild.restricted import fit_negative, with_profile
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.score import score
from validation.steps.values import Value
from validation.structure import Scorecard, scorecard_of

COLUMNS = {
    "coefficient": "coefficient",
    "standard_error": "standard_error",
    "z": "z",
    "p_value": "p_value",
    "lower": "coefficient",
    "upper": "coefficient",
}


def compare_regressions(space: Workspace) -> dict[str, LogisticFit]:
    """Compare coefficients, inference, likelihood and VIF of every scorecard; our fits by model id, where one is made.

    The champion that is no regression on weights of evidence is told as not evaluable.
    """
    fits: dict[str, LogisticFit] = {}
    for model_id, model in space.package.models.items():
        card = scorecard_of(model)
        area = f"scorecard.coefficients.{space.package.candidate_ids[model_id]}"
        if card is None:
            if model_id == space.package.champion_id and model["model"]["type"] != "segmented":
                space.ledger.not_evaluable(area, "the champion is not a regression on weights of evidence")
            continue
        fit = _compare_regression(space, model_id, card, area)
        if fit is not None:
            fits[model_id] = fit
    return fits


def _compare_regression(space: Workspace, model_id: str, card: Scorecard, area: str) -> LogisticFit | None:
    x = design(space, model_id, card)
    rows = space.known(DEVELOPMENT)
    kind = inference.covariance_of(space, model_id)
    confidence = confidence_of(space, model_id)
    y, weight = space.outcome[rows], space.weight[rows]
    offset = _offset(space.scored[model_id], card, rows)
    try:
        fit, derivative = _fit(space, model_id, x, offset)
        if inference.setting_of(space, model_id, "interval") == "profile":
            fit = with_profile(fit, x, y, weight, confidence, offset)
    except (np.linalg.LinAlgError, ValueError) as error:
        record_failure(space, area, f"the covariance of the coefficients cannot be computed: {error}")
        return None
    if not fit.converged or fit.separated:
        word = "a linear predictor beyond ±30 (separation)" if fit.separated else "no convergence"
        record_failure(space, area, f"the refit ended with {word}")
    terms = ["intercept", *(term.characteristic for term in card.terms)]
    model = [card.intercept, *(term.coefficient for term in card.terms)]
    file = space.package.file_of(model_id)
    impact = impact_of(space, coefficient_changes(model_id, card.linear, fit.coefficient))
    space.ledger.numbers(file, "coefficients", "coefficient", model, fit.coefficient, terms, [area], impact=impact)
    _compare_table(space, area, terms, fit)
    _compare_inflation(space, area, card, x)
    name = space.package.candidate_ids[model_id]
    _compare_fit(space, f"scorecard.fit.{name}", fit)
    if derivative is not None:
        _compare_constraints(space, f"scorecard.constraints.{name}", terms[1:], fit, derivative[1:])
    inference.compare_inference(space, name, fit, kind)
    _compare_correlation(space, f"scorecard.correlation.{name}", card, x)
    return fit


def _fit(
    space: Workspace, model_id: str, x: np.ndarray, offset: np.ndarray | None
) -> tuple[LogisticFit, np.ndarray | None]:
    """The regression by the plan's settings, and where it is bounded the derivative of its likelihood.

    Raises LinAlgError or ValueError where there is no covariance.
    """
    rows = space.known(DEVELOPMENT)
    kind, confidence = inference.covariance_of(space, model_id), confidence_of(space, model_id)
    told = (x, space.outcome[rows], space.weight[rows], confidence, kind, space.cluster[rows], offset)
    if inference.setting_of(space, model_id, "coefficients") == "negative":
        return fit_negative(*told)
    return fit_logistic(*told), None


def _offset(scored: Mapping[str, Value], card: Scorecard, rows: np.ndarray) -> np.ndarray | None:
    return None if card.offset is None else scored[card.offset].data[rows]


def impact_of_classing(space: Workspace, changes: Sequence[Change]) -> Impact:
    """What wrong weights of evidence do: of themselves, and with the coefficients that the right ones would have had.

    changes (n,): the rebuilt weight of each place compared. The greater of both effects.
    """

    def measured(wrong: NDArray[np.bool_]) -> Effects:
        chosen = [one for one, marked in zip(changes, wrong, strict=True) if marked]
        again = [more for model_id in sorted({one.model_id for one in chosen}) for more in _again(model_id, chosen)]
        found = effects_of(space, chosen)
        return found.greatest(effects_of(space, [*chosen, *again])) if again else found

    def _again(model_id: str, chosen: Sequence[Change]) -> list[Change]:
        card = scorecard_of(space.package.models[model_id])
        if card is None:
            return []
        own = [one for one in chosen if one.model_id == model_id]
        scored = score(changed(space.package.models[model_id], own), space.frame)
        rows = space.known(DEVELOPMENT)
        try:
            fit, _ = _fit(space, model_id, _matrix(scored, card, rows), _offset(scored, card, rows))
        except (np.linalg.LinAlgError, ValueError):
            return []
        return coefficient_changes(model_id, card.linear, fit.coefficient) if fit.converged else []

    return measured


def _compare_constraints(
    space: Workspace, area: str, terms: list[str], fit: LogisticFit, derivative: np.ndarray
) -> None:
    """Compare which bounds hold, and the derivative of the likelihood where they do."""
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    stated = {row["characteristic"]: row for row in table}
    space.ledger.words(area, "characteristics", sorted(stated), sorted(terms), "name", [area])
    known = [(place, name) for place, name in enumerate(terms) if name in stated]
    names = [name for _, name in known]
    held = ~fit.free[1:]
    own = [bool(held[place]) for place, _ in known]
    space.ledger.words(area, "bounds that hold", [bool(stated[name]["binds"]) for name in names], own, names, [area])
    for column, values in (("coefficient", fit.coefficient[1:]), ("derivative", np.where(held, derivative, 0.0))):
        mine = [float(values[place]) for place, _ in known]
        space.ledger.numbers(area, column, "coefficient", [stated[n][column] for n in names], mine, names, [area])


def confidence_of(space: Workspace, model_id: str) -> float:
    """Return the level of the developer's intervals, which the plan sets for each scorecard."""
    value = inference.setting_of(space, model_id, "confidence")
    return value if isinstance(value, float) else 0.95


def design(space: Workspace, model_id: str, card: Scorecard) -> np.ndarray:
    """Return the matrix (n, 1 + terms) of ones and WoE over the development rows with a known outcome."""
    return _matrix(space.scored[model_id], card, space.known(DEVELOPMENT))


def _matrix(scored: Mapping[str, Value], card: Scorecard, rows: np.ndarray) -> np.ndarray:
    columns = [scored[term.classing["output_woe"]].data[rows] for term in card.terms]
    return np.column_stack([np.ones(len(rows)), *columns])


def record_failure(
    space: Workspace,
    area: str,
    reason: str,
    what: str = "regression",
    terms: str = "the characteristics",
    apart: str = "classes",
) -> None:
    """Record that a model could not be refitted soundly, with the reason. what, terms, apart: in words."""
    finding = Finding(
        test=f"{area}: convergence",
        severity=space.policy.checks["not_converged"],
        quantity="refit",
        developer_value=None,
        validator_value=None,
        tolerance=None,
        statement=f"The {what} could not be refitted soundly: {reason}.",
        remedy=f"Remove {terms} that separate the {apart} or are linear combinations of others.",
        evidence=(area,),
    )
    space.ledger.check(Outcome(f"{area}: convergence", "fail", 1, None, reason, finding))


def _compare_table(space: Workspace, area: str, terms: list[str], fit: LogisticFit) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    names = [row["term"] for row in table]
    space.ledger.words(area, "terms", sorted(names), sorted(terms), "term")
    place = {term: number for number, term in enumerate(terms)}
    rows = [row for row in table if row["term"] in place]
    for column, rule in COLUMNS.items():
        own = [float(getattr(fit, column)[place[row["term"]]]) for row in rows]
        space.ledger.numbers(area, column, rule, [row[column] for row in rows], own, [row["term"] for row in rows])
    names = [row["term"] for row in rows]
    signs = [_sign(fit, place[name]) for name in names]
    space.ledger.words(area, "expected_sign", [row["expected_sign"] for row in rows], [one[0] for one in signs], names)
    space.ledger.words(area, "sign_agrees", [row["sign_agrees"] for row in rows], [one[1] for one in signs], names)


def _sign(fit: LogisticFit, place: int) -> tuple[str | None, bool | None]:
    """The sign that weights of evidence ask of a term, and whether it has it: none of the constant, or on a bound."""
    if place == 0:
        return None, None
    return "negative", bool(fit.coefficient[place] < 0) if fit.free[place] else None


def _compare_inflation(space: Workspace, area: str, card: Scorecard, x: np.ndarray) -> None:
    table = {row["term"]: row for row in space.package.rows_of(area) or []}
    labels = [term.characteristic for term in card.terms if term.characteristic in table]
    weight = space.weight[space.known(DEVELOPMENT)]
    own = dict(zip((term.characteristic for term in card.terms), variance_inflation(x[:, 1:], weight), strict=True))
    developer = [table[name]["variance_inflation"] for name in labels]
    space.ledger.numbers(area, "VIF", "variance_inflation", developer, [own[name] for name in labels], labels)


def _ratio(fit: LogisticFit, rows: float) -> float:
    return 2.0 * (fit.log_likelihood - fit.null_log_likelihood)


def _pseudo(fit: LogisticFit, rows: float) -> float:
    """McFadden (1974): 1 − log-likelihood / log-likelihood of the constant."""
    return 1.0 - fit.log_likelihood / fit.null_log_likelihood


_ITEMS: dict[str, Callable[[LogisticFit, float], float]] = {
    "log_likelihood": lambda fit, rows: fit.log_likelihood,
    "log_likelihood_of_the_constant": lambda fit, rows: fit.null_log_likelihood,
    "likelihood_ratio_chi_square": _ratio,
    "degrees_of_freedom": lambda fit, rows: fit.parameters - 1.0,
    "mcfadden_pseudo_r_squared": _pseudo,
    "akaike_information_criterion": lambda fit, rows: 2.0 * fit.parameters - 2.0 * fit.log_likelihood,
    "bayesian_information_criterion": lambda fit, rows: float(np.log(rows)) * fit.parameters - 2.0 * fit.log_likelihood,
    "rows": lambda fit, rows: rows,
}


def _key(item: str) -> str:
    """An item of a table of a fit in small letters with single underscores."""
    return "_".join("".join(c if c.isalnum() else " " for c in item.lower()).split())


def _compare_fit(space: Workspace, area: str, fit: LogisticFit) -> None:
    rows = float(len(space.known(DEVELOPMENT)))
    found: list[tuple[str, Any, float]] = []
    for row in space.package.rows_of(area) or []:
        key = _key(row["item"])
        if key in _ITEMS and row["value"] is not None:
            found.append((row["item"], row["value"], _ITEMS[key](fit, rows)))
    if not found:
        space.ledger.not_evaluable(area, "the package states no likelihood or criterion that we know")
        return
    labels, developer, own = (list(item) for item in zip(*found, strict=True))
    space.ledger.numbers(area, "likelihood and criteria", "log_likelihood", developer, own, labels)
    told = [_key(row["item"]) for row in space.package.rows_of(area) or []]
    compare_whole(space, area, [key for key in told if key in _ITEMS], list(_ITEMS))


def _compare_correlation(space: Workspace, area: str, card: Scorecard, x: np.ndarray) -> None:
    names = [term.characteristic for term in card.terms]
    table = [
        row for row in space.package.rows_of(area) or [] if row["characteristic"] in names and row["other"] in names
    ]
    if not table or len(names) < 2:
        space.ledger.not_evaluable(area, "the package holds no such table, or there is one characteristic")
        return
    pairs = [frozenset((row["characteristic"], row["other"])) for row in table]
    wanted = [frozenset(pair) for pair in itertools.combinations(names, 2)]
    compare_whole(space, area, [tuple(sorted(one)) for one in pairs], [tuple(sorted(one)) for one in wanted])
    matrix = correlation(x[:, 1:], space.weight[space.known(DEVELOPMENT)])
    own = [matrix[names.index(row["characteristic"]), names.index(row["other"])] for row in table]
    labels = [f"{row['characteristic']} and {row['other']}" for row in table]
    developer = [row["correlation"] for row in table]
    space.ledger.numbers(area, "correlation of WoE", "difference", developer, own, labels)
