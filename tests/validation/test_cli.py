"""The command: exit status, the annex, refusals."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from toy_package import builders as b

from validation import cli, read_package, schema_check, validate
from validation.policy import read_policy


def evidence_ids() -> set[str]:
    """The validator's evidence that the catalogue knows."""
    entries = schema_check.load("evidence_catalogue.json")["entries"]
    return {item["id"] for item in entries if item["id"].startswith("validation.")}


def test_annex_is_written_and_keeps_the_package_valid(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(package)]) == cli.FINDINGS
    told = capsys.readouterr().out
    assert "Recommendation: approve with conditions" in told
    assert read_policy().sha256 in told
    annexed = read_package(package)
    findings = json.loads((package / "validation/findings.json").read_text("utf-8"))
    assert findings["package_hash"] == annexed.hash
    assert schema_check.check(findings, "findings.schema.json", "findings.json") == []
    names = sorted(item.name for item in (package / "validation/evidence").iterdir())
    assert names == sorted(f"{name}.json" for name in evidence_ids() - {"validation.conclusion"})
    assert [item.name for item in package.parent.iterdir()] == ["toy"]


def test_the_same_run_again_is_that_run(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    assert cli.main([str(package), "--quiet"]) == cli.FINDINGS
    first = contents(package)
    assert json.loads(first["manifest.json"])["created"] == "2026-09-21T14:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000001")
    assert cli.main([str(package)]) == cli.FINDINGS
    assert "The same as run 1" in capsys.readouterr().out
    assert first == contents(package)


def contents(package: Path) -> dict[str, bytes]:
    """Files of the validation annex by name."""
    folder = package / "validation"
    return {item.relative_to(folder).as_posix(): item.read_bytes() for item in folder.rglob("*") if item.is_file()}


def test_a_summary_by_area_and_every_line(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    b.change_json(package, "evidence/samples.summary.json", lambda item: item["rows"][0].__setitem__(4, 9999))
    assert cli.main([str(package)]) == cli.FINDINGS
    brief = capsys.readouterr().out.splitlines()
    row = next(line for line in brief if line.startswith("  samples"))
    assert row.split()[3] == "1"
    assert "samples.summary: bad at development" in row
    assert cli.main([str(package), "--all"]) == cli.FINDINGS
    whole = capsys.readouterr().out.splitlines()
    run = validate(read_package(package))
    assert len(whole) > len(run.comparisons) > len(brief)
    assert [line for line in whole if line.startswith("  samples.summary ")]


def test_no_findings_is_zero(package: Path, tmp_path: Path) -> None:
    policy = shipped()
    policy["checks"]["evidence_missing"] = "observation"
    file = tmp_path / "policy.json"
    file.write_bytes(b.to_json(policy))
    assert cli.main([str(package), "--policy", str(file), "--quiet"]) == cli.DONE


def test_json_output(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main([str(package), "--json"])
    assert json.loads(capsys.readouterr().out)["format"] == "credit-risk-findings"


def test_refused_package_writes_nothing(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "plan.yaml").write_text("changed\n", "utf-8")
    assert cli.main([str(package)]) == cli.REFUSED
    assert "plan.yaml" in capsys.readouterr().err
    assert not (package / "validation").exists()


def test_folder_that_is_not_ours_is_kept(package: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("x", "utf-8")
    assert cli.main([str(package), "--out", str(other)]) == cli.REFUSED
    assert (other / "precious.txt").read_text("utf-8") == "x"


def test_zip_needs_out(good_package: Path, tmp_path: Path) -> None:
    target = tmp_path / "toy.zip"
    files = sorted(item.relative_to(good_package).as_posix() for item in good_package.rglob("*") if item.is_file())
    with zipfile.ZipFile(target, "w") as archive:
        for name in files:
            archive.writestr(zipfile.ZipInfo(name), (good_package / name).read_bytes())
    assert cli.main([str(target)]) == cli.REFUSED
    assert cli.main([str(target), "--out", str(tmp_path / "annex"), "--quiet"]) == cli.FINDINGS
    assert (tmp_path / "annex" / "findings.json").is_file()


def test_no_package(tmp_path: Path) -> None:
    assert cli.main([str(tmp_path / "nothing")]) == cli.REFUSED


def test_package_without_rows(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "snapshot.parquet"
    shutil.move(package / "data/snapshot.parquet", data)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    del manifest["files"]["data/snapshot.parquet"]
    manifest["snapshot"]["included"] = False
    (package / "manifest.json").write_bytes(b.to_json(manifest))
    assert cli.main([str(package)]) == cli.FINDINGS
    assert "Nothing could be rebuilt" in capsys.readouterr().out
    assert cli.main([str(package), "--data", str(data)]) == cli.FINDINGS
    assert "Nothing could be rebuilt" not in capsys.readouterr().out


def test_internal_error_and_interrupt(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(cli, "validate", broken)
    assert cli.main([str(package)]) == cli.INTERNAL

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "validate", interrupted)
    assert cli.main([str(package)]) == cli.INTERRUPTED
    assert not (package / "validation").exists()


def shipped() -> dict[str, Any]:
    return json.loads((Path(cli.__file__).parent / "policy.json").read_text("utf-8"))


@pytest.mark.parametrize("section", ["materiality", "tolerances", "cuts", "checks", "deadlines"])
def test_policy_with_a_missing_and_an_unknown_rule(package: Path, tmp_path: Path, section: str) -> None:
    policy = shipped()
    name, rule = policy[section].popitem()
    policy[section][name + "_x"] = rule
    file = tmp_path / "policy.json"
    file.write_bytes(b.to_json(policy))
    assert cli.main([str(package), "--policy", str(file)]) == cli.REFUSED


def test_schemas_are_the_published_ones() -> None:
    published = Path(cli.__file__).parents[1] / "scorecards" / "format"
    if not published.is_dir():
        pytest.skip("the sources of the format are not here")
    copies = Path(cli.__file__).parent / "schemas"
    names = {item.name for item in published.glob("*.json")}
    assert names == {item.name for item in copies.glob("*.json")}
    for name in names:
        assert (published / name).read_bytes() == (copies / name).read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--all", "--json"], ["--json --all: what is printed is said twice"]),
        (["--quiet", "--all", "--json"], ["--json --quiet --all"]),
        (
            ["--run", "r", "--log", "l", "--key", "k", "--approved", "a"],
            ["--key: ", "--approved: ", "a log has columns"],
        ),
        (["--run", "r", "--log", "l", "--bad-date", "d", "--secret-file", "s"], ["--bad-date: ", "--secret-file: "]),
        (["--run", "r", "--table", "t", "--declined", "d"], ["a table needs --key and --time", "--declined: "]),
        (["--run", "r", "--log", "l", "--all", "--quiet"], ["what is printed is said twice"]),
    ],
)
def test_options_without_effect_are_refused(
    arguments: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = str(tmp_path / "package")
    given = ["monitoring", package, *arguments] if "--run" in arguments else [package, *arguments]
    assert cli.main(given) == cli.REFUSED
    told = capsys.readouterr()
    assert told.out == ""
    for word in words:
        assert word in told.err
    assert not list(tmp_path.iterdir())
