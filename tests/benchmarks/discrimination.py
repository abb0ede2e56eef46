"""Discrimination against optbinning, toad and unconstrained XGBoost: the same splits, the same budget of trials.

    OMP_NUM_THREADS=1 python tests/benchmarks/discrimination.py --results FILE [--toad PYTHON] [--repeats 5]
        [--trials 30] [--data NAME ...] [--sides NAME ...] [--parts PART ...]

PART: `scorecards`, `boosting`, `report`; all by default. Finished folds stand in FILE (JSON), and a later call goes on
from there. Data as in tests/plans and scorecards, from the folder that CREDIT_RISK_TEST_DATA names. Not collected by
pytest; the table of a run is kept in tests/benchmarks/README.md.

Stratified cross-validation in five folds, repeated; columns are the predictors of the plan (keys, outcomes, columns
that follow the outcome and protected ones are out), the same for all sides. Two intervals of a mean difference of AUC:
the paired t interval over the K folds, and that of the corrected resampled t-test (Nadeau and Bengio 2003), whose
variance is (1/K + test/train) of that of folds and which does not fall to nothing with more repeats.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from scipy import stats  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold  # noqa: E402

from credit_risk.binning.classing import Trend, class_frame  # noqa: E402
from credit_risk.binning.finish import finished  # noqa: E402
from credit_risk.binning.report import gini_of_bins  # noqa: E402
from credit_risk.binning.spec import ClassingSpec  # noqa: E402
from credit_risk.evaluation.area_under_curve import auc  # noqa: E402
from credit_risk.lifecycle.candidates.boosting_choice import Inputs, choose_settings  # noqa: E402
from credit_risk.lifecycle.candidates.fields import feature_frame  # noqa: E402
from credit_risk.lifecycle.trends import declared_orders, declared_trends  # noqa: E402
from credit_risk.models.assemble import Identity, InputColumn, document, link_step  # noqa: E402
from credit_risk.models.boosting import Bounds, fit_rows  # noqa: E402
from credit_risk.models.boosting_rows import boosting_rows  # noqa: E402
from credit_risk.models.boosting_spec import MonotoneBoostingSpec, SearchSpec  # noqa: E402
from credit_risk.models.category_features import chosen_levels  # noqa: E402
from credit_risk.models.monotonicity import monotonicity_frame  # noqa: E402
from credit_risk.models.scorecard_classifier import ScorecardClassifier  # noqa: E402
from credit_risk.models.tree_features import tree_features  # noqa: E402
from credit_risk.plan import read_plan  # noqa: E402
from credit_risk.sampling import take_in  # noqa: E402
from credit_risk.scoring import compile_model  # noqa: E402
from credit_risk.selection.spec import SelectionSpec  # noqa: E402
from credit_risk.selection.waterfall import Screened, select_characteristics  # noqa: E402

PLANS = {
    "Taiwan": "scorecards/taiwan_credit",
    "HELOC": "tests/plans/heloc",
    "SBA": "scorecards/sba_loans",
    "German Credit": "tests/plans/german_credit",
}
FOLDS, SEED = 5, 20261126
INNER_FOLDS = 3
SCORECARD_SIDES = ("ScorecardClassifier", "plan", "plan that declares nothing", "optbinning")
BOOSTING_SIDES = ("monotone", "xgboost", "same features, unbound")
TOAD = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd, toad
frame = pd.read_parquet(sys.argv[1])
folds = json.load(open(sys.argv[2]))
for c in frame.columns:
    if not pd.api.types.is_numeric_dtype(frame[c]): frame[c] = frame[c].astype(object)
y = frame.pop("__y")
out = {}
for name, (train, test) in folds.items():
    x, t = frame.iloc[train].reset_index(drop=True), frame.iloc[test].reset_index(drop=True)
    target = y.iloc[train].reset_index(drop=True)
    try:
        combiner = toad.transform.Combiner().fit(x, target)
    except ValueError:  # its default fails where missing values enter the cuts
        combiner = toad.transform.Combiner().fit(x, target, empty_separate=True)
        print("empty_separate=True", name)
    transer = toad.transform.WOETransformer()
    woe = transer.fit_transform(combiner.transform(x), target)
    card = toad.ScoreCard(combiner=combiner, transer=transer).fit(woe, target)
    out[name] = card.predict_proba(t)[:, 1].tolist()
json.dump(out, open(sys.argv[3], "w"))
"""


