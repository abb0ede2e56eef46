"""Canonical JSON and its strict reader: what is written reads back, bit for bit; what JSON lacks is refused."""

from __future__ import annotations

import json
import math
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core import canonical_json
from credit_risk._core.errors import PackageError
from credit_risk.package.schema import schema_faults
from tests.contract import corpus_models

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), TEXT
)
VALUES = st.recursive(SCALARS, lambda x: st.lists(x, max_size=4) | st.dictionaries(TEXT, x, max_size=4), max_leaves=20)


def typed(value: object) -> object:
    """The value with types shown, so that 1, 1.0 and true differ."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return type(value).__name__, struct.pack("<d", value) if isinstance(value, float) else value


@given(VALUES)
def test_any_value_reads_back_the_same_and_has_one_form(value: object):
    data = canonical_json.to_bytes(value)
    assert typed(canonical_json.from_bytes(data, "x")) == typed(value)
    assert canonical_json.to_bytes(canonical_json.from_bytes(data, "x")) == data
    assert data.endswith(b"\n")
    assert b"\r" not in data


@given(st.binary(min_size=8, max_size=8))
def test_every_double_keeps_its_bits(pattern: bytes):
    (number,) = struct.unpack("<d", pattern)
    if math.isfinite(number):
        (back,) = [canonical_json.from_bytes(canonical_json.to_bytes([number]), "x")[0]]
        assert isinstance(back, float)
        assert struct.pack("<d", back) == pattern
    else:
        with pytest.raises(ValueError):
            canonical_json.to_bytes([number])


@given(st.dictionaries(TEXT, SCALARS, min_size=2, max_size=6), st.randoms())
def test_order_of_keys_does_not_matter(value: dict[str, object], random: object):
    items = list(value.items())
    random.shuffle(items)
    assert canonical_json.to_bytes(dict(items)) == canonical_json.to_bytes(value)


@given(VALUES, st.sampled_from(["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400]))
def test_numbers_beyond_a_double_are_refused_wherever_they_stand(value: object, number: str):
    text = json.dumps([value, {"a": ["@"]}]).replace('"@"', number)
    if json.dumps("@") in json.dumps(value):
        return
    with pytest.raises(PackageError) as error:
        canonical_json.from_bytes(text.encode(), "file.json")
    assert {(fault.code, fault.file) for fault in error.value.faults} == {("json_not_finite", "file.json")}


def test_integers_fit_a_double_or_are_refused():
    greatest = int(sys.float_info.max)
    half_a_step = 2**970  # from here on the nearest double would be infinite
    for kept in (greatest, -greatest, greatest + half_a_step - 1):
        assert canonical_json.from_bytes(b"[%d]" % kept, "x") == [kept]
    for refused in (str(greatest + half_a_step), "-1" + "0" * 309, "9" * 5000):
        with pytest.raises(PackageError) as error:
            canonical_json.from_bytes(f'{{"a": [{refused}]}}'.encode(), "x")
        assert [fault.code for fault in error.value.faults] == ["json_not_finite"]


@pytest.mark.parametrize("half", [r"\ud800", r"\udfff", r"a\udc00b", r"\ude00\ud83d"])
@pytest.mark.parametrize("place", ['"@"', '{"@": 1}', '[[{"a": ["@"]}]]'])
def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(half: str, place: str):
    with pytest.raises(PackageError) as error:
        canonical_json.from_bytes(place.replace("@", half).encode(), "x")
    assert [fault.code for fault in error.value.faults] == ["json_invalid"]
    assert canonical_json.from_bytes(place.replace("@", r"\ud83d\ude00").encode(), "x") == json.loads(
        place.replace("@", "\U0001f600")
    )


def test_escaped_backslashes_are_no_surrogates():
    assert canonical_json.from_bytes(rb'["\\ud800"]', "x") == ["\\ud800"]


@given(st.dictionaries(TEXT, SCALARS, min_size=1, max_size=5), st.data())
def test_a_duplicate_key_is_refused_at_any_depth(value: dict[str, object], data: st.DataObject):
    key = data.draw(st.sampled_from(sorted(value)))
    inner = json.dumps(value)[:-1] + f", {json.dumps(key)}: 1}}"
    with pytest.raises(PackageError) as error:
        canonical_json.from_bytes(f"[[{inner}]]".encode(), "x")
    assert error.value.faults[0].code == "json_duplicate_key"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "magic"}, "step type that this reader does not know: 'magic'"),
        ({"type": "scale"}, "unknown form None"),
        ({"type": "scale", "form": "points"}, "lacks base_points, characteristics, rounding, scaling"),
        ({"type": "calibrate", "method": "beta"}, "lacks a, b, c"),
        ({"function": "cauchit"}, 'allowed: ["logit", "log", "identity", "probit"]'),
        ({"colour": 1}, "has unknown colour"),
        ({"id": 1}, "has the wrong type"),
    ],
)
def test_schema_faults_speak_of_the_branch_that_was_meant(change: dict[str, object], message: str):
    model = corpus_models.scorecard()
    model["steps"][3] |= change
    faults = schema_faults("model", model, "model.json")
    assert any(message in str(fault) for fault in faults), [str(fault) for fault in faults]
    assert all(fault.path.startswith("/steps/3") for fault in faults)
    assert not any("fits none" in str(fault) for fault in faults)
