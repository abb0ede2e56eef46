"""Random bins and values on and beside the edges: SQL, `Variable.assign` and value by value give one bin."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.monitoring.reference import read_reference
from credit_risk.monitoring.source import open_production
from credit_risk.monitoring.variables import REFUSED, Variable, banded, listed
from tests.credit_risk.monitoring.source.cases import KEY, TIME, clock, mapping, package

PACKAGE = package("joined")
REFERENCE = read_reference(PACKAGE)
NUMBER, TEXT = (item["name"] for item in PACKAGE.model["inputs"])
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0, -9.0, 5e-324, 1e308])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5) | st.sampled_from(
    ["", " ", "a", "A", "é", "'", '"', "NULL", "nan", "1", "1.0", "a ", "\\"]
)


def _number(cuts: list[float], codes: list[float], joined: bool) -> Variable:
    cuts = sorted({cut + 0.0 for cut in cuts})
    bins = list(banded(cuts, sorted({code + 0.0 for code in codes})))
    if joined:  # what is missing falls into the first interval
        bins = [replace(bins[0], takes_missing=True), *bins[1:-1]]
    none = tuple(math.nan for _ in bins)
    return Variable("number", "characteristic", NUMBER, True, tuple(bins), none, "a test", inputs=frozenset({NUMBER}))


def _text(values: list[str], codes: list[str]) -> Variable:
    kept = sorted({value for value in values if value})
    bins = listed(kept, sorted({code for code in codes if code and code not in kept}))
    none = tuple(math.nan for _ in bins)
    return Variable("text", "characteristic", TEXT, False, bins, none, "a test", inputs=frozenset({TEXT}))


def _one(variable: Variable, value: float | str | None) -> int:
    """The words of the specification: missing, special codes, interval or categories, unseen."""
    if value is None or value == "" or value != value:
        return next(b.id for b in variable.bins if b.takes_missing)
    if isinstance(value, float) and math.isinf(value):
        return REFUSED
    for b in variable.bins:
        if value in b.codes:
            return b.id
    for b in variable.bins:
        if b.kind == "interval" and (b.lower is None or value >= b.lower) and (b.upper is None or value < b.upper):
            return b.id
        if b.kind == "categories" and value in b.values:
            return b.id
    return next(b.id for b in variable.bins if b.kind == "unseen")


@settings(max_examples=25)
@given(
    cuts=st.lists(FLOATS, max_size=6),
    codes=st.lists(FLOATS, max_size=3),
    more=st.lists(FLOATS | st.sampled_from([math.nan, math.inf, -math.inf, None]), max_size=20),
    joined=st.booleans(),
    values=st.lists(WORDS, max_size=6),
    specials=st.lists(WORDS, max_size=2),
    words=st.lists(WORDS | st.none(), max_size=20),
)
def test_one_bin_for_every_value(
    cuts: list[float],
    codes: list[float],
    more: list[float | None],
    joined: bool,
    values: list[str],
    specials: list[str],
    words: list[str | None],
) -> None:
    number, text = _number(cuts, codes, joined), _text(values, specials)
    beside = [math.nextafter(x, way) for x in (*cuts, *codes) for way in (-math.inf, math.inf)]
    numbers: list[float | None] = [*cuts, *codes, *beside, *more, None]
    texts: list[str | None] = [*values, *specials, *words, None]
    n = max(len(numbers), len(texts))
    numbers += [1.0] * (n - len(numbers))
    texts += ["other"] * (n - len(texts))
    table = pa.table(
        {
            KEY: [f"K{k}" for k in range(n)],
            TIME: pa.array([pd.Timestamp("2026-03-05", tz="UTC")] * n, pa.timestamp("us", tz="UTC")),
            "package": [PACKAGE.package_hash] * n,
            NUMBER: pa.array(numbers, pa.float64(), from_pandas=False),
            TEXT: pa.array(texts, pa.string()),
        }
    )
    wanted = {"number": [_one(number, x) for x in numbers], "text": [_one(text, x) for x in texts]}
    as_floats = np.array([math.nan if x is None else x for x in numbers])
    assert number.assign(as_floats).tolist() == wanted["number"]
    assert text.assign(texts).tolist() == wanted["text"]
    reference = replace(REFERENCE, variables=(number, text), left_out={})
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "t.parquet")
        with open_production(folder, mapping("joined"), PACKAGE, reference=reference, clock=clock) as source:
            found = source.counts()
    for name, ids in wanted.items():
        told = found[found["variable"] == name].set_index("bin")["rows"].to_dict()
        assert told == pd.Series(ids).value_counts().to_dict(), name
