"""Worked notices of adverse action: what the applicant of a verification row would be told, and how it follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.evidence import Evidence
from docs_templates.formatting import MISSING, general
from docs_templates.language import say
from docs_templates.package import Package
from docs_templates.verification_rows import Case, cases

Json = Mapping[str, Any]
GIVEN = re.compile(r"(?:.*\.)?(points|attribution)\((.*)\)")
PLACES = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class Worked:
    """A row that a notice is worked on. `cause` says by what it is declined; `illustration`: nobody declined it."""

    case: Case
    cause: str
    codes: tuple[str, ...]
    illustration: bool


def worked(package: Package) -> tuple[Worked, ...]:
    """Up to three rows with different reasons, declined by rules or cut-off.

    Where the plan has neither, those of the lowest scores, as an illustration. None where no row has a reason."""
    every = [one for one in (_worked(package, case) for case in cases(package)) if one is not None and one.codes]
    if not any(not one.illustration for one in every):
        every.sort(key=lambda one: _score(one.case))
    else:
        every = [one for one in every if not one.illustration]
    found: list[Worked] = []
    for one in every:
        if all(one.codes != other.codes for other in found):
            found.append(one)
    return tuple(found[: len(PLACES)])


def notice(package: Package, place: str, number: str, caption: Spans) -> Table | Absent:
    """The notice of the `first`, `second` or `third` row, in the order of Regulation B's sample form C-1."""
    found = _at(package, place)
    if isinstance(found, Absent):
        return found
    texts = _texts(package)
    rows = [(say("notices.creditor_applicant_date"), say("notices.yours")), (say("notices.action"), _action(found))]
    rows += [
        (say("notices.principal_reason", rank=rank), texts.get(code) or say("notices.no_text", code=code))
        for rank, code in enumerate(found.codes, start=1)
    ]
    rows += [
        (say("notices.score"), _score_line(package, found.case)),
        (
            say("notices.key_factors_score"),
            "; ".join(texts.get(code) or code for code in found.case.reasons) or say("notices.none"),
        ),
        (say("notices.information_from_others"), say("notices.report")),
        (say("notices.equal_credit_opportunity"), say("notices.equal_credit")),
    ]
    columns = (TableColumn(say("notices.part_notice")), TableColumn(say("notices.what_stands_there")))
    note = say("notices.row_verification_csv", name=found.case.name, said=_said(found))
    return Table(number, caption, columns, tuple(rows), None, (note,))


def derivation(package: Package, place: str, number: str, caption: Spans) -> Table | Absent:
    """How the reasons of the row follow: every factor with what the row got, the baseline and the shortfall."""
    found = _at(package, place)
    if isinstance(found, Absent):
        return found
    steps = [step for step in package.model["steps"] if step["type"] == "reasons"]
    if len(steps) != 1:
        return Absent("not_applicable", say("notices.title"), say("notices.reasons_chosen_among_several_lists"))
    texts, about = _texts(package), _catalogue(package)
    ranked = _ranked(package, steps[0], found.case)
    rows = []
    for shortfall, got, one in ranked:
        code = one["reason_code"]
        told = found.case.reasons.index(code) + 1 if code in found.case.reasons else None
        known = about.get(code, {})
        rows.append(
            (
                MISSING if told is None else str(told),
                code,
                texts.get(code) or MISSING,
                str(known.get("fields") or MISSING),
                str(known.get("direction") or MISSING),
                _number(got),
                _number(one["baseline"]),
                _number(shortfall),
            )
        )
    titles = (
        say("notices.told"),
        say("notices.code"),
        say("notices.text"),
        say("notices.source_fields"),
        say("notices.lowers_score"),
        say("notices.got"),
        say("notices.baseline"),
        say("notices.shortfall"),
    )
    right = (say("notices.told"), say("notices.got"), say("notices.baseline"), say("notices.shortfall"))
    columns = tuple(TableColumn(title, "right" if title in right else "left") for title in titles)
    return Table(number, caption, columns, tuple(rows), None, (_agreement(steps[0], ranked, found.case),))


def score_range(package: Package) -> tuple[float, float] | None:
    """Lowest and highest score in points; None where the score is not a sum of points, or a choice among such sums."""
    made = {step.get("output"): step for step in package.model["steps"]}
    return _range(made, (package.model.get("outputs") or {}).get("score"))


