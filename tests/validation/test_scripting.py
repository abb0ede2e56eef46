"""The interface for people who script: read, rebuild, battery; tables with fixed columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_package import builders as b

import validation as v
from validation import frames


@pytest.fixture(scope="module")
def run(good_package: Path) -> v.ValidationRun:
    return v.validate(v.read_package(good_package))


def test_the_parts_give_what_the_whole_gives(good_package: Path, run: v.ValidationRun) -> None:
    package, policy = v.read_package(good_package), v.read_policy()
    rebuilt = v.rebuild(package, policy)
    assert rebuilt.frame().equals(run.comparisons_frame())
    judged = v.battery(package, policy, rebuilt)
    assert judged.outcomes == v.battery(package, policy, rebuilt).outcomes  # the rebuild stays as it was
    assert v.battery(package, policy).frame().equals(judged.frame())
    whole = run.outcomes_frame()
    own = judged.outcomes_frame()
    assert list(own["test"]) == list(whole["test"])[-len(own) :]
    assert own["outcome"].tolist() == whole["outcome"].tolist()[-len(own) :]
    assert judged.frame()["area"].nunique() > 3


def test_columns_are_fixed(run: v.ValidationRun) -> None:
    assert tuple(run.comparisons_frame().columns) == frames.COMPARISONS
    assert tuple(run.outcomes_frame().columns) == frames.OUTCOMES
    assert tuple(run.findings_frame().columns) == frames.FINDINGS
    assert tuple(frames.tests_frame(run.battery).columns) == frames.TESTS
    assert tuple(frames.comparisons_frame([]).columns) == frames.COMPARISONS
    assert len(run.findings_frame()) == len(run.findings["findings"])


def test_a_breach_stands_in_the_tables(package: Path) -> None:
    b.change_json(package, "evidence/samples.summary.json", lambda item: item["rows"][0].__setitem__(4, 9999))
    run = v.validate(v.read_package(package))
    row = run.comparisons_frame().set_index(["area", "quantity"]).loc[("samples.summary", "bad")]
    assert (row["outcome"], row["effect"], row["severity"], row["developer"]) == ("fail", "figure", "high", 9999.0)
    assert "samples.summary: bad" in run.findings_frame()["test"].tolist()
    severities = run.outcomes_frame().set_index("test")["severity"]
    assert severities["samples.summary: bad"] == "high"


def test_a_policy_of_the_validator_judges(good_package: Path) -> None:
    package = v.read_package(good_package)
    policy = v.read_policy()
    found = v.battery(package, policy).outcomes_frame()
    assert set(found["outcome"]) <= {"pass", "review", "fail", "not_evaluable"}
    assert found.loc[found["outcome"] == "not_evaluable", "reason"].notna().all()
