"""Each rule of the recommendation on applicants made for it; the four worlds stand in tests/simulation."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.recommendation import COLUMNS, WORDS, recommend
from credit_risk.reject_inference.sensitivity import tipping_table
from credit_risk.reject_inference.thresholds import Thresholds
from tests.credit_risk.reject_inference.four_worlds import NAMES, world


def findings(found):
    return found.table.set_index("question")["finding"].to_dict()


def test_a_right_model_at_random_needs_nothing():
    one = world("mar", 6_000, 1)
    tipping = tipping_table(one.decided, one.probability, one.probability)
    found = recommend(one.decided, one.x, one.acceptance, NAMES, tipping=tipping)
    assert found.action == "known_outcomes"
    assert "do nothing" in found.words
    assert list(found.table.columns) == COLUMNS
    assert found.table["measure"].iloc[-1] == found.action
    told = found.table[found.table["measure"] == "tipping_factor"]
    np.testing.assert_allclose(told["value"], tipping["tipping_factor"])
    assert "assumed, never found" in found.table["reading"].iloc[-2]
    assert findings(found)["is there an instrument?"] == "none declared"


def test_few_rejected_are_not_worth_inference():
    one = world("mar_misspecified", 6_000, 2)
    kept = one.accepted | (np.arange(6_000) % 20 == 0)
    decided = Decided(one.decided.y[kept], one.accepted[kept])
    found = recommend(decided, one.x[kept], one.acceptance[kept], NAMES)
    assert found.action == "known_outcomes"
    assert findings(found)["how many are rejected?"] == "few"


def test_no_overlap_asks_for_outcomes_whatever_else_holds():
    one = world("mar_misspecified", 6_000, 3)
    accepted = one.x[:, 0] < 0
    decided = Decided(np.where(accepted, one.bad, np.nan), accepted)
    sure = 1 / (1 + np.exp(30 * one.x[:, 0]))
    found = recommend(decided, one.x, sure, NAMES)
    assert found.action == "obtain_outcomes"
    assert "2 to 5 %" in found.words
    assert findings(found)["is the model misspecified?"] == "not evaluable"
    assert recommend(decided, one.x, sure, NAMES, external=True).action == "external_outcomes"


def test_weak_selection_leaves_nothing_to_correct():
    one = world("mar_misspecified", 6_000, 4)
    accepted = np.random.default_rng(1).random(6_000) < 0.6
    decided = Decided(np.where(accepted, one.bad, np.nan), accepted)
    found = recommend(decided, one.x, np.full(6_000, 0.6), NAMES)
    assert found.action == "known_outcomes"
    assert findings(found)["how strong is selection on the characteristics?"] == "weak"


def test_a_misspecified_model_is_reweighted_where_overlap_permits():
    one = world("mar_misspecified", 6_000, 5)
    found = recommend(one.decided, one.x, one.acceptance, NAMES)
    assert found.action == "reweighting"
    told = findings(found)
    assert told["does reweighting move the coefficients?"] == "moved"
    assert told["is the form of the model wrong, selection allowed for?"] == "wrong"
    assert "loudest: x1" in found.table.set_index("measure")["reading"]["curvature_p_value"]
    weak = recommend(one.decided, one.x, one.acceptance, NAMES, thresholds=Thresholds(effective_share=0.9))
    assert weak.action == "mend_model"
    bent = np.column_stack([one.x, one.x[:, 0] ** 2])
    assert recommend(one.decided, bent, one.acceptance, (*NAMES, "square")).action == "known_outcomes"


def test_an_instrument_counts_where_it_is_strong_and_tells_selection():
    one = world("mnar_instrument", 8_000, 6)
    args = one.decided, one.x, one.acceptance, NAMES
    found = recommend(*args, instrument=one.instrument, correlation=(-0.6, -0.7, -0.5))
    assert found.action == "bivariate_probit"
    assert findings(found)["what does the bivariate probit say?"] == "excludes 0"
    weak = recommend(*args, instrument=np.random.default_rng(2).normal(size=8_000))
    assert weak.action == "known_outcomes"
    assert findings(weak)["does the instrument move the decision?"] == "weak"
    assert findings(weak)["does the instrument predict known outcomes?"] == "not judged: weak"
    assert recommend(*args).action == "known_outcomes"  # nothing in the data tells it without the instrument


def test_a_probit_is_not_put_on_a_model_that_does_not_fit():
    one = world("mnar_misspecified", 12_000, 7)
    found = recommend(one.decided, one.x, one.acceptance, NAMES, instrument=one.instrument)
    told = findings(found)
    assert told["does the instrument predict known outcomes?"] == "selection on the unobserved"
    assert told["is the form of the model wrong, selection allowed for?"] == "wrong"
    assert found.action == "mend_model"


def test_doing_nothing_over_weak_overlap_is_no_all_clear():
    one = world("mar", 6_000, 10)
    far = recommend(one.decided, one.x, one.acceptance, NAMES, thresholds=Thresholds(effective_share=0.9))
    near = recommend(one.decided, one.x, one.acceptance, NAMES)
    assert far.action == near.action == "known_outcomes"
    assert "rests on few alike" in far.words
    assert "rests on few alike" not in near.words
    assert far.table["reading"].iloc[-1] == far.words


def test_characteristics_of_two_values_cannot_be_tested_for_their_form():
    one = world("mar_misspecified", 6_000, 9)
    found = recommend(one.decided, (one.x > 0).astype(float), one.acceptance, NAMES)
    assert findings(found)["is the form of the model wrong, selection allowed for?"] == "not testable"
    assert found.action == "known_outcomes"


def test_bad_input_is_told_at_once():
    one = world("mar", 300, 8)
    with pytest.raises(CreditRiskError, match="one name a column"):
        recommend(one.decided, one.x, one.acceptance, NAMES[:1])
    frame = tipping_table(one.decided, one.probability, one.probability)[["decision", "verdict"]]
    with pytest.raises(CreditRiskError) as told:
        recommend(one.decided, one.x, one.acceptance, NAMES, tipping=frame)
    assert [fault.path for fault in told.value.faults] == ["tipping.tipping_factor", "tipping.reading"]


def test_every_action_has_its_words():
    assert set(WORDS) == {
        *("known_outcomes", "reweighting", "mend_model", "bivariate_probit", "obtain_outcomes", "external_outcomes"),
    }
