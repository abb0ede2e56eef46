"""A past decision made again by the package of that day, and each reason for which it cannot be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk._core.errors import ScoringError
from credit_risk.monitoring.replay import replay
from credit_risk.monitoring.shelf import open_shelf
from credit_risk.monitoring.time_travel import Decision, past_decisions
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from credit_risk.serving.log import Secret, erase_key
from tests.credit_risk.serving.cases import CORPUS, KEY, SECRET, rows, run

OTHER = Secret(b"another secret of the tests")
WHO = "A-17"


def at(day: int) -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, day, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, pd.DataFrame]]:
    """One applicant scored on three days, by two packages; on the fourth without inputs. The rows by day."""
    folder = tmp_path_factory.mktemp("past")
    tables: dict[str, pd.DataFrame] = {}
    for day, name, more in (
        (5, "scorecard", {}),
        (3, "boosting", {}),
        (4, "scorecard", {}),
        (6, "scorecard", {"log_inputs": False}),
    ):
        frame = rows(name, 50, seed=day)
        frame.loc[7, KEY] = WHO
        frame.to_parquet(folder / f"{day}.parquet")
        run(folder, folder / f"{day}.parquet", name, out=folder / f"out{day}", clock=at(day), **more)
        tables[f"2026-11-0{day}T08:30:00Z"] = frame
    return folder / "log", tables


@pytest.fixture
def log(made: tuple[Path, Any], tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(made[0], tmp_path / "log")


def told(log: Path, *, key: str = WHO, secrets: tuple[Secret, ...] = (SECRET,), shelf: Path = CORPUS) -> Any:
    return past_decisions(log, key, secrets, open_shelf(shelf))


def test_decisions_by_time_each_by_the_package_of_its_day(made: tuple[Path, dict[str, pd.DataFrame]]) -> None:
    log, tables = made
    decisions: tuple[Decision, ...] = told(log).decisions
    assert [one.at for one in decisions] == sorted(tables)
    for one in decisions[:3]:
        package = read_package(CORPUS / ("boosting" if one.at.startswith("2026-11-03") else "scorecard"))
        assert one.package_hash == package.package_hash
        assert (one.reproduced, one.differences, one.why_not) == (True, (), None)
        assert one.row == 8
        scored = compile_model(package.model).score(tables[one.at].iloc[[7]])
        for name, value in one.logged.items():
            wanted = scored[name].iloc[0]
            assert value == wanted if isinstance(value, str) else value is None or float(value).hex() == wanted.hex()
        again = one.again
        assert again is not None
        assert {name: again[name] for name in one.logged} == dict(one.logged)
    last = decisions[3]
    assert (last.reproduced, last.again) == (False, None)
    assert "were not logged" in str(last.why_not)
    assert last.logged["score"] is not None


def test_bins_points_and_reasons(made: tuple[Path, dict[str, pd.DataFrame]]) -> None:
    """Bins by hand from the bounds of model.json; points add up to the score over the base points."""
    one = told(made[0]).decisions[1]
    package = read_package(CORPUS / "scorecard")
    steps = {step["input"]: step for step in package.model["steps"] if step["type"] == "classing"}
    scale = next(step for step in package.model["steps"] if step["type"] == "scale")
    assert [c.name for c in one.characteristics] == list(steps)
    for c in one.characteristics:
        entry = next(bin for bin in steps[c.name]["bins"] if bin["id"] == c.bin)
        assert (c.woe, c.label, c.value) == (entry["woe"], entry["label"], one.inputs[c.name])
        if entry["kind"] == "interval":
            low, high = entry["lower"], entry["upper"]
            assert low is None or c.value >= low
            assert high is None or c.value < high
        elif entry["kind"] == "categories":
            assert c.value in entry["values"]
    assert scale["base_points"] + sum(c.points for c in one.characteristics) == one.logged["score"]
    codes = [one.logged[name] for name in ("reason_1", "reason_2") if one.logged[name] is not None]
    assert [code for code, _ in one.reasons] == codes


def test_a_changed_row_and_changed_inputs_are_told(log: Path) -> None:
    for path in sorted(log.glob("day=2026-11-04/batch=*/predictions/part-00000.parquet")):
        table = pq.ParquetFile(path).read()
        values = table["score"].to_pylist()
        values[7] = float(np.nextafter(values[7], np.inf))
        place = table.column_names.index("score")
        pq.write_table(table.set_column(place, "score", pa.array(values)), path)
    for path in sorted(log.glob("day=2026-11-05/batch=*/inputs/part-00000.parquet")):
        table = pq.ParquetFile(path).read()
        values = ["castle"] * table.num_rows
        place = table.column_names.index("input:housing")
        pq.write_table(table.set_column(place, "input:housing", pa.array(values)), path)
    row, inputs = told(log).decisions[1:3]
    assert (row.differences, row.row_holds, row.inputs_hold, row.reproduced) == (("score",), False, True, False)
    assert (inputs.row_holds, inputs.inputs_hold, inputs.reproduced) == (True, False, False)


def test_a_package_that_is_not_at_hand(made: tuple[Path, Any]) -> None:
    decisions = told(made[0], shelf=CORPUS / "scorecard").decisions
    assert [one.reproduced for one in decisions] == [False, True, True, False]
    assert "is not at hand" in str(decisions[0].why_not)
    assert decisions[0].inputs is not None


def test_wrong_secret_unknown_key_and_erased_rows(log: Path) -> None:
    with pytest.raises(ScoringError, match="no batch of the log has pseudonyms of this secret") as wrong:
        told(log, secrets=(OTHER,))
    assert SECRET.id in str(wrong.value)
    with pytest.raises(ScoringError, match="the key has no row") as unknown:
        told(log, key="A-18")
    assert "no row of which is erased" in str(unknown.value)
    erase_key(log, WHO, [SECRET], inputs_only=True)
    assert [one.why_not for one in told(log).decisions][:3] == ["the inputs of this row were erased"] * 3
    erase_key(log, WHO, [SECRET])
    with pytest.raises(ScoringError, match="the key has no row") as gone:
        told(log)
    assert "4 rows of the batches looked through are erased" in str(gone.value)


def test_batches_of_another_secret_are_told(log: Path, tmp_path: Path) -> None:
    rows("scorecard", 30, seed=9).to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", secret=OTHER, out=tmp_path / "out")
    past = told(log)
    assert len(past.decisions) == 4
    assert any(OTHER.id in note for note in past.notes)
    assert told(log, secrets=(SECRET, OTHER)).notes == ()


def test_a_part_that_cannot_be_read_is_told(log: Path) -> None:
    path = next(iter(log.glob("day=2026-11-04/batch=*/predictions/part-00000.parquet")))
    path.write_bytes(path.read_bytes()[:100])
    past = told(log)
    assert len(past.decisions) == 3
    assert any("was left out" in note for note in past.notes)


def span(path: Path) -> tuple[str, str]:
    """Least and greatest pseudonym of a part."""
    values = pq.ParquetFile(path).read(columns=["pseudonym"])["pseudonym"].to_pylist()
    return min(values), max(values)


def test_what_was_checked_is_told(log: Path) -> None:
    past = told(log)
    assert past.notes == ()
    found, checked, left = past.checked
    parts = sorted(log.glob("day=*/batch=*/predictions/part-*.parquet"))
    held = [pq.ParquetFile(path).metadata.num_rows for path in parts if path.name == "part-00000.parquet"]
    left_out = sum(not (low <= SECRET.pseudonym(WHO).hex() <= high) for low, high in map(span, parts))
    others = f", {left_out} left out by their least and greatest pseudonym" if left_out else ""
    whole = f"looked for in {len(parts)} parts of 4 batches: one column of {len(parts) - left_out} row groups read"
    assert found == whole + others
    assert "the journal (4 lines" in checked
    assert f"4 parts that hold one ({sum(held)} rows)" in checked
    assert left.startswith(f"not checked: {len(parts) - 4} parts")
    rows("scorecard", 30, seed=9).to_parquet(log.parent / "t.parquet")
    run(log.parent, log.parent / "t.parquet", out=log.parent / "out")
    again = told(log)
    assert again.decisions == past.decisions
    assert again.checked[1] == checked.replace("(4 lines", "(5 lines")
    more = len(list(log.glob("day=*/batch=*/predictions/part-*.parquet")))
    assert more > len(parts)
    assert again.checked[2].startswith(f"not checked: {more - 4} parts")


def test_a_part_that_was_edited_in_another_row_is_told(log: Path) -> None:
    """The decision holds; the part in which it stands does not."""
    (path,) = log.glob("day=2026-11-04/batch=*/predictions/part-00000.parquet")
    table = pq.ParquetFile(path).read()
    pq.write_table(table.slice(0, table.num_rows - 1), path)
    past = told(log)
    edited = past.decisions[1]
    assert (edited.reproduced, past.hold) == (True, False)
    assert any(f"{table.num_rows:,} were written" in fault for fault in edited.part_faults)
    assert any("rows are not those that were written" in fault for fault in edited.part_faults)
    assert [one.part_faults for one in past.decisions if one is not edited] == [(), (), ()]


def test_an_edited_manifest_and_an_edited_journal_are_told(log: Path) -> None:
    (path,) = log.glob("day=2026-11-04/batch=*/manifest.json")
    path.write_bytes(path.read_bytes().replace(b"credit-risk-prediction-batch", b"credit-risk-prediction-batch "))
    first, second = told(log).decisions[:2]
    assert first.part_faults == ()
    assert "is not the manifest of the journal" in second.part_faults[0]
    journal = (log / "journal.jsonl").read_text("utf-8").splitlines(keepends=True)
    (log / "journal.jsonl").write_text("".join(journal[1:]), "utf-8")
    assert all("does not follow from the line before" in one.part_faults[0] for one in told(log).decisions)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.unlink(), "it has no manifest"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "its manifest: "),
        (lambda path: path.write_text("[]\n"), "its manifest lacks everything"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"key_id", b"key_of")), "lacks constants.key_id"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'"part"', b'"number"')), "lacks parts.part"),
    ],
)
def test_a_batch_without_a_manifest_stops_neither_search_nor_replay(
    log: Path, change: Callable[[Path], Any], why: str
) -> None:
    (path,) = log.glob("day=2026-11-04/batch=*/manifest.json")
    change(path)
    past = told(log)
    assert [one.at[:10] for one in past.decisions] == ["2026-11-03", "2026-11-05", "2026-11-06"]
    assert any("day=2026-11-04" in note and why in note for note in past.notes)
    again = replay(log, open_shelf(CORPUS))
    (left,) = again.left_out[again.left_out["batch"].str.contains("2026-11-04")].itertuples()
    assert (left.period, why in left.reason) == ("2026-11", True)
    assert again.differences == 0
    assert again.counts["rows"].max() == 100 - 50
