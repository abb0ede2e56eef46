"""What a named validator concludes from a run: confirms or changes what the program proposes, with reasons."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validation import annex, schema_check, strict_json
from validation.errors import Fault, ValidationInputError
from validation.evidence import evidence_of
from validation.evidence_check import file_name

FILE, EVIDENCE = "conclusion.json", "validation.conclusion"
RECOMMENDATIONS = ("approve", "approve_with_conditions", "reject")
"""The mildest first."""
ABOVE_LOW = ("critical", "high", "medium")
ROLES_OF_THE_FIRST_LINE = ("owner", "author", "authors", "developer", "developers", "approver")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a validator says: who, what is recommended and why; `accepted` maps findings to reasons."""

    name: str
    role: str
    recommendation: str
    reason: str
    conditions: tuple[str, ...] = ()
    accepted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A validation annex and the package that it belongs to."""

    folder: Path
    package: Path


def conclude(
    path: str | Path, statement: Statement, package: str | Path | None = None, clock: annex.Clock = annex.system_clock
) -> Path:
    """Write conclusion.json to the latest run of an annex or package, and return its path.

    Refused, with every reason (ValidationInputError): no annex or package, findings that were changed or are of another
    package, a run that is concluded, a validator who is named in the plan (`four_eyes`), a recommendation milder than
    the proposed one without a reason for each finding above low, conditions where there are none to make or none
    where they are due.
    """
    place = find(Path(path), None if package is None else Path(package))
    files = annex.read_annex(place.folder)
    findings, digest, plan = _read(place, files)
    faults = [*_faults(statement, findings), *_four_eyes(statement, plan)]
    if FILE in files:
        faults.append(Fault("concluded", "the run is concluded; a new run is needed", str(place.folder / FILE)))
    if faults:
        raise ValidationInputError(faults)
    moment = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    content = document(statement, findings, digest, moment)
    wrong = schema_check.check(content, "conclusion.schema.json", FILE)
    if wrong:
        raise ValidationInputError(wrong)
    added = {
        FILE: strict_json.write(content),
        f"evidence/{file_name(EVIDENCE)}": strict_json.write(evidence_of(EVIDENCE, rows_of(content))),
    }
    annex.add_to_annex(place.folder, added, annex.staging_of(place.folder))
    return place.folder / FILE


def find(path: Path, package: Path | None) -> Place:
    """Return annex and package of a path that is either; `package` is needed where the annex lies elsewhere."""
    if path.is_file():
        raise ValidationInputError(Fault("output_refused", "a zip cannot take a conclusion", str(path)))
    folder = path / "validation" if (path / "plan.json").is_file() else path
    owner = package or folder.absolute().parent
    if not (folder / "findings.json").is_file():
        remedy = "validate the package first"
        raise ValidationInputError(Fault("annex_missing", "holds no validation", str(path), remedy=remedy))
    if not (owner / "plan.json").is_file() or not (owner / "manifest.json").is_file():
        remedy = "name the folder of the package with --package"
        raise ValidationInputError(Fault("package_missing", "the annex lies in no package", str(path), remedy=remedy))
    return Place(folder, owner)


def _read(place: Place, files: Mapping[str, bytes]) -> tuple[Mapping[str, Any], str, Mapping[str, Any]]:
    data = files["findings.json"]
    findings = strict_json.parse(data, "findings.json")
    faults = schema_check.check(findings, "findings.schema.json", "findings.json")
    manifest_data, plan_data = ((place.package / name).read_bytes() for name in ("manifest.json", "plan.json"))
    if not faults and findings["package_hash"] != hashlib.sha256(manifest_data).hexdigest():
        faults.append(Fault("annex_other_package", "the findings are of another package", str(place.folder)))
    manifest = strict_json.parse(manifest_data, "manifest.json")
    if manifest.get("plan_sha256") != hashlib.sha256(plan_data).hexdigest():
        faults.append(Fault("hash_mismatch", "is not the plan of the package", "plan.json"))
    if faults:
        raise ValidationInputError(faults)
    return findings, hashlib.sha256(data).hexdigest(), strict_json.parse(plan_data, "plan.json")


def _faults(statement: Statement, findings: Mapping[str, Any]) -> list[Fault]:
    """What is missing from, or does not fit, what the validator says."""
    faults = [
        Fault("conclusion_incomplete", f"--{name} is empty")
        for name, text in (("validator", statement.name), ("role", statement.role), ("reason", statement.reason))
        if not text.strip()
    ]
    if statement.recommendation not in RECOMMENDATIONS:
        return [*faults, Fault("conclusion_incomplete", f"recommendation is not one of {', '.join(RECOMMENDATIONS)}")]
    conditional = statement.recommendation == "approve_with_conditions"
    if conditional != bool(statement.conditions):
        message = "needs a --condition" if conditional else "has no conditions: leave --condition away"
        faults.append(Fault("conclusion_incomplete", f"{statement.recommendation} {message}"))
    known = {item["id"]: item["severity"] for item in findings["findings"]}
    given = [name for name, _ in statement.accepted]
    for name, reason in statement.accepted:
        if name not in known or not reason.strip() or given.count(name) > 1:
            word = "names no finding" if name not in known else "has no reason or is given twice"
            faults.append(Fault("conclusion_incomplete", f"--accept {name} {word}"))
    order = RECOMMENDATIONS.index
    if order(statement.recommendation) < order(findings["recommendation"]):
        for name, severity in known.items():
            if severity in ABOVE_LOW and name not in given:
                message = f"milder than proposed ({findings['recommendation']}): {name} ({severity}) needs a reason"
                faults.append(Fault("conclusion_unreasoned", message, remedy=f"--accept {name}=REASON"))
    return faults


def _four_eyes(statement: Statement, plan: Mapping[str, Any]) -> list[Fault]:
    name = _normal(statement.name)
    found = sorted({where for where, person in people_of(plan) if name and name in _persons(person)})
    message = f"{statement.name} is named in the plan of the package ({', '.join(found)})"
    return [Fault("four_eyes", message, remedy="another person concludes")] if found else []


def people_of(node: Any, path: str = "plan") -> Iterator[tuple[str, str]]:
    """Yield place and text of every developer, owner, author and approver that the plan names."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            for text in value if isinstance(value, list) else [value]:
                if key in ROLES_OF_THE_FIRST_LINE and isinstance(text, str):
                    yield f"{path}.{key}", text
            yield from people_of(value, f"{path}.{key}")
    elif isinstance(node, list):
        for value in node:
            yield from people_of(value, path)


