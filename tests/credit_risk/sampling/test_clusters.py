"""Clusters: what rows have in common, and that it never stands in both development and out-of-sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk._core import evidence
from credit_risk._core.errors import IntakeError
from credit_risk.lifecycle.develop import develop
from credit_risk.plan import read_plan
from credit_risk.sampling import Intake
from credit_risk.sampling.clusters import cluster_numbers, clusters_frame, repeats, row_clusters
from credit_risk.sampling.labels import label_rows
from credit_risk.sampling.samples import split_samples
from credit_risk.sampling.spec import OutOfTimeSpec, SamplesSpec
from tests.credit_risk.sampling.test_row_outcome import HISTORY, taken


def performance(accounts: int = 400) -> pd.DataFrame:
    """12 months an account; every third one has an event in month 8; two accounts an owner."""
    rows = [(key, m, 95 if key % 3 == 0 and m == 8 else 0, key // 2) for key in range(accounts) for m in range(12)]
    return pd.DataFrame(rows, columns=["acc", "m", "dpd", "owner"])


def observed(accounts: int = 400) -> pd.DataFrame:
    rows = [(f"{key}-{t}", key, t, (key * 7 + t) % 13 / 3.0, key % 50) for key in range(accounts) for t in (0, 2, 4)]
    return pd.DataFrame(rows, columns=["id", "account", "seen", "x", "branch"])


WINDOWS = {"performance_months": 6, "observed_at": "seen", "observation_points": [0, 2, 4]}


def outcome(**history: object) -> dict[str, object]:
    return {"history": {**HISTORY, "account": "account", **history}, "windows": WINDOWS}


@pytest.fixture(scope="module")
def behavioural(tmp_path_factory: pytest.TempPathFactory) -> Intake:
    return taken(tmp_path_factory.mktemp("observed"), observed(), outcome(), performance())


@pytest.mark.parametrize("seed", range(12))
def test_an_account_stands_in_one_of_development_and_out_of_sample(behavioural: Intake, seed: int) -> None:
    labels = label_rows(behavioural, SamplesSpec(seed=seed), None)
    frame = pd.DataFrame({"account": behavioural.cluster, "label": labels}).dropna()
    assert (frame.groupby("account")["label"].nunique() == 1).all()
    assert set(frame["label"]) == {"development", "out_of_sample"}


def test_the_obligor_comes_before_the_account_and_a_group_of_the_plan_before_both(tmp_path: Path) -> None:
    intake = taken(tmp_path, observed(), outcome(obligor="owner"), performance())
    account = observed()["account"].to_numpy()
    assert row_clusters(intake, SamplesSpec()).tolist() == [str(key // 2) for key in account]
    coarse = observed().assign(house=lambda f: f["account"] // 4)
    intake = taken(tmp_path, coarse, outcome(obligor="owner"), performance())
    assert row_clusters(intake, SamplesSpec(group="house")).tolist() == [str(key // 4) for key in account]


def test_a_group_that_tears_accounts_apart_is_refused(tmp_path: Path) -> None:
    intake = taken(tmp_path, observed(), outcome(), performance())
    for group in ("seen", "duplicates"):
        with pytest.raises(IntakeError, match="different groups") as caught:
            label_rows(intake, SamplesSpec(group=group), None)
        assert caught.value.faults[0].path == "samples.group"
        assert "400 of them, such as 0, 1, 10" in str(caught.value.faults[0].found)


def test_duplicates_are_named_by_the_first_of_them(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(1, 41), "x": [1.5, 2.5] * 20, "Y": ["b", "g"] * 20})
    intake = taken(tmp_path, frame, {"column": "Y", "bad": "b"})
    assert row_clusters(intake, SamplesSpec(group="duplicates")).tolist() == ["1", "2"] * 20
    assert row_clusters(intake, SamplesSpec()).tolist() == [None] * 40


def test_numbers_and_repeats() -> None:
    assert cluster_numbers(np.array(["b", None, "a", "b", None], dtype=object)).tolist() == [0, 2, 1, 0, 3]
    assert repeats(["a", None, "a"])
    assert not repeats(["a", None, "b", None])
    assert not repeats([])


def test_clusters_are_counted_in_each_sample() -> None:
    labels = np.array([*["development"] * 4, *["out_of_sample"] * 2, *["out_of_time"] * 4, None], dtype=object)
    clusters = np.array(["a", "a", "b", None, "c", "c", "a", "b", "b", None, "a"], dtype=object)
    frame = clusters_frame(labels, clusters)
    evidence.table("samples.clusters", frame)
    assert frame.astype(object).where(frame.notna(), None).to_numpy().tolist() == [
        ["development", 4, 3, 2, None, None],
        ["out_of_sample", 2, 1, 2, 0, 0],
        ["out_of_time", 4, 3, 2, 2, 3],
    ]


def test_groups_in_time_are_apart_or_shared_as_the_plan_says() -> None:
    y = np.tile([0.0, 1.0, 0.0], 400)
    dates = np.tile(["2020-01-01", "2020-06-01", "2021-01-01"], 400).astype(object)
    dates[0:600:3], dates[2:600:3] = "2020-02-01", "2020-09-01"  # 200 groups that end before 2021
    y[2::6] = 1.0
    groups = np.repeat(np.arange(400), 3)

    def labels(**spec: object) -> pd.Series:
        wanted = SamplesSpec(out_of_time=OutOfTimeSpec(after="2021-01-01", **spec.pop("time", {})), **spec)
        return pd.Series(split_samples(y, wanted, dates=dates, groups=groups))

    for spec in ({}, {"group": "who", "time": {"groups": "shared"}}):
        found = labels(**spec)
        assert found.notna().all()
        assert (found[dates >= "2021"] == "out_of_time").all()
    for spec in ({"group": "who"}, {"time": {"groups": "apart"}}):
        found = labels(**spec)
        assert found.isna().sum() == 400
        assert not set(groups[found == "out_of_time"]) & set(groups[found == "development"])


def test_clusters_reach_snapshot_and_evidence(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    who, x = np.repeat(np.arange(700), 2), rng.normal(size=1400)
    bad = (rng.random(1400) < 1 / (1 + np.exp(1 - x))).astype(int)
    frame = pd.DataFrame({"x": x, "who": who, "bad": bad})
    text = "model: {id: m}\ndata: {source: t.csv}\noutcome: {column: bad, bad: 1}\nsamples: {group: who}\n"
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    development = develop(read_plan(tmp_path), frame)
    snapshot = development.snapshot
    assert snapshot["_cluster"].tolist() == [str(k) for k in who]
    table = development["samples.clusters"].table.set_index("sample")
    assert table["clusters"].sum() == 700
    assert table["shared_clusters"].dropna().tolist() == [0]
    notes = next(e for e in development.evidence if e.id == "samples.clusters").notes
    assert notes[0] == "a cluster is the rows of one value of who; a row without one counts as one"
    (tmp_path / "plan.yaml").write_text(text.replace("samples: {group: who}", ""), "utf-8")
    plain = develop(read_plan(tmp_path), frame.drop(columns="who"))
    assert plain.snapshot["_cluster"].isna().all()
    assert next(e for e in plain.evidence if e.id == "samples.clusters").kind == "not_applicable"
