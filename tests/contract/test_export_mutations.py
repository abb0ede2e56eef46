"""Exports against the model: the PMML of a package passes, and each altered document is found or told as unknown."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.export import export_package
from validation import exports, read_package
from validation.compare import Ledger
from validation.comparisons.exports import TABLE, compare_exports
from validation.comparisons.parity import AGREEMENT
from validation.package import Package
from validation.policy import read_policy
from validation.rebuild.workspace import open_workspace

sys.path.insert(0, str(Path(__file__).parents[1] / "validation"))

from toy_package import scorecard

FILE = "exports/toy.pmml"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The toy package with the export that the toolkit makes of it."""
    folder = scorecard.build(tmp_path_factory.mktemp("exported") / "toy")
    files = {f"exports/{name}": data for name, data in export_package(folder, ["pmml"]).items()}
    return dataclasses.replace(read_package(folder), exports=files)


def judged(package: Package, change: Callable[[str], str] | None = None) -> Ledger:
    if change is not None:
        before = package.exports[FILE].decode("utf-8")
        after = change(before)
        assert after != before
        package = dataclasses.replace(package, exports={FILE: after.encode("utf-8")})
    space = open_workspace(package, read_policy())
    assert space is not None
    compare_exports(space)
    return space.ledger


def found(ledger: Ledger) -> dict[str, str]:
    return {item.test: item.finding.severity for item in ledger.outcomes if item.finding is not None}


def unknown(ledger: Ledger) -> str | None:
    """The reason why an export is not evaluated; that no engine was asked is no matter of the document."""
    reasons = (one.reason for one in ledger.outcomes if one.outcome == "not_evaluable" and one.test != AGREEMENT)
    return next(reasons, None)


def first(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, new, text, count=1)


def more(match: re.Match[str]) -> str:
    return f'{match[1]}"{float(match[2]) + 3.0!r}"'


def test_export_of_the_package_passes(exported: Package) -> None:
    ledger = judged(exported)
    assert found(ledger) == {}
    assert unknown(ledger) is None
    rows = ledger.tables[TABLE]
    assert isinstance(rows, list)
    assert {row[1] for row in rows} == {"verification rows", "snapshot rows", "embedded rows"}
    assert {row[2] for row in rows} >= {"score", "probability", "linear score", "reason 1"}
    assert all(row[4] == 0 for row in rows)
    assert max(row[5] for row in rows if row[5] is not None) < 1e-9


@pytest.mark.parametrize(
    ("change", "quantity"),
    [
        (first(r'(partialScore=)"([^"]+)"', more), "score"),
        (first(r'(initialScore=)"([^"]+)"', more), "score"),
        (first(r'(operator="lessThan" value=)"([^"]+)"', more), "score"),
        (first(r'operator="isMissing"', 'operator="isNotMissing"'), "score"),
        (first(r"<MiningField ", '<MiningField missingValueReplacement="50.0" '), "score"),
        (first(r'operator="lessThan"', 'operator="lessOrEqual"'), "score"),
        (first(r'reasonCode="[^"]+"', 'reasonCode="OTHER"'), "reason 1"),
        (first(r'(baselineScore=)"([^"]+)"', lambda m: f'{m[1]}"{float(m[2]) - 500.0!r}"'), "reason 1"),
        (first(r'reasonCodeAlgorithm="pointsBelow"', 'reasonCodeAlgorithm="pointsAbove"'), "reason 1"),
        (first(r'<Apply function="exp">', '<Apply function="abs">'), "probability"),
        (first(r'<OutputField name="probability"', '<OutputField name="chance"'), "probability"),
    ],
)
def test_altered_exports_are_found(exported: Package, change: Callable[[str], str], quantity: str) -> None:
    ledger = judged(exported, change)
    told = {test: severity for test, severity in found(ledger).items() if f": {quantity}, " in test}
    assert set(told.values()) == {"critical"}


def test_intercept_of_the_linear_score(exported: Package) -> None:
    intercept = next(step["intercept"] for step in exported.model["steps"] if step["type"] == "linear")
    ledger = judged(exported, lambda text: text.replace(repr(intercept), repr(intercept + 1e-6)))
    assert any(": linear score, " in test for test in found(ledger))
    assert not any(": score, " in test for test in found(ledger))


def test_smallest_differences_count(exported: Package) -> None:
    """A woe that is off by a millionth moves the probability of some rows, and is found on them."""

    def change(text: str) -> str:
        value = next(iter(exported.model["steps"][0]["bins"]))["woe"]
        return text.replace(repr(value), repr(value * (1.0 + 1e-6)))

    ledger = judged(exported, change)
    worst = [row for row in ledger.tables[TABLE] if row[2] == "linear score" and row[4]]
    assert worst
    assert 0 < worst[0][4] < worst[0][3]


def test_rows_that_the_document_carries(exported: Package) -> None:
    def change(text: str) -> str:
        place = text.index("<row>")
        return text[:place] + re.sub(r">([0-9]{3}\.0)<", ">999.0<", text[place:], count=1)

    assert set(found(judged(exported, change))) == {f"{FILE}: score, embedded rows"}


