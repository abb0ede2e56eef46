"""Three lines of plan on a table that nobody has prepared: a model, and a reason for every column left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import PLAN, disagreements, done, evidence, findings, frame, model, portfolio

AWKWARD = ("Größe €", 'income "net"', "a < b & c > d", "it's", "  padded  ")
WORDS = ("missing", "unseen", "nan", "None", "a,b", 'q"q', "new\nline", "special 1", "<b>&amp;", "é ü", "001", "1.0")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    made = portfolio(900)
    rows = len(made)
    made.insert(0, "CLIENT_ID", rng.permutation(rows) + 70_001)
    made["SIGNED"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D")
    made["SIGNED"] = made["SIGNED"].dt.strftime("%d.%m.%Y")
    made["PHONE"] = rng.random(rows) < 0.4
    made["COUNTRY"] = "AT"
    made["REMARK"] = np.nan
    made["STREET"] = [f"street {i}" for i in np.resize(rng.permutation(450), rows)]
    made["WORD"] = np.resize(WORDS, rows)
    made["GAPS"] = np.where(rng.random(rows) < 0.3, np.nan, made["INCOME"] / 7 + rng.normal(size=rows))
    for place, name in enumerate(AWKWARD):
        made[name] = (np.log(made["INCOME"]) + (1 + place) * rng.normal(size=rows)).round(2)
    made["KNOWN_LATER"] = made["BAD"] * 10 + rng.integers(0, 9, rows)
    return made


@pytest.fixture(scope="module")
def package(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("unprepared"), PLAN, table)


def test_every_column_is_a_predictor_or_left_out_with_its_reason(package: Path, table: pd.DataFrame) -> None:
    left = frame(package, "data.columns_left_out").set_index("column")["reason"].to_dict()
    assert left == {
        "CLIENT_ID": "identifier-like",
        "SIGNED": "date",
        "COUNTRY": "constant",
        "REMARK": "entirely missing",
        "STREET": "too many levels",
    }
    roles = frame(package, "data.contract").set_index("column")["role"].to_dict()
    assert roles == {name: "outcome" if name == "BAD" else "predictor" for name in table.columns if name not in left}
    told = frame(package, "selection.waterfall").set_index("characteristic")
    assert set(told.index) == {name for name, role in roles.items() if role == "predictor"}
    assert told["reason"].str.len().min() > 10


def test_a_column_of_three_thousand_texts_is_left_out(tmp_path: Path) -> None:
    table = portfolio(7000)
    table["EMPLOYER"] = [f"employer {i}" for i in np.resize(np.arange(3000), len(table))]
    left = frame(done(tmp_path, PLAN, table, "--no-validation"), "data.columns_left_out")
    assert left.loc[0, ["column", "reason"]].tolist() == ["EMPLOYER", "too many levels"]
    assert "3,000 distinct values in 7,000 rows" in left.loc[0, "detail"]


def test_a_column_that_knows_the_outcome_is_left_out_and_said_to(package: Path) -> None:
    told = frame(package, "selection.waterfall").set_index("characteristic").loc["KNOWN_LATER"]
    assert (told["decision"], told["step"]) == ("left out", "leakage")
    assert "know the outcome" in told["reason"]
    assert "KNOWN_LATER" not in str(evidence(package, "boosting.importance.boosting")["rows"])


def test_the_words_missing_and_unseen_are_categories_like_others(package: Path, table: pd.DataFrame) -> None:
    step = next(s for s in model_steps(package, "boosting") if s["id"].endswith("(WORD)"))
    held = [value for one in step["bins"] if one["kind"] == "categories" for value in one["values"]]
    assert sorted(held) == sorted(WORDS)
    assert {"missing", "unseen"} <= {one["kind"] for one in step["bins"]}


def model_steps(package: Path, challenger: str) -> list[dict]:
    return model(package / "challengers" / challenger)["steps"]


def test_the_validator_agrees_and_misses_the_texts_only(package: Path) -> None:
    assert disagreements(package) == []
    stated = {one["quantity"] for one in findings(package) if "is stated" in one["test"]}
    assert {"purpose", "rationale", "limitations", "owner", "tier"} <= stated


def test_defaults_are_written_out(package: Path) -> None:
    written = (package / "plan.json").read_text("utf-8")
    for key in ("points_to_double_odds", "max_prebins", "out_of_sample", "seed", "monotone_boosting", "rank_step"):
        assert f'"{key}"' in written
    assert (package / "plan.yaml").read_text("utf-8") == PLAN
