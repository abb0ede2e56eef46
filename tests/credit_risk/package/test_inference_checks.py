"""The files of reject inference: all or none, and tables that hold what the format says."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from credit_risk.package.inference_checks import absent_files, inference_faults
from credit_risk.package.layout import APPLICANTS_FILE, REJECT_INFERENCE, ROWS_FILE, is_core

APPLICANTS = {
    "row": pa.array([0, 2, 3], pa.int64()),
    "_sample": pa.array(["development", "development", "out_of_sample"]),
    "_accepted": pa.array([1, 0, 1], pa.int64()),
    "_acceptance": pa.array([0.5, 0.25, 1.0]),
    "_probability": pa.array([0.1, 0.2, 0.0]),
}
ROWS = {
    "row": pa.array([2, 2, 0], pa.int64()),
    "_outcome": pa.array([1.0, 0.0, 0.0]),
    "_weight": pa.array([0.5, 0.5, 1.0]),
    "_inferred": pa.array([1, 1, 0], pa.int64()),
}


def test_tables_as_they_are_written_have_no_fault() -> None:
    assert inference_faults(pa.table(APPLICANTS), 4, APPLICANTS_FILE) == []
    assert inference_faults(pa.table(ROWS), 4, ROWS_FILE) == []


def test_the_files_belong_together_and_to_the_core() -> None:
    assert all(is_core(name) for name in REJECT_INFERENCE)
    assert not is_core("reject_inference/other.parquet")
    assert absent_files({}) == absent_files(dict.fromkeys(REJECT_INFERENCE)) == []
    assert absent_files({ROWS_FILE: None}) == [name for name in REJECT_INFERENCE if name != ROWS_FILE]


@pytest.mark.parametrize(
    ("file", "change", "path", "row"),
    [
        (ROWS_FILE, {"row": pa.array([2, 4, 0], pa.int64())}, "row", 2),
        (ROWS_FILE, {"row": pa.array([2, -1, 0], pa.int64())}, "row", 2),
        (ROWS_FILE, {"_outcome": pa.array([1.0, 0.5, 0.0])}, "_outcome", 2),
        (ROWS_FILE, {"_weight": pa.array([0.5, 0.0, 1.0])}, "_weight", 2),
        (ROWS_FILE, {"_weight": pa.array([0.5, 0.5, float("inf")])}, "_weight", 3),
        (ROWS_FILE, {"_weight": pa.array([0.5, None, 1.0])}, "_weight", None),
        (ROWS_FILE, {"_inferred": pa.array([1, 1, 2], pa.int64())}, "_inferred", 3),
        (ROWS_FILE, {"_inferred": pa.array([1.0, 1.0, 0.0])}, "_inferred", None),
        (APPLICANTS_FILE, {"row": pa.array([0, 3, 2], pa.int64())}, "row", None),
        (APPLICANTS_FILE, {"_sample": pa.array(["development", "test", "development"])}, "_sample", 2),
        (APPLICANTS_FILE, {"_acceptance": pa.array([0.5, 1.5, 1.0])}, "_acceptance", 2),
    ],
)
def test_each_fault_is_told_with_its_row(file: str, change: dict, path: str, row: int | None) -> None:
    good = ROWS if file == ROWS_FILE else APPLICANTS
    (fault,) = inference_faults(pa.table({**good, **change}), 4, file)
    assert (fault.file, fault.path, fault.row, fault.code) == (file, path, row, "schema")


@pytest.mark.parametrize(
    "change", [lambda t: t.drop_columns(["_weight"]), lambda t: t.select(["_weight", "row", "_outcome", "_inferred"])]
)
def test_other_columns_or_another_order(change: Callable[[pa.Table], pa.Table]) -> None:
    (fault,) = inference_faults(change(pa.table(ROWS)), 4, ROWS_FILE)
    assert "columns" in fault.message


def test_a_table_without_rows() -> None:
    (fault,) = inference_faults(pa.table(ROWS).slice(0, 0), 4, ROWS_FILE)
    assert fault.message == "has no rows"