@dataclass(frozen=True)
class Data:
    """Predictors of a plan on the rows with an outcome, and what the plan declares of them."""

    frame: pd.DataFrame
    y: np.ndarray
    types: dict[str, str]
    specials: dict[str, dict[float | str, str]]
    trends: dict[str, Trend]
    orders: dict[str, tuple[str, ...]]
    settings: ClassingSpec
    selection: SelectionSpec


def load(name: str) -> Data:
    """Predictors and outcome as the plan's intake gives them."""
    plan = read_plan(ROOT / PLANS[name])
    source = plan.open_source(None)
    intake = take_in(source, plan.data, plan.outcome, derive=plan.derive, named=plan.named_columns(), history=None)
    names, known = list(intake.predictors), np.isfinite(intake.outcome)
    frame = intake.frame.loc[known, names].reset_index(drop=True)
    types = {n: "number" if pd.api.types.is_numeric_dtype(frame[n]) else "string" for n in names}
    specials = {n: dict(intake.specials.get(n, {})) for n in names}
    trends, orders = declared_trends(plan, names), declared_orders(plan)
    return Data(frame, intake.outcome[known], types, specials, trends, orders, plan.classing, plan.selection)


def splits(data: Data, repeats: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name of a fold with its rows of training and of test."""
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=SEED)
    for i, (train, test) in enumerate(folds.split(data.frame, data.y)):
        yield f"{i // FOLDS}/{i % FOLDS}", train, test


class Results:
    """AUC and more by `part/data/repeat/fold/side`, in a file that is replaced whole after each."""

    def __init__(self, path: Path):
        self.path = path
        self.values: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def need(self, key: str, make: Callable[[], Any]) -> None:
        """Make and keep a value that is not there yet."""
        if key in self.values:
            return
        start = time.process_time()
        value = make()
        self.keep({key: value})
        say(key, json.dumps(value), f"{time.process_time() - start:.1f} s")

    def keep(self, values: dict[str, Any]) -> None:
        """Write values."""
        self.values |= values
        unfinished = self.path.with_suffix(".partial")
        unfinished.write_text(json.dumps(self.values, indent=0, sort_keys=True))
        unfinished.replace(self.path)


def say(*cells: object) -> None:
    """A line."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


# ------------------------------------------------------------------------------------------------------ scorecards
def estimator(data: Data, train: np.ndarray, test: np.ndarray) -> float:
    """AUC of ScorecardClassifier at its defaults: nothing is declared, nothing selected, as the peers do it."""
    fitted = ScorecardClassifier().fit(data.frame.iloc[train], data.y[train])
    return auc(data.y[test], fitted.decision_function(data.frame.iloc[test]))


def scorecard(data: Data, train: np.ndarray, test: np.ndarray, side: str) -> float:
    """AUC on test of the scorecard that a plan makes: classing and selection; `plan`: with what it declares.

    Changes by hand are left out: they were made on other rows.
    """
    x, y, t = data.frame.iloc[train].reset_index(drop=True), data.y[train], data.frame.iloc[test]
    declared = side == "plan"
    tables = class_frame(
        x,
        y,
        settings=data.settings if declared else ClassingSpec(),
        trends=data.trends if declared else {},
        specials={n: list(codes) for n, codes in data.specials.items()} if declared else None,
        orders=data.orders if declared else None,
    )
    tables = {n: finished(table, data.settings.of(n)) if declared else table for n, table in tables.items()}
    woe = {n: table.transform(x[n].to_numpy()) for n, table in tables.items()}
    screened = {
        n: Screened(b.information_value, gini_of_bins(b), b.fine_gini, float(x[n].isna().mean()))
        for n, b in tables.items()
    }
    chosen = select_characteristics(screened, woe, y, data.selection if declared else SelectionSpec())
    fit = chosen.fit
    linear = sum(fit.coefficient(n) * tables[n].transform(t[n].to_numpy()) for n in chosen.selected)
    return auc(data.y[test], np.asarray(linear, float))


def optbinning_scorecard(data: Data, train: np.ndarray, test: np.ndarray) -> float:
    """AUC of optbinning's Scorecard at its defaults: BinningProcess and scikit-learn's LogisticRegression."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        import optbinning as module
    frame = as_objects(data)
    process = module.BinningProcess(list(frame.columns))
    card = module.Scorecard(binning_process=process, estimator=LogisticRegression())
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        card.fit(frame.iloc[train].reset_index(drop=True), data.y[train].astype(int))
        return auc(data.y[test], np.asarray(card.decision_function(frame.iloc[test].reset_index(drop=True)), float))


def as_objects(data: Data) -> pd.DataFrame:
    """Texts as Python objects, as both peers take them."""
    texts = [n for n, kind in data.types.items() if kind == "string"]
    return data.frame.astype(dict.fromkeys(texts, object))


def toad_scorecards(python: str, data: Data, folds: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """AUC of toad's ScoreCard at its defaults (Combiner, WOETransformer), by fold; it stands in another environment."""
    with tempfile.TemporaryDirectory() as folder:
        table, rows, out = (Path(folder) / n for n in ("table.parquet", "folds.json", "out.json"))
        data.frame.assign(__y=data.y.astype(int)).to_parquet(table)
        rows.write_text(json.dumps({k: [a.tolist() for a in v] for k, v in folds.items()}))
        subprocess.run([python, "-c", TOAD, str(table), str(rows), str(out)], check=True)
        scores = json.loads(out.read_text())
    return {k: auc(data.y[test], np.array(scores[k])) for k, (_, test) in folds.items()}


def run_scorecards(results: Results, asked: argparse.Namespace) -> None:
    """Every side on every fold, toad last."""
    sets, repeats, toad = {name: load(name) for name in asked.data}, asked.repeats, asked.toad
    for name, data in sets.items():
        for fold, train, test in splits(data, repeats):
            head = f"scorecards/{name}/{fold}"
            for side in (side for side in SCORECARD_SIDES if side in asked.sides):
                other = {"optbinning": optbinning_scorecard, "ScorecardClassifier": estimator}
                make = other.get(side, lambda d, r, s, k=side: scorecard(d, r, s, k))
                results.need(f"{head}/{side}", lambda m=make, d=data, r=train, s=test: m(d, r, s))
    for name, data in sets.items() if toad else ():
        for fold, train, test in splits(data, repeats):
            rows = {fold: (train, test)}
            results.need(
                f"scorecards/{name}/{fold}/toad", lambda d=data, r=rows, k=fold: toad_scorecards(str(toad), d, r)[k]
            )


# -------------------------------------------------------------------------------------------------------- boosting
def our_spec(trials: int) -> MonotoneBoostingSpec:
    """Defaults of a plan, searched, bound by declared directions only."""
    search = SearchSpec(trials=trials)
    return MonotoneBoostingSpec(
        id="boosting", type="monotone_boosting", constraints="declared", folds=INNER_FOLDS, search=search
    )


def boosting(data: Data, train: np.ndarray, test: np.ndarray, side: str, trials: int) -> dict[str, float]:
    """AUC on test of boosting as the lifecycle makes it, bound as declared or the same without bounds."""
    x, y = data.frame.iloc[train].reset_index(drop=True), data.y[train]
    specials = {n: list(codes) for n, codes in data.specials.items()}
    tables = class_frame(x, y, settings=data.settings, trends=data.trends, specials=specials, orders=data.orders)
    tables = {n: finished(table, data.settings.of(n)) for n, table in tables.items()}
    tables = {n: b for n, b in tables.items() if b.information_value > 0}
    spec = our_spec(trials)
    asked = spec.categories
    levels = chosen_levels(tables, x, asked)
    preparation, features = tree_features(tables, data.trends, "declared", (), levels, asked.bound)
    inputs = [InputColumn(n, data.types[n], data.specials[n], "") for n in tables]
    names = [f.name for f in features]
    rows = boosting_rows(feature_frame(x, inputs, preparation, names), y, weights=np.ones(len(y)), max_bin=spec.max_bin)
    bounds = Bounds(tuple(f.direction if side == "monotone" else 0 for f in features), None)
    choice = choose_settings(spec, Inputs(rows, bounds, SEED, None, None, lambda words: None))
    fit = fit_rows(rows, bounds, choice.spec)
    steps = [*preparation, fit.step("linear"), link_step("linear", "probability")]
    outputs = {"linear_score": "linear", "probability": "probability", "score": None, "grade": None, "reasons": None}
    model = document(Identity("m", "m", "0", "", ""), "monotone_boosting", inputs, steps, outputs)
    scored = compile_model(model).score(data.frame.iloc[test].reset_index(drop=True))
    checked = monotonicity_frame(fit.trees, fit.features, fit.constraints)
    value = auc(data.y[test], scored["linear_score"].to_numpy(float))
    told = {"auc": value, "trees": float(choice.spec.trees), "depth": float(choice.spec.depth)}
    return {**told, "bound": float(np.count_nonzero(fit.constraints)), "violations": float(checked["violations"].sum())}


def plain_xgboost(data: Data, train: np.ndarray, test: np.ndarray, trials: int) -> dict[str, float]:
    """AUC on test of XGBClassifier on raw columns, tuned by optuna with our ranges, budget and number of folds."""
    import optuna
    import xgboost

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    levels = {n: sorted(data.frame[n].iloc[train].dropna().unique()) for n, k in data.types.items() if k == "string"}
    columns = {n: pd.Categorical(data.frame[n], categories=levels[n]) for n in levels}
    frame = data.frame.assign(**columns)
    x, y, t = frame.iloc[train], data.y[train].astype(int), frame.iloc[test]
    folds = list(StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=SEED).split(x, y))
    spec = our_spec(trials)
    assert spec.search is not None
    ranges = {n: r for n, r in spec.search.ranges.items() if n != "leaves"}
    called = {"depth": "max_depth", "trees": "n_estimators"}

    def model(settings: dict[str, Any]) -> Any:
        own = {called.get(n, n): v for n, v in settings.items()}
        return xgboost.XGBClassifier(enable_categorical=True, n_jobs=1, **own)

    def objective(trial: Any) -> float:
        asked = {
            n: trial.suggest_int(n, int(lo), int(hi))
            if n in called
            else trial.suggest_float(n, lo, hi, log=n in ("learning_rate", "min_child_weight", "reg_lambda"))
            for n, (lo, hi) in ranges.items()
        }
        found = []
        for a, b in folds:
            fitted = model(asked).fit(x.iloc[a], y[a])
            found.append(auc(y[b].astype(float), fitted.predict(x.iloc[b], output_margin=True).astype(float)))
        return float(np.mean(found))

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=SEED))
    study.enqueue_trial({n: getattr(spec, n) for n in ranges})
    study.optimize(objective, n_trials=trials)
    best = model(study.best_params).fit(x, y)
    value = auc(data.y[test], best.predict(t, output_margin=True).astype(float))
    return {"auc": value, "trees": float(study.best_params["trees"]), "depth": float(study.best_params["depth"])}


