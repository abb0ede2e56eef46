"""The prediction log: what it holds, what its verification finds, what an erasure leaves."""

from __future__ import annotations

import builtins
import hashlib
import hmac
import io
import json
import shutil
import struct
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from credit_risk._core.errors import ScoringError
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from credit_risk.serving.log import Secret, erase_before, erase_key, verify, verify_log
from tests.credit_risk.serving.cases import CORPUS, KEY, SECRET, expected, rows, run, same_bits, tree

SCHEMA = Path(__file__).resolve().parents[3] / "scorecards" / "format" / "prediction_log.schema.json"
OTHER = Secret(b"another secret of the tests")


def at(day: int) -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, day, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two batches of two days, in parts of 40 rows, with inputs."""
    folder = tmp_path_factory.mktemp("log")
    frame = rows("every_step", 170)
    for day, part in ((3, frame[:90]), (4, frame[90:])):
        part.to_parquet(folder / f"{day}.parquet")
        run(folder, folder / f"{day}.parquet", "every_step", out=folder / f"out{day}", clock=at(day))
    return folder


@pytest.fixture
def log(made: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(made / "log", tmp_path / "log")


def parts(log: Path, kind: str = "predictions") -> list[Path]:
    return sorted(log.glob(f"day=*/batch=*/{kind}/*.parquet"))


def table(log: Path, kind: str = "predictions") -> pd.DataFrame:
    return pd.concat([pq.ParquetFile(one).read().to_pandas() for one in parts(log, kind)], ignore_index=True)


def test_the_log_holds_what_was_decided_and_no_key(made: Path) -> None:
    frame = rows("every_step", 170)
    found = table(made / "log")
    package = read_package(CORPUS / "every_step")
    wanted = expected(package, frame)
    same_bits(found[list(wanted.columns)], wanted)
    people = [hmac.new(SECRET.value, key.encode(), "sha256").hexdigest() for key in frame[KEY]]
    assert found["pseudonym"].tolist() == people
    assert set(found["package_hash"]) == {package.package_hash}
    assert set(found["model_version"]) == {package.manifest["model"]["version"]}
    assert sorted(found["timestamp"].astype(str).unique()) == ["2026-11-03 08:30:00+00:00", "2026-11-04 08:30:00+00:00"]
    assert set(found["key_id"]) == {SECRET.id}
    assert set(found["engine"].str.split(" ").str[0]) == {"duckdb"}
    everything = b"".join(tree(made / "log").values())
    assert SECRET.value not in everything
    assert not [key for key in frame[KEY] if key.encode() in everything]


def test_logged_inputs_score_again_to_the_last_bit(made: Path) -> None:
    package = read_package(CORPUS / "every_step")
    inputs = table(made / "log", "inputs")
    frame = inputs.rename(columns=lambda name: name.removeprefix("input:"))
    again = expected(package, frame[compile_model(package.model).input_names])
    same_bits(table(made / "log")[list(again.columns)], again)


def test_manifests_and_journal_are_valid_under_the_schema(made: Path) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    checker = Draft202012Validator(schema)
    documents = [
        json.loads(p.read_bytes()) for p in [made / "log" / "log.json", *made.glob("log/day=*/batch=*/*.json")]
    ]
    lines = [json.loads(line) for line in (made / "log" / "journal.jsonl").read_text("utf-8").splitlines()]
    assert len(documents) == 3
    assert len(lines) == 2
    assert [error.message for one in [*documents, *lines] for error in checker.iter_errors(one)] == []
    assert not checker.is_valid({**documents[1], "rows": "many"})


@pytest.mark.parametrize("size", [16, 64, 65, 200])
def test_pseudonyms_of_many_keys_are_those_of_hmac(size: int) -> None:
    secret = Secret(bytes(range(256))[:size])
    keys = ["", "4711", "Ärger", "x" * 300]
    wanted = [hmac.new(secret.value, key.encode("utf-8"), "sha256").digest() for key in keys]
    assert secret.pseudonyms(keys) == b"".join(wanted)
    assert [secret.pseudonym(key) for key in keys] == wanted


def number(value: float | None) -> bytes:
    return bytes.fromhex("7ff8000000000000") if value is None or value != value else struct.pack(">d", value)


def text(value: str | None) -> bytes:
    return bytes(32) if value is None or value != value else hashlib.sha256(value.encode("utf-8")).digest()


def coded(value: Any, kind: str) -> bytes:
    return number(value) if kind == "number" else text(value)


def test_digests_follow_from_the_written_format_alone(made: Path) -> None:
    """Each digest made again with struct and hashlib, row by row, as PREDICTION_LOG.md says."""
    previous = "0" * 64
    for line in (made / "log" / "journal.jsonl").read_bytes().splitlines():
        event = json.loads(line)
        assert event["previous"] == previous
        previous = hashlib.sha256(line).hexdigest()
        folder = made / "log" / f"day={event['day']}" / f"batch={event['batch']}"
        data = (folder / "manifest.json").read_bytes()
        assert hashlib.sha256(data).hexdigest() == event["manifest"]
        manifest = json.loads(data)
        head = json.dumps(manifest["constants"], indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for part in manifest["parts"]:
            name = f"part-{part['part']:05d}.parquet"
            scored = pq.ParquetFile(folder / "predictions" / name).read().to_pylist()
            inputs = pq.ParquetFile(folder / "inputs" / name).read().to_pylist()
            digest = hashlib.sha256(b"\x04" + hashlib.sha256(head.encode()).digest())
            for row, given in zip(scored, inputs, strict=True):
                fields = b"".join(coded(given[f"input:{i['name']}"], i["type"]) for i in manifest["inputs"])
                assert hashlib.sha256(b"\x01" + fields).hexdigest() == row["inputs_hash"]
                personal = (bytes.fromhex(row[one]) for one in ("salt", "pseudonym", "inputs_hash"))
                bound = hashlib.sha256(b"\x02" + b"".join(personal)).digest()
                results = b"".join(coded(row[o["name"]], o["type"]) for o in manifest["outputs"])
                leaf = hashlib.sha256(b"\x03" + bound + struct.pack(">q", row["row"]) + results)
                assert leaf.hexdigest()[:8] == row["check"]
                digest.update(leaf.digest())
            assert digest.hexdigest() == part["digest"]


def test_verification_reads_each_file_a_bounded_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are opened, counted: as many for each batch of seven as for each of three."""
    opened: Counter[str] = Counter()
    whole, tables = io.open, verify.read_table

    def counting(file: Any, *arguments: Any, **options: Any) -> Any:
        opened[str(file)] += 1
        return whole(file, *arguments, **options)

    def table_read(path: Path, shown: str) -> pa.Table:
        opened[str(path)] += 1
        return tables(path, shown)

    seen = []
    frame = rows("scorecard", 70)
    for place in range(7):
        frame[10 * place : 10 * place + 10].to_parquet(tmp_path / f"{place}.parquet", index=False)
        run(tmp_path, tmp_path / f"{place}.parquet", out=tmp_path / f"out{place}", part_rows=5)
        if place not in (2, 6):
            continue
        opened.clear()
        with monkeypatch.context() as patch:
            patch.setattr(io, "open", counting)
            patch.setattr(builtins, "open", counting)
            patch.setattr(verify, "read_table", table_read)
            found = verify_log(tmp_path / "log")
        assert (found.faults, found.batches) == ((), place + 1)
        manifests = {path: count for path, count in opened.items() if path.endswith("manifest.json")}
        assert len(manifests) == place + 1
        assert set(manifests.values()) == {2}  # its hash, and what it says
        read = {path: count for path, count in opened.items() if path.endswith(".parquet")}
        assert (len(read), set(read.values())) == (4 * (place + 1), {1})
        seen.append((place + 1, sum(opened.values())))
    (few, less), (many, more) = seen
    assert (more - less) == 6 * (many - few)  # two readings of a manifest, two parts of predictions and of inputs


