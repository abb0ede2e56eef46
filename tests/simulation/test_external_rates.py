"""External rates as they are in practice: realised bad rates of other applicants, in worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from credit_risk.calibration import calibrate_to_external, fit_map
from credit_risk.datasets import outcome_drivers, simulate_portfolio

EDGES = (580.0, 630.0, 690.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("selection", ["mar", "mar_misspecified", "mnar"])
def test_realised_rates_recover_the_through_the_door_probability(selection: str, seed: int) -> None:
    """Within 5 % in every band; half of the applicants are those of others, of whom only the bad rates are used.

    Bands hold 4,000 bads of others and more: with a few hundred, the rates themselves are not known to 5 %.
    """
    world = simulate_portfolio(applicants=500_000, months=24, seed=seed, selection=selection)  # type: ignore[arg-type]
    score = world.applications["bureau_score"].to_numpy(dtype=float)
    band = np.where(score > 0.0, np.searchsorted(EDGES, score, side="right"), -1)
    own = world.applications["applicant_id"].rank(method="dense").to_numpy() % 2 == 0
    others = world.truth.loc[~own, "bad"].groupby(band[~own]).agg(["mean", "size"])
    rates = pd.DataFrame({"band": others.index, "rate": others["mean"], "count": others["size"]})
    booked = world.booked_accounts()["application_id"]
    accepted = world.applications["application_id"].isin(booked).to_numpy()[own]
    true, y = (world.truth.loc[own, name].to_numpy(dtype=float) for name in ("true_pd", "bad"))
    drivers = sm.add_constant(outcome_drivers(world.applications)[own].to_numpy(dtype=float))
    linear = drivers @ sm.Logit(y[accepted], drivers[accepted]).fit(disp=0).params
    first = fit_map("beta", linear[accepted], y[accepted]).map

    fit = calibrate_to_external(linear, band[own], rates, first=first)
    means = pd.DataFrame({"p": fit.probability(linear, band[own]), "true": true}).groupby(band[own]).mean()
    assert (means["p"] / means["true"] - 1.0).abs().max() < 0.05
    # The standard errors of the shifts cover what is left.
    left = (means["p"] / means["true"] - 1.0).to_numpy() / fit.parameters["standard_error"].to_numpy()
    assert np.abs(left).max() < 4.0