def test_header_of_another_package(exported: Package) -> None:
    ledger = judged(exported, first(r'(name="package_hash" value=)"[0-9a-f]+"', rf'\1"{"0" * 64}"'))
    assert found(ledger) == {f"{FILE}: package hash": "critical"}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (first(r"<Scorecard ", '<Scorecard x-mathContext="float" '), "x-mathContext"),
        (first(r"<True/>", '<SimpleSetPredicate field="INCOME" booleanOperator="isIn"/>'), "SimpleSetPredicate"),
        (first(r'function="exp"', 'function="expm1"'), "expm1"),
        (first(r'property="missing"', 'property="valid"'), "Value"),
        (first(r"<MiningField ", '<MiningField outliers="asExtremeValues" '), "outliers"),
        (first(r'<FieldRef field="[^"]+"', '<FieldRef field="elsewhere"'), "elsewhere"),
        (first(r"http://www\.dmg\.org/PMML-4_4", "http://www.dmg.org/PMML-4_1"), "PMML-4_1"),
        (lambda text: text.replace("Scorecard", "TreeModel"), "TreeModel"),
        (first(r"<Apply function=\"if\">", '<Apply function="if"/><Apply function="if">'), ""),
        (first(r'dataType="double"', 'dataType="integer"'), "integer"),
    ],
)
def test_what_is_not_known_is_named(exported: Package, change: Callable[[str], str], word: str) -> None:
    ledger = judged(exported, change)
    told = unknown(ledger)
    assert told is not None
    assert word in told
    assert not found(ledger)


BOMB = "<!DOCTYPE PMML [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {chr(98 + k)} '{f'&{chr(97 + k)};' * 10}'>" for k in range(9)
)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("<PMML", f"{BOMB}]><PMML", 1).replace("<True/>", "<True/>&j;", 1),
        lambda text: text.replace("<PMML", '<!DOCTYPE PMML SYSTEM "/etc/passwd"><PMML', 1),
        lambda text: text.replace("<PMML", '<!DOCTYPE PMML [<!ENTITY x SYSTEM "/etc/passwd">]><PMML', 1),
        lambda text: text.replace("<True/>", "&undefined;", 1),
        lambda text: text.replace("<True/>", "<True>" * 5000 + "</True>" * 5000, 1),
        lambda text: text[: len(text) // 2],
        lambda text: "",
    ],
)
def test_xml_that_may_do_harm_is_refused(exported: Package, change: Callable[[str], str]) -> None:
    assert found(judged(exported, change)) == {f"{FILE}: is read": "critical"}


def test_expressions_nested_deeply_are_evaluated_or_told(exported: Package) -> None:
    def nested(depth: int) -> Callable[[str], str]:
        start, end = '<Apply function="abs">' * depth, "</Apply>" * depth
        return lambda text: re.sub(r'(<FieldRef field="INCOME"/>)', rf"{start}\1{end}", text, count=1)

    assert "nested" in str(unknown(judged(exported, nested(1500))))
    chain = judged(exported, lambda text: text.replace("<True/>", "<True></True>", 1))
    assert found(chain) == {}


def test_other_exports_and_none(exported: Package) -> None:
    other = judged(dataclasses.replace(exported, exports={"exports/toy.sql": b"select 1"}))
    assert "PMML alone" in str(unknown(other))
    none = judged(dataclasses.replace(exported, exports={}))
    assert none.tables[TABLE] == "the package holds no export"


def test_examples_of_another_hand() -> None:
    """A scorecard with points, special codes and reasons, written by hand; the values are worked out beside it."""
    text = """<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
    <DataDictionary><DataField name="x" optype="continuous" dataType="double"/>
    <DataField name="t" optype="categorical" dataType="string"/></DataDictionary>
    <Scorecard functionName="regression" initialScore="100" reasonCodeAlgorithm="pointsBelow">
    <MiningSchema><MiningField name="x"/><MiningField name="t"/></MiningSchema>
    <Output><OutputField name="s" feature="predictedValue" dataType="double"/>
    <OutputField name="r" feature="reasonCode" rank="1" dataType="string"/>
    <OutputField name="p" feature="transformedValue" dataType="double"><Apply function="/">
    <FieldRef field="s"/><Constant dataType="double">2</Constant></Apply></OutputField></Output>
    <Characteristics><Characteristic name="X" reasonCode="RX" baselineScore="20">
    <Attribute partialScore="5"><SimplePredicate field="x" operator="isMissing"/></Attribute>
    <Attribute partialScore="10"><SimplePredicate field="x" operator="lessThan" value="3"/></Attribute>
    <Attribute partialScore="20"><True/></Attribute></Characteristic>
    <Characteristic name="T" reasonCode="RT" baselineScore="12">
    <Attribute partialScore="1"><CompoundPredicate booleanOperator="or">
    <SimplePredicate field="t" operator="equal" value="a"/><SimplePredicate field="t" operator="equal" value="b"/>
    </CompoundPredicate></Attribute><Attribute partialScore="12"><True/></Attribute></Characteristic>
    </Characteristics></Scorecard></PMML>"""
    frame = pd.DataFrame({"x": [np.nan, 2.0, 3.0, 9.0], "t": pd.Series(["a", None, "b", "c"], dtype=object)})
    result = exports.evaluate(exports.read(text.encode("utf-8")), frame)
    assert result["s"].tolist() == [106.0, 122.0, 121.0, 132.0]
    assert result["p"].tolist() == [53.0, 61.0, 60.5, 66.0]
    assert result["r"].tolist() == ["RX", "RX", "RT", "RX"]
