"""What a package holds, as templates ask with `holds` and `holds_not`: `model.trees`, `plan.strategy.cut_off`."""

from __future__ import annotations

from typing import Any

from docs_templates.notices import PLACES, worked
from docs_templates.package import Package

PARITY = "exports.parity"
ROOTS = ("model", "output", "plan", "annex", "package", "notice")


def holds(package: Package, target: str) -> bool | None:
    """Whether the package holds `target`; None where the question is not one of those known.

    `model.TYPE`: a step of this type (also of a form: `model.scale_points`); `output.NAME`: a published result;
    `plan.PATH`: a value that is declared and not empty; `annex.KIND`: an annex; `package.NAME`: a file or the package
    before, `verification` or `previous`, `governance`: what the inventory says, or `parity`: exports that engines were
    asked about; `notice.PLACE`: a row that a worked notice stands on, `notice.illustration`: such a row, declined by
    nobody.
    """
    root, _, rest = target.partition(".")
    if root == "model":
        return any(rest in (step.get("type"), _form(step)) for step in package.model.get("steps", []))
    if root == "output":
        return bool((package.model.get("outputs") or {}).get(rest))
    if root == "plan":
        return _declared(package.plan, rest)
    if root == "annex":
        return rest in package.annexes
    if root == "package" and rest == "parity":
        return PARITY in package.evidence
    if root == "package" and rest in ("verification", "previous", "governance"):
        return getattr(package, rest) is not None
    if root == "notice" and rest in PLACES:
        return len(worked(package)) > PLACES.index(rest)
    if root == "notice" and rest == "illustration":
        return any(one.illustration for one in worked(package))
    return None


def _form(step: dict[str, Any]) -> str:
    return f"{step.get('type')}_{step.get('form') or step.get('method') or step.get('kind')}"


def _declared(plan: Any, path: str) -> bool:
    value = plan
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value not in (None, "", [], {}, False)
