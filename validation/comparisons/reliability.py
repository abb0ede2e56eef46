"""The reliability curve with its band, scores taken apart, errors and tests of calibration, all made again.

What the developer drew at random is held against draws of our own: a value within the range that six standard errors
and two points of a hundred leave is taken as it is, any other differs from the nearest end of that range. An end of the
curve's band that differs is held against ten times as many draws: at the ends of the curve the rate is 0 (or 1) in all
but a few draws, so that a few more of them move a quantile off it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from validation.rebuild import calibration, common_factor, isotonic, metrics
from validation.rebuild.calibration_plan import calibrated_on
from validation.rebuild.isotonic import Curve, Draws
from validation.rebuild.workspace import DEVELOPMENT, Workspace

CURVE, PARTS = "performance.reliability", "performance.decomposition"
ERRORS, TESTS = "performance.calibration_errors", "performance.calibration_tests"
GROUPS = "performance.hosmer_lemeshow_groups"
DRAWS, REPLICATES, SEED = 300, 400, 20_230_117
MORE_DRAWS = 3000
REVIEW, FAIL, MINIMUM = 0.05, 0.01, 30
Rows = list[dict[str, Any]]
Key = tuple[str, str]
Columns = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Outcome, probability and weight, (n,) each."""


def compare_reliability(space: Workspace) -> None:
    """Compare the curve, its band, the parts of scores, errors and tests of every model and sample."""
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items()}
    champion = space.package.candidate_ids[space.package.champion_id]
    own = {
        (name, sample): rows
        for name, model_id in ids.items()
        for sample in space.rows
        if (rows := _rows(space, model_id, sample)) is not None
    }
    fits = {key: (isotonic.curve(*rows), _drawn(key, rows)) for key, rows in own.items()}
    mine = {sample: fit for (name, sample), fit in fits.items() if name == champion}
    areas: dict[str, Callable[[Rows], None]] = {
        CURVE: lambda table: _compare_curve(
            space, table, mine, {key[1]: own[key] for key in own if key[0] == champion}
        ),
        PARTS: lambda table: _compare_parts(space, table, fits),
        ERRORS: lambda table: _compare_errors(space, table, {key: fits[key] for key in fits if key[0] == champion}),
        TESTS: lambda table: _compare_tests(space, table, own),
        GROUPS: lambda table: _compare_groups(space, table, {key[1]: own[key] for key in own if key[0] == champion}),
    }
    for area, compare in areas.items():
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
        else:
            compare(table)


def _rows(space: Workspace, model_id: str, sample: str) -> Columns | None:
    """Outcome, probability and weight of the rows of a sample with a known outcome, both classes present."""
    value, rows = space.output(model_id, "probability"), space.judged(model_id, sample)
    if value is None or len(np.unique(space.outcome[rows])) < 2:
        return None
    return space.outcome[rows], value.data[rows], space.weight[rows]


def _drawn(key: Key, rows: Columns) -> Draws:
    return isotonic.drawn(rows[1], rows[2], DRAWS, SEED + sum(map(ord, "/".join(key))))


def _slack(share: float, space: Workspace, draws: int) -> float:
    """Six standard errors of the difference of two empirical shares, the developer's draws and ours, and 0.02."""
    theirs = space.package.setting("evaluation", "consistency_replicates", REPLICATES)
    return 0.02 + 6.0 * float(np.sqrt(share * (1.0 - share) * (1.0 / theirs + 1.0 / draws)))


def _near(value: float | None, drawn: np.ndarray, share: float, space: Workspace) -> float:
    """Return `value`, moved into the range that our draws leave for their quantile `share`.

    Where the range reaches beyond our least or greatest draw, it is extended by its own width.
    """
    slack = _slack(share, space, len(drawn))
    low, high = np.quantile(drawn, [max(0.0, share - slack), min(1.0, share + slack)])
    width = high - low
    low, high = low - (width if share <= slack else 0.0), high + (width if share + slack >= 1.0 else 0.0)
    return float(np.clip(np.nan if value is None else value, low - 1e-9, high + 1e-9))


