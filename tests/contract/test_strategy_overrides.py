"""Overrides from plan to package: counted by hand, counted again by the validator, and found where they are changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.contract.test_evidence_mutations import changed, serious
from tests.credit_risk.cli.command import done, frame, portfolio

PLAN = """model: {id: m}
data: {source: table.csv, key: ID}
outcome:
  column: BAD
  bad: 1
  missing: exclude
  status:
    column: STATUS
    values: {in: booked, no: rejected, up: overridden_low, down: overridden_high}
evaluation: {baselines: false}
strategy: {cut_off: 500, cut_offs: 4, overrides: {policy: 0.1, reason: WHY}}
models: [{id: card, type: scorecard, champion: true}]
"""
OVERRIDES, EFFECT, REASONS = "strategy.overrides", "strategy.override_effect", "strategy.override_reasons"


def applicants() -> pd.DataFrame:
    table = portfolio(1200).assign(ID=range(1200))
    random = np.random.default_rng(4)
    table["STATUS"] = random.choice(["in", "no", "up", "down"], 1200, p=[0.65, 0.2, 0.1, 0.05])
    why = np.where(table["STATUS"] == "up", "knows the customer", "documents in doubt").astype(object)
    table["WHY"] = np.where(table["STATUS"].isin(["up", "down"]) & (random.random(1200) < 0.8), why, None)
    table["BAD"] = table["BAD"].astype(float).where(table["STATUS"].isin(["in", "up"]))
    return table


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = done(tmp_path_factory.mktemp("overrides"), PLAN, applicants(), "--no-validation")
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def test_counts_by_hand(good: Path) -> None:
    assert serious(good) == {}
    table, told = applicants(), frame(good, OVERRIDES).set_index("direction")
    counts = table["STATUS"].value_counts()
    assert told.loc["low side", ["decided", "overridden"]].tolist() == [counts["no"] + counts["up"], counts["up"]]
    assert told.loc["high side", ["decided", "overridden"]].tolist() == [counts["in"] + counts["down"], counts["down"]]
    assert told.loc["both sides", "rate"] == pytest.approx((counts["up"] + counts["down"]) / 1200)
    assert told["verdict"].to_dict() == {"low side": "fail", "high side": "pass", "both sides": "fail"}
    raised = table[table["STATUS"] == "up"]
    assert told.loc["low side", "bad_rate"] == pytest.approx(raised["BAD"].mean())
    interval = stats.binomtest(int(raised["BAD"].sum()), len(raised)).proportion_ci(method="wilson")
    assert told.loc["low side", ["bad_rate_lower", "bad_rate_upper"]].tolist() == pytest.approx(list(interval))
    assert told.loc["high side", "known"] == 0
    assert np.isnan(float(told.loc["high side", "bad_rate"] or np.nan))


def test_effect_and_reasons(good: Path) -> None:
    effect = frame(good, EFFECT).set_index("applicants")
    table = applicants()
    known = table["BAD"].notna()
    assert effect["rows"].tolist() == [(table["STATUS"] == "in").sum(), known.sum(), known.sum()]
    reasons = frame(good, REASONS).set_index(["direction", "reason"])
    told = table[table["STATUS"] == "up"]["WHY"].fillna("not given").value_counts()
    assert reasons.loc["low side"]["rows"].to_dict() == told.to_dict()
    assert reasons.loc["low side"]["share"].sum() == pytest.approx(1)
    assert "WHY" not in set(frame(good, "classing.summary")["characteristic"])


CHANGES: list[tuple[str, str, int, Any]] = [
    *((OVERRIDES, column, 0, lambda v: v + 1) for column in ("decided", "overridden", "known", "bad")),
    *((OVERRIDES, c, 0, lambda v: v + 1e-3) for c in ("rate", "lower", "upper", "bad_rate", "mean_probability")),
    *((OVERRIDES, c, 2, lambda v: v + 1e-3) for c in ("bad_rate_lower", "bad_rate_upper", "p_value", "policy")),
    *((EFFECT, c, 1, lambda v: v + 1e-3) for c in ("auc", "lower", "upper")),
    *((REASONS, c, 0, lambda v: v + 1) for c in ("rows", "known", "bad")),
    *((REASONS, c, 1, lambda v: v + 1e-3) for c in ("share", "bad_rate")),
]


def test_changes_are_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    for name, column, row, change in CHANGES:
        changed(package, name, column, row, change)
    assert {f"{name}: {column}" for name, column, *_ in CHANGES} <= set(serious(package))


def test_another_verdict_is_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    changed(package, OVERRIDES, "verdict", 0, lambda _: "pass")
    assert f"{OVERRIDES}: rows" in serious(package)
