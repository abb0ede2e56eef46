"""A whole good package around a two-characteristic scorecard; every number made here without the validator's code."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import statsmodels.api as sm
from scipy import stats

from toy_package import builders as b
from toy_package import recounts

FACTOR = 20 / math.log(2)
OFFSET = 600 - FACTOR * math.log(50)
EDGES = (25.0, 40.0, 60.0)
RANK_STEP = 0.001
PLAN = {
    "model": {"id": "toy"},
    "data": {"source": "toy.csv", "date": "DATE", "protected": ["SEX"], "forbidden": ["NAME"]},
    "outcome": {"column": "BAD", "bad": 1},
    "reason_codes": {"catalogue": {"INCOME": {"code": "R1"}, "REGION": {"code": "R2"}}},
}


def half_away(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


def income_bin(value: float | None) -> int:
    if value is None or math.isnan(value):
        return 5
    return 4 if value == -9.0 else sum(value >= edge for edge in EDGES)


def region_bin(value: str | None) -> int:
    if value is None:
        return 2
    return 0 if value in ("north", "west") else 1 if value == "south" else 3


BIN_OF = {"INCOME": (income_bin, 6), "REGION": (region_bin, 4)}
KINDS = {
    "INCOME": ["interval"] * 4 + ["special", "missing"],
    "REGION": ["categories", "categories", "missing", "unseen"],
}


def classing_counts(data: dict[str, list[Any]], name: str) -> list[list[float]]:
    function, bins = BIN_OF[name]
    counts = [[0.0, 0.0] for _ in range(bins)]
    for value, sample, outcome in zip(data[name], data["_sample"], data["_outcome"], strict=True):
        if sample == b.DEVELOPMENT:
            counts[function(value)][int(outcome)] += 1
    return counts


def woe_of(counts: list[list[float]]) -> list[tuple[float, str]]:
    goods, bads = (sum(cell[index] for cell in counts) for index in (0, 1))
    result = []
    for good, bad in counts:
        if good + bad == 0:
            result.append((0.0, "neutral"))
        elif good and bad:
            result.append((math.log((good / goods) / (bad / bads)), "empirical"))
        else:
            result.append((math.log(((good + 0.5) / goods) / ((bad + 0.5) / bads)), "zero_cell_adjusted"))
    return result


def model_json(woe: dict[str, list[float]], fit: Any, baselines: list[float], base: float, points: Any) -> dict:
    numbers = woe["INCOME"]
    ends = (None, *EDGES, None)
    income = [b.interval(i, ends[i], ends[i + 1], numbers[i]) for i in range(4)]
    income += [b.plain(4, "special", numbers[4], codes=[-9.0]), b.plain(5, "missing", numbers[5])]
    words = woe["REGION"]
    region = [
        b.plain(0, "categories", words[0], values=["north", "west"]),
        b.plain(1, "categories", words[1], values=["south"]),
        b.plain(2, "missing", words[2]),
        b.plain(3, "unseen", words[3]),
    ]
    names = ("INCOME", "REGION")
    steps: list[dict[str, Any]] = [
        {
            "id": f"classing_{name}",
            "type": "classing",
            "input": name,
            "kind": kind,
            "bins": bins,
            "output_bin": f"bin({name})",
            "output_woe": f"woe({name})",
        }
        for name, kind, bins in (("INCOME", "numeric", income), ("REGION", "categorical", region))
    ]
    terms = [
        {"input": f"woe({name})", "coefficient": float(value)}
        for name, value in zip(names, fit.params[1:], strict=True)
    ]
    scaling = {
        "points_to_double_odds": 20.0,
        "base_score": 600.0,
        "base_odds": 50.0,
        "factor": FACTOR,
        "offset": OFFSET,
    }
    steps += [
        {
            "id": "linear",
            "type": "linear",
            "intercept": float(fit.params[0]),
            "offset": None,
            "terms": terms,
            "output": "linear_score",
        },
        {"id": "link", "type": "link", "function": "logit", "input": "linear_score", "output": "probability"},
        {
            "id": "scale",
            "type": "scale",
            "form": "points",
            "base_points": base,
            "rounding": "half_away_from_zero",
            "output": "score",
            "scaling": scaling,
            "characteristics": [
                {
                    "characteristic": name,
                    "input": f"bin({name})",
                    "output": f"points({name})",
                    "points": points[name],
                }
                for name in names
            ],
        },
        {
            "id": "reasons",
            "type": "reasons",
            "method": "points_below_reference",
            "reference": "mean points of the development sample",
            "maximum": 2,
            "rank_step": RANK_STEP,
            "output": "reasons",
            "characteristics": [
                {
                    "characteristic": name,
                    "input": f"points({name})",
                    "reason_code": f"R{rank}",
                    "reference_points": reference,
                    "baseline": reference - RANK_STEP * rank,
                }
                for rank, (name, reference) in enumerate(zip(names, baselines, strict=True), start=1)
            ],
        },
    ]
    inputs = [
        {"name": "INCOME", "type": "number", "specials": b.SPECIALS, "description": "Income"},
        {"name": "REGION", "type": "string", "specials": [], "description": "Region"},
    ]
    outputs = {
        "linear_score": "linear_score",
        "probability": "probability",
        "score": "score",
        "reasons": "reasons",
    }
    return b.shell(inputs, steps, outputs)


def score_row(model: dict[str, Any], income: float | None, region: str | None) -> dict[str, Any]:
    """Every value of one row, in plain Python floats."""
    steps = {step["id"]: step for step in model["steps"]}
    values: dict[str, Any] = {}
    for name, value in (("INCOME", income), ("REGION", region)):
        number = BIN_OF[name][0](value)
        values[f"bin:{name}"] = number
        values[f"woe:{name}"] = steps[f"classing_{name}"]["bins"][number]["woe"]
    total = steps["linear"]["intercept"]
    for term in steps["linear"]["terms"]:
        total = total + term["coefficient"] * values[term["input"].replace("(", ":").rstrip(")")]
    values["linear_score"] = total
    values["probability"] = 1 / (1 + math.exp(-total))
    score = steps["scale"]["base_points"]
    shortfalls = []
    for item, reason in zip(steps["scale"]["characteristics"], steps["reasons"]["characteristics"], strict=True):
        points = item["points"][values[f"bin:{item['characteristic']}"]]
        values[f"points:{item['characteristic']}"] = points
        score = score + points
        shortfalls.append((reason["baseline"] - points, reason["reason_code"]))
    values["score"] = score
    codes = [code for short, code in sorted(shortfalls, key=lambda item: -item[0]) if short > 0]
    values["reason_1"], values["reason_2"] = (*codes, None, None)[:2]
    return values


def design(data: dict[str, list[Any]], woe: dict[str, list[float]]) -> tuple[np.ndarray, np.ndarray]:
    rows = [i for i, sample in enumerate(data["_sample"]) if sample == b.DEVELOPMENT]
    columns = [np.ones(len(rows))]
    for name in ("INCOME", "REGION"):
        columns.append(np.array([woe[name][BIN_OF[name][0](data[name][i])] for i in rows]))
    return np.column_stack(columns), np.array([data["_outcome"][i] for i in rows])


def build(folder: Path, rows: int = 3000, seed: int = 7) -> Path:
    """Write a good package; SEX is protected and not in the model."""
    data = b.population(rows, seed)
    counts = {name: classing_counts(data, name) for name in BIN_OF}
    rules = {name: woe_of(counts[name]) for name in BIN_OF}
    woe = {name: [value for value, _ in rules[name]] for name in BIN_OF}
    x, y = design(data, woe)
    fit = sm.Logit(y, x).fit(disp=0, tol=1e-14, maxiter=200)
    base = half_away(OFFSET - FACTOR * fit.params[0])
    exact = {
        name: [-FACTOR * coefficient * value for value in woe[name]]
        for name, coefficient in zip(BIN_OF, fit.params[1:], strict=True)
    }
    points = {name: [half_away(value) for value in exact[name]] for name in BIN_OF}
    baselines = []
    for name in BIN_OF:
        totals = [sum(cell) for cell in counts[name]]
        baselines.append(math.fsum(p * n for p, n in zip(points[name], totals, strict=True)) / math.fsum(totals))
    model = model_json(woe, fit, baselines, base, points)
    files = {
        "plan.yaml": b"model: {id: toy}\n",
        "plan.json": b.to_json(PLAN),
        "model.json": b.to_json(model),
        "data/snapshot.parquet": b.to_parquet(data),
        "verification.csv": verification(model),
    }
    scored = [score_row(model, *pair) for pair in zip(data["INCOME"], data["REGION"], strict=True)]
    for sample in (b.DEVELOPMENT, b.TEST):
        files[f"predictions/{sample}.parquet"] = predictions(data, scored, sample)
    for item in evidences(data, counts, rules, fit, exact, points, scored, model):
        files[f"evidence/{item['id']}.json"] = b.to_json(item)
    return b.write_package(folder, files, model, rows)


def predictions(data: dict[str, list[Any]], scored: list[dict[str, Any]], sample: str) -> bytes:
    rows = [i for i, name in enumerate(data["_sample"]) if name == sample]
    names = ("linear_score", "probability", "score", "reason_1", "reason_2")
    columns = {"_key": [data["_key"][i] for i in rows]}
    return b.to_parquet(columns | {name: [scored[i][name] for i in rows] for name in names})


def verification(model: dict[str, Any]) -> bytes:
    header = ["case", "in:INCOME", "in:REGION", "bin:INCOME", "woe:INCOME", "bin:REGION", "woe:REGION"]
    header += [
        "points:INCOME",
        "points:REGION",
        "linear_score",
        "probability",
        "score",
        "reason_1",
        "reason_2",
    ]
    cases = [(None, "north"), (-9.0, "south"), (10.0, None), (50.0, "elsewhere")]
    cases += [(value, "north") for edge in EDGES for value in (edge, math.nextafter(edge, -math.inf))]
    rows = []
    for number, (income, region) in enumerate(cases):
        values = score_row(model, income, region)
        rows.append([f"case {number}", income, region, *(values[name] for name in header[3:])])
    return b.to_csv(header, rows)


def brute_auc(score: np.ndarray, bad: np.ndarray) -> float:
    positive, negative = score[bad == 1], score[bad == 0]
    differences = positive[:, None] - negative[None, :]
    return float((np.count_nonzero(differences > 0) + 0.5 * np.count_nonzero(differences == 0)) / differences.size)


def brute_ks(score: np.ndarray, bad: np.ndarray) -> float:
    return float(stats.ks_2samp(score[bad == 1], score[bad == 0], method="asymp").statistic)


def evidences(data, counts, rules, fit, exact, points, scored, model) -> list[dict[str, Any]]:
    y = np.array(data["_outcome"])
    samples = np.array(data["_sample"])
    linear = np.array([row["linear_score"] for row in scored])
    result = [b.evidence(f"authored.{name}") for name in ("purpose", "rationale", "uses", "prohibited_uses")]
    result += [b.evidence(f"authored.{name}") for name in ("limitations", "owner", "tier")]
    summary = [["INCOME", "numeric"], ["REGION", "categorical"]]
    for entry, name in zip(summary, BIN_OF, strict=True):
        rows, total = classing_rows(counts[name], rules[name], KINDS[name])
        result.append(b.evidence(f"classing.table.{name}", rows))
        shares = [share_of(counts[name], KINDS[name], kind) for kind in ("missing", "special")]
        gini = gini_of(counts[name], [value for value, _ in rules[name]])
        entry += ["none", "plan", len(rows), total, None, gini, *shares, "hand", "none"]
    result.append(b.evidence("classing.summary", summary))
    woe = {name: [value for value, _ in rules[name]] for name in BIN_OF}
    for evidence_id, rows in recounts.tables(data, BIN_OF, KINDS, woe).items():
        figure = any(part in evidence_id for part in ("figure", "periods."))
        more = {"chart": {"type": "bar_line", "x": "label", "y": ["count_share"]}} if figure else {}
        result.append(b.evidence(evidence_id, rows, **more))
    table = [[sample, n, float(n), n - bad, bad, bad / n, None, None] for sample, n, bad in sizes(samples, y)]
    result.append(b.evidence("samples.summary", table))
    result.append(b.evidence("scorecard.coefficients.toy", coefficient_rows(fit)))
    result.append(b.evidence("scorecard.fit.toy", fit_rows(fit)))
    base = next(step["base_points"] for step in model["steps"] if step["type"] == "scale")
    rows = [["base points", None, "", None, OFFSET - FACTOR * float(fit.params[0]), base, None, None]]
    for name in BIN_OF:
        for number, (value, rule) in enumerate(zip(points[name], rules[name], strict=True)):
            good, bad = counts[name][number]
            share = (good + bad) / sum(map(sum, counts[name]))
            rate = bad / (good + bad) if good + bad else None
            rows.append([name, number, "", rule[0], exact[name][number], value, share, rate])
    result.append(b.evidence("scorecard.points.toy", rows))
    discrimination, calibration = [], []
    for sample in (b.DEVELOPMENT, b.TEST):
        here = samples == sample
        auc, ks = brute_auc(linear[here], y[here]), brute_ks(linear[here], y[here])
        n, bad = int(here.sum()), int(y[here].sum())
        discrimination.append(["toy", sample, n, bad, auc, None, None, 2 * auc - 1, None, None, ks, None, None])
        p = 1 / (1 + np.exp(-linear[here]))
        loss = -float(np.mean(y[here] * np.log(p) + (1 - y[here]) * np.log(1 - p)))
        brier = float(np.mean((p - y[here]) ** 2))
        calibration.append(["toy", sample, n, bad / n, float(p.mean()), brier, loss, *[None] * 10])
    result.append(b.evidence("performance.discrimination", discrimination))
    result.append(b.evidence("performance.calibration", calibration))
    return [with_labels(item, model, result) for item in result]


def sizes(samples: np.ndarray, y: np.ndarray) -> list[tuple[str, int, int]]:
    names = (b.DEVELOPMENT, b.TEST)
    return [(name, int((samples == name).sum()), int(y[samples == name].sum())) for name in names]


def classing_rows(counts, rules, kinds) -> tuple[list[list[Any]], float]:
    goods, bads = (sum(cell[index] for cell in counts) for index in (0, 1))
    rows, total = [], 0.0
    for number, ((good, bad), (woe, rule), kind) in enumerate(zip(counts, rules, kinds, strict=True)):
        count = good + bad
        value = (good / goods - bad / bads) * woe
        total += value
        rate = bad / count if count else None
        share = count / (goods + bads)
        rows.append([number, kind, kind, int(count), share, good, bad, rate, None, None, woe, value, rule])
    return rows, total


def with_labels(item: dict[str, Any], model: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """A table of bins that calls them what the model does."""
    names = [column["name"] for column in item.get("columns", [])]
    if "label" not in names or not item["id"].startswith(("classing.", "scorecard.points.")):
        return item
    bins = {s["input"]: [one["label"] for one in s["bins"]] for s in model["steps"] if s["type"] == "classing"}
    name, rows = item["id"].rsplit(".", 1)[-1], []
    samples = next(one for one in items if one["id"] == f"classing.samples.{name}") if name in bins else item
    at = [column["name"] for column in samples["columns"]]
    known = {row[at.index("label")]: row[at.index("bin_id")] for row in samples["rows"]}
    for row in item["rows"]:
        cells = dict(zip(names, row, strict=True))
        number = cells["bin_id"] if "bin_id" in cells else known[cells["label"]]
        own = bins[cells.get("characteristic", name)][number] if number is not None else cells["label"]
        rows.append([own if column == "label" else cells[column] for column in names])
    return {**item, "rows": rows}


def gini_of(counts: list[list[float]], woe: list[float]) -> float:
    """Pairs of a good and a bad that the weights of evidence order rightly, less those ordered wrongly, of all."""
    pairs = [(g * b * np.sign(w - v)) for (g, _), w in zip(counts, woe) for (_, b), v in zip(counts, woe)]
    goods, bads = (sum(cell[index] for cell in counts) for index in (0, 1))
    return float(sum(pairs) / (goods * bads))


def share_of(counts: list[list[float]], kinds: list[str], wanted: str) -> float:
    return sum(sum(cell) for cell, kind in zip(counts, kinds, strict=True) if kind == wanted) / sum(map(sum, counts))


def fit_rows(fit: Any) -> list[list[Any]]:
    return [
        ["log_likelihood", float(fit.llf)],
        ["log likelihood of the constant", float(fit.llnull)],
        ["likelihood ratio chi-square", float(fit.llr)],
        ["degrees of freedom", float(fit.df_model)],
        ["McFadden pseudo R-squared", float(fit.prsquared)],
        ["Akaike information criterion", float(fit.aic)],
        ["Bayesian information criterion", float(fit.bic)],
        ["rows", float(fit.nobs)],
    ]


def coefficient_rows(fit: Any) -> list[list[Any]]:
    interval = fit.conf_int()
    names = ("intercept", "INCOME", "REGION")
    x = fit.model.exog[:, 1:]
    vif = 1 / (1 - np.corrcoef(x.T)[0, 1] ** 2)
    rows = []
    for index, name in enumerate(names):
        numbers = [fit.params, fit.bse, fit.tvalues, fit.pvalues, interval[:, 0], interval[:, 1]]
        row = [name, *(float(item[index]) for item in numbers)]
        rows.append([*row, *((None, None, None) if index == 0 else (float(vif), "negative", True))])
    return rows
