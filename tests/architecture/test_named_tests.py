"""Tests that readmes of tests name are there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY

README = REPOSITORY / "tests" / "credit_risk" / "monitoring" / "README.md"
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", README.read_text("utf-8"))))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value or "whole")
def test_it_is_there(file: str, name: str) -> None:
    text = (README.parent / file).read_text("utf-8")
    assert not name or f"def {name}(" in text


def test_there_are_some() -> None:
    assert len(NAMED) > 12
