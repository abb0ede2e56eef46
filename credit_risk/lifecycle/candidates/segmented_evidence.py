"""Evidence on how the segments of a candidate were found: divisions tried, and the test on rows not searched."""

from __future__ import annotations

import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.lifecycle.candidates.segments import Segments
from credit_risk.lifecycle.candidates.training import SNAPSHOT
from credit_risk.models.segment_gain import BINS, MOST_CHARACTERISTICS, RIDGE, SCREEN, Gain
from credit_risk.models.segment_search import JUDGING, Tried
from credit_risk.models.segmented_spec import SegmentedScorecardSpec

DECISION, SEARCH = "segmentation.decision.{model}", "segmentation.search.{model}"
PAY, NOT_SHOWN, REFUSED = "separate models pay", "separate models are not shown to pay", "refused: one model"
SEARCH_COLUMNS = (
    *("node", "variable", "left", "right", "left_rows", "right_rows", "left_bads", "right_bads", "gain", "chosen"),
    *("test_gain", "test_standard_error", "test_p_value", "decision"),
)
MODELS = (
    f"models of the test: logistic regression with a weight for each of at most {BINS} bins of values a "
    f"characteristic, ridge {RIDGE:g}, of the characteristics whose chi-square reaches {SCREEN:g} in the whole or in a "
    f"segment, at most the {MOST_CHARACTERISTICS} of greatest chi-square per degree of freedom; the one model has a "
    "constant for each segment, so that a difference of base rates is no gain"
)


def fitted_evidence(spec: SegmentedScorecardSpec, segments: Segments) -> tuple[Evidence, ...]:
    """Evidence on the decision and the search of a candidate's segments."""
    return _decision(spec, segments), _search(spec, segments)


def _decision(spec: SegmentedScorecardSpec, segments: Segments) -> Evidence:
    gain, level, tested = segments.gain, spec.segments.level, segments.gain_rows
    if segments.found is not None and segments.refused:
        gain = next((one.test for one in segments.found.tried if one.chosen), None)
    decision = REFUSED if segments.refused else PAY if gain is not None and gain.p_value <= level else NOT_SHOWN
    row = {
        "segments": len(segments.names),
        "tested_on": "development rows that were not searched" if segments.found else "all development rows",
        "rows": gain and gain.rows,
        "bads": gain and gain.bads,
        "log_likelihood_one": gain and gain.log_likelihood_one,
        "log_likelihood_segments": gain and gain.log_likelihood_separate,
        "gain": gain and gain.gain,
        "standard_error": gain and gain.standard_error,
        "p_value": gain and gain.p_value,
        "auc_one": gain and auc(tested.y[gain.tested], gain.linear_one, tested.weights[gain.tested]),
        "auc_segments": gain and auc(tested.y[gain.tested], gain.linear_separate, tested.weights[gain.tested]),
        "level": level,
        "decision": decision,
    }
    return table(DECISION, pd.DataFrame([row]), parameter=spec.id, inputs=SNAPSHOT, notes=_notes(spec, segments, gain))


def _notes(spec: SegmentedScorecardSpec, segments: Segments, gain: Gain | None) -> tuple[str, ...]:
    parts = f"{JUDGING} parts, each by models of all rows but its own"
    rule = (
        f"searched on half of development; a division is made where its gain on the other half, in {parts}, is above "
        f"zero at the one-sided level {spec.segments.level:g}"
        if segments.found
        else f"the segments are given; the gain is on all of development, in {parts}"
    )
    notes = [rule, MODELS, "gain in log likelihood, its error from sums over clusters, normal test"]
    if segments.refused:
        notes.append(
            "the test is that of the best division" if gain else "no division gains on the folds of the search"
        )
    elif gain is None:
        notes.append("not measured: a segment lacks bads or goods in a part")
    if segments.used < 1.0:
        notes.append(f"whole clusters drawn by the seed: {segments.used:.1%} of the development rows")
    if segments.otherwise is not None:
        notes.append(f"rows that no rule places are scored as {segments.otherwise!r} (segments.otherwise)")
    else:
        notes.append("rows that no rule places are refused when scored (segments.otherwise)")
    return tuple(notes)


def _search(spec: SegmentedScorecardSpec, segments: Segments) -> Evidence:
    if segments.found is None:
        reason = f"the segments are given (segments.column: {spec.segments.column})"
        return absent(SEARCH, "not_applicable", reason, parameter=spec.id)
    if not segments.found.tried:
        reason = "no variable can be divided into parts as large as the plan asks for"
        return absent(SEARCH, "not_applicable", reason, parameter=spec.id)
    rows = pd.DataFrame([_row(one) for one in segments.found.tried], columns=list(SEARCH_COLUMNS))
    note = (
        "gain: of separate models over one, in log likelihood on the folds of the searched half, which chooses; test: "
    )
    return table(
        SEARCH, rows, parameter=spec.id, inputs=SNAPSHOT, notes=(note + "of the chosen division, on the other half",)
    )


def _row(one: Tried) -> tuple[object, ...]:
    test = one.test
    return (
        one.node,
        one.rule.variable,
        one.rule.words("left"),
        one.rule.words("right"),
        *one.rows,
        *one.bads,
        one.gain,
        one.chosen,
        test and test.gain,
        test and test.standard_error,
        test and test.p_value,
        one.decision or None,
    )