# --------------------------------------------------------------------------------------------------- helpers
def _range(made: Mapping[Any, Json], name: str | None) -> tuple[float, float] | None:
    step = made.get(name)
    if step is None or (step["type"], step.get("form")) not in (("scale", "points"), ("switch", None)):
        return None
    if step["type"] == "scale":
        lists = [one["points"] for one in step["characteristics"]]
        base = step["base_points"]
        return base + sum(min(points) for points in lists), base + sum(max(points) for points in lists)
    names = [one["value"] for one in step["cases"]] + ([step["default"]] if step.get("default") else [])
    ends = [_range(made, one) for one in names]
    known = [end for end in ends if end is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if len(known) == len(ends) > 0 else None


def _worked(package: Package, case: Case) -> Worked | None:
    guards = [s for s in package.model["steps"] if s["type"] == "guard"]
    fired = [s for s in guards if case.values.get(f"decision:{s['output']}") == "1.0"]
    declines = [s for s in fired if s["action"] == "decline"]
    cut_off = (package.plan.get("strategy") or {}).get("cut_off")
    score = case.values.get("score")
    below = cut_off is not None and bool(score) and float(score or 0) < cut_off
    if (fired and not declines) or (cut_off is not None and not below and not declines):
        return None
    codes = list(dict.fromkeys(str(s["reason_code"]) for s in declines))
    causes = [say("notices.rule", id=s["id"].removeprefix("rule(").removesuffix(")")) for s in declines]
    if below or (cut_off is None and not declines):
        most = _most(package)
        room = len(case.reasons) if not codes else max(most - len(codes), 0)
        codes += [code for code in case.reasons[:room] if code not in codes]
        causes += [say("notices.score_below_declared_cut_off")] if below else []
    return Worked(case, say("notices.and").join(causes), tuple(codes), not causes)


def _most(package: Package) -> int:
    return next((int(s["maximum"]) for s in package.model["steps"] if s["type"] == "reasons"), len(PLACES) + 1)


def _at(package: Package, place: str) -> Worked | Absent:
    found = worked(package)
    position = PLACES.index(place)
    if position < len(found):
        return found[position]
    reason = say("notices.no_further_row_verification_csv") if found else say("notices.not_evaluable_no_row_gives")
    return Absent("not_applicable", say("notices.title"), reason)


def _action(found: Worked) -> str:
    if found.illustration:
        return say("notices.decision_against_you_was_taken")
    return say("notices.your_application_was_declined", cause=found.cause)


def _said(found: Worked) -> str:
    if not found.illustration:
        return say("notices.declined", cause=found.cause)
    return say("notices.illustration_plan_declares_neither_cut")


def _score_line(package: Package, case: Case) -> str:
    score = case.values.get("score")
    if not score:
        return say("notices.model_gives_no_score_points")
    ends = score_range(package)
    told = say("notices.on_date_decision_model", score=_number(float(score)), name=package.manifest["model"]["name"])
    if ends is None:
        return say("notices.range_score_does_not_follow", told=told)
    return say("notices.scores_range_from_higher_score", told=told, low=_number(ends[0]), high=_number(ends[1]))


def _score(case: Case) -> float:
    return float(case.values.get("score") or "inf")


def _got(made: Mapping[Any, Json], name: str, case: Case) -> float | None:
    """What the row got: points, an attribution, or for a group their sum; None where the file does not hold it."""
    found = GIVEN.fullmatch(name)
    text = case.values.get(f"{found[1]}:{found[2]}") if found else None
    if text:
        return float(text)
    step = made.get(name)
    if step is None or step["type"] != "sum":
        return None
    total = 0.0
    for one in step["inputs"]:
        part = _got(made, one, case)
        if part is None:
            return None
        total += part
    return total


def _ranked(package: Package, step: Json, case: Case) -> list[tuple[float | None, float | None, Json]]:
    """Shortfall, what the row got, and factor, by descending shortfall; those without one last, ties as listed."""
    made = {one.get("output"): one for one in package.model["steps"]}
    found: list[tuple[float | None, float | None, Json]] = []
    for one in step["characteristics"]:
        got = _got(made, str(one["input"]), case)
        found.append((None if got is None else float(one["baseline"]) - got, got, one))
    return sorted(found, key=lambda each: (each[0] is None, -(each[0] or 0.0)))


def _agreement(step: Json, ranked: Sequence[tuple[float | None, float | None, Json]], case: Case) -> str:
    if any(shortfall is None for shortfall, _, _ in ranked):
        return say("notices.not_every_factor_stands_itself")
    again = tuple(one["reason_code"] for shortfall, _, one in ranked if shortfall is not None and shortfall > 0)
    again = again[: int(step["maximum"])]
    same = again == case.reasons[: int(step["maximum"])]
    verdict = (
        say("notices.agrees_with_package")
        if same
        else say("notices.differs_from_package_which_tells", listed=", ".join(case.reasons))
    )
    return say(
        "notices.derived_again_here_from_baseline", again=", ".join(again) or say("notices.none"), verdict=verdict
    )


def _rows(item: Evidence | None) -> list[dict[str, Any]]:
    if item is None or item.is_absent:
        return []
    return [dict(zip((c.name for c in item.columns), row, strict=True)) for row in item.rows]


def _texts(package: Package) -> dict[str, str]:
    """Texts for applicants by code, of the plan's first language."""
    found: dict[str, str] = {}
    language = ((package.plan.get("reason_codes") or {}).get("languages") or [None])[0]
    for name in ("reasons.texts", "rules.texts"):
        for row in _rows(package.evidence.get(name)):
            if row["for_applicants"] is True and language in (None, row["language"]) and row["text"]:
                found.setdefault(str(row["reason_code"]), str(row["text"]))
    return found


def _catalogue(package: Package) -> dict[str, dict[str, Any]]:
    return {str(row["reason_code"]): row for row in reversed(_rows(package.evidence.get("reasons.catalogue")))}


def _number(value: float | None) -> str:
    return MISSING if value is None else general(value)
