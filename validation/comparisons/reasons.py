"""Reasons: references and backgrounds by the plan's rule, catalogue and texts, counts, agreement of the methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from validation.comparisons.placing import ordered_by, stated_trend
from validation.impact import Change, impact_of
from validation.rebuild import reasons as rebuilt
from validation.rebuild.directions import declared_trends
from validation.rebuild.reasons import Told
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps import trees as tree_steps
from validation.structure import is_expert, steps_of

CATALOGUE, TEXTS, METHOD = "reasons.catalogue", "reasons.texts", "reasons.method"
BACKGROUND = "explanation.background"
FREQUENCY, AGREEMENT = "reasons.frequency", "reasons.agreement"
ADVERSE = {"ascending": "high values", "descending": "low values"}


def compare_reasons(space: Workspace, fitted: Workspace) -> None:
    """Compare every model's references with our own, and the champion's evidence on its reasons.

    fitted: the workspace of the rows that were fitted on, to which references belong; counts are of `space`.
    """
    for model_id in space.package.models:
        told = rebuilt.told_by(fitted, model_id)
        if told is not None:
            compare_references(fitted, told)
    told = rebuilt.told_by(space, space.package.champion_id)
    if told is None and space.package.model["model"]["type"] == "segmented":
        return
    if told is None:
        space.ledger.not_evaluable(CATALOGUE, "the champion gives no reasons")
        return
    compare_catalogue(fitted, told)
    compare_texts(space, told.step["characteristics"])
    _compare_method(fitted, told)
    compare_frequency(space, told.model_id)
    _compare_agreement(fitted, told)


def compare_references(space: Workspace, told: Told) -> None:
    """Codes; reference points or background by the plan's rule; baseline = reference − rank_step·rank."""
    items = told.step["characteristics"]
    labels = [item["characteristic"] for item in items]
    area = "reasons step" if told.model_id == space.package.champion_id else f"reasons step of {told.model_id}"
    own = rebuilt.references(space, told)
    _compare_codes(space, told, area)
    for of in told.attributions:
        _compare_background(space, told, of, area)
    stated = [item["reference_points"] for item in items]
    impact = impact_of(space, _changes(told, "reference_points", own))
    space.ledger.numbers(area, "reference points", "baseline", stated, own, labels, [CATALOGUE], impact=impact)
    ranked = [value - told.step["rank_step"] * rank for rank, value in enumerate(own, start=1)]
    stated = [item["baseline"] for item in items]
    impact = impact_of(space, _changes(told, "baseline", ranked))
    space.ledger.numbers(area, "baseline", "baseline", stated, ranked, labels, [CATALOGUE], impact=impact)


def _compare_codes(space: Workspace, told: Told, area: str) -> None:
    """Every code is the plan's for what the reason is made of: a wrong one is told to applicants."""
    items = told.step["characteristics"]
    names = [item["characteristic"] for item in items]
    codes = [_code(space, name) for name in names]
    space.ledger.words(area, "codes", [i["reason_code"] for i in items], codes, names, [CATALOGUE], "reason")
    behind = [sorted(rebuilt.behind(space, told, item["input"])) for item in items]
    members = [sorted(rebuilt.members_of(space, told, name)) for name in names]
    space.ledger.words(area, "what each reason is made of", behind, members, names, [CATALOGUE], "reason")
    every = sorted(rebuilt.characteristics_of(told.model, set(space.package.plan.get("derive") or {})))
    told_of = sorted(member for each in members for member in each)
    space.ledger.words(area, "characteristics that have a reason", told_of, every, "name", [CATALOGUE], "reason")


def _code(space: Workspace, name: str) -> str:
    """The code of a reason by the plan: of the catalogue, else the name."""
    entry = ((space.package.plan.get("reason_codes") or {}).get("catalogue") or {}).get(name) or {}
    return str(entry.get("code") or name)


def _changes(told: Told, key: str, values: Sequence[float]) -> list[Change]:
    """The rebuilt values in place of those of the reasons step."""
    step = told.step["id"]
    return [
        Change(told.model_id, step, ("characteristics", place, key), float(value)) for place, value in enumerate(values)
    ]