def run_boosting(results: Results, asked: argparse.Namespace) -> None:
    """Every side on every fold, all data of a repeat before the next."""
    sets = {name: load(name) for name in asked.data}
    for repeat in range(asked.repeats):
        for name, data in sets.items():
            for fold, train, test in splits(data, asked.repeats):
                if fold.startswith(f"{repeat}/"):
                    for side in (side for side in BOOSTING_SIDES if side in asked.sides):
                        make = plain_xgboost if side == "xgboost" else partial(boosting, side=side)
                        key = f"boosting/{name}/{fold}/{side}"
                        results.need(key, partial(make, data, train, test, trials=asked.trials))


# ---------------------------------------------------------------------------------------------------------- report
def intervals(differences: np.ndarray) -> tuple[float, tuple[float, float], tuple[float, float]]:
    """Mean, paired 95 % t interval and 95 % interval of the corrected resampled t-test."""
    k, mean = len(differences), float(np.mean(differences))
    halves = [
        stats.t.ppf(0.975, k - 1) * np.sqrt((1 / k + extra) * np.var(differences, ddof=1))
        for extra in (0.0, 1 / (FOLDS - 1))
    ]
    paired, corrected = ((mean - half, mean + half) for half in halves)
    return mean, paired, corrected


def judged(intervals_of: list[tuple[float, float]], limit: float) -> str:
    """Whether both intervals lie above the limit."""
    above = [low > limit for low, _ in intervals_of]
    return "yes" if all(above) else "paired only" if above[0] else "no"


