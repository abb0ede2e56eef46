"""What a package must tell in words, and the evidence that every package has."""

from __future__ import annotations

import re

from validation import evidence_check, schema_check
from validation.compare import Ledger
from validation.findings import Finding, Outcome
from validation.package import Package
from validation.policy import Policy
from validation.structure import planned_classings

SNAPSHOT = "data/snapshot.parquet"
AUTHORED = ("purpose", "rationale", "limitations", "uses", "prohibited_uses", "owner", "tier")
_OWN = ("purpose", "rationale", "limitations")
_PROSE = (*_OWN, "uses", "prohibited_uses", "theory", "judgement", "oversight")
_PLACEHOLDER = re.compile(
    r"\b(todo|tbd|tbc|fixme|lorem ipsum|placeholder)\b"
    r"|^[\W_]*(n/?a|none|no limitations?|not applicable|text|test|x+)?[\W_]*$"
    r"|\bto be (added|completed|confirmed|defined|determined|done|filled in|provided|written)\b",
    re.IGNORECASE,
)


def check_texts(package: Package, policy: Policy, ledger: Ledger) -> None:
    """An authored text that is not provided is a finding; so is evidence that the catalogue always asks for."""
    for name in AUTHORED:
        _check_authored(package, policy, ledger, name)
    _check_prose(package, policy, ledger)
    _check_always(package, policy, ledger)
    _check_references(package, policy, ledger)


def _check_authored(package: Package, policy: Policy, ledger: Ledger, name: str) -> None:
    evidence_id = f"authored.{name}"
    test = f"battery: {name.replace('_', ' ')} is stated"
    evidence = package.evidence.get(evidence_id)
    if evidence is not None and evidence["kind"] != "not_provided":
        ledger.check(Outcome(test, "pass", 1, "provided", None))
        return
    check = f"authored_{name}" if name in _OWN else "authored_other"
    finding = Finding(
        test=test,
        severity=policy.checks[check],
        quantity=name.replace("_", " "),
        developer_value="not provided",
        validator_value=None,
        tolerance=None,
        statement=f"The plan states no {name.replace('_', ' ')}.",
        remedy=f"Write model.{name} in the plan.",
        evidence=(evidence_id,),
    )
    ledger.check(Outcome(test, "fail", 1, "provided", None, finding))


def _check_prose(package: Package, policy: Policy, ledger: Ledger) -> None:
    """A text says something of its own: no placeholder, enough words for the policy, no copy of another."""
    test = "battery: authored texts say something of their own"
    least = policy.cuts["authored_words"]
    seen: dict[str, str] = {}
    compared, broken = 0, []
    for name in _PROSE:
        evidence = package.evidence.get(f"authored.{name}") or {}
        words = re.findall(r"\w+", str(evidence.get("text") or "").casefold())
        if evidence.get("kind") == "not_provided" or not evidence:
            continue
        compared += 1
        title = name.replace("_", " ")
        if _PLACEHOLDER.search(str(evidence.get("text") or "")):
            broken.append((name, "authored_placeholder", f"The {title} is a placeholder."))
        elif name in _OWN and len(words) < least.value:
            few = f"There are {len(words)} words of the {title}; the policy asks for {least.value:g}: {least.reason}"
            broken.append((name, "authored_placeholder", few))
        other = seen.setdefault(" ".join(words), title)
        if words and other != title:
            broken.append((name, "authored_copied", f"The text of the {title} is word for word that of the {other}."))
    for name, check, statement in broken:
        finding = Finding(
            test=f"{test} ({name.replace('_', ' ')})",
            severity=policy.checks[check],
            quantity=name.replace("_", " "),
            developer_value=str(package.evidence[f"authored.{name}"].get("text"))[:200],
            validator_value=None,
            tolerance=None,
            statement=statement,
            remedy=f"Write model.{name} in the plan.",
            evidence=(f"authored.{name}",),
        )
        ledger.check(Outcome(finding.test, "fail", 1, "its own", None, finding))
    if compared and not broken:
        ledger.check(Outcome(test, "pass", compared, "its own", None))


