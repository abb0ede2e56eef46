"""The data of one adverse-action notice, from a model package and one applicant, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import Fault, PackageError, ScoringError
from credit_risk._core.html_table import html_table
from credit_risk.explanation.notice import RULE, compose_reasons, score_range
from credit_risk.package import Package, read_package
from credit_risk.sampling import read_source
from credit_risk.sampling.production import declared_notations, keys, typed_frame
from credit_risk.scoring import compile_model
from credit_risk.scoring.expressions import references

Step = Mapping[str, Any]
Value = str | float | None


@dataclass(frozen=True, slots=True)
class KeyFactor:
    """One reason as it is told. kind: `score` or `rule`; values: of the applicant, by field of the source.

    points, reference and shortfall are None for a rule; for trees they are attributions in points.
    """

    rank: int
    kind: str
    code: str
    characteristics: tuple[str, ...]
    text: str
    source: str | None
    values: Mapping[str, Value]
    points: float | None
    reference: float | None
    shortfall: float | None


@dataclass(frozen=True, slots=True)
class AdverseAction:
    """What a notice to one declined applicant tells (Regulation B section 1002.9; FCRA sections 609(f) and 615).

    date: of the clock, UTC; score with the lowest and highest that the model can give; key_factors in order; reference:
    whom the applicant was compared with; creditor, bureau: as given, never invented.
    """

    date: str
    applicant: str | None
    model: str
    model_version: str
    package_hash: str
    language: str
    declined_by: tuple[str, ...]
    score: float | None
    score_lowest: float | None
    score_highest: float | None
    score_range: str | None
    cut_off: float | None
    probability: float | None
    probability_name: str
    method: str
    reference: str
    key_factors: tuple[KeyFactor, ...]
    creditor: Mapping[str, str] = field(default_factory=dict)
    bureau: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON or a letter."""
        return asdict(self)

    def frame(self) -> pd.DataFrame:
        """The key factors as a table, one row each."""
        columns = ["rank", "kind", "code", "text", "source", "points", "reference", "shortfall"]
        return pd.DataFrame([[getattr(f, name) for name in columns] for f in self.key_factors], columns=columns)

    def __repr__(self) -> str:
        told = ", ".join(f.code for f in self.key_factors)
        return f"AdverseAction({self.date}, score {self.score!r}, key factors: {told})"

    def _repr_html_(self) -> str:
        head = f"{self.date}, {self.model} {self.model_version}: score {self.score!r}"
        limits = f"range {self.score_lowest!r} to {self.score_highest!r}, cut-off {self.cut_off!r}"
        return f"<p>{escape(head)} ({escape(limits)})</p>{html_table(self.frame(), caption=self.reference)}"


def adverse_action(
    package: Package | Path | str,
    row: Mapping[str, Any] | pd.Series | pd.DataFrame,
    *,
    applicant: str | None = None,
    language: str | None = None,
    creditor: Mapping[str, str] | None = None,
    bureau: Mapping[str, str] | None = None,
    clock: Clock = system_clock,
) -> AdverseAction:
    """The data of the notice to one declined applicant.

    row: the applicant's inputs, by name; language: one of the plan's, the first where None; creditor, bureau: what the
    notice says of them (name, address, telephone …), as given. The applicant is declined by the model's rules, whose
    reasons then stand first, or by a score below the plan's cut-off; where the plan declares none, by whoever calls.
    Raises PackageError where the package gives no reasons or has not released them for notices, and ScoringError where
    the row is not one applicant that the model can score, or one whom the model did not decline.
    """
    read = package if isinstance(package, Package) else read_package(package)
    texts = _released(read, language)
    compiled, frame = compile_model(read.model), _one_row(row)
    values = {name: array[0] for name, array in compiled.values(frame).items()}
    step = _reasons_step(read.model, values)
    scores = compiled.score(frame).iloc[0]
    decline = _decline(read, values, scores)
    given = [scores[name] for name in scores.index if name.startswith("reason_") and scores[name] is not None]
    told = compose_reasons(decline.rules, given, score_failed=decline.by_score, maximum=step["maximum"])
    factors = _Factors(read, values, texts)
    limits = score_range(read.model)
    return AdverseAction(
        date=clock().date().isoformat(),
        applicant=applicant,
        model=read.model["model"]["name"],
        model_version=read.model["model"]["version"],
        package_hash=read.package_hash,
        language=texts.language,
        declined_by=decline.words,
        score=decline.score,
        score_lowest=limits[0] if limits else None,
        score_highest=limits[1] if limits else None,
        score_range=limits[2] if limits else None,
        cut_off=decline.cut_off,
        probability=float(scores["probability"]) if "probability" in scores else None,
        probability_name=read.model["outcome"]["probability_name"],
        method=step["method"],
        reference=step["reference"],
        key_factors=tuple(factors.of(rank, kind, code) for rank, (kind, code) in enumerate(told, start=1)),
        creditor=dict(creditor or {}),
        bureau=dict(bureau or {}),
    )


