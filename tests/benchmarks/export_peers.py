"""Our exports beside those of sklearn2pmml, nyoka, m2cgen and optbinning: the same model, every row and threshold.

    python3.11 -m venv PEERS
    PEERS/bin/pip install sklearn2pmml nyoka m2cgen optbinning xgboost-cpu==3.2.0 scikit-learn==1.9.0 pandas
    OMP_NUM_THREADS=1 PEERS_PYTHON=PEERS/bin/python python tests/benchmarks/export_peers.py [trees maps card can]

Data from the folder that CREDIT_RISK_TEST_DATA names; needs gcc, Java and both PMML engines (the test extras). Not
collected by pytest; the tables of a run are kept in tests/benchmarks/README.md. Peers run in their own environment
(export_peers_theirs.py), JPMML (AGPL-3) in the tests' own way; neither is part of the product.

Trees: xgboost trained once, as a monotone candidate of a plan is, 200 trees of depth 4. What a row should give is the
sum in doubles of the leaves that xgboost itself names (`pred_leaf`). A row has *another leaf* where the log-odds are
off by more than 1e-5, which the rounding of single-precision sums does not reach; *beyond 1e-9* counts all that is off.
Missing values of Taiwan: the share paid of a bill that is not positive; of HELOC: the codes -9, -8, -7.

Maps: the same trees, their probability calibrated by scikit-learn's isotonic regression, and three grades of the
probability before. What a row should give is the map of the probability in doubles.

Card: optbinning's `Scorecard` (missing and special codes with their own weights of evidence), rebuilt as model.json
from its splits, weights, coefficients and points. What a row should give are its own log-odds and points in Python.
HELOC keeps its special codes, and has no missing value but those that are put beside the thresholds.

Can: what the peers' code and attempts tell of what they can do.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import xgboost  # noqa: E402

from credit_risk.export import model_pmml  # noqa: E402
from credit_risk.export.code import c_source, java_source  # noqa: E402
from credit_risk.export.parity.adapters.c import Gcc  # noqa: E402
from credit_risk.export.parity.adapters.java import Java  # noqa: E402
from credit_risk.export.parity.compare import compare, expected_results  # noqa: E402
from credit_risk.export.parity.rows import threshold_rows, thresholds  # noqa: E402
from credit_risk.export.program import program_of  # noqa: E402
from credit_risk.models.assemble import Identity, InputColumn, document, link_step  # noqa: E402
from credit_risk.models.boosting import Bounds, training_parameters  # noqa: E402
from credit_risk.models.boosting_rows import boosting_rows  # noqa: E402
from credit_risk.models.boosting_spec import MonotoneBoostingSpec  # noqa: E402
from credit_risk.models.raw_trees import raw_trees, tree_arrays  # noqa: E402
from credit_risk.plan import read_plan  # noqa: E402
from credit_risk.scoring import compile_model  # noqa: E402
from credit_risk.scoring.verification import verification_rows, verification_table  # noqa: E402
from tests import engines  # noqa: E402
from tests.benchmarks.export_peers_engines import PMML_ENGINES, Scored, by_gcc, by_javac  # noqa: E402

DATA = Path(os.environ.get("CREDIT_RISK_TEST_DATA", ROOT.parent / "shared" / "data"))
THEIRS = Path(__file__).with_name("export_peers_theirs.py")
HASH = "0" * 64
SPECIALS = (-9.0, -8.0, -7.0)
SPEC = MonotoneBoostingSpec(id="trees", type="monotone_boosting", trees=200, depth=4)
ANOTHER_LEAF, SAME = 1e-5, 1e-9
GRADES, BANDS = ("A", "B", "C"), (0.1, 0.3)
SCALING = {"points_to_double_odds": 20.0, "base_score": 600.0, "base_odds": 50.0}
FACTOR = 20.0 / math.log(2.0)
OFFSET = 600.0 - FACTOR * math.log(50.0)
SCALING |= {"factor": FACTOR, "offset": OFFSET}
Model = dict[str, Any]
Floats = np.ndarray


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Case:
    """A model and what it is held against: `rows` are `real` rows of the table, then neighbours of thresholds.

    `expected` (m,) are log-odds in doubles, `points` those of a card; told and folder: what the peers wrote.
    """

    name: str
    model: Model
    rows: pd.DataFrame
    real: int
    expected: Floats
    told: dict[str, Any]
    folder: Path
    cases: pd.DataFrame
    points: Floats | None = None


def taiwan() -> tuple[pd.DataFrame, Floats, list[int]]:
    raw = pd.read_csv(DATA / "taiwan_credit.csv.gz")
    x = pd.DataFrame({"LIMIT_BAL": raw["LIMIT_BAL"].astype(float)})
    directions = [-1]
    for k in ("0", "2", "3", "4", "5", "6"):
        x[f"PAY_{k}"] = raw[f"PAY_{k}"].astype(float)
    directions += [1, 1, 1, 1, 1, 1]
    for k in range(1, 7):
        x[f"UTILISATION_{k}"] = raw[f"BILL_AMT{k}"] / raw["LIMIT_BAL"]
    directions += [1, 0, 0, 0, 0, 0]
    for k in range(1, 6):
        bill = raw[f"BILL_AMT{k + 1}"].astype(float)
        x[f"PAID_{k}"] = raw[f"PAY_AMT{k}"] / bill.where(bill > 0)
    directions += [-1, -1, -1, -1, -1]
    return x, raw["DEFAULT"].to_numpy(float), directions


def heloc(keep_specials: bool = False) -> tuple[pd.DataFrame, Floats, list[int]]:
    raw = pd.read_csv(DATA / "heloc.csv.gz")
    y = (raw.pop("RiskPerformance") == "Bad").to_numpy(float)
    x = raw.astype(float)
    if not keep_specials:
        x = x.mask(x.isin(SPECIALS))
    os.environ.setdefault("CREDIT_RISK_TEST_DATA", str(DATA))
    columns = read_plan(ROOT / "tests/plans/heloc/plan.yaml").data.columns
    signs = {"ascending": 1, "descending": -1}
    return x, y, [signs.get(str(getattr(columns.get(name), "expected_trend", None)), 0) for name in x]


def model_of(kind: str, names: list[str], steps: list[Model], specials: tuple[float, ...] = (), **more: str) -> Model:
    """A model.json that publishes log-odds, probability and what `more` names."""
    identity = Identity("peers", "Peers", "1", "probability of bad", "bad")
    inputs = [InputColumn(name, "number", dict.fromkeys(specials, "special"), "") for name in names]
    nothing = dict.fromkeys(("score", "grade", "reasons"))
    outputs = {**nothing, "linear_score": "linear_score", "probability": "probability", **more}
    return document(identity, kind, inputs, steps, outputs)


def asked(part: str, folder: Path, train: pd.DataFrame, y: Floats, rows: pd.DataFrame) -> dict[str, Any]:
    """Let the peers export in `folder`."""
    (folder / "names.json").write_text(json.dumps(list(train)))
    for name, values in (("train", train.to_numpy()), ("outcome", y.astype(np.int64)), ("score", rows.to_numpy())):
        np.save(folder / f"{name}.npy", values)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [os.environ["PEERS_PYTHON"], str(THEIRS), part, str(folder)]
    done = subprocess.run(command, env=inherited, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{part}: the peers' script ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return dict(json.loads((folder / "told.json").read_text()))


def trees_case(name: str, read: Callable[[], tuple[pd.DataFrame, Floats, list[int]]], folder: Path) -> Case:
    """Train once; the reference are xgboost's own leaves, summed in doubles in the order of the trees."""
    x, y, directions = read()
    names = list(x)
    rows = boosting_rows(x, y, max_bin=SPEC.max_bin)
    params = training_parameters(SPEC, Bounds(tuple(directions)), rows.base_score, 1)
    booster = xgboost.train(params, xgboost.DMatrix(rows.x, label=rows.y, feature_names=names), SPEC.trees)
    booster.save_model(folder / "booster.json")
    (folder / "base_score.json").write_text(json.dumps(rows.base_score))
    grown = [tree_arrays(tree) for tree in raw_trees(booster)]
    margin = math.log(rows.base_score) - math.log1p(-rows.base_score)
    step = {"id": "trees", "type": "trees", "features": names, "base_margin": margin, "offset": None}
    steps = [{**step, "trees": grown, "output": "linear_score"}, link_step("linear_score", "probability")]
    model = model_of("monotone_boosting", names, steps)
    near = threshold_rows(program_of(model, HASH), x)
    both = pd.concat([x, near], ignore_index=True)
    places = booster.predict(xgboost.DMatrix(both, feature_names=names), pred_leaf=True).astype(np.int64)
    expected = np.full(len(both), margin)
    for k, tree in enumerate(grown):
        expected += np.asarray(tree["value"])[places[:, k]]
    single = booster.predict(xgboost.DMatrix(both, feature_names=names), output_margin=True).astype(float)
    step_least = least_step(model, x)
    say(
        f"{name}: {len(x):,} rows, {int(x.isna().any(axis=1).sum()):,} with missing values, {len(near):,} neighbours of"
        f" thresholds; xgboost's single-precision sum is off by up to {np.abs(single - expected).max():.1e}; of rows on"
        f" both sides of a threshold that differ, the least difference is {step_least:.1e}.\n"
    )
    told = asked("trees", folder, x, y, both)
    return Case(name, model, both, len(x), expected, told, folder, verification(model, x))


