"""A plan with weights: every table counts them and says so, the validator recomputes with them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from credit_risk._core.evidence import catalogue
from credit_risk.lifecycle import classing, stages
from credit_risk.lifecycle.weighted_notes import NO_ROWS, NOTES
from tests.credit_risk.cli.command import disagreements, done, evidence, findings, frame, portfolio
from tests.validation.toy_package.builders import reseal, to_json
from validation import read_package, validate

PLAN = (
    "model: {id: m}\n"
    "data: {source: table.csv, protected: [SEX], columns: {INCOME: {expected_trend: descending}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
    "samples: {weight: W}\n"
    "evaluation: {subpopulations: [HOUSING]}\n"
    "strategy: {cut_off: 500}\n"
    "models: [{id: scorecard, type: scorecard, champion: true}, {id: trees, type: monotone_boosting, trees: 15}]\n"
)


def table(rows: int = 1500) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return portfolio(rows).assign(W=np.exp(rng.uniform(-1.2, 1.2, rows)).round(3), SEX=rng.choice(["f", "m"], rows))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("weights"), PLAN, table())


def scored(package: Path, sample: str, model: str = "") -> pd.DataFrame:
    folder = package / model / "predictions" / f"{sample}.parquet"
    return pd.read_parquet(folder).merge(pd.read_parquet(package / "data" / "snapshot.parquet"), on="_key")


def test_the_validator_agrees(package: Path) -> None:
    assert disagreements(package) == []


@pytest.mark.parametrize("sample", ["development", "out_of_sample"])
def test_tables_are_those_of_weighted_rows(package: Path, sample: str) -> None:
    rows = scored(package, sample)
    y, w, p = rows["_outcome"], rows["_weight"], rows["probability"]
    assert w.nunique() > 100
    row = frame(package, "performance.discrimination").set_index(["model", "sample"]).loc["scorecard", sample]
    assert row["auc"] == pytest.approx(sk.roc_auc_score(y, rows["linear_score"], sample_weight=w), abs=1e-12)
    assert (row["rows"], row["bad"]) == (len(rows), y.sum())
    trees = scored(package, sample, "challengers/trees")
    compared = frame(package, "performance.comparison").set_index("sample").loc[sample]
    area = sk.roc_auc_score(y, trees["linear_score"], sample_weight=w)
    assert compared["auc_difference"] == pytest.approx(area - row["auc"], abs=1e-12)
    told = frame(package, "performance.calibration").set_index(["model", "sample"]).loc["scorecard", sample]
    assert told["bad_rate"] == pytest.approx(np.average(y, weights=w))
    assert told["mean_probability"] == pytest.approx(np.average(p, weights=w))
    assert told["brier"] == pytest.approx(sk.brier_score_loss(y, p, sample_weight=w))
    assert told["log_loss"] == pytest.approx(sk.log_loss(y, p, sample_weight=w))
    bands = frame(package, "performance.score_bands").query("sample == @sample")
    rate = np.average(bands["bad_rate"], weights=[w[_inside(rows, band)].sum() for band in bands.itertuples()])
    assert rate == pytest.approx(told["bad_rate"])
    group = frame(package, "fairness.groups").query("sample == @sample and group == 'f'").iloc[0]
    women = rows["SEX"] == "f"
    assert group["bad_rate"] == pytest.approx(np.average(y[women], weights=w[women]))


def _inside(rows: pd.DataFrame, band: object) -> pd.Series:
    lower, upper = (getattr(band, name) for name in ("lower", "upper"))
    return ~(rows["score"] < lower) & ~(rows["score"] >= upper)  # an open end is NaN, and no score is below NaN


def test_development_is_calibrated_in_weighted_rows_only(package: Path) -> None:
    """The likelihood of the scorecard is weighted, so that weighted means of outcome and probability are equal."""
    told = frame(package, "performance.calibration").set_index(["model", "sample"]).loc["scorecard", "development"]
    assert told["intercept"] == pytest.approx(0.0, abs=1e-9)
    assert told["slope"] == pytest.approx(1.0, abs=1e-9)
    rows = scored(package, "development")
    assert abs(rows["_outcome"].mean() - rows["probability"].mean()) > 1e-4


def test_shares_of_bins_are_weighted(package: Path) -> None:
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    bins = frame(package, "classing.samples.HOUSING")
    counts = {s: part.set_index("bin_id")["count"].to_numpy() for s, part in bins.groupby("sample")}
    sizes = {s: w.sum() ** 2 / (w**2).sum() for s, w in snapshot.groupby("_sample")["_weight"]}
    e, a = (counts[s] / counts[s].sum() for s in ("development", "out_of_sample"))
    held = e + a > 0
    psi = np.sum((a[held] - e[held]) * np.log(a[held] / e[held]))
    found = frame(package, "samples.representativeness").set_index("characteristic").loc["HOUSING"]
    assert found["psi"] == pytest.approx(psi)
    scaled = np.array([e[held] * sizes["development"], a[held] * sizes["out_of_sample"]])
    expected = np.outer(scaled.sum(axis=1), scaled.sum(axis=0)) / scaled.sum()
    assert found["chi_square"] == pytest.approx(np.sum((scaled - expected) ** 2 / expected))
    assert found["rows"] == (snapshot["_sample"] == "out_of_sample").sum()


def test_summary_and_approvals_are_weighted(package: Path) -> None:
    for sample in ("development", "out_of_sample"):
        rows = scored(package, sample)
        told = frame(package, "samples.summary").set_index("sample").loc[sample]
        assert told["bad_rate"] == pytest.approx(np.average(rows["_outcome"], weights=rows["_weight"]))
        assert told["bad"] == rows["_outcome"].sum()
        for group in ("f", "m"):
            inside = rows[rows["SEX"] == group]
            found = frame(package, "fairness.adverse_impact").query("sample == @sample and group == @group").iloc[0]
            assert found["approved"] == (inside["score"] >= 500).sum()
            rate = np.average(inside["score"] >= 500, weights=inside["_weight"])
            assert 0.05 < rate < 0.95
            assert found["approval_rate"] == pytest.approx(rate)


def test_shares_of_reasons_are_weighted(package: Path) -> None:
    rows = scored(package, "out_of_sample")
    told = frame(package, "reasons.frequency").query("sample == 'out_of_sample'").set_index("reason_code")
    for code, found in told.iterrows():
        first = rows["reason_1"] == code
        assert found["first"] == first.sum()
        assert found["first_share"] == pytest.approx(np.average(first, weights=rows["_weight"]))


def test_baselines_are_those_of_weighted_rows(package: Path) -> None:
    """Differences to a candidate leave the baseline's AUC, which the candidate's own weighted AUC must fit."""
    area = frame(package, "performance.discrimination").set_index(["model", "sample"])["auc"]
    levels = frame(package, "performance.baselines").set_index(["baseline", "sample"])["auc"]
    for row in frame(package, "performance.baseline_differences").itertuples():
        difference = area[row.candidate, row.sample] - levels[row.baseline, row.sample]
        assert row.auc_difference == pytest.approx(difference, abs=1e-12)


def test_every_entry_says_whether_its_rows_are_weighted() -> None:
    known = (*NOTES, *NO_ROWS)
    assert len(set(known)) == len(known)
    patterns = {
        p
        for p, entry in catalogue().items()
        if entry.kind != "statement" and not p.startswith(("validation.", "monitoring.", "governance."))
    }

    def of(name: str) -> list[str]:
        return [p for p in patterns if (p.startswith(name) if name.endswith(".") else p == name)]

    assert patterns - {p for name in known for p in of(name)} == set()
    assert [name for name in known if not of(name)] == []


def test_what_is_weighted_says_so(package: Path, tmp_path: Path) -> None:
    for path in (package / "evidence").iterdir():
        item = json.loads(path.read_text("utf-8"))
        notes = [note for note in item["notes"] if note.startswith("rows have the weight 'W': ")]
        free = item["kind"] not in ("table", "figure") or item["id"].startswith(NO_ROWS)
        assert len(notes) == (0 if free else 1), item["id"]
    plain = done(tmp_path, PLAN.replace("samples: {weight: W}\n", ""), table(700), "--no-validation")
    assert not any("have the weight" in path.read_text("utf-8") for path in (plain / "evidence").iterdir())


def test_weights_of_one_change_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of one value is refused at intake, so the weights are set to one behind it."""
    rows = table(700)
    plain = done(tmp_path / "plain", PLAN.replace("samples: {weight: W}\n", ""), rows.drop(columns="W"))
    monkeypatch.setattr(classing, "row_weights", lambda values, name, source=None: np.ones(len(values)))
    ones = done(tmp_path / "ones", PLAN, rows)
    about_columns = {"data.source", "data.contract", "data.profile", "data.columns_left_out", "model.identity"}
    compared = 0
    for path in (plain / "evidence").iterdir():
        one, other = (json.loads((package / "evidence" / path.name).read_text("utf-8")) for package in (plain, ones))
        if one["id"] in about_columns or "rows" not in one:
            continue
        assert one["rows"] == other["rows"], one["id"]
        compared += 1
    assert compared > 40
    told = disagreements(ones)  # the validator reads the weights of the source, and the column of the snapshot
    assert any("700 rows have another weight" in one for one in told)
    assert all("weight" in one for one in told)


