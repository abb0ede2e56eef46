"""Design of a live test: baseline, rows and schedule against our own; the looks spend what they may."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.strategy import ALL, strategy_groups, strategy_of
from validation.rebuild import experiment, pairs
from validation.rebuild.strategy import Group
from validation.rebuild.workspace import Workspace

EXPERIMENT, LOOKS = "strategy.experiment", "strategy.experiment_looks"
ANY_TIME = "always_valid"
ASKED = ("difference", "significance", "power", "challenger_share", "looks")


def compare_experiment(space: Workspace) -> None:
    """Compare the design with our own; not evaluable where the plan has none."""
    spec = strategy_of(space).get("experiment")
    table, looks = (space.package.rows_of(area) for area in (EXPERIMENT, LOOKS))
    if spec is None or not table or not looks:
        space.ledger.not_evaluable(EXPERIMENT, "the plan designs no live test, or its sample does not allow one")
        return
    row = table[0]
    stated = [row[name] for name in ("measure", "spending", *ASKED)]
    wanted = [spec[name] for name in ("measure", "spending", *ASKED)]
    space.ledger.words(EXPERIMENT, "as the plan asks", stated, wanted, "setting")
    groups = strategy_groups(space, space.package.champion_id)
    everybody = spec["measure"] == "acceptance_rate" and ALL in groups
    basis = ALL if everybody else str(spec["sample"])
    space.ledger.words(EXPERIMENT, "sample", [row["sample"]], [basis], "sample")
    group = groups.get(basis)
    if group is None:
        space.ledger.not_evaluable(EXPERIMENT, "the sample has no rows")
        return
    count, baseline, variance, fixed = _measured(space, spec, group)
    times = np.arange(1, int(spec["looks"]) + 1) / int(spec["looks"])
    z = np.array([look["z"] for look in looks])
    if len(z) != len(times):
        space.ledger.words(LOOKS, "looks", [len(z)], [len(times)], "number")
        return
    free = experiment.at_any_time(times, float(spec["significance"]))
    if spec["spending"] == ANY_TIME:
        space.ledger.numbers(LOOKS, "z", "standard_error", list(z), free, "look")
        allowed = np.cumsum(experiment.crossings(times, z, 0.0))
    else:
        allowed = experiment.spent(times, float(spec["significance"]), str(spec["spending"]))
    drift = experiment.drift_of(times, z, float(spec["power"]))
    reach = float(special.ndtri(1.0 - spec["significance"] / 2.0) + special.ndtri(spec["power"]))
    inflation = (drift / reach) ** 2
    space.ledger.numbers(EXPERIMENT, "sample_rows", "rows", [row["sample_rows"]], [count], "row")
    sizes = {"baseline": baseline, "variance": variance, "fixed_rows": fixed, "inflation": inflation}
    months = {"intake_months": row["rows"] / spec["rows_per_month"]}
    months["months"] = months["intake_months"] + float(spec["performance_months"])
    for name, value in {**sizes, **months}.items():
        space.ledger.numbers(EXPERIMENT, name, "standard_error", [row[name]], [value], "row")
    wanted_rows = math.ceil(row["fixed_rows"] * row["inflation"] - 1e-9)
    second = math.ceil(wanted_rows * spec["challenger_share"] - 1e-9)
    mine = [wanted_rows, wanted_rows - second, second]
    names = ("rows", "rows_champion", "rows_challenger")
    space.ledger.numbers(EXPERIMENT, "rows", "rows", [row[name] for name in names], mine, names)
    _compare_looks(space, spec, looks, (times, z, allowed, drift), wanted_rows)


def _compare_looks(
    space: Workspace, spec: Any, looks: list[dict[str, Any]], design: tuple[Any, ...], rows: int
) -> None:
    times, z, allowed, drift = design
    seen = np.ceil(times * rows - 1e-9)
    none, some = (experiment.crossings(times, z, shift) for shift in (0.0, drift))
    columns = {
        "information": ("share", times),
        "rows": ("rows", seen),
        "month": ("mean", seen / float(spec["rows_per_month"]) + float(spec["performance_months"])),
        "nominal_p_value": ("p_value", 2.0 * special.ndtr(-z)),
        "spent": ("p_value", allowed),
        "always_valid_z": ("standard_error", experiment.at_any_time(times, float(spec["significance"]))),
        "stops_without_difference": ("p_value", none),
        "stops_with_difference": ("p_value", some),
    }
    for name, (rule, own) in columns.items():
        space.ledger.numbers(LOOKS, name, rule, [look[name] for look in looks], own, "look")
    test = "error that the boundaries spend"
    space.ledger.numbers(LOOKS, test, "p_value", [look["spent"] for look in looks], np.cumsum(none), "look")


def _measured(space: Workspace, spec: Any, group: Group) -> tuple[int, float, float, float]:
    """Rows counted, baseline, variance and rows of one look, of the measure that the plan asks for."""
    cut_off, share = strategy_of(space).get("cut_off"), float(spec["challenger_share"])
    taken = np.ones(len(group.score), dtype=bool) if cut_off is None else group.score >= float(cut_off)
    level, power, gap = float(spec["significance"]), float(spec["power"]), float(spec["difference"])
    reach = float(special.ndtri(1.0 - level / 2.0) + special.ndtri(power)) ** 2
    if spec["measure"] == "acceptance_rate":
        rate = float(np.average(taken.astype(np.float64), weights=group.weight))
        fixed = experiment.rows_of_rates(rate, rate + gap, share, level, power)
        return len(taken), rate, rate * (1.0 - rate), fixed
    if spec["measure"] == "bad_rate":
        rate = float(np.average(group.outcome[taken], weights=group.weight[taken]))
        fixed = experiment.rows_of_rates(rate, rate + gap, share, level, power)
        return int(np.sum(taken)), rate, rate * (1.0 - rate), fixed
    if spec["measure"] == "profit":
        assert group.profit is not None
        earned = group.profit * taken
        mean = float(np.average(earned, weights=group.weight))
        variance = float(np.average((earned - mean) ** 2, weights=group.weight))
        return len(earned), mean, variance, variance / (share * (1.0 - share)) * reach / gap**2
    champion = space.package.champion_id
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items() if model_id != champion}
    chosen = ids[spec["challenger"]] if spec.get("challenger") else next(iter(ids.values()))
    other = space.output(chosen, "score")
    assert other is not None
    second = other.data[np.sort(space.known(str(spec["sample"])))]
    if spec["measure"] == "auc_unpaired":
        arms = [pairs.area(group, score) for score in (group.score, second)]
        variance = len(group.score) * (arms[0][1] / (1.0 - share) + arms[1][1] / share)
        return len(group.score), arms[0][0], variance, variance * reach / gap**2
    told = pairs.ranking(group, second, 0.95)
    error = (told["auc_upper"] - told["auc_lower"]) / (2.0 * float(special.ndtri(0.975)))
    variance = error**2 * len(group.score)
    return len(group.score), told["auc_base"], variance, variance * reach / gap**2
