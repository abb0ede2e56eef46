"""Re-scoring of logged inputs: equal to the last bit for every kind of model; one changed bit is found and an alert."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk._core.errors import PackageError, ScoringError
from credit_risk.monitoring.alerts import evaluate, watches_of
from credit_risk.monitoring.replay import SHOWN, differing, replay
from credit_risk.monitoring.shelf import Shelf, open_shelf
from credit_risk.package import read_package, write_zip
from credit_risk.scoring import compile_model
from credit_risk.serving import Options, score_input
from credit_risk.serving.log import erase_key
from tests.contract.altered import altered
from tests.credit_risk.monitoring.alerts.values import monitoring
from tests.credit_risk.serving.cases import CORPUS, KEY, MODELS, SECRET, rows, run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 rows of a scorecard in parts of 40, with inputs."""
    folder = tmp_path_factory.mktemp("replay")
    rows("scorecard", 100).to_parquet(folder / "t.parquet")
    run(folder, folder / "t.parquet")
    return folder / "log"


@pytest.fixture
def log(made: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(made, tmp_path / "log")


def changed(log: Path, kind: str, name: str, change: Callable[[list[Any]], list[Any]]) -> dict[str, Any]:
    """Change a column of the first part; the first row as it stands then."""
    path = min(log.glob(f"day=*/batch=*/{kind}/*.parquet"))
    table = pq.ParquetFile(path).read()
    place = table.column_names.index(name)
    column = pa.array(change(table[name].to_pylist()), table[name].type)
    pq.write_table(table.set_column(place, name, column), path)
    return table.slice(0, 1).to_pylist()[0]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_gives_its_bits_again(tmp_path: Path, name: str) -> None:
    frame = rows(name, 130)
    frame.to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", name)
    again = replay(tmp_path / "log", open_shelf(CORPUS / name))
    assert again.differences == 0
    assert again.left_out.empty
    assert again.examples.empty
    assert set(again.counts["rows"]) == {len(frame)}
    package = read_package(CORPUS / name)
    assert set(again.counts["package_hash"]) == {package.package_hash}
    assert {"inputs", *(("score",) if "score" in package.model["outputs"] else ())} <= set(again.counts["output"])


def test_generated_sql_is_held_to_its_tolerance(tmp_path: Path) -> None:
    rows("scorecard", 60).to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", method="sql")
    log, shelf = tmp_path / "log", open_shelf(CORPUS)
    assert replay(log, shelf).differences == 0
    assert set(replay(log, shelf).counts["method"]) == {"generated sql"}
    changed(log, "predictions", "probability", lambda values: [values[0] + 5e-13, values[1] + 5e-12, *values[2:]])
    counts = replay(log, shelf).counts.set_index("output")["differences"]
    assert (counts["probability"], counts.sum()) == (1, 1)


def test_one_bit_is_found_and_is_an_alert(log: Path) -> None:
    def ulp(values: list[float]) -> list[float]:
        return [float(np.nextafter(values[0], np.inf)), *values[1:]]

    before = changed(log, "predictions", "probability", ulp)
    again = replay(log, open_shelf(CORPUS))
    counts = again.counts.set_index("output")["differences"].to_dict()
    assert (counts.pop("probability"), set(counts.values())) == (1, {0})
    (example,) = again.examples.to_dict("records")
    assert (example["row"], example["pseudonym"]) == (before["row"], before["pseudonym"])
    assert float(example["again"]) == before["probability"]
    assert float(example["logged"]) == np.nextafter(before["probability"], np.inf)
    (alert,) = evaluate(again.values(), watches_of(monitoring({"metric": "replay_differences"}))).conditions
    assert (alert.subject, alert.value, alert.watch.severities["red"]) == ("probability", 1.0, "critical")


def steep(folder: Path) -> tuple[Path, float, tuple[list[float], list[float]]]:
    """A boosted model with an isotonic map that is steep at a score of its rows: package, score and knots.

    The score lies in the middle of the steep part, which is narrower than its distance to single precision.
    """
    scores = compile_model(read_package(CORPUS / "boosting").model).score(rows("boosting", 120))["linear_score"]
    score = max(set(scores.tolist()), key=lambda one: abs(float(np.float32(one)) - one))
    narrow = abs(float(np.float32(score)) - score) / 4
    x, y = [score - 20.0, score - narrow, score + narrow, score + 20.0], [0.01, 0.100, 0.126, 0.4]

    def calibrated(model: Any) -> None:
        place = next(k for k, step in enumerate(model["steps"]) if step["output"] == "probability")
        method = {"method": "piecewise_linear", "x": x, "y": y}
        kept = {name: model["steps"][place][name] for name in ("id", "input", "output")}
        model["steps"][place] = {"type": "calibrate", **kept, **method}

    return altered(CORPUS / "boosting", folder / "package", "model.json", calibrated), score, (x, y)


def test_single_precision_moves_a_steep_calibration_and_is_found(tmp_path: Path) -> None:
    """The map reads the score in doubles, as exact fractions do; what a stack of single precision makes of it is .013
    away, and an alert."""
    package, score, (x, y) = steep(tmp_path)
    rows("boosting", 120).to_parquet(tmp_path / "t.parquet", index=False)
    given = {"key": KEY, "log": tmp_path / "log", "secret": SECRET, "log_inputs": True}
    score_input(package, Options(str(tmp_path / "t.parquet"), tmp_path / "out", **given))
    (part,) = (tmp_path / "log").glob("day=*/batch=*/predictions/*.parquet")
    logged = pq.ParquetFile(part).read().to_pandas()
    share = (Fraction(score) - Fraction(x[1])) / (Fraction(x[2]) - Fraction(x[1]))
    right = float(Fraction(y[1]) + share * (Fraction(y[2]) - Fraction(y[1])))
    there = (logged["linear_score"] == score).to_numpy()  # the same double, chosen above
    assert 0 < there.sum() < len(logged)
    np.testing.assert_allclose(logged["probability"][there], right, rtol=0, atol=1e-12)
    assert replay(tmp_path / "log", open_shelf(package)).differences == 0
    single = np.interp(logged["linear_score"].astype(np.float32).astype(np.float64), x, y)
    moved = np.abs(single - logged["probability"])
    np.testing.assert_allclose(moved[there], 0.013, atol=1e-6)
    assert moved[~there].max() < 1e-6
    changed(tmp_path / "log", "predictions", "probability", lambda values: single.tolist())
    again = replay(tmp_path / "log", open_shelf(package))
    counts = again.counts.set_index("output")["differences"].to_dict()
    assert counts.pop("probability") == int((single != logged["probability"]).sum()) >= there.sum()
    assert set(counts.values()) == {0}
    (alert,) = evaluate(again.values(), watches_of(monitoring({"metric": "replay_differences"}))).conditions
    assert (alert.subject, alert.watch.severities["red"]) == ("probability", "critical")


def test_texts_and_missing_values_that_differ(log: Path) -> None:
    changed(log, "predictions", "reason_1", lambda values: ["R99", None, *values[2:]])
    counts = replay(log, open_shelf(CORPUS)).counts.set_index("output")["differences"]
    assert counts["reason_1"] == 2
    assert counts.sum() == 2


def test_inputs_that_were_changed_are_told_as_inputs(log: Path) -> None:
    changed(log, "inputs", "input:housing", lambda values: ["castle" if v == "own" else v for v in values])
    again = replay(log, open_shelf(CORPUS))
    counts = again.counts.set_index("output")["differences"]
    assert counts["inputs"] > 0
    assert counts["score"] > 0
    shown = again.examples.groupby("output").size()
    assert shown["inputs"] == min(SHOWN, counts["inputs"])


def test_what_cannot_be_scored_again_is_told(log: Path, tmp_path: Path) -> None:
    key = rows("scorecard", 100)[KEY].iloc[3]
    erase_key(log, key, [SECRET])
    rows("scorecard", 30, seed=8).to_parquet(tmp_path / "more.parquet")
    run(tmp_path, tmp_path / "more.parquet", log_inputs=False, out=tmp_path / "more")
    rows("boosting", 20).to_parquet(tmp_path / "other.parquet")
    run(tmp_path, tmp_path / "other.parquet", "boosting", out=tmp_path / "other")
    again = replay(log, open_shelf(CORPUS / "scorecard"))
    assert again.differences == 0
    assert set(again.counts["rows"]) == {99}
    assert sorted(again.left_out["rows"]) == [1, 20, 30]
    assert {"inputs were erased", "inputs were not logged"} < set(again.left_out["reason"])
    assert any("is not at hand" in reason for reason in again.left_out["reason"])


def test_a_period_without_inputs_is_not_evaluable(tmp_path: Path) -> None:
    rows("scorecard", 30).to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", log_inputs=False)
    (value,) = replay(tmp_path / "log", open_shelf(CORPUS)).values().to_dict("records")
    assert (value["evaluable"], value["reason"]) == (False, "inputs were not logged")


def test_a_broken_part_stops_no_other(log: Path) -> None:
    path = min(log.glob("day=*/batch=*/inputs/*.parquet"))
    path.write_bytes(path.read_bytes()[:200])
    again = replay(log, open_shelf(CORPUS))
    assert set(again.counts["rows"]) == {60}
    assert again.left_out["rows"].tolist() == [40]
    with pytest.raises(ScoringError, match="not a prediction log"):
        replay(log.parent / "absent", open_shelf(CORPUS))


def test_doubles_are_compared_by_bits() -> None:
    def column(values: list[float | None]) -> pa.ChunkedArray:
        return pa.chunked_array([pa.array(values, pa.float64())])

    left, right = column([0.0, 1.0, None, None, 0.1 + 0.2]), column([-0.0, 1.0, None, 0.0, 0.3])
    assert differing(left, right).tolist() == [True, False, False, True, True]


def test_packages_are_found_by_their_hash(tmp_path: Path) -> None:
    write_zip(CORPUS / "scorecard", tmp_path / "v1.zip")
    shutil.copytree(CORPUS / "boosting", tmp_path / "v2")
    (tmp_path / "notes.txt").write_text("no package", "utf-8")
    shelf = open_shelf(tmp_path)
    wanted = {read_package(CORPUS / name).package_hash for name in ("scorecard", "boosting")}
    assert set(shelf.places) == wanted
    assert {shelf.take(one).package_hash for one in wanted} == wanted
    assert set(open_shelf(tmp_path / "v1.zip").places) < wanted
    with pytest.raises(PackageError, match="is not at hand"):
        Shelf({}).take("0" * 64)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackageError, match="is no package and holds none"):
        open_shelf(tmp_path / "empty")
