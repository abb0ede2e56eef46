"""What predictors, the score and all inputs together tell of protected groups, from our own bins and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons import groups
from validation.comparisons.fairness import labels_of
from validation.comparisons.held import held_classings
from validation.rebuild import clustered, group_rates, metrics, proxies
from validation.rebuild.workspace import DEVELOPMENT, Workspace

PROXIES, MODELS, BANDS = "fairness.proxies", "fairness.proxy_models", "performance.score_bands"
DEFAULT_AUC = 0.6
_PROXIES = {
    "rows": "rows",
    "groups": "rows",
    "degrees": "rows",
    "statistic": "chi_square",
    "p_value": "p_value",
    "adjusted_p_value": "p_value",
    "cramers_v": "standard_error",
    "cramers_v_lower": "standard_error",
    "cramers_v_upper": "standard_error",
    "mutual_information": "standard_error",
    "mutual_information_lower": "standard_error",
    "mutual_information_upper": "standard_error",
    "auc": "auc",
    "auc_lower": "interval",
    "auc_upper": "interval",
    "bad_auc": "auc",
    "bad_auc_within": "auc",
    "within_lower": "interval",
    "within_upper": "interval",
}
_MODELS = {"rows": "rows", "group_rows": "rows", "auc": "auc", "auc_lower": "interval", "auc_upper": "interval"}
Integers = np.ndarray
Rows = list[dict[str, Any]]


def compare_proxies(space: Workspace) -> None:
    """Compare the scan of predictors and the classifiers of groups with our own."""
    known = labels_of(space)
    for area in (PROXIES, MODELS):
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
            continue
        own = ["; ".join(known.get(row["attribute"], [])) for row in table]
        space.ledger.words(area, "jurisdiction", [row["jurisdiction"] for row in table], own, "row")
    bins = _bins(space)
    codes = _codes(space)
    if table := space.package.rows_of(PROXIES):
        _compare_scan(space, table, bins, codes)
    if table := space.package.rows_of(MODELS):
        _compare_models(space, table, bins, codes)


def _bins(space: Workspace) -> dict[str, Integers]:
    """Bins (n,) of every classed predictor over the snapshot, and bands of the score."""
    found = {name: held.ids for name, held in held_classings(space).items()}
    score, table = space.output(space.package.champion_id, "score"), space.package.rows_of(BANDS)
    if score is not None and table is not None:
        edges = sorted(row["lower"] for row in table if row["sample"] == DEVELOPMENT and row["lower"] is not None)
        found["score"] = np.searchsorted(np.array(edges), score.data, side="right")
    return found


def _codes(space: Workspace) -> dict[str, tuple[list[str], Mapping[str, Integers]]]:
    """By attribute of the snapshot: groups in the order of their table, and by sample each row's place, −1 for none."""
    table = space.package.rows_of(groups.GROUPS) or []
    found: dict[str, tuple[list[str], Mapping[str, Integers]]] = {}
    for attribute in dict.fromkeys(row["attribute"] for row in table):
        rows = [row for row in table if row["attribute"] == attribute and row["sample"] == DEVELOPMENT]
        names = [row["group"] for row in rows if row["group"] != "missing"]
        if any(groups.members(space, attribute, name, DEVELOPMENT) is None for name in names):
            continue  # the snapshot does not hold the column
        places = {}
        for sample in space.rows:
            place = np.full(len(space.known(sample)), -1)
            for code, name in enumerate(names):
                inside = groups.members(space, attribute, name, sample)
                if inside is not None:
                    place[inside] = code
            places[sample] = place
        found[attribute] = (names, places)
    return found


