"""Policy rules: the guards of every model against the plan, decisions made again, and whom rules hit counted again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.findings import Finding, Outcome
from validation.rebuild import metrics
from validation.rebuild.workspace import Workspace
from validation.structure import steps_of

DECLARED, HITS, OVERLAPS, DECISIONS = "rules.declared", "rules.hits", "rules.overlaps", "rules.decisions"
TEXTS = "rules.texts"
ACTIONS = ("decline", "refer", "accept")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
NUMBER = re.compile(r"(?<![\w.`])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w`])")
Rule = Mapping[str, Any]


def compare_rules(space: Workspace) -> None:
    """Compare rules, decisions and evidence on them with our own; not evaluable where the plan has none."""
    rules = plan_rules(space)
    guarded = any(steps_of(model, "guard") for model in space.package.models.values())
    if not rules and not guarded:
        space.ledger.not_evaluable(DECLARED, "the plan has no policy rules")
        return
    for model_id in space.package.models:
        _compare_model(space, model_id, rules)
    order = sorted(range(len(rules)), key=lambda k: (ACTIONS.index(rules[k]["action"]), k))
    _compare_declared(space, [rules[k] for k in order])
    _compare_texts(space, [rules[k] for k in order])
    hits = own_hits(space, rules)
    if hits is None:
        space.ledger.not_evaluable(HITS, "a rule of the plan is in no step of the champion")
        return
    _compare_hits(space, rules, order, hits)
    _compare_overlaps(space, rules, order, hits)
    _compare_decisions(space, hits)


def plan_rules(space: Workspace) -> list[Rule]:
    """Return the rules of the plan, each with the reason code that it goes by."""
    catalogue = (space.package.plan.get("reason_codes") or {}).get("catalogue") or {}
    found: list[Rule] = []
    for rule in space.package.plan.get("rules") or []:
        entry = catalogue.get(rule["id"]) or {}
        told = {key: rule.get(key) or entry.get(key) for key in ("code", "source")}
        text = rule.get("reason") if rule.get("reason") is not None else entry.get("text")
        found.append({**rule, "code": told["code"] or rule["id"], "source": told["source"], "text": text})
    return found


def _compare_model(space: Workspace, model_id: str, rules: Sequence[Rule]) -> None:
    """Guards and their order against the plan, conditions against its text, decisions against their flags."""
    model = space.package.models[model_id]
    area = f"rules of {space.package.file_of(model_id)}"
    guards = steps_of(model, "guard")
    stated = [(step["id"], step["action"], step["reason_code"]) for step in guards]
    own = [(f"rule({rule['id']})", rule["action"], rule["code"]) for rule in rules]
    space.ledger.words(area, "rules, actions and reason codes", stated, own, "rule", [DECLARED])
    flags = [step["output"] for step in guards]
    space.ledger.words(area, "published flags", list(model["outputs"].get("decision") or []), flags, "rule", [DECLARED])
    conditions = {step["id"]: step["condition"] for step in guards}
    for rule in rules:
        condition = conditions.get(f"rule({rule['id']})")
        if condition is not None:
            _compare_condition(space, area, rule, condition)
    decision = space.output(model_id, "overall_decision")
    if decision is None:
        _decision_missing(space, area)
        return
    mine = own_decision(space, model_id)
    keys = [f"key {key}" for key in space.frame["_key"].tolist()]
    space.ledger.words(area, "overall decision", decision.data.tolist(), mine.tolist(), keys, [DECISIONS], "applicant")


def _decision_missing(space: Workspace, area: str) -> None:
    finding = Finding(
        test=f"{area}: overall decision",
        severity=space.policy.fixed("identity"),
        quantity="overall_decision",
        developer_value=None,
        validator_value="overall_decision",
        tolerance=None,
        statement="The model has rules and publishes no overall decision.",
        remedy="Develop the package again.",
        evidence=(DECLARED,),
    )
    space.ledger.check(Outcome(f"{area}: overall decision", "fail", 0, None, "the model publishes none", finding))


def _compare_condition(space: Workspace, area: str, rule: Rule, condition: Mapping[str, Any]) -> None:
    """Numbers and texts of the plan's condition stand in the tree: what a reader sees is what is scored."""
    text, words = str(rule["when"]), f"constants of {rule['id']}"
    quoted = [found[1:-1] for found in QUOTED.findall(text)]
    if "columns(" in text.replace(" ", ""):
        space.ledger.not_evaluable(f"{area}: {words}", "the condition names a family of columns")
        return
    wanted: list[Any] = [*quoted, *(float(found) for found in NUMBER.findall(QUOTED.sub(" ", text)))]
    held = _constants(condition)
    stated = [item if item in held else None for item in wanted]
    space.ledger.words(area, words, stated, wanted, "constant", [DECLARED])


def _constants(node: Mapping[str, Any]) -> set[Any]:
    """Return the texts and the sizes of the numbers of an expression."""
    if "const" in node:
        value = node["const"]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return {abs(float(value))} if is_number else {value}
    found: set[Any] = set()
    for item in node.get("args", []):
        found |= _constants(item)
    return found


