"""Runs that are kept, compared with an earlier one, and concluded by a named validator."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from toy_package import builders as b

from docs_templates.package import read_package as read_for_documents
from validation import cli, read_package, schema_check
from validation.conclusion import people_of
from validation.errors import ValidationInputError
from validation.findings import Finding, Outcome, number_findings
from validation.retest import compare_findings, read_earlier

MISSING = "VAL-BATTERY-EVIDENCE-IS-COMPLETE"


@pytest.fixture(scope="module")
def validated(good_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good package with one run; no test changes it."""
    folder = Path(shutil.copytree(good_package, tmp_path_factory.mktemp("validated") / "toy"))
    b.change_json(folder, "plan.json", lambda plan: plan.setdefault("model", {}).update(owner="Cleo Roe (Risk)"))
    assert cli.main([str(folder), "--quiet"]) == cli.FINDINGS
    return folder


@pytest.fixture
def folder(validated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(validated, tmp_path / "toy"))


def conclude(folder: Path, recommendation: str = "approve_with_conditions", *more: str, name: str = "Ann Bee") -> int:
    given = ["--validator", name, "--role", "Head of validation", "--reason", "Read and tried"]
    return cli.main(["conclude", str(folder), *given, "--recommendation", recommendation, *more])


CONDITION = ("--condition", "Report the PSI each quarter")


def test_a_named_validator_concludes(folder: Path) -> None:
    assert conclude(folder, "approve_with_conditions", *CONDITION) == cli.DONE
    content = json.loads((folder / "validation/conclusion.json").read_text("utf-8"))
    assert schema_check.check(content, "conclusion.schema.json", "conclusion.json") == []
    findings = (folder / "validation/findings.json").read_bytes()
    assert content["findings_sha256"] == hashlib.sha256(findings).hexdigest()
    assert content["package_hash"] == read_package(folder).hash
    assert content["proposed"] == content["recommendation"] == "approve_with_conditions"
    told = read_for_documents(folder).evidence["validation.conclusion"]
    assert ["validator", "Ann Bee"] in told.raw["rows"]


def test_a_concluded_run_is_not_concluded_again_and_is_kept(folder: Path, tmp_path: Path) -> None:
    assert conclude(folder, "approve_with_conditions", *CONDITION) == cli.DONE
    assert conclude(folder, "reject") == cli.REFUSED
    assert cli.main([str(folder), "--quiet"]) == cli.FINDINGS
    assert (folder / "validation/conclusion.json").is_file()
    before = {item.name: item.read_bytes() for item in (folder / "validation").glob("*.json")}
    policy = json.loads((Path(cli.__file__).parent / "policy.json").read_text("utf-8"))
    policy["version"] = "2"
    (tmp_path / "policy.json").write_text(json.dumps(policy), "utf-8")
    assert cli.main([str(folder), "--quiet", "--policy", str(tmp_path / "policy.json")]) == cli.FINDINGS
    assert not (folder / "validation/conclusion.json").exists()
    first = folder / "validation/runs/0001"
    assert {item.name: item.read_bytes() for item in first.glob("*.json")} == before
    assert conclude(folder, "reject") == cli.DONE
    assert cli.main([str(folder), "--quiet"]) == cli.FINDINGS
    assert sorted(item.name for item in (folder / "validation/runs").iterdir()) == ["0001", "0002"]
    assert read_package(folder).hash == read_for_documents(folder).package_hash


@pytest.mark.parametrize("name", ["runs/0001/findings.json", "runs/0001/conclusion.json"])
def test_an_earlier_run_that_was_altered_is_refused(folder: Path, name: str, tmp_path: Path) -> None:
    """Also where the annex's own manifest is made to agree."""
    assert conclude(folder, "approve_with_conditions", *CONDITION) == cli.DONE
    assert cli.main([str(folder), "--quiet", "--compare", str(folder)]) == cli.FINDINGS
    file = folder / "validation" / name
    value = json.loads(file.read_text("utf-8"))
    value["recommendation"] = "approve"
    file.write_text(json.dumps(value), "utf-8")
    manifest_file = folder / "validation/manifest.json"
    manifest = json.loads(manifest_file.read_text("utf-8"))
    data = file.read_bytes()
    manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest_file.write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ValidationInputError) as error:
        read_package(folder)
    assert f"validation/{name}" in {fault.file for fault in error.value.faults}


