"""Decisions, objectives and profit of rows that come some at a time against the same tables of arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.monitoring.performance.decisions import (
    DEVELOPMENT_RATE_COLUMNS,
    decision_table,
    development_bases,
)
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.objectives import Objective, objective_table
from credit_risk.monitoring.performance.profit import Amounts, profit_table
from credit_risk.monitoring.performance.vintages import Least
from credit_risk.monitoring.rows import spool
from credit_risk.monitoring.rows.moments import Moments
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import clusters_of_names
from credit_risk.monitoring.run.decided import DecisionRows
from credit_risk.monitoring.run.objective_rows import ObjectiveRows
from credit_risk.monitoring.run.profit_rows import Accounts, ProfitRows
from credit_risk.monitoring.spec import ProfitSpec

PERIOD, LEAST = "2026-05", 5
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
cuts = st.lists(st.integers(0, 90), max_size=4)
sizes = st.sampled_from([(3, 5), (7, 16), (65_536, 262_144)])
seeds = st.integers(0, 2**32 - 1)


def parts(rows: int, cuts: list[int]) -> Iterator[np.ndarray]:
    for start, end in itertools.pairwise(sorted({0, rows, *(min(one, rows) for one in cuts)})):
        yield np.arange(start, end)


def segments_of(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    return {
        "REGION": rng.choice(np.array(["north", "south", None], object), rows),
        "AGE": rng.choice(np.array(["old", "young"], object), rows),
    }


def cut(size: tuple[int, int], patch: pytest.MonkeyPatch) -> None:
    """Rows of a chunk and of a bucket of sorts."""
    patch.setattr(spool, "CHUNK", size[0])
    patch.setattr(spool, "MOST", size[1])


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found, wanted.assign(period=PERIOD), rtol=1e-12, atol=1e-12, check_dtype=False, check_column_type=False
    )


@many
@given(seed=seeds, rows=st.integers(1, 90), scored=st.booleans(), clustered=st.booleans(), cuts=cuts, size=sizes)
def test_decisions(
    seed: int,
    rows: int,
    scored: bool,
    clustered: bool,
    cuts: list[int],
    size: tuple[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rng = np.random.default_rng(seed)
    done = rng.choice([1, 0, -1], rows, p=[0.6, 0.3, 0.1]).astype(np.int8)
    said = rng.choice([1, 0, -1], rows, p=[0.5, 0.4, 0.1]).astype(np.int8) if scored else None
    names = np.array([f"a{one}" for one in rng.integers(0, max(rows // 3, 1), rows)], dtype=object)
    names[rng.random(rows) < 0.05] = None
    by = segments_of(rng, rows)
    base = pd.DataFrame(
        [("all", "approval_rate", 1000.0, 0.7), ("AGE=old", "override_rate", np.nan, 0.1)],
        columns=DEVELOPMENT_RATE_COLUMNS,
    )
    with pytest.MonkeyPatch.context() as patch:
        cut(size, patch)
        month = DecisionRows(Folder(tmp_path_factory.mktemp("rows")), clustered=clustered)
        for part in parts(rows, cuts):
            month.add(
                done[part],
                None if said is None else said[part],
                {name: values[part] for name, values in by.items()},
                clusters_of_names(names[part], int(part[0])) if clustered else None,
            )
        found = month.frame(PERIOD, development_bases(base), LEAST)
    applicants = names if clustered else None
    wanted = decision_table(done, said, None, by, applicants=applicants, development=base, least_rows=LEAST)
    same(found, wanted)
    assert found.attrs["notes"] == wanted.attrs["notes"]


OBJECTIVES = [
    Objective("volume", "operational", "rows", "at_least", 20.0),
    Objective("limits", "business", "sum", "at_least", 500.0, ("limit",)),
    Objective("limit", "business", "mean", "at_most", 50.0, ("limit",)),
    Objective("approved", "business", "share", "at_least", 0.4, ("decision",), "accept"),
    Objective("speed", "operational", "quantile", "at_most", 60.0, ("latency",), None, 0.9),
    Objective("margin", "business", "ratio", "at_least", 0.1, ("earned", "limit")),
]


@many
@given(seed=seeds, rows=st.integers(1, 90), values=st.sampled_from([1, 3, 1000]), cuts=cuts, size=sizes)
def test_objectives(
    seed: int, rows: int, values: int, cuts: list[int], size: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    columns = {
        "limit": rng.integers(-2 if seed % 3 == 0 else 1, values + 1, rows) * 10.0,
        "earned": rng.normal(5.0, 20.0, rows).round(3),
        "latency": rng.integers(0, values, rows) / 7.0,
        "decision": rng.choice(np.array(["accept", "decline", None], object), rows),
    }
    for name in ("limit", "earned", "latency"):
        columns[name][rng.random(rows) < 0.1] = np.nan
    by = segments_of(rng, rows)
    with pytest.MonkeyPatch.context() as patch:
        cut(size, patch)
        month = ObjectiveRows(Folder(tmp_path_factory.mktemp("rows")), OBJECTIVES)
        for part in parts(rows, cuts):
            inside = {name: one[part] for name, one in columns.items()}
            month.add(inside, len(part), {name: one[part] for name, one in by.items()})
        found = month.frame(PERIOD)
    same(found, objective_table(OBJECTIVES, columns, rows, segments=by))


@many
@given(x=st.lists(st.floats(-1e6, 1e6), max_size=60), far=st.sampled_from([0.0, 1e9]), cuts=cuts)
def test_moments(x: list[float], far: float, cuts: list[int]) -> None:
    values, moments = np.array(x, float) + far, Moments()
    for part in parts(len(values), cuts):
        moments.add(values[part])
    assert moments.count == len(values)
    if len(values):
        assert moments.mean == pytest.approx(float(np.mean(values)), rel=1e-12, abs=1e-6)
    if len(values) > 1:
        wanted = float(np.std(values, ddof=1)) / np.sqrt(len(values))
        assert moments.error == pytest.approx(wanted, rel=1e-9, abs=1e-7)


@many
@given(
    seed=seeds,
    rows=st.integers(1, 90),
    late=st.sampled_from([0.0, 0.3, 1.0]),
    likely=st.booleans(),
    clustered=st.booleans(),
    cuts=cuts,
    size=sizes,
)
def test_profit(
    seed: int,
    rows: int,
    late: float,
    likely: bool,
    clustered: bool,
    cuts: list[int],
    size: tuple[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 240, rows) / 30.0
    time[rng.random(rows) < 0.1] = np.nan
    event = (rng.random(rows) < 0.4) & np.isfinite(time)
    time = np.where(~event & (rng.random(rows) >= late) & np.isfinite(time), 8.0, time)
    labels = Labels(time, event, np.isnan(time) & (rng.random(rows) < 0.3), 6.0)
    names = np.array([f"a{one}" for one in rng.integers(0, max(rows // 3, 1), rows)], dtype=object)
    accounts = Accounts(
        rng.random(rows) < 0.7, rng.integers(1, 30, rows) * 100.0, rng.random(rows), rng.random(rows) < 0.2
    )
    by, least = segments_of(rng, rows), Least(followed=0.05)
    spec = ProfitSpec(amount="x", margin=0.1, loss_given_default=0.6, review_cost=20.0, reviewed="y", currency="EUR")
    with pytest.MonkeyPatch.context() as patch:
        cut(size, patch)
        month = ProfitRows(Folder(tmp_path_factory.mktemp("rows")), spec, 6.0, likely=likely, clustered=clustered)
        for part in parts(rows, cuts):
            own = Accounts(
                accounts.booked[part], accounts.amount[part], accounts.probability[part], accounts.reviewed[part]
            )
            cluster = clusters_of_names(names[part], int(part[0])) if clustered else None
            month.add(own, labels.part(part), {name: values[part] for name, values in by.items()}, cluster)
        found = month.frame(PERIOD, least)
    amounts = Amounts(0.1 * accounts.amount, 0.6 * accounts.amount, 20.0, "EUR")
    every = labels.of_applicants(names) if clustered else labels
    wanted = profit_table(
        every,
        amounts,
        accounts.probability if likely else None,
        accounts.reviewed,
        segments=by,
        booked=accounts.booked,
        least=least,
    )
    pd.testing.assert_frame_equal(  # bounds of totals whose parts cancel: to the size of the parts
        found, wanted.assign(period=PERIOD), rtol=1e-12, atol=1e-8, check_dtype=False, check_column_type=False
    )
    assert found.attrs["notes"] == wanted.attrs["notes"]
