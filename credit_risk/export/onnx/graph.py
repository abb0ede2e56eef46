"""Nodes of an ONNX graph over columns of n rows: numbers double with NaN where missing, texts empty, flags bool."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

ML = "ai.onnx.ml"


class Graph:
    """Nodes and constants in order; every value gets a name of its own, every constant one initializer."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[tuple[Any, ...], TensorProto] = {}

    def add(self, operation: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """A node; the name of its (first) output."""
        name = f"v{len(self.nodes)}"
        names = [name, *(f"{name}_{k}" for k in range(1, outputs))]
        self.nodes.append(helper.make_node(operation, list(inputs), names, domain=domain, **attributes))
        return name

    def constant(self, value: Any, kind: type | str = np.float64) -> str:
        """The name of a constant tensor."""
        array = np.asarray(value, dtype=object if kind is str else kind)
        key = (str(array.dtype), array.shape, tuple(array.ravel().tolist()) if kind is str else array.tobytes())
        if key not in self.constants:
            self.constants[key] = numpy_helper.from_array(array, f"c{len(self.constants)}")
        return self.constants[key].name

    def matrix(self, columns: list[str]) -> str:
        """Columns (n,) side by side, (n, k)."""
        axis = self.constant([1], np.int64)
        return self.add("Concat", *(self.add("Unsqueeze", one, axis) for one in columns), axis=1)

    def last(self, matrix: str) -> str:
        """The last column of a matrix, (n,)."""
        return self.add("Gather", matrix, self.constant(-1, np.int64), axis=1)