def test_a_sound_log_verifies(made: Path) -> None:
    found = verify_log(made / "log")
    assert (found.batches, found.rows, found.erased, found.faults) == (2, len(table(made / "log")), 0, ())
    first = json.loads((made / "log" / "journal.jsonl").read_text().splitlines()[1])["previous"]
    assert verify_log(made / "log", found.head).faults == ()
    assert verify_log(made / "log", first).faults == ()


def edit(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change the rows of a part and write them with the types that they had."""
    before = pq.ParquetFile(path).read()
    frame = change(before.to_pandas()).reset_index(drop=True)
    pq.write_table(pa.Table.from_pandas(frame, before.schema, preserve_index=False), path)


def put(row: int, column: str, value: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return frame

    return change


def nudge(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[7, "probability"] = np.nextafter(frame.loc[7, "probability"], 1)
    return frame


def swap(frame: pd.DataFrame) -> pd.DataFrame:
    order = list(range(len(frame)))
    order[3], order[9] = 9, 3
    return frame.iloc[order]


def swap_under_their_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return swap(frame).assign(row=frame["row"].to_numpy())


def untold_erasure(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[2, ["pseudonym", "inputs_hash", "salt"]] = None
    frame["commitment"] = frame["commitment"].astype(object)
    frame.loc[2, "commitment"] = "ab" * 32
    return frame


ROWS_CHANGED: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str, str]] = {
    "edited by one bit": (nudge, "rows_edited", "rows 8"),
    "another grade": (put(7, "grade", "Z"), "rows_edited", "rows 8"),
    "another person": (put(7, "pseudonym", "ab" * 32), "rows_edited", "rows 8"),
    "deleted": (lambda frame: frame.drop(index=4), "row_gone", "5"),
    "added": (lambda frame: pd.concat([frame, frame.tail(1)]), "row_count", "41 rows"),
    "swapped": (swap, "row_order", "rows"),
    "swapped under their numbers": (swap_under_their_numbers, "rows_edited", "rows 4, 10"),
    "another version": (put(7, "model_version", "9"), "constant", "9"),
    "personal fields taken out": (untold_erasure, "erasure_untold", "tells of 0"),
    "torn": (put(7, "salt", None), "row_torn", "rows 8"),
    "no digest": (put(7, "salt", "zz" * 16), "form", "hexadecimal"),
    "a column less": (lambda frame: frame.drop(columns="check"), "columns", "check"),
}


@pytest.mark.parametrize("what", ROWS_CHANGED)
def test_rows_that_were_changed_are_found(what: str, log: Path) -> None:
    change, code, words = ROWS_CHANGED[what]
    path = parts(log)[0]
    before = pq.ParquetFile(path).read()
    frame = change(before.to_pandas()).reset_index(drop=True)
    schema = pa.schema([before.schema.field(name) for name in frame.columns])
    pq.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False), path)
    faults = verify_log(log).faults
    told = [fault for fault in faults if fault.code == code]
    assert told, faults
    assert words in str(told[0])
    assert path.name in str(told[0])


def test_inputs_that_were_changed_or_taken_out_are_found(log: Path) -> None:
    first, second, third, *_ = parts(log, "inputs")
    name = "input:" + read_package(CORPUS / "every_step").model["inputs"][0]["name"]
    edit(first, put(5, name, 123456.0))
    edit(second, lambda frame: frame.drop(index=0))
    edit(third, lambda frame: frame.assign(row=[*frame["row"][:-1], 10_000]))
    assert {fault.code for fault in verify_log(log).faults} == {"inputs_edited", "inputs_gone", "inputs_left"}


def test_what_is_beside_the_rows_is_found(log: Path) -> None:
    manifest, other = sorted(log.glob("day=*/batch=*/manifest.json"))
    manifest.write_bytes(manifest.read_bytes().replace(b'"refused": 0', b'"refused": 1'))
    parts(log)[-1].unlink()
    (log / "day=2026-11-04" / "more.parquet").write_bytes(b"x")
    (other.parent / "predictions" / "part-00077.parquet").write_bytes(b"x")
    codes = [fault.code for fault in verify_log(log).faults]
    assert sorted(codes) == ["file_unknown", "file_unknown", "manifest_edited", "part_gone"]
    shutil.rmtree(other.parent)
    assert "batch_gone" in [fault.code for fault in verify_log(log).faults]


def test_a_damaged_part_is_told_and_the_others_are_checked(log: Path) -> None:
    first, second, *_ = parts(log)
    first.write_bytes(first.read_bytes()[:500])
    edit(second, nudge)
    assert {fault.code for fault in verify_log(log).faults} == {"log_damaged", "rows_edited"}


def test_a_journal_that_was_edited_is_found(log: Path) -> None:
    path = log / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    head = verify_log(log).head
    path.write_bytes(lines[0].replace(b"2026-11-03T", b"2026-11-02T") + lines[1])
    assert "journal" in [fault.code for fault in verify_log(log).faults]
    path.write_bytes(lines[1])
    assert "journal" in [fault.code for fault in verify_log(log).faults]
    path.write_bytes(lines[0])  # cut off with its batch: only what was kept elsewhere can tell
    shutil.rmtree(log / "day=2026-11-04")
    assert verify_log(log).faults == ()
    assert [fault.code for fault in verify_log(log, head).faults] == ["anchor"]
    path.write_bytes(b"".join(lines)[:-20])
    assert "journal" in [fault.code for fault in verify_log(log).faults]


def test_erasure_by_key_takes_the_person_out_and_the_log_verifies(log: Path) -> None:
    key = rows("every_step", 170)[KEY][100]
    before, inputs = table(log), table(log, "inputs")
    mine = before["pseudonym"] == SECRET.pseudonym(key).hex()
    done = erase_key(log, key, [SECRET], clock=at(9))
    assert (done.rows, int(mine.sum())) == (1, 1)
    after = table(log)
    gone = before[mine].iloc[0]
    everything = b"".join(tree(log).values())
    assert gone["pseudonym"].encode() not in everything
    assert gone["salt"].encode() not in everything
    for name in ("pseudonym", "inputs_hash", "salt"):
        assert after.loc[mine, name].isna().all()
    assert len(table(log, "inputs")) == len(inputs) - 1
    results = [name for name in before if name not in ("pseudonym", "inputs_hash", "salt", "commitment")]
    pd.testing.assert_frame_equal(after[results], before[results])
    pd.testing.assert_frame_equal(after[~mine], before[~mine])
    found = verify_log(log)
    assert (found.faults, found.erased, found.head) == ((), 1, done.head)
    event = json.loads((log / "journal.jsonl").read_text("utf-8").splitlines()[-1])
    assert (event["event"], event["by"], event["at"]) == ("erased", "key", "2026-11-09T08:30:00Z")
    assert Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).is_valid(event)
    with pytest.raises(ScoringError, match="nothing to erase"):
        erase_key(log, key, [SECRET])


def test_an_erased_row_is_still_bound(log: Path) -> None:
    erase_before(log, date(2026, 11, 4))
    assert verify_log(log).faults == ()
    edit(parts(log)[0], nudge)
    assert [fault.code for fault in verify_log(log).faults] == ["rows_edited"]


def test_erasure_by_age_takes_days_before(log: Path) -> None:
    done = erase_before(log, date(2026, 11, 4), clock=at(9))
    found = table(log)
    old = found["timestamp"].dt.day == 3
    assert done.rows == old.sum() > 0
    assert found.loc[old, "pseudonym"].isna().all()
    assert found.loc[~old, "pseudonym"].notna().all()
    assert verify_log(log).erased == done.rows


def test_inputs_may_go_alone_and_the_rest_later(log: Path) -> None:
    done = erase_before(log, date(2026, 11, 4), inputs_only=True)
    assert (done.rows, done.inputs) == (0, (table(log)["timestamp"].dt.day == 3).sum())
    assert table(log)["pseudonym"].notna().all()
    assert verify_log(log).faults == ()
    erase_before(log, date(2026, 11, 5))
    assert verify_log(log).faults == ()
    assert table(log)["pseudonym"].isna().all()
    assert len(table(log, "inputs")) == 0


def test_erasure_needs_every_secret_and_a_sound_log(log: Path, made: Path) -> None:
    run(log.parent, made / "4.parquet", "every_step", secret=OTHER, out=log.parent / "other", clock=at(5))
    key = rows("every_step", 170)[KEY][100]
    with pytest.raises(ScoringError, match=SECRET.id):
        erase_key(log, key, [OTHER])
    assert erase_key(log, key, [OTHER, SECRET]).rows == 2
    edit(parts(log)[0], nudge)
    with pytest.raises(ScoringError, match="not those that were written"):
        erase_before(log, date(2030, 1, 1))


def test_runs_with_a_fixed_clock_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = rows("scorecard", 100)
    frame.to_parquet(tmp_path / "t.parquet")
    run(tmp_path / "random", tmp_path / "t.parquet")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    for name in ("a", "b"):
        run(tmp_path / name, tmp_path / "t.parquet")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    salts = {name: table(tmp_path / name / "log")["salt"].tolist() for name in ("a", "random")}
    assert not set(salts["a"]) & set(salts["random"])
    assert len(set(salts["a"])) == len(frame)
    manifest = next((tmp_path / "a" / "log").glob("day=2026-09-21/batch=*/manifest.json"))
    assert json.loads(manifest.read_bytes())["salts"] == "derived"