def _compare_background(space: Workspace, told: Told, of: Mapping[str, Any], area: str) -> None:
    stated = of["background"]
    own = rebuilt.background_of(space, told, of)
    features = rebuilt.trees_of(told, of)["features"]
    rows = np.array(stated["rows"], dtype=np.float64)
    labels = [f"row {row + 1} {name}" for row in range(len(own.rows)) for name in features]
    space.ledger.numbers(area, "background", "identity", rows.reshape(-1), own.rows.reshape(-1), labels, [METHOD])
    space.ledger.numbers(area, "weights of the background", "count", stated["weights"], own.weights, "row", [METHOD])
    share = own.weights / own.weights.sum()
    base = float(share @ _outputs(rebuilt.trees_of(told, of), own.rows))
    space.ledger.numbers(area, "base", "linear_score", [of["base"]], [base], ["base"], [METHOD])


def _outputs(step: Mapping[str, Any], matrix: np.ndarray) -> np.ndarray:
    """Base margin and leaves of every background row, without an offset."""
    total = np.full(len(matrix), float(step["base_margin"]))
    for tree in step["trees"]:
        total = total + np.asarray(tree["value"], dtype=np.float64)[tree_steps.leaves(tree, matrix)]
    return total


def compare_catalogue(space: Workspace, told: Told) -> None:
    """Compare codes, members, fields, texts, references and bounds of every reason with our own."""
    table = space.package.rows_of(CATALOGUE)
    if table is None:
        space.ledger.not_evaluable(CATALOGUE, "the package holds no such table")
        return
    items = told.step["characteristics"]
    stated = [(row["reason_code"], sorted(row["characteristic"].split(", "))) for row in table]
    own: list[Any] = []
    for item in items:
        members = ", ".join(rebuilt.members_of(space, told, item["characteristic"]))
        own.append((item["reason_code"], sorted(members.split(", "))))
    space.ledger.words(CATALOGUE, "codes and characteristics", stated, own, "reason", [CATALOGUE])
    if len(table) != len(items):
        return
    labels = [item["reason_code"] for item in items]
    first = _languages(space)[0]
    _compare_meaning(space, told, table, labels)
    texts = [_text(space, item["characteristic"], first) for item in items]
    stated = [(row["text"], row["text_source"].split("; ")[0]) for row in table]
    space.ledger.words(CATALOGUE, "texts", stated, texts, labels, [CATALOGUE])
    for column in ("reference_points", "baseline"):
        numbers = [item[column] for item in items]
        space.ledger.numbers(CATALOGUE, column, "baseline", [row[column] for row in table], numbers, labels)
    rows = space.rows[DEVELOPMENT]
    bounds = [_bounds(space, told, item["input"], rows) for item in items]
    rule = "attribution" if told.attributions else "points_rounded"
    for column, place in (("minimum_points", 0), ("maximum_points", 1)):
        numbers = [pair[place] for pair in bounds]
        space.ledger.numbers(CATALOGUE, column, rule, [row[column] for row in table], numbers, labels)


def _compare_meaning(space: Workspace, told: Told, table: list[dict[str, Any]], labels: list[str]) -> None:
    """Compare the columns that a reason reads, through the model's derive steps, and which values lower the score."""
    members = [rebuilt.members_of(space, told, item["characteristic"]) for item in told.step["characteristics"]]
    fields = [sorted(", ".join(rebuilt.source_columns(told.model, names)).split(", ")) for names in members]
    stated = [sorted(row["fields"].split(", ")) for row in table]
    space.ledger.words(CATALOGUE, "fields", stated, fields, labels, [CATALOGUE])
    own = [_direction(space, told, names) for names in members]
    kept = [place for place, words in enumerate(own) if words is not None]
    given = [table[place]["direction"] for place in kept]
    told_of = [labels[place] for place in kept]
    space.ledger.words(CATALOGUE, "direction", given, [own[place] for place in kept], told_of, [CATALOGUE])
    if len(kept) < len(own):
        space.ledger.not_evaluable(f"{CATALOGUE}: direction", "neither plan nor classing.summary names a trend")


def _direction(space: Workspace, told: Told, members: list[str]) -> str | None:
    """Which values lower the score, by the trend that the plan declares, else by that of classing.

    The recounted bad rates are held against that trend elsewhere (classing). None where no trend is known.
    """
    declared, found = declared_trends(space.package.plan) | _offset_trends(space), []
    if is_expert(told.model):
        return ", ".join(dict.fromkeys(_direction_of_points(told, name) for name in members))
    for name in members:
        ordered = space.scored[told.model_id][name].kind != "string" or bool(ordered_by(space, name))
        trend = declared.get(name) or stated_trend(space, name)
        if ordered and trend is None:
            return None
        found.append(ADVERSE.get(str(trend), "depends on the value") if ordered else "category")
    return ", ".join(dict.fromkeys(found))