def adverse_action_of(
    package: Path, table: Path, key: str, *, language: str | None = None, clock: Clock = system_clock
) -> AdverseAction:
    """As `adverse_action`, for the row of a CSV or Parquet `table` whose key reads `key`.

    The key is the plan's key column where the table has it, and the row number from 1 otherwise. Raises ScoringError
    where no row, or more than one, has this key.
    """
    read, source = read_package(package), read_source(table)
    column = read.plan["data"]["key"]
    named = keys(source, column if column in source.raw else None)
    rows = [place for place, value in enumerate(named.tolist()) if str(value) == key]
    if len(rows) != 1:
        message = f"{len(rows)} rows have the key {key!r}"
        raise ScoringError(Fault(message, "key", file=str(table), allowed="exactly one row"))
    inputs = read.model["inputs"]
    notations = declared_notations(read.plan, [item["name"] for item in inputs])
    frame = typed_frame(source, inputs, notations).iloc[rows]
    return adverse_action(read, frame, applicant=key, language=language, clock=clock)


@dataclass(frozen=True, slots=True)
class _Decline:
    """Why an applicant is declined: codes of the rules that fired, and whether the score failed too."""

    rules: tuple[str, ...]
    score: float | None
    cut_off: float | None
    by_score: bool

    @property
    def words(self) -> tuple[str, ...]:
        """Each cause in words."""
        found = [f"rule {code}" for code in self.rules]
        if self.by_score and self.cut_off is not None:
            found.append(f"score below {self.cut_off:g}")
        return tuple(found) or ("not stated: the plan declares no cut-off",)


