"""Rows of mature months on disk against arrays of the same rows: a year of them, with groups and applicants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.labels import Labels, labels_of_months
from credit_risk.monitoring.performance.like_for_like import HeldScores, like_weights
from credit_risk.monitoring.performance.vintages import Least, performance_table
from credit_risk.monitoring.rows import spool
from credit_risk.monitoring.rows.scores import SpooledScores
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import clusters_of_names
from credit_risk.monitoring.run.mature import TWELVE, MatureRows

WINDOW, LEAST, POLICY = 6.0, Least(bads=10), GradePolicy(asset_correlation=0.04)
ORDER = ["low", "middle", "high", "never"]


def month(rng: np.random.Generator, clustered: bool) -> tuple[Labels, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    rows = int(rng.integers(20, 60))
    time = rng.integers(1, 260, rows) / 30.0
    time[rng.random(rows) < 0.1] = np.nan
    event = (rng.random(rows) < 0.5) & np.isfinite(time)
    labels = Labels(time, event, np.zeros(rows, bool), WINDOW)
    p = rng.uniform(0.02, 0.9, rows).round(2)
    groups = {"score_band": rng.choice(np.array(["low", "middle", "high", None], object), rows),
              "grade": rng.choice(np.array(["B", "A", np.nan], object), rows)}  # fmt: skip
    names = np.array([f"a{one}" for one in rng.integers(0, 200, rows)], dtype=object)
    names[rng.random(rows) < 0.05] = None
    return labels, p, np.log(p / (1 - p)), groups | ({"names": names} if clustered else {})


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("most", [40, 10**6])
def test_a_year_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clustered: bool, most: int) -> None:
    monkeypatch.setattr(spool, "MOST", most)
    monkeypatch.setattr(spool, "CHUNK", 17 if most == 40 else spool.CHUNK)
    rng = np.random.default_rng(5)
    held = MatureRows(Folder(tmp_path), WINDOW)
    assert not held
    kept = []
    for place in range(TWELVE + 3):
        labels, p, risk, others = month(rng, clustered)
        names = others.pop("names", None)
        number = None if names is None else clusters_of_names(names, 60 * place)
        for part in np.array_split(np.arange(len(p)), 3):
            groups = {one: values[part] for one, values in others.items()}
            held.add(labels.part(part), p[part], risk[part], groups, None if number is None else number[part])
        held.end_month(keep=True)
        held.add(labels, p, risk, others, number)
        held.end_month(keep=False)  # a month that is not mature
        use = labels.usable
        kept.append((labels.time[use], labels.event[use], p[use], risk[use], None if names is None else names[use],
                     {one: values[use] for one, values in others.items()}))  # fmt: skip
    kept = kept[-TWELVE:]
    time, event, p, risk = (np.concatenate([one[place] for one in kept]) for place in range(4))
    labels = labels_of_months(time, event, WINDOW)
    if clustered:
        labels = labels.of_applicants(np.concatenate([one[4] for one in kept]))
    pairs = [
        (held.performance(LEAST), performance_table(labels, risk, least=LEAST)),
        (held.level(0.04, LEAST), calibration_level(labels, p, asset_correlation=0.04, least=LEAST)),
    ]
    for scheme, order in (("score_band", ORDER), ("grade", None)):
        group = np.concatenate([one[5][scheme] for one in kept])
        wanted = calibration_table(labels, p, group, scheme=scheme, order=order, policy=POLICY)
        found = held.by_group(scheme, order, POLICY)
        assert found is not None
        pairs.append((found, wanted))
    for found, wanted in pairs:
        pd.testing.assert_frame_equal(found, wanted, rtol=1e-9, atol=1e-12, check_dtype=False)
        assert found.attrs["notes"] == wanted.attrs["notes"]
    scores, places = held.scores(), np.array([0, 3, len(risk) // 2, len(risk) - 1])
    np.testing.assert_array_equal(scores.at(places), np.sort(risk)[places])
    development = rng.normal(0, 1.5, 400)
    np.testing.assert_allclose(
        like_weights(development, scores), like_weights(development, HeldScores(risk)), rtol=1e-12
    )


def test_a_scheme_of_no_row_has_no_table(tmp_path: Path) -> None:
    held = MatureRows(Folder(tmp_path), WINDOW)
    labels = Labels(np.array([7.0, 2.0]), np.array([False, True]), np.zeros(2, bool), WINDOW)
    held.add(labels, np.array([0.1, 0.2]), np.array([0.1, 0.2]), {"grade": np.array([None, None], object)}, None)
    held.end_month(keep=True)
    assert held.by_group("grade", None, POLICY) is None
    assert held.schemes() == ("grade",)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.integers(0, 12), min_size=1, max_size=80),
    edges=st.lists(st.integers(-1, 13), unique=True, max_size=6),
    most=st.sampled_from([4, 16, 10**6]),
)
def test_scores_on_disk_are_those_in_memory(
    values: list[int], edges: list[int], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MOST", most)
        patch.setattr(spool, "CHUNK", min(most, spool.CHUNK))
        held = Folder(tmp_path_factory.mktemp("scores")).spool([("x", "f8")])
        x = np.array(values, float)
        held.add({"x": x})
        disk, memory = SpooledScores(held, "x"), HeldScores(x)
        places = np.unique(np.arange(len(x)) // 2)
        np.testing.assert_array_equal(disk.at(places), memory.at(places))
        wanted = np.bincount(np.searchsorted(np.sort(edges), x, side="right"), minlength=len(edges) + 1)
        for one in (disk, memory):
            np.testing.assert_array_equal(one.counts(np.sort(np.array(edges, float))), wanted)
