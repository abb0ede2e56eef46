"""Prediction logs as `credit-risk score --log --log-inputs` writes them, and outcomes beside them."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from credit_risk.monitoring.reference import read_reference
from credit_risk.monitoring.source import OutcomesTable, open_production, prediction_log
from credit_risk.scoring import compile_model
from credit_risk.serving.log import erase_key
from tests.credit_risk.monitoring.source.cases import TIME, brute, clock, package, same_counts
from tests.credit_risk.serving.cases import KEY, SECRET, rows, run

NAME = "every_step"
DAYS = ((2026, 1, 30), (2026, 2, 2), (2026, 1, 31))
"""The third batch was scored by a machine whose clock had gone back."""

BAD = {0: date(2026, 3, 1), 4: date(2026, 1, 3), 10: date(2026, 5, 5), 12: date(2026, 9, 9)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three batches, in parts of 40 rows; the inputs of the last one are not kept."""
    folder = tmp_path_factory.mktemp("log")
    frame = rows(NAME, 230)
    for k, day in enumerate(DAYS):
        part = frame[k * 75 : (k + 1) * 75]
        part.to_parquet(folder / f"{k}.parquet")
        moment = datetime(*day, 8, tzinfo=UTC)
        options = {"out": folder / f"out{k}", "log_inputs": k < 2}
        run(folder, folder / f"{k}.parquet", NAME, clock=lambda moment=moment: moment, **options)
    return folder


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """What was scored, with the moment of its batch."""
    frame = rows(NAME, 230)[:225].reset_index(drop=True)
    scored = compile_model(package(NAME).model).score(frame)
    frame = pd.concat([frame, scored], axis=1)
    frame[TIME] = [pd.Timestamp(datetime(*DAYS[k // 75], 8, tzinfo=UTC)) for k in range(len(frame))]
    return frame


def test_counts_of_a_log(made: Path, table: pd.DataFrame) -> None:
    model = package(NAME)
    reference = read_reference(model)
    mapping = prediction_log(model, {"grade": "grade", "purpose": "input:purpose"})
    with open_production(str(made / "log"), mapping, model, reference=reference, clock=clock) as source:
        codes = source.faults.groupby("code")[["rows", "left_out"]].sum()
        assert codes.loc["clock_backwards"].tolist() == [75, 0]
        assert codes.loc["inputs_absent"].tolist() == [75, 0]
        assert set(codes.index) == {"clock_backwards", "inputs_absent", "few_rows"}
        assert source.periods == ("2026-01", "2026-02")
        assert len(source.partitions) == 6
        found = source.counts(segments=["grade", "purpose"])
        month = source.rows("2026-02", ["_key", "_time", "grade", "input:balance", "linear_score"])
    results = [v.name for v in reference.variables if v.value.startswith("output:")]
    inputs = [v.name for v in reference.variables if v.name not in results]
    everyone = brute(reference, table, ("grade", "purpose"))
    kept = brute(reference, table[:150], ("grade", "purpose"))
    whole = everyone[~everyone["segment"].str.startswith("purpose") & everyone["variable"].isin(results)]
    by_purpose = kept[kept["segment"].str.startswith("purpose") & kept["variable"].isin(results)]
    same_counts(found, pd.concat([whole, by_purpose, kept[kept["variable"].isin(inputs)]]))
    assert month.num_rows == 75
    assert set(month["_key"].to_pylist()) == {SECRET.pseudonym(key).hex() for key in table[KEY][75:150]}
    assert sorted(month["linear_score"].to_pylist()) == sorted(table["linear_score"][75:150])


def test_erased_applicants_are_counted_without_their_inputs(made: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    log = shutil.copytree(made / "log", tmp_path / "log")
    for key in table[KEY][:3]:
        erase_key(log, key, [SECRET], clock=clock)
    model = package(NAME)
    with open_production(str(log), prediction_log(model), model, clock=clock) as source:
        assert source.faults.loc[source.faults["code"] == "erased", ["rows", "left_out"]].sum().tolist() == [3, 0]
        counts = source.counts().groupby("variable")["rows"].sum()
    assert counts["grade"] == len(table)
    within = brute(read_reference(model), table[3:150], ())
    assert counts["ratio"] == within.loc[within["variable"] == "ratio", "rows"].sum()


def test_a_log_with_damage_is_counted_where_it_holds(made: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    """Results half written, inputs damaged, a manifest that is no JSON, lines of the journal that are no events."""
    log = shutil.copytree(made / "log", tmp_path / "log")
    first, second, third = (next(log.glob(f"day={date(*day)}/batch=*")) for day in DAYS)
    for path, length in ((first / "predictions/part-00000.parquet", 2000), (second / "inputs/part-00001.parquet", 500)):
        path.write_bytes(path.read_bytes()[:length])
    (third / "manifest.json").write_text("{", "utf-8")
    with (log / "journal.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('no event\n[]\n{"event": "batch"}\n')
    model = package(NAME)
    reference = read_reference(model)
    with open_production(str(log), prediction_log(model), model, reference=reference, clock=clock) as source:
        damaged = source.faults[source.faults["code"] == "damaged"]
        counts = source.counts()
        assert source.periods == ("2026-01", "2026-02")
    names = [path.relative_to(log).as_posix() for path in (first, second, third)]
    assert sorted(damaged["partition"]) == sorted(
        [f"{names[0]}/part-00000.parquet", f"{names[1]}/part-00001.parquet", names[2], *["journal.jsonl"] * 3]
    )
    results = {v.name for v in reference.variables if v.value.startswith("output:")}
    lost = brute(reference, table[40:], ())
    same_counts(counts[counts["variable"].isin(results)], lost[lost["variable"].isin(results)])
    kept = brute(reference, table[40:115], ())
    same_counts(counts[~counts["variable"].isin(results)], kept[~kept["variable"].isin(results)])


def test_outcomes_beside_decisions(made: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    people = [SECRET.pseudonym(key).hex() for key in table[KEY][:10]]
    seen = date(2026, 6, 30)
    outcomes = pd.DataFrame(
        {
            "account": [*people, people[1], None, people[0], people[2], people[3]],
            "bad": [BAD.get(k) for k in range(15)],
            "seen": [seen] * 9 + [date(2025, 12, 31)] + [date(2026, 6, 1), seen, seen, date(2026, 7, 9), None],
        }
    )
    outcomes.to_parquet(tmp_path / "outcomes.parquet")
    model = package(NAME)
    with open_production(str(made / "log"), prediction_log(model), model, clock=clock) as source:
        faults = source.add_outcomes(str(tmp_path / "outcomes.parquet"), OutcomesTable("account", "bad", "seen"))
        found = source.rows("2026-01", ["_key", "score", "bad_date", "observed_until"]).to_pandas().set_index("_key")
        assert source.rows("2026-01", ["_key"]).num_rows == 150
    told = dict(zip(faults["code"], faults["left_out"], strict=True))
    assert told == {
        "key_missing": 1,
        "observed_missing": 1,
        "observed_in_future": 1,
        "bad_after_observed": 1,
        "earlier_rows": 1,
        "outcome_before_decision": 2,
    }
    assert len(found) == 150
    assert found["observed_until"].notna().sum() == 8
    assert found.loc[people[0], "bad_date"] == date(2026, 3, 1)
    assert pd.isna(found.loc[people[1], "bad_date"])
    assert found.loc[people[1], "observed_until"] == seen
    assert pd.isna(found.loc[people[4], "observed_until"])
    assert pd.isna(found.loc[people[9], "observed_until"])