def _direction_of_points(told: Told, name: str) -> str:
    """Which values have fewer points, where an expert gave them."""
    step = next(item for item in steps_of(told.model, "classing") if item["input"] == name)
    parts = [item for scale in steps_of(told.model, "scale") for item in scale.get("characteristics", [])]
    points = next(item["points"] for item in parts if item["input"] == step["output_bin"])
    if step["kind"] == "categorical":
        return "category"
    steps = np.diff([points[item["id"]] for item in step["bins"] if item["kind"] == "interval"])
    if not np.any(steps) or (np.any(steps > 0) and np.any(steps < 0)):
        return "depends on the value"
    return "low values" if np.all(steps >= 0) else "high values"


def _offset_trends(space: Workspace) -> dict[str, str]:
    """Trends of columns that are a first stage: risk rises with log-odds of bad, and falls as points rise."""
    offsets = [item.get("offset") for item in space.package.plan.get("models") or [] if isinstance(item, Mapping)]
    return {
        offset["column"]: "ascending" if offset.get("base_score") is None else "descending"
        for offset in offsets
        if isinstance(offset, Mapping) and offset.get("column") is not None
    }


def _bounds(space: Workspace, told: Told, name: str, rows: np.ndarray) -> tuple[float, float]:
    if told.attributions or told.staged:
        data = space.scored[told.model_id][name].data[rows]
        return float(data.min()), float(data.max())
    parts = [part["points"] for part in rebuilt.parts_of(told, name)]
    return float(sum(min(points) for points in parts)), float(sum(max(points) for points in parts))


def _languages(space: Workspace) -> list[str]:
    return list((space.package.plan.get("reason_codes") or {}).get("languages") or ["en"])


def _text(space: Workspace, name: str, language: str) -> tuple[str, str]:
    """The text of a reason by the plan: catalogue, else the column's text, else its description, else its name."""
    plan = space.package.plan
    entry = ((plan.get("reason_codes") or {}).get("catalogue") or {}).get(name) or {}
    column: Any = ((plan.get("data") or {}).get("columns") or {}).get(name) or (plan.get("derive") or {}).get(name)
    column = column if isinstance(column, Mapping) else {}
    for given, where in ((entry.get("text"), "reason_codes.catalogue"), (column.get("reason_text"), "reason_text")):
        found = (
            given.get(language) if isinstance(given, Mapping) else given if language == _languages(space)[0] else None
        )
        if found:
            return str(found), f"plan, {where}"
    if column.get("description"):
        return str(column["description"]), "plan, description (no reason text)"
    return name, "name (no text in plan)"


def compare_texts(space: Workspace, items: Sequence[Mapping[str, Any]]) -> None:
    """Compare the texts of every reason, as items of `reasons` steps name them, in every language."""
    table = space.package.rows_of(TEXTS)
    if table is None:
        space.ledger.not_evaluable(TEXTS, "the package holds no such table")
        return
    own = []
    for item in items:
        for language in _languages(space):
            text, where = _text(space, item["characteristic"], language)
            written = where in ("plan, reason_codes.catalogue", "plan, reason_text")
            own.append((item["reason_code"], language, text, written))
    stated = [(row["reason_code"], row["language"], row["text"], row["for_applicants"]) for row in table]
    space.ledger.words(TEXTS, "texts by language", stated, own, "text")


def _compare_method(space: Workspace, told: Told) -> None:
    table = space.package.rows_of(METHOD)
    if table is None:
        space.ledger.not_evaluable(METHOD, "the package holds no such table")
        return
    said = {row["item"]: row["value"] for row in table}
    population = rebuilt.reference_rows(space, told)
    lacking = any(
        not _text(space, item["characteristic"], language)[1].endswith(("reason_codes.catalogue", "reason_text"))
        for item in told.step["characteristics"]
        for language in _languages(space)
    )
    own = {
        "Method": told.step["method"],
        "Reference in the plan": told.rule.method,
        "Their number": str(len(population)),
        "Released for notices": "no" if lacking else "yes",
    }
    labels = list(own)
    space.ledger.words(METHOD, "method and release", [said.get(name) for name in labels], list(own.values()), labels)
    _compare_used(space, len(population), said)


