"""Train the boosted trees of a package again and compare them node by node. `python rebuild_boosting.py PACKAGE`.

The algorithm is in `validation/rebuild/boosting`, each module one part of its arithmetic; this script gives it the rows
and the settings that the package states, and counts where the two forests differ.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pandas as pd

import validation as v
from validation.rebuild.boosting.differences import pairs
from validation.rebuild.boosting.stated import settings_of
from validation.rebuild.boosting.training import train
from validation.score import score
from validation.steps.values import as_number
from validation.structure import own_trees


def compare(package: v.Package) -> pd.DataFrame:
    """One row for each boosting: nodes, nodes that split otherwise, the greatest difference of a leaf."""
    frame = package.snapshot
    if frame is None:
        raise SystemExit("the package came without its rows")
    development = np.equal(frame["_sample"].to_numpy(), "development") & frame["_outcome"].notna().to_numpy()
    bad, weight = (frame[name].to_numpy(np.float64)[development] for name in ("_outcome", "_weight"))
    share = float(np.float32(math.fsum(weight * bad) / math.fsum(weight)))  # what every row starts from
    rows: list[list[Any]] = []
    for model_id, model in package.models.items():
        values = score(model, frame)
        for step in own_trees(model):
            table = package.rows_of(f"boosting.parameters.{package.candidate_ids[model_id]}") or []
            stated = {str(row["item"]): str(row["value"]) for row in table}
            settings = settings_of(stated, step["features"], package.manifest["libraries"])
            features = np.column_stack([as_number(values[name]).data[development] for name in step["features"]])
            offset = None if step["offset"] is None else values[step["offset"]].data[development]
            forest = train(features, bad, settings, share=share, weight=weight, offset=offset)
            found = pairs(step["trees"], forest.trees, step["features"])
            gaps = [abs(pair.values[0] - pair.values[1]) for pair in found if pair.same and pair.values is not None]
            parted = sum(pair.nodes for pair in found if not pair.same)
            rows.append(
                [model_id, len(forest.trees), sum(pair.nodes for pair in found), parted, max(gaps, default=0.0)]
            )
    if not rows:
        raise SystemExit("no model of the package is a boosting")
    names = ["model", "trees", "nodes", "nodes that differ", "greatest difference of a leaf"]
    return pd.DataFrame(rows, columns=names)


def main(path: str) -> None:
    """Print the agreement of a package with its rebuild."""
    print(compare(v.read_package(path)).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1])
