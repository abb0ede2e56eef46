"""Plans: defaults, faults told together, what must hold between the parts."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PlanError
from credit_risk.plan import Plan, plan_schema, read_plan

ROOT = Path(__file__).parents[3]
SHORTEST = "model: {id: m}\ndata: {source: t.csv}\noutcome: {column: Y, bad: 1}\n"
FULL = """\
model: {id: taiwan-credit}
data: {source: taiwan_credit.csv.gz, key: ID, protected: [SEX, AGE, MARRIAGE]}
outcome: {column: DEFAULT, bad: 1}
samples: {out_of_sample: 0.3, seed: 20261120}
derive: {UTILISATION: BILL_AMT1 / LIMIT_BAL}
classing: {max_bins: 6, min_share: 0.05, monotonic: {LIMIT_BAL: descending}}
models:
  - {id: scorecard, type: scorecard, champion: true}
  - {id: boosting, type: monotone_boosting}
scaling: {points_to_double_odds: 20, base_score: 600, base_odds: 50}
"""


@pytest.fixture
def write(tmp_path: Path):
    def writer(text: str) -> Path:
        (tmp_path / "plan.yaml").write_text(text, "utf-8")
        return tmp_path

    return writer


@pytest.fixture
def faults(write):
    def reader(text: str) -> list[Fault]:
        with pytest.raises(PlanError) as caught:
            read_plan(write(text))
        return list(caught.value.faults)

    return reader


DEFAULTS = """{
"model": {"id": "m", "name": "m", "version": "0.1.0", "purpose": null, "theory": null,
          "rationale": null, "judgement": null, "uses": null,
          "prohibited_uses": null, "oversight": null, "as_of": null, "limitations": [], "owner": null,
          "contact": null, "tier": null},
"data": {"source": "t.csv", "number_format": null, "key": null, "date": null, "columns": {}, "monthly": {},
         "protected": [], "forbidden": []},
"outcome": {"column": "Y", "bad": 1, "good": null, "indeterminate": [], "missing": "refuse", "history": null,
            "definition": {"days_past_due": 90, "ever": true, "indeterminate": null, "cure": null, "level": "facility",
                           "contagion_share": null, "ended_early": "good"},
            "windows": {"performance_months": 12, "observation_months": 0, "observed_at": null,
                        "observation_points": null, "rolling": null,
                        "maturity": {"months": 6, "share": 0.05, "min_accounts": 100}},
            "exclusions": [], "status": null, "type": "binary", "name": null, "exposure": null,
            "default_conformant": false},
"samples": {"out_of_time": null, "group": null, "weight": null, "out_of_sample": 0.3, "calibration": null,
            "seed": 20261120},
"reject_inference": {"method": "none", "compare": [], "acceptance": {"characteristics": null, "floor": 0.02},
                     "bands": 10, "prudence": 1.0, "cut_off": null, "instrument": null, "instrument_reason": null,
                     "external": null,
                     "self_learning": {"filter": [0.01, 0.99], "label_share": 0.1, "imbalance": 2.0, "sampling": 0.8,
                                       "rounds": 5, "holdout": 0.1},
                     "calibration": null,
                     "sensitivity": {"prudence": [1.0, 1.25, 1.5, 2.0, 3.0, 5.0]}, "replicates": 200},
"derive": {},
"rules": [],
"classing": {"engine": "exact", "trend": "auto_monotonic", "max_prebins": 20, "min_bins": 1, "max_bins": 6,
             "min_share": 0.05, "max_share": 1.0, "min_goods": 0.0, "min_bads": 0.0, "min_rate_difference": 0.0,
             "max_p_value": null, "rare_share": 0.01, "missing": "apart", "special": "apart", "nearest_woe_below": null,
             "unseen": "neutral", "characteristics": {}, "monotonic": {}, "overrides": [], "zero_cell": 0.5,
             "unobserved": "neutral"},
"selection": {"min_information_value": 0.02, "max_information_value": null, "max_gini": 0.95, "min_gini": 0.0,
              "max_missing_share": 1.0, "max_psi": null, "max_psi_over_time": null, "stability_period": "month",
              "min_period_rows": 200, "expectation_check": true, "max_correlation": 0.8, "correlation": "pairwise",
              "method": "backward", "criterion": "p_value", "max_p_value": 0.05, "max_variance_inflation": 5.0,
              "sign_check": true, "include": [], "exclude": []},
"models": [{"id": "scorecard", "type": "scorecard", "champion": true, "confidence": 0.95, "covariance": "auto",
            "characteristics": null, "coefficients": "any", "interval": "wald", "offset": null},
           {"id": "boosting", "type": "monotone_boosting", "champion": false,
            "constraints": "declared_and_mined", "categories": {"min_rows": 100, "max_levels": 64, "bound": false},
            "interactions": null, "trees": 200, "depth": 3, "leaves": null,
            "learning_rate": 0.1, "min_child_weight": 10.0, "reg_lambda": 1.0, "reg_alpha": 0.0, "gamma": 0.0,
            "max_bin": 256, "tree_method": "hist", "folds": 5, "early_stopping": null, "search": null,
            "simplicity": null, "characteristics": null, "offset": null}],
"long_run": {"cohorts": "auto", "year_starts": 1, "window_months": null, "min_rows": 100, "min_months": null,
"min_years": 5, "leave_out": [], "lags": null, "cycle": null,
"adjustment": {"method": "none", "relative": null, "reason": null, "author": null, "date": null}},
"margin_of_conservatism": [], "overlays": null,
"rating_scale": null,
"calibration": {"methods": ["none"], "criterion": "log_loss", "folds": 5, "one_standard_error": true, "sample": null,
"target": null, "resampling": null, "by": null, "external": null, "quasi_moments": null},
"scaling": {"points_to_double_odds": 20.0, "base_score": 600.0, "base_odds": 50.0,
            "rounding": "half_away_from_zero", "probability_from": "unrounded"},
"reason_codes": {"reference": "mean_development", "band_width": null, "baseline": {}, "background_rows": 200,
                 "maximum": 4, "rank_step": 1e-6, "groups": {}, "inquiries": [], "catalogue": {},
                 "languages": ["en"], "notices": false},
"evaluation": {"confidence": 0.95, "bands": 10, "min_bads": 30, "min_rows": 20, "period": "auto",
               "baselines": true, "replicates": 200, "partial_area": 0.2, "subpopulation_edges": {},
               "asset_correlation": null, "consistency_replicates": 400,
               "subpopulations": []},
"fairness": {"references": {}, "edges": {}, "age": null, "intersections": true, "proxy_auc": 0.6,
             "less_discriminatory_alternatives": null, "min_rows": 30},
"strategy": {"cut_off": null, "cut_offs": 20, "profit": null, "aim": null, "resamples": 200, "incumbent": null,
             "matrix_bands": 5, "redeployment": null,
             "overrides": null, "experiment": null},
"monitoring": null,
"exports": ["pmml"],
"documents": ["executive_summary", "model_card", "development_dossier", "validation_report", "implementation_guide",
              "adverse_action", "monitoring_plan", "change_log", "sign_off_sheet"]
}"""


def test_three_lines_suffice_and_every_default_is_written_out(write) -> None:
    assert read_plan(write(SHORTEST)).as_dict() == json.loads(DEFAULTS)


def test_the_plan_of_the_design_page(write) -> None:
    folder = write(FULL)
    plan = read_plan(folder)
    assert plan.path == folder / "plan.yaml"
    assert plan.source_bytes == FULL.encode()
    assert plan.data_path() == folder / "taiwan_credit.csv.gz"
    assert (plan.champion.id, [c.id for c in plan.challengers]) == ("scorecard", ["boosting"])
    assert plan.scaling.base_score == 600.0
    assert isinstance(plan.scaling.base_score, float)
    assert plan.named_columns() == {"LIMIT_BAL": "classing.monotonic.LIMIT_BAL"}
    assert "taiwan-credit" in plan._repr_html_()


def test_what_is_written_out_reads_back_and_fits_the_schema(write) -> None:
    plan = read_plan(write(FULL))
    written = json.loads(canonical_json.to_bytes(plan.as_dict()))
    jsonschema.Draft202012Validator(plan_schema()).validate(written)
    assert Plan.model_validate(written).as_dict() == plan.as_dict()


def test_the_published_schema_is_the_current_one_everywhere() -> None:
    current = canonical_json.to_bytes(plan_schema())
    jsonschema.Draft202012Validator.check_schema(plan_schema())
    for folder in ("scorecards/format", "credit_risk/package/schemas", "validation/schemas", "docs_templates/schemas"):
        assert (ROOT / folder / "plan.schema.json").read_bytes() == current, folder


def test_every_key_of_the_schema_is_described() -> None:
    for name, definition in plan_schema()["$defs"].items():
        for key, item in definition["properties"].items():
            assert item.get("description"), f"{name}.{key}"


def test_all_faults_are_told_at_once_with_their_lines(faults) -> None:
    text = """\
