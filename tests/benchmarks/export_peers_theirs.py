"""Peers' side of export_peers.py: their exports of a model. Run by it, in the peers' own environment.

    PYTHON export_peers_theirs.py {trees | card} FOLDER

FOLDER holds `names.json`, `train.npy` (n, k), `outcome.npy` (n,), `score.npy` (m, k) with NaN for missing; for trees
`booster.json` and `base_score.json`; for the card `specials.json`. Written are the exports, results of m2cgen's Python
(`m2cgen_python.npy`), isotonic knots and scikit-learn's calibrated probabilities (`calibrated.json`, `calibrated.npy`),
for the card its own log-odds and points of the rows (`card.npy`, `points.npy`) and parameters (`card.json`), and
`told.json`: by attempt the file, seconds of processor time with children, or the error.

sklearn2pmml is AGPL-3: it is installed for this benchmark only and nothing of the product or its tests imports it.
Its converter posts the environment and the trace of failed conversions to its author's host, so that Java's
connections are sent to a closed port here.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import inspect
import io
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLOSED = " ".join(f"-D{kind}.proxyHost=127.0.0.1 -D{kind}.proxyPort=9" for kind in ("http", "https"))
os.environ["JAVA_TOOL_OPTIONS"] = CLOSED

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

PACKAGES = ("sklearn2pmml", "nyoka", "m2cgen", "optbinning", "xgboost-cpu", "scikit-learn", "pandas")
GRADES = ((-np.inf, 0.1, 0.3, np.inf), ("A", "B", "C"))
VERIFIED = 200
SHOWN = 160
EMPIRICAL = {"metric_special": "empirical", "metric_missing": "empirical"}
Told = dict[str, dict[str, Any]]


def attempt(told: Told, name: str, file: str, make: Callable[[Path], object]) -> None:
    """Run an export; keep how large the file is and how long it took, or what was said."""
    before = os.times()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            make(Path(file))
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is what is told
        said = " ".join(str(error).split())[:SHOWN]
        told[name] = {"error": f"{type(error).__name__}: {said}"}
        return
    seconds = sum(os.times()[:4]) - sum(before[:4])
    made = Path(file).is_file()
    told[name] = {"file": file, "seconds": seconds} if made else {"error": "no file, and no error"}


def twice_alike(told: Told, name: str, make: Callable[[Path], object]) -> None:
    """Whether two exports of the same model are the same bytes."""
    made = []
    for k in (1, 2):
        path = Path(f"again_{k}_{name}")
        with contextlib.redirect_stdout(io.StringIO()):
            make(path)
        made.append(path.read_bytes())
        time.sleep(1.1 * (k == 1))
    told[f"same bytes: {name}"] = {"found": made[0] == made[1]}


def trees(told: Told, names: list[str], train: pd.DataFrame, y: np.ndarray, score: np.ndarray) -> None:
    import m2cgen
    import xgboost
    from nyoka import xgboost_to_pmml
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.pipeline import Pipeline
    from sklearn2pmml import make_pmml_pipeline, sklearn2pmml
    from sklearn2pmml.pipeline import PMMLPipeline
    from sklearn2pmml.preprocessing import CutTransformer, ExpressionTransformer

    def loaded() -> Any:
        model = xgboost.XGBClassifier()
        model.load_model("booster.json")
        return model

    def named(estimator: Any) -> Any:
        return make_pmml_pipeline(estimator, active_fields=names, target_fields=["bad"])

    def verified(path: Path) -> None:
        pipeline = named(loaded())
        pipeline.verify(train.iloc[:VERIFIED], precision=1e-5, zeroThreshold=1e-5)
        sklearn2pmml(pipeline, path)

    def graded(path: Path) -> None:
        cut = CutTransformer(bins=list(GRADES[0]), labels=list(GRADES[1]), right=False)
        after = Pipeline([("probability", ExpressionTransformer("X[1]")), ("grade", cut)])
        pipeline = PMMLPipeline([("trees", loaded())], predict_proba_transformer=after)
        pipeline.active_fields, pipeline.target_fields = np.asarray(names), np.asarray(["bad"])
        sklearn2pmml(pipeline, path)

    def nyokas(estimator: Any) -> Callable[[Path], object]:
        return lambda path: xgboost_to_pmml(Pipeline([("model", estimator)]), names, "bad", str(path))

    def printed(kind: str, estimator: Any) -> Callable[[Path], object]:
        return lambda path: path.write_text(getattr(m2cgen, f"export_to_{kind}")(estimator))

    based = loaded()
    based.set_params(base_score=json.loads(Path("base_score.json").read_text()))
    calibrated = CalibratedClassifierCV(FrozenEstimator(loaded()), method="isotonic").fit(train, y)
    attempt(told, "sklearn2pmml", "sklearn2pmml.pmml", lambda path: sklearn2pmml(named(loaded()), path))
    attempt(told, "sklearn2pmml, verified", "sklearn2pmml_verified.pmml", verified)
    attempt(told, "sklearn2pmml, graded", "sklearn2pmml_graded.pmml", graded)
    attempt(
        told, "sklearn2pmml, calibrated", "sklearn2pmml_calibrated.pmml", lambda p: sklearn2pmml(named(calibrated), p)
    )
    attempt(told, "nyoka", "nyoka.pmml", nyokas(loaded()))
    attempt(told, "nyoka, calibrated", "nyoka_calibrated.pmml", nyokas(calibrated))
    attempt(told, "m2cgen as it stands", "m2cgen_plain.c", printed("c", loaded()))
    for kind, file in (("c", "m2cgen.c"), ("java", "Model.java"), ("python", "m2cgen_model.py")):
        attempt(told, f"m2cgen {kind}", file, printed(kind, based))
    attempt(told, "m2cgen, calibrated", "m2cgen_calibrated.c", printed("c", calibrated))
    document = Path("nyoka_calibrated.pmml")
    if document.is_file():
        told["trees in nyoka's calibrated document"] = {"found": document.read_text().count("<TreeModel")}
    twice_alike(told, "sklearn2pmml", lambda path: sklearn2pmml(named(loaded()), path))
    twice_alike(told, "nyoka", nyokas(loaded()))
    twice_alike(told, "m2cgen", printed("c", based))
    rows = pd.DataFrame(score, columns=names)
    np.save("calibrated.npy", calibrated.predict_proba(rows)[:, 1])
    isotonic = calibrated.calibrated_classifiers_[0].calibrators[0]
    knots = {"x": isotonic.X_thresholds_.tolist(), "y": isotonic.y_thresholds_.tolist()}
    Path("calibrated.json").write_text(json.dumps(knots))
    space: dict[str, Any] = {}
    exec(Path("m2cgen_model.py").read_text(), space)
    np.save("m2cgen_python.npy", np.array([space["score"](row)[1] for row in score.tolist()]))
    sources(told)


def sources(told: Told) -> None:
    """What the peers' own code says: classes of `Scorecard` that are referred to, parameters, methods, languages."""
    import m2cgen
    import nyoka
    import optbinning
    import sklearn2pmml
    from nyoka import skl_to_pmml, xgboost_to_pmml

    jars = sorted((Path(sklearn2pmml.__file__).parent / "resources").glob("pmml-*.jar"))
    converters = [jar for jar in jars if not jar.name.startswith("pmml-model")]
    told["converters that refer to Scorecard"] = {"found": [jar.name for jar in converters if _refers(jar)]}
    exporters = [path for part in ("skl", "xgboost") for path in (Path(nyoka.__file__).parent / part).glob("*.py")]
    words = ("Scorecard(", "ReasonCode", "ModelVerification")
    told["nyoka's exporters name"] = {
        "found": [word for word in words if any(word in path.read_text("utf-8") for path in exporters)]
    }
    parameters = {name for f in (skl_to_pmml, xgboost_to_pmml) for name in inspect.signature(f).parameters}
    told["nyoka's parameters"] = {"found": sorted(parameters)}
    told["m2cgen's parameters of C"] = {"found": list(inspect.signature(m2cgen.export_to_c).parameters)}
    told["m2cgen's languages"] = {"found": [n for n in dir(m2cgen) if n.startswith("export_to_")]}
    kinds = (optbinning.Scorecard, optbinning.BinningProcess, optbinning.OptimalBinning)
    words = ("pmml", "sql", "export", "json", "save", "code", "reason")
    told["optbinning's methods"] = {
        "found": [
            f"{kind.__name__}.{name}"
            for kind in kinds
            for name in dir(kind)
            if not name.startswith("_") and any(word in name for word in words)
        ]
    }


