"""Classing on samples and months against a count row by row in plain Python, with weights; periods of dates."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_package import builders as b
from toy_package import recounts
from toy_package.scorecard import BIN_OF, KINDS

from validation import read_package, validate
from validation.rebuild.periods import choose_unit, period_of, unit_of

AREAS = ("classing.samples", "classing.periods", "classing.stability", "classing.period_stability", "classing.figure")


def weighted_package(folder: Path, scale: float = 1.0) -> Path:
    """The toy package with weights in its snapshot, and the tables of the recounts made with them."""
    data = b.population()
    data["_weight"] = (scale * np.random.default_rng(3).uniform(0.2, 3.0, len(data["_key"]))).tolist()
    (folder / "data/snapshot.parquet").write_bytes(b.to_parquet(data))
    model = json.loads((folder / "model.json").read_text("utf-8"))
    woe = {step["input"]: [item["woe"] for item in step["bins"]] for step in model["steps"][:2]}
    for evidence_id, rows in recounts.tables(data, BIN_OF, KINDS, woe).items():
        b.change_json(folder, f"evidence/{evidence_id}.json", lambda item, new=rows: item.update(rows=new))
    return folder


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_weights_count_everywhere_and_their_scale_only_in_counts(package: Path, scale: float) -> None:
    run = validate(read_package(weighted_package(package, scale)))
    mine = [item for item in run.comparisons if item.area.startswith(AREAS)]
    assert {item.area: item.breaches for item in mine if item.breaches} == {}
    assert sum(item.compared for item in mine) > 500


def test_weights_that_the_tables_ignore_are_found(package: Path) -> None:
    before = json.loads((package / "evidence/classing.stability.json").read_text("utf-8"))
    weighted_package(package)
    b.change_json(package, "evidence/classing.stability.json", lambda _: before)
    broken = {item.quantity for item in validate(read_package(package)).comparisons if item.breaches}
    assert {
        "gini",
        "gini_lower",
        "bad_rate",
        "bad_rate_lower",
        "psi",
        "psi_chance_level",
        "information_value",
    } <= broken


def test_periods_of_dates() -> None:
    dates = ["2004-01-31", "2004-12-01", None]
    assert period_of(dates, "month") == ["2004-01", "2004-12", None]
    assert period_of(dates, "quarter") == ["2004-Q1", "2004-Q4", None]
    assert period_of(dates, "year") == ["2004", "2004", None]
    assert [unit_of(label) for label in ("2004-01", "2004-Q1", "2004", "2004-1")] == ["month", "quarter", "year", None]


@pytest.mark.parametrize(("months", "unit"), [(5, "month"), (15, "quarter"), (40, "year"), (400, "year")])
def test_shortest_period_with_enough_bads(months: int, unit: str) -> None:
    """300 rows, half of them bad, spread over months: 60, 20, 7.5 and 0.75 rows a month; 15 of each are wanted."""
    dates = [f"{2000 + (i % months) // 12}-{1 + (i % months) % 12:02d}-01" for i in range(300)]
    assert choose_unit(dates, [float(i < 150) for i in range(300)], 15) == unit


def greatest_p_value(data: dict[str, list[Any]]) -> float:
    """Of neighbouring bins of INCOME on development, weights as Kish's effective rows, row by row."""
    function = BIN_OF["INCOME"][0]
    rows = zip(data["INCOME"], data["_outcome"], data["_weight"], data["_sample"], strict=True)
    kept = [(function(x), y, w) for x, y, w, sample in rows if sample == b.DEVELOPMENT and function(x) < 4]
    scale = sum(w for *_, w in kept) / sum(w * w for *_, w in kept)
    found = []
    for one in range(3):
        n = [scale * sum(w for k, _, w in kept if k == one + i) for i in (0, 1)]
        bads = [scale * sum(w for k, y, w in kept if k == one + i and y == 1) for i in (0, 1)]
        pooled = sum(bads) / sum(n)
        z = (bads[0] / n[0] - bads[1] / n[1]) / math.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
        found.append(math.erfc(abs(z) / math.sqrt(2)))
    return max(found)


@pytest.mark.parametrize(("times", "kept"), [(1.001, True), (0.999, False)])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_neighbours_are_tested_at_effective_rows(scale: float, times: float, kept: bool, package: Path) -> None:
    data = b.population()
    data["_weight"] = (scale * np.random.default_rng(3).uniform(0.2, 3.0, len(data["_key"]))).tolist()
    weighted_package(package, scale)
    limit = {"characteristics": {"INCOME": {"max_p_value": times * greatest_p_value(data)}}}
    b.change_json(package, "plan.json", lambda document: document.update(classing=limit))
    run = validate(read_package(package))
    broken = [o.finding.quantity for o in run.outcomes if o.test.startswith("classing: limits") and o.finding]
    assert broken == ([] if kept else ["INCOME"])
