"""The quick test of a schema says what jsonschema says, in each of the three packages."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from credit_risk.package import schema as of_package
from credit_risk.package import schema_fit as in_package
from docs_templates import schema_check as of_documents
from docs_templates import schema_fit as in_documents
from validation import schema_check as of_validator
from validation import schema_fit as in_validator

FORMAT = Path(__file__).parents[2] / "scorecards" / "format"
VALIDATORS = {
    "credit_risk": (in_package, lambda name: of_package.validator(name)),
    "validation": (in_validator, lambda name: of_validator._validator(f"{name}.schema.json")),
    "docs_templates": (in_documents, lambda name: of_documents._validator(f"{name}.schema.json")),
}
STRANGE = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "a",
    "0.1",
    "table",
    [],
    [1],
    {},
    {"a": 1},
)


def _documents() -> list[tuple[str, Path]]:
    found = []
    for folder in sorted((FORMAT / "corpus" / "valid").iterdir()):
        found += [(name, folder / f"{name}.json") for name in ("manifest", "model", "plan")]
        found += [("evidence", path) for path in sorted((folder / "evidence").glob("*.json"))]
    return [(name, path) for name, path in found if path.is_file()]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    if not isinstance(value, (dict, list)):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def _changed(value: Any, draw: random.Random) -> Any:
    """A copy with one thing taken out, put in, replaced or exchanged."""
    value = copy.deepcopy(value)
    places = _places(value)
    holder, key = draw.choice(places)
    what = draw.randrange(4)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[draw.choice(["x", "type", "kind", "bins"])] = draw.choice(STRANGE)
    elif what == 2:
        other, there = draw.choice(places)
        holder[key] = copy.deepcopy(other[there])
    else:
        holder[key] = draw.choice(STRANGE)
    return value


@pytest.mark.parametrize("package", VALIDATORS)
def test_documents_and_changed_documents(package: str) -> None:
    module, validator_of = VALIDATORS[package]
    draw, answers = random.Random(7), {True: 0, False: 0}
    documents = _documents()
    assert {name for name, _ in documents} == {"manifest", "model", "plan", "evidence"}
    for name, path in documents:
        value, validator = json.loads(path.read_text("utf-8")), validator_of(name)
        fits = module.fit(validator)
        assert fits(value), f"{path} is not told to be valid"
        for _ in range(3 if path.stat().st_size > 20_000 else 8):
            changed = _changed(value, draw)
            told = validator.is_valid(changed)
            assert fits(changed) == told, f"{path}: {changed}"
            answers[told] += 1
    assert min(answers.values()) > 20, answers


@pytest.mark.parametrize("package", VALIDATORS)
@pytest.mark.parametrize("path", sorted(FORMAT.glob("*.schema.json")), ids=lambda path: path.name.split(".")[0])
def test_every_word_of_the_schemas_is_covered(package: str, path: Path) -> None:
    module, validator_of = VALIDATORS[package]
    validator = validator_of(path.name.removesuffix(".schema.json"))
    assert module._Schema(validator).check(validator.schema, root=True)


def test_each_kind_of_evidence_is_covered() -> None:
    assert of_documents._evidence_forms()
    for form, _ in of_documents._evidence_forms().values():
        assert in_documents._Schema(form).check(form.schema)


# -------------------------------------------------------------------------------------------- schemas at random
scalars = st.sampled_from([None, True, False, 0, 1, 2, 1.0, 0.5, -3, "", "a", "ab", "b1"])
names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
kinds = st.sampled_from(["null", "boolean", "object", "array", "number", "integer", "string"])


def _words(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    part = inner | st.just({"$ref": "#/$defs/a"})
    sizes, few = st.integers(0, 3), st.lists(part, min_size=1, max_size=3)
    words = {
        "type": kinds | st.lists(kinds, min_size=1, max_size=3, unique=True),
        "const": scalars,
        "enum": st.lists(scalars, min_size=1, max_size=4),
        "pattern": st.sampled_from(["^a", "b", "[0-9]$"]),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), sizes),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), st.sampled_from([0, 1, 0.5])),
        "required": st.lists(names, max_size=2, unique=True),
        "properties": st.dictionaries(names, part, max_size=3),
        "additionalProperties": part,
        "propertyNames": part,
        "items": part,
        "prefixItems": few,
        "anyOf": few,
        "oneOf": few,
        "if": part,
        "then": part,
        "else": part,
        "title": st.just("silent"),
        "not": part,
    }
    chosen = st.lists(st.sampled_from(sorted(words)), min_size=1, max_size=4, unique=True)
    return chosen.flatmap(lambda keys: st.fixed_dictionaries({key: words[key] for key in keys}))


schemas = st.recursive(st.booleans() | st.fixed_dictionaries({"type": kinds}), _words, max_leaves=8)
closed = schemas.filter(lambda one: not _holds(one, "$ref"))  # within itself it may have no end


def _holds(schema: Any, word: str) -> bool:
    if isinstance(schema, dict):
        return word in schema or any(_holds(part, word) for part in schema.values())
    return isinstance(schema, list) and any(_holds(part, word) for part in schema)


def test_the_three_are_the_same_file() -> None:
    assert len({Path(module.__file__).read_bytes() for module in (in_package, in_validator, in_documents)}) == 1


@settings(max_examples=50)
@given(schema=schemas, defined=closed, given_values=st.lists(values, min_size=4))
def test_schemas_at_random(schema: Any, defined: Any, given_values: list[Any]) -> None:
    whole = {"$defs": {"a": defined}, "anyOf": [schema]}
    for validator in (Draft202012Validator(whole), of_package._Strict(whole)):
        fits = in_package.fit(validator)
        for value in given_values:
            told = validator.is_valid(value)
            # `not` is a word that is not covered: it may make a no of a yes, never a yes of a no.
            assert fits(value) == told or (told and _holds(whole, "not"))


@pytest.mark.parametrize("module", [in_package, in_validator, in_documents], ids=list(VALIDATORS))
def test_what_refers_to_itself_is_followed_to_a_depth(module: Any) -> None:
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}}
    fits = module.fit(Draft202012Validator(schema))
    value: list[Any] = []
    for depth in range(1, 40):
        assert fits(value) == (depth <= module.DEEPEST)
        value = [value]
    assert not fits([["a"]])


@pytest.mark.parametrize("schema", [{"format": "date"}, {"const": [1]}, {"$ref": "other.json"}, {"$ref": "#/$defs/z"}])
def test_what_is_not_covered_is_left_to_jsonschema(schema: dict[str, Any]) -> None:
    for module in (in_package, in_validator, in_documents):
        assert not module.fit(Draft202012Validator(schema))([1])