def least_step(model: Model, x: pd.DataFrame, bases: int = 20) -> float:
    """Least difference in log-odds, above rounding, of rows that are alike but for the side of one threshold."""
    compiled = compile_model(model)
    cuts = [(name, t) for name, numbers in thresholds(program_of(model, HASH)).items() for t in numbers]
    rows = x.iloc[np.linspace(0, len(x) - 1, bases * len(cuts)).astype(np.int64)].reset_index(drop=True)
    sides = []
    for towards in (None, -math.inf):
        moved = rows.copy()
        for name in x:
            mine = [k for k in range(len(rows)) if cuts[k % len(cuts)][0] == name]
            numbers = [cuts[k % len(cuts)][1] for k in mine]
            moved.loc[mine, name] = [t if towards is None else math.nextafter(t, towards) for t in numbers]
        sides.append(compiled.score(moved)["linear_score"].to_numpy(float))
    steps = np.abs(sides[0] - sides[1])
    return float(steps[steps > 1e-12].min(initial=math.inf))


def verification(model: Model, development: pd.DataFrame) -> pd.DataFrame:
    compiled = compile_model(model)
    return verification_table(compiled, verification_rows(compiled, development))


def mapped(case: Case) -> tuple[Model, Floats, np.ndarray]:
    """The model with the peers' isotonic map and grades; calibrated probabilities and grades that rows should have."""
    knots = json.loads((case.folder / "calibrated.json").read_text())
    trees, link = case.model["steps"]
    edges = [None, *BANDS, None]
    grades = [
        {"grade": name, "lower": edges[k], "upper": edges[k + 1], "probability": None} for k, name in enumerate(GRADES)
    ]
    steps = [
        trees,
        {**link, "output": "uncalibrated"},
        {"id": "map", "type": "calibrate", "method": "piecewise_linear", **knots}
        | {"input": "uncalibrated", "output": "probability"},
        {"id": "grades", "type": "grade", "input": "uncalibrated", "grades": grades, "output": "grade"},
    ]
    names = [one["name"] for one in case.model["inputs"]]
    p = sigmoid(case.expected)
    wanted = np.array(GRADES, dtype=object)[np.digitize(p, BANDS)]
    return model_of("monotone_boosting", names, steps, grade="grade"), np.interp(p, knots["x"], knots["y"]), wanted