def _check_always(package: Package, policy: Policy, ledger: Ledger) -> None:
    wanted = applicable_ids(package)
    absent = [item for item in wanted if item not in package.evidence]
    test = "battery: evidence is complete"
    finding = None
    if absent:
        finding = Finding(
            test=test,
            severity=policy.checks["evidence_missing"],
            quantity="evidence",
            developer_value=len(wanted) - len(absent),
            validator_value=len(wanted),
            tolerance=0.0,
            statement=f"The package lacks evidence that the catalogue asks for: {', '.join(absent)}.",
            remedy="Write the evidence, or `not_applicable` with its reason.",
            evidence=tuple(absent),
        )
    ledger.check(Outcome(test, "fail" if absent else "pass", len(wanted), "all present", None, finding))


def applicable_ids(package: Package) -> list[str]:
    """Return the ids that the catalogue asks of this package, patterns written out, without the validator's own."""
    classed = [step["input"] for step in planned_classings(package.model)]
    candidates = package.candidate_ids
    kinds = {candidates[k]: one["model"]["type"] for k, one in package.models.items()}
    kinds |= {name: _own_kind(package, name) for name, kind in kinds.items() if kind == "two_stage"}
    binary = package.outcome_type == "binary"
    classed_names = list(dict.fromkeys(classed))
    names: dict[str, list[str | None]] = {
        "always": [None],
        "there is a challenger": [None] if package.challengers else [],
        "one for each classed characteristic": classed_names if binary else [],
        "one for each characteristic classed on an amount or a fraction": [] if binary else classed_names,
        "one for each generalised linear model": [name for name, kind in kinds.items() if kind == "glm"],
        "outcome is an amount or a fraction": [] if binary else [None],
        "one for each scorecard": [name for name, kind in kinds.items() if kind == "scorecard"],
        "one for each segmented scorecard": [
            str(item["id"])
            for item in package.plan.get("models") or []
            if isinstance(item, dict) and item.get("type") == "segmented_scorecard"
        ],
        "one for each expert scorecard": [name for name, kind in kinds.items() if kind == "expert"],
        "one for each monotone boosting": [name for name, kind in kinds.items() if kind == "monotone_boosting"],
        "one for each candidate": list(package.candidate_ids.values()),
    }
    wanted = []
    for entry in schema_check.load("evidence_catalogue.json")["entries"]:
        if entry["id"].startswith(("validation.", "authored.")):
            continue
        for name in names.get(entry["applicable_when"], []):
            head, _, tail = entry["id"].partition("{")
            wanted.append(head if name is None else f"{head}{name}{tail.partition('}')[2]}")
    return wanted


def _own_kind(package: Package, name: str) -> str:
    """What the second stage of a two-stage model is, by the plan."""
    listed = [item for item in package.plan.get("models") or [] if isinstance(item, dict) and item.get("id") == name]
    return str(listed[0].get("type")) if listed else "two_stage"


def _check_references(package: Package, policy: Policy, ledger: Ledger) -> None:
    """Every input that evidence cites and that has the form of an evidence id or a file is in the package."""
    broken = []
    absent = () if package.manifest["snapshot"]["included"] else (SNAPSHOT,)  # it exists, and does not travel
    for evidence_id, evidence in package.evidence.items():
        for name in evidence["inputs"]:
            is_id = evidence_check.entry_for(name) is not None
            is_file = "/" in name or name.endswith((".json", ".parquet", ".csv", ".yaml"))
            known = name in package.evidence or name in package.manifest["files"] or name in absent
            folder = is_file and any(item.startswith(name.rstrip("/") + "/") for item in package.manifest["files"])
            if (is_id or is_file) and not known and not folder:
                broken.append(f"{evidence_id} cites {name}")
    test = "battery: evidence cites what exists"
    finding = None
    if broken:
        finding = Finding(
            test=test,
            severity=policy.checks["evidence_reference"],
            quantity="references",
            developer_value=len(broken),
            validator_value=0,
            tolerance=0.0,
            statement=f"{len(broken)} references lead nowhere: {'; '.join(broken[:5])}.",
            remedy="Cite files and evidence of the package.",
            evidence=tuple(sorted({item.split(" cites ")[0] for item in broken})),
        )
    ledger.check(Outcome(test, "fail" if broken else "pass", len(package.evidence), "none broken", None, finding))
