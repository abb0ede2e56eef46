"""A live split from the plan to the arms compared by way of the prediction log alone.

The log holds pseudonyms, so that the arm is assigned and written where applicants are scored.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from credit_risk.package import read_package
from credit_risk.serving.log import verify_log
from tests.credit_risk.cli.command import REPOSITORY, credit_risk, done, portfolio
from validation.cli import main

SALT, SHARE = "spring", 0.4
PLAN = (
    "model: {id: m}\n"
    "data: {source: table.csv}\n"
    "outcome: {column: BAD, bad: 1}\n"
    "models: [{id: scorecard, type: scorecard, champion: true}, {id: trees, type: monotone_boosting, trees: 10}]\n"
    "monitoring:\n"
    "  window_months: 6\n"
    "  min_bads: 30\n"
    f"  challengers: {{shadow: [trees], share: {SHARE}, salt: {SALT}, arm: group}}\n"
)
MONTHS = ("2026-01", "2026-02", "2026-03")
ROWS = 500


def arm_of(key: str) -> str:
    """The arm of an applicant by the bytes that the documentation names, and by nothing of ours."""
    number = int.from_bytes(hashlib.sha256(f"{SALT}\0{key}".encode()).digest()[:8], "big")
    return "trees" if number < int(2**64 * SHARE) else "champion"


@dataclass(frozen=True)
class World:
    """A package, what was scored in three months with and without arms, and outcomes by plain keys."""

    folder: Path
    package: Path
    table: pd.DataFrame

    @property
    def secret(self) -> tuple[object, ...]:
        return ("--secret-file", self.folder / "secret")

    def scored(self, month: str, log: str, out: str, *more: object) -> tuple[int, str]:
        """Status and message of scoring a month into a log."""
        given = ("--input", self.folder / f"{month}.parquet", "--out", self.folder / out, "--key", "key")
        ended = credit_risk(
            "score", self.package, *given, "--log", self.folder / log, "--log-inputs", *self.secret, *more
        )
        return ended.status, ended.err

    def monitored(self, log: str, run: str) -> None:
        late = ("--outcomes", self.folder / "outcomes.parquet", *self.secret)
        out = ("--out", self.folder / run, "--no-documents", "--quiet")
        ended = credit_risk("monitor", self.package, "--log", self.folder / log, *late, *out)
        assert ended.status == 0, ended.err

    def evidence(self, run: str, name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            (self.folder / run / "evidence" / f"monitoring.{name}.json").read_text("utf-8")
        )
        return found

    def rows(self, run: str, name: str) -> pd.DataFrame:
        item: dict[str, list] = self.evidence(run, name)  # type: ignore[assignment,type-arg]
        return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]]).set_index("arm")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("split")
    package = done(folder, PLAN, portfolio(1500), "--no-validation", "--no-documents")
    parts = [
        portfolio(ROWS, seed=40 + place).assign(key=[f"{month}-{row:04d}" for row in range(ROWS)], month=month)
        for place, month in enumerate(MONTHS)
    ]
    table = pd.concat(parts, ignore_index=True)
    table["arm"] = [arm_of(key) for key in table["key"]]
    (folder / "secret").write_bytes(b"a secret of some length\n")
    made = World(folder, package, table)
    with pytest.MonkeyPatch.context() as patch:
        for month, method in zip(MONTHS, ("arrow", "arrow", "sql"), strict=True):
            rows = table[table["month"] == month]
            rows.drop(columns=["BAD", "month", "arm"]).to_parquet(folder / f"{month}.parquet", index=False)
            patch.setenv("SOURCE_DATE_EPOCH", str(int(pd.Timestamp(f"{month}-28", tz="UTC").timestamp())))
            assert made.scored(month, "log", f"out {month}", "--arms", "--method", method)[0] == 0
            status, err = made.scored(month, "bare", f"bare {month}", "--method", method)
            assert status == 0, err
    bad = pd.Series(pd.Timestamp("2026-05-15"), index=table.index).where(table["BAD"] == 1)
    outcomes = pd.DataFrame({"key": table["key"], "bad_date": bad, "observed_until": pd.Timestamp("2026-10-31")})
    outcomes.to_parquet(folder / "outcomes.parquet", index=False)
    made.monitored("log", "run")
    return made


def test_scoring_writes_the_arm_of_the_hash_beside_the_results(world: World) -> None:
    log = world.folder / "log"
    assert verify_log(log).faults == ()
    schema = json.loads((REPOSITORY / "scorecards" / "format" / "prediction_log.schema.json").read_text("utf-8"))
    manifests = [json.loads(path.read_text("utf-8")) for path in log.glob("day=*/batch=*/manifest.json")]
    assert len(manifests) == len(MONTHS)
    for manifest in manifests:
        Draft202012Validator(schema).validate(manifest)
        assert manifest["outputs"][-1] == {"name": "arm", "type": "string"}
    for month in MONTHS:
        found = pd.read_parquet(world.folder / f"out {month}" / "predictions")
        truth = world.table[world.table["month"] == month]
        assert found["_key"].tolist() == truth["key"].tolist()
        assert found["arm"].tolist() == truth["arm"].tolist()
    part = next(log.glob("day=*/batch=*/predictions/part-*.parquet"))
    rows = pd.read_parquet(part)
    rows.loc[7, "arm"] = "trees" if rows.loc[7, "arm"] == "champion" else "champion"
    kept = part.read_bytes()
    rows.to_parquet(part, index=False)
    assert [fault.code for fault in verify_log(log).faults if fault.code == "rows_edited"]  # the digest binds the arm
    part.write_bytes(kept)


def test_the_arms_are_compared_from_the_log_alone(world: World) -> None:
    split, arms = world.rows("run", "split"), world.rows("run", "arms")
    counts = world.table["arm"].value_counts()
    assert split["rows"].to_dict() == counts.to_dict()
    assert split["logged_rows"].to_dict() == counts.to_dict()
    assert set(split["verdict"]) == {"as declared"}
    assert split["differing"].isna().all()  # what the log cannot tell is not told
    by = world.table.groupby("arm")["BAD"]
    for arm in ("champion", "trees"):
        assert (arms.loc[arm, "rows"], arms.loc[arm, "bad"]) == (by.size()[arm], by.sum()[arm])
        assert arms.loc[arm, "bad_rate"] == pytest.approx(by.mean()[arm], abs=1e-12)  # all are looked at long enough
    gap = by.mean()["trees"] - by.mean()["champion"]
    assert arms.loc["trees", "difference"] == pytest.approx(gap, abs=1e-12)
    assert arms.loc["trees", "difference_lower"] < gap < arms.loc["trees", "difference_upper"]
    notes = str(world.evidence("run", "split")["notes"])
    assert "arms are those that were logged" in notes
    replayed = world.evidence("run", "replay")
    place = [column["name"] for column in replayed["columns"]].index("differences")  # type: ignore[attr-defined,union-attr]
    assert {row[place] for row in replayed["rows"]} == {0}  # type: ignore[attr-defined,union-attr]


def test_the_validator_finds_the_same(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["monitoring", world.package, "--run", world.folder / "run", "--log", world.folder / "log", "--all"]
    asked += ["--outcomes", world.folder / "outcomes.parquet", *world.secret, "--out", tmp_path / "v"]
    status = main([str(one) for one in asked])
    told = capsys.readouterr().out
    assert status == 0, told
    for name in ("split: rows", "split: p_value", "arms: bad_rate", "arms: difference"):
        assert f"monitoring.{name}: pass" in told, told


def test_an_explained_decision_tells_its_arm(world: World) -> None:
    key = world.table["key"].iloc[3]
    log = ("--log", world.folder / "log", "--package", world.package, *world.secret)
    ended = credit_risk("explain", "--key", key, *log, "--json")
    assert ended.status == 0, ended.err
    (decision,) = json.loads(ended.out)["decisions"]
    assert (decision["reproduced"], decision["logged"]["arm"]) == (True, arm_of(key))


def test_a_log_without_arms_says_what_to_do(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world.monitored("bare", "bare run")
    for name in ("split", "arms"):
        told = world.evidence("bare run", name)
        assert told["kind"] == "not_applicable"
        assert "production does not hold the column 'group'; score with --arms" in str(told)
    assert "score with --arms" in str(world.evidence("bare run", "faults")["rows"])
    metrics = world.evidence("bare run", "metrics")
    names = [column["name"] for column in metrics["columns"]]  # type: ignore[attr-defined]
    broken = [row for row in metrics["rows"] if row[names.index("metric")] == "bad_partitions"]  # type: ignore[attr-defined]
    assert {row[names.index("value")] for row in broken} <= {0}  # no row was left out
    asked = ["monitoring", world.package, "--run", world.folder / "bare run", "--log", world.folder / "bare"]
    asked += ["--outcomes", world.folder / "outcomes.parquet", *world.secret, "--out", tmp_path / "v"]
    assert main([str(one) for one in asked]) == 0, capsys.readouterr().out


def test_arms_are_not_added_to_rows_that_a_log_has(world: World) -> None:
    status, err = world.scored(MONTHS[0], "bare", "again", "--arms")
    assert status == 2
    assert "the log has the rows of this input already, without the arms of the split" in err
    status, err = world.scored(MONTHS[0], "log", "again")
    assert status == 2
    assert "already, with the arms of the split" in err
    assert not list(world.folder.glob("again*"))


def test_a_plan_without_a_split_assigns_nobody(tmp_path: Path) -> None:
    corpus = REPOSITORY / "scorecards" / "format" / "corpus" / "valid" / "scorecard"
    read_package(corpus)
    pd.DataFrame({"key": ["a"]}).to_parquet(tmp_path / "rows.parquet")
    ended = credit_risk("score", corpus, "--input", tmp_path / "rows.parquet", "--out", tmp_path / "out", "--arms")
    assert ended.status == 2
    assert "the plan declares no live split" in ended.err
    assert not (tmp_path / "out").exists()