model: {id: Taiwan credit, version: 0.1}
data:
  sorce: y
  key: ID
  key: ID2
  columns:
    AGE: {type: numbers, tpye: 3, range: [3]}
    B: {type: numeric, specials: {-9: none, x: y}, range: [3, 1]}
  protected: {eu: [SEX], us: [SEX, 3]}
outcome: {column: DEFAULT, bad: {a: 1}, seed: 3}
derive: {U: SEX / LIMIT, V: foo(3) + }
models: [{id: a, type: scorecard, trees: 3}, {id: a, type: neural}]
selection: {include: [SEX], sign_check: yes}
reason_codes: {maximum: 4.0}
segments: []
"""
    told = {(fault.path, fault.row, fault.code) for fault in faults(text)}
    assert told == {
        ("model.id", 1, "value"),
        ("model.version", 1, "value"),
        ("data.source", 2, "missing_key"),
        ("data.sorce", 3, "unknown_key"),
        ("data.key", 5, "duplicate_key"),
        ("data.columns.AGE.type", 7, "value"),
        ("data.columns.AGE.tpye", 7, "unknown_key"),
        ("data.columns.AGE.range", 7, "value"),
        ("data.columns.B.specials.x", 8, "special"),
        ("data.columns.B.range", 8, "range"),
        ("data.protected.us[1]", 9, "value"),
        ("outcome.bad", 10, "value"),
        ("outcome.seed", 10, "unknown_key"),
        ("derive.U", 11, "never_a_predictor"),
        ("derive.V", 11, "expression"),
        ("models[0].trees", 12, "unknown_key"),
        ("models[1].id", 12, "duplicate_id"),
        ("models[1].type", 12, "value"),
        ("models", 12, "champion"),
        ("selection.include[0]", 13, "never_a_predictor"),
        ("selection.sign_check", 13, "value"),
        ("reason_codes.maximum", 14, "value"),
        ("segments", 15, "unknown_key"),
    }


ONE_FAULT = [
    ("scalling: {base_odds: 3}", "scalling", "unknown_key", "did you mean scaling?"),
    ("samples: {out_of_sampel: 0.3}", "samples.out_of_sampel", "unknown_key", "did you mean out_of_sample?"),
    ("scaling: {base_odds: '50'}", "scaling.base_odds", "value", "without quotes"),
    ("scaling: {base_odds: 050}", "scaling.base_odds", "value", "without a leading zero"),
    ("scaling: {base_odds: 0}", "scaling.base_odds", "value", None),
    ("scaling: {base_odds: .inf}", "scaling.base_odds", "value", None),
    ("scaling: {base_odds: true}", "scaling.base_odds", "value", None),
    ("scaling: [20, 600]", "scaling", "value", None),
    ("scaling: ", "scaling", "value", None),
    ("samples: {out_of_sample: 1}", "samples.out_of_sample", "value", None),
    ("samples: {out_of_sample: 0}", "samples.out_of_sample", "value", None),
    ("samples: {seed: 1.5}", "samples.seed", "value", None),
    ("samples: {seed: -1}", "samples.seed", "value", None),
    ("selection: {max_psi_over_time: 0.25}", "selection.max_psi_over_time", "no_date", None),
    ("selection: {max_information_value: 0.02}", "selection.max_information_value", "range", None),
    ("classing: {max_prebins: 21}", "classing.max_prebins", "value", None),
    ("classing: {monotonic: {A: up}}", "classing.monotonic.A", "value", None),
    ("classing: {min_share: 0.6}", "classing.min_share", "value", None),
    ("models: []", "models", "value", None),
    ("models: [{id: a, type: scorecard}]", "models", "champion", "champion: true"),
    ("models: [{id: A, type: scorecard, champion: true}]", "models[0].id", "value", None),
    ("models: [{type: scorecard, champion: true}]", "models[0].id", "missing_key", None),
    ("models: [{id: a, champion: true}]", "models[0].type", "missing_key", None),
    ("exports: [excel]", "exports[0]", "value", None),
    ("exports: pmml", "exports", "value", "[pmml]"),
    ("exports: [pmml, pmml]", "exports", "duplicate_name", None),
    ("derive: {B: Y * 2}", "derive.B", "never_a_predictor", None),
    ("derive: {B: B + A}", "derive.B", "derive_order", None),
    ("derive: {B: C + 1, C: A + 1}", "derive.B", "derive_order", None),
    ("derive: {Y: A + 1}", "outcome.column", "outcome", None),
    ("derive: {_key: A + 1}", "derive._key", "reserved_name", None),
    ("derive: {'bin(A)': A + 1}", "derive.bin(A)", "reserved_name", None),
    ("derive: {B: 3}", "derive.B", "value", "quotes"),
    ("selection: {include: [Y]}", "selection.include[0]", "never_a_predictor", None),
    ("selection: {include: [A], exclude: [A]}", "selection.include[0]", "selection", None),
    ("evaluation: {subpopulations: [1]}", "evaluation.subpopulations[0]", "value", 'quotes: "1"'),
    ("evaluation: {subpopulation_edges: {A: [1, 2]}}", "evaluation.subpopulation_edges.A", "reference", "name it in"),
    ("evaluation: {partial_area: 0}", "evaluation.partial_area", "value", None),
    ("strategy: {cut_off: high}", "strategy.cut_off", "value", None),
]


@pytest.mark.parametrize(("line", "path", "code", "remedy"), ONE_FAULT, ids=[case[0] for case in ONE_FAULT])
def test_one_fault_each(faults, line: str, path: str, code: str, remedy: str | None) -> None:
    found = faults(SHORTEST + line + "\n")
    assert (path, code) in [(fault.path, fault.code) for fault in found]
    fault = next(fault for fault in found if (fault.path, fault.code) == (path, code))
    assert fault.row in (3, 4, 5)
    assert fault.file.endswith("plan.yaml")
    if remedy is not None:
        assert remedy in fault.remedy
    if line not in ("derive: {Y: A + 1}",):
        assert len(found) == 1, [str(fault) for fault in found]


def test_pmml_is_the_export_of_a_plan_that_names_none(write) -> None:
    boosted = "models: [{id: a, type: monotone_boosting, champion: true}]\n"
    assert read_plan(write(SHORTEST)).exports == ("pmml",)
    assert read_plan(write(SHORTEST + boosted)).as_dict()["exports"] == ["pmml"]
    assert read_plan(write(SHORTEST + "exports: []\n")).exports == ()


DATA_FAULTS = [
    ("data: {source: t.csv, key: Y}", "outcome.column", "role"),
    ("data: {source: t.csv, date: Y}", "outcome.column", "role"),
    ("data: {source: t.csv, key: K, date: K}", "data.date", "role"),
    ("data: {source: t.csv, protected: [Y]}", "data.protected[0]", "role"),
    ("data: {source: t.csv, protected: {eu: [A], us: [Y]}}", "data.protected.us[0]", "role"),
    ("data: {source: t.csv, forbidden: [Y]}", "data.forbidden[0]", "role"),
    ("data: {source: t.csv, columns: {_weight: {}}}", "data.columns._weight", "reserved_name"),
    ("data: {source: t.csv, columns: {A: {type: categorical, range: [0, 1]}}}", "data.columns.A.range", "range"),
    ("data: {source: t.csv, columns: {A: {type: numeric, allowed: [x]}}}", "data.columns.A.allowed[0]", "allowed"),
    (
        "data: {source: t.csv, columns: {A: {type: numeric, specials: {-9: a, -9.0: b}}}}",
        "data.columns.A.specials.-9.0",
        "special",
    ),
    (
        "data: {source: t.csv, columns: {A: {type: categorical, expected_trend: peak}}}",
        "data.columns.A.expected_trend",
        "trend",
    ),
    ("data: {source: ''}", "data.source", "value"),
    ("data: {source: a$b.csv}", "data.source", "variable"),
    ("data: {source: '${NOT_SET_ANYWHERE}/a.csv'}", "data.source", "variable_not_set"),
    ("data: t.csv", "data", "value"),
    ("data: {source: t.csv, columns: [A]}", "data.columns", "value"),
    ("data: {source: t.csv, columns: {A: numeric}}", "data.columns.A", "value"),
]


@pytest.mark.parametrize(("line", "path", "code"), DATA_FAULTS, ids=[case[0] for case in DATA_FAULTS])
def test_faults_of_data(faults, line: str, path: str, code: str) -> None:
    found = faults(f"model: {{id: m}}\n{line}\noutcome: {{column: Y, bad: 1}}\n")
    assert [(fault.path, fault.code) for fault in found] == [(path, code)]
    assert found[0].row in (2, 3)


@pytest.mark.parametrize(
    ("outcome", "path"),
    [
        ("{column: Y, bad: 1, good: 1}", "outcome.good"),
        ("{column: Y, bad: [1, 2], good: [0, 2]}", "outcome.good"),
        ("{column: Y, bad: []}", "outcome.bad"),
        ("{column: Y, bad: null}", "outcome.bad"),
        ("{column: Y}", "outcome.bad"),
        ("{bad: 1}", "outcome.column"),
        ("{column: Y, bad: 1, type: count}", "outcome.type"),
        ("{column: Y, bad: 1, type: amount}", "outcome.bad"),
        ("{column: Y, bad: 1, default_conformant: yes}", "outcome.default_conformant"),
    ],
)
def test_faults_of_outcome(faults, outcome: str, path: str) -> None:
    found = faults(f"model: {{id: m}}\ndata: {{source: t.csv}}\noutcome: {outcome}\n")
    assert [(fault.path, fault.row) for fault in found] == [(path, 3)]


def test_all_three_sections_are_asked_for(faults) -> None:
    assert [fault.path for fault in faults("scaling: {base_odds: 50}\n")] == ["data", "model", "outcome"]


def test_authored_texts_need_author_and_date(faults, write) -> None:
    found = faults("model: {id: m, purpose: {text: To decide}}\ndata: {source: t}\noutcome: {column: Y, bad: 1}\n")
    assert [fault.path for fault in found] == ["model.purpose.author", "model.purpose.date"]
    model = "model: {id: m, purpose: {text: To decide, author: A, date: 2026-11-20}}"
    text = SHORTEST.replace("model: {id: m}", model)
    assert read_plan(write(text)).model.purpose.date == "2026-11-20"
    found = faults(text.replace("2026-11-20", "20.11.2026"))
    assert found[0].allowed == "a date as 2026-11-20"


def test_variables_are_expanded_and_kept_as_written(write, monkeypatch) -> None:
    monkeypatch.setenv("SOME_FOLDER", "/tables")
    plan = read_plan(write(SHORTEST.replace("t.csv", "'${SOME_FOLDER}/t.csv'")))
    assert plan.data_path() == Path("/tables/t.csv")
    assert plan.as_dict()["data"]["source"] == "${SOME_FOLDER}/t.csv"


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("data: {source: ${FOLDER}/t.csv}", "in quotes"),
        ("derive: {A: `my column` + 1}", "in quotes"),
        ("derive:\n\tA: B + 1", "never with tabs"),
    ],
)
def test_slips_of_yaml_have_a_remedy(faults, line: str, remedy: str) -> None:
    (fault,) = faults(f"model: {{id: m}}\n{line}\n")
    assert remedy in fault.remedy


def test_a_plan_made_in_python_is_held_to_the_same_rules() -> None:
    parts = {"model": {"id": "m"}, "outcome": {"column": "Y", "bad": 1}}
    parts["data"] = {"source": "t.csv", "protected": ["A"]}
    assert Plan.model_validate(parts).source_bytes.startswith(b"{")
    with pytest.raises(ValidationError, match="may not be a predictor"):
        Plan.model_validate({**parts, "selection": {"include": ["A"]}})


def test_an_absent_plan_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "other.yaml"):
        with pytest.raises(PlanError, match=r"No such file|cannot be read"):
            read_plan(path)


def test_plans_are_frozen(write) -> None:
    plan = read_plan(write(SHORTEST))
    with pytest.raises(ValidationError):
        plan.samples = None
