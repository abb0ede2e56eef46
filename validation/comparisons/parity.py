"""The developer's parity of the exports (`exports.engines`, `exports.parity`) held against what can be counted again.

An engine that differs or broke is a finding whatever else is right; so is one that is said to agree where its own
table of differences, or the validator's evaluation of the same document, says otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from validation import strict_json
from validation.errors import ValidationInputError
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace

FOLDER = "exports/evidence/"
"""In the annex beside the exports: what the developer's engines gave, which is no export."""
ENGINES, AGREEMENT = "exports.engines", "exports.parity"
TOLERANCE, TOLERANCES = 1e-12, {"onnx": 1e-6}
NOT_PROVED = "NOT PROVED"
VERIFICATION, SNAPSHOT = "verification rows", "rows of the snapshot"
_COUNTS = ("path_differs", "grades_differ", "reasons_differ", "decisions_differ", "errors_differ")
_LARGEST = ("largest_score", "largest_probability")
_SEEN = ("rows", "of_rows", "exempt")
Row = Mapping[str, Any]


def compare_parity(space: Workspace, passed: Collection[str], failed: Collection[str]) -> None:
    """Hold the parity evidence of the annex against the package; a package without any is no finding.

    passed, failed: the PMML documents that the validator's own evaluation finds right, and wrong.
    """
    files = {name: space.package.exports.get(f"{FOLDER}{name}.json") for name in (ENGINES, AGREEMENT)}
    if all(data is None for data in files.values()):
        space.ledger.not_evaluable(AGREEMENT, "no engine was asked of the exports")
        return
    tables: dict[str, list[Row]] = {}
    for name, data in files.items():
        try:
            if data is None:
                raise ValueError("the file is not there")
            tables[name] = _rows(strict_json.parse(data, f"{FOLDER}{name}.json"), name)
        except (ValueError, KeyError, TypeError, ValidationInputError) as error:
            _find(space, f"{name}: is read", name, f"The evidence {name} cannot be read: {error}.", None, "a table")
    if len(tables) < len(files):
        return
    engines, agreement = tables[ENGINES], tables[AGREEMENT]
    _counted(space, agreement)
    for row in engines:
        _engine(space, row, [one for one in agreement if one["engine"] == row["engine"]])
        if row["export"] == "pmml" and row["verdict"] == "agrees" and failed and not passed:
            told = f"{row['engine']} is said to agree, and the validator's own evaluation of the document differs."
            _find(space, f"{ENGINES}: {row['engine']} and the validator", row["engine"], told, "agrees", "differs")
    strangers = sorted({str(one["engine"]) for one in agreement} - {str(one["engine"]) for one in engines})
    space.ledger.words(AGREEMENT, "engines", strangers, [None] * len(strangers), strangers, [AGREEMENT], "export_word")


def _engine(space: Workspace, row: Row, agreement: list[Row]) -> None:
    """Judge one engine by its verdict and by its own table of differences."""
    name, verdict = str(row["engine"]), row["verdict"]
    if verdict == NOT_PROVED and row["version"] is None and not agreement:
        return
    test = f"{ENGINES}: {name} agrees"
    own = "agrees" if _agrees(name, agreement) else "differs"
    if verdict == "agrees" and own == "agrees":
        space.ledger.check(Outcome(test, "pass", len(agreement), "no difference", None))
        return
    reason = f" ({row['reason']})" if row["reason"] else ""
    told = f"The engine {name} is told as {verdict}{reason}; by its table of differences it {own}."
    if verdict == "failed":
        told = f"The engine {name} failed{reason}: what it would score is not known."
    _find(space, test, name, told, str(verdict), own)


def _agrees(name: str, agreement: list[Row]) -> bool:
    """Whether rows were compared, the verification rows among them, and none differs by more than is allowed."""
    most = TOLERANCES.get(name, TOLERANCE)
    if VERIFICATION not in {row["population"] for row in agreement}:
        return False
    differ = any(row[key] for row in agreement for key in _COUNTS if row[key] is not None)
    far = any(not row[key] <= most for row in agreement for key in _LARGEST if row[key] is not None)
    return not differ and not far


def _counted(space: Workspace, agreement: list[Row]) -> None:
    """Compare the numbers of rows: those there are, and that no more were compared."""
    own = {VERIFICATION: space.package.verification.rows, SNAPSHOT: len(space.frame)}
    told = [row for row in agreement if row["population"] in own]
    counts, mine = [row["of_rows"] for row in told], [own[row["population"]] for row in told]
    labels = [f"{row['engine']}, {row['population']}" for row in told]
    space.ledger.words(AGREEMENT, "number of rows", counts, mine, labels, [AGREEMENT], "export_word")
    within = [
        row["rows"] >= 0 and row["exempt"] >= 0 and row["rows"] + row["exempt"] <= row["of_rows"] for row in agreement
    ]
    named = [f"{row['engine']}, {row['population']}" for row in agreement]
    space.ledger.words(AGREEMENT, "rows compared", within, [True] * len(within), named, [AGREEMENT], "export_word")


def _rows(content: Any, name: str) -> list[Row]:
    """Return the rows of a table of evidence as records; raises ValueError, KeyError or TypeError for another thing."""
    names = [column["name"] for column in content["columns"]]
    keys = ("engine", "export", "version", "verdict", "reason")
    wanted = keys if name == ENGINES else ("engine", "population", *_SEEN, *_LARGEST, *_COUNTS)
    if content["id"] != name or (absent := set(wanted) - set(names)):
        raise ValueError(f"it is {content['id']}" if content["id"] != name else f"it lacks {', '.join(sorted(absent))}")
    rows: list[Row] = [dict(zip(names, row, strict=True)) for row in content["rows"]]
    numbers = () if name == ENGINES else (*_SEEN, *_LARGEST, *_COUNTS)
    for row in rows:
        for key in numbers:
            if not (isinstance(row[key], (int, float)) or (row[key] is None and key not in _SEEN)):
                raise ValueError(f"{key} is {row[key]!r}")
    return rows


def _find(space: Workspace, test: str, quantity: str, told: str, stated: str | None, own: str) -> None:
    finding = Finding(
        test=test,
        severity=space.policy.checks["export_differs"],
        quantity=quantity,
        developer_value=stated,
        validator_value=own,
        tolerance=None,
        statement=told,
        remedy="Find what differs, export the package again, and ask the engines again.",
        evidence=("validation.exports",),
    )
    space.ledger.check(Outcome(test, "fail", 1, "agrees", None, finding))