def _compare_curve(
    space: Workspace, table: Rows, own: dict[str, tuple[Curve, Draws]], rows_of: Mapping[str, Columns]
) -> None:
    tail = (1.0 - space.confidence) / 2.0
    names = ("probability", "recalibrated", "lower", "upper", "block", "block_rows")
    stated, mine = ({name: list[Any]() for name in names} for _ in range(2))
    labels: list[str] = []
    outside: tuple[list[Any], list[Any]] = ([], [])
    ends: tuple[list[Any], list[Any]] = ([], [])
    for sample, (fit, draws) in own.items():
        told = [row for row in table if row["sample"] == sample]
        at = np.array([row["probability"] for row in told], np.float64)
        places = _nearest(fit.probability, at)
        rates = np.array([one.rate[draws.cell[places]] for one in draws.curves])
        starts = np.flatnonzero(np.diff(fit.block, prepend=-1))
        wanted = np.union1d(starts, np.append(starts[1:], len(fit.block)) - 1)
        ends[0].append(sorted(set(wanted.tolist()) & set(places.tolist())))
        ends[1].append(wanted.tolist())
        sizes = np.bincount(fit.block, fit.rows)
        band = _band(space, told, rates, tail)
        if not all(_is_near(row, one) for row, one in zip(told, band, strict=True)):
            more = isotonic.rates_drawn(*rows_of[sample][1:], MORE_DRAWS, SEED + 1, places)
            band = _band(space, told, more, tail)
        for row, place, (lower, upper) in zip(told, places.tolist(), band, strict=True):
            labels.append(f"{sample} at {row['probability']:.4g}")
            values = {"probability": fit.probability[place], "recalibrated": fit.rate[place]}
            values |= {"lower": lower, "upper": upper}
            values |= {"block": fit.block[place] + 1, "block_rows": sizes[fit.block[place]]}
            for name in names:
                stated[name].append(row[name])
                mine[name].append(float(values[name]))
            outside[0].append(row["outside"])
            outside[1].append(not row["lower"] <= row["recalibrated"] <= row["upper"])
    rules = ("mean_probability", "share", "interval", "interval", "rows", "rows")
    for name, rule in zip(names, rules, strict=True):
        space.ledger.numbers(CURVE, name, rule, stated[name], mine[name], labels)
    space.ledger.words(CURVE, "outside", *outside, labels)
    space.ledger.words(CURVE, "ends of blocks", *ends, [str(sample) for sample in own])


def _band(space: Workspace, told: Rows, rates: np.ndarray, tail: float) -> list[tuple[float, float]]:
    """Both ends of the band at each row told, moved into the ranges that the draws (replicates, m) leave."""
    return [
        (_near(row["lower"], drawn, tail, space), _near(row["upper"], drawn, 1.0 - tail, space))
        for row, drawn in zip(told, rates.T, strict=True)
    ]


def _is_near(row: dict[str, Any], band: tuple[float, float]) -> bool:
    return all(row[name] is None or row[name] == end for name, end in zip(("lower", "upper"), band, strict=True))


