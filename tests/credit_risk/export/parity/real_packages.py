"""Packages of the public data sets, of each a scorecard and a monotone boosting as champion, with calibration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from credit_risk.lifecycle.run import run_plan
from credit_risk.package import Package
from credit_risk.plan import read_plan
from credit_risk.sampling import read_source
from credit_risk.sampling.production import declared_notations, typed_frame
from tests.credit_risk.cli.command import REPOSITORY

PLANS = {
    "german": ("tests/plans/german_credit", "german_credit.csv.gz"),
    "heloc": ("tests/plans/heloc", "heloc.csv.gz"),
    "sba": ("scorecards/sba_loans", "sba_loans.csv.gz"),
    "taiwan": ("scorecards/taiwan_credit", "taiwan_credit.csv.gz"),
}
"""Folder of the plan and the file of the data by name."""
CHAMPIONS = {
    "scorecard": {"id": "scorecard", "type": "scorecard", "champion": True},
    "boosting": {"id": "boosting", "type": "monotone_boosting", "champion": True, "trees": 150},
}
METHODS = {
    "german_scorecard": "logistic",
    "german_boosting": "beta",
    "heloc_scorecard": "isotonic",
    "heloc_boosting": "centred_isotonic",
    "sba_scorecard": "centred_isotonic",
    "sba_boosting": "isotonic",
    "taiwan_scorecard": "venn_abers",
    "taiwan_boosting": "beta",
}
"""The calibration of each package, fitted on the out-of-sample rows; each kind of map is there once or more."""
MOST_OF_TREES = {"libreoffice": 100, "jpmml": 3_000, "pmml4s": 3_000, "spark": 5_000, "cobol": 5_000}
"""Rows of each kind that engines slow on 150 trees are given: first those that reach every bin and leaf.

All neighbours of thresholds are among them but for LibreOffice.
"""


def plan_of(name: str, data: Path, folder: Path) -> Path:
    """The plan of a package, written into `folder`: the data's own, with the champion, calibration and grades."""
    table, kind = name.split("_")
    place, file = PLANS[table]
    plan: dict[str, Any] = YAML(typ="safe").load((REPOSITORY / place / "plan.yaml").read_text("utf-8"))
    plan["data"]["source"] = str(data / file)
    plan["models"] = [CHAMPIONS[kind]]
    plan["calibration"] = {"methods": [METHODS[name]], "sample": "out_of_sample"}
    plan["rating_scale"] = {
        "geometric": {"lower": 0.03, "upper": 0.6, "grades": 6},
        "probability": "midpoint",
        "max_share": 0.9,
    }
    for documented in ("long_run", "overlays"):
        plan.pop(documented, None)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "plan.yaml").open("w", encoding="utf-8") as file_of_plan:
        YAML().dump(plan, file_of_plan)
    return folder / "plan.yaml"


def build(name: str, data: Path, folder: Path) -> Path:
    """The package of `name` (`heloc_boosting`), developed in `folder`, without validation and documents."""
    package = folder / "package"
    run_plan(read_plan(plan_of(name, data, folder / "plan")), package, with_validation=False, with_documents=False)
    return package


def table_of(package: Package, file: Path) -> pd.DataFrame:
    """All rows of a file with the inputs of the model, read as scoring reads them."""
    inputs = package.model["inputs"]
    source = read_source(file)
    return typed_frame(source, inputs, declared_notations(package.plan, [item["name"] for item in inputs]))
