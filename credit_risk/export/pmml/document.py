"""The PMML document of a model of any kind: a `Scorecard` where one holds it, else derived fields and sums of trees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pandas as pd

from credit_risk._core.errors import PackageError
from credit_risk.export.pmml.chain import chain_pmml
from credit_risk.export.pmml.scorecard import category_faults, fits_scorecard, scorecard_pmml

_ANNOTATION = re.compile("<Annotation>(.*?)</Annotation>", re.DOTALL)


def model_pmml(model: Mapping[str, Any], package_hash: str, verification: pd.DataFrame | None = None) -> bytes:
    """The PMML 4.4 document of a model.json of any kind that `compile_model` accepts.

    A scorecard, also one on top of another, is a `Scorecard` with reason codes (`scorecard_pmml` tells the output
    fields); any other model is what `chain_pmml` tells. What is left out stands in the header (`pmml_notes`). Raises
    PackageError with every name and category that holds a character which XML cannot hold.
    """
    if faults := category_faults(model):
        raise PackageError(faults)
    if fits_scorecard(model):
        return scorecard_pmml(model, package_hash, verification)
    return chain_pmml(model, package_hash, verification)[0]


def pmml_notes(document: bytes) -> list[str]:
    """What the header of a document tells of results that it leaves out; empty where it holds all."""
    head = document.partition(b"</Header>")[0].decode("utf-8")
    return [unescape(note) for note in _ANNOTATION.findall(head)]
