"""Generalised linear models fitted again on the development rows, with the validator's optimiser."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.regression import record_failure
from validation.impact import coefficient_changes, impact_of
from validation.measures.families import Family, distribution
from validation.measures.fit import GlmFit, fit_glm
from validation.measures.structure import PARAMETERS, Glm, covariance_kind, design, outcome_of
from validation.rebuild.logistic import variance_inflation
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

COLUMNS = {
    "coefficient": "coefficient",
    "standard_error": "standard_error",
    "statistic": "z",
    "p_value": "p_value",
    "lower": "coefficient",
    "upper": "coefficient",
}
SHOWN, QUANTILES = 1_000, 200
IN_WORDS = ("model", "terms", "rows")
"""What could not be refitted, of what it is made, and what its terms may separate."""


def compare_glm(space: Workspace, glm: Glm) -> GlmFit | None:
    """Compare everything that the package tells of one model; return our fit, or None where it cannot be made."""
    area = f"glm.coefficients.{glm.name}"
    x, offset = design(space, glm)
    y, weight = outcome_of(space, glm), space.weight[space.known(DEVELOPMENT)]
    kind, clusters = covariance_kind(space, glm), space.cluster[space.known(DEVELOPMENT)]
    options: dict[str, Any] = {"kind": kind, "clusters": clusters, "confidence": glm.confidence}
    try:
        fit = fit_glm(x, y, weight, offset, glm.family, **options)
    except (np.linalg.LinAlgError, ValueError) as error:
        record_failure(space, area, f"the refit failed: {error}", *IN_WORDS)
        return None
    if not fit.converged:
        record_failure(space, area, "the refit did not converge", *IN_WORDS)
    labels = [f"{glm.name} {name}" for name in _terms(space, glm)]
    told = ("model.json", f"coefficients of {glm.name}", "coefficient")
    impact = impact_of(space, coefficient_changes(glm.model_id, glm.linear, fit.coefficient))
    space.ledger.numbers(*told, glm.coefficients, fit.coefficient, labels, [area], impact=impact)
    _compare_parameters(space, glm, kind)
    _compare_table(space, glm, fit, x, weight)
    _compare_fit(space, glm, fit)
    _compare_power(space, glm, x, y, weight, offset)
    _compare_residuals(space, glm, fit, y, weight)
    return fit


def _terms(space: Workspace, glm: Glm) -> list[str]:
    table = space.package.rows_of(f"glm.coefficients.{glm.name}") or []
    names = [row["term"] for row in table]
    return names if len(names) == len(glm.terms) + 1 else ["intercept", *glm.terms]


def _compare_parameters(space: Workspace, glm: Glm, kind: str) -> None:
    """Compare family, link and covariance in evidence and plan, and the link step of the model."""
    area = f"{PARAMETERS}.{glm.name}"
    links = [s for s in steps_of(space.package.models[glm.model_id], "link") if s["input"] == glm.linear["output"]]
    function = links[0]["function"] if len(links) == 1 else None
    stated = [glm.stated.get("family"), glm.stated.get("link"), str(glm.stated.get("covariance")).partition(":")[0]]
    own = [glm.family.name, glm.family.link, kind]
    space.ledger.words(
        area, "settings", [*stated, function], [*own, glm.family.link], ["family", "link", "covariance", "link step"]
    )
    given = glm.spec.get("variance_power")
    if isinstance(given, float):
        power = [float(glm.stated.get("variance power", "nan"))]
        space.ledger.numbers(area, "variance power of the plan", "variance_power", power, [given], ["variance power"])


def _compare_table(space: Workspace, glm: Glm, fit: GlmFit, x: np.ndarray, weight: np.ndarray) -> None:
    area = f"glm.coefficients.{glm.name}"
    table = space.package.rows_of(area)
    if table is None or len(table) != len(fit.coefficient):
        space.ledger.not_evaluable(area, "the package holds no table of as many terms as the model has")
        return
    labels = [row["term"] for row in table]
    for column, rule in COLUMNS.items():
        space.ledger.numbers(area, column, rule, [row[column] for row in table], getattr(fit, column), labels)
    if len(labels) > 1:
        own = variance_inflation(x[:, 1:], weight)
        developer = [row["variance_inflation"] for row in table[1:]]
        space.ledger.numbers(area, "variance_inflation", "variance_inflation", developer, own, labels[1:])
    agrees = [None if row["expected_sign"] is None else row["coefficient"] > 0 for row in table]
    space.ledger.words(area, "sign_agrees", [row["sign_agrees"] for row in table], agrees, labels)


def _compare_fit(space: Workspace, glm: Glm, fit: GlmFit) -> None:
    area, rows = f"glm.fit.{glm.name}", space.known(DEVELOPMENT)
    estimated = len(fit.coefficient) + 1 + (glm.spec.get("variance_power") == "profile")
    own: dict[str, tuple[str, float]] = {
        "deviance": ("deviance", fit.deviance),
        "deviance of the constant": ("deviance", fit.null_deviance),
        "deviance explained": ("deviance", 1.0 - fit.deviance / fit.null_deviance),
        "Pearson chi-square": ("dispersion", fit.pearson),
        "dispersion": ("dispersion", fit.dispersion),
        "dispersion of greatest likelihood": ("likely_dispersion", fit.likely_dispersion),
        "log likelihood": ("log_likelihood", fit.log_likelihood),
        "Akaike information criterion": ("log_likelihood", 2.0 * (estimated - fit.log_likelihood)),
        "Bayesian information criterion": ("log_likelihood", np.log(len(rows)) * estimated - 2.0 * fit.log_likelihood),
        "precision": ("dispersion", 1.0 / fit.dispersion - 1.0),
        "standard error of the precision": ("standard_error", fit.precision_error),
        "numbers estimated": ("rows", float(estimated)),
        "degrees of freedom": ("rows", float(len(rows) - len(fit.coefficient))),
        "rows": ("rows", float(len(rows))),
        "weight": ("count", float(space.weight[rows].sum())),
    }
    table = {row["item"]: row["value"] for row in space.package.rows_of(area) or []}
    if not table:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    for rule in dict.fromkeys(rule for rule, _ in own.values()):
        items = [item for item, (of, _) in own.items() if of == rule and item in table]
        space.ledger.numbers(
            area, f"items under {rule}", rule, [table[i] for i in items], [own[i][1] for i in items], items
        )
    needed = {"dispersion", "deviance"} | ({"log likelihood"} if glm.family.name != "fractional" else set())
    space.ledger.words(area, "items", [item in table for item in sorted(needed)], [True] * len(needed), sorted(needed))


def _compare_power(
    space: Workspace, glm: Glm, x: np.ndarray, y: np.ndarray, weight: np.ndarray, offset: np.ndarray
) -> None:
    """Profile the variance power again at the powers stated; the chosen one must be the model's and the likeliest."""
    area = f"glm.variance_power.{glm.name}"
    if glm.spec.get("variance_power") != "profile":
        return
    table = space.package.rows_of(area)
    if not table:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    chosen = [row for row in table if row["chosen"]]
    labels = [f"power {row['variance_power']:g}" for row in table]
    own = [_profiled(row["variance_power"], x, y, weight, offset) for row in table]
    for column, rule, place in (("dispersion", "likely_dispersion", 0), ("log_likelihood", "log_likelihood", 1)):
        space.ledger.numbers(area, column, rule, [row[column] for row in table], [item[place] for item in own], labels)
    best = table[int(np.argmax([item[1] for item in own]))]["variance_power"]
    stated = [chosen[0]["variance_power"] if len(chosen) == 1 else None, glm.family.power]
    space.ledger.numbers(area, "variance power", "variance_power", stated, [best, best], ["chosen", "of the model"])
    depth = float(special.chdtri(1.0, 1.0 - glm.confidence)) / 2.0
    top = max(item[1] for item in own)
    sure = [i for i, item in enumerate(own) if abs((top - item[1]) / depth - 1.0) > 1e-3]
    inside = [top - own[i][1] <= depth for i in sure]
    space.ledger.words(area, "inside", [table[i]["inside"] for i in sure], inside, [labels[i] for i in sure])