def own_decision(space: Workspace, model_id: str) -> NDArray[np.object_]:
    """Return the decision of every row by our flags, our score and the plan's cut-off; None where nothing decides."""
    model, scored = space.package.models[model_id], space.scored[model_id]
    decision = np.full(len(space.frame), None, dtype=object)
    score, cut_off = space.output(model_id, "score"), (space.package.plan.get("strategy") or {}).get("cut_off")
    if score is not None and cut_off is not None:
        decision[score.data >= float(cut_off)] = "accept"
        decision[score.data < float(cut_off)] = "decline"
    for action in reversed(ACTIONS):
        for step in steps_of(model, "guard"):
            if step["action"] == action:
                decision[scored[step["output"]].data == 1] = action
    return decision


def own_hits(space: Workspace, rules: Sequence[Rule]) -> NDArray[np.bool_] | None:
    """Return whether each rule of the plan hits each row, (n, rules), or None where the champion lacks a rule."""
    champion = space.package.champion_id
    guards = {step["id"]: step["output"] for step in steps_of(space.package.model, "guard")}
    names = [guards.get(f"rule({rule['id']})") for rule in rules]
    if not names or any(name is None for name in names):
        return None
    return np.column_stack([space.scored[champion][str(name)].data == 1 for name in names])


def _groups(space: Workspace) -> dict[str, NDArray[np.int64]]:
    """Rows of every sample, of those in none, and all."""
    groups = dict(space.rows)
    inside = {int(row) for rows in space.rows.values() for row in rows}
    outside = np.array([row for row in range(len(space.frame)) if row not in inside], dtype=np.int64)
    if len(outside):
        groups["in no sample"] = outside
    return {**groups, "all": np.arange(len(space.frame))}


def _rates(space: Workspace, rows: NDArray[np.int64]) -> dict[str, float | None]:
    """Known outcomes and bads in rows; the weighted bad rate with its interval at Kish's effective size."""
    rows = rows[~np.isnan(space.outcome[rows])]
    outcome, weight = space.outcome[rows], space.weight[rows]
    head: dict[str, float | None] = {"known": len(rows), "bad": int(np.sum(outcome))}
    total = float(np.sum(weight))
    if total <= 0:
        return {**head, "bad_rate": None, "lower": None, "upper": None}
    rate = float(weight @ outcome) / total
    size = metrics.effective_size(total, float(weight @ weight))
    lower, upper = metrics.wilson(rate * size, size, space.confidence)
    return {**head, "bad_rate": rate, "lower": lower, "upper": upper}


def _share(space: Workspace, part: NDArray[np.int64], whole: NDArray[np.int64]) -> float | None:
    """Return the weight of rows as a share of that of others; None where that is zero."""
    total = float(np.sum(space.weight[whole]))
    return float(np.sum(space.weight[part])) / total if total > 0 else None


_RULES = {
    **dict.fromkeys(("order", "rows", "hits", "first_hits", "known", "bad", "both"), "rows"),
    **dict.fromkeys(("hit_share", "first_share", "bad_rate", "bad_rate_others", "share"), "share"),
    **dict.fromkeys(("share_of_rule", "share_of_other"), "share"),
    **dict.fromkeys(("lower", "upper"), "interval"),
}


def _compare_table(space: Workspace, area: str, keys: tuple[str, ...], own: list[dict[str, Any]]) -> None:
    """Compare a table row by row: the words in `keys` and their order, then every number."""
    table = space.package.rows_of(area)
    if table is None:
        if own:
            space.ledger.words(area, "rows", [None], ["a table"], ["table"])
        return
    stated = [tuple(row[key] for key in keys) for row in table]
    mine = [tuple(row[key] for key in keys) for row in own]
    comparison = space.ledger.words(area, "rows", stated, mine, "row")
    if comparison is None or comparison.breaches:
        return
    labels = [", ".join(map(str, key)) for key in mine]
    for column in own[0]:
        if column not in keys:
            given, values = [row[column] for row in table], [row[column] for row in own]
            space.ledger.numbers(area, column, _RULES[column], given, values, labels)


def _compare_hits(space: Workspace, rules: Sequence[Rule], order: list[int], hits: NDArray[np.bool_]) -> None:
    own = []
    before = np.zeros(len(hits), dtype=bool)
    for rank, k in enumerate(order, start=1):
        for group, rows in _groups(space).items():
            mine, first = rows[hits[rows, k]], rows[hits[rows, k] & ~before[rows]]
            head = {"order": rank, "rule": rules[k]["id"], "action": rules[k]["action"], "sample": group}
            counts = {"rows": len(rows), "hits": len(mine), "hit_share": _share(space, mine, rows)}
            counts |= {"first_hits": len(first), "first_share": _share(space, first, rows)}
            others = _rates(space, rows[~hits[rows, k]])["bad_rate"]
            own.append({**head, **counts, **_rates(space, mine), "bad_rate_others": others})
        before = before | hits[:, k]
    _compare_table(space, HITS, ("order", "rule", "action", "sample"), own)
    _judge(space, [row for row in own if row["sample"] == "all"])