def _refers(jar: Path) -> bool:
    with zipfile.ZipFile(jar) as archive:
        return any(b"org/dmg/pmml/scorecard/" in archive.read(n) for n in archive.namelist() if n.endswith(".class"))


def card(told: Told, names: list[str], train: pd.DataFrame, y: np.ndarray, score: np.ndarray) -> None:
    import m2cgen
    from nyoka import skl_to_pmml
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn2pmml import sklearn2pmml
    from sklearn2pmml.pipeline import PMMLPipeline

    specials = json.loads(Path("specials.json").read_text()) or None
    process = BinningProcess(names, special_codes=specials, binning_transform_params=dict.fromkeys(names, EMPIRICAL))
    scaled = {"scaling_method": "pdo_odds", "scaling_method_params": {"pdo": 20, "odds": 50, "scorecard_points": 600}}
    whole = PMMLPipeline([("card", Scorecard(process, LogisticRegression(C=1e6), **scaled))])
    whole.fit(train, pd.Series(y, name="bad"), **{f"card__{name}": value for name, value in EMPIRICAL.items()})
    fitted = whole.named_steps["card"]
    bins, model = fitted.binning_process_, fitted.estimator_
    rows = pd.DataFrame(score, columns=names)
    np.save("card.npy", np.asarray(bins.transform(rows, **EMPIRICAL)) @ model.coef_[0] + model.intercept_[0])
    np.save("points.npy", fitted.score(rows))
    Path("card.json").write_text(json.dumps(parameters(fitted, names, specials or [])))
    parts = PMMLPipeline([("bins", bins), ("model", model)])
    parts.active_fields, parts.target_fields = np.asarray(names), np.asarray(["bad"])
    attempt(told, "sklearn2pmml of bins and regression", "regression.pmml", lambda path: sklearn2pmml(parts, path))
    attempt(told, "sklearn2pmml of Scorecard", "scorecard.pmml", lambda path: sklearn2pmml(whole, path))
    plain, alone = Pipeline([("bins", bins), ("model", model)]), Pipeline([("model", model)])
    attempt(told, "nyoka", "nyoka.pmml", lambda path: skl_to_pmml(plain, names, "bad", str(path)))
    attempt(told, "nyoka of regression alone", "nyoka_.pmml", lambda path: skl_to_pmml(alone, names, "bad", str(path)))
    for name, one in (("", plain), (" of Scorecard", fitted), (" of regression alone", model)):
        attempt(
            told, f"m2cgen{name}", f"m2cgen{name}.c", lambda path, one=one: path.write_text(m2cgen.export_to_c(one))
        )
    attempt(told, "optbinning's pickle", "scorecard.pkl", lambda path: fitted.save(str(path)))


