"""Faults between reject inference and the rest of a plan: all of them at once, each with its key path."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PlanError
from credit_risk._core.yaml_document import path_text
from credit_risk.plan import read_plan
from credit_risk.plan.check import check_plan
from credit_risk.plan.checks import cross_faults
from tests.credit_risk.lifecycle.through_the_door import applicants, write

STATUS = {"column": "S", "values": {"b": "booked", "r": "rejected"}}
PLAN = {"outcome": {"column": "Y", "bad": 1, "status": STATUS}, "data": {"source": "t.csv", "protected": ["SEX"]}}

OF_REJECTS = ("reject_inference", "outcome", "calibration.methods")


def told(spec: dict, **parts: object) -> list[str]:
    """Key paths of the faults of a plan with this `reject_inference`."""
    plan = {**PLAN, **parts, "reject_inference": spec}
    found = [path_text(path) for path, _ in cross_faults(plan)]
    return [path for path in found if path.startswith(OF_REJECTS)]


@pytest.mark.parametrize(
    ("spec", "parts", "paths"),
    [
        ({"method": "reweighting"}, {}, []),
        ({}, {"outcome": {"column": "Y", "bad": 1}}, []),
        ({"method": "reweighting"}, {"outcome": {"column": "Y", "bad": 1}}, ["reject_inference"]),
        ({"compare": ["parcelling"]}, {"outcome": {"column": "Y", "bad": 1}}, ["reject_inference"]),
        ({"method": "reweighting"}, {"outcome": {"column": "Y", "type": "amount"}}, ["reject_inference"]),
        ({"compare": ["parcelling", "parcelling"]}, {}, ["reject_inference.compare"]),
        ({"method": "bivariate_probit"}, {}, ["reject_inference.instrument"]),
        ({"method": "bivariate_probit", "instrument": "Z", "instrument_reason": "a lottery"}, {}, []),
        ({"instrument": "Z"}, {}, ["reject_inference.instrument_reason"]),
        ({"instrument_reason": "x"}, {}, ["reject_inference.instrument_reason"]),
        ({"instrument": "SEX", "instrument_reason": "x"}, {}, ["reject_inference.instrument"]),
        ({"instrument": "S", "instrument_reason": "x"}, {}, ["reject_inference.instrument"]),
        ({"instrument": "Z", "instrument_reason": "x"}, {"derive": {"D": "Z + 1"}}, ["reject_inference.instrument"]),
        ({"instrument": "Z", "instrument_reason": "x"}, {"derive": {"Z": "A + 1"}}, ["reject_inference.instrument"]),
        (
            {"instrument": "Z", "instrument_reason": "x"},
            {"selection": {"include": ["Z"]}, "samples": {"weight": "Z"}},
            ["reject_inference.instrument"] * 2,
        ),
        (
            {"instrument": "Z", "instrument_reason": "x", "acceptance": {"characteristics": ["Z", "SEX", "A", "A"]}},
            {},
            [f"reject_inference.acceptance.characteristics{n}" for n in ("", "[1]", "[3]")],
        ),
        ({"method": "external_outcomes"}, {}, ["reject_inference.external"]),
        ({"method": "self_learning"}, {}, ["calibration.methods"]),
        ({"method": "self_learning"}, {"calibration": {"methods": ["none", "beta"]}}, ["calibration.methods"]),
        ({"method": "self_learning"}, {"calibration": {"methods": ["logistic"]}}, []),
        ({"compare": ["self_learning"]}, {}, []),
        (
            {"external": {"column": "Y", "bad": 1, "source": "bureau", "date": "2020-13-01"}},
            {},
            ["reject_inference.external.column", "reject_inference.external.date"],
        ),
    ],
)
def test_faults(spec: dict, parts: dict, paths: list[str]) -> None:
    assert sorted(told(spec, **parts)) == sorted(paths)


@pytest.mark.parametrize("values", [{"b": "booked", "w": "withdrawn"}, {"r": "rejected"}])
def test_a_status_that_knows_one_decision_only(values: dict[str, str]) -> None:
    outcome = {"column": "Y", "bad": 1, "status": {"column": "S", "values": values}}
    assert told({"method": "reweighting"}, outcome=outcome) == ["outcome.status.values"]


def test_prudence_below_one_and_other_faults_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "reject_inference: {method: bivariate_probit, prudence: 0.9, bands: 1}\n")
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    found = {str(fault.path) for fault in caught.value.faults}
    assert found == {f"reject_inference.{key}" for key in ("prudence", "bands", "instrument")}


def test_outcomes_of_rejected_applicants_are_refused_where_they_matter(tmp_path: Path) -> None:
    table = applicants()
    first = int((table["STATUS"] == "rejected").idxmax())
    table.loc[first, "BAD"] = 0
    plain, asked = write(tmp_path / "plain", table=table), "reject_inference: {method: reweighting}\n"
    assert check_plan(plain) == []
    (fault,) = check_plan(write(tmp_path / "asked", asked, table))
    assert (fault.code, fault.row, fault.path) == ("rejected_outcome", first + 1, "outcome.column")
    assert "external" in str(fault.remedy)
    assert fault.file == "table.csv"


def test_a_column_that_the_plan_names_is_looked_for(tmp_path: Path) -> None:
    more = "reject_inference: {method: bivariate_probit, instrument: BRNCH, instrument_reason: by lot}\n"
    (fault,) = check_plan(write(tmp_path, more))
    assert "'BRANCH'" in str(fault.remedy)


def test_development_without_rejected_applicants_is_told_before_a_run(tmp_path: Path) -> None:
    table = applicants()
    more = "reject_inference: {method: reweighting}\n"
    kept = table[(table["STATUS"] != "rejected") | (table["MONTH"] > "2020-09-30")]
    assert (kept["STATUS"] == "rejected").any()
    (fault,) = check_plan(write(tmp_path, more, kept))
    assert (fault.code, fault.path) == ("no_rejects", "reject_inference")
    assert str(fault.found).endswith("rejected in all")
