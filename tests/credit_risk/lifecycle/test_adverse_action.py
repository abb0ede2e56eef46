"""The data of a notice: complete, true to the package, refused where it may not be told; improving a reason."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import credit_risk as cr
from credit_risk._core import canonical_json
from credit_risk._core.errors import PackageError, ScoringError
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import QUICK, credit_risk, done, portfolio

HEAD = """model: {id: m, name: Consumer loans}
data:
  source: table.csv
  columns:
    INCOME: {type: numeric, expected_trend: descending, reason_text: {en: Income is low, de: Einkommen niedrig}}
    AGE: {type: numeric, expected_trend: descending, reason_text: {en: Age, de: Alter}}
    HOUSING: {reason_text: {en: Kind of housing, de: Wohnform}}
    NOISE: {type: numeric, expected_trend: ascending, reason_text: {en: Noise, de: Rauschen}}
outcome: {column: BAD, bad: 1}
selection: {include: [INCOME, AGE, HOUSING]}
strategy: {cut_off: 500}
"""
SAID = "reason_codes: {notices: true, languages: [en, de], catalogue: {INCOME: {source: the application}}}\n"
TREES = "models: [{id: trees, type: monotone_boosting, champion: true, trees: 30}]\nexports: []\n"
BASELINE = SAID.replace("notices", "reference: baseline, notices")


def clock() -> datetime:
    return datetime(2026, 11, 25, 23, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("notice"), HEAD + QUICK + SAID, portfolio(1200), "--no-validation")


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("trees"), HEAD + TREES + BASELINE, portfolio(1200), "--no-validation")


def declined(folder: Path) -> pd.DataFrame:
    """Applicants whom the model declines."""
    read, rows = read_package(folder), portfolio(1200)
    return rows[compile_model(read.model).score(rows)["score"] < 500]


def test_a_notice_holds_score_range_reasons_and_what_was_given(package: Path) -> None:
    row = declined(package).iloc[0]
    creditor = {"name": "A Bank", "address": "1 High Street"}
    notice = cr.adverse_action(package, row, applicant="A-17", creditor=creditor, clock=clock)
    read = read_package(package)
    scored = compile_model(read.model).score(pd.DataFrame([row])).iloc[0]
    assert (notice.date, notice.applicant, notice.creditor, notice.bureau) == ("2026-11-25", "A-17", creditor, {})
    assert (notice.score, notice.cut_off) == (scored["score"], 500.0)
    assert notice.score_lowest <= notice.score <= notice.score_highest
    assert notice.declined_by == ("score below 500",)
    assert notice.package_hash == read.package_hash
    assert notice.reference == "mean points of all development applicants"
    codes = [scored[f"reason_{k}"] for k in (1, 2, 3, 4)]
    assert [f.code for f in notice.key_factors] == [code for code in codes if code is not None]
    for factor in notice.key_factors:
        assert factor.shortfall == pytest.approx(factor.reference - factor.points)
        assert factor.shortfall > 0
        assert factor.values == {factor.code: row[factor.code]}
    texts = {f.code: (f.text, f.source) for f in notice.key_factors}
    assert {"INCOME": ("Income is low", "the application"), "AGE": ("Age", None)}.items() & texts.items()
    assert json.loads(json.dumps(notice.as_dict()))["key_factors"][0]["rank"] == 1
    assert list(notice.frame()["code"]) == [f.code for f in notice.key_factors]
    assert "Consumer loans" in notice._repr_html_()


def test_another_language(package: Path) -> None:
    row = declined(package).iloc[0].to_dict()
    german = cr.adverse_action(package, row, language="de", clock=clock)
    assert {f.text for f in german.key_factors} <= {"Einkommen niedrig", "Alter", "Wohnform", "Rauschen"}
    with pytest.raises(PackageError, match="no texts in 'fr'"):
        cr.adverse_action(package, row, language="fr")


def test_who_was_not_declined_has_no_notice(package: Path) -> None:
    rows = portfolio(1200).drop(index=declined(package).index)
    with pytest.raises(ScoringError, match="was not declined"):
        cr.adverse_action(package, rows.iloc[0])


def test_a_notice_is_of_one_applicant_that_the_model_can_score(package: Path) -> None:
    with pytest.raises(ScoringError, match="one applicant"):
        cr.adverse_action(package, portfolio(3))
    with pytest.raises(ScoringError):
        cr.adverse_action(package, {"AGE": 30.0})


def test_reasons_that_are_not_released_are_not_told(tmp_path: Path) -> None:
    plan = HEAD.replace("reason_text: {en: Age, de: Alter}", "description: Age in years")
    folder = done(tmp_path, f"{plan}{QUICK}", portfolio(900), "--no-validation")
    with pytest.raises(PackageError, match="not released for notices: 'AGE' has no text for applicants in en"):
        cr.adverse_action(folder, declined(folder).iloc[0])


def with_rule(folder: Path, to: Path, text: str | None) -> Path:
    """The package with a rule that declines the young, and its text in the plan's catalogue."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("validation", "documents", "exports"))
    young = {"op": "less", "args": [{"ref": "AGE"}, {"const": 21.0}]}
    rule = {"id": "rule", "type": "guard", "condition": young, "action": "decline", "reason_code": "TOO_YOUNG"}
    model = json.loads((to / "model.json").read_text())
    model["steps"].append({**rule, "output": "too young"})
    plan = json.loads((to / "plan.json").read_text())
    plan["reason_codes"]["catalogue"]["TOO_YOUNG"] = {"code": None, "text": text, "source": "the application"}
    manifest = json.loads((to / "manifest.json").read_text())
    for name, value in (("model.json", model), ("plan.json", plan)):
        data = canonical_json.to_bytes(value)
        (to / name).write_bytes(data)
        manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["plan_sha256"] = manifest["files"]["plan.json"]["sha256"]
    (to / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))
    return to