def _profiled(
    power: float, x: np.ndarray, y: np.ndarray, weight: np.ndarray, offset: np.ndarray
) -> tuple[float, float]:
    one = Family("tweedie", "log", float(power))
    clusters = np.arange(len(y))
    fit = fit_glm(x, y, weight, offset, one, kind="nonrobust", clusters=clusters, confidence=0.95)
    return fit.likely_dispersion, fit.log_likelihood


def _compare_residuals(space: Workspace, glm: Glm, fit: GlmFit, y: np.ndarray, weight: np.ndarray) -> None:
    """Compare the deviance residuals shown, and the quantile residuals where no row's is drawn at random."""
    rows = space.known(DEVELOPMENT)
    name = space.package.models[glm.model_id]["outputs"]["linear_score"]
    linear = space.scored[glm.model_id][name].data[rows]
    residual = np.sign(y - fit.mu) * np.sqrt(weight * np.maximum(glm.family.deviance(y, fit.mu), 0.0))
    order = np.lexsort((residual, linear))
    area, table = f"glm.residuals.{glm.name}", space.package.rows_of(f"glm.residuals.{glm.name}")
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such figure")
    else:
        kept = order[_evenly(len(order), SHOWN)]
        for column, rule, own in (
            ("linear_predictor", "linear_score", linear),
            ("deviance_residual", "residual", residual),
        ):
            space.ledger.numbers(area, column, rule, [row[column] for row in table], own[kept], "point")
    _compare_residual_means(space, glm, linear, residual)
    area = f"glm.residual_quantiles.{glm.name}"
    shown = space.package.rows_of(area)
    if shown is None or glm.family.name == "tweedie":
        space.ledger.not_evaluable(area, "there are none, or those of zeros are drawn at random")
        return
    dispersion = fit.dispersion / weight if glm.family.name == "gamma" else np.full(len(y), fit.dispersion)
    below = np.sort(distribution(glm.family, y, fit.mu, dispersion))
    kept = _evenly(len(below), QUANTILES)
    inside = (below[kept] > 1e-6) & (below[kept] < 1.0 - 1e-6)  # beyond, one tail is lost in the rounding of the other
    own = special.ndtri(below[kept])
    if len(shown) == len(kept):
        given = np.array([row["residual"] for row in shown])
        space.ledger.numbers(area, "residual", "residual", given[inside], own[inside], "point")
    else:
        space.ledger.numbers(area, "points", "rows", [len(shown)], [len(kept)], ["points"])


