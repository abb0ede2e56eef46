"""What each method of reject inference gains and harms, where the truth is known: METHODS section 1 and beyond.

Small in CI, full numbers marked slow; tables in README.md, made by `python -m tests.simulation.reject_inference`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from credit_risk.reject_inference import RejectInferenceSpec, bootstrap_procedure
from tests.credit_risk.reject_inference.worlds import NAMES, world
from tests.simulation.reject_inference import (
    MEASURES,
    PORTFOLIOS,
    WORLDS,
    Case,
    draws_of,
    loop,
    portfolio,
    world_case,
)

Draws = dict[str, np.ndarray]
MEASURED_DRAWS = 10
MEASURED = {
    "mar": {
        "oracle": (0.804, 1.00),
        "known outcomes": (0.804, 1.02),
        "extrapolation": (0.804, 1.02),
        "reweighting": (0.803, 1.00),
        "parcelling x1.5": (0.803, 1.23),
        "bivariate probit": (0.801, 1.19),
    },
    "mar_misspecified": {
        "oracle": (0.809, 1.00),
        "known outcomes": (0.796, 0.86),
        "extrapolation": (0.796, 0.86),
        "reweighting": (0.808, 0.98),
        "parcelling x1.5": (0.800, 1.08),
        "bivariate probit": (0.670, 0.36),
    },
    "mnar_instrument": {
        "oracle": (0.803, 1.00),
        "known outcomes": (0.793, 0.49),
        "extrapolation": (0.793, 0.49),
        "reweighting": (0.777, 0.38),
        "parcelling x1.5": (0.799, 0.60),
        "bivariate probit": (0.803, 1.01),
    },
    "mnar": {
        "oracle": (0.803, 1.00),
        "known outcomes": (0.773, 0.36),
        "extrapolation": (0.773, 0.36),
        "reweighting": (0.758, 0.33),
        "parcelling x1.5": (0.787, 0.44),
        "bivariate probit": (0.799, 1.13),
    },
}
"""METHODS section 1: AUC, mean probability over actual; 8,000 applicants, ten draws."""
FLOORS = {4: (0.007, 0.06), 40: (0.002, 0.02)}
"""Least deviation from draw to draw that a comparison allows for, by draws: that of four draws is itself by chance."""


def drawn(draw: Callable[[int], Case], draws: int) -> Draws:
    """Measures (draws, 4) by method."""
    found, _ = draws_of(draw, draws)
    return {method: np.array([one[method] for one in found], dtype=float) for method in found[0]}


def difference(found: Draws, method: str, other: str, measure: str) -> tuple[float, float]:
    """Mean of the paired difference of a measure, and its Monte-Carlo standard error."""
    j = MEASURES.index(measure)
    gap = found[method][:, j] - found[other][:, j]
    return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap)))


def surely(found: Draws, method: str, other: str, measure: str) -> int:
    """1 where `method` is above `other` by three standard errors, −1 where below, else 0."""
    gap, error = difference(found, method, other, measure)
    return int(np.sign(gap)) if abs(gap) > 3 * error else 0


def recovered(found: Draws, method: str) -> tuple[float, float]:
    """Share of the AUC gap of known outcomes to the oracle that a method closes, and its standard error (delta)."""
    gap = found["oracle"][:, 0] - found["known outcomes"][:, 0]
    gain = found[method][:, 0] - found["known outcomes"][:, 0]
    share = gain.mean() / gap.mean()
    return float(share), float((gain - share * gap).std(ddof=1) / np.sqrt(len(gap)) / gap.mean())


TIERS = [pytest.param(4, id="ci"), pytest.param(40, id="full", marks=pytest.mark.slow)]
_DRAWN: dict[tuple[str, int], Draws] = {}


def world_draws(name: str, draws: int) -> Draws:
    if (name, draws) not in _DRAWN:
        _DRAWN[name, draws] = drawn(lambda seed: world_case(name, seed), draws)
    return _DRAWN[name, draws]


# ------------------------------------------------------------------------------------- METHODS section 1, reproduced


@pytest.mark.parametrize("draws", TIERS)
@pytest.mark.parametrize("name", WORLDS)
def test_the_table_of_methods_is_reproduced_in_direction_and_size(name: str, draws: int) -> None:
    found = world_draws(name, draws)
    for method, expected in MEASURED[name].items():
        for j, (wanted, floor, rounding) in enumerate(zip(expected, FLOORS[draws], (0.0005, 0.005), strict=True)):
            values = found[method][:, j][np.isfinite(found[method][:, j])]
            deviation = max(float(values.std(ddof=1)), floor)
            allowed = 3.5 * deviation * np.sqrt(1 / len(values) + 1 / MEASURED_DRAWS) + rounding
            assert abs(values.mean() - wanted) < allowed, f"{method} {MEASURES[j]}: {values.mean():.4f}, {wanted}"
    np.testing.assert_allclose(found["extrapolation"], found["known outcomes"], atol=1e-8)


@pytest.mark.parametrize("draws", TIERS)
def test_reweighting_recovers_two_thirds_of_the_gap_under_misspecified_selection_at_random(draws: int) -> None:
    found = world_draws("mar_misspecified", draws)
    share, error = recovered(found, "reweighting")
    assert share - 1.64 * error > 2 / 3
    assert surely(found, "reweighting", "known outcomes", "auc") == 1
    ratio = found["reweighting"][:, 1].mean()
    assert abs(ratio - 1) < abs(found["known outcomes"][:, 1].mean() - 1) / 2


@pytest.mark.parametrize("draws", TIERS)
def test_a_method_that_harms_is_shown_harming(draws: int) -> None:
    """By more than chance: weights where selection is not at random, the probit where its form is wrong, a cut-off."""
    for name in ("mnar", "mnar_instrument"):
        assert surely(world_draws(name, draws), "reweighting", "known outcomes", "auc") == -1
        assert surely(world_draws(name, draws), "reweighting", "known outcomes", "mean_pd_over_actual") == -1
        assert surely(world_draws(name, draws), "reweighting", "known outcomes", "bad_rate_of_approved") == 1
    wrong = world_draws("mar_misspecified", draws)
    assert difference(wrong, "bivariate probit", "known outcomes", "auc")[0] < -0.08
    assert wrong["rho"][:, 0].mean() > 0.7  # the truth is 0
    assert surely(wrong, "hard_cut_off", "known outcomes", "auc") == -1
    mar = world_draws("mar", draws)
    for method in ("fuzzy x1.5", "parcelling x1.5"):  # prudence where none is due
        assert surely(mar, method, "known outcomes", "brier") == 1 or draws < 10
        assert mar[method][:, 1].mean() > 1.1


@pytest.mark.parametrize("draws", TIERS)
def test_an_instrument_identifies_what_nothing_else_does(draws: int) -> None:
    found = world_draws("mnar_instrument", draws)
    rho = found["rho"][:, 0]
    assert abs(rho.mean() + 0.6) < 3 * rho.std(ddof=1) / np.sqrt(draws) + 0.02
    assert abs(found["bivariate probit"][:, 1].mean() - 1) < 0.06
    assert found["known outcomes"][:, 1].mean() < 0.6
    assert recovered(found, "bivariate probit")[0] > 0.8


# ---------------------------------------------------------------------------------------- the simulator of portfolios


@pytest.mark.parametrize(
    ("draws", "rows"), [pytest.param(2, 8_000, id="ci"), pytest.param(10, 20_000, id="full", marks=pytest.mark.slow)]
)
def test_simulated_portfolios_say_the_same(draws: int, rows: int) -> None:
    names = ("mar_misspecified, 30 % accepted", "mnar with instrument") if draws < 5 else tuple(PORTFOLIOS)
    for name in names:
        found = drawn(partial(portfolio, name, rows=rows), draws)
        oracle, known = (found[m].mean(axis=0) for m in ("oracle", "known outcomes"))
        weighted = found["reweighting"].mean(axis=0)
        if "misspecified" in name:
            assert recovered(found, "reweighting")[0] > 2 / 3, name
            assert abs(weighted[3] - oracle[3]) < 0.004, name
            # where 75 % are accepted, known outcomes fit the safest half best: there is nothing to gain there
            assert weighted[3] < known[3] or "75 %" in name, name
            assert found["bivariate probit"].mean(axis=0)[0] < known[0] - 0.02, name
        elif "mnar" in name:
            assert weighted[0] < known[0] < oracle[0], name
            assert known[1] < 0.7, name
            if "instrument" in name:
                assert abs(found["bivariate probit"].mean(axis=0)[1] - 1) < 0.15, name
        else:
            assert abs(known[1] - 1) < 0.05, name
            assert abs(found["reweighting"].mean(axis=0)[1] - 1) < 0.05, name
        same = found["extrapolation"] - found["known outcomes"]
        assert np.abs(same[:, :3]).max() < 1e-8, name
        assert np.abs(same[:, 3]).max() < 1e-3, name  # one applicant at the cut of the safest half


# ------------------------------------------------------------------------------------------- years of a feedback loop


@pytest.mark.parametrize("seeds", [pytest.param(3, id="ci"), pytest.param(30, id="full", marks=pytest.mark.slow)])
def test_years_of_deciding_by_the_last_model(seeds: int) -> None:
    """Where the model lacks a term, known outcomes alone swing from year to year; reweighting stays by the oracle."""
    made = {m: np.array([loop(m, seed) for seed in range(seeds)]) for m in ("oracle", "known outcomes", "reweighting")}
    lost = {m: (made["oracle"] - made[m])[:, :, 0] for m in ("known outcomes", "reweighting")}
    paired = lost["known outcomes"].mean(axis=1) - lost["reweighting"].mean(axis=1)
    assert paired.mean() > 3 * paired.std(ddof=1) / np.sqrt(seeds) or seeds < 10
    assert lost["reweighting"].mean() < lost["known outcomes"].mean() / 2
    approved = {m: values[:, :, 3].mean() for m, values in made.items()}
    assert approved["oracle"] < approved["reweighting"] < approved["known outcomes"]


# ------------------------------------------------------------------------------------------- errors of the procedure


@pytest.mark.slow
@pytest.mark.parametrize("method", ["reweighting", "score_bands", "fuzzy_augmentation", "parcelling"])
def test_intervals_of_the_procedure_cover(method: str) -> None:
    """300 worlds of 2,000 applicants, 100 replicates: 95 % intervals cover the mean coefficient 92 to 98 times of 100;

    naive intervals do not.
    """
    spec = RejectInferenceSpec(prudence=1.5)
    made = []
    for k in range(300):
        one = world(2_000, 5_000 + k)
        options = {"method": method, "replicates": 100, "seed": k}
        made.append(bootstrap_procedure(spec, one.decided(), one.x, NAMES, **options))  # type: ignore[arg-type]
    centre = np.mean([one.coef for one in made], axis=0)
    covered = np.mean([(one.lower <= centre) & (centre <= one.upper) for one in made])
    naively = np.mean([np.abs(one.coef - centre) <= 1.96 * one.naive_error for one in made])
    assert 0.92 < covered < 0.98
    assert naively < 0.9