def report(results: Results) -> None:
    """Markdown table of all pairs of sides that stand in the results."""
    by: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for key, value in results.values.items():
        part, name, repeat, fold, side = key.split("/")
        known = value if isinstance(value, float) else value["auc"]
        by.setdefault((part, name), {}).setdefault(side, {})[f"{repeat}/{fold}"] = known
    limit = {"scorecards": -0.002, "boosting": -0.005}
    say(
        "part",
        "data",
        "ours",
        "theirs",
        "folds",
        "AUC ours",
        "AUC theirs",
        "difference",
        "paired",
        "corrected",
        "reached",
    )
    say(*["---"] * 11)
    for part, ours, theirs in (
        *(("scorecards", o, t) for o in SCORECARD_SIDES[:3] for t in ("optbinning", "toad")),
        *(("boosting", "monotone", t) for t in BOOSTING_SIDES[1:]),
    ):
        for name in PLANS:
            sides = by.get((part, name), {})
            both = sorted(set(sides.get(ours, {})) & set(sides.get(theirs, {})))
            if len(both) < 2:
                continue
            a, b = (np.array([sides[s][f] for f in both]) for s in (ours, theirs))
            mean, *both_intervals = intervals(a - b)
            reached = "" if name == "German Credit" else judged(both_intervals, limit[part])
            spans = (f"{low:+.4f} to {high:+.4f}" for low, high in both_intervals)
            cells = (f"{a.mean():.4f}", f"{b.mean():.4f}", f"{mean:+.4f}", *spans, reached)
            say(part, name, ours, theirs, len(both), *cells)
    checked = [v for k, v in results.values.items() if k.startswith("boosting/") and k.endswith("/monotone")]
    bound, broken = (int(sum(v[n] for v in checked)) for n in ("bound", "violations"))
    say(f"exact check of {len(checked)} monotone models, {bound} bound features: {broken} violations")


def main() -> None:
    """Read the command line and run the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = {"scorecards": run_scorecards, "boosting": run_boosting}
    sides = [*SCORECARD_SIDES, *BOOSTING_SIDES]
    parser.add_argument("--parts", nargs="*", choices=parts, default=list(parts))
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--data", nargs="*", choices=PLANS, default=list(PLANS))
    parser.add_argument("--sides", nargs="*", choices=sides, default=sides)
    parser.add_argument("--toad")
    given = parser.parse_args()
    results = Results(given.results)
    for part in given.parts:
        parts[part](results, given)
    report(results)


if __name__ == "__main__":
    main()
