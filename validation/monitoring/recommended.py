"""What the plan's rules recommend of a challenger, made again from our own looks: verdict and reasons in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from validation.monitoring.accepts import ACCEPTS, accepts_of
from validation.monitoring.bench import DEVELOPMENT, Bench, score
from validation.monitoring.looks import ALWAYS_VALID, FULL, RESULT, Look, Taken
from validation.monitoring.outcomes import LEAST_FOLLOWED
from validation.monitoring.production import CHALLENGER
from validation.monitoring.tables import compare_table
from validation.rebuild import censored, metrics, pairs
from validation.rebuild.recount import effective_counts
from validation.rebuild.strategy import points

Floats = NDArray[np.float64]
BANDS, LEVEL = 10, 0.05
ORDER = ("auto_accept", "reject")


def compare_recommendations(bench: Bench, looks: Mapping[str, Taken], *, warned: bool) -> None:
    """Compare `monitoring.recommendations`. warned: whether the split of the plan is not as declared.

    Nothing is compared where looks were not made again, which `compare_looks` tells.
    """
    name, rules = "recommendations", (bench.package.plan.get("strategy") or {}).get("redeployment")
    accepts = accepts_of(bench)
    if not looks or isinstance(accepts, str):
        if bench.run.table(name) is not None:
            bench.ledger.not_evaluable(f"monitoring.{name}", "not recomputed: looks were not")
        return
    if rules is None:
        compare_table(bench.ledger, bench.run, name, "the plan states no rules of redeployment", [], {})
        return
    live = ((bench.package.plan.get("monitoring") or {}).get("challengers") or {}).get("shadow") or [None]
    rows, warnings = [], []
    for challenger, found in looks.items():
        if found.last is None:
            continue
        measures = _measures(bench, challenger, found.looks[-1], found.last)
        rows.append({"challenger": challenger, **recommended(rules, measures, found.last, accepts.basis)})
        warnings.append(accepts.basis == ACCEPTS or (warned and challenger == live[0]))
    own = pd.DataFrame(rows) if rows else "no look is evaluable yet"
    compare_table(bench.ledger, bench.run, name, own, ["challenger"], {}, ("verdict", "reasons"))
    table = bench.run.table(name)
    if table is not None and rows:
        told = {str(row["challenger"]): row["warnings"] is not None for row in table.to_dict("records")}
        names = [str(row["challenger"]) for row in rows]
        said = [told.get(one) for one in names]
        bench.ledger.words(f"monitoring.{name}", "whether there are warnings", said, warnings, names)


def recommended(
    rules: Mapping[str, Any], measures: Mapping[str, float], last: Mapping[str, Any], basis: str
) -> dict[str, str]:
    """Verdict and reasons by the rules of the plan over the last look that counts.

    keep: a condition to reject holds, the test has ended for the champion, or its information is complete; promote: all
    conditions to accept hold and it has ended for the challenger; else go on. On the champion's accepts nothing is
    promoted unless the plan says `warn`. What has no value meets no condition.
    """
    held = {rule: _met(rules, rule, measures) for rule in ORDER}
    if any(held["reject"]):
        outcome, why = "reject", f"{sum(held['reject'])} of {len(held['reject'])} conditions to reject hold"
    elif not held["auto_accept"] or not all(held["auto_accept"]):
        lost, every = held["auto_accept"].count(False), len(held["auto_accept"])
        outcome, why = "manual_review", f"{lost} of {every} conditions to accept do not hold, and none to reject"
    elif basis == ACCEPTS and rules.get("accepts_only", "review") == "review":
        outcome = "manual_review"
        why = "all conditions to accept hold, on rows that the champion accepted, which favour a challenger"
    else:
        outcome, why = "auto_accept", f"all {len(held['auto_accept'])} conditions to accept hold"
    told = f"look {last['look']} at {last['information']:.0%} of the information: z {last['z']:.2f}, boundary "
    told += f"{last['boundary']:.2f} ({last['rule']})"
    ended = str(last["favours"]) if last["reached"] else None
    complete = ended is None and last["rule"] != ALWAYS_VALID and last["information"] >= FULL
    if ended is not None:
        told += f"; the test has ended for the {ended}"
    else:
        told += "; the information is complete without a difference" if complete else "; not reached"
    verdict = "go on"
    if outcome == "reject" or ended == "champion" or complete:
        verdict = "keep"
    elif outcome == "auto_accept" and ended == "challenger":
        verdict = "promote"
    return {"verdict": verdict, "reasons": f"rules: {outcome}, {why}; {told}"}


def _met(rules: Mapping[str, Any], rule: str, measures: Mapping[str, float]) -> list[bool]:
    found = []
    for key, limit in (rules.get(rule) or {}).items():
        if limit is not None:
            measure, relation, _ = pairs.WORDS[key]
            value = measures.get(measure, math.nan)
            if relation == "at least":
                found.append(bool(value >= limit))
            else:
                found.append(bool(value <= limit if relation == "at most" else value > limit))
    return found


def _measures(bench: Bench, challenger: str, look: Look, last: Mapping[str, Any]) -> dict[str, float]:
    """Bounds of the look, calibration and order of the challenger on all rows known then, its index."""
    second = bench.production.frame[f"{CHALLENGER}{challenger}{RESULT}"].to_numpy(np.float64)[look.rows]
    found = {"auc_lower": float(last["lower"]), "auc_upper": float(last["upper"])}
    window = float(bench.settings.window or 0)
    one, p = censored.follow(look.labels, window), second[look.labels.usable]
    rate, _ = censored.rate_parts(one)
    if one.followed >= LEAST_FOLLOWED and int(one.bad.sum()) >= bench.settings.min_bads and rate > 0:
        found["gap"] = abs(float(p.mean()) / rate - 1.0)
    bands = pairs.band(second, points(second, np.ones(len(second)), BANDS))
    cells = []
    for number in sorted(set(bands.tolist())):
        part = look.labels.part(np.flatnonzero(bands == number))
        if part.usable.any():
            observed, size = censored.effective(censored.follow(part, window))
            cells.append((observed, size))
    cells = [cell for cell in cells if cell[1] >= 1]
    if len(cells) > 1:
        found["inversions"] = float(sum(_fewer(*pair) <= LEVEL for pair in pairwise(cells)))
    index = _index(bench, challenger, second)
    return found if index is None else {**found, "psi": index}


def _fewer(safer: tuple[float, float], riskier: tuple[float, float]) -> float:
    """Fisher's one-sided p-value of fewer bads in the riskier of two cells, on whole effective numbers."""
    n, m = (round(cell[1]) for cell in (safer, riskier))
    d, e = (float(np.rint(cell[0] * cell[1])) for cell in (safer, riskier))
    return float(stats.fisher_exact([[e, m - e], [d, n - d]], alternative="less").pvalue)


def _index(bench: Bench, challenger: str, production: Floats) -> float | None:
    """Index of the challenger's probabilities on tenths of development's, None where its rows did not travel."""
    frame = bench.package.snapshot
    if (
        not bench.package.manifest["snapshot"]["included"]
        or frame is None
        or challenger not in bench.package.challengers
    ):
        return None
    model = bench.package.challengers[challenger]
    rows = frame[frame["_sample"] == DEVELOPMENT].reset_index(drop=True)
    if not {item["name"] for item in model["inputs"]} <= set(rows.columns):
        return None
    values = score(model, rows)[str(model["outputs"]["probability"])]
    fine = ~values.error & np.isfinite(np.asarray(values.data, np.float64))
    base, weight = np.asarray(values.data, np.float64)[fine], rows["_weight"].to_numpy(np.float64)[fine]
    edges = points(base, weight, BANDS)
    ids = [pairs.band(x, edges) - 1 for x in (base, production)]
    counts = [effective_counts(a, w, len(edges)) for a, w in zip(ids, (weight, np.ones(len(production))), strict=True)]
    return float(metrics.population_stability(*counts).psi)