def card_case(name: str, x: pd.DataFrame, y: Floats, specials: tuple[float, ...], folder: Path) -> Case:
    """The peers fit; their bins, weights, coefficients and points become a model.json."""
    (folder / "specials.json").write_text(json.dumps(specials))
    rows, told, model = x, {}, {}
    for _ in range(2):  # thresholds are known after the first fit; the second fit is the same
        told = asked("card", folder, x, y, rows)
        model = card_model(json.loads((folder / "card.json").read_text()), list(x), specials)
        near = threshold_rows(program_of(model, HASH), x)
        missing = x.iloc[np.arange(len(x.columns))].reset_index(drop=True)
        for k, column in enumerate(x):
            missing.loc[k, column] = np.nan
        rows = pd.concat([x, near, missing], ignore_index=True)
    expected, points = np.load(folder / "card.npy"), np.load(folder / "points.npy")
    say(f"{name}, card: {len(x):,} rows, {len(rows) - len(x):,} neighbours of thresholds and missing values.\n")
    return Case(name, model, rows, len(x), expected, told, folder, verification(model, x), points)


def card_model(found: Model, names: list[str], specials: tuple[float, ...]) -> Model:
    steps, parts, reasons = [], [], []
    for place, name in enumerate(names):
        table = found["tables"][name]
        edges = [None, *table["splits"], None]
        bins: list[Model] = [
            {"kind": "interval", "lower": edges[k], "upper": edges[k + 1], "of": of}
            for k, of in enumerate(table["intervals"])
        ]
        if specials:
            bins.append({"kind": "special", "codes": list(specials), "of": table["special"]})
        bins.append({"kind": "missing", "of": table["missing"]})
        woe, points = zip(*(one.pop("of") for one in bins), strict=True)
        bins = [{**one, "id": k, "label": str(k), "woe": woe[k]} for k, one in enumerate(bins)]
        head = {"id": f"classing {name}", "type": "classing", "input": name, "kind": "numeric", "bins": bins}
        steps.append({**head, "output_bin": f"bin({name})", "output_woe": f"woe({name})"})
        scored = {"characteristic": name, "output": f"points({name})", "points": list(points)}
        parts.append({**scored, "input": f"bin({name})"})
        reason = {"characteristic": name, "input": f"points({name})", "reason_code": f"R{place + 1:02d}"}
        best = max(points)
        reasons.append({**reason, "reference_points": best, "baseline": best - 1e-6 * (place + 1)})
    terms = [{"input": f"woe({n})", "coefficient": b} for n, b in zip(names, found["coefficients"], strict=True)]
    linear = {"id": "linear", "type": "linear", "intercept": found["intercept"], "offset": None, "terms": terms}
    scale = {"id": "score", "type": "scale", "form": "points", "base_points": found["base_points"]}
    scale |= {"characteristics": parts, "rounding": "none", "scaling": SCALING, "output": "score"}
    told = {"id": "reasons", "type": "reasons", "method": "points_below_reference", "reference": "most points"}
    told |= {"characteristics": reasons, "maximum": 4, "rank_step": 1e-6, "output": "reasons"}
    steps += [{**linear, "output": "linear_score"}, link_step("linear_score", "probability"), scale, told]
    return model_of("scorecard", names, steps, specials, score="score", reasons="reasons")


