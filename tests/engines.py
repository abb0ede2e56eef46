"""Two real PMML engines for the tests: JPMML (AGPL, test-only, never imported by the product) and PMML4S. One JVM."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

Rows = list[dict[str, Any]]


def records(frame: pd.DataFrame) -> Rows:
    """Rows as dictionaries of plain Python values, None for missing."""
    columns = {name: [None if pd.isna(v) else v for v in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@cache
def _backend() -> Any:
    """JPMML's backend in a JVM that PMML4S shares."""
    import jpype
    import pypmml
    from jpmml_evaluator.jpype import JPypeBackend
    from pypmml.base import PMMLContext
    from pypmml.jvm import JPypeGateway

    if not jpype.isJVMStarted():
        jars = Path(pypmml.__file__).parent / "jars"
        JPypeBackend.createJVM([str(jar) for jar in sorted(jars.glob("*.jar"))])
    if PMMLContext._active_pmml_context is None:  # another test may have asked PMML4S in a process of its own
        PMMLContext(gateway_instance=JPypeGateway())
    return JPypeBackend()


def jpmml(path: Path, rows: Rows, *, verify: bool = True) -> pd.DataFrame:
    """Results of JPMML; `verify` first evaluates the embedded ModelVerification rows and raises where they differ."""
    from jpmml_evaluator import LoadingModelEvaluatorBuilder

    evaluator = LoadingModelEvaluatorBuilder(_backend()).loadFile(str(path)).build()
    if verify:
        evaluator.verify()
    return pd.DataFrame(evaluator.evaluateAll(pd.DataFrame(rows, dtype=object)))


def pmml4s(path: Path, rows: Rows) -> pd.DataFrame:
    """Results of PMML4S through its JSON call: `predict(DataFrame)` would round inputs to 10 decimals."""
    import pypmml

    _backend()
    model = pypmml.Model.fromFile(str(path))
    columns = list(rows[0])
    request = {"columns": columns, "data": [[row[c] for c in columns] for row in rows]}
    answer = json.loads(str(model.call("predict", json.dumps(request))))
    return pd.DataFrame(answer["data"], columns=answer["columns"])


def validators_reader(path: Path, rows: Rows) -> pd.DataFrame:
    """Results of the validator's own evaluation of a document."""
    from validation import exports

    document = exports.read(path.read_bytes())
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    kinds = {name: float if document.inputs.get(name) == "double" else object for name in columns}
    frame = pd.DataFrame({name: pd.Series(cells, dtype=kinds[name]) for name, cells in columns.items()})
    return pd.DataFrame(exports.evaluate(document, frame))


@cache
def pmml_schema() -> Any:
    """The PMML 4.4 schema of the pmml-model jar inside the jpmml-evaluator wheel (BSD-3), as an lxml XMLSchema."""
    from lxml import etree

    root = Path(importlib.util.find_spec("jpmml_evaluator").submodule_search_locations[0])
    for jar in sorted(root.rglob("pmml-model-*.jar")):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith("pmml.xsd"):
                    return etree.XMLSchema(etree.fromstring(archive.read(name)))
    raise AssertionError("no pmml.xsd in the jpmml-evaluator wheel")
