"""Tests that readmes of tests name are there, and each case that must be tested is named."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY

README = REPOSITORY / "tests" / "credit_risk" / "monitoring" / "README.md"
NAME = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")
NAMED = sorted(set(NAME.findall(README.read_text("utf-8"))))
BAD_INPUT = (
    "Another package or version",
    "Duplicate keys",
    "A clock that goes backwards",
    "Outcomes before decisions",
    "A month with ten rows",
    "New categories",
    "A column gone",
    "Half-written Parquet",
    "NaN beside null",
    "Time zones",
    "One bad partition stops nothing",
)
"""Cases of bad input that monitoring must take."""


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value or "whole")
def test_it_is_there(file: str, name: str) -> None:
    text = (README.parent / file).read_text("utf-8")
    assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE)
    assert name.startswith("test_") or not name


def test_there_are_some() -> None:
    assert len(NAMED) > 12


@pytest.mark.parametrize("case", BAD_INPUT)
def test_each_case_of_bad_input_has_a_test_by_name(case: str) -> None:
    (line,) = (line for line in README.read_text("utf-8").splitlines() if line.startswith(f"| {case} | "))
    found = NAME.findall(line)
    assert found
    assert all(name for _, name in found)
