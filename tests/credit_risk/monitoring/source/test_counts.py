"""Counts, moments and distinct values on DuckDB against brute force in pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.reference import read_reference
from credit_risk.monitoring.source import open_production
from tests.credit_risk.monitoring.source.cases import (
    KEY,
    MODELS,
    TIME,
    brute,
    clock,
    mapping,
    package,
    parts,
    production,
    same_counts,
)


@pytest.mark.parametrize("name", MODELS)
def test_counts_are_those_of_the_package(name: str, tmp_path: Path) -> None:
    table = production(name, 900)
    reference = read_reference(package(name))
    folder = parts(table, tmp_path / "in")
    with open_production(str(folder), mapping(name), package(name), reference=reference, clock=clock) as source:
        assert set(source.faults["code"]) <= {"few_rows"}
        found = source.counts(segments=["region"])
        assert source.partitions["counted"].sum() == len(table)
        assert source.variables == tuple(v.name for v in reference.variables)
        assert source.segments == ("region",)
        assert source.periods == tuple(sorted(table[TIME].dt.strftime("%Y-%m").unique()))
        alone = source.counts()
    same_counts(found, brute(reference, table))
    same_counts(alone, brute(reference, table, ()))


def test_moments_and_distinct_values(tmp_path: Path) -> None:
    table = production("scorecard", 700)
    folder = parts(table, tmp_path / "in", 4)
    with open_production(str(folder), mapping("scorecard"), package("scorecard"), clock=clock) as source:
        moments = source.moments(["probability", "score"], ["region"])
        values = source.distinct("score")
        beyond = source.beyond("score", 500.0, 560.0)
        cells = source.distinct("probability", most=3, grid=(0.0, 1.0, 50))
        month = source.rows("2026-02", ["_key", "_time", "_period", "score", "region"]).to_pandas()
    period = table[TIME].dt.strftime("%Y-%m")
    for segment, chosen in (("all", table), ("region=north", table[table["region"] == "north"])):
        wanted = chosen.groupby(period)["probability"].agg(["count", "mean", "var"])
        told = moments[(moments["segment"] == segment) & (moments["quantity"] == "probability")].set_index("period")
        assert told["rows"].tolist() == wanted["count"].tolist()
        np.testing.assert_allclose(told["mean"], wanted["mean"], rtol=1e-13)
        np.testing.assert_allclose(told["variance"], wanted["var"], rtol=1e-11)
    wanted = table.groupby([period, "score"]).size()
    outside = wanted[
        (wanted > 1) & ~wanted.index.get_level_values("score").to_series().between(500.0, 560.0).to_numpy()
    ]
    assert len(beyond) > 0
    assert beyond["rows"].tolist() == outside.tolist()
    assert beyond["value"].tolist() == outside.index.get_level_values("score").tolist()
    assert values.exact
    assert values.frame.set_index(["period", "value"])["rows"].to_dict() == wanted.to_dict()
    assert not cells.exact
    place = np.minimum(np.floor(table["probability"] / 0.02), 49) * 0.02
    wanted = table.groupby([period, place]).size()
    assert cells.width == 0.02
    assert cells.frame["rows"].tolist() == wanted.tolist()
    np.testing.assert_allclose(cells.frame["value"], wanted.index.get_level_values(1), rtol=1e-13)
    chosen = table[period == "2026-02"].sort_values(KEY)
    assert month["_key"].tolist() == chosen[KEY].tolist()
    assert month["score"].tolist() == chosen["score"].tolist()
    assert (month["_time"].to_numpy() == chosen[TIME].to_numpy()).all()
    assert set(month["_period"]) == {"2026-02"}
    assert pd.Series(month["region"]).isna().tolist() == chosen["region"].isna().tolist()
