"""What the validator recomputes of trees besides their margin: interactions, missing values, how they were chosen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_package import builders as b
from toy_package.boosted import challenger

from validation import ValidationRun, read_package, validate
from validation.rebuild.tree_paths import paths, size, weighted_auc

FOLDS = [0.61, 0.64, 0.6]
SEARCH = [
    [0, "complete", 3, None, 5, 0.1, 10.0, 1.0, 0.0, 0.6, 0.01, "0.6; 0.6; 0.6", False],
    [1, "complete", 2, None, 1, 0.3, 10.0, 1.0, 0.0, float(np.mean(FOLDS)),
     float(np.std(FOLDS, ddof=1) / np.sqrt(3)), "; ".join(map(repr, FOLDS)), True],
    [2, "failed: no", 2, None, 9, 0.3, 10.0, 1.0, 0.0, None, None, "", False],
]  # fmt: skip
SEARCH[0][10] = 0.0


@pytest.fixture
def package(good_package: Path, tmp_path: Path) -> Path:
    """The toy with a challenger of one tree, its interactions and search stated."""
    folder = Path(shutil.copytree(good_package, tmp_path / "toy"))
    challenger(folder)
    spec = {
        "id": "trees",
        "type": "monotone_boosting",
        "interactions": [["INCOME"]],
        "search": {"trials": 3, "metric": "auc"},
    }
    b.change_json(
        folder, "plan.json", lambda p: p.update(models=[{"id": "toy", "type": "scorecard", "champion": True}, spec])
    )
    add(folder, "boosting.interactions.trees", [["INCOME", 1, 3, 0, 0], ["no group", 0, 0, 0, 0]])
    add(folder, "boosting.search.trees", SEARCH)
    return folder


def add(folder: Path, name: str, rows: list[list[Any]], **more: Any) -> None:
    (folder / "evidence" / f"{name}.json").write_bytes(b.to_json(b.evidence(name, rows, **more)))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"][f"evidence/{name}.json"] = {}
    (folder / "manifest.json").write_bytes(b.to_json(manifest))
    b.reseal(folder)


def breaches(run: ValidationRun) -> set[str]:
    found = {f"{item.area}: {item.quantity}" for item in run.comparisons if item.breaches}
    return {name.removeprefix("boosting.") for name in found if name.startswith("boosting")}


def change(name: str, row: int, column: int, value: Any) -> Callable[[Path], None]:
    def apply(evidence: dict[str, Any]) -> None:
        evidence["rows"][row][column] = value

    return lambda folder: b.change_json(folder, f"evidence/{name}.json", apply)


def test_what_is_stated_rightly_passes(package: Path) -> None:
    run = validate(read_package(package))
    assert breaches(run) == set()
    areas = {item.area for item in run.comparisons}
    assert {f"boosting.{name}.trees" for name in ("interactions", "missing", "search")} <= areas


@pytest.mark.parametrize(
    ("touch", "found"),
    [
        (change("boosting.interactions.trees", 0, 2, 4), "interactions.trees: paths"),
        (change("boosting.interactions.trees", 0, 0, "REGION"), "interactions.trees: groups"),
        (change("boosting.missing.trees", 0, 2, 1), "missing.trees: rows_in_state"),
        (change("boosting.missing.trees", 0, 4, 0.5), "missing.trees: bad_rate"),
        (change("boosting.missing.trees", 0, 6, -0.7), "missing.trees: margin"),
        (change("boosting.missing.trees", 0, 8, 0.0), "missing.trees: difference"),
        (change("boosting.missing.trees", 0, 9, 0.5), "missing.trees: share_higher"),
        (change("boosting.missing.trees", 0, 1, "special -9"), "missing.trees: states"),
        (change("boosting.search.trees", 1, 9, 0.62), "search.trees: mean"),
        (change("boosting.search.trees", 1, 10, 0.5), "search.trees: standard_error"),
        (change("boosting.search.trees", 0, 12, True), "search.trees: chosen"),
        (lambda f: b.change_json(f, "plan.json", lambda p: p["models"][1]["search"].update(trials=9)),
         "search.trees: trials"),
    ],
)  # fmt: skip
def test_what_is_stated_otherwise_is_found(package: Path, touch: Callable[[Path], None], found: str) -> None:
    touch(package)
    assert found in breaches(validate(read_package(package)))


def test_paths_outside_the_plans_groups_are_found(package: Path) -> None:
    def two_features(document: dict[str, Any]) -> None:
        step = document["steps"][0]
        step["features"] = ["INCOME", "SEX"]
        step["trees"][0]["feature"][2] = 1
        document["inputs"].append({"name": "SEX", "type": "number", "specials": [], "description": ""})

    b.change_json(package, "challengers/trees/model.json", two_features)
    assert "interactions.trees: paths that no group holds" in breaches(validate(read_package(package)))


@pytest.mark.parametrize(("trees", "wrong"), [(1, False), (2, True)])
def test_early_stopping_is_held_against_the_size_of_the_model(package: Path, trees: int, wrong: bool) -> None:
    chart = {"chart": {"type": "line", "x": "trees", "y": ["mean"], "x_title": "", "y_title": ""}}
    rows = [[k, 0.5, 0.4, 0.6, k == trees] for k in (1, 2)]
    add(package, "boosting.early_stopping.trees", rows, **chart)
    found = breaches(validate(read_package(package)))
    assert ("early_stopping.trees: trees of the model" in found) is wrong


def test_simpler_models_are_partial_sums_counted_and_measured_again(package: Path) -> None:
    data = b.population()
    rows = [i for i, name in enumerate(data["_sample"]) if name == b.DEVELOPMENT]
    margin = [0.4 if (x := data["INCOME"][i]) is None or x < 30.0 else -0.1 if x < 55.0 else -0.6 for i in rows]
    y = [data["_outcome"][i] for i in rows]
    pairs = [(m, n) for m, a in zip(margin, y, strict=True) if a for n, c in zip(margin, y, strict=True) if not c]
    gini = 2 * sum(float(m > n) + 0.5 * float(m == n) for m, n in pairs) / len(pairs) - 1
    other = [1, None, 4, 8, 1, 0.2, 0.2, 0.01, 0.0, True, False]
    own = [2, None, 1, 3, 1, gini, 0.2, 0.01, 0.0, True, True]
    add(package, "boosting.simplicity.trees", [other, own])
    assert breaches(validate(read_package(package))) == set()
    for column, name in ((3, "leaves"), (4, "features"), (5, "gini_development"), (2, "trees of the model")):
        value = own[column]
        change("boosting.simplicity.trees", 1, column, value + 1)(package)
        assert f"simplicity.trees: {name}" in breaches(validate(read_package(package)))
        change("boosting.simplicity.trees", 1, column, value)(package)


def test_paths_and_sizes_are_read_from_the_leaves_up() -> None:
    tree = {"left": [1, 3, -1, -1, -1], "right": [2, 4, -1, -1, -1], "feature": [0, 1, -1, -1, -1]}
    assert sorted(map(sorted, paths(tree))) == [[0], [0, 1], [0, 1]]
    assert size([tree, tree]) == (6, 2)


def test_weighted_area_is_that_of_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    y, x, w = (rng.random(80) < 0.4).astype(float), rng.integers(0, 6, 80).astype(float), rng.integers(1, 4, 80)
    yy, xx = np.repeat(y, w), np.repeat(x, w)
    bads, goods = xx[yy == 1], xx[yy == 0]
    brute = np.mean((bads[:, None] > goods) + 0.5 * (bads[:, None] == goods))
    assert weighted_auc(y, x, w.astype(float)) == pytest.approx(brute, abs=1e-14)
