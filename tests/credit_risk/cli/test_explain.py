"""`credit-risk explain`: decisions of a key in text and JSON, with the notice of that day; exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pikepdf
import pytest

from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import QUICK, credit_risk, done, portfolio
from tests.credit_risk.serving.cases import CORPUS, KEY, SECRET, rows, run

HEAD = """model: {id: m, name: Consumer loans}
data:
  source: table.csv
  columns:
    INCOME: {type: numeric, expected_trend: descending, reason_text: Income is low}
    AGE: {type: numeric, expected_trend: descending, reason_text: Age}
    HOUSING: {reason_text: Kind of housing}
    NOISE: {type: numeric, expected_trend: ascending, reason_text: Noise}
outcome: {column: BAD, bad: 1}
selection: {include: [INCOME, AGE, HOUSING]}
strategy: {cut_off: 500}
reason_codes: {notices: true}
"""


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A folder with packages/v1, a log and a secret; the rows that were scored, WHO their key."""
    folder = tmp_path_factory.mktemp("explain")
    package = done(folder / "plan", HEAD + QUICK, portfolio(1200), "--no-validation", "--no-documents")
    (folder / "packages").mkdir()
    package.rename(folder / "packages" / "v1")
    frame = portfolio(60, seed=11).drop(columns="BAD")
    frame.insert(0, "WHO", [f"A-{at}" for at in range(60)])
    frame.to_csv(folder / "t.csv", index=False)
    (folder / "secret").write_text("a secret of this test alone", "utf-8")
    arguments = ("--key", "WHO", "--log", folder / "log", "--secret-file", folder / "secret", "--log-inputs")
    ended = credit_risk(
        "score", folder / "packages" / "v1", "--input", folder / "t.csv", "--out", folder / "out", *arguments
    )
    assert ended.status == 0, ended.err
    scores = compile_model(read_package(folder / "packages" / "v1").model).score(frame)["score"]
    return folder, frame.assign(score=scores)


def asked(folder: Path, key: str, *more: object) -> tuple[int, str, str]:
    secret = () if "--secret-file" in more else ("--secret-file", folder / "secret")
    ended = credit_risk(
        "explain", "--key", key, "--log", folder / "log", "--package", folder / "packages", *secret, *more
    )
    return ended.status, ended.out, ended.err


def test_a_declined_applicant_with_the_notice(scored: tuple[Path, pd.DataFrame]) -> None:
    folder, frame = scored
    row = frame[frame["score"] < 500].iloc[0]
    status, out, err = asked(folder, row["WHO"])
    assert (status, err) == (0, "")
    assert "made again: equal to the last bit" in out
    assert f"score: {row['score']}" in out
    assert "declined by score below 500:" in out
    status, out, _ = asked(folder, row["WHO"], "--json")
    (decision,) = json.loads(out)["decisions"]
    assert (status, decision["reproduced"]) == (0, True)
    assert decision["notice"]["date"] == decision["at"][:10]
    assert decision["notice"]["score"] == row["score"] == decision["logged"]["score"]
    texts = {factor["text"] for factor in decision["notice"]["key_factors"]}
    assert texts <= {"Income is low", "Age", "Kind of housing", "Noise"}
    told = [factor["code"] for factor in decision["notice"]["key_factors"]]
    assert told == [reason["code"] for reason in decision["reasons"]][: len(told)]
    assert {c["name"] for c in decision["characteristics"]} >= {"INCOME", "HOUSING"}
    assert row["WHO"] not in json.dumps({**decision, "notice": None})


def test_the_letter_of_a_declined_applicant(scored: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    """PDF and text hold what the data of the notice say; made again, every byte is the same."""
    folder, frame = scored
    row = frame[frame["score"] < 500].iloc[0]
    status, out, err = asked(folder, row["WHO"], "--out", tmp_path / "letters", "--json")
    assert (status, err) == (0, "")
    (decision,) = json.loads(out)["decisions"]
    files = {kind: Path(path) for kind, path in decision["letter"].items()}
    assert sorted(files) == ["json", "pdf", "txt"]
    data = json.loads(files["json"].read_text("utf-8"))
    assert data == {**decision["notice"], "at": decision["at"]}
    text = files["txt"].read_text("utf-8")
    for place, factor in enumerate(data["key_factors"], start=1):
        assert f"{place}. {factor['text']}" in text
    assert f"{row['score']:g}, on the date of the decision" in text
    assert f"Applicant: {row['WHO']}" in text
    with pikepdf.open(files["pdf"]) as pdf:
        assert len(pdf.pages) <= 2
    before = {kind: path.read_bytes() for kind, path in files.items()}
    assert asked(folder, row["WHO"], "--out", tmp_path / "letters")[0] == 0
    assert {kind: path.read_bytes() for kind, path in files.items()} == before
    assert sorted(one.name for one in (tmp_path / "letters").iterdir()) == sorted(one.name for one in files.values())


def test_a_letter_that_cannot_be_written_is_status_1(scored: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    folder, frame = scored
    key = frame[frame["score"] < 500].iloc[0]["WHO"]
    status, out, err = asked(folder, key, "--out", tmp_path, "--house", tmp_path / "none.yaml")
    assert (status, err) == (1, "")
    assert "no letter:" in out
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("", "utf-8")
    status, _, err = asked(folder, key, "--out", tmp_path / "file")
    assert (status, "is no folder" in err) == (2, True)


def test_an_accepted_applicant_has_no_notice(scored: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    folder, frame = scored
    key = frame[frame["score"] >= 500].iloc[0]["WHO"]
    status, out, _ = asked(folder, key)
    assert status == 0
    assert "no notice: the applicant was not declined" in out
    status, out, _ = asked(folder, key, "--out", tmp_path / "letters")
    assert status == 0
    assert "no letter: the applicant was not declined" in out
    assert not (tmp_path / "letters").exists()


def test_what_is_refused(scored: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    folder, _ = scored
    (tmp_path / "other").write_text("another secret of this test", "utf-8")
    for key, more, words in (
        ("B-1", (), "the key has no row in the log"),
        ("A-1", ("--secret-file", tmp_path / "other"), "no batch of the log has pseudonyms of this secret"),
    ):
        status, out, err = asked(folder, key, *more)
        assert (status, out) == (2, "")
        assert words in err
    ended = credit_risk("explain", "--key", "A-1", "--log", folder / "log", "--package", tmp_path)
    assert ended.status == 2


def test_what_is_not_made_again_is_status_1(scored: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    folder, _ = scored
    corpus = Path(__file__).parents[3] / "scorecards" / "format" / "corpus" / "valid" / "scorecard"
    secret = ("--secret-file", folder / "secret")
    given = ("--log", folder / "log", "--package", corpus, *secret, "--out", tmp_path / "letters")
    ended = credit_risk("explain", "--key", "A-1", *given)
    assert ended.status == 1
    assert "NOT MADE AGAIN: the package" in ended.out
    assert "no letter: the decision could not be made again" in ended.out


def test_a_package_without_reason_codes_has_no_notice(tmp_path: Path) -> None:
    rows("scorecard", 20, seed=9).to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", "scorecard")
    (tmp_path / "secret").write_bytes(SECRET.value)
    key = rows("scorecard", 20, seed=9)[KEY].iloc[0]
    secret = ("--secret-file", tmp_path / "secret")
    ended = credit_risk("explain", "--key", key, "--log", tmp_path / "log", "--package", CORPUS / "scorecard", *secret)
    assert (ended.status, ended.err) == (0, "")
    assert "no notice: the plan declares no reason codes" in ended.out
    assert "checked: the journal (1 lines" in ended.out