def _compare_scan(space: Workspace, table: Rows, bins: Mapping[str, Integers], codes: Mapping[str, Any]) -> None:
    kept = [r for r in table if r["predictor"] in bins and r["attribute"] in codes and r["sample"] in space.rows]
    if len(kept) < len(table):
        space.ledger.not_evaluable(f"{PROXIES}: predictors", "bins or groups that cannot be read from the package")
    own = [_scan(space, row, bins[row["predictor"]], *codes[row["attribute"]]) for row in kept]
    places = [(row["attribute"], row["sample"]) for row in kept]
    for place in dict.fromkeys(places):
        chosen = [number for number, one in enumerate(places) if one == place]
        adjusted = group_rates.step_down(np.array([own[number][0]["p_value"] for number in chosen]))
        whole = len(chosen) == sum((row["attribute"], row["sample"]) == place for row in table)
        for number, p in zip(chosen, adjusted, strict=True):
            own[number][0]["adjusted_p_value"] = p if whole else kept[number]["adjusted_p_value"]
    labels = [f"{row['attribute']} {row['predictor']} {row['sample']}" for row in kept]
    for column, rule in _PROXIES.items():
        developer = [row[column] for row in kept]
        space.ledger.numbers(PROXIES, column, rule, developer, [one[column] for one, _ in own], labels)
    space.ledger.words(PROXIES, "group", [row["group"] for row in kept], [name for _, name in own], labels)
    words = [_verdict(space, one) for one, _ in own]
    enough = [
        "not evaluable" if row["result"] == "not evaluable" else word for row, word in zip(kept, words, strict=True)
    ]
    told = [row["verdict"].split(":")[0] for row in kept]
    space.ledger.words(PROXIES, "verdict", told, enough, labels)


def _verdict(space: Workspace, found: Mapping[str, float]) -> str:
    least = space.package.setting("fairness", "proxy_auc", DEFAULT_AUC)
    if not (found["adjusted_p_value"] < 1.0 - space.confidence and found["auc"] >= least):
        return "does not tell the group"
    return "tells the group, and bad within groups" if found["within_lower"] > 0.5 else "tells the group only"


def _scan(
    space: Workspace, row: Mapping[str, Any], ids: Integers, names: list[str], places: Mapping[str, Integers]
) -> tuple[dict[str, float], str | None]:
    base, rows = space.known(DEVELOPMENT), space.known(row["sample"])
    first, place = places[DEVELOPMENT], places[row["sample"]]
    size = int(max(ids[base].max(), ids[rows].max())) + 1
    shares = _table(ids[base], first, space.weight[base], size, len(names))
    mass = shares.sum(axis=1, keepdims=True)
    shares = np.where(mass > 0, shares / np.maximum(mass, 1e-300), shares.sum(axis=0) / shares.sum())
    best, most = None, -np.inf
    for code in range(len(names)):
        held = first >= 0
        y = (first[held] == code).astype(np.float64)
        if 0 < y.sum() < len(y):
            area = metrics.auc(y, shares[ids[base][held], code], space.weight[base][held]).auc
            if area > most + 1e-12:
                best, most = code, area
    inside = place >= 0
    own, w, code_of = ids[rows][inside], space.weight[rows][inside], place[inside]
    size_of = metrics.effective_size(float(np.sum(w)), float(np.sum(w**2)))
    counted = _table(own, code_of, w, size, len(names)) * (size_of / np.sum(w))
    found: dict[str, float] = dict.fromkeys(_PROXIES, np.nan) | proxies.association(counted, space.confidence)
    found |= {"rows": int(inside.sum()), "groups": len(np.unique(code_of))}
    if best is not None:
        y = (code_of == best).astype(np.float64)
        if 0 < y.sum() < len(y):
            told = metrics.auc(y, shares[own, best], w, space.confidence)
            found |= {"auc": told.auc, "auc_lower": told.lower, "auc_upper": told.upper}
    found |= _within(space, ids, place, row["sample"], size)
    return found, None if best is None else names[best]


def _table(ids: Integers, code: Integers, weight: np.ndarray, bins: int, count: int) -> np.ndarray:
    table = np.zeros((bins, count))
    held = code >= 0
    np.add.at(table, (ids[held], code[held]), weight[held])
    return table