def _nearest(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    after = np.clip(np.searchsorted(values, wanted), 1, max(1, len(values) - 1))
    before = after - 1
    after = np.minimum(after, len(values) - 1)
    return np.where(wanted - values[before] < values[after] - wanted, before, after)


def _compare_parts(space: Workspace, table: Rows, fits: dict[Key, tuple[Curve, Draws]]) -> None:
    names = ("score", "miscalibration", "discrimination", "uncertainty", "chance_miscalibration", "p_value")
    stated, mine = ({name: list[Any]() for name in names} for _ in range(2))
    labels = []
    for row in table:
        if (row["model"], row["sample"]) not in fits:
            continue
        fit, draws = fits[row["model"], row["sample"]]
        values = isotonic.taken_apart(row["rule"], fit)
        chance = np.array([isotonic.taken_apart(row["rule"], one)["miscalibration"] for one in draws.curves])
        values["chance_miscalibration"] = _near(row["chance_miscalibration"], chance, 0.95, space)
        values["p_value"] = _near_share(row["p_value"], _reaches(chance, values["miscalibration"]), space)
        labels.append(f"{row['model']} {row['sample']} {row['rule']}")
        for name in names:
            stated[name].append(row[name])
            mine[name].append(values[name])
    _stated(
        space, PARTS, {(row["model"], row["sample"], row["rule"]) for row in table}, _with(fits, ("brier", "log_loss"))
    )
    for name in names:
        rule = {"score": "brier", "uncertainty": "brier"}.get(name, "interval")
        rule = "score_difference" if name in ("miscalibration", "discrimination") else rule
        space.ledger.numbers(PARTS, name, rule, stated[name], mine[name], labels)


def _reaches(chance: np.ndarray, value: float) -> np.ndarray:
    """Say which draws are at least as great; what differs by rounding alone is equal."""
    return chance > value - max(1e-9 * abs(value), 1e-15)


def _near_share(value: float, beyond: np.ndarray, space: Workspace) -> float:
    """Return the p-value, moved into the range about ours."""
    share = (1.0 + float(np.sum(beyond))) / (1.0 + len(beyond))
    slack = _slack(share, space, len(beyond))
    return float(np.clip(value, share - slack, share + slack))


def _compare_errors(space: Workspace, table: Rows, fits: dict[Key, tuple[Curve, Draws]]) -> None:
    names = ("value", "chance_mean", "chance_level", "p_value")
    stated, mine = ({name: list[Any]() for name in names} for _ in range(2))
    labels = []
    drawn = {key: [isotonic.distances(one) for one in draws.curves] for key, (_, draws) in fits.items()}
    for row in table:
        key, measure = (row["model"], row["sample"]), row["measure"]
        if key not in fits:
            continue
        value, chance = isotonic.distances(fits[key][0])[measure], np.array([one[measure] for one in drawn[key]])
        reach = 5.0 * float(chance.std()) / np.sqrt(DRAWS / 2) + 0.05 * float(chance.mean())
        centre = float(np.clip(row["chance_mean"], chance.mean() - reach, chance.mean() + reach))
        level = _near(row["chance_level"], chance, 0.95, space)
        values = (value, centre, level, _near_share(row["p_value"], _reaches(chance, value), space))
        labels.append(f"{row['model']} {row['sample']} {measure}")
        for name, one in zip(names, values, strict=True):
            stated[name].append(row[name])
            mine[name].append(one)
    _stated(
        space, ERRORS, {(row["model"], row["sample"], row["measure"]) for row in table}, _with(fits, isotonic.MEASURES)
    )
    for name in names:
        rule = "brier" if name == "value" else "interval"
        space.ledger.numbers(ERRORS, name, rule, stated[name], mine[name], labels)


def _with(keys: Any, last: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {(*key, one) for key in keys for one in last}


def _stated(space: Workspace, area: str, told: set[tuple[Any, ...]], wanted: set[tuple[str, ...]]) -> None:
    """Every row that the package can tell of is told."""
    space.ledger.words(area, "rows of the table", sorted(wanted & told), sorted(wanted), "of the table")


def _compare_tests(space: Workspace, table: Rows, own: dict[Key, Columns]) -> None:
    declared = (space.package.plan.get("evaluation") or {}).get("asset_correlation")
    correlation = None if declared is None else float(declared)
    fewest = space.package.setting("evaluation", "min_bads", MINIMUM)
    measured = {key: _tests(*rows, _fitted(space, key[1]), correlation) for key, rows in own.items()}
    names = ("statistic", "p_value", "asset_correlation", "correlated_p_value")
    stated, mine = ({name: list[Any]() for name in names} for _ in range(2))
    labels: list[str] = []
    words: tuple[list[str], list[str]] = ([], [])
    for row in table:
        key = (row["model"], row["sample"])
        if key not in own or row["test"] not in measured[key]:
            continue
        statistic, alone, shared = measured[key][row["test"]]
        given = np.nan if correlation is None else correlation
        labels.append(f"{row['model']} {row['sample']} {row['test']}")
        for name, value in zip(names, (statistic, alone, given, shared), strict=True):
            stated[name].append(row[name])
            mine[name].append(value)
        y = own[key][0]
        judged = not _fitted(space, key[1]) and min(np.sum(y == 1), np.sum(y == 0)) >= fewest
        words[0].append(row["verdict"])
        words[1].append(_word(alone if correlation is None else shared) if judged else "not evaluable")
    wanted = _with(own, ("hosmer_lemeshow", "spiegelhalter", "binomial", "jeffreys"))
    _stated(space, TESTS, {(row["model"], row["sample"], row["test"]) for row in table}, wanted)
    for name in names:
        rule = "identity" if name == "asset_correlation" else "calibration_test"
        space.ledger.numbers(TESTS, name, rule, stated[name], mine[name], labels)
    space.ledger.words(TESTS, "verdict", *words, labels)


def _fitted(space: Workspace, sample: str) -> bool:
    """Whether the probabilities were fitted, or calibrated, on the sample."""
    return sample in (DEVELOPMENT, calibrated_on(space.package.plan))


def _word(p_value: float) -> str:
    if np.isnan(p_value):
        return "not evaluable"
    return "fail" if p_value < FAIL else "review" if p_value < REVIEW else "pass"


def _tests(
    y: np.ndarray, p: np.ndarray, w: np.ndarray, fitted: bool, correlation: float | None
) -> dict[str, tuple[float, float, float]]:
    """Statistic, p-value of independent rows, and of rows that share a factor (NaN where none is declared)."""
    grouped, z = calibration.hosmer_lemeshow(y, p, w, fitted=fitted), metrics.spiegelhalter(y, p, w)
    whole = float(np.sum(w))
    size = metrics.effective_size(whole, float(np.sum(w**2)))
    bad, mean = float(np.sum(w * y)) / whole * size, float(np.sum(w * p)) / whole
    alone = common_factor.at_least(bad, size, mean, 0.0), common_factor.jeffreys(bad, size, mean, 0.0)
    shared = [np.nan] * 4
    if correlation is not None:
        shared = [
            np.nan if fitted else common_factor.hosmer_lemeshow(y, p, w, correlation),
            common_factor.spiegelhalter(y, p, w, correlation),
            common_factor.at_least(bad, size, mean, correlation),
            common_factor.jeffreys(bad, size, mean, correlation),
        ]
    return {
        "hosmer_lemeshow": (*grouped, shared[0]),
        "spiegelhalter": (*z, shared[1]),
        "binomial": (np.nan, alone[0], shared[2]),
        "jeffreys": (np.nan, alone[1], shared[3]),
    }


def _compare_groups(space: Workspace, table: Rows, own: dict[str, Columns]) -> None:
    names = ("made", "statistic", "degrees", "p_value")
    stated, mine = ({name: list[Any]() for name in names} for _ in range(2))
    labels = []
    for row in table:
        if row["sample"] not in own:
            continue
        y, p, w = own[row["sample"]]
        fitted, count = _fitted(space, row["sample"]), int(row["groups"])
        made = len(np.unique(calibration.quantile_groups(p, w, count)))
        found = calibration.hosmer_lemeshow(y, p, w, fitted=fitted, count=count)
        values = (made, found[0], made - (2 if fitted else 0), found[1])
        labels.append(f"{row['sample']} {count} groups")
        for name, value in zip(names, values, strict=True):
            stated[name].append(row[name])
            mine[name].append(float(value))
    wanted = {(sample, count) for sample in own for count in range(5, 21)}
    told = {(row["sample"], int(row["groups"])) for row in table}
    space.ledger.words(GROUPS, "numbers of groups", sorted(wanted & told), sorted(wanted), "of the table")
    for name in names:
        rule = "calibration_test" if name in ("statistic", "p_value") else "rows"
        space.ledger.numbers(GROUPS, name, rule, stated[name], mine[name], labels)
