"""Arms of a live split beside the results: by the key or by a column of the applicants, on every way of scoring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.challenger.assignment import assign, two_arms
from credit_risk.monitoring.challenger.live_arms import LiveArms
from credit_risk.package import Package, read_package
from credit_risk.serving.log import verify_log
from tests.credit_risk.serving.cases import CORPUS, KEY, close, expected, predictions, rows, run

SPLIT = two_arms("spring", 0.4, "champion", "trees")
PERSON = "person"


def by_key(package: Package, key: str | None) -> LiveArms:
    return LiveArms(SPLIT, None)


def by_person(package: Package, key: str | None) -> LiveArms:
    return LiveArms(SPLIT, PERSON)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Applicants of whom some come again, by whole numbers."""
    found = rows("scorecard", 300)
    return found.assign(**{PERSON: np.arange(len(found)) % 120 + 7})


@pytest.mark.parametrize("method", ["arrow", "sql"])
@pytest.mark.parametrize("log", [True, False])
def test_by_a_column_that_is_no_input(frame: pd.DataFrame, method: str, log: bool, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    given = {} if log else {"log": None, "secret": None, "log_inputs": False}
    run(tmp_path, tmp_path / "rows.parquet", method=method, arms=by_person, **given)
    found = predictions(tmp_path / "out")
    arms = found.pop("arm")
    assert arms.tolist() == assign(frame[PERSON].to_numpy(object), SPLIT).tolist()
    assert arms.groupby(frame[PERSON]).nunique().max() == 1  # who comes again has the same arm
    close(found.drop(columns="_key"), expected(read_package(CORPUS / "scorecard"), frame))
    if log:
        assert verify_log(tmp_path / "log").faults == ()
        logged = pd.concat([pd.read_parquet(one) for one in sorted((tmp_path / "log").rglob("predictions/*.parquet"))])
        assert logged["arm"].tolist() == arms.tolist()
        assert not [one for one in logged.columns if PERSON in one]  # the name of the applicant is not logged


def test_numbers_and_their_texts_are_one_applicant_and_nobody_has_no_arm(frame: pd.DataFrame, tmp_path: Path) -> None:
    texts = frame[PERSON].astype(str).astype(object)
    texts[5] = None
    frame.assign(**{PERSON: texts}).to_csv(tmp_path / "rows.csv", index=False)
    run(tmp_path, tmp_path / "rows.csv", arms=by_person)
    arms = predictions(tmp_path / "out")["arm"]
    right = assign(frame[PERSON].to_numpy(object), SPLIT)
    assert pd.isna(arms[5])
    assert arms.drop(5).tolist() == np.delete(right, 5).tolist()


def test_rows_that_are_refused_shift_no_arm(frame: pd.DataFrame, tmp_path: Path) -> None:
    again = pd.concat([frame[:50], frame[:3], frame[50:]], ignore_index=True)  # keys that stand twice are refused
    again.to_parquet(tmp_path / "rows.parquet", index=False)
    run(tmp_path, tmp_path / "rows.parquet", arms=by_key, refused=tmp_path / "refused.csv")
    found = predictions(tmp_path / "out")
    assert len(found) < len(again)
    assert found["arm"].tolist() == assign(found["_key"].to_numpy(object), SPLIT).tolist()


@pytest.mark.parametrize(
    ("values", "words"),
    [(None, "person"), (1.5, "names of applicants are of another type"), (True, "names of applicants")],
)
def test_a_column_that_names_nobody_is_refused(frame: pd.DataFrame, values: object, words: str, tmp_path: Path) -> None:
    table = frame.drop(columns=PERSON) if values is None else frame.assign(**{PERSON: values})
    table.to_parquet(tmp_path / "rows.parquet", index=False)
    with pytest.raises(CreditRiskError, match=words):
        run(tmp_path, tmp_path / "rows.parquet", arms=by_person)
    assert not (tmp_path / "out").exists()


def test_rows_without_keys_have_no_arms(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.drop(columns=KEY).to_parquet(tmp_path / "rows.parquet", index=False)
    with pytest.raises(CreditRiskError, match="arms are by the applicant, and the input names none"):
        run(tmp_path, tmp_path / "rows.parquet", arms=by_key, key=None, log=None, secret=None, log_inputs=False)
    assert not (tmp_path / "out").exists()


def test_an_unfinished_run_without_arms_is_not_taken_up_with_them(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    run(tmp_path, tmp_path / "rows.parquet", log=None, secret=None, log_inputs=False)
    with pytest.raises(CreditRiskError, match="with and without --arms"):
        run(tmp_path, tmp_path / "rows.parquet", log=None, secret=None, log_inputs=False, arms=by_key)
