"""The search for less discriminatory alternatives in a package: the proxy is found, and so is what is changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.credit_risk.cli.command import disagreements, done, frame, portfolio
from tests.validation.test_groups import _set
from tests.validation.toy_package import builders
from validation import read_package, validate

PLAN = """model: {id: m}
data: {source: table.csv, protected: {us_ecoa: [SEX]}}
outcome: {column: BAD, bad: 1}
samples: {out_of_sample: 0.4}
models: [{id: scorecard, type: scorecard, champion: true}]
evaluation: {baselines: false}
strategy: {cut_off: 500}
fairness: {less_discriminatory_alternatives: {gini_loss: 0.05}}
exports: []
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(8)
    table = portfolio(6000)
    sex = rng.choice(["f", "m"], 6000)
    table["SEX"] = sex
    table["PROXY"] = np.where(rng.random(6000) < 0.85, sex == "f", sex != "f") * 2 + rng.integers(0, 2, 6000)
    linear = (
        -1.2 - 1.1 * (np.log(table["INCOME"]) - 8) + 0.9 * (table["HOUSING"] == "rent") + 0.5 * (table["PROXY"] >= 2)
    )
    table["BAD"] = (rng.random(6000) < 1 / (1 + np.exp(-linear))).astype(int)
    return done(tmp_path_factory.mktemp("alternatives"), PLAN, table)


def test_the_proxy_is_removed_and_the_validator_agrees(package: Path) -> None:
    table = frame(package, "fairness.alternatives")
    claimed = table[table["verdict"] == "less discriminatory alternative"]
    assert claimed["alternative"].tolist() == ["without PROXY"]
    assert set(table["jurisdiction"]) == {"us_ecoa"}
    assert disagreements(package) == []


CHANGES: dict[str, tuple[str, Any, str]] = {
    "gini": ("alternatives", _set("gini", lambda v: v + 1e-4), "fairness.alternatives: gini"),
    "loss": ("alternatives", _set("gini_loss_upper", lambda v: v - 1e-3), "fairness.alternatives: gini_loss_upper"),
    "reduction": (
        "alternatives",
        _set("reduction_lower", lambda v: v + 1e-3),
        "fairness.alternatives: reduction_lower",
    ),
    "chosen": ("alternatives", _set("chosen", False), "fairness.alternatives: chosen"),
    "verdict": (
        "alternatives",
        _set("verdict", "not confirmed on held-out data", "verdict", "less discriminatory alternative"),
        "fairness.alternatives: verdict",
    ),
    "impact": (
        "alternatives",
        _set("adverse_impact_ratio", lambda v: v * 1.01),
        "fairness.alternatives: adverse_impact",
    ),
    "term": (
        "alternative_terms",
        _set("contribution", lambda v: v * 1.1, "characteristic", "PROXY"),
        "fairness.altern",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_found(package: Path, tmp_path: Path, name: str) -> None:
    identifier, change, test = CHANGES[name]
    copy = Path(shutil.copytree(package, tmp_path / "p", ignore=shutil.ignore_patterns("validation", "exports")))
    builders.change_json(copy, f"evidence/fairness.{identifier}.json", change)
    found = [one["test"] for one in validate(read_package(copy)).findings["findings"]]
    assert any(one.startswith(test) for one in found), found