def parameters(fitted: Any, names: list[str], specials: list[float]) -> dict[str, Any]:
    """Splits, weights of evidence and points of every bin, special codes and missing last."""
    points, tables = fitted.table("detailed"), {}
    for name in names:
        one = fitted.binning_process_.get_binned_variable(name)
        splits = [float(x) for x in one.splits]
        probes = [np.nextafter(splits[0], -np.inf) if splits else 0.5, *splits, *specials[:1], np.nan]
        woe = [float(x) for x in one.transform(np.array(probes), metric="woe", **EMPIRICAL)]
        own = [float(x) for x in points.loc[points["Variable"] == name, "Points"]]
        inside = len(splits) + 1
        tables[name] = {
            "splits": splits,
            "intervals": list(zip(woe[:inside], own[:inside], strict=True)),
            "special": (woe[inside], own[inside]) if specials else None,
            "missing": (woe[-1], own[-1]),
        }
    model = fitted.estimator_
    found = {"intercept": float(model.intercept_[0]), "coefficients": model.coef_[0].tolist(), "tables": tables}
    return found | {"base_points": float(fitted.intercept_)}


def main(part: str, folder: str) -> None:
    os.chdir(folder)
    told: Told = {"versions": {name: importlib.metadata.version(name) for name in PACKAGES}}
    names = json.loads(Path("names.json").read_text())
    train, y, score = (np.load(f"{name}.npy") for name in ("train", "outcome", "score"))
    {"trees": trees, "card": card}[part](told, names, pd.DataFrame(train, columns=names), y, score)
    Path("told.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
