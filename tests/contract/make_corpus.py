"""Write the valid half of the corpus: `python -m tests.contract.make_corpus`. Deterministic; a test compares bytes.

Scores come from credit_risk.scoring, which has tests of its own; the corpus is about the format.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.evidence import absent, statement, table
from credit_risk.package import PackageWriter, flags_as_numbers, verification_columns, write_annex
from credit_risk.scoring import compile_model
from tests.contract import corpus_models
from tests.contract.corpus_models import NASTY

CORPUS = Path(__file__).parents[2] / "scorecards" / "format" / "corpus"
Json = dict[str, Any]


def main(valid: Path = CORPUS / "valid") -> None:
    """Write every valid package below `valid`, replacing what is there."""
    _write(valid / "scorecard", corpus_models.scorecard(), _scorecard_rows(), {"boosting": _challenger()})
    _write(valid / "joined", corpus_models.joined(), _joined_rows(), {})
    _write(valid / "boosting", corpus_models.boosting(), _boosting_rows(), {})
    _write(valid / "attributed", corpus_models.attributed(), _attributed_rows(), {})
    _write(valid / "every_step", corpus_models.every_step(), _every_step_rows(), {}, included=False)
    _write(valid / "amount", corpus_models.amount(), _amount_rows(), {})
    _write(valid / "fraction", corpus_models.fraction(), _fraction_rows(), {})
    _annexes(valid / "scorecard")


def _scorecard_rows() -> pd.DataFrame:
    income = [250.0, 999.9999999999999, 1000.0, 2500.0, 2500.5, 9000.25, -9.0, -8.0, None, 1200.0]
    housing = ["rent", "own", "Miete, möbliert", None, "own", "rent", "own", "castle", "own", "own"]
    return pd.DataFrame({NASTY: pd.Series(income, dtype="float64"), "housing": pd.Series(housing, dtype="str")})


def _joined_rows() -> pd.DataFrame:
    rows = _scorecard_rows()
    housing = pd.Series(["?", "n/a", "castle", None, "own", "rent", "own", "?", "Miete, möbliert", "own"], dtype="str")
    return rows.assign(housing=housing)


def _boosting_rows() -> pd.DataFrame:
    age = [24.5, 24.500000000000004, 60.0, None, 18.0, 18.0]
    utilisation = [0.30000001192092896, 0.3, 0.9, 0.1, None, 0.9]
    return pd.DataFrame({"age": age, "utilisation": utilisation}, dtype="float64")


def _attributed_rows() -> pd.DataFrame:
    inquiries = [0.0, 5.0, 9.0, None, 3.5, 1.0]
    return _boosting_rows().assign(inquiries=pd.Series(inquiries, dtype="float64"))


def _every_step_rows() -> pd.DataFrame:
    numbers = {"balance": [50.0, None, 900.0, 150.0, 0.0], "limit": [1000.0, 500.0, 600.0, 90.0, 0.0]}
    purpose = pd.Series(["car", "car", "gambling", None, "Glücksspiel"], dtype="str")
    return pd.DataFrame(numbers, dtype="float64").assign(purpose=purpose)


def _amount_rows() -> pd.DataFrame:
    exposure, months = [1000.0, 250.5, 90.0, 12_000.0], [23.999999999999996, 24.0, None, 60.0]
    return pd.DataFrame({"exposure": exposure, "months": months, "rate": [0.0, 3.5, 1.0, -2.0]}, dtype="float64")


def _fraction_rows() -> pd.DataFrame:
    collateral = pd.Series(["house", "flat", None, "car"], dtype="str")
    return pd.DataFrame({"collateral": collateral, "ltv": pd.Series([0.5, 1.25, 0.0, 2.5], dtype="float64")})


def _challenger() -> Json:
    """The boosting model, restated on the one numeric input of the scorecard."""
    model = corpus_models.boosting()
    model["model"]["id"] = "boosting"
    model["inputs"] = [{"name": NASTY, "type": "number", "specials": [], "description": ""}]
    step = model["steps"][0]
    step["features"], step["trees"] = [NASTY], step["trees"][1:]
    return model


def _write(out: Path, model: Json, rows: pd.DataFrame, challengers: dict[str, Json], included: bool = True) -> None:
    if out.exists():
        shutil.rmtree(out)
    identity = {key: model["model"][key] for key in ("id", "name", "version")}
    snapshot = _snapshot(rows, model["outcome"]["type"])
    with PackageWriter(out) as writer:
        writer.add_bytes("plan.yaml", _plan_text(identity).encode())
        binary = model["outcome"]["type"] == "binary"
        outcome = {"column": "DEFAULT", "bad": 1} if binary else {"column": "LOSS", "type": model["outcome"]["type"]}
        writer.add_json("plan.json", {"model": identity, "data": {"source": "rows.csv"}, "outcome": outcome})
        writer.add_json("model.json", model)
        writer.add_bytes("verification.csv", _verification(model, rows))
        for prefix, each in {"": model, **{f"challengers/{key}/": value for key, value in challengers.items()}}.items():
            if prefix:
                writer.add_json(f"{prefix}model.json", each)
            for sample in ("development", "out_of_sample"):
                here = snapshot["_sample"] == sample
                writer.add_table(f"{prefix}predictions/{sample}.parquet", _predictions(each, snapshot[here]))
        stated = {"included": included, "rows": len(rows)}
        if included:
            writer.add_table("data/snapshot.parquet", snapshot)
        else:
            stated["sha256"] = "0" * 64
        for item in _evidence(rows):
            writer.add_evidence(item)
        source = {"name": "rows.csv", "sha256": "1" * 64, "rows": len(rows), "columns": rows.shape[1] + 1}
        writer.seal(
            model=identity, source=source, snapshot=stated, seeds={"samples": 20261120}, libraries={"none": "0"}
        )
        writer.commit()


def _plan_text(identity: Json) -> str:
    head = ", ".join(f"{key}: {value}" for key, value in identity.items())
    return f"model: {{{head}}}\ndata: {{source: rows.csv}}\noutcome: {{column: DEFAULT, bad: 1}}\n"


def _snapshot(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    count = len(rows)
    values = {"binary": lambda i: float(i % 4 == 0), "amount": lambda i: 12.5 * i, "fraction": lambda i: i / 4}[kind]
    head = pd.DataFrame(
        {
            "_key": pd.Series(range(1, count + 1), dtype="int64"),
            "_sample": ["development" if i % 3 else "out_of_sample" for i in range(count)],
            "_outcome": [None if i == 1 else values(i) for i in range(count)],
            "_status": pd.Series([None] * count, dtype="str"),
            "_weight": 1.0,
            "_cluster": pd.Series([f"obligor {i // 2}" if i % 5 else None for i in range(count)], dtype="str"),
        }
    )
    return pd.concat([head, rows.reset_index(drop=True)], axis=1)


def _predictions(model: Json, rows: pd.DataFrame) -> pd.DataFrame:
    result = flags_as_numbers(compile_model(model).score(rows))
    texts = [name for name in result.columns if name in ("grade", "overall_decision") or name.startswith("reason_")]
    return result.astype(dict.fromkeys(texts, "str")).pipe(lambda frame: _with_key(rows, frame))


def _with_key(rows: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows["_key"], frame], axis=1)


def _verification(model: Json, rows: pd.DataFrame) -> bytes:
    """verification.csv of the rows as they are: the corpus does not promise to cover every branch."""
    compiled = compile_model(model)
    columns = {f"in:{name}": rows[name].tolist() for name in rows.columns}
    columns |= {key: values.tolist() for key, values in flags_as_numbers(compiled.score(rows)).items()}
    values = compiled.values(rows)
    for step in model["steps"]:
        if step["type"] == "classing":
            columns[f"bin:{step['input']}"] = values[step["output_bin"]].tolist()
            columns[f"woe:{step['input']}"] = values[step["output_woe"]].tolist()
        for part in step.get("characteristics", []) if step["type"] == "scale" else []:
            columns[f"points:{part['characteristic']}"] = values[part["output"]].tolist()
        for part in step["characteristics"] if step["type"] == "attribution" else []:
            columns[f"attribution:{part['characteristic']}"] = values[part["output"]].tolist()
    header = verification_columns(model)
    columns["case"] = [f"row {i + 1}" for i in range(len(rows))]
    lines = [",".join(map(_quoted, header))]
    lines += [",".join(_cell(columns[name][position]) for name in header) for position in range(len(rows))]
    return "".join(f"{line}\n" for line in lines).encode()


def _cell(value: Any) -> str:
    """One field: text quoted, numbers in shortest round-trip form, missing empty."""
    if value is None or value != value:
        return ""
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _evidence(rows: pd.DataFrame) -> list[Any]:
    source = pd.DataFrame({"item": ["rows", "file"], "value": [str(len(rows)), "rows.csv"]})
    bins = {"label": ["low", "high"], "sample": "development", "count_share": [0.25, 0.75], "bad_rate": [0.5, None]}
    figure = pd.DataFrame({**bins, "bad_rate_lower": [0.1, None], "bad_rate_upper": [0.9, None]})
    chart = {"type": "bar_line", "x": "label", "y": ["count_share"], "line": ["bad_rate"], "lower": "bad_rate_lower"}
    chart |= {"upper": "bad_rate_upper", "series": "sample", "panels": None}
    return [
        table("data.source", source),
        table("classing.figure.{characteristic}", figure, parameter=NASTY, chart=chart),
        statement("authored.purpose", "To test readers.", author="Nobody", date="2026-01-31"),
        absent("authored.rationale", "not_provided", "the plan has no rationale"),
        absent("fairness.groups", "not_applicable", "no protected column"),
    ]


def _annexes(package: Path) -> None:
    def clock() -> datetime:
        return datetime(2026, 1, 31, tzinfo=UTC)

    findings = canonical_json.to_bytes({"note": "not a real finding file; readers of the core do not open it"})
    write_annex(package, "validation", {"note.json": findings}, "corpus", clock)
    write_annex(package, "exports", {"sub folder/ä.txt": b"text\n"}, "corpus", clock)


if __name__ == "__main__":
    main()
