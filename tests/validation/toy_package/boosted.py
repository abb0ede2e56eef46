"""A challenger of one tree for the toy package; its numbers are made row by row."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from toy_package import builders as b


def income_auc(data: dict[str, Any]) -> list[float]:
    """AUC of income as a measure of safety, over its values in development, by Mann and Whitney's count, and beside it
    the bounds at 95 % on the scale of log-odds and the p-value against 0.5, by the components of DeLong et al. (1988).
    """
    rows = [i for i, name in enumerate(data["_sample"]) if name == b.DEVELOPMENT and data["INCOME"][i] is not None]
    bads, goods = ([data["INCOME"][i] for i in rows if data["_outcome"][i] == k] for k in (1.0, 0.0))
    won = [[float(x < y) + 0.5 * float(x == y) for y in goods] for x in bads]
    area = statistics.fmean(statistics.fmean(row) for row in won)
    of_bads = statistics.variance([statistics.fmean(row) for row in won])
    of_goods = statistics.variance([statistics.fmean(column) for column in zip(*won, strict=True)])
    error = math.sqrt(of_bads / len(bads) + of_goods / len(goods))
    normal = statistics.NormalDist()
    half = normal.inv_cdf(0.975) * error / (area * (1.0 - area))
    bounds = [1.0 / (1.0 + math.exp(math.log(1.0 / area - 1.0) + sign * half)) for sign in (1.0, -1.0)]
    return [area, *bounds, 2.0 * normal.cdf(-abs(area - 0.5) / error)]


def challenger(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Add a challenger of one tree, its predictions made row by row; `change` touches the model afterwards."""
    tree = {
        "feature": [0, -1, 0, -1, -1],
        "threshold": [30.0, None, 55.0, None, None],
        "left": [1, -1, 3, -1, -1],
        "right": [2, -1, 4, -1, -1],
        "default_left": [True, False, False, False, False],
        "value": [0.0, 0.4, 0.0, -0.1, -0.6],
    }
    steps = [
        {"id": "t", "type": "trees", "features": ["INCOME"], "base_margin": -1.2, "offset": None, "trees": [tree],
         "output": "m"},
        {"id": "p", "type": "link", "function": "logit", "input": "m", "output": "p"},
    ]  # fmt: skip
    inputs = [{"name": "INCOME", "type": "number", "specials": [], "description": ""}]
    document = b.shell(inputs, steps, {"linear_score": "m", "probability": "p"}, id="trees", type="monotone_boosting")
    data = b.population()
    files: dict[str, bytes] = {}
    for sample in (b.DEVELOPMENT, b.TEST):
        rows = [i for i, name in enumerate(data["_sample"]) if name == sample]
        margin = []
        for i in rows:
            x = data["INCOME"][i]
            margin.append(-1.2 + (0.4 if x is None or x < 30.0 else -0.1 if x < 55.0 else -0.6))
        columns = {"_key": [data["_key"][i] for i in rows], "linear_score": margin}
        columns["probability"] = [1 / (1 + math.exp(-value)) for value in margin]
        files[f"challengers/trees/predictions/{sample}.parquet"] = b.to_parquet(columns)
    rows = [["INCOME", "descending", 2, 3, 0, 0.0]]
    bound = [["INCOME", "INCOME", True, "descending", "mined", "descending", *income_auc(data), ""]]
    files["evidence/boosting.missing.trees.json"] = b.to_json(b.evidence("boosting.missing.trees", [missing(data)]))
    files["evidence/boosting.constraints.trees.json"] = b.to_json(b.evidence("boosting.constraints.trees", bound))
    files["evidence/boosting.monotonicity.trees.json"] = b.to_json(b.evidence("boosting.monotonicity.trees", rows))
    if change:
        change(document)
    files["challengers/trees/model.json"] = b.to_json(document)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        manifest["files"][name] = {}
    (folder / "manifest.json").write_bytes(b.to_json(manifest))
    b.reseal(folder)


def missing(data: dict[str, Any]) -> list[Any]:
    """The row on missing income: what its rows get, and what they would get with the income of a row that has one."""
    rows = [i for i, name in enumerate(data["_sample"]) if name == b.DEVELOPMENT]
    known = [data["INCOME"][i] for i in rows if data["INCOME"][i] is not None]
    lacking = [i for i in rows if data["INCOME"][i] is None]
    bad, other = ([data["_outcome"][i] for i in rows if (data["INCOME"][i] is None) == k] for k in (True, False))
    usual = sum(0.4 if x < 30.0 else -0.1 if x < 55.0 else -0.6 for x in known) / len(known)
    rates = [sum(part) / len(part) for part in (bad, other)]
    head = ["INCOME", "missing", len(lacking), len(lacking), *rates]
    return [*head, -0.8, -1.2 + usual, 0.4 - usual, 1.0, "riskier than ordinary values"]
