"""One normative schema, three byte-identical copies: each package reads its own, no package reads another's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.architecture.sources import REPOSITORY

FORMAT = REPOSITORY / "scorecards" / "format"
COPIES = ("credit_risk/package/schemas", "validation/schemas", "docs_templates/schemas")


def _json_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.json"))}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_byte_identical(copy: str) -> None:
    normative, copied = _json_files(FORMAT), _json_files(REPOSITORY / copy)
    assert normative, "no schemas found"
    assert sorted(copied) == sorted(normative)
    assert [name for name in normative if copied[name] != normative[name]] == []


@pytest.mark.parametrize("path", sorted(FORMAT.glob("*.schema.json")), ids=lambda path: path.name)
def test_schemas_are_valid_and_say_their_name(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == path.name