def _persons(text: str) -> set[str]:
    """The names of a text: whole, without what stands in brackets, and the parts of a list."""
    bare = re.sub(r"[(<\[].*?[)>\]]", " ", text)
    parts = re.split(r"[,;/&]|\band\b", bare)
    return {_normal(one) for one in (text, bare, *parts)} - {""}


def _normal(text: str) -> str:
    return " ".join(text.split()).casefold()


def document(statement: Statement, findings: Mapping[str, Any], digest: str, moment: str) -> dict[str, Any]:
    """Return the content of conclusion.json."""
    severities = {item["id"]: item["severity"] for item in findings["findings"]}
    return {
        "format": "credit-risk-conclusion",
        "format_version": "0.1",
        "model": dict(findings["model"]),
        "package_hash": findings["package_hash"],
        "findings_sha256": digest,
        "policy": dict(findings["policy"]),
        "validator": {"name": statement.name.strip(), "role": statement.role.strip()},
        "proposed": findings["recommendation"],
        "recommendation": statement.recommendation,
        "conditions": [text.strip() for text in statement.conditions],
        "accepted": [
            {"finding": name, "severity": severities[name], "reason": reason.strip()}
            for name, reason in statement.accepted
        ],
        "reason": statement.reason.strip(),
        "date": moment,
    }


def rows_of(content: Mapping[str, Any]) -> list[list[Any]]:
    """Return the rows of `validation.conclusion`."""
    rows: list[list[Any]] = [
        ["recommendation", content["recommendation"].replace("_", " ")],
        ["proposed by the program", content["proposed"].replace("_", " ")],
        ["validator", content["validator"]["name"]],
        ["role", content["validator"]["role"]],
        ["date", content["date"]],
        ["reason", content["reason"]],
    ]
    rows += [[f"condition {number}", text] for number, text in enumerate(content["conditions"], start=1)]
    rows += [[f"accepted: {item['finding']} ({item['severity']})", item["reason"]] for item in content["accepted"]]
    return [*rows, ["findings, SHA-256", content["findings_sha256"]]]


def accepted_of(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return findings and reasons of `FINDING_ID=REASON` texts; raises ValidationInputError where one is not."""
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise ValidationInputError(
            [Fault("conclusion_incomplete", f"--accept {text}: not ID=REASON") for text in wrong]
        )
    return tuple((name.strip(), reason) for name, _, reason in (text.partition("=") for text in texts))