def _within(space: Workspace, ids: Integers, place: Integers, sample: str, size: int) -> dict[str, float]:
    """AUC for bad by the bad rates of development, of all and pooled over groups by their pairs of goods and bads."""
    base, rows = space.known(DEVELOPMENT), space.known(sample)
    both = _table(ids[base], space.outcome[base].astype(np.int64), space.weight[base], size, 2)
    mass = both.sum(axis=1)
    rate = np.where(mass > 0, both[:, 1] / np.maximum(mass, 1e-300), both[:, 1].sum() / both.sum())
    y, w, risk = space.outcome[rows], space.weight[rows], rate[ids[rows]]
    found = {"bad_auc": metrics.auc(y, risk, w).auc}
    least = max(2, int(space.package.setting("evaluation", "min_bads", 30)))
    parts = []
    for code in range(int(place.max()) + 1):
        own = place == code
        bad = int(np.count_nonzero(y[own] == 1))
        if min(bad, int(own.sum()) - bad) < least:
            continue
        area = metrics.auc(y[own], risk[own], w[own])
        pairs = float(np.sum(w[own & (y == 1)]) * np.sum(w[own & (y == 0)]))
        parts.append((area.auc, area.standard_error, pairs))
    if not parts:
        return found | dict.fromkeys(("bad_auc_within", "within_lower", "within_upper"), np.nan)
    areas, errors, pairs_ = (np.array(one) for one in zip(*parts, strict=True))
    mean = float(np.sum(areas * pairs_) / np.sum(pairs_))
    half = float(special.ndtri(0.5 + space.confidence / 2.0) * np.sqrt(np.sum((errors * pairs_ / np.sum(pairs_)) ** 2)))
    return found | {"bad_auc_within": mean, "within_lower": mean - half, "within_upper": mean + half}


def _compare_models(space: Workspace, table: Rows, bins: Mapping[str, Integers], codes: Mapping[str, Any]) -> None:
    steps = space.package.model["steps"]
    names = [step["input"] for step in steps if step["type"] == "classing" and step["input"] in bins]
    plain = space.package.model["model"]["type"] == "scorecard"
    if not names or (not plain and any(row["inputs"] != len(names) for row in table)):
        space.ledger.not_evaluable(f"{MODELS}: auc", "the inputs of the champion are not all classed by its own steps")
        return
    kept = [row for row in table if row["attribute"] in codes and row["sample"] in space.rows]
    if len(kept) < len(table):
        space.ledger.not_evaluable(f"{MODELS}: groups", "columns or samples that the snapshot does not hold")
    counts = [row["inputs"] for row in kept]
    space.ledger.numbers(MODELS, "inputs", "rows", counts, [len(names)] * len(kept), "row")
    own, words = [], []
    for row in kept:
        found = _model(space, row, np.column_stack([bins[name] for name in names]), *codes[row["attribute"]])
        least = space.package.setting("fairness", "proxy_auc", DEFAULT_AUC)
        told = "not evaluable" if np.isnan(found["auc"]) else "review" if found["auc_lower"] >= least else "pass"
        own.append(found)
        words.append(told)
    labels = [f"{row['attribute']} {row['group']} {row['sample']}" for row in kept]
    for column, rule in _MODELS.items():
        developer = [row[column] for row in kept]
        space.ledger.numbers(MODELS, column, rule, developer, [one[column] for one in own], labels)
    space.ledger.words(MODELS, "result", [row["result"] for row in kept], words, labels)


def _model(
    space: Workspace, row: Mapping[str, Any], bins: Integers, names: list[str], places: Mapping[str, Integers]
) -> dict[str, float]:
    base, rows = space.known(DEVELOPMENT), space.known(row["sample"])
    first, place, code = places[DEVELOPMENT], places[row["sample"]], names.index(row["group"])
    inside = place >= 0
    y = (place[inside] == code).astype(np.float64)
    found: dict[str, float] = dict.fromkeys(_MODELS, np.nan) | {"rows": len(y), "group_rows": int(y.sum())}
    if min(y.sum(), len(y) - y.sum()) < max(groups.fewest_rows(space), proxies.FOLDS):
        return found
    fit, tested = base[first >= 0], rows[inside]
    target = (first[first >= 0] == code).astype(np.float64)
    if row["sample"] == DEVELOPMENT:
        fold, risk = proxies.turns(space.cluster[fit]), np.zeros(len(fit))
        for number in range(proxies.FOLDS):
            train, test = fit[fold != number], fit[fold == number]
            risk[fold == number] = proxies.classifier(
                bins[train], target[fold != number], space.weight[train], bins[test]
            )
    else:
        risk = proxies.classifier(bins[fit], target, space.weight[fit], bins[tested])
    area = clustered.auc(y, risk, space.cluster[tested], space.weight[tested], space.confidence)
    return found | {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper}
