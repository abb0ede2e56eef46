"""Rows of a month on disk against arrays of the same rows: every table, however the rows are cut into chunks."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.estimate import estimate_table, expected_performance
from credit_risk.monitoring.performance.labels import STATES, Labels, label_outcomes
from credit_risk.monitoring.performance.vintages import Least, performance_table
from credit_risk.monitoring.rows import spool
from credit_risk.monitoring.rows.expected import expected_of
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import clusters_of_names
from credit_risk.monitoring.run.label_counts import LABEL_COLUMNS, LabelCounts, joined_faults
from credit_risk.monitoring.run.month_rows import Chunk, MonthRows

WINDOW, PERIOD, LEAST, POLICY = 6.0, "2026-05", Least(bads=5), GradePolicy(asset_correlation=0.04)
ORDER = ["low", "middle", "high", "never"]


def rows_of(seed: int, rows: int, values: int, clustered: bool) -> Chunk:
    """Rows of which some have no outcome, some no result that ranks, some no grade or region."""
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 240, rows) / 30.0
    time[rng.random(rows) < 0.15] = np.nan
    event = (rng.random(rows) < 0.4) & np.isfinite(time)
    labels = Labels(time, event, np.isnan(time) & (rng.random(rows) < 0.3), WINDOW)
    p = np.linspace(0.0 if seed % 7 == 0 else 0.03, 0.9, values)[rng.integers(0, values, rows)]
    risk = np.where(rng.random(rows) < 0.05, np.nan, np.log1p(p))
    names = np.array([f"a{one}" for one in rng.integers(0, max(rows // 3, 1), rows)], dtype=object)
    names[rng.random(rows) < 0.05] = None
    segments = {
        "REGION": rng.choice(np.array(["north", "south", None], object), rows),
        "AGE": rng.choice(np.array(["old", "young"], object), rows),
    }
    groups = {
        "grade": rng.choice(np.array(["B", "A", None], object), rows),
        "score_band": rng.choice(np.array(["low", "middle", "high"], object), rows),
    }
    return Chunk(labels, p, risk, clusters_of_names(names, 0) if clustered else None, segments, groups)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunk=st.builds(
        rows_of,
        seed=st.integers(0, 2**32 - 1),
        rows=st.integers(1, 90),
        values=st.sampled_from([1, 2, 40]),
        clustered=st.booleans(),
    ),
    cuts=st.lists(st.integers(0, 90), max_size=4),
    size=st.sampled_from([(3, 5), (65_536, 262_144)]),
)
def test_every_table_is_that_of_the_rows_at_once(
    chunk: Chunk, cuts: list[int], size: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "CHUNK", size[0])
        patch.setattr(spool, "MOST", size[1])
        month = MonthRows(Folder(tmp_path_factory.mktemp("month")), WINDOW, clustered=chunk.cluster is not None)
        rows = len(chunk.labels)
        for start, end in itertools.pairwise(sorted({0, rows, *(min(one, rows) for one in cuts)})):
            part = np.zeros(rows, bool)
            part[start:end] = True
            month.add(chunk.part(part))
        assert len(month) == rows
        same(month.estimate(PERIOD), estimate_table(chunk.probability, segments=chunk.segments).assign(period=PERIOD))
        own = chunk.part(np.isfinite(chunk.risk))
        if not len(own.labels):
            return
        labels = own.labels if own.cluster is None else own.labels.of_applicants(own.cluster.astype(object))
        by, p = own.segments, own.probability
        wanted = performance_table(labels, own.risk, [PERIOD] * len(p), by, least=LEAST)
        same(month.performance(PERIOD, LEAST), wanted[wanted["period"] == PERIOD])
        wanted = calibration_level(labels, p, segments=by, asset_correlation=0.04, least=LEAST)
        same(month.level(PERIOD, 0.04, LEAST), wanted.assign(period=PERIOD))
        assert month.schemes() == ("grade", "score_band")
        for scheme, order in (("grade", None), ("score_band", ORDER)):
            found = month.calibration(PERIOD, scheme, order, POLICY)
            group = own.groups[scheme]
            if pd.isna(group).all():
                assert found is None
                continue
            assert found is not None
            wanted = calibration_table(labels, p, group, scheme=scheme, order=order, policy=POLICY)
            same(found, wanted.assign(period=PERIOD))
            assert found.attrs["notes"] == wanted.attrs["notes"]
        scores, use = month.scores(), np.sort(own.risk[own.labels.usable])
        np.testing.assert_array_equal(scores.at(np.arange(len(use))), use)


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found, wanted.reset_index(drop=True), rtol=1e-8, atol=1e-11, check_dtype=False, check_column_type=False
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]), min_size=1, max_size=40),
    most=st.sampled_from([4, 10**6]),
)
def test_what_is_expected_of_probabilities(
    values: list[float], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MOST", most)
        patch.setattr(spool, "CHUNK", most)
        held = Folder(tmp_path_factory.mktemp("expected")).spool([("p", "f8")])
        held.add({"p": np.array(values)})
        found, wanted = expected_of(held, "p"), expected_performance(values)
    for name in ("auc", "auc_spread", "bad_rate", "bad_rate_spread"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, atol=1e-12, err_msg=name)


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(0, 40),
    cut=st.integers(0, 40),
)
@settings(max_examples=60, deadline=None)
def test_labels_and_faults_of_parts_are_those_of_the_rows_at_once(seed: int, rows: int, cut: int) -> None:
    rng = np.random.default_rng(seed)

    def days(share: float) -> pd.Series[pd.Timestamp]:
        found = pd.Series(pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), "D"))
        return found.mask(rng.random(rows) < share)

    columns = days(0.1), days(0.5), days(0.2)
    whole, wanted = label_outcomes(*columns, WINDOW)
    counts, parts = LabelCounts(WINDOW), []
    for part in (slice(0, cut), slice(cut, rows)):
        labels, wrong = label_outcomes(*(one.iloc[part].reset_index(drop=True) for one in columns), WINDOW)
        counts.add(labels)
        parts.append(wrong)
    found = joined_faults(parts)
    assert found.sort_values(list(found)).astype(str).to_numpy().tolist() == (
        wanted.sort_values(list(wanted)).astype(str).to_numpy().tolist()
    )
    row = counts.frame(PERIOD).iloc[0]
    assert list(row.index) == LABEL_COLUMNS
    state = pd.Series(whole.state).value_counts().reindex(STATES, fill_value=0)
    assert row[["good", "bad", "not_yet", "unobserved", "faults"]].tolist() == state.tolist()
    assert row["rows"] == rows
    assert row["with_outcome"] == int(whole.usable.sum())
    if whole.usable.any():
        assert row["months_observed"] == np.median(whole.time[whole.usable])
        assert row["state"] == ("mature" if state["not yet"] == 0 else "immature")
    else:
        assert row["state"] == "no outcomes"