def test_evidence_that_forgot_the_weights_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package has weights, its models were fitted with them, but its rows were evaluated as if they had none."""
    scored_rows = stages.score_samples
    monkeypatch.setattr(stages, "score_samples", lambda *given: replace(scored_rows(*given), weights=None))
    package = done(tmp_path, PLAN, table())
    found = {one["test"] for one in findings(package)}
    assert found >= {
        *(
            "performance.discrimination: auc",
            "performance.discrimination: ks",
            "performance.discrimination: gini_upper",
        ),
        *("performance.calibration: bad_rate", "performance.calibration: brier", "performance.calibration: slope"),
        *("performance.comparison: auc_difference", "performance.comparison: p_value"),
        *("performance.score_bands: bad_rate", "performance.score_bands: mean_probability"),
        *("stability.psi: psi", "stability.psi: chance_level", "samples.representativeness: chi_square"),
        *("performance.baseline_differences: auc_difference", "reasons.frequency: any_share"),
        *("performance.calibration_curve: bad_rate", "performance.roc: true_positive_rate"),
        *("performance.score_distribution: share", "scaling.rounding_effect: gini_rounded"),
        *("performance.measures: value", "performance.initial_auc: auc", "performance.lift: bad_rate"),
        *("performance.cut_offs: recall", "performance.cap: share of bads (development)"),
        *("performance.subpopulations: bad_rate", "fairness.groups: standardised_mean_difference"),
        *("fairness.adverse_impact: approval_rate", "fairness.adverse_impact: p_value"),
    }


@pytest.mark.parametrize(
    ("identifier", "column", "test"),
    [
        ("performance.discrimination", "auc", "performance.discrimination: auc"),
        ("performance.calibration", "brier", "performance.calibration: brier"),
        ("performance.comparison", "auc_difference", "performance.comparison: auc_difference"),
        ("performance.score_bands", "bad_rate", "performance.score_bands: bad_rate"),
        ("stability.psi", "psi", "stability.psi: psi"),
        ("samples.representativeness", "p_value", "samples.representativeness: p_value"),
        ("classing.table.INCOME", "bad_rate_upper", "classing.table: bad_rate_upper"),
        ("samples.summary", "bad_rate_upper", "samples.summary: bad_rate_upper"),
        ("classing.expectations", "auc", "classing.expectations: auc"),
        ("performance.discrimination", "ks_lower", "performance.discrimination: ks_lower"),
        ("performance.calibration", "slope_upper", "performance.calibration: slope_upper"),
        ("performance.calibration", "intercept_lower", "performance.calibration: intercept_lower"),
        ("performance.calibration", "hosmer_lemeshow", "performance.calibration: hosmer_lemeshow"),
        ("performance.calibration_curve", "upper", "performance.calibration_curve: upper"),
        ("performance.roc", "true_positive_rate", "performance.roc: true_positive_rate"),
        ("performance.score_distribution", "share", "performance.score_distribution: share"),
        ("performance.score_bands", "cumulative_bad_share", "performance.score_bands: cumulative_bad_share"),
        ("scaling.rounding_effect", "gini_rounded", "scaling.rounding_effect: gini_rounded"),
        ("performance.subpopulations", "auc_upper", "performance.subpopulations: auc_upper"),
        ("fairness.groups", "mean_score", "fairness.groups: mean_score"),
        ("fairness.adverse_impact", "upper", "fairness.adverse_impact: upper"),
        ("selection.stability", "sample_psi", "selection.stability: sample_psi"),
        ("reasons.agreement", "same_first_share", "reasons.agreement: same_first_share"),
    ],
)
def test_a_changed_number_is_found(package: Path, tmp_path: Path, identifier: str, column: str, test: str) -> None:
    copy = Path(shutil.copytree(package, tmp_path / "package", ignore=shutil.ignore_patterns("validation", "exports")))
    path = copy / "evidence" / f"{identifier}.json"
    item = json.loads(path.read_text("utf-8"))
    place = [one["name"] for one in item["columns"]].index(column)
    for row in item["rows"]:
        row[place] = None if row[place] is None else row[place] * 1.001
    path.write_bytes(to_json(item))
    reseal(copy)
    assert test in {one["test"] for one in validate(read_package(copy)).findings["findings"]}


def test_weights_and_groups_together(tmp_path: Path) -> None:
    rows = table(1200).assign(PERSON=np.arange(1200) // 2)
    package = done(tmp_path, PLAN.replace("samples: {weight: W}", "samples: {weight: W, group: PERSON}"), rows)
    assert disagreements(package) == []
    notes = evidence(package, "performance.discrimination")["notes"]
    assert any("Obuchowski" in note for note in notes)
    assert any("weight" in note for note in notes)
