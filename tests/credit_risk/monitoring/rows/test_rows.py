"""Measures of rows on disk against those of arrays: any cut into chunks and buckets, ties, clusters, weights."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.challenger.shadow import Accepted, shadow_comparison
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.censoring import follow_up
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.vintages import Least, performance_table
from credit_risk.monitoring.rows import spool
from credit_risk.monitoring.rows.measures import group_of, level_of, performance_rows, two_scores
from credit_risk.monitoring.rows.spool import Folder, Sorted
from credit_risk.monitoring.rows.squares import Squares
from credit_risk.monitoring.rows.tally import Coding, Tally
from credit_risk.strategy.cut_offs import cut_offs_of

WINDOW = 6.0
LEAST = Least(bads=5, followed=0.05)
POLICY = GradePolicy(asset_correlation=0.04)


@pytest.fixture(params=[(3, 5), (7, 16), (65_536, 262_144)], ids=["cut small", "cut", "whole"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows of a chunk and of a bucket."""
    chunk, most = request.param
    monkeypatch.setattr(spool, "CHUNK", chunk)
    monkeypatch.setattr(spool, "MOST", most)
    return


class Case:
    """Rows with labels, two scores and perhaps applicants."""

    def __init__(self, seed: int, rows: int, values: int, late: float, clustered: bool):
        rng = np.random.default_rng(seed)
        time = rng.integers(1, 240, rows) / 30.0
        time[rng.random(rows) < 0.1] = np.nan
        event = (rng.random(rows) < 0.4) & np.isfinite(time)
        time = np.where(~event & (rng.random(rows) >= late) & np.isfinite(time), WINDOW + 2.0, time)
        faulty = np.isnan(time) & (rng.random(rows) < 0.3)
        self.labels = Labels(time, event, faulty, WINDOW)
        if clustered:
            names = np.array([f"a{one}" for one in rng.integers(0, max(rows // 3, 1), rows)], dtype=object)
            self.labels = self.labels.of_applicants(names)
        grid = np.linspace(0.02, 0.9, values)
        self.first = grid[rng.integers(0, values, rows)]
        self.second = np.clip(self.first + rng.choice([-0.01, 0.0, 0.01], rows), 0.01, 0.95)
        self.mass = rng.choice([1.0, 2.5, 4.0], rows)
        self.clustered = clustered

    def tally(self, folder: Folder, mass: bool = False) -> Tally:
        """The rows on disk, added in three parts."""
        made = Tally.empty(folder, Coding(), ["first", "second"], clustered=self.clustered)
        edges = np.linspace(0, len(self.first), 4).astype(int)
        for start, end in itertools.pairwise(edges):
            part = np.arange(start, end)
            columns: dict[str, Any] = {"first": self.first[part], "second": self.second[part]}
            if self.labels.cluster is not None:
                columns["cluster"] = self.labels.cluster[part].astype(np.uint64)
            made.add(self.labels.part(part), columns, self.mass[part] if mass else None)
        return made


cases = st.builds(
    Case,
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(0, 90),
    values=st.sampled_from([1, 2, 5, 60]),
    late=st.sampled_from([0.0, 0.3, 1.0]),
    clustered=st.booleans(),
)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def same(found: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Equal cells; numbers to 1e-9 of their size."""
    assert len(found) == len(wanted)
    for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
        if isinstance(other, str) or isinstance(one, str):
            assert one == other, place
        elif other is None or one is None or other is pd.NA:
            assert pd.isna(one), place
            assert pd.isna(other), place
        else:
            assert float(one) == pytest.approx(float(other), rel=1e-9, abs=1e-12, nan_ok=True), place


def farthest_is_tied(case: Case, horizon: float) -> bool:
    """Whether the distributions are equally far apart at two thresholds, so that rounding says which is named."""
    follow = follow_up(case.labels, None, horizon)
    risk = case.first[case.labels.usable]
    values = np.unique(risk)
    up = [np.array([follow.weight[side & (risk <= one)].sum() for one in values]) for side in (follow.bad, follow.good)]
    gaps = np.sort(np.abs(up[0] * up[1][-1] - up[1] * up[0][-1]))
    return len(gaps) > 1 and bool(gaps[-1] - gaps[-2] <= 1e-9 * gaps[-1])


@many
@given(case=cases)
@pytest.mark.usefixtures("sizes")
def test_performance(case: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Folder(tmp_path_factory.mktemp("rows"))
    if not len(case.first):
        return
    told = performance_rows(("all", "all"), case.tally(folder), WINDOW, "first", LEAST)
    table = performance_table(case.labels, case.first, months=(3.0,), least=LEAST)
    wanted = table[table["horizon"] == WINDOW].to_numpy(object).tolist()
    assert len(told) == len(wanted)
    shorter = performance_rows(("all", "all"), case.tally(folder), 3.0, "first", LEAST)
    wanted += table[table["horizon"] == 3.0].to_numpy(object).tolist()
    for one, other in zip([*told, *shorter], wanted, strict=True):
        tied = other[3] == "ks" and farthest_is_tied(case, other[2])
        same(one[:13] if tied else one, other[:13] if tied else other)


@many
@given(case=cases)
@pytest.mark.usefixtures("sizes")
def test_level_and_groups(case: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Folder(tmp_path_factory.mktemp("rows"))
    if not len(case.first):
        return
    tally, mean = case.tally(folder), math.fsum(case.first) / len(case.first)
    wanted = calibration_level(case.labels, case.first, asset_correlation=0.04, least=LEAST).iloc[0].tolist()
    same(("all", "all", *level_of(tally, "first", mean, WINDOW, 0.04, LEAST)), wanted)
    groups = np.array(["g"] * len(case.first), dtype=object)
    row = calibration_table(case.labels, case.first, groups, policy=POLICY).iloc[0].tolist()
    same(("all", "all", row[2], "g", *group_of(tally, mean, WINDOW, POLICY)), row)


@many
@given(case=cases, mass=st.booleans())
@pytest.mark.usefixtures("sizes")
def test_two_scores(case: Case, mass: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Folder(tmp_path_factory.mktemp("rows"))
    if not len(case.first):
        return
    accepted = Accepted(probability=1.0 / case.mass) if mass else Accepted()
    row = shadow_comparison(case.labels, case.first, case.second, accepted, least=LEAST).iloc[0].tolist()
    told = two_scores(case.tally(folder, mass), "first", "second", WINDOW, LEAST)
    if told[7] < 1e-12:  # the scores order alike, but for rounding: a p-value of it says nothing
        assert abs(row[12]) < 1e-12
        told, row = told[:7], row[:12]
        same((*row[:5], *told), row)
        return
    same((*row[:5], *told, row[-1]), row)


@many
@given(values=st.lists(st.integers(-3, 3), max_size=80), wide=st.booleans())
@pytest.mark.usefixtures("sizes")
def test_a_sort_gives_every_row_once_in_order(
    values: list[int], wide: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Folder(tmp_path_factory.mktemp("rows"))
    held = folder.spool([("x", "f8"), ("row", "i8")])
    x = np.array(values, float) * (math.pi if wide else 1.0)
    for part in np.array_split(np.arange(len(x)), 4):
        held.add({"x": x[part], "row": part})
    ordered, seen, rows = Sorted(held, "x"), [], []
    for block in ordered.blocks():
        np.testing.assert_array_equal(block.values[block.place], block.records["x"])
        seen += block.records["x"].tolist()
        rows += block.records["row"].tolist()
    assert seen == sorted(x.tolist())
    assert sorted(rows) == list(range(len(x)))
    ordered.drop()
    held.drop()
    assert list(folder.path.iterdir()) == []  # nothing is left behind


@many
@given(rows=st.lists(st.tuples(st.integers(0, 6), st.floats(-5, 5)), max_size=60), clustered=st.booleans())
@pytest.mark.usefixtures("sizes")
def test_squares(rows: list[tuple[int, float]], clustered: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Folder(tmp_path_factory.mktemp("rows"))
    squares = Squares(folder, ["x"], clustered=clustered)
    names, x = np.array([one for one, _ in rows], np.uint64), np.array([one for _, one in rows], float)
    for part in np.array_split(np.arange(len(x)), 3):
        squares.add({"x": x[part]}, names[part] if clustered else None)
    squares.done()
    sums = pd.Series(x).groupby(names).sum().to_numpy() if clustered else x
    assert squares.square("x") == pytest.approx(float(np.sum(sums**2)), rel=1e-12, abs=1e-12)
    if len(sums) > 1:
        wanted = math.sqrt(float(np.sum(sums**2)) * len(sums) / (len(sums) - 1))
        assert squares.error("x") == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@many
@given(values=st.lists(st.integers(0, 30), min_size=1, max_size=120))
@pytest.mark.usefixtures("sizes")
def test_tenths(values: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    from credit_risk.monitoring.run.shadow_rows import tenths

    held = Folder(tmp_path_factory.mktemp("rows")).spool([("x", "f8")])
    x = np.array(values, float) / 31.0
    held.add({"x": x})
    np.testing.assert_array_equal(tenths(held, "x"), cut_offs_of(x, 10))