def _judge(space: Workspace, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tell rules that hit nobody, and those whose hits turn out the other way than the rule supposes.

    A rule that declines or refers supposes more bads than among the others, one that accepts fewer; it is contradicted
    where the interval of the bad rate of its hits lies wholly on the other side.
    """
    idle = [row["rule"] for row in rows if not row["hits"]]
    wrong = []
    for row in rows:
        other, risky = row["bad_rate_others"], row["action"] != "accept"
        if row["lower"] is not None and other is not None and (row["upper"] < other if risky else row["lower"] > other):
            wrong.append(f"{row['rule']} ({row['bad_rate']:.4f} against {other:.4f} of the others)")
    told = (
        ("rule_idle", "rules: every rule hits somebody", idle, "These rules hit no row of the snapshot: "),
        (
            "rule_contradicted",
            "rules: hits turn out as the rules suppose",
            wrong,
            "The booked whom these rules hit turn out the other way than the rules suppose: ",
        ),
    )
    for check, test, names, statement in told:
        finding = None
        if names:
            finding = Finding(
                test=test,
                severity=space.policy.checks[check],
                quantity="rules",
                developer_value=None,
                validator_value=len(names),
                tolerance=0.0,
                statement=f"{statement}{', '.join(names)}.",
                remedy="Look at the rule again, or say why it stands.",
                evidence=(HITS,),
            )
        space.ledger.check(Outcome(test, "review" if names else "pass", len(rows), "none", None, finding))


def _compare_overlaps(space: Workspace, rules: Sequence[Rule], order: list[int], hits: NDArray[np.bool_]) -> None:
    own = []
    for place, k in enumerate(order):
        for other in order[place + 1 :]:
            both = np.flatnonzero(hits[:, k] & hits[:, other])
            shares = [_share(space, both, np.flatnonzero(hits[:, one])) for one in (k, other)]
            own.append(
                {
                    "rule": rules[k]["id"],
                    "action": rules[k]["action"],
                    "other": rules[other]["id"],
                    "other_action": rules[other]["action"],
                    "conflict": rules[k]["action"] != rules[other]["action"],
                    "both": len(both),
                    "share_of_rule": shares[0],
                    "share_of_other": shares[1],
                }
            )
    _compare_table(space, OVERLAPS, ("rule", "action", "other", "other_action", "conflict"), own)


def _compare_decisions(space: Workspace, hits: NDArray[np.bool_]) -> None:
    decision = own_decision(space, space.package.champion_id)
    own = []
    for group, rows in _groups(space).items():
        for maker in ("rule", "score", "nothing"):
            for word in (*ACTIONS, None):
                made = hits[rows].any(axis=1) if maker == "rule" else ~hits[rows].any(axis=1)
                none = np.array([item is None for item in decision[rows]], dtype=bool)
                if maker != "rule":
                    made &= none == (maker == "nothing")
                mine = rows[made & np.array([item == word for item in decision[rows]], dtype=bool)]
                if len(mine):
                    head = {"sample": group, "decision": word or "undecided", "decided_by": maker}
                    counts = {"rows": len(mine), "share": _share(space, mine, rows)}
                    own.append({**head, **counts, **_rates(space, mine)})
    _compare_table(space, DECISIONS, ("sample", "decision", "decided_by"), own)


def _compare_declared(space: Workspace, rules: Sequence[Rule]) -> None:
    table = space.package.rows_of(DECLARED)
    columns = ("rule", "action", "condition", "reason_code", "source")
    stated = [tuple(row[name] for name in columns) for row in table or []]
    own = [(rule["id"], rule["action"], rule["when"], rule["code"], rule["source"]) for rule in rules]
    space.ledger.words(DECLARED, "rules as the plan has them", stated, own, "rule")


def _compare_texts(space: Workspace, rules: Sequence[Rule]) -> None:
    """Texts by language; a rule that declines and has none is a finding, since its reason could not be told."""
    languages = list((space.package.plan.get("reason_codes") or {}).get("languages") or ["en"])
    own, lacking = [], []
    for rule in rules:
        for place, language in enumerate(languages):
            text = rule["text"]
            text = text.get(language) if isinstance(text, Mapping) else text if place == 0 else None
            shown = text or rule.get("description") or rule["id"]
            own.append((rule["id"], rule["code"], language, shown, bool(text)))
            if rule["action"] == "decline" and not text:
                lacking.append(f"{rule['id']} ({language})")
    table = space.package.rows_of(TEXTS)
    names = ("rule", "reason_code", "language", "text", "for_applicants")
    stated = [tuple(row[name] for name in names) for row in table or []]
    space.ledger.words(TEXTS, "texts by language", stated, own, "text")
    test = "rules: every rule that declines has a text for applicants"
    finding = None
    if lacking:
        finding = Finding(
            test=test,
            severity=space.policy.checks["reasons"],
            quantity="texts",
            developer_value=None,
            validator_value=len(lacking),
            tolerance=0.0,
            statement=f"Applicants whom these rules decline could not be told why: {', '.join(lacking)}.",
            remedy="Write the reason of the rule in the plan.",
            evidence=(TEXTS,),
        )
    space.ledger.check(Outcome(test, "fail" if lacking else "pass", len(own), "every text", None, finding))
