"""SAS without a SAS: what can be held of the text itself."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import PackageError
from credit_risk.export import export_package
from credit_risk.export.code.sas import sas_source
from credit_risk.export.program import Classify, program_of
from credit_risk.package import read_package
from tests.credit_risk.export.code import cases
from tests.credit_risk.scoring.strategies import rows as drawn_rows
from tests.credit_risk.scoring.strategies import scorecards
from tests.credit_risk.scoring.test_model import table


def stripped(text: str) -> str:
    """The program without comments and constants of text; fails where one is left open."""
    program = text.split("  datalines4;\n")[0]
    plain = re.sub(r"/\*.*?\*/|'(?:[^']|'')*'x?", " ", program, flags=re.DOTALL)
    assert "'" not in plain
    assert "*/" not in plain
    return plain


def assert_sound(text: str) -> None:
    plain = stripped(text)
    plain.encode("ascii")
    opened = len(re.findall(r"\b(?:select|do)\b", plain))
    assert opened == len(re.findall(r"\bend;", plain))
    assert plain.count("(") == plain.count(")")
    assert plain.count("{") == plain.count("}")
    assert set(re.findall(r"[%&]\w*", plain)) <= {"%macro", "%mend", *re.findall(r"%\w+_score", plain)}
    assert all(len(word) <= 32 for word in re.findall(r"[A-Za-z_]\w*", plain))


@pytest.mark.parametrize("name", cases.PACKAGES)
def test_packages_of_the_corpus(name: str) -> None:
    package = read_package(cases.CORPUS / name)
    files = export_package(package, ["sas"])
    assert files == export_package(package, ["sas"])
    text = files[f"sas/{package.model['model']['id']}.sas"].decode()
    assert "NOT PROVED" in text[:1500]
    assert package.package_hash in text[:1500]
    assert_sound(text)
    attributed = any(step["type"] == "attribution" for step in package.model["steps"])
    assert ("LEFT OUT: reason_1" in text) == attributed
    for one in program_of(package.model, "0").statements:
        if isinstance(one, Classify):
            assert text.count(f"_v_{one.name} = ") in (
                0,
                len(one.bins),
                len(one.bins) + sum(bool(b.codes) for b in one.bins),
            )


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_scorecard_is_sound_or_refused(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    frame = table(model, data.draw(drawn_rows(model)))
    program = program_of(model, cases.HASH)
    held = [
        v for one in program.statements if isinstance(one, Classify) for b in one.bins for v in (*b.values, *b.codes)
    ]
    if any(isinstance(value, str) and value.endswith(" ") for value in held):
        with pytest.raises(PackageError, match="ends with a blank"):
            sas_source(program, cases.cases_of(model, frame))
        return
    assert_sound(sas_source(program, cases.cases_of(model, frame))["generated.sas"].decode())


def test_expressions_are_sound() -> None:
    expressions, _ = cases.drawn_expressions(120)
    told = [pair for pair in expressions if '" "' not in json.dumps(pair[1])]
    assert len(told) > 250
    program = cases.program_of_expressions(told, [])
    assert_sound(sas_source(program, cases.no_cases(program))["many-expressions.sas"].decode())