def _decline(package: Package, values: Mapping[str, Any], scores: pd.Series) -> _Decline:
    """Raises ScoringError where neither a rule nor the score declined. Without a cut-off, rules alone explain."""
    guards = [s for s in package.model["steps"] if s["type"] == "guard" and bool(values[s["output"]])]
    fired = tuple(s["reason_code"] for s in guards if s["action"] == "decline")
    others = [f"{s['reason_code']} ({s['action']})" for s in guards if s["action"] != "decline"]
    if others and not fired:
        message = f"the applicant was not declined: rules that go before the score fired, {', '.join(others)}"
        remedy = "a notice is written for an applicant whom rules or score declined; a referral is decided by hand"
        raise ScoringError(Fault(message, "not_declined", remedy=remedy))
    cut_off = package.plan.get("strategy", {}).get("cut_off")
    score = float(scores["score"]) if "score" in scores else None
    by_score = not fired if cut_off is None or score is None else score < cut_off
    if not by_score and not fired:
        message = f"the applicant was not declined: score {score!r} reaches the cut-off {cut_off!r}, and no rule fired"
        raise ScoringError(Fault(message, "not_declined", remedy="a notice is written for a declined applicant"))
    return _Decline(fired, score, cut_off, by_score)


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts by reason code in one language; catalogue: rows of the evidence."""

    language: str
    by_code: Mapping[str, str]
    catalogue: Sequence[Mapping[str, Any]]

    def row(self, code: str, reference: float) -> Mapping[str, Any]:
        """The row of a code; where segments share it, that with their reference points."""
        found = [row for row in self.catalogue if row["reason_code"] == code]
        return next((row for row in found if row["reference_points"] == reference), found[0])


def _rows(package: Package, identifier: str) -> list[dict[str, Any]]:
    item = package.evidence.get(identifier)
    if item is None or item["kind"] != "table":
        message = f"the package has no table {identifier}"
        raise PackageError(Fault(message, "no_reasons", remedy="the champion must give reasons"))
    names = [column["name"] for column in item["columns"]]
    return [dict(zip(names, row, strict=True)) for row in item["rows"]]


def _released(package: Package, language: str | None) -> _Texts:
    """Texts of every reason and rule. Raises PackageError with all that may not be told in this language."""
    languages = (package.plan.get("reason_codes") or {}).get("languages")
    if not languages:
        remedy = "declare reason_codes in the plan and develop the package again"
        message = "the plan declares no reason codes, so that no reason has a text"
        raise PackageError(Fault(message, "no_reasons", file="plan.json", path="reason_codes", remedy=remedy))
    chosen = language or languages[0]
    if chosen not in languages:
        message = f"the plan has no texts in {chosen!r}"
        raise PackageError(Fault(message, "language", allowed=", ".join(languages)))
    rows = [row for row in _rows(package, "reasons.texts") if row["language"] == chosen]
    texts = {row["reason_code"]: row["text"] for row in rows}
    lacking = [row["reason_code"] for row in rows if not row["for_applicants"]]
    for step in package.model["steps"]:
        if step["type"] == "guard" and step["action"] == "decline":
            given = _rule_entry(package, step["reason_code"]).get("text")
            text = given.get(chosen) if isinstance(given, dict) else given if chosen == languages[0] else None
            if text is None:
                lacking.append(step["reason_code"])
            else:
                texts[step["reason_code"]] = text
    if lacking:
        raise PackageError(
            [
                Fault(
                    f"reasons are not released for notices: {code!r} has no text for applicants in {chosen}",
                    "not_released",
                    file="plan.json",
                    path="reason_codes.catalogue",
                    remedy="write the text in the plan and develop the package again",
                )
                for code in dict.fromkeys(lacking)
            ]
        )
    return _Texts(chosen, texts, _rows(package, "reasons.catalogue"))


def _rule_entry(package: Package, code: str) -> Mapping[str, Any]:
    """text and source of the rule with this reason code, as the plan has them at the rule or in the catalogue."""
    catalogue = package.plan["reason_codes"]["catalogue"]
    for rule in package.plan.get("rules", ()):
        entry = catalogue.get(rule["id"]) or {}
        if code == (rule["code"] or entry.get("code") or rule["id"]):
            return {"text": rule["reason"] or entry.get("text"), "source": rule["source"] or entry.get("source")}
    return next((entry for name, entry in catalogue.items() if code == (entry.get("code") or name)), {})


def _one_row(row: Mapping[str, Any] | pd.Series | pd.DataFrame) -> pd.DataFrame:
    if isinstance(row, pd.DataFrame):
        if len(row) != 1:
            raise ScoringError(Fault("a notice is of one applicant", "rows", found=f"{len(row)} rows"))
        return row
    given = row.to_dict() if isinstance(row, pd.Series) else row
    return pd.DataFrame({name: [value] for name, value in given.items()})


def _reasons_step(model: Step, values: Mapping[str, Any]) -> Step:
    """The step that gives an applicant's reasons, through the choices among those of segments."""
    name = model["outputs"].get("reasons")
    while choice := next((s for s in model["steps"] if s["type"] == "switch" and s["output"] == name), None):
        key, cases = values[choice["input"]], choice["cases"]
        name = next((case["value"] for case in cases if case["equals"] == key), choice["default"])
    found = [s for s in model["steps"] if s["type"] == "reasons" and s["output"] == name]
    if not found:
        message = "the model gives no reasons"
        raise PackageError(Fault(message, "no_reasons", file="model.json", remedy="develop it with reason codes"))
    return dict(found[0])


@dataclass(frozen=True, slots=True)
class _Factors:
    """Key factors of one applicant, whose values by name are `values`."""

    package: Package
    values: Mapping[str, Any]
    texts: _Texts

    def of(self, rank: int, kind: str, code: str) -> KeyFactor:
        """The key factor of a reason code."""
        if kind == RULE:
            text, source = self.texts.by_code[code], _rule_entry(self.package, code).get("source")
            fields = self._fields_of(code)
            held = {name: _plain(self.values[name]) for name in fields}
            return KeyFactor(rank, kind, code, fields, text, source, held, None, None, None)
        step = _reasons_step(self.package.model, self.values)
        item = next(one for one in step["characteristics"] if one["reason_code"] == code)
        row = self.texts.row(code, float(item["reference_points"]))
        points = float(self.values[item["input"]])
        return KeyFactor(
            rank,
            kind,
            code,
            tuple(row["characteristic"].split(", ")),
            self.texts.by_code[code],
            row["source"],
            {name: _plain(self.values[name]) for name in row["fields"].split(", ") if name in self.values},
            points,
            float(item["reference_points"]),
            float(item["reference_points"]) - points,
        )

    def _fields_of(self, code: str) -> tuple[str, ...]:
        """Inputs of the model that the rules with a reason code read, derived values through their own."""
        steps = self.package.model["steps"]
        derived = {s["output"]: s["expression"] for s in steps if s["type"] == "derive"}
        pending = [s["condition"] for s in steps if s["type"] == "guard" and s["reason_code"] == code]
        found: dict[str, None] = {}
        while pending:
            for name in references(pending.pop(0)):
                if name in derived:
                    pending.append(derived[name])
                else:
                    found[name] = None
        return tuple(found)


def _plain(value: Any) -> Value:
    """A value as JSON holds it; missing is None."""
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else float(value)
