"""Calibration by segment: every segment's map fitted again, and the tables of segments held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.comparisons.calibration_fit import Fitted
from validation.rebuild import metrics
from validation.rebuild.calibration_errors import numerical_errors
from validation.rebuild.calibration_weights import as_planned
from validation.rebuild.numerical import QUANTITY as NUMERICAL
from validation.rebuild.workspace import Workspace

Floats = NDArray[np.float64]
SEGMENTS, SAMPLED, PARAMETERS, MAPS = (
    f"calibration.{name}" for name in ("segments", "segment_samples", "segment_parameters", "segment_maps")
)
RULE = "calibrated_probability"
COLUMNS = {
    "rows": "rows",
    "bads": "rows",
    "bad_rate": "share",
    "mean_before": "mean_probability",
    "mean_pooled": RULE,
    "mean_probability": RULE,
    "mean_published": RULE,
    "log_loss_pooled": RULE,
    "log_loss": RULE,
}
BY_SAMPLE = {
    "rows": "rows",
    "bads": "rows",
    "bad_rate": "share",
    "mean_pooled": RULE,
    "mean_published": RULE,
    "log_loss_pooled": RULE,
    "log_loss_published": RULE,
}
Row = Mapping[str, Any]


def compare_segments(space: Workspace, models: Sequence[Fitted]) -> None:
    """Compare segments, which have a map of their own, what it does, its parameters and the drawn curves."""
    if (space.package.plan.get("calibration") or {}).get("by") is None:
        return
    known = [one for one in models if one.segments is not None]
    for one in models:
        if one.segments is None:
            space.ledger.not_evaluable(
                f"{SEGMENTS}: {one.name}", "neither model nor snapshot hold what the segments are derived from"
            )
    comparisons = {
        SEGMENTS: _compare_table,
        SAMPLED: _compare_samples,
        PARAMETERS: _compare_parameters,
        MAPS: _compare_maps,
    }
    for area, compare in comparisons.items():
        table = space.package.rows_of(area)
        if table is not None:
            compare(space, table, known)
        elif area == SEGMENTS or any(one.switch is not None for one in known):
            space.ledger.not_evaluable(area, "the package holds no such table")


def _compare_table(space: Workspace, table: Sequence[Row], known: Sequence[Fitted]) -> None:
    own = {(one.name, name): _measured(space, one, name) for one in known for name in _names(one)}
    listed = {one.name for one in known}
    stated = {(str(row["model"]), row["segment"] or ""): row for row in table if row["model"] in listed}
    space.ledger.words(SEGMENTS, "models and segments", sorted(stated), sorted(own), "segment", [SEGMENTS])
    keys = [key for key in own if key in stated]
    labels = [f"{model} {name or 'without a segment'}" for model, name in keys]
    mine: list[bool] = [own[key]["own_map"] == 1.0 for key in keys]
    space.ledger.words(SEGMENTS, "own maps", [stated[k]["own_map"] for k in keys], mine, labels, [SEGMENTS])
    given = [stated[key]["reason"] is None for key in keys]
    space.ledger.words(SEGMENTS, "reasons of pooled maps", given, mine, labels, [SEGMENTS])
    for column, rule in COLUMNS.items():
        values = [own[key][column] for key in keys]
        space.ledger.numbers(SEGMENTS, column, rule, [stated[k][column] for k in keys], values, labels, [SEGMENTS])


def _names(one: Fitted) -> tuple[str, ...]:
    return () if one.segments is None else one.segments.names


def _measured(space: Workspace, one: Fitted, name: str) -> dict[str, float | None]:
    assert one.segments is not None
    rows = one.segments.rows[name]
    y, w, score = space.outcome[rows], space.weight[rows], one.score[rows]
    used = one.segments.own.get(name, one.segments.pooled)
    pooled, own = one.segments.pooled.probability(score), used.probability(score)
    parts = (special.expit(score), pooled, own, one.probability(rows))
    found: dict[str, float | None] = {
        "rows": float(len(rows)),
        "bads": float(np.count_nonzero(y == 1)),
        "own_map": float(name in one.segments.own),
        "bad_rate": float(w @ y / w.sum()),
    }
    for column, p in zip(("mean_before", "mean_pooled", "mean_probability", "mean_published"), parts, strict=True):
        found[column] = float(w @ p / w.sum())
    both = 0 < np.count_nonzero(y == 1) < len(y)
    found["log_loss_pooled"], found["log_loss"] = (metrics.log_loss(y, p, w) if both else None for p in (pooled, own))
    return found


def _compare_samples(space: Workspace, table: Sequence[Row], known: Sequence[Fitted]) -> None:
    """Every map with its level on every sample, beside the pooled one."""
    own: dict[tuple[str, str, str], dict[str, float | None]] = {}
    planned = as_planned(space)
    judged = [one for one in known if one.switch is not None and all(_determined(one)) and one.own.only_at is None]
    for one in judged:
        assert one.switch is not None
        for sample in space.rows:
            rows = space.judged(one.model_id, sample)
            for number, name in enumerate((*one.switch.names, "")):
                mine = rows[one.switch.place[rows] == number]
                if len(mine):
                    own[one.name, sample, name] = _on_sample(planned, one, mine)
    listed = {one.name for one in judged}
    stated = {(str(r["model"]), str(r["sample"]), r["segment"] or ""): r for r in table if r["model"] in listed}
    space.ledger.words(SAMPLED, "samples and segments", sorted(stated), sorted(own), "segment", [SAMPLED])
    keys = [key for key in own if key in stated]
    labels = [f"{model} {sample} {name or 'pooled'}" for model, sample, name in keys]
    for column, rule in BY_SAMPLE.items():
        values = [own[key][column] for key in keys]
        space.ledger.numbers(SAMPLED, column, rule, [stated[k][column] for k in keys], values, labels, [SAMPLED])


def _on_sample(space: Workspace, one: Fitted, rows: NDArray[np.int64]) -> dict[str, float | None]:
    y, w = space.outcome[rows], space.weight[rows]
    found: dict[str, float | None] = {"rows": float(len(rows)), "bads": float(np.count_nonzero(y == 1))}
    found["bad_rate"] = float(w @ y / w.sum())
    both = 0 < np.count_nonzero(y == 1) < len(y)
    for word, p in (("pooled", one.own.probability(one.score[rows])), ("published", one.probability(rows))):
        found[f"mean_{word}"] = float(w @ p / w.sum())
        found[f"log_loss_{word}"] = metrics.log_loss(y, p, w) if both else None
    return found


def _compare_parameters(space: Workspace, table: Sequence[Row], known: Sequence[Fitted]) -> None:
    own = {
        (one.name, name, parameter): fit
        for one in known
        if one.segments is not None
        for name, fit in one.segments.own.items()
        for parameter in fit.estimates
    }
    listed = {one.name for one in known if one.segments is not None and all(_determined(one))}
    stated = {(r["model"], r["segment"], r["parameter"]): r for r in table if r["model"] in listed}
    own = {key: fit for key, fit in own.items() if key[0] in listed}
    space.ledger.words(PARAMETERS, "parameters", sorted(stated), sorted(own), "parameter", [PARAMETERS])
    keys = [key for key in own if key in stated]
    labels = [" ".join(key) for key in keys]
    columns = {
        "estimate": ("coefficient", [own[key].estimates[key[2]] for key in keys]),
        "standard_error": ("standard_error", [own[key].errors[key[2]] for key in keys]),
        "robust_standard_error": ("standard_error", [own[key].robust_errors[key[2]] for key in keys]),
    }
    for column, (rule, values) in columns.items():
        mine = [None if np.isnan(value) else value for value in values]
        space.ledger.numbers(PARAMETERS, column, rule, [stated[k][column] for k in keys], mine, labels, [PARAMETERS])
    held = [bool(np.isnan(own[key].errors[key[2]])) for key in keys]
    space.ledger.words(PARAMETERS, "bounds", [stated[k]["at_bound"] for k in keys], held, labels, [PARAMETERS])
    models = {one.name: one for one in known}
    _compare_numerical(space, stated, {key: models[key[0]] for key in keys})


def _compare_numerical(
    space: Workspace, stated: Mapping[tuple[str, str, str], Row], own: Mapping[tuple[str, str, str], Fitted]
) -> None:
    """The stated errors against those from numerical second derivatives; own: the model of each parameter."""
    for column, robust in (("standard_error", False), ("robust_standard_error", True)):
        given, mine, labels = [], [], []
        for model, name in dict.fromkeys((key[0], key[1]) for key in own):
            one = next(own[key] for key in own if key[:2] == (model, name))
            assert one.segments is not None
            fit, rows = one.segments.own[name], one.segments.rows[name]
            held = frozenset(word for word, error in fit.errors.items() if np.isnan(error))
            y, w, score = space.outcome[rows], space.weight[rows], one.score[rows]
            try:
                found = numerical_errors(fit.estimates, held, score, y, w, robust=robust)
            except np.linalg.LinAlgError as error:
                space.ledger.not_evaluable(f"{PARAMETERS}: {model} {name}, {NUMERICAL}", str(error))
                continue
            for word in (word for word in found if word not in held and (model, name, word) in stated):
                given.append(stated[model, name, word][column])
                mine.append(found[word])
                labels.append(f"{model} {name} {word}")
        quantity, rule = f"{NUMERICAL}{', robust' if robust else ''}", "numerical_standard_error"
        space.ledger.numbers(PARAMETERS, quantity, rule, given, mine, labels, [PARAMETERS])


def _determined(one: Fitted) -> list[bool]:
    return [] if one.segments is None else [fit.only_at is None for fit in one.segments.own.values()]


def _compare_maps(space: Workspace, table: Sequence[Row], known: Sequence[Fitted]) -> None:
    """The drawn curves of the champion."""
    champion = next((one for one in known if one.model_id == space.package.champion_id), None)
    if champion is None or champion.switch is None or champion.segments is None:
        space.ledger.not_evaluable(MAPS, "the champion has no maps by segment that are known")
        return
    maps = dict(zip(champion.switch.names, champion.switch.maps, strict=False))
    stated = list(dict.fromkeys(str(row["segment"]) for row in table))
    space.ledger.words(MAPS, "segments", sorted(stated), sorted(maps), "segment", [MAPS])
    if not all(_determined(champion)) or sorted(stated) != sorted(maps):
        return
    given, own, labels, ends = [], [], [], []
    for row in table:
        used = maps[str(row["segment"])] if row["curve"] == "segment" else champion.own
        given.append(row["probability"])
        own.append(float(used.probability(np.array([row["linear_score"]], dtype=np.float64))[0]))
        labels.append(f"{row['segment']} at {row['linear_score']:.6g}")
    space.ledger.numbers(MAPS, "probability", RULE, given, own, labels, [MAPS])
    drawn, mine = [], []
    for name in maps:
        x = [row["linear_score"] for row in table if row["segment"] == name]
        score = champion.score[champion.segments.rows[name]]
        drawn += [min(x), max(x)]
        mine += [float(score.min()), float(score.max())]
        ends += [f"{name} least", f"{name} greatest"]
    space.ledger.numbers(MAPS, "range of the linear score", "linear_score", drawn, mine, ends, [MAPS])
