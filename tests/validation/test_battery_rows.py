"""The battery's table: every area of the regulation's table is owed, and none is silently left out."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from toy_package import builders

from validation.battery.rows import AREAS, BatteryRow, absent, areas, cells, complete, record
from validation.compare import Ledger
from validation.evidence import build_evidence
from validation.policy import read_policy
from validation.reader import read_package
from validation.run import validate

# The rows of the battery that are owed, in the order of the table of the policy's sources.
OWED = [
    "auc_initial",
    "auc_difference",
    "jeffreys",
    "binomial",
    "correlated",
    "hosmer_lemeshow",
    "multi_period",
    "calibration",
    "loss_level",
    "migration",
    "matrix_z",
    "concentration",
    "stability",
    "monotonicity",
    "homogeneity",
    "representativeness",
    "overrides",
    "data_process",
    "benchmark",
    "sensitivity",
    "fairness",
    "reproducibility",
]


def test_every_area_is_owed_once_with_its_source_and_reason() -> None:
    assert [area.key for area in AREAS] == OWED
    assert len({area.title for area in AREAS}) == len(AREAS)
    assert all(area.source and area.absent for area in AREAS)


def test_an_area_without_a_row_is_told_as_not_evaluable() -> None:
    ledger = Ledger(read_policy())
    row = BatteryRow("binomial", "binomial test", "out_of_sample", "p-value", "pass", 0.4, 0.4, cut="at least 0.05")
    record(ledger, row, compared=7)
    absent(ledger, "migration", "bandwidth", "", "no pair of rows a year apart")
    complete(ledger)
    assert sorted({one.area for one in ledger.battery}) == sorted(OWED)
    assert len(ledger.battery) == len(OWED)
    assert [one.outcome for one in ledger.battery].count("not_evaluable") == len(OWED) - 1
    assert [(one.test, one.outcome, one.compared) for one in ledger.outcomes] == [
        ("battery: binomial test (out_of_sample)", "pass", 7),
        ("battery: bandwidth", "not_evaluable", 0),
    ]
    table = {line[0]: line for line in areas(ledger.battery)}
    assert table["Binomial test"][2:] == [1, 0, 0, 0, None]
    assert table["Migration, weighted bandwidth"][2:] == [0, 0, 0, 1, "no pair of rows a year apart"]


def test_areas_of_binary_outcomes_say_so_where_the_outcome_is_an_amount() -> None:
    ledger = Ledger(read_policy())
    complete(ledger, binary=False)
    told = {row.area: row.reason for row in ledger.battery}
    assert told["hosmer_lemeshow"] == told["jeffreys"] == "the outcome is not binary"
    assert told["representativeness"] == "no test of this area applies to the package"


def test_rows_without_an_area_outcome_cut_or_reason_are_refused() -> None:
    good = BatteryRow("jeffreys", "level", "x", "p", "pass", 0.5, cut="at least 0.05")
    assert cells(good) == [
        "Jeffreys test by grade and portfolio",
        "level",
        "x",
        "p",
        0.5,
        None,
        None,
        None,
        "at least 0.05",
        "pass",
        None,
        "ECB instructions (2019) 2.5.3.1",
    ]
    assert cells(BatteryRow("jeffreys", "level", "x", "p", "pass", math.inf, cut="any"))[4] is None
    with pytest.raises(ValueError, match="no area"):
        BatteryRow("other", "level", "x", "p", "pass", cut="any")
    with pytest.raises(ValueError, match="not an outcome"):
        BatteryRow("jeffreys", "level", "x", "p", "green", cut="any")
    with pytest.raises(ValueError, match="without a reason"):
        BatteryRow("jeffreys", "level", "x", "p", "not_evaluable")
    with pytest.raises(ValueError, match="without its cut"):
        BatteryRow("jeffreys", "level", "x", "p", "pass")


def test_the_evidence_holds_every_area_with_and_without_rows(package: Path) -> None:
    titles = [area.title for area in AREAS]
    run = validate(read_package(package))
    evidence = build_evidence(run)
    assert list(dict.fromkeys(row[0] for row in evidence["validation.battery"]["rows"])) == titles
    assert [row[0] for row in evidence["validation.battery_areas"]["rows"]] == titles
    told = {row[1] for row in evidence["validation.battery"]["rows"] if row[9] != "not_evaluable"}
    assert "calibration in the large" in told or "discrimination" in told


def test_without_rows_no_area_could_be_evaluated(package: Path) -> None:
    (package / "data/snapshot.parquet").unlink()
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    del manifest["files"]["data/snapshot.parquet"]
    manifest["snapshot"]["included"] = False
    (package / "manifest.json").write_bytes(builders.to_json(manifest))
    rows = validate(read_package(package)).battery
    assert [row.area for row in rows] == OWED
    why = "the package came without its snapshot, and neither that (--data) nor its source (--source) was given"
    assert {(row.outcome, row.reason) for row in rows} == {("not_evaluable", why)}