REFUSED: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "milder without reasons": ("approve", (), "Ann Bee", "conclusion_unreasoned"),
    "conditions that are none": ("approve_with_conditions", (), "Ann Bee", "conclusion_incomplete"),
    "conditions of a rejection": ("reject", CONDITION, "Ann Bee", "conclusion_incomplete"),
    "an unknown finding": ("reject", ("--accept", "VAL-X=fine"), "Ann Bee", "conclusion_incomplete"),
    "acceptance without a reason": ("approve", ("--accept", f"{MISSING}="), "Ann Bee", "conclusion_incomplete"),
    "acceptance in another form": ("approve", ("--accept", MISSING), "Ann Bee", "conclusion_incomplete"),
    "no name": ("reject", (), " ", "conclusion_incomplete"),
    "the owner": ("reject", (), "cleo  ROE", "four_eyes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    recommendation, more, validator, code = REFUSED[name]
    before = sorted(item.as_posix() for item in folder.rglob("*"))
    assert conclude(folder, recommendation, *more, name=validator) == cli.REFUSED
    assert f"[{code}]" in capsys.readouterr().err
    assert sorted(item.as_posix() for item in folder.rglob("*")) == before


def test_milder_with_a_reason_for_each_finding(folder: Path) -> None:
    assert conclude(folder, "approve", "--accept", f"{MISSING}=A toy has no such tables") == cli.DONE
    content = json.loads((folder / "validation/conclusion.json").read_text("utf-8"))
    assert content["accepted"] == [{"finding": MISSING, "severity": "medium", "reason": "A toy has no such tables"}]


def test_findings_that_were_changed_cannot_be_concluded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "validation/findings.json"
    file.write_text(file.read_text("utf-8").replace("medium", "low"), "utf-8")
    assert conclude(folder, "reject") == cli.REFUSED
    assert "was changed since the validation" in capsys.readouterr().err


def test_an_annex_elsewhere_needs_its_package(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annex = tmp_path / "annex"
    shutil.move(folder / "validation", annex)
    assert conclude(annex, "reject") == cli.REFUSED
    assert "package_missing" in capsys.readouterr().err
    assert conclude(annex, "reject", "--package", str(folder)) == cli.DONE
    assert conclude(tmp_path / "nothing", "reject") == cli.REFUSED


def test_people_are_found_wherever_the_plan_names_them() -> None:
    plan = {"model": {"owner": "A", "limitations": [{"author": "B", "text": "x"}]}, "developers": ["C", "D"]}
    assert {person for _, person in people_of(plan)} == {"A", "B", "C", "D"}


def finding(test: str, quantity: str, severity: str = "high", *evidence: str) -> Outcome:
    made = Finding(test, severity, quantity, 1.0, 2.0, 0.0, "differs", "correct", evidence)
    return Outcome(test, "fail", 1, None, None, made)


def test_ids_follow_test_and_quantity_whatever_else_is_found() -> None:
    one, two = finding("battery: x", "AUC"), finding("battery: x", "KS (development)", "low")
    ids = {item["quantity"]: item["id"] for item in number_findings([one, two])}
    assert ids == {"AUC": "VAL-BATTERY-X-AUC", "KS (development)": "VAL-BATTERY-X-KS"}
    assert number_findings([two])[0]["id"] == "VAL-BATTERY-X-KS"
    assert number_findings([finding("model.json: points", "points (bin 3)")])[0]["id"] == "VAL-MODEL-JSON-POINTS"


def test_references_resolve() -> None:
    known = {"classing.table.A", "classing.table.B", "model.json", "stability.psi"}
    found = number_findings([finding("t", "q", "high", "classing.table", "model.json", "rules.hits")], known)
    assert found[0]["evidence"] == ["classing.table.A", "classing.table.B", "model.json"]
    assert number_findings([finding("t", "q", "high", "rules.hits")], known)[0]["evidence"] == ["validation.coverage"]


def document(*items: tuple[str, str], ran: tuple[str, ...] = ()) -> dict[str, Any]:
    findings = [{"id": name, "severity": severity, "test": name.lower(), "quantity": "q"} for name, severity in items]
    cited = {"model": {"id": "m", "name": "m", "version": "1"}, "package_hash": "0" * 64}
    policy = {"name": "p", "version": "1", "sha256": "0" * 64}
    coverage = [{"test": item["test"], "outcome": "fail"} for item in findings]
    coverage += [{"test": test, "outcome": "pass"} for test in ran]
    return {**cited, "policy": policy, "findings": findings, "coverage": coverage}


def test_what_became_of_each_finding(validated: Path) -> None:
    earlier = read_earlier(validated)
    old = document(("A", "high"), ("B", "low"), ("C", "medium"), ("D", "high"))
    later = document(("A", "high"), ("C", "critical"), ("E", "low"), ran=("b",))
    earlier = type(earlier)(old, "0" * 64)
    content = compare_findings(earlier, later)
    assert schema_check.check(content, "comparison.schema.json", "comparison.json") == []
    assert {row["id"]: row["change"] for row in content["findings"]} == {
        "A": "remains",
        "B": "closed",
        "C": "severity_changed",
        "D": "not_retested",
        "E": "new",
    }
    assert content["counts"] == {"closed": 1, "remains": 1, "severity_changed": 1, "new": 1, "not_retested": 1}


def test_a_new_version_against_the_old(validated: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / "validation")
    b.change_json(folder, "evidence/samples.summary.json", lambda item: item["rows"][0].__setitem__(4, 9999))
    assert cli.main([str(folder), "--compare", str(validated)]) == cli.FINDINGS
    told = capsys.readouterr().out
    assert "Against the validation of 1 (" in told
    content = json.loads((folder / "validation/comparison.json").read_text("utf-8"))
    changes = {row["id"]: row["change"] for row in content["findings"]}
    assert changes[MISSING] == "remains"
    assert changes["VAL-SAMPLES-SUMMARY-BAD"] == "new"
    rows = json.loads((folder / "validation/evidence/validation.retest.json").read_text("utf-8"))["rows"]
    assert {row[0]: row[1] for row in rows} == changes
    assert cli.main([str(folder), "--compare", str(folder.parent / "none")]) == cli.REFUSED
