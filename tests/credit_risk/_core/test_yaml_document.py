"""YAML as a plan reads it."""

from __future__ import annotations

import io

import pytest
import ruamel.yaml
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import PlanError
from credit_risk._core.yaml_document import Document, read_document, scalar


def read(text: str) -> Document:
    return read_document(text.encode(), "plan.yaml")


@pytest.mark.parametrize("text", ["no", "yes", "on", "off", "n", "2020-01-01", "007", "1:30", "1_000", "0x1F", "0o17"])
def test_text_stays_text(text: str) -> None:
    assert read(f"a: {text}").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("20261120", 20261120), ("-7", -7), ("1e-6", 1e-6), (".5", 0.5), ("3.", 3.0), ("true", True), ("~", None)],
)
def test_scalars(text: str, value: object) -> None:
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**18), 10**18))
def test_numbers_come_back_exactly(number: float | int) -> None:
    assert read(f"a: {number!r}").value == {"a": number}


def test_keys_keep_their_text() -> None:
    text = "specials: {-9: none, 1.0: one, 007: bond, true: yes}"
    assert list(read(text).value["specials"]) == ["-9", "1.0", "007", "true"]


def test_lines_agree_with_the_text() -> None:
    text = "# head\nmodel:\n  id: x\n\ndata: {source: a,\n  key: b}\nmodels:\n  - id: m\n  - id: n\n"
    document = read(text)
    lines = text.splitlines()
    assert document.line(("model", "id")) == lines.index("  id: x") + 1
    assert document.line(("data", "key")) == lines.index("  key: b}") + 1
    assert document.line(("models", 1, "id")) == lines.index("  - id: n") + 1
    assert document.line(("models", 1, "nothing")) == lines.index("  - id: n") + 1


names = st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=8)
texts = st.text(st.characters(categories=("L", "N", "P", "Zs"), max_codepoint=0x2FFF), max_size=20)
values = st.recursive(
    st.booleans() | st.none() | st.integers(-(2**40), 2**40) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, min_size=1, max_size=4))
def test_agrees_with_another_writer(value: dict[str, object]) -> None:
    stream = io.StringIO()
    writer = ruamel.yaml.YAML(typ="safe", pure=True)
    writer.dump(value, stream)
    if not any(mark in stream.getvalue() for mark in ("&id", "*id", "!!")):
        assert read(stream.getvalue()).value == value


def test_every_duplicate_key_is_told_with_its_line() -> None:
    faults = read("a: 1\nb: {c: 1, c: [1, {d: 2}]}\na: 2\nb: 3\n").faults
    assert [(fault.path, fault.row, fault.code) for fault in faults] == [
        ("b.c", 2, "duplicate_key"),
        ("a", 3, "duplicate_key"),
        ("b", 4, "duplicate_key"),
    ]
    assert "first in line 1" in faults[1].message


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"", "empty", None),
        (b"# only a comment\n", "empty", None),
        (b"- a\n- b\n", "a list, not a mapping", 1),
        (b"just text\n", "a single value", 1),
        (b"a:\n\tb: 1\n", "not readable as YAML", 2),
        (b"a: [1, 2\nb: 3\n", "not readable as YAML", 2),
        (b"a: 'x\n", "not readable as YAML", None),
        (BOMB.encode(), "anchors", 1),
        (b"a: !!python/object/apply:os.system [ls]\n", "tag", 1),
        (b"%YAML 1.1\n---\na: no\n", "another YAML version", None),
        (b"a: 1\n---\nb: 2\n", "more than one", None),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "nested deeper", 1),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8", 1),
        (b"a: \0\1\2\n", "not readable as YAML", None),
        (b"a: 1\nb: \xff\n", "not UTF-8", 2),
        (b"x" * 2_000_000, "too many for a plan", None),
        (b"? [a, b]\n: c\n", "a key is a list or a mapping", 1),
    ],
)
def test_odd_documents_have_one_clear_fault(data: bytes, words: str, line: int | None) -> None:
    with pytest.raises(PlanError) as caught:
        read_document(data, "plan.yaml")
    (fault,) = caught.value.faults
    assert words in fault.message
    assert fault.file == "plan.yaml"
    if line is not None:
        assert fault.row == line


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        document = read_document(data, "plan.yaml")
    except PlanError as error:
        document = error
    assert isinstance(document, PlanError) or isinstance(document.value, dict)
