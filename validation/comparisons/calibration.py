"""Calibration: every map fitted again on the sample that the plan names, and held against what the models publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.compare import in_order
from validation.comparisons.calibration_external import compare_external
from validation.comparisons.calibration_fit import Fitted, fitted
from validation.comparisons.calibration_level import compare_levels
from validation.comparisons.calibration_moments import compare_moments
from validation.comparisons.calibration_segments import compare_segments
from validation.comparisons.calibration_switch import compare_switched
from validation.findings import Finding, Outcome
from validation.rebuild import metrics
from validation.rebuild.calibration_errors import numerical_errors
from validation.rebuild.calibration_maps import METHODS, NotFitted, OwnMap, fit_own
from validation.rebuild.calibration_plan import calibrated_on, methods_of
from validation.rebuild.calibration_weights import calibration_space
from validation.rebuild.numerical import QUANTITY as NUMERICAL
from validation.rebuild.workspace import DEVELOPMENT, Workspace

Floats = NDArray[np.float64]
SAMPLES, METHOD, PARAMETERS, KNOTS, ORDER, MAP = (
    f"calibration.{name}" for name in ("samples", "method", "parameters", "knots", "order", "map")
)
RULE = "calibrated_probability"


def compare_calibration(space: Workspace) -> None:
    """Compare samples, maps, parameters, level, order and curve of the calibration of every model."""
    _compare_samples(space)
    sample = calibrated_on(space.package.plan)
    if sample is None:
        _compare_uncalibrated(space)
        return
    space = calibration_space(space)
    known = [one for model_id in space.package.models if (one := _fitted(space, model_id, sample)) is not None]
    for one in known:
        _compare_probability(space, one, sample)
    compare_levels(space, {one.name: (one.model_id, one.rows, one.level) for one in known if one.level is not None})
    compare_external(space, {one.name: one.external for one in known if one.external is not None})
    compare_moments(space, {f.name: (f.model_id, f.rows, f.moments) for f in known if f.moments is not None})
    compare_segments(space, known)
    _compare_method(space, known, sample)
    _compare_parameters(space, known)
    _compare_knots(space, known)
    compare_switched(space, known)
    _compare_order(space, known)
    _compare_map(space, known)


def _compare_samples(space: Workspace) -> None:
    """Which samples the models and the calibration are fitted on, and so where tests of calibration are independent."""
    table = space.package.rows_of(SAMPLES)
    if table is None:
        if calibrated_on(space.package.plan) is None:
            space.ledger.not_evaluable(SAMPLES, "the package holds no such table")
        else:
            missing_table(space, SAMPLES)
        return
    own, fitted_on = [], calibrated_on(space.package.plan)
    for sample in space.rows:
        rows = len(space.known(sample))
        own.append((sample, rows, sample == DEVELOPMENT, sample == fitted_on, sample in (DEVELOPMENT, fitted_on)))
    columns = ("sample", "rows", "fits_models", "fits_calibration")
    stated = [(*(row[c] for c in columns), row["calibration_tests"] != "independent") for row in table]
    space.ledger.words(SAMPLES, "what is fitted on each sample", sorted(stated), sorted(own), "sample", [SAMPLES])


def _compare_uncalibrated(space: Workspace) -> None:
    """Without calibration the probability is the logistic function of the linear score."""
    for model_id in space.package.models:
        outputs = [space.output(model_id, key) for key in ("linear_score", "probability")]
        if None in outputs:
            continue
        score, probability = (value.data[_used(space)] for value in outputs if value is not None)
        with np.errstate(over="ignore"):
            own = 1.0 / (1.0 + np.exp(-score))
        file = space.package.file_of(model_id)
        told = (file, "probability without calibration", "probability")
        space.ledger.numbers(*told, probability, own, "row", [SAMPLES], applicants=True)


def _used(space: Workspace) -> NDArray[np.int64]:
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *space.rows.values()]))


def _fitted(space: Workspace, model_id: str, sample: str) -> Fitted | None:
    """Fit the method that the package states for a model, which the plan must name."""
    name = space.package.candidate_ids[model_id]
    stated = {row["model"]: str(row["method"]) for row in space.package.rows_of(METHOD) or []}
    method, allowed = stated.get(name), methods_of(space.package.plan)
    test = f"{METHOD}: {name}"
    if method not in allowed or method not in METHODS:
        _finding(space, test, "evidence_missing", method, f"The calibration of {name} is none of {', '.join(allowed)}.")
        return None
    score = space.output(model_id, "linear_score")
    rows = space.judged(model_id, sample)
    if score is None or not len(rows):
        space.ledger.not_evaluable(test, f"no linear score, or no row in the sample {sample}")
        return None
    try:
        return fitted(space, model_id, name, str(method), rows)
    except NotFitted as error:
        statement = f"The calibration of {name} cannot be fitted on {sample}: {error}."
        _finding(space, test, "calibration_sample", method, statement)
        return None


def missing_table(space: Workspace, area: str) -> None:
    """A package whose plan asks for a calibration tells of it."""
    statement = f"The models are calibrated, and the package holds no {area}."
    _finding(space, f"{area}: is stated", "evidence_missing", None, statement)


def _finding(space: Workspace, test: str, check: str, value: Any, statement: str) -> None:
    finding = Finding(
        test=test,
        severity=space.policy.checks[check],
        quantity="calibration",
        developer_value=value,
        validator_value=None,
        tolerance=None,
        statement=statement,
        remedy="Fit the calibration again as the plan says, and submit the package again.",
        evidence=(METHOD,),
    )
    space.ledger.check(Outcome(test, "fail", 1, None, None, finding))


def _compare_probability(space: Workspace, one: Fitted, sample: str) -> None:
    """The published probability of every row is that of our map; else say which sample it fits."""
    value = space.output(one.model_id, "probability")
    if value is None:
        space.ledger.not_evaluable(f"{METHOD}: {one.name}", "the model publishes no probability")
        return
    used = _used(space)
    used = used[one.determined(used)]
    published, own = value.data[used], one.probability(used)
    keys = space.frame["_key"].to_numpy()[used]
    file, labels = space.package.file_of(one.model_id), [f"key {key}" for key in keys]
    told = (file, "calibrated probability", RULE)
    found = space.ledger.numbers(*told, published, own, labels, [METHOD], applicants=True)
    test = f"{METHOD}: sample of the calibration of {one.name}"
    if found is None or not found.breaches:
        space.ledger.check(Outcome(test, "pass", 1, "the plan's", None))
        return
    for other in space.rows:
        if other != sample and _fits(space, one, other, published, used):
            tests = "not independent there, though the package says so"
            statement = f"The calibration of {one.name} is that of {other}, not of {sample}: its tests are {tests}."
            _finding(space, test, "calibration_sample", sample, statement)


def _fits(space: Workspace, one: Fitted, sample: str, published: Floats, used: NDArray[np.int64]) -> bool:
    rows = space.judged(one.model_id, sample)
    try:
        other = fitted(space, one.model_id, one.name, one.own.method, rows)
    except (NotFitted, ValueError):
        return False
    tolerance = space.policy.tolerances[RULE]
    return bool(np.all(tolerance.excess(published, other.probability(used)) <= tolerance.value))


def _compare_method(space: Workspace, models: Sequence[Fitted], sample: str) -> None:
    table = _table(space, METHOD, "model", [one.name for one in models])
    if table is None:
        return
    own = {one.name: _levels(space, one) for one in models}
    known = [row for row in table if row["model"] in own]
    labels = [str(row["model"]) for row in known]
    space.ledger.words(METHOD, "sample", [row["sample"] for row in known], [sample] * len(known), labels, [METHOD])
    for column, rule in _LEVELS.items():
        mine = [own[row["model"]][column] for row in known]
        space.ledger.numbers(METHOD, column, rule, [row[column] for row in known], mine, labels, [METHOD])


_LEVELS = {
    "rows": "rows",
    "bads": "rows",
    "bad_rate": "share",
    "mean_before": "mean_probability",
    "mean_after": RULE,
    "log_loss_before": "log_loss",
    "log_loss_after": RULE,
    "brier_before": "brier",
    "brier_after": RULE,
}


def _levels(space: Workspace, one: Fitted) -> dict[str, float]:
    y, w = space.outcome[one.rows], space.weight[one.rows]
    found = {"rows": float(len(y)), "bads": float(np.count_nonzero(y == 1)), "bad_rate": float(w @ y / w.sum())}
    before = fit_own("none", one.score[one.rows], y, w).probability(one.score[one.rows])
    for word, p in (("before", before), ("after", one.probability(one.rows))):
        found |= {f"mean_{word}": float(w @ p / w.sum()), f"brier_{word}": metrics.brier(y, p, w)}
        found[f"log_loss_{word}"] = metrics.log_loss(y, p, w)
    return found


def _table(space: Workspace, area: str, column: str, names: Sequence[str]) -> list[dict[str, Any]] | None:
    """The rows of a table that tells of every one of `names`; what it leaves out is a finding."""
    table = space.package.rows_of(area)
    if table is None:
        missing_table(space, area)
        return None
    stated = list(dict.fromkeys(row[column] for row in table))
    space.ledger.words(area, "models", sorted(map(str, stated)), sorted(names), "model", [area])
    return table


def _compare_parameters(space: Workspace, models: Sequence[Fitted]) -> None:
    for one in (one for one in models if one.own.only_at is not None):
        reason = f"two distinct scores do not determine the {one.own.method} map of {one.name}"
        space.ledger.not_evaluable(f"{PARAMETERS}: {one.name}", reason)
    named = [one.name for one in models if one.own.estimates or one.own.only_at is not None]
    with_any = [one for one in models if one.own.estimates]
    table = _table(space, PARAMETERS, "model", named) if named else None
    if table is None:
        return
    table = [row for row in table if row["model"] in {one.name for one in with_any}]
    stated = {(row["model"], row["parameter"]): row for row in table}
    own = {(one.name, key): one.own for one in with_any for key in one.own.estimates}
    given = in_order([(row["model"], row["parameter"]) for row in table], list(own))
    space.ledger.words(PARAMETERS, "parameters", given, list(own), "parameter", [PARAMETERS])
    keys = [key for key in own if key in stated]
    labels = [f"{model} {parameter}" for model, parameter in keys]
    columns = {
        "estimate": ("coefficient", lambda found, key: found.estimates[key]),
        "standard_error": ("standard_error", lambda found, key: found.errors[key]),
        "robust_standard_error": ("standard_error", lambda found, key: found.robust_errors[key]),
    }
    for column, (rule, get) in columns.items():
        mine = [_number(get(own[key], key[1])) for key in keys]
        space.ledger.numbers(PARAMETERS, column, rule, [stated[k][column] for k in keys], mine, labels, [PARAMETERS])
    _compare_numerical(space, with_any, stated)
    held = [bool(np.isnan(own[key].errors[key[1]])) for key in keys]
    space.ledger.words(PARAMETERS, "bounds", [stated[k]["at_bound"] for k in keys], held, labels, [PARAMETERS])


def _compare_numerical(
    space: Workspace, models: Sequence[Fitted], stated: Mapping[tuple[Any, Any], Mapping[str, Any]]
) -> None:
    """The stated errors against those from numerical second derivatives, of maps that are fitted to the rows alone."""
    for column, robust in (("standard_error", False), ("robust_standard_error", True)):
        given, mine, labels = [], [], []
        for one in models:
            y, w, score = space.outcome[one.rows], space.weight[one.rows], one.score[one.rows]
            if one.external is not None or one.moments is not None:
                continue
            own = one.own if one.level is None else fit_own(one.own.method, score, y, w)
            held = frozenset(name for name, error in own.errors.items() if np.isnan(error))
            try:
                found = numerical_errors(own.estimates, held, score, y, w, robust=robust)
            except np.linalg.LinAlgError as error:
                space.ledger.not_evaluable(f"{PARAMETERS}: {one.name}, {NUMERICAL}", str(error))
                continue
            for name in (name for name in found if name not in held and (one.name, name) in stated):
                given.append(stated[one.name, name][column])
                mine.append(found[name])
                labels.append(f"{one.name} {name}")
        quantity, rule = f"{NUMERICAL}{', robust' if robust else ''}", "numerical_standard_error"
        space.ledger.numbers(PARAMETERS, quantity, rule, given, mine, labels, [PARAMETERS])


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _compare_knots(space: Workspace, models: Sequence[Fitted]) -> None:
    with_any = [one for one in models if one.own.knots]
    if not with_any:
        return
    table = _table(space, KNOTS, "model", [one.name for one in with_any])
    if table is None:
        return
    own = {(one.name, k): knot for one in with_any for k, knot in enumerate(one.own.knots, start=1)}
    stated = {(row["model"], row["knot"]): row for row in table}
    keys, given = list(own), in_order([(row["model"], row["knot"]) for row in table], list(own))
    space.ledger.words(KNOTS, "steps and knots", given, keys, "knot", [KNOTS])
    if given != keys:
        return
    labels = [f"{name} {k}" for name, k in keys]
    starts = [None if np.isinf(x) else x for x, _ in own.values()]
    begun = [stated[key]["from_linear_score"] for key in keys]
    space.ledger.numbers(KNOTS, "linear score", "linear_score", begun, starts, labels, [KNOTS])
    levels, known = [p for _, p in own.values()], [stated[key]["probability"] for key in keys]
    space.ledger.numbers(KNOTS, "probability", RULE, known, levels, labels, [KNOTS])


def _compare_order(space: Workspace, models: Sequence[Fitted]) -> None:
    """Distinct scores by map, and of steps the probabilities; lines and curves differ at every score in principle."""
    table = _table(space, ORDER, "model", [one.name for one in models])
    if table is None:
        return
    stated: Mapping[Any, Mapping[str, Any]] = {row["model"]: row for row in table}
    known = [one for one in models if one.name in stated]
    labels = [one.name for one in known]
    words, counts, merged = [], [], []
    for one in known:
        parts = _parts(one)
        strict = not any(own.knots for own, _ in parts)
        within = "" if one.switch is None else f" within {'bands' if one.segments is None else 'segments'}"
        words.append(f"{'strictly increasing' if strict else 'non decreasing'}{within}")
        counts.append(sum(len(values) for _, values in parts))
        ends = [_distinct(own, values) for own, values in parts]
        least, most = (sum(end[k] for end in ends) for k in (0, 1))
        merged.append(int(np.clip(stated[one.name]["distinct_probabilities"], least, most)))
    space.ledger.words(ORDER, "order", [stated[n]["order"] for n in labels], words, labels, [ORDER])
    given = [stated[n]["distinct_scores"] for n in labels]
    space.ledger.numbers(ORDER, "distinct scores", "rows", given, counts, labels, [ORDER])
    given = [stated[n]["distinct_probabilities"] for n in labels]
    space.ledger.numbers(ORDER, "distinct probabilities", "rows", given, merged, labels, [ORDER])
    differences = [stated[n]["distinct_scores"] - stated[n]["distinct_probabilities"] for n in labels]
    space.ledger.numbers(ORDER, "merged", "rows", [stated[n]["merged"] for n in labels], differences, labels, [ORDER])


def _parts(one: Fitted) -> list[tuple[OwnMap, Floats]]:
    """Each map with the distinct scores of the sample that it is used at."""
    score = one.score[one.rows]
    if one.switch is None:
        return [(one.own, np.unique(score))]
    place = one.switch.place[one.rows]
    return [(own, np.unique(score[place == k])) for k, own in enumerate(one.switch.maps) if np.any(place == k)]


def _distinct(own: OwnMap, values: Floats) -> tuple[int, int]:
    """Least and greatest number of distinct probabilities at distinct scores.

    A centred map rises between its first and last knot and is level beyond them: a score within rounding of such a
    knot counts either way.
    """
    if own.method != "centred_isotonic":
        count = len(np.unique(own.probability(values))) if own.knots else len(values)
        return count, count
    first, last = own.knots[0][0], own.knots[-1][0]
    slack = 1e-12 * max(1.0, abs(first), abs(last))
    counts = []
    for reach in (-slack, slack):
        low, high = values <= first + reach, values >= last - reach
        counts.append(int(np.sum(~low & ~high)) + int(low.any()) + int(high.any()))
    return min(counts), max(counts)


def _compare_map(space: Workspace, models: Sequence[Fitted]) -> None:
    """The drawn curve of the champion."""
    table = space.package.rows_of(MAP)
    champion = next((one for one in models if one.model_id == space.package.champion_id), None)
    if champion is None:
        space.ledger.not_evaluable(MAP, "the calibration of the champion is not known")
        return
    if table is None:
        missing_table(space, MAP)
        return
    if champion.own.only_at is not None:
        space.ledger.not_evaluable(MAP, f"two distinct scores do not determine a {champion.own.method} map")
        return
    x = np.array([row["linear_score"] for row in table], dtype=np.float64)
    after = np.array([row["curve"] == "after" for row in table], dtype=bool)
    own = np.where(after, champion.own.probability(x), 1.0 / (1.0 + np.exp(-x)))
    labels = [f"{row['curve']} at {row['linear_score']:.6g}" for row in table]
    space.ledger.numbers(MAP, "probability", RULE, [row["probability"] for row in table], own, labels, [MAP])
    ends = champion.score[champion.rows]
    given, mine = [float(x.min()), float(x.max())], [float(ends.min()), float(ends.max())]
    space.ledger.numbers(MAP, "range of the linear score", "linear_score", given, mine, ["least", "greatest"], [MAP])