# ---------------------------------------------------------------------------------------------------------- tables


def logit(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(p) - np.log1p(-p)


def sigmoid(margin: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-margin))


@dataclass(frozen=True, slots=True)
class Written:
    """An export: what is said of its size and of the seconds of processor time it took."""

    export: str
    size: str
    seconds: str


HEADER = (
    "| data | export | scored by | rows of another leaf | neighbours of another leaf | beyond 1e-9 | refused "
    "| \\|ΔPD\\| rows | \\|ΔPD\\| neighbours | kB | seconds |\n"
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
CARD_HEADER = HEADER.replace("leaf", "bin").replace(" kB |", " \\|Δ points\\| | kB |") + " ---: |"
MAP_HEADER = (
    "| data | export | scored by | \\|Δ calibrated PD\\| | rows beyond 1e-6 | other grades | refused |\n"
    "| --- | --- | --- | ---: | ---: | ---: | ---: |"
)


def line(case: Case, written: Written, engine: str, scored: Scored) -> None:
    """One row of the table of trees or of the card."""
    p, points = scored.probability, scored.points
    margin = logit(p) if scored.linear is None else scored.linear
    if np.isnan(p).all() and points is not None:
        margin = (OFFSET - points) / FACTOR
    given = ~np.isnan(margin)
    off, gap = np.abs(margin - case.expected), np.abs(p - sigmoid(case.expected))
    real = np.arange(len(p)) < case.real
    wrong, inexact = given & (off > ANOTHER_LEAF), given & (off > SAME * np.maximum(1.0, np.abs(case.expected)))
    counts = [f"{int((wrong & part).sum()):,} of {int((given & part).sum()):,}" for part in (real, ~real)]
    cells = [case.name, written.export, engine, *counts, f"{int(inexact.sum()):,}", f"{int((~given).sum()):,}"]
    cells += [_most(gap[part]) for part in (real, ~real)]
    if case.points is not None:
        cells.append("none" if points is None else _most(np.abs(points - case.points)))
    say("| " + " | ".join([*cells, written.size, written.seconds]) + " |")
    if scored.said:
        NOTES.append(f"{case.name}, {written.export} in {engine}, first refused row: {scored.said[:200]}")


NOTES: list[str] = []


def _most(gaps: Floats) -> str:
    known = gaps[~np.isnan(gaps)]
    return f"{known.max():.1e}" if len(known) else "none"


def unwritten(case: Case, name: str) -> None:
    say(
        f"| {case.name} | {name} | not written: {case.told[name]['error']} |"
        + " |" * (9 if case.points is not None else 8)
    )


def kilobytes(data: bytes) -> str:
    return f"{len(data) / 1e3:,.0f}"


def timed(make: Callable[[], Any]) -> tuple[Any, str]:
    before = os.times()
    made = make()
    return made, f"{sum(os.times()[:4]) - sum(before[:4]):.2f}"


def ours(case: Case) -> None:
    """PMML in both engines, C and Java; paths and reasons that C and Java tell are held against the package besides."""
    pmml, seconds = timed(lambda: model_pmml(case.model, HASH, case.cases))
    path = case.folder / "ours.pmml"
    path.write_bytes(pmml)
    size = f"{kilobytes(pmml)} ({kilobytes(model_pmml(case.model, HASH, None))} without verification rows)"
    for engine, score in PMML_ENGINES.items():
        line(case, Written("ours, PMML", size, seconds), engine, score(path, case.rows))
        size, seconds = "same", ""
    program = program_of(case.model, HASH)
    wanted = expected_results(compile_model(case.model), program, case.rows)
    for name, source, adapter in (("C", c_source, Gcc()), ("Java", java_source, Java())):
        files, seconds = timed(lambda source=source: source(program_of(case.model, HASH), case.cases))
        files = {f"{name.lower()}/{file}": data for file, data in files.items()}
        with tempfile.TemporaryDirectory() as place:
            run = adapter.run(program, files, case.rows, Path(place))
        told = compare(wanted, run)
        NOTES.append(f"{case.name}, ours, {name}: paths ({told.paths}) that differ {told.path_differs}, reasons that "
                     f"differ {told.reasons_differ}")  # fmt: skip
        p, margin = (run.results[n].to_numpy(float) for n in ("probability", "linear_score"))
        points = run.results["score"].to_numpy(float) if "score" in run.results else None
        written = Written(f"ours, {name}", kilobytes(b"".join(files.values())), seconds)
        line(case, written, {"C": "gcc", "Java": "javac"}[name], Scored(p, margin, points))


def theirs_pmml(case: Case, name: str, shift: float | None = None) -> None:
    """A peer's PMML in both engines; shift: log-odds that it leaves out, told once more with them added."""
    told = case.told[name]
    if "error" in told:
        unwritten(case, name)
        return
    path = case.folder / told["file"]
    size, seconds = kilobytes(path.read_bytes()), f"{told['seconds']:.2f}"
    for engine, score in PMML_ENGINES.items():
        try:
            scored = score(path, case.rows)
        except Exception as error:  # noqa: BLE001 - an engine that breaks on a peer's document is a result
            scored = Scored(np.full(len(case.rows), np.nan), said=str(error))
        line(case, Written(f"{name}, PMML", size, seconds), engine, scored)
        size, seconds = "same", ""
        if shift is not None and not np.isnan(scored.probability).all():
            margin = logit(scored.probability) + shift
            line(case, Written(f"{name}, PMML, base score added", "same", ""), engine, Scored(sigmoid(margin), margin))


def theirs_code(case: Case) -> None:
    for kind, single in (("c", False), ("c", True), ("java", False), ("python", False)):
        told = case.told[f"m2cgen {kind}"]
        if "error" in told:
            unwritten(case, f"m2cgen {kind}")
            continue
        source = case.folder / told["file"]
        if kind == "c":
            scored, engine = by_gcc(source, case.rows, single), "gcc"
        elif kind == "java":
            scored, engine = by_javac(source, case.rows), "javac"
        else:
            scored, engine = Scored(np.load(case.folder / "m2cgen_python.npy")), "Python"
        name = f"m2cgen, {kind.capitalize()}" + (", inputs rounded to single precision before" if single else "")
        line(case, Written(name, kilobytes(source.read_bytes()), f"{told['seconds']:.2f}"), engine, scored)


def trees_table(cases: list[Case]) -> None:
    say(HEADER)
    for case in cases:
        ours(case)
        theirs_pmml(case, "sklearn2pmml")
        theirs_pmml(case, "nyoka", float(case.model["steps"][0]["base_margin"]))
        theirs_code(case)


def map_line(case: Case, name: str, engine: str, wanted: tuple[Floats, np.ndarray], p: Floats, grade: Any) -> None:
    gap = np.abs(p - wanted[0])
    other = "none" if grade is None else f"{int((grade != wanted[1]).sum()):,}"
    cells = [case.name, name, engine, _most(gap), f"{int((gap > 1e-6).sum()):,}", other, f"{int(np.isnan(p).sum()):,}"]
    say("| " + " | ".join(cells) + " |")


def maps_table(cases: list[Case]) -> None:
    say("\n" + MAP_HEADER)
    for case in cases:
        model, *wanted = mapped(case)
        path = case.folder / "mapped.pmml"
        path.write_bytes(model_pmml(model, HASH, None))
        python = np.load(case.folder / "calibrated.npy")
        map_line(case, "scikit-learn's own, in Python", "Python", (wanted[0], wanted[1]), python, None)
        for engine, score in PMML_ENGINES.items():
            found = score(path, case.rows)
            map_line(case, "ours, PMML", engine, (wanted[0], wanted[1]), found.probability, found.grade)
            calibrated = score(case.folder / case.told["sklearn2pmml, calibrated"]["file"], case.rows).probability
            graded = score(case.folder / case.told["sklearn2pmml, graded"]["file"], case.rows).grade
            map_line(case, "sklearn2pmml, PMML", engine, (wanted[0], wanted[1]), calibrated, graded)


def card_table(cases: list[Case]) -> None:
    say("\n" + CARD_HEADER)
    for case in cases:
        ours(case)
        theirs_pmml(case, "sklearn2pmml of bins and regression")
        theirs_pmml(case, "sklearn2pmml of Scorecard")
        for name in ("nyoka", "m2cgen", "m2cgen of Scorecard"):
            unwritten(case, name)


def can_table(cases: list[Case]) -> None:
    """What the peers tell, whether JPMML accepts verification rows, and which documents hold reason codes."""
    for case in cases:
        for name, found in case.told.items():
            say(f"- {case.name}: {name}: {json.dumps(found)}")
        for name in ("sklearn2pmml, verified", "ours.pmml"):
            file = case.told[name]["file"] if name in case.told else name
            if (case.folder / file).is_file():
                engines.jpmml(case.folder / file, engines.records(case.rows.iloc[:1]), verify=True)
                say(f"- {case.name}: JPMML accepts the verification rows of {file}")
        for path in sorted(case.folder.glob("*.pmml")):
            say(f"- {case.name}: {path.name} holds {path.read_bytes().count(b' reasonCode=')} reason codes")


def main(parts: list[str]) -> None:
    if "PEERS_PYTHON" not in os.environ:
        raise SystemExit("PEERS_PYTHON: name the Python of the environment that holds the peers")
    with tempfile.TemporaryDirectory() as place:

        def folder(name: str) -> Path:
            made = Path(place) / name
            made.mkdir()
            return made

        if {"trees", "maps"} & set(parts):
            grown = [trees_case("Taiwan", taiwan, folder("taiwan")), trees_case("HELOC", heloc, folder("heloc"))]
            if "trees" in parts:
                trees_table(grown)
            if "maps" in parts:
                maps_table(grown)
            if "can" in parts:
                can_table(grown[:1])
        if "card" in parts:
            x, y, _ = taiwan()
            z, v, _ = heloc(keep_specials=True)
            cards = [
                card_case("Taiwan", x, y, (), folder("taiwan card")),
                card_case("HELOC", z, v, SPECIALS, folder("heloc card")),
            ]
            card_table(cards)
            if "can" in parts:
                can_table(cards[1:])
    for note in NOTES:
        say(f"- {note}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["trees", "maps", "card", "can"])