def _compare_residual_means(space: Workspace, glm: Glm, linear: np.ndarray, residual: np.ndarray) -> None:
    """Compare the mean residual of each band; a band takes as many of the rows in their order as the figure says."""
    area = f"glm.residual_means.{glm.name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such figure")
        return
    counts = np.array([row["rows"] for row in table], dtype=np.int64)
    ordered = np.argsort(linear, kind="stable")
    ends = np.cumsum(counts)
    cut = linear[ordered]
    whole = bool(ends[-1] == len(linear)) and all(cut[end - 1] < cut[end] for end in ends[:-1])
    space.ledger.words(area, "bands", [whole], [True], ["bands hold all rows, those of one linear predictor together"])
    if not whole:
        return
    parts = np.split(ordered, ends[:-1])
    mean = np.array([residual[part].mean() for part in parts])
    spread = [residual[part].std(ddof=1) / np.sqrt(len(part)) if len(part) > 1 else np.nan for part in parts]
    half = special.ndtri(0.5 + glm.confidence / 2) * np.array(spread)
    own = {"linear_predictor": np.array([linear[part].mean() for part in parts]), "mean_residual": mean}
    own |= {"lower": mean - half, "upper": mean + half}
    for column, values in own.items():
        rule = "linear_score" if column == "linear_predictor" else "residual"
        space.ledger.numbers(area, column, rule, [row[column] for row in table], values, "band")


def _evenly(rows: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))