def test_where_a_rule_declined_its_reason_stands_first(package: Path, tmp_path: Path) -> None:
    folder = with_rule(package, tmp_path / "p", "Applicants must be of age")
    row = declined(package).iloc[0].to_dict() | {"AGE": 19.0}
    notice = cr.adverse_action(folder, row, clock=clock)
    first, *others = notice.key_factors
    assert (first.kind, first.code, first.text) == ("rule", "TOO_YOUNG", "Applicants must be of age")
    assert (first.source, first.points, first.rank) == ("the application", None, 1)
    assert notice.declined_by == ("rule TOO_YOUNG", "score below 500")
    assert len(notice.key_factors) <= 4
    assert {f.kind for f in others} == {"score"}
    good = portfolio(1200).drop(index=declined(package).index)
    good = good[good["AGE"] < 30].iloc[0].to_dict() | {"AGE": 20.0, "INCOME": 50_000.0, "HOUSING": "own"}
    alone = cr.adverse_action(folder, good, clock=clock)
    assert alone.declined_by == ("rule TOO_YOUNG",)
    assert [f.code for f in alone.key_factors] == ["TOO_YOUNG"]


def test_a_rule_without_a_text_is_not_told(package: Path, tmp_path: Path) -> None:
    folder = with_rule(package, tmp_path / "p", None)
    with pytest.raises(PackageError, match="'TOO_YOUNG' has no text for applicants in en"):
        cr.adverse_action(folder, declined(package).iloc[0])


def test_the_command_prints_json(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    rows = portfolio(1200)
    rows.to_csv(tmp_path / "applicants.csv", index=False)
    number = int(declined(package).index[0]) + 1
    ended = credit_risk("adverse-action", package, "--input", tmp_path / "applicants.csv", "--key", number)
    assert ended.status == 0, ended.err
    said = json.loads(ended.out)
    assert (said["date"], said["applicant"]) == ("2023-11-14", str(number))
    assert said["key_factors"]
    ended = credit_risk("adverse-action", package, "--input", tmp_path / "applicants.csv", "--key", "nobody")
    assert ended.status == 2
    assert "0 rows have the key 'nobody'" in ended.err


def _improved(folder: Path, choose: Callable[[dict, str], object]) -> int:
    """Raise each told reason to its reference, one at a time: the score must never fall. How many were tried."""
    read = read_package(folder)
    compiled, tried = compile_model(read.model), 0
    for _, row in declined(folder).head(60).iterrows():
        notice = cr.adverse_action(read, row, clock=clock)
        for factor in notice.key_factors:
            better = row.copy()
            better[factor.code] = choose(read.model, factor.code)
            score = float(compiled.score(pd.DataFrame([better]))["score"].iloc[0])
            assert score >= notice.score, (factor, dict(row))
            tried += 1
    return tried


def test_improving_a_told_reason_of_a_scorecard_to_its_reference_never_lowers_the_score(package: Path) -> None:
    """The value of the bin with the fewest points that still reach the reference."""

    def choose(model: dict, code: str) -> object:
        scale = next(s for s in model["steps"] if s["type"] == "scale")
        points = next(c["points"] for c in scale["characteristics"] if c["characteristic"] == code)
        reasons = next(s for s in model["steps"] if s["type"] == "reasons")
        held = next(c["baseline"] for c in reasons["characteristics"] if c["characteristic"] == code)
        classing = next(s for s in model["steps"] if s["type"] == "classing" and s["input"] == code)
        reached = [b for b in classing["bins"] if points[b["id"]] >= held and b["kind"] in ("interval", "categories")]
        bin_ = min(reached, key=lambda b: points[b["id"]])
        if bin_["kind"] == "categories":
            return bin_["values"][0]
        return bin_["lower"] if bin_["lower"] is not None else np.nextafter(bin_["upper"], -np.inf)

    assert _improved(package, choose) > 50


def test_improving_a_told_reason_of_monotone_trees_to_the_baseline_never_lowers_the_score(trees: Path) -> None:
    """A reason is adverse against the baseline in some coalition, hence, the trees being monotone, in every one."""
    background = next(s for s in read_package(trees).model["steps"] if s["type"] == "attribution")["background"]
    features = next(s for s in read_package(trees).model["steps"] if s["type"] == "trees")["features"]
    assert len(background["rows"]) == 1
    baseline = dict(zip(features, background["rows"][0], strict=True))

    def choose(model: dict, code: str) -> object:
        if code != "HOUSING":
            return baseline[code]
        classing = next(s for s in model["steps"] if s["type"] == "classing" and s["input"] == code)
        same = [b for b in classing["bins"] if b["woe"] == baseline["woe(HOUSING)"]]
        return same[0]["values"][0]

    assert _improved(trees, choose) > 50
