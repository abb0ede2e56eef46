"""PMML of trees against the model: each altered number is found, and reasons left out are taken for what they are."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import credit_risk.package
from credit_risk.export import export_package
from credit_risk.export.pmml.chain import chain_pmml
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.exports import compare_exports
from validation.package import Package
from validation.policy import read_policy
from validation.rebuild.workspace import open_workspace

CORPUS = Path(__file__).parents[2] / "scorecards/format/corpus/valid"
KINDS = ("amount", "attributed", "boosting", "fraction", "joined", "scorecard")  # every_step has no rows to compare on
Change = Callable[[str], str]


def judged(name: str, document: bytes) -> Ledger:
    package: Package = dataclasses.replace(read_package(CORPUS / name), exports={"exports/model.pmml": document})
    space = open_workspace(package, read_policy())
    assert space is not None
    compare_exports(space)
    return space.ledger


def written(name: str) -> bytes:
    return next(iter(export_package(CORPUS / name, ["pmml"]).values()))


def found(ledger: Ledger) -> list[str]:
    return [one.test for one in ledger.outcomes if one.finding is not None]


@pytest.mark.parametrize("name", KINDS)
def test_a_clean_document_of_any_kind_gives_no_finding(name: str) -> None:
    ledger = judged(name, written(name))
    assert found(ledger) == []
    assert any("model.pmml" in one.test and one.outcome == "pass" for one in ledger.outcomes)


def first(pattern: str, replacement: str) -> Change:
    def change(text: str) -> str:
        return re.sub(pattern, replacement, text, count=1)

    return change


@pytest.mark.parametrize(
    "change",
    [
        first(r'(operator="lessThan" value=")([^"]+)"', r'\g<1>-1e300"'),
        first(r'(<Node [^>]*score=")([^"]+)"', r'\g<1>0.123456"'),
        first(r'defaultChild="[^"]+"', 'defaultChild="nowhere"'),
        first(r'(<RegressionTable intercept=")([^"]+)"', r'\g<1>0.987"'),
    ],
)
def test_each_altered_number_of_trees_is_found_or_told_as_unknown(change: Change) -> None:
    text = written("attributed").decode("utf-8")
    altered = change(text)
    assert altered != text
    ledger = judged("attributed", altered.encode("utf-8"))
    refused = [
        one.reason for one in ledger.outcomes if one.test == "exports/model.pmml" and one.outcome == "not_evaluable"
    ]
    assert found(ledger) or refused


def test_reasons_that_the_header_says_are_left_out_are_not_evaluable() -> None:
    package = credit_risk.package.read_package(CORPUS / "attributed")
    document, _ = chain_pmml(package.model, package.package_hash, package.verification(), most_constants=0)
    ledger = judged("attributed", document)
    assert found(ledger) == []
    told = {one.test: one.reason for one in ledger.outcomes if one.outcome == "not_evaluable"}
    assert "says of itself" in str(told["exports/model.pmml: reasons"])


def test_reasons_that_are_gone_without_a_word_are_found() -> None:
    package = credit_risk.package.read_package(CORPUS / "attributed")
    document, _ = chain_pmml(package.model, package.package_hash, package.verification(), most_constants=0)
    silent = re.sub(rb"<Annotation>.*?</Annotation>", b"", document, flags=re.DOTALL)
    assert any("reason" in one for one in found(judged("attributed", silent)))