def _compare_used(space: Workspace, population: int, said: Mapping[str, Any]) -> None:
    """The backgrounds tell the applicants of the champion's reasons, and as many used as the method says."""
    champion = space.package.candidate_ids[space.package.champion_id]
    table = space.package.rows_of(BACKGROUND) or []
    rows = [row for row in table if row["model"] == champion and row["used_for"] == "reasons"]
    names = [row["model"] for row in rows]
    area = (BACKGROUND, "applicants of the reasons", "rows")
    space.ledger.numbers(*area, [row["population"] for row in rows], [population] * len(rows), names)
    used = said.get("Used")
    stated = [str(row["rows"]) for row in rows]
    space.ledger.words(BACKGROUND, "applicants used for the reasons", stated, [used] * len(rows), names)
    base = said.get("Mean output of the trees over those used")
    own = None if base is None else float(base)
    told = (BACKGROUND, "base of the reasons", "explained_base")
    space.ledger.numbers(*told, [row["base"] for row in rows], [own] * len(rows), names)


def compare_frequency(space: Workspace, model_id: str) -> None:
    """Compare how often each reason is given in each sample."""
    table = space.package.rows_of(FREQUENCY)
    given = space.output(model_id, "reasons")
    if table is None or given is None:
        space.ledger.not_evaluable(FREQUENCY, "the package holds no such table")
        return
    columns: dict[str, tuple[list[Any], list[float]]] = {
        name: ([], []) for name in ("first", "first_share", "any", "any_share")
    }
    labels = []
    for row in table:
        if row["sample"] not in space.rows:
            continue
        here = space.rows[row["sample"]]
        codes, weight = [given.data[k] for k in here], space.weight[here]
        first = np.array([bool(each) and each[0] == row["reason_code"] for each in codes], dtype=bool)
        some = np.array([row["reason_code"] in each for each in codes], dtype=bool)
        for name, hits in (("first", first), ("any", some)):
            own = {name: float(hits.sum()), f"{name}_share": float(weight @ hits / weight.sum())}
            for column, value in own.items():
                columns[column][0].append(row[column])
                columns[column][1].append(value)
        labels.append(f"{row['reason_code']} {row['sample']}")
    for name, (stated, mine) in columns.items():
        rule = "share" if name.endswith("share") else "rows"
        space.ledger.numbers(FREQUENCY, name, rule, stated, mine, labels)


def _compare_agreement(space: Workspace, told: Told) -> None:
    table = space.package.rows_of(AGREEMENT)
    score = space.output(told.model_id, "score")
    if not table or score is None:
        space.ledger.not_evaluable(AGREEMENT, "the package holds no such table, or the champion has no score")
        return
    rows = space.rows[DEVELOPMENT]
    if told.rule.cut_off is not None:
        rows = rows[score.data[rows] < told.rule.cut_off]
    names = dict.fromkeys(name for row in table for name in (row["method"], row["other"]))
    given = {name: rebuilt.reasons_by(space, told, name, rows) for name in names}
    counted = ("rows", "same_first", "same_set", "same_first_share", "same_set_share")
    columns: dict[str, tuple[list[Any], list[float]]] = {name: ([], []) for name in counted}
    weight, labels = space.weight[rows], []
    for row in table:
        pairs = list(zip(given[row["method"]], given[row["other"]], strict=True))
        first = np.array([a[:1] == b[:1] for a, b in pairs], dtype=bool)
        alike = np.array([set(a) == set(b) for a, b in pairs], dtype=bool)
        own = {"rows": float(len(pairs))}
        for name, hits in (("same_first", first), ("same_set", alike)):
            own |= {name: float(hits.sum())}
            own |= {f"{name}_share": float(weight @ hits / weight.sum()) if len(pairs) else np.nan}
        for name, value in own.items():
            columns[name][0].append(row[name])
            columns[name][1].append(value)
        labels.append(f"{row['method']} and {row['other']}")
    for name, (stated, mine) in columns.items():
        rule = "share" if name.endswith("share") else "rows"
        space.ledger.numbers(AGREEMENT, name, rule, stated, mine, labels)
