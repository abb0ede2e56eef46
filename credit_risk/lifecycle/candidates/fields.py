"""Which source columns and derivations a candidate reads, and the features that are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from credit_risk.models.assemble import Identity, InputColumn, document
from credit_risk.scoring import compile_model


class Sources(Protocol):
    """Columns that a model may read, and steps that make derived characteristics of them, by name."""

    @property
    def inputs(self) -> Mapping[str, InputColumn]:
        """Declared inputs, in the order of the source."""

    @property
    def derive_steps(self) -> Mapping[str, dict[str, Any]]:
        """Derive steps, in the order of the plan."""


def taken_names(inputs: Sequence[InputColumn], derived: Sequence[dict[str, Any]]) -> set[str]:
    """Names that a model's own values may not bear."""
    return {column.name for column in inputs} | {step["output"] for step in derived}


def derivations(names: Sequence[str], training: Sources) -> list[dict[str, Any]]:
    """Derive steps that the named characteristics need, each before its use, in the order of the plan."""
    needed: set[str] = set()
    pending = [name for name in names if name in training.derive_steps]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += [r for r in references(training.derive_steps[name]["expression"]) if r in training.derive_steps]
    return [step for name, step in training.derive_steps.items() if name in needed]


def read_inputs(names: Sequence[str], training: Sources) -> list[InputColumn]:
    """Source columns that the named characteristics read, in the order of the source."""
    read = {name for name in names if name not in training.derive_steps}
    for step in derivations(names, training):
        read |= {r for r in references(step["expression"]) if r not in training.derive_steps}
    return [column for name, column in training.inputs.items() if name in read]


def references(expression: Mapping[str, Any]) -> list[str]:
    if "ref" in expression:
        return [expression["ref"]]
    return [name for argument in expression.get("args", []) for name in references(argument)]


def feature_frame(
    frame: pd.DataFrame, inputs: Sequence[InputColumn], steps: Sequence[dict[str, Any]], features: Sequence[str]
) -> pd.DataFrame:
    """Features of boosting (n, k) as numbers, made by the same steps that will make them in production."""
    unnamed = Identity("features", "features", "0", "", "")
    values = compile_model(document(unnamed, "monotone_boosting", inputs, steps, {})).values(frame)
    return pd.DataFrame({name: np.asarray(values[name], float) for name in features})
