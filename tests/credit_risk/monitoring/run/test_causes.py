"""Runs of a model that works as developed in a narrow range, of trees, of undeclared codes, and of inferred rejects."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from credit_risk.monitoring.drift.link import mean_probability_of, probability_link
from credit_risk.monitoring.run import MonitoringRun, OutcomeTable, monitor
from credit_risk.monitoring.run.population import AREA, population_notice, with_notice
from credit_risk.monitoring.run.verdict import VERDICT_COLUMNS
from credit_risk.monitoring.source import same_names
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import done, portfolio
from tests.credit_risk.monitoring.run.world import PLAN, production

TREES = PLAN.replace("scorecard, champion: true", "scorecard").replace("trees: 15}", "trees: 15, champion: true}")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("monitored"), TREES, portfolio(4000), "--no-validation", "--no-documents")


@pytest.fixture(scope="module")
def table(package: Path) -> pd.DataFrame:
    """Four months, the last two with half the income; in the second an age of -99 in 40 rows."""
    read = read_package(package)
    wrapped: Any = SimpleNamespace(model=read.model, challengers={"trees": read.model})
    made = production(wrapped, rows=1200, count=4, shifted_from=2)
    made.loc[1200:1239, "AGE"] = -99.0
    return made


@pytest.fixture(scope="module")
def run(package: Path, table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> MonitoringRun:
    """Outcomes are known of the accepted alone, the safer half of the first two months."""
    folder = tmp_path_factory.mktemp("rows")
    table.drop(columns="BAD").to_parquet(folder / "decisions.parquet", index=False)
    first = table[table["decided"] < pd.Timestamp("2026-03-01", tz="UTC")]
    accepted = first[first["probability"] < first["probability"].median()]
    bad = accepted["decided"].dt.tz_localize(None) + pd.Timedelta(90, "D")
    outcomes = pd.DataFrame(
        {
            "key": accepted["key"],
            "bad_date": bad.where(accepted["BAD"] == 1),
            "observed_until": pd.Timestamp("2026-11-20"),
        }
    )
    outcomes.to_parquet(folder / "outcomes.parquet", index=False)
    read = read_package(package)
    mapping = same_names(read, "key", "decided", segments={"HOUSING": "HOUSING"})
    return monitor(read, str(folder / "decisions.parquet"), mapping, outcomes=OutcomeTable(folder / "outcomes.parquet"))


def frame(run: MonitoringRun, name: str) -> pd.DataFrame:
    found = run.frames[name]
    assert not isinstance(found, str), found
    return found


def test_accepts_of_a_model_that_works_are_not_told_as_a_fall(run: MonitoringRun) -> None:
    like = frame(run, "like_for_like").set_index("period")
    plain = frame(run, "performance").query("measure == 'auc' and segment == 'all'").set_index("period")
    assert plain.loc["all", "verdict"] == "worse"  # a year together, against all of development's scores
    assert like.loc["all", "range_effect"] < -0.04
    assert dict(like["verdict"]) == dict.fromkeys(("2026-01", "2026-02", "all"), "no difference")
    assert like.loc["all", "unused"] > 0.2
    verdict = frame(run, "verdict").set_index("area")
    assert verdict.loc["performance", "verdict"] == "green"
    assert "among such scores" in verdict.loc["performance", "reason"]
    cause = frame(run, "cause").query("segment == 'all'").set_index("period")["cause"]
    assert dict(cause) == dict(zip(cause.index, ("none", "data_quality", "population", "population"), strict=True))
    advice = frame(run, "advice").query("segment == 'all'").iloc[0]
    assert advice["ranking"] == "held"
    assert advice["action"] not in ("re_develop", "watch")


def test_what_moved_the_score_of_trees(run: MonitoringRun, package: Path, table: pd.DataFrame) -> None:
    shifts = frame(run, "attribution").query("segment == 'all'")
    assert set(shifts["variable"]) == {"INCOME", "AGE", "HOUSING", "NOISE"}
    for month in ("2026-03", "2026-04"):
        own = shifts[shifts["period"] == month]
        assert own.loc[own["shift"].idxmax(), "variable"] == "INCOME"
        assert own.loc[own["probability_shift"].idxmax(), "variable"] == "INCOME"
    totals = frame(run, "attribution_totals").query("segment == 'all'").set_index("period")
    assert totals["remainder"].abs().max() < 1e-9
    read = read_package(package)
    snapshot = read.snapshot()
    base = compile_model(read.model).score(snapshot[snapshot["_sample"] == "development"])
    last = table[table["decided"].dt.strftime("%Y-%m") == "2026-04"]
    for name, column in (("linear_score", "observed_shift"), ("probability", "observed_probability")):
        wanted = last[name].mean() - base[name].mean()
        assert totals.loc["2026-04", column] == pytest.approx(wanted, abs=1e-9)
    left = totals["probability_remainder"].abs()
    assert (left < 0.1 * totals["observed_probability"].abs()).loc["2026-03":].all()
    parts = shifts[shifts["period"] == "2026-04"]["probability_shift"].sum()
    assert totals.loc["2026-04", "probability_shift"] == pytest.approx(parts, abs=1e-12)


def test_a_code_that_nobody_declared_breaks_the_record(run: MonitoringRun) -> None:
    own = frame(run, "quality").query("rule == 'special_undeclared'").set_index(["period", "variable"])
    assert own.loc[("2026-02", "AGE"), "rows"] == 40
    assert own.loc[("2026-02", "AGE"), "verdict"] == "red"
    assert (own.drop(index=[("2026-02", "AGE")])["verdict"] == "green").all()
    breaks = run.values.query("metric == 'record_breaks' and subject == 'AGE: special_undeclared'")
    assert dict(zip(breaks["period"], breaks["value"]))["2026-02"] == 1.0


def test_the_curve_is_that_of_the_package(package: Path, table: pd.DataFrame) -> None:
    link = probability_link(read_package(package).model)
    assert link is not None
    own = table.iloc[:500]
    assert np.array_equal(link(own["linear_score"].to_numpy()), own["probability"].to_numpy())
    segmented = {"outputs": {"linear_score": "a", "probability": "p"}, "steps": [
        {"id": "link", "type": "link", "function": "logit", "input": "b", "output": "p"}]}  # fmt: skip
    assert probability_link(segmented) is None


def test_scores_of_development_are_grouped_with_a_note() -> None:
    scores = logit(np.random.default_rng(7).uniform(0.01, 0.3, 20_000))
    whole, note = mean_probability_of(scores, None, lambda x: np.asarray(expit(x)))
    assert note is not None
    assert "20,000" in note
    assert whole.mean() == pytest.approx(expit(scores).mean(), abs=1e-7)
    assert whole.mean(0.5) == pytest.approx(expit(scores + 0.5).mean(), abs=1e-7)


def test_inferred_rejects_against_booked_accounts_are_told() -> None:
    inferred: Any = SimpleNamespace(manifest={"files": {"reject_inference/applicants.parquet": {}}})
    plain: Any = SimpleNamespace(manifest={"files": {}})
    rates = pd.DataFrame({"measure": ["approval_rate"] * 2, "segment": ["all"] * 2, "rate": [1.0, 0.6]})
    assert population_notice(plain, "development", "no decisions") is None
    assert population_notice(inferred, "applicants", rates) is None
    assert population_notice(inferred, "development", rates[:1]) is None
    unknown = population_notice(inferred, "development", "no decisions")
    known = population_notice(inferred, "development", rates)
    assert unknown is not None
    assert known is not None
    assert (unknown[0], known[0]) == ("grey", "amber")
    assert "--population applicants" in unknown[1]
    verdict = with_notice(pd.DataFrame(columns=VERDICT_COLUMNS), known, "2026-01")
    assert verdict.iloc[0].tolist() == [AREA, "2026-01", *known]
